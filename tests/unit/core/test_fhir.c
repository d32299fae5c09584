/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles against vectors/fhir: the same octets each time. What is right about them is said by tests/fhir, which holds
 * them against FHIR's own rules; here it is that they stay so, and where a Bundle ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/fhir.h"
#include "ward/gatt.h"

#define EPOCH "e-000102030405060708090a0b0c0d0e0f"
#define NINE  INT64_C(1795338000000) /* 2026-11-22T09:00:00Z */
#define SIZE  65536

#define NUMBER(digits, power)                                                                                \
    {                                                                                                        \
        .mantissa = (digits), .exponent = (power)                                                            \
    }

static struct ward_id id_of(const char *text)
{
    struct ward_id id = {""};

    memcpy(id.text, text, strlen(text));
    return id;
}

/* --- what is known besides ------------------------------------------------------------------------------------ */

static bool device(const void *context, const char *id, struct ward_fhir_device *ret)
{
    (void)context;
    if (strcmp(id, "d-91c2") != 0)
        return false;
    *ret = (struct ward_fhir_device){"Nonin Medical, Inc.", "Model 3150", "0.9C",
                                     1u << WARD_SPO2 | 1u << WARD_PULSE_RATE};
    return true;
}

static bool is_void(const void *context, uint64_t seq)
{
    (void)context;
    return seq == 90;
}

static bool clock_of(const void *context, const char *boot, int64_t *ret_offset_ms)
{
    (void)context;
    if (strcmp(boot, "b-78") != 0)
        return false;
    *ret_offset_ms = NINE;
    return true;
}

static const struct ward_care_plan *plan(const void *context, const struct ward_reading *reading)
{
    static const struct ward_care_plan plan = {
        .id = {"oximetry-at-home"},
        .version = 3,
        .rule_count = 6,
        .rules = {
            {.quantity = WARD_SPO2,
             .side = WARD_SIDE_BELOW,
             .level = WARD_LEVEL_AMBER,
             .limit = NUMBER(95, 0)},
            {.quantity = WARD_SPO2, .side = WARD_SIDE_BELOW, .level = WARD_LEVEL_RED, .limit = NUMBER(93, 0)},
            {.quantity = WARD_PULSE_RATE,
             .side = WARD_SIDE_ABOVE,
             .level = WARD_LEVEL_AMBER,
             .limit = NUMBER(110, 0)},
            {.quantity = WARD_BP_SYSTOLIC,
             .side = WARD_SIDE_ABOVE,
             .level = WARD_LEVEL_RED,
             .limit = NUMBER(180, 0)},
            {.quantity = WARD_BP_SYSTOLIC,
             .side = WARD_SIDE_BELOW,
             .level = WARD_LEVEL_AMBER,
             .limit = NUMBER(100, 0)},
            {.quantity = WARD_GLUCOSE,
             .side = WARD_SIDE_ABOVE,
             .level = WARD_LEVEL_RED,
             .limit = NUMBER(150, -1)},
        }};

    (void)context;
    return reading->seq < 50 ? &plan : NULL;
}

static struct ward_fhir_knowledge knowledge(void)
{
    return (struct ward_fhir_knowledge){
        .device = device, .is_void = is_void, .clock = clock_of, .plan = plan};
}

/* --- records -------------------------------------------------------------------------------------------------- */

static struct ward_record reading(uint64_t seq, const char *device_id, enum ward_record_kind kind)
{
    struct ward_record record = {.reading = {.seq = seq,
                                             .patient = id_of("p-7f3a"),
                                             .episode = id_of("s-01"),
                                             .device = id_of(device_id),
                                             .boot = id_of("b-77"),
                                             .mono_us = 81230000,
                                             .measured_at_ms = NINE + (int64_t)seq * 1000,
                                             .received_at_ms = NINE + (int64_t)seq * 1000 + 1120,
                                             .kind = (uint8_t)kind}};

    memset(record.reading.chain, (int)seq, sizeof(record.reading.chain));
    return record;
}

static void add(struct ward_record *record, enum ward_quantity quantity, struct ward_decimal number)
{
    record->reading.values[record->reading.value_count++] =
        (struct ward_value){.quantity = (uint8_t)quantity, .number = number};
}

#define ADD(record, quantity, ...) add((record), (quantity), (struct ward_decimal)__VA_ARGS__)

static struct ward_record oximeter(uint64_t seq, int64_t spo2)
{
    struct ward_record record = reading(seq, "d-91c2", WARD_READING_SPOT);

    record.reading.characteristic = WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT;
    ADD(&record, WARD_SPO2, NUMBER(spo2, 0));
    ADD(&record, WARD_PULSE_RATE, NUMBER(720, -1));
    return record;
}

static struct ward_record small_record(uint64_t seq, enum ward_record_kind kind, const char *reason)
{
    struct ward_record record = reading(seq, "", kind);

    record.reading.security = WARD_LINK_NONE;
    record.note = (struct ward_record_note){.reason = id_of(reason),
                                            .by = id_of("dr-12"),
                                            .subject = 7,
                                            .from_ms = NINE,
                                            .to_ms = NINE + 60000,
                                            .offset_ms = NINE,
                                            .uncertainty_ms = 1000};
    return record;
}

struct made {
    struct ward_record records[8];
    size_t count;
    struct ward_record voided[1];
    size_t voided_count;
    bool backlog;
};

static void spot_check(struct made *made)
{
    made->records[0] = oximeter(1, 96);
    made->records[0].reading.device_time =
        (struct ward_device_time){2026, 11, 22, 10, 0, 3, true}; /* an hour and two seconds ahead */
    made->records[1] = oximeter(2, 94);
    made->records[1].reading.device_time = (struct ward_device_time){2026, 11, 22, 10, 0, 4, true};
    made->records[2] = oximeter(3, 88);
    made->records[2].reading.device_time = (struct ward_device_time){2026, 11, 22, 10, 0, 9, true};
    made->count = 3;
}

static void blood_pressure(struct made *made)
{
    struct ward_record *record = &made->records[0];

    *record = reading(4, "d-0cff", WARD_READING_STORED);
    record->reading.late = true;
    ADD(record, WARD_BP_SYSTOLIC, NUMBER(185, 0));
    ADD(record, WARD_BP_DIASTOLIC, NUMBER(92, 0));
    ADD(record, WARD_BP_MEAN, {.special = WARD_NAN});
    ADD(record, WARD_PULSE_RATE_CUFF, NUMBER(81, 0));
    made->records[1] = reading(5, "", WARD_READING_ENTRY);
    made->records[1].note.by = id_of("n-4");
    ADD(&made->records[1], WARD_BP_SYSTOLIC, NUMBER(99, 0));
    made->count = 2;
}

static void numbers(struct made *made)
{
    struct ward_record *record = made->records;

    record[0] = reading(6, "d-7e", WARD_READING_SPOT);
    ADD(&record[0], WARD_BODY_TEMPERATURE, NUMBER(3640, -2));
    record[1] = reading(7, "d-5ca1e", WARD_READING_SPOT);
    ADD(&record[1], WARD_BODY_MASS, NUMBER(7350, -2));
    ADD(&record[1], WARD_BODY_HEIGHT, NUMBER(1750, -1));
    ADD(&record[1], WARD_BMI, NUMBER(240, -1));
    record[2] = reading(8, "d-91c2", WARD_READING_CONTINUOUS);
    ADD(&record[2], WARD_SPO2_FAST, NUMBER(97, 0));
    ADD(&record[2], WARD_PULSE_RATE_SLOW, NUMBER(70, 0));
    ADD(&record[2], WARD_PULSE_AMPLITUDE_INDEX, NUMBER(125, -2));
    ADD(&record[2], WARD_MOVEMENT, NUMBER(0, 0));
    record[3] = reading(9, "d-57a9", WARD_READING_CONTINUOUS);
    ADD(&record[3], WARD_HEART_RATE, NUMBER(64, 0));
    ADD(&record[3], WARD_ENERGY, NUMBER(1200, 0));
    record[4] = reading(10, "d-91c2", WARD_READING_SPOT);
    ADD(&record[4], WARD_BATTERY, NUMBER(80, 0));
    record[4].reading.patient = record[4].reading.episode = id_of("");
    record[5] = reading(11, "d-0cff", WARD_READING_CONTINUOUS);
    ADD(&record[5], WARD_CUFF_PRESSURE, NUMBER(120, 0));
    made->count = 6;
    made->backlog = true;
}

static void specials(struct made *made)
{
    static const uint8_t special[] = {WARD_NAN, WARD_NRES, WARD_RESERVED, WARD_POSITIVE_INFINITY,
                                      WARD_NEGATIVE_INFINITY};

    for (size_t i = 0; i < 5; i++) {
        made->records[i] = reading(20 + i, "d-91", WARD_READING_SPOT);
        ADD(&made->records[i], WARD_GLUCOSE, {.special = special[i]});
        if (special[i] < WARD_POSITIVE_INFINITY) {
            made->records[i].reading.quality = WARD_INVALID;
            made->records[i].reading.reasons = WARD_REASON_NO_VALUE;
        }
    }
    made->records[5] = made->records[0];
    made->records[5].reading.seq = 25;
    made->records[5].reading.reasons |= WARD_REASON_SENSOR_FAULT;
    made->count = 6;
}

static void qualities(struct made *made)
{
    static const struct {
        uint8_t quality;
        uint32_t reasons;
    } how[] = {{WARD_QUESTIONABLE, WARD_REASON_POOR_SIGNAL | WARD_REASON_MOTION},
               {WARD_INVALID, WARD_REASON_IMPLAUSIBLE},
               {WARD_INVALID, WARD_REASON_NO_CONTACT},
               {WARD_INVALID, WARD_REASON_MEASUREMENT_ONGOING},
               {WARD_INVALID, WARD_REASON_NOT_CLINICAL},
               {WARD_QUESTIONABLE, WARD_REASON_LINK_UNPROVED}};

    for (size_t i = 0; i < sizeof(how) / sizeof(how[0]); i++) {
        made->records[i] = oximeter(30 + i, i == 5 ? 97 : 90);
        made->records[i].reading.quality = how[i].quality;
        made->records[i].reading.reasons = how[i].reasons;
    }
    made->count = sizeof(how) / sizeof(how[0]);
}

static void entries(struct made *made)
{
    struct ward_record *record = &made->records[0];

    *record = reading(40, "", WARD_READING_ENTRY);
    record->note.by = id_of("n-4");
    record->reading.security = WARD_LINK_NONE;
    ADD(record, WARD_RESPIRATION_RATE, NUMBER(18, 0));
    ADD(record, WARD_CONSCIOUSNESS, NUMBER(1, 0));
    ADD(record, WARD_OXYGEN, NUMBER(1, 0));
    ADD(record, WARD_OXYGEN_FLOW, NUMBER(2, 0));
    ADD(record, WARD_CONCERN, NUMBER(1, 0));
    made->count = 1;
}

static void events(struct made *made)
{
    struct ward_record *record = made->records;

    record[0] = small_record(60, WARD_RECORD_GAP, "queue-full");
    record[0].reading.patient = record[0].reading.episode = id_of("");
    record[1] = small_record(61, WARD_RECORD_UNMONITORED, "power");
    record[1].note.to_ms = WARD_UTC_UNKNOWN;
    record[2] = small_record(62, WARD_RECORD_UNMONITORED, "radio");
    record[2].note.from_ms = record[2].note.to_ms = WARD_UTC_UNKNOWN;
    record[3] = small_record(63, WARD_RECORD_CLOCK, "");
    record[3].reading.patient = record[3].reading.episode = id_of("");
    record[4] = oximeter(64, 96);
    record[4].reading.unassigned = true;
    record[5] = reading(65, "d-91c2", WARD_READING_CONTINUOUS);
    record[5].reading.quality = WARD_INVALID;
    record[5].reading.reasons = WARD_REASON_UNDECODABLE;
    made->count = 6;
}

static void changes(struct made *made)
{
    struct ward_record *record = made->records;

    record[0] = oximeter(70, 96); /* taken back by 72 */
    record[1] = oximeter(71, 97);
    record[1].reading.measured_at_ms = record[1].reading.received_at_ms = WARD_UTC_UNKNOWN; /* and stays so */
    record[2] = small_record(72, WARD_RECORD_VOID, "wrong-patient");
    record[2].note.subject = 70;
    record[3] = small_record(73, WARD_RECORD_VOID, "wrong-patient"); /* of one that is not in the message */
    record[3].note.subject = 12;
    record[4] = small_record(74, WARD_RECORD_VOID, "test"); /* of one that is gone */
    record[4].note.subject = 13;
    record[5] = oximeter(75, 95); /* its boot is dated */
    record[5].reading.measured_at_ms = record[5].reading.received_at_ms = WARD_UTC_UNKNOWN;
    record[5].reading.boot = id_of("b-78");
    record[5].reading.device_time = (struct ward_device_time){2026, 11, 22, 10, 0, 3, true};
    record[6] = oximeter(90, 95); /* taken back, it is not said here by whom */
    made->count = 7;
    made->voided[0] = oximeter(12, 85);
    made->voided_count = 1;
}

static void given(struct made *made)
{
    struct ward_record *record = made->records;

    record[0] = oximeter(80, 91);
    record[0].reading.kind = WARD_READING_STORED;
    record[0].reading.late = true;
    record[0].assigned = true;
    record[0].note = (struct ward_record_note){.by = id_of("dr-12"), .subject = 64, .from_ms = NINE + 900000};
    record[1] = oximeter(83, 97); /* 81 and 82 are missing */
    record[1].reading.characteristic = 0;
    record[1].reading.derived_first = 17;
    record[1].reading.derived_last = 42;
    record[2] = oximeter(84, 97);
    record[2].reading.measured_at_ms = WARD_UTC_UNKNOWN; /* stored, and its clock was not known */
    record[2].reading.kind = WARD_READING_STORED;
    record[2].reading.late = true;
    record[2].reading.device_time = (struct ward_device_time){2011, 1, 1, 0, 3, 0, true};
    made->count = 3;
}

static struct ward_fhir_message message_of(const struct made *made, const struct ward_fhir_knowledge *known)
{
    return (struct ward_fhir_message){.origin = {.gateway = "g-11a9", .epoch = EPOCH},
                                      .version = "1.2.3",
                                      .sent_at_ms = NINE + 100000,
                                      .backlog = made->backlog,
                                      .records = made->records,
                                      .count = made->count,
                                      .knowledge = known};
}

/* --- against the vectors -------------------------------------------------------------------------------------- */

static bool is_known(const char *name, const char *text)
{
    char path[80], *known = calloc(1, SIZE);
    FILE *file;
    size_t length = 0;

    assert_non_null(known);
    snprintf(path, sizeof(path), "vectors/fhir/%s.json", name);
    file = fopen(path, "r");
    if (file) {
        length = fread(known, 1, SIZE - 1, file);
        fclose(file);
    }
    if (length > 0 && known[length - 1] == '\n')
        known[length - 1] = '\0';
    const bool same = strcmp(known, text) == 0;

    if (!same) {
        printf("made %s %s\n", name, text); /* for the file, when it is meant */
        fflush(stdout);
    }
    free(known);
    return same;
}

static void bundles(void **state)
{
    static const struct {
        const char *name;
        void (*make)(struct made *made);
    } cases[] = {{"spot-check", spot_check},
                 {"blood-pressure", blood_pressure},
                 {"numbers", numbers},
                 {"specials", specials},
                 {"qualities", qualities},
                 {"entries", entries},
                 {"events", events},
                 {"changes", changes},
                 {"given", given}};
    bool same = true;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct made made = {.count = 0};
        struct ward_fhir_knowledge known = knowledge();
        struct ward_fhir_message message;
        char *text = malloc(SIZE);
        size_t length = 0;

        assert_non_null(text);
        cases[i].make(&made);
        known.voided = made.voided;
        known.voided_count = made.voided_count;
        message = message_of(&made, &known);
        assert_int_equal(ward_fhir_write(&message, SIZE, text, SIZE, &length), made.count);
        assert_int_equal(strlen(text), length);
        same = is_known(cases[i].name, text) && same;
        free(text);
    }
    assert_true(same);
}

static void scores(void **state)
{
    struct ward_news2_report complete = {
        .score = {.minimum = 5, .maximum = 5, .points = {0, 2, 2, 0, 1}, .complete = true}};
    struct ward_news2_report partial = {.score = {.minimum = 2, .maximum = 9}};
    const struct ward_fhir_score all[] = {{"p-7f3a", "s-01", NINE, 1, &complete},
                                          {"p-2", "s-02", NINE, 1, &partial},
                                          {"p-3", "s-03", WARD_UTC_UNKNOWN, 1, &complete},
                                          {"p-4", "s-04", NINE, 2, &complete}}; /* goes with record 2 */
    const struct ward_fhir_knowledge known = knowledge();
    struct made made = {.count = 1};
    struct ward_fhir_message message;
    char *text = malloc(SIZE);
    size_t length;

    (void)state;
    assert_non_null(text);
    made.records[0] = oximeter(1, 96);
    message = message_of(&made, &known);
    message.scores = all;
    message.score_count = 4;
    assert_int_equal(ward_fhir_write(&message, SIZE, text, SIZE, &length), 1);
    assert_true(is_known("score", text));
    assert_int_equal(ward_fhir_write(&message, 1, text, SIZE, &length),
                     1); /* no room counts for a lone record */
    assert_true(is_known("score", text));
    free(text);
}

/* --- where it ends -------------------------------------------------------------------------------------------- */

static size_t write(const struct made *made, size_t room, char *text, size_t size)
{
    const struct ward_fhir_knowledge known = knowledge();
    const struct ward_fhir_message message = message_of(made, &known);
    size_t length = 0, written = ward_fhir_write(&message, room, text, size, &length);

    assert_true(written == 0 || (length == strlen(text) && length < size));
    assert_true(written <= 1 || length <= room);
    return written;
}

/* Whatever the room: it is kept, at least one record goes, and what did not go leaves nothing behind. */
static void room_is_kept(void **state)
{
    struct made made = {.count = 0};
    char *whole = malloc(SIZE), *text = malloc(SIZE);
    size_t before = 0;

    (void)state;
    assert_true(whole && text);
    specials(&made);
    for (size_t room = 0; room < 16384; room += 97) {
        const size_t written = write(&made, room, text, SIZE);
        struct made first = made;

        assert_in_range(written, before > 0 ? before : 1, made.count);
        first.count = written;
        assert_int_equal(write(&first, SIZE, whole, SIZE), written);
        assert_string_equal(text, whole);
        before = written;
    }
    assert_int_equal(before, made.count);
    free(whole);
    free(text);
}

static void too_small(void **state)
{
    struct made made = {.count = 0};
    char *text = malloc(SIZE);

    (void)state;
    assert_non_null(text);
    assert_int_equal(write(&made, SIZE, text, SIZE), 0);
    spot_check(&made);
    for (size_t size = 0; size < 3000; size += 131)
        assert_int_equal(write(&made, SIZE, text, size), 0);
    free(text);
}

/* The largest record there is: as many values as one may have, each with ids and texts as long as they get. */
static void largest_record(void **state)
{
    struct made made = {.count = 1};
    struct ward_record *record = &made.records[0];
    char *text = malloc(SIZE);

    (void)state;
    assert_non_null(text);
    *record = oximeter(UINT64_C(999999999999), 90);
    record->reading.value_count = 0;
    for (int i = 0; i < WARD_READING_VALUES_MAX; i++)
        ADD(record, WARD_SPO2_SLOW, {.mantissa = INT64_MIN, .exponent = -100});
    memset(record->reading.patient.text, 'p', WARD_ID_MAX);
    memset(record->reading.episode.text, 'e', WARD_ID_MAX);
    memset(record->reading.device.text, 'd', WARD_ID_MAX);
    record->reading.device_time = (struct ward_device_time){2026, 11, 22, 10, 0, 3, true};
    record->reading.quality = WARD_QUESTIONABLE;
    record->reading.reasons = (1u << 14) - 1;
    record->reading.late = true;
    assert_int_equal(write(&made, 0, text, WARD_FHIR_RECORD_MAX), 1);
    free(text);
}

static void without_epoch(void **state)
{
    const struct ward_fhir_knowledge known = knowledge();
    struct made made = {.count = 0};
    char text[64];
    size_t length = 17;

    (void)state;
    spot_check(&made);

    struct ward_fhir_message message = message_of(&made, &known);

    message.origin.epoch = "";
    assert_int_equal(ward_fhir_write(&message, SIZE, text, sizeof(text), &length), 0);
    assert_int_equal(length, 17);
}

/* Who knows nothing besides the records writes them all the same. */
static void nothing_known(void **state)
{
    const struct ward_fhir_knowledge nothing = {.device = NULL};
    struct made made = {.count = 0};
    char *text = malloc(SIZE);
    size_t length;

    (void)state;
    assert_non_null(text);
    changes(&made);

    const struct ward_fhir_message message = message_of(&made, &nothing);

    assert_int_equal(ward_fhir_write(&message, SIZE, text, SIZE, &length), made.count);
    assert_null(strstr(text, "referenceRange"));
    assert_non_null(strstr(text, "entered-in-error")); /* by the record that is there */
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bundles),       cmocka_unit_test(scores),         cmocka_unit_test(room_is_kept),
        cmocka_unit_test(too_small),     cmocka_unit_test(largest_record), cmocka_unit_test(without_epoch),
        cmocka_unit_test(nothing_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
