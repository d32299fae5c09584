/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical text against the vectors of docs/records.md, and the packed body there and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/reading.h"
#include "core/record.h"

#define EPOCH "e-000102030405060708090a0b0c0d0e0f"

static struct ward_id id_of(const char *text)
{
    struct ward_id id = {""};

    memcpy(id.text, text, strlen(text));
    return id;
}

/* The reading of docs/records.md: an oximeter's spot check, 96 % and 72 /min. */
static struct ward_record spot_check(void)
{
    static const uint8_t raw[] = {0x00, 0x60, 0x00, 0x48, 0x00};
    struct ward_record record = {
        .reading = {
            .seq = 1,
            .patient = id_of("p-7f3a"),
            .episode = id_of("s-01"),
            .device = id_of("d-91c2"),
            .boot = id_of("b-77"),
            .mono_us = 81230000,
            .measured_at_ms = INT64_C(1795338000000),
            .received_at_ms = INT64_C(1795338001120),
            .device_time = {.year = 2026, .month = 11, .day = 22, .hour = 9, .second = 2, .present = true},
            .kind = WARD_READING_SPOT,
            .value_count = 2,
            .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 96}},
                       {.quantity = WARD_PULSE_RATE, .number = {.mantissa = 72}}},
            .characteristic = WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT,
            .raw_length = sizeof(raw),
        }};

    memcpy(record.reading.raw, raw, sizeof(raw));
    return record;
}

/* A measurement with what was said about it in a frame of its own. */
static struct ward_record with_context(void)
{
    static const uint8_t raw[] = {0x12, 1, 0}, context[] = {0x02, 1, 0, 1};
    struct ward_record record = spot_check();

    record.reading.characteristic = WARD_CHAR_GLUCOSE_MEASUREMENT;
    record.reading.raw_length = sizeof(raw);
    memcpy(record.reading.raw, raw, sizeof(raw));
    record.reading.context_characteristic = WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT;
    record.reading.context_length = sizeof(context);
    memcpy(record.reading.context, context, sizeof(context));
    return record;
}

static struct ward_record small_record(enum ward_record_kind kind)
{
    return (struct ward_record){
        .reading = {.seq = 2,
                    .boot = id_of("b-77"),
                    .mono_us = 90000000,
                    .received_at_ms = INT64_C(1795338010000),
                    .kind = (uint8_t)kind,
                    .security = WARD_LINK_NONE},
        .note = {.reason = id_of("queue-full"),
                 .by = id_of("n-4"),
                 .subject = 7,
                 .from_ms = INT64_C(1795338000000),
                 .to_ms = WARD_UTC_UNKNOWN,
                 .offset_ms = INT64_C(1795337920000),
                 .uncertainty_ms = 20},
    };
}

static void expect_text(const struct ward_record *record, const char *expected)
{
    char text[WARD_RECORD_TEXT_MAX];
    size_t length = ward_record_canonical(record, EPOCH, text, sizeof(text));

    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static struct ward_record derived(void)
{
    struct ward_record record = spot_check();

    record.reading.seq = 31;
    record.reading.device_time = (struct ward_device_time){0};
    record.reading.characteristic = record.reading.raw_length = 0;
    record.reading.value_count = 1;
    record.reading.derived_first = 20;
    record.reading.derived_last = 30;
    return record;
}

static void a_derived_reading_names_what_it_is_from(void **state)
{
    struct ward_record record = derived();

    (void)state;
    expect_text(&record,
                "{\"boot\":\"b-77\",\"clock\":\"synced\",\"derived_from\":[20,30],\"device\":\"d-91c2\","
                "\"device_time\":null,\"episode\":\"s-01\",\"epoch\":\"" EPOCH
                "\",\"kind\":\"spot\",\"late\":false,\"measured_at\":\"2026-11-22T09:00:00.000Z\","
                "\"mono_us\":81230000,\"patient\":\"p-7f3a\",\"quality\":\"valid\",\"raw\":null,"
                "\"reasons\":[],\"received_at\":\"2026-11-22T09:00:01.120Z\",\"security\":\"bonded\","
                "\"seq\":31,\"values\":[{\"loinc\":[\"2708-6\",\"59408-5\"],\"mdc\":150456,"
                "\"quantity\":\"spo2\",\"unit\":\"%\",\"value\":96}]}");
}

static void a_context_stands_beside_its_measurement(void **state)
{
    struct ward_record record = with_context();
    char text[WARD_RECORD_TEXT_MAX];

    (void)state;
    assert_int_not_equal(ward_record_canonical(&record, EPOCH, text, sizeof(text)), 0);
    assert_non_null(strstr(text, ",\"raw\":\"2a18:120100\",\"raw_context\":\"2a34:02010001\",\"reasons\":"));
    record.reading.unassigned = true; /* what somebody ate is as much his own as what was measured */
    assert_int_not_equal(ward_record_canonical(&record, EPOCH, text, sizeof(text)), 0);
    assert_non_null(strstr(text, ",\"raw\":null,\"reasons\":"));
    assert_null(strstr(text, "raw_context"));
}

static void what_a_reading_is_derived_from_must_make_sense(void **state)
{
    uint8_t body[WARD_RECORD_PACKED_MAX];
    struct ward_record record = derived(),
                       back = {.reading = {.kind = WARD_READING_SPOT, .derived_first = 9}};
    size_t length = ward_record_pack(&record, body, sizeof(body));

    (void)state;
    assert_true(length > 0);
    assert_true(ward_record_unpack(body, length, &back));
    assert_int_equal(back.reading.derived_first, 20);
    assert_int_equal(back.reading.derived_last, 30);
    back.reading.kind = WARD_READING_CONTINUOUS;
    assert_false(ward_record_unpack(body, length, &back));
    back.reading.kind = WARD_READING_SPOT;
    assert_false(ward_record_unpack(body, length - 1, &back));
    body[length - 2] = 0;
    assert_false(ward_record_unpack(body, length, &back));
    body[length - 2] = 31;
    assert_false(ward_record_unpack(body, length, &back));
    record.reading.derived_first = 31;
    assert_int_equal(ward_record_pack(&record, body, sizeof(body)), 0);
    record.reading.derived_first = 0;
    assert_int_equal(ward_record_pack(&record, body, sizeof(body)), 0);
    record = derived();
    record.reading.kind = WARD_READING_CONTINUOUS;
    assert_int_equal(ward_record_pack(&record, body, sizeof(body)), 0);
    record = spot_check();
    back.reading.derived_first = 9; /* left over from another record */
    length = ward_record_pack(&record, body, sizeof(body));
    assert_true(ward_record_unpack(body, length, &back));
    assert_int_equal(back.reading.derived_first, 0);
}

/* docs/records.md, record 4. */
static struct ward_record assigned(void)
{
    struct ward_record record = spot_check();
    struct ward_reading *reading = &record.reading;

    reading->seq = 4;
    reading->kind = WARD_READING_STORED;
    reading->late = true;
    reading->clock = WARD_CLOCK_DEVICE;
    reading->mono_us = 91500000;
    reading->measured_at_ms = INT64_C(1795336800000);
    reading->received_at_ms = INT64_C(1795338011500);
    reading->device_time.hour = 8;
    reading->device_time.minute = 40;
    reading->values[0].number = (struct ward_decimal){.mantissa = 91};
    reading->values[1].number = (struct ward_decimal){.mantissa = 104};
    reading->raw[1] = 0x5b;
    reading->raw[3] = 0x68;
    record.assigned = true;
    record.note = (struct ward_record_note){
        .by = id_of("dr-12"), .subject = 3, .from_ms = INT64_C(1795342500000), .to_ms = WARD_UTC_UNKNOWN};
    return record;
}

static void an_assigned_reading_says_whose_it_was_said_to_be(void **state)
{
    struct ward_record record = assigned();

    (void)state;
    expect_text(&record,
                "{\"assigned_at\":\"2026-11-22T10:15:00.000Z\",\"assigned_from\":3,\"boot\":\"b-77\","
                "\"by\":\"dr-12\",\"clock\":\"device\",\"device\":\"d-91c2\","
                "\"device_time\":\"2026-11-22T08:40:02\",\"episode\":\"s-01\",\"epoch\":\"" EPOCH
                "\",\"kind\":\"stored\",\"late\":true,\"measured_at\":\"2026-11-22T08:40:00.000Z\","
                "\"mono_us\":91500000,\"patient\":\"p-7f3a\",\"quality\":\"valid\","
                "\"raw\":\"2a5e:005b006800\",\"reasons\":[],\"received_at\":\"2026-11-22T09:00:11.500Z\","
                "\"security\":\"bonded\",\"seq\":4,\"values\":[{\"loinc\":[\"2708-6\",\"59408-5\"],"
                "\"mdc\":150456,\"quantity\":\"spo2\",\"unit\":\"%\",\"value\":91},{\"loinc\":[\"8867-4\"],"
                "\"mdc\":149530,\"quantity\":\"pulse_rate\",\"unit\":\"/min\",\"value\":104}]}");
}

static void what_is_assigned_must_make_sense(void **state)
{
    uint8_t body[WARD_RECORD_PACKED_MAX];
    struct ward_record record = assigned(), back = {.reading = {.kind = WARD_READING_STORED}};
    size_t length = ward_record_pack(&record, body, sizeof(body));

    (void)state;
    assert_true(length > 0);
    assert_true(ward_record_unpack(body, length, &back));
    assert_true(back.assigned);
    assert_int_equal(back.note.subject, 3);
    assert_string_equal(back.note.by.text, "dr-12");
    back.reading.kind = WARD_READING_SPOT;
    assert_false(ward_record_unpack(body, length, &back));
    for (int fault = 0; fault < 5; fault++) {
        record = assigned();
        switch (fault) {
        case 0: record.reading.kind = WARD_READING_SPOT; break;
        case 1: record.reading.late = false; break;
        case 2: record.reading.unassigned = true; break;
        case 3: record.note.subject = 0; break;
        case 4: record.note.by.text[0] = '\0'; break;
        }
        assert_int_equal(ward_record_pack(&record, body, sizeof(body)), 0);
    }
    record = spot_check();
    length = ward_record_pack(&record, body, sizeof(body));
    back = (struct ward_record){.assigned = true}; /* left over from another record */
    assert_true(ward_record_unpack(body, length, &back));
    assert_false(back.assigned);
}

static void a_reading_is_written_as_documented(void **state)
{
    struct ward_record record = spot_check();

    (void)state;
    expect_text(
        &record,
        "{\"boot\":\"b-77\",\"clock\":\"synced\",\"device\":\"d-91c2\",\"device_time\":\"2026-11-22T09:00:02\","
        "\"episode\":\"s-01\",\"epoch\":\"" EPOCH "\",\"kind\":\"spot\",\"late\":false,"
        "\"measured_at\":\"2026-11-22T09:00:00.000Z\",\"mono_us\":81230000,\"patient\":\"p-7f3a\","
        "\"quality\":\"valid\",\"raw\":\"2a5e:0060004800\",\"reasons\":[],"
        "\"received_at\":\"2026-11-22T09:00:01.120Z\",\"security\":\"bonded\",\"seq\":1,\"values\":["
        "{\"loinc\":[\"2708-6\",\"59408-5\"],\"mdc\":150456,\"quantity\":\"spo2\",\"unit\":\"%\",\"value\":96},"
        "{\"loinc\":[\"8867-4\"],\"mdc\":149530,\"quantity\":\"pulse_rate\",\"unit\":\"/min\",\"value\":72}]}");
}

static void what_is_not_known_is_null(void **state)
{
    struct ward_record record = {.reading = {.seq = 3,
                                             .boot = id_of("b-77"),
                                             .measured_at_ms = WARD_UTC_UNKNOWN,
                                             .received_at_ms = WARD_UTC_UNKNOWN,
                                             .clock = WARD_CLOCK_UNSYNCED,
                                             .kind = WARD_READING_CONTINUOUS,
                                             .quality = WARD_INVALID,
                                             .security = WARD_LINK_OPEN,
                                             .reasons = WARD_REASON_NO_VALUE | WARD_REASON_NO_CONTACT,
                                             .value_count = 1}};

    (void)state;
    record.reading.values[0] = (struct ward_value){.quantity = WARD_SPO2, .number = {.special = WARD_NAN}};
    expect_text(
        &record,
        "{\"boot\":\"b-77\",\"clock\":\"unsynced\",\"device\":null,\"device_time\":null,\"episode\":null,"
        "\"epoch\":\"" EPOCH "\",\"kind\":\"continuous\",\"late\":false,\"measured_at\":null,\"mono_us\":0,"
        "\"patient\":null,\"quality\":\"invalid\",\"raw\":null,\"reasons\":[\"no-value\",\"no-contact\"],"
        "\"received_at\":null,\"security\":\"open\",\"seq\":3,\"values\":[{\"loinc\":[\"2708-6\",\"59408-5\"],"
        "\"mdc\":150456,\"quantity\":\"spo2\",\"special\":\"nan\",\"unit\":\"%\",\"value\":null}]}");
}

static void decimals_lose_their_trailing_zeros(void **state)
{
    static const struct {
        struct ward_decimal number;
        const char *text;
    } rows[] = {
        {{.mantissa = 3640, .exponent = -2}, "\"value\":36.4}"},
        {{.mantissa = -50, .exponent = -1}, "\"value\":-5}"},
        {{.mantissa = 7, .exponent = 2}, "\"value\":700}"},
        {{.mantissa = 5, .exponent = -3}, "\"value\":0.005}"},
        {{.mantissa = 0, .exponent = -2}, "\"value\":0}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ward_record record = spot_check();
        char text[WARD_RECORD_TEXT_MAX];

        record.reading.value_count = 1;
        record.reading.values[0] =
            (struct ward_value){.quantity = WARD_BODY_TEMPERATURE, .number = rows[i].number};
        assert_int_not_equal(ward_record_canonical(&record, EPOCH, text, sizeof(text)), 0);
        assert_non_null(strstr(text, rows[i].text));
    }
}

static void an_unassigned_reading_tells_nothing_of_anybody(void **state)
{
    struct ward_record record = spot_check();

    (void)state;
    record.reading.unassigned = true;
    expect_text(
        &record,
        "{\"boot\":\"b-77\",\"clock\":\"synced\",\"device\":\"d-91c2\",\"device_time\":null,\"episode\":null,"
        "\"epoch\":\"" EPOCH "\",\"kind\":\"spot\",\"late\":false,\"measured_at\":null,\"mono_us\":81230000,"
        "\"patient\":null,\"quality\":\"valid\",\"raw\":null,\"reasons\":[],"
        "\"received_at\":\"2026-11-22T09:00:01.120Z\",\"security\":\"bonded\",\"seq\":1,\"unassigned\":true,"
        "\"values\":[]}");
}

static void small_records_have_their_own_members(void **state)
{
    struct ward_record gap = small_record(WARD_RECORD_GAP), taken_back = small_record(WARD_RECORD_VOID);
    struct ward_record clock = small_record(WARD_RECORD_CLOCK), away = small_record(WARD_RECORD_UNMONITORED);

    (void)state;
    expect_text(
        &gap,
        "{\"boot\":\"b-77\",\"clock\":\"synced\",\"count\":7,\"epoch\":\"" EPOCH "\","
        "\"from\":\"2026-11-22T09:00:00.000Z\",\"kind\":\"gap\",\"mono_us\":90000000,"
        "\"reason\":\"queue-full\",\"received_at\":\"2026-11-22T09:00:10.000Z\",\"seq\":2,\"to\":null}");
    taken_back.reading.patient = id_of("p-7f3a");
    taken_back.reading.episode = id_of("s-01");
    expect_text(
        &taken_back,
        "{\"boot\":\"b-77\",\"by\":\"n-4\",\"clock\":\"synced\",\"episode\":\"s-01\",\"epoch\":\"" EPOCH "\","
        "\"kind\":\"void\",\"mono_us\":90000000,\"patient\":\"p-7f3a\",\"reason\":\"queue-full\","
        "\"received_at\":\"2026-11-22T09:00:10.000Z\",\"seq\":2,\"voids\":7}");
    expect_text(&clock, "{\"boot\":\"b-77\",\"clock\":\"synced\",\"epoch\":\"" EPOCH "\",\"kind\":\"clock\","
                        "\"mono_us\":90000000,\"offset_ms\":1795337920000,"
                        "\"received_at\":\"2026-11-22T09:00:10.000Z\",\"seq\":2,\"uncertainty_ms\":20}");
    expect_text(&away, "{\"boot\":\"b-77\",\"clock\":\"synced\",\"epoch\":\"" EPOCH
                       "\",\"from\":\"2026-11-22T09:00:00.000Z\","
                       "\"kind\":\"unmonitored\",\"mono_us\":90000000,\"reason\":\"queue-full\","
                       "\"received_at\":\"2026-11-22T09:00:10.000Z\",\"seq\":2,\"to\":null}");
}

static void the_chain_stands_among_the_members(void **state)
{
    struct ward_record record = small_record(WARD_RECORD_CLOCK);
    struct ward_json json;
    char text[WARD_RECORD_TEXT_MAX];
    size_t length;

    (void)state;
    memset(record.reading.chain, 0xA5, sizeof(record.reading.chain));
    ward_json_init(&json, text, sizeof(text), WARD_JSON_CANONICAL);
    ward_record_write(&json, EPOCH, &record, true);
    assert_int_equal(ward_json_finish(&json, &length), WARD_JSON_OK);
    assert_memory_equal(text,
                        "{\"boot\":\"b-77\",\"chain\":"
                        "\"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5\",\"clock\":",
                        98);
}

static void expect_published(const struct ward_record *record)
{
    char canonical[WARD_RECORD_TEXT_MAX], published[WARD_RECORD_TEXT_MAX], written[WARD_RECORD_TEXT_MAX];
    const size_t length = ward_record_canonical(record, EPOCH, canonical, sizeof(canonical));
    struct ward_json json;

    ward_json_init(&json, written, sizeof(written), WARD_JSON_CANONICAL);
    ward_record_write(&json, EPOCH, record, true);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_int_equal(ward_record_publish(canonical, length, record->reading.chain, published),
                     strlen(written));
    assert_string_equal(published, written);
}

/* Of every kind, with every member that may stand before the chain. */
static void what_is_published_is_made_of_the_canonical_text(void **state)
{
    (void)state;
    for (uint8_t kind = WARD_READING_SPOT; kind <= WARD_RECORD_UNMONITORED; kind++) {
        struct ward_record record = kind < WARD_RECORD_GAP ? spot_check() : small_record(kind);

        record.reading.kind = kind;
        for (uint8_t i = 0; i < 32; i++) {
            record.reading.chain[i] = (uint8_t)(i * 37);
        }
        expect_published(&record);
        record.assigned = kind == WARD_READING_STORED;
        record.note.from_ms = WARD_UTC_UNKNOWN;
        assert_true(ward_id_set(&record.note.by, "clock"));
        assert_true(ward_id_set(&record.reading.boot, "clock"));
        expect_published(&record);
        record.reading.unassigned = kind < WARD_RECORD_GAP;
        expect_published(&record);
    }
}

static void the_largest_record_fits(void **state)
{
    struct ward_record record = spot_check();
    struct ward_reading *reading = &record.reading;
    char text[WARD_RECORD_TEXT_MAX];
    uint8_t body[WARD_RECORD_PACKED_MAX];

    (void)state;
    reading->kind = WARD_READING_ENTRY;
    struct ward_id *ids[] = {&reading->patient, &reading->episode,   &reading->device,
                             &reading->boot,    &record.note.reason, &record.note.by};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        memset(ids[i]->text, 'x', WARD_ID_MAX);
        ids[i]->text[WARD_ID_MAX] = '\0';
    }
    record.note.from_ms = record.note.to_ms = INT64_MIN;
    record.note.subject = reading->mono_us = (UINT64_C(1) << 53) - 1;
    record.note.offset_ms = -(INT64_C(1) << 53) + 1;
    reading->reasons = (UINT32_C(1) << WARD_REASON_COUNT) - 1;
    reading->raw_length = WARD_GATT_VALUE_MAX;
    reading->context_characteristic = UINT16_MAX;
    reading->context_length = WARD_READING_CONTEXT_MAX;
    reading->value_count = WARD_READING_VALUES_MAX;
    for (size_t i = 0; i < WARD_READING_VALUES_MAX; i++) {
        reading->values[i] = (struct ward_value){
            .quantity = WARD_SPO2, .number = {.mantissa = INT64_C(-999999999999999), .exponent = -128}};
    }
    for (int assigned = 0; assigned < 2; assigned++) {
        assert_int_not_equal(ward_record_pack(&record, body, sizeof(body)), 0);
        assert_in_range(ward_record_canonical(&record, EPOCH, text, sizeof(text)), 1,
                        sizeof(text) - WARD_RECORD_CHAIN_MEMBER - 1);
        record.assigned = reading->late = true;
        reading->kind = WARD_READING_STORED;
    }
    assert_int_equal(ward_record_canonical(&record, EPOCH, text, 1000), 0);
}

/* --- packed ------------------------------------------------------------------------------------------------- */

/* What has a column is put back by whoever reads the row. */
static void expect_round_trip(const struct ward_record *record)
{
    uint8_t body[WARD_RECORD_PACKED_MAX];
    size_t length = ward_record_pack(record, body, sizeof(body));
    struct ward_record back;
    char before[WARD_RECORD_TEXT_MAX], after[WARD_RECORD_TEXT_MAX];

    memset(&back, 0xEE, sizeof(back));
    back.reading.seq = record->reading.seq;
    back.reading.patient = record->reading.patient;
    back.reading.episode = record->reading.episode;
    back.reading.device = record->reading.device;
    back.reading.boot = record->reading.boot;
    back.reading.kind = record->reading.kind;
    back.reading.mono_us = record->reading.mono_us;
    back.reading.measured_at_ms = record->reading.measured_at_ms;
    back.reading.received_at_ms = record->reading.received_at_ms;
    assert_int_not_equal(length, 0);
    assert_true(ward_record_unpack(body, length, &back));
    assert_int_not_equal(ward_record_canonical(record, EPOCH, before, sizeof(before)), 0);
    assert_int_not_equal(ward_record_canonical(&back, EPOCH, after, sizeof(after)), 0);
    assert_string_equal(before, after);
    assert_int_equal(back.reading.unassigned, record->reading.unassigned);
    assert_int_equal(back.reading.raw_length, record->reading.raw_length);
    assert_memory_equal(back.reading.raw, record->reading.raw, record->reading.raw_length);
    assert_int_equal(back.reading.context_characteristic, record->reading.context_characteristic);
    assert_int_equal(back.reading.context_length, record->reading.context_length);
    assert_memory_equal(back.reading.context, record->reading.context, record->reading.context_length);

    for (size_t cut = 0; cut < length; cut++) {
        assert_false(ward_record_unpack(body, cut, &back));
        assert_int_equal(ward_record_pack(record, body, cut), 0);
    }
    assert_int_equal(ward_record_pack(record, body, length), length);
    body[length] = 0;
    assert_false(ward_record_unpack(body, length + 1, &back));
}

static void packed_and_back_says_the_same(void **state)
{
    struct ward_record record = spot_check();

    (void)state;
    expect_round_trip(&record);
    record = with_context();
    expect_round_trip(&record);
    record = assigned();
    expect_round_trip(&record);
    record = spot_check();
    record.reading.unassigned = record.reading.late = true;
    record.reading.device_time.present = false;
    record.reading.quality = WARD_QUESTIONABLE;
    record.reading.clock = WARD_CLOCK_ESTIMATED;
    record.reading.security = WARD_LINK_BONDED_UNPROVED;
    record.reading.reasons = WARD_REASON_MOTION | WARD_REASON_DISAGREEMENT;
    record.reading.values[0].number = (struct ward_decimal){.mantissa = -3641, .exponent = -128};
    record.reading.values[1].number = (struct ward_decimal){.special = WARD_NEGATIVE_INFINITY};
    expect_round_trip(&record);
    for (int kind = WARD_READING_ENTRY; kind <= WARD_RECORD_UNMONITORED; kind++) {
        record = small_record((enum ward_record_kind)kind);
        expect_round_trip(&record);
    }
}

/* docs/records.md, "Stored form". */
static void the_packed_body_is_as_documented(void **state)
{
    static const uint8_t expected[] = {
        0x01, 0x0C, 0x00, 0x00, /* version, device time and raw, valid synced bonded, no reason */
        0xEA, 0x07, 11,   22,   9,    0,    2,          /* 2026-11-22 09:00:02 */
        2,    1,    0,    0,    0xC0, 0x01,             /* two values: spo2, finite, 10^0, 96 */
        4,    0,    0,    0x90, 0x01,                   /* pulse rate, finite, 10^0, 72 */
        0xDE, 0x54, 5,    0x00, 0x60, 0x00, 0x48, 0x00, /* 2A5E and its five octets */
    };
    struct ward_record record = spot_check();
    uint8_t body[WARD_RECORD_PACKED_MAX];

    (void)state;
    assert_int_equal(ward_record_pack(&record, body, sizeof(body)), sizeof(expected));
    assert_memory_equal(body, expected, sizeof(expected));
}

static void expect_refused(const struct ward_record *record)
{
    uint8_t body[WARD_RECORD_PACKED_MAX];

    assert_int_equal(ward_record_pack(record, body, sizeof(body)), 0);
}

static void what_is_not_well_formed_is_not_packed(void **state)
{
    struct ward_record good = spot_check(), bad;

    (void)state;
    bad = good, bad.reading.kind = WARD_RECORD_UNMONITORED + 1, expect_refused(&bad);
    bad = good, bad.reading.quality = WARD_INVALID + 1, expect_refused(&bad);
    bad = good, bad.reading.clock = WARD_CLOCK_UNSYNCED + 1, expect_refused(&bad);
    bad = good, bad.reading.security = WARD_LINK_NONE + 1, expect_refused(&bad);
    bad = good, bad.reading.reasons = 1u << WARD_REASON_COUNT, expect_refused(&bad);
    bad = good, bad.reading.value_count = WARD_READING_VALUES_MAX + 1, expect_refused(&bad);
    bad = good, bad.reading.raw_length = WARD_GATT_VALUE_MAX + 1, expect_refused(&bad);
    bad = good, bad.reading.characteristic = 0, expect_refused(&bad);
    bad = good, bad.reading.context_length = 1, expect_refused(&bad);
    bad = with_context(), bad.reading.context_length = WARD_READING_CONTEXT_MAX + 1, expect_refused(&bad);
    bad = with_context(), bad.reading.characteristic = bad.reading.raw_length = 0, expect_refused(&bad);
    bad = good, bad.reading.mono_us = UINT64_C(1) << 53, expect_refused(&bad);
    bad = good, bad.reading.values[0].quantity = WARD_QUANTITY_NONE, expect_refused(&bad);
    bad = good, bad.reading.values[0].quantity = WARD_QUANTITY_COUNT, expect_refused(&bad);
    bad = good, bad.reading.values[0].number.special = WARD_NEGATIVE_INFINITY + 1, expect_refused(&bad);
    bad = good, bad.reading.values[0].number.mantissa = INT64_C(1000000000000000), expect_refused(&bad);
    good = small_record(WARD_RECORD_VOID);
    bad = good, bad.note.by = id_of("no id"), expect_refused(&bad);
    bad = good, bad.note.reason = id_of(""), expect_refused(&bad);
    bad = good, bad.note.subject = UINT64_C(1) << 53, expect_refused(&bad);
    bad = good, bad.note.offset_ms = -(INT64_C(1) << 53), expect_refused(&bad);
}

/* Whatever a damaged file holds: refused, or a record that can be packed again to the same octets' meaning. */
static void damage(const struct ward_record *record)
{
    struct ward_record back = spot_check();
    uint8_t body[WARD_RECORD_PACKED_MAX], again[WARD_RECORD_PACKED_MAX];
    char text[WARD_RECORD_TEXT_MAX];
    size_t length = ward_record_pack(record, body, sizeof(body));

    for (size_t at = 0; at < length; at++) {
        for (unsigned octet = 0; octet < 256; octet++) {
            uint8_t kept = body[at];

            body[at] = (uint8_t)octet;
            if (ward_record_unpack(body, length, &back)) {
                assert_int_not_equal(ward_record_pack(&back, again, sizeof(again)), 0);
                assert_int_not_equal(ward_record_canonical(&back, EPOCH, text, sizeof(text)), 0);
            }
            body[at] = kept;
        }
    }
}

static void damaged_bodies_are_refused_or_harmless(void **state)
{
    const struct ward_record plain = spot_check(), joined = with_context();

    (void)state;
    damage(&plain);
    damage(&joined);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assigned_reading_says_whose_it_was_said_to_be),
        cmocka_unit_test(what_is_assigned_must_make_sense),
        cmocka_unit_test(a_reading_is_written_as_documented),
        cmocka_unit_test(a_derived_reading_names_what_it_is_from),
        cmocka_unit_test(a_context_stands_beside_its_measurement),
        cmocka_unit_test(what_a_reading_is_derived_from_must_make_sense),
        cmocka_unit_test(what_is_not_known_is_null),
        cmocka_unit_test(decimals_lose_their_trailing_zeros),
        cmocka_unit_test(an_unassigned_reading_tells_nothing_of_anybody),
        cmocka_unit_test(small_records_have_their_own_members),
        cmocka_unit_test(the_chain_stands_among_the_members),
        cmocka_unit_test(what_is_published_is_made_of_the_canonical_text),
        cmocka_unit_test(the_largest_record_fits),
        cmocka_unit_test(packed_and_back_says_the_same),
        cmocka_unit_test(the_packed_body_is_as_documented),
        cmocka_unit_test(what_is_not_well_formed_is_not_packed),
        cmocka_unit_test(damaged_bodies_are_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
