/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A glucose meter whose records have numbers, over months: what is new is fetched, and once, also when somebody has reset it
 * so that its numbers begin anew. The meter is this file's, at the other end of what the daemon asks of the radio.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "app/binding_change.h"
#include "app/listeners.h"
#include "app_bench.h"
#include "core/reading.h"

#define DEVICE      "d-g"
#define NUMBERS_MAX 64
#define FOR_EVER    UINT_MAX

struct meter {
    unsigned count;      /* its records have the numbers below */
    int announces;       /* the record that a context is to follow, which never comes; -1: none */
    unsigned day;        /* on which it was reset, of November 2026 */
    unsigned link_lasts; /* for so many records, … */
    unsigned sent;       /* of which so many went over this link */
    char request[32];    /* the last that was written, as hex; "": it was answered */
    char requests[256];  /* of this link, each with a blank behind it */
    bool is_linked;
    bool is_unproved; /* nobody knows that it is the meter */
    bool has_told;    /* whoever pairs it learns that it has told something */
} meter;

int __wrap_ward_bluez_write(struct ward_bluez *bluez, const char *address, const char *service,
                            const char *characteristic, const uint8_t *octets, size_t length);
int __wrap_ward_bluez_write(struct ward_bluez *bluez, const char *address, const char *service,
                            const char *characteristic, const uint8_t *octets, size_t length)
{
    size_t used;

    (void)bluez, (void)address, (void)service;
    assert_string_equal(characteristic, "2a52");
    for (size_t i = 0; i < length; i++)
        snprintf(meter.request + 2 * i, 3, "%02x", octets[i]);
    used = strlen(meter.requests);
    snprintf(meter.requests + used, sizeof(meter.requests) - used, "%s ", meter.request);
    return 0;
}

bool __wrap_ward_bluez_has(const struct ward_bluez *bluez, const char *address, const char *service,
                           const char *characteristic);
bool __wrap_ward_bluez_has(const struct ward_bluez *bluez, const char *address, const char *service,
                           const char *characteristic)
{
    (void)bluez, (void)address;
    return strcmp(service, "1808") == 0 && strcmp(characteristic, "2a52") == 0;
}

int __wrap_ward_bluez_pair_reading(struct ward_bluez *bluez, const char *address);
int __wrap_ward_bluez_pair_reading(struct ward_bluez *bluez, const char *address)
{
    (void)bluez, (void)address;
    meter.has_told = true;
    return -ENOENT;
}

/* --- what it says ------------------------------------------------------------------------------------------------ */

static struct ward_bluez_device device_of(void)
{
    struct ward_bluez_device device = {.security = WARD_BLUEZ_BONDED};

    assert_true(ward_id_set(&device.id, DEVICE));
    return device;
}

static void tell_link(struct bench *bench, enum ward_bluez_link_state state)
{
    const struct ward_bluez_device device = device_of();

    ward_bluez_events.link(
        &(struct ward_bluez_link){
            .device = &device, .state = state, .connection = bench->connection, .text = ""},
        bench->gateway);
}

static void say(struct bench *bench, uint16_t characteristic, const uint8_t *octets, size_t length)
{
    const struct ward_bluez_device device = device_of();
    char uuid[WARD_BLUEZ_UUID_SIZE];

    snprintf(uuid, sizeof(uuid), "0000%04x" WARD_GATT_BASE_UUID_TAIL, characteristic);
    ward_talk_value(bench->gateway, &(struct ward_bluez_value){
                                        .device = &device,
                                        .characteristic = characteristic,
                                        .uuid = uuid,
                                        .service_uuid = "00001808" WARD_GATT_BASE_UUID_TAIL,
                                        .octets = octets,
                                        .length = length,
                                        .receipt_us = ward_gateway_now(bench->gateway).boot_us,
                                        .connection = bench->connection,
                                        .proved = !meter.is_unproved,
                                    });
}

/* Measured in the hour of its number. The link may end with it. */
static void say_record(struct bench *bench, unsigned number)
{
    const uint8_t flags = (int)number == meter.announces ? 0x12 : 0x02, low = (uint8_t)number;
    const uint8_t octets[] = {flags, low, 0, 0xEA, 0x07, 11, (uint8_t)meter.day, low, 0, 0, 0x5F, 0xB0, 0x11};

    if (!meter.is_linked)
        return;
    say(bench, WARD_CHAR_GLUCOSE_MEASUREMENT, octets, sizeof(octets));
    meter.is_linked = ++meter.sent < meter.link_lasts;
}

static void say_answer(struct bench *bench, uint8_t op_code, uint8_t third, uint8_t fourth)
{
    const uint8_t octets[] = {op_code, 0, third, fourth};

    if (meter.is_linked)
        say(bench, WARD_CHAR_RECORD_ACCESS_CONTROL_POINT, octets, sizeof(octets));
}

/* Counts or reports: all, from a number on, the last. */
static void answer(struct bench *bench)
{
    const struct ward_bluez_device device = device_of();
    unsigned op_code, record_operator, number = 0, first = 0;

    assert_true(sscanf(meter.request, "%2x%2x%*2x%2x", &op_code, &record_operator, &number) >= 2);
    meter.request[0] = '\0';
    ward_talk_write_done(
        bench->gateway,
        &(struct ward_bluez_answer){.device = &device, .uuid = "2a52", .connection = bench->connection});
    if (record_operator == 3)
        first = number < meter.count ? number : meter.count;
    else if (record_operator == 6)
        first = meter.count > 0 ? meter.count - 1 : 0;
    if (op_code == 4) {
        say_answer(bench, 5, (uint8_t)(meter.count - first), 0);
        return;
    }
    assert_int_equal(op_code, 1);
    for (unsigned i = first; i < meter.count; i++)
        say_record(bench, i);
    say_answer(bench, 6, 1, first < meter.count ? 1 : 6);
}

/* It calls, and is asked until it has nothing more to say. */
static void talk(struct bench *bench)
{
    meter.is_linked = true;
    meter.has_told = false;
    meter.sent = 0;
    meter.requests[0] = meter.request[0] = '\0';
    tell_link(bench, WARD_BLUEZ_LINK_CONNECTED);
    if (!meter.is_unproved)
        tell_link(bench, WARD_BLUEZ_LINK_PROVED);
    tell_link(bench, WARD_BLUEZ_LINK_RESOLVED);
    while (meter.is_linked && meter.request[0] != '\0')
        answer(bench);
}

static void call(struct bench *bench)
{
    talk(bench);
    tell_link(bench, WARD_BLUEZ_LINK_DISCONNECTED);
    bench->connection++;
}

static void reset(unsigned day, unsigned count)
{
    meter.day = day;
    meter.count = count;
}

/* --- what is stored ------------------------------------------------------------------------------------------------ */

/* All of them, once all is committed, what is remembered of the device included. */
static size_t read_back(struct bench *bench)
{
    const struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    bench->answered = false;
    assert_int_equal(ward_store_query(bench->gateway->store, &filter, bench_records, bench), 0);
    WAIT_FOR(bench, bench->answered);
    return bench->record_count;
}

/* Of a day there is each record below count, once, and no other. */
static void assert_has(struct bench *bench, unsigned day, unsigned count)
{
    unsigned times[NUMBERS_MAX] = {0};

    (void)read_back(bench);
    for (size_t i = 0; i < bench->record_count; i++) {
        const struct ward_reading *reading = &bench->records[i].reading;

        assert_int_equal(reading->characteristic, WARD_CHAR_GLUCOSE_MEASUREMENT);
        if (reading->raw[6] == day)
            times[reading->raw[1]]++;
    }
    for (unsigned number = 0; number < NUMBERS_MAX; number++)
        if (times[number] != (number < count))
            fail_msg("record %u of day %u is there %u times", number, day, times[number]);
}

static void bind_to(struct bench *bench, const char *patient)
{
    const struct ward_binding_order order = {.device =
                                                 ward_registry_device(&bench->gateway->registry, DEVICE),
                                             .watch = ward_gateway_watch(bench->gateway, patient),
                                             .slot = WARD_SLOT_NONE};

    assert_int_equal(ward_binding_make(bench->gateway, &order, NULL), 0);
}

/* Three records of day 1 were read. */
static struct bench *meter_of_ann(void **state)
{
    struct bench *bench = *state;

    bench_admit(bench, "p-ann");
    bench_enrol(bench, DEVICE, "glucose-meter");
    bind_to(bench, "p-ann");
    meter = (struct meter){.day = 1, .count = 3, .announces = -1, .link_lasts = FOR_EVER};
    call(bench);
    assert_has(bench, 1, 3);
    return bench;
}

/* --- the tests ------------------------------------------------------------------------------------------------------ */

static void only_what_is_new_is_fetched(void **state)
{
    struct bench *bench = meter_of_ann(state);

    for (unsigned time = 0; time < 3; time++) {
        call(bench);
        assert_string_equal(meter.requests, "0403010200 0103010200 ");
        assert_int_equal(meter.sent, 1);
        assert_has(bench, 1, 3);
        bench_restart(bench);
    }
    assert_int_equal(bench->gateway->pipeline.duplicates, 0);
    meter.count = 5;
    call(bench);
    assert_int_equal(meter.sent, 3);
    assert_has(bench, 1, 5);
    assert_int_equal(bench->gateway->pipeline.duplicates, 0);
}

static void a_meter_that_was_reset_is_read_from_its_first_record_on(void **state)
{
    struct bench *bench = meter_of_ann(state);

    reset(2, 6);
    call(bench);
    assert_has(bench, 1, 3);
    assert_has(bench, 2, 6);
    call(bench);
    assert_string_equal(meter.requests, "0403010500 0103010500 ");
    assert_has(bench, 2, 6);

    reset(3, 2); /* fewer than are known */
    call(bench);
    assert_has(bench, 3, 2);
    reset(4, 2); /* as many */
    call(bench);
    assert_has(bench, 3, 2);
    assert_has(bench, 4, 2);
}

static void a_meter_that_was_reset_is_known_by_the_next_process(void **state)
{
    struct bench *bench = meter_of_ann(state);

    bench_restart(bench);
    reset(2, 6);
    call(bench);
    assert_has(bench, 2, 6);
    bench_restart(bench);
    call(bench);
    assert_has(bench, 1, 3);
    assert_has(bench, 2, 6);
}

/* Wherever it ends: before the first record that is stored, after it, before the last. */
static void the_link_to_a_meter_that_was_reset_may_end_at_any_time(void **state)
{
    struct bench *bench = meter_of_ann(state);

    for (unsigned day = 2; day < 12; day++) {
        reset(day, 6);
        meter.link_lasts = day - 1;
        call(bench);
        (void)read_back(bench);
        if (day % 2 == 0)
            bench_restart(bench);
        meter.link_lasts = FOR_EVER;
        call(bench);
        assert_has(bench, day, 6);
    }
    assert_has(bench, 1, 3);
    assert_int_equal(bench->record_count, 3 + 10 * 6);
}

/* What lies beyond the last known number would take longer each time. */
static void a_meter_that_was_reset_and_always_goes_early_is_read_by_and_by(void **state)
{
    struct bench *bench = meter_of_ann(state);

    reset(2, 8);
    meter.link_lasts = 3;
    call(bench);
    assert_has(bench, 2, 0);
    bench_restart(bench);
    call(bench);
    assert_string_equal(meter.requests, "0401 0101 ");
    assert_has(bench, 2, 3);
    for (unsigned last = 2; last < 7; last += 2) {
        call(bench);
        (void)read_back(bench);
    }
    assert_has(bench, 1, 3);
    assert_has(bench, 2, 8);
}

/* Another one with its address would have all its records read again. */
static void nothing_is_forgotten_over_a_link_that_was_not_proved(void **state)
{
    struct bench *bench = meter_of_ann(state);

    reset(2, 6);
    meter.link_lasts = 2;
    meter.is_unproved = true;
    call(bench);
    assert_true(ward_recollection_of(bench->gateway, DEVICE).has_record);
    reset(1, 3);
    meter.is_unproved = false;
    call(bench);
    assert_string_equal(meter.requests, "0403010200 0103010200 ");
    assert_has(bench, 1, 3);
}

/* An earlier release remembered the number alone. */
static void what_was_remembered_without_a_digest_gets_one(void **state)
{
    struct bench *bench = meter_of_ann(state);
    struct ward_recollection known = ward_recollection_of(bench->gateway, DEVICE);
    const uint64_t digest = known.last_digest;

    assert_true(known.has_record && known.last_record == 2 && digest != 0);
    known.last_digest = 0;
    ward_recollection_keep(bench->gateway, &known);
    assert_has(bench, 1, 3);
    bench_restart(bench);
    assert_true(ward_recollection_of(bench->gateway, DEVICE).last_digest == 0);
    call(bench);
    assert_has(bench, 1, 3);
    assert_true(ward_recollection_of(bench->gateway, DEVICE).last_digest == digest);
    reset(2, 6);
    call(bench);
    assert_has(bench, 2, 6);
}

/* It has told that there is nothing else in its memory, and was heard, though nothing came that was not here. */
static void a_meter_with_nothing_new_is_read_out(void **state)
{
    struct bench *bench = meter_of_ann(state);
    const struct ward_store_binding *binding;

    bench_admit(bench, "p-bob");
    bind_to(bench, "p-bob");
    bench_restart(bench);
    binding = ward_registry_next_binding(&bench->gateway->registry, DEVICE, NULL);
    assert_string_equal(binding->patient.text, "p-bob");
    assert_false(binding->read_out);
    call(bench);
    assert_has(bench, 1, 3);
    assert_true(ward_registry_next_binding(&bench->gateway->registry, DEVICE, NULL)->read_out);
    assert_true(meter.has_told);
    assert_true(ward_devices_find(&bench->gateway->devices, DEVICE)->heard.boot_us > 0);
}

/* It waits for its context, and those behind it do not. Were the process killed now, nothing of it would be here. */
static void what_is_stored_does_not_leave_behind_what_is_not(void **state)
{
    struct bench *bench = meter_of_ann(state);

    meter.announces = 3;
    meter.count = 6;
    talk(bench);
    WAIT_FOR(bench, bench->gateway->head_seq >= 5);
    assert_true(ward_recollection_of(bench->gateway, DEVICE).last_record <= 3);
    meter.announces = -1;
    tell_link(bench, WARD_BLUEZ_LINK_DISCONNECTED);
    bench->connection++;
    assert_has(bench, 1, 6);
    assert_int_equal(ward_recollection_of(bench->gateway, DEVICE).last_record, 3);
    call(bench);
    assert_has(bench, 1, 6);
    assert_int_equal(ward_recollection_of(bench->gateway, DEVICE).last_record, 5);
}

/* Its numbers began anew, and it goes before it is asked for what is new. */
static void what_is_passed_over_is_nothing_told(void **state)
{
    struct bench *bench = meter_of_ann(state);

    reset(2, 6);
    meter.link_lasts = 2;
    call(bench);
    assert_false(meter.has_told);
    assert_has(bench, 2, 0);
}

#define METER_TEST(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        METER_TEST(only_what_is_new_is_fetched),
        METER_TEST(a_meter_that_was_reset_is_read_from_its_first_record_on),
        METER_TEST(a_meter_that_was_reset_is_known_by_the_next_process),
        METER_TEST(the_link_to_a_meter_that_was_reset_may_end_at_any_time),
        METER_TEST(a_meter_that_was_reset_and_always_goes_early_is_read_by_and_by),
        METER_TEST(nothing_is_forgotten_over_a_link_that_was_not_proved),
        METER_TEST(what_was_remembered_without_a_digest_gets_one),
        METER_TEST(a_meter_with_nothing_new_is_read_out),
        METER_TEST(what_is_passed_over_is_nothing_told),
        METER_TEST(what_is_stored_does_not_leave_behind_what_is_not),
    };

    return cmocka_run_group_tests_name("meter", tests, NULL, NULL);
}
