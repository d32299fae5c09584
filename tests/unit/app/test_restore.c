/* SPDX-License-Identifier: Apache-2.0 */
/* What stands when a process ends stands in the next one, and the ward hears all of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/outbox_private.h"
#include "app/watch_private.h"
#include "app_bench.h"
#include "app_disk.h"
#include "core/alarm_pack.h"
#include "core/reading.h"

/* Conditions that bring more events than an input to the engine usually does. */
#define MANY 30

static char *text_of(const char *path)
{
    char *text = calloc(1, 16384);
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_true(fread(text, 1, 16383, file) > 0);
    fclose(file);
    return text;
}

static void all_is_committed(struct bench *bench)
{
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
}

static void raise_battery_low(struct bench *bench, const char *device)
{
    const struct ward_alarm_technical technical = {
        .name = "battery-low", .device = device, .text = "", .priority = WARD_PRIORITY_LOW};

    ward_watch_technical(ward_gateway_watch(bench->gateway, "p-ann"), &technical, true);
}

struct sought {
    struct ward_alarm_key key;
    const char *name;
    bool answered, found;
};

static void look(void *context, int error, const struct ward_store_event *events, size_t count)
{
    struct sought *sought = context;

    assert_int_equal(error, 0);
    for (size_t i = 0; i < count; i++)
        sought->found |=
            memcmp(&events[i].key, &sought->key, sizeof(sought->key)) == 0 &&
            memmem(events[i].payload, events[i].payload_length, sought->name, strlen(sought->name)) != NULL;
    sought->answered = true;
}

/* Of the condition of p-ann, as it is present; false: it is not. */
static bool find(const struct bench *bench, const char *name, struct ward_alarm_key *ret)
{
    const struct ward_watch *watch = ward_gateway_watch(bench->gateway, "p-ann");
    const struct ward_alarm_context context = ward_watch_context(watch);
    static struct ward_alarm_present present[WARD_PRESENT_MAX];
    const size_t count = ward_alarm_present(&watch->state, &context, present, WARD_PRESENT_MAX);

    for (size_t i = 0; i < count; i++)
        if (strcmp(present[i].newest.condition.text, name) == 0) {
            *ret = (struct ward_alarm_key){present[i].newest.id, present[i].newest.n};
            return true;
        }
    return false;
}

/* Whether the event, which is on its way to the ward, is of that condition. */
static bool is_of(struct bench *bench, const struct ward_alarm_key *key, const char *name)
{
    struct sought sought = {.key = *key, .name = name};
    const struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN, .undelivered = true};

    assert_int_equal(ward_store_alarm_history(bench->gateway->store, &filter, look, &sought), 0);
    WAIT_FOR(bench, sought.answered);
    return sought.found;
}

static bool is_same(const struct ward_alarm_key *one, const struct ward_alarm_key *other)
{
    return memcmp(&one->id, &other->id, sizeof(one->id)) == 0;
}

/* A condition that holds without any reading is the one that stood, and is not raised before that is known. */
static void what_stands_is_not_raised_again(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change change = {.kind = WARD_STORE_PATIENT, .patient.episode = {"s-1"}};
    char error[1024], *document = text_of("scenarios/schedule.json");
    struct ward_alarm_key before;
    struct ward_watch *watch;

    assert_true(ward_id_set(&change.patient.id, "p-ann"));
    watch = ward_gateway_look_after(bench->gateway, &change.patient.id, &change.patient.episode);
    assert_true(ward_watch_apply_plan(watch, document, NULL, NULL, error, sizeof(error)));
    assert_int_equal(ward_gateway_change(bench->gateway, &change, 1, NULL), 0);
    free(document);
    assert_true(find(bench, "schedule-unknown", &before));
    all_is_committed(bench);
    bench_restart(bench);
    bench_restart(bench);
    for (size_t i = 0; i < bench->gateway->outbox.alarms.count; i++) {
        const struct ward_alarm_key *key = &bench->gateway->outbox.alarms.entries[i].key;

        if (is_of(bench, key, "schedule-unknown"))
            assert_true(is_same(key, &before));
    }
}

/* Whoever waits for a time of day goes by it at once, also when nothing else happens and the disk takes nothing. */
static void a_clock_that_becomes_known_is_noticed(void **state)
{
    struct bench *bench = *state;
    char error[1024], *document = text_of("scenarios/schedule.json");
    struct ward_watch *watch;
    struct ward_alarm_key key;

    bench_set_clock(bench, false);
    bench_admit(bench, "p-ann");
    watch = ward_gateway_watch(bench->gateway, "p-ann");
    assert_true(ward_watch_apply_plan(watch, document, NULL, NULL, error, sizeof(error)));
    free(document);
    ward_gateway_settle(bench->gateway);
    all_is_committed(bench);
    assert_true(find(bench, "schedule-unknown", &key));
    assert_true(ward_watch_due_us(ward_gateway_watch(bench->gateway, "p-ann")) > bench_now_us(bench));
    bench_set_clock(bench, true);
    assert_int_equal(ward_watch_due_us(watch), 0); /* whatever else is due, and when */
    ward_gateway_settle(bench->gateway); /* as each event in the loop does, and a look at the clock */
    WAIT_FOR(bench, !find(bench, "schedule-unknown", &key));
    assert_true(ward_watch_due_us(watch) > bench_now_us(bench)); /* and the loop sleeps */
}

static void a_device_known_by_its_address_stays_so(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change changes[] = {
        {.kind = WARD_STORE_DEVICE, .device.policy = {WARD_ENROLMENT_BY_ADDRESS}},
        {.kind = WARD_STORE_BINDING,
         .binding = {.slot = WARD_SLOT_NONE, .episode = {"s-1"}, .read_out = true}}};
    struct ward_alarm_key before, after;

    bench_admit(bench, "p-ann");
    assert_true(ward_id_set(&changes[0].device.id, "d-3"));
    assert_true(ward_id_set(&changes[0].device.model, "oximeter"));
    strcpy(changes[0].device.address, "C0:00:00:00:00:03");
    strcpy(changes[0].device.address_type, "random");
    assert_true(ward_id_set(&changes[1].binding.device, "d-3"));
    assert_true(ward_id_set(&changes[1].binding.patient, "p-ann"));
    changes[1].binding.until_ms = WARD_UTC_UNKNOWN;
    assert_int_equal(ward_gateway_change(bench->gateway, changes, 2, NULL), 0);
    assert_true(find(bench, "device-known-by-address", &before));
    all_is_committed(bench);
    bench_restart(bench);
    assert_true(find(bench, "device-known-by-address", &after));
    assert_true(is_same(&before, &after));
}

/* The link has gone while nobody looked, and the device does not come back to say so. */
static void a_poor_signal_does_not_outlive_its_stream(void **state)
{
    const struct ward_alarm_technical poor = {
        .name = "poor-signal", .device = "d-1", .text = "", .priority = WARD_PRIORITY_LOW};
    struct ward_store_change binding = {
        .kind = WARD_STORE_BINDING,
        .binding = {.slot = WARD_SLOT_NONE, .episode = {"s-1"}, .until_ms = WARD_UTC_UNKNOWN}};
    struct bench *bench = *state;
    struct ward_alarm_key key;

    bench_admit(bench, "p-ann");
    bench_enrol(bench, "d-1", "oximeter");
    assert_true(ward_id_set(&binding.binding.device, "d-1"));
    assert_true(ward_id_set(&binding.binding.patient, "p-ann"));
    assert_int_equal(ward_gateway_change(bench->gateway, &binding, 1, NULL), 0);
    ward_watch_technical(ward_gateway_watch(bench->gateway, "p-ann"), &poor, true);
    assert_true(find(bench, "poor-signal", &key));
    all_is_committed(bench);
    bench_restart(bench);
    assert_false(find(bench, "poor-signal", &key));
}

/* After a reboot all that stands is told, with the numbers that a power cut may have left. */
static void all_that_stands_is_told_after_a_reboot(void **state)
{
    struct bench *bench = *state;
    static uint8_t packed[WARD_ALARM_PACKED_MAX];
    struct ward_store_alarm_state stored = {.state = packed};
    struct ward_watch *watch;
    size_t before, told = 0;
    char name[16];

    bench_admit(bench, "p-ann");
    watch = ward_gateway_watch(bench->gateway, "p-ann");
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "d-%d", i);
        raise_battery_low(bench, name);
    }
    stored.length = ward_alarm_pack(&watch->state, packed, sizeof(packed));
    for (size_t i = 0; i < watch->state.technical_count; i++)
        told -= watch->state.technical[i].condition.n;
    before = bench->gateway->outbox.alarms.count;
    assert_true(ward_watch_restore(watch, &stored, true, false));
    for (size_t i = 0; i < watch->state.technical_count; i++)
        told += watch->state.technical[i].condition.n;
    assert_true(told > WARD_WATCH_EVENTS_USUAL);
    assert_true(bench->gateway->outbox.alarms.count - before >= told);
}

/* The ward has all that waits. */
static void deliver_all(struct bench *bench)
{
    struct ward_outbox *outbox = &bench->gateway->outbox;
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch};

    while (outbox->alarms.count > 0) {
        receipt.alarm_count = 0;
        for (size_t i = 0; i < outbox->alarms.count && i < WARD_RECEIPT_ALARMS_MAX; i++) {
            receipt.alarms[i].id = outbox->alarms.entries[i].key.id;
            receipt.alarms[i].n = outbox->alarms.entries[i].key.n;
            receipt.alarm_count++;
        }
        ward_outbox_alarm_receipt(outbox, &receipt);
    }
}

static bool is_queued(const struct bench *bench, const struct ward_alarm_key *key)
{
    return ward_alarm_queue_has(&bench->gateway->outbox.alarms, *key);
}

/* A ward that is away for long: what finds the queue full comes from the database when there is room again. */
static void what_found_no_place_goes_when_there_is_one(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox *outbox = &bench->gateway->outbox;
    struct ward_alarm_event event = {.n = 1};
    struct ward_alarm_key missed;

    bench_admit(bench, "p-ann");
    deliver_all(bench);
    for (unsigned i = 0; outbox->alarms.count < WARD_OUTBOX_ALARMS_MAX; i++) {
        event.id.octets[0] = (uint8_t)i;
        event.id.octets[1] = (uint8_t)(i >> 8);
        ward_outbox_alarm(outbox, &event, "{}", 2);
    }
    raise_battery_low(bench, "d-1");
    assert_true(find(bench, "battery-low", &missed));
    assert_false(is_queued(bench, &missed));
    assert_true(outbox->missed.some);
    outbox->link_up = true; /* as far as the outbox knows */
    ward_outbox_pump_missed(outbox);
    assert_false(outbox->missed.asked); /* there is no room yet */

    deliver_all(bench);
    assert_int_equal(ward_outbox_missed_due_us(outbox), 0);
    ward_outbox_pump_missed(outbox);
    assert_true(outbox->missed.asked);
    assert_true(ward_outbox_missed_due_us(outbox) > bench_now_us(bench)); /* and the loop sleeps */
    WAIT_FOR(bench, is_queued(bench, &missed));
    assert_false(outbox->missed.some || outbox->missed.asked);
    assert_int_equal(outbox->alarms.count, 1); /* what was delivered does not come again */
}

/* As after one that could not be read: nothing of the old database is in the new one. */
static void take_a_fresh_database(struct bench *bench)
{
    struct ward_gateway *gateway = bench->gateway;
    const struct ward_store_listener listener = ward_commits_listener(gateway);
    const struct ward_store_options options = {
        .path = bench->config.store.path, .commit_window_ms = 100, .listener = listener};
    struct ward_store_snapshot *snapshot = NULL;
    struct ward_store_replaced replaced = {.set_aside = "x", .reason = "y"};
    char error[WARD_STORE_TEXT_MAX];

    all_is_committed(bench);
    gateway->store_source = sd_event_source_unref(gateway->store_source);
    gateway->store = ward_store_free(gateway->store);
    strcat(bench->config.store.path, "-fresh");
    assert_int_equal(ward_store_open(&options, &gateway->store, &snapshot, error), 0);
    replaced.epoch = snapshot->epoch;
    replaced.head_chain = snapshot->head_chain;
    listener.replaced(listener.context, &replaced);
    ward_store_snapshot_free(snapshot);
}

/* Also the second time, when nothing is raised by it that would bring the states along. */
static void a_fresh_database_has_what_stands(void **state)
{
    struct bench *bench = *state;
    struct ward_alarm_key before, after;

    bench_admit(bench, "p-ann");
    raise_battery_low(bench, "d-1");
    assert_true(find(bench, "battery-low", &before));
    ward_technical_set(bench->gateway, WARD_TECHNICAL_DATABASE_REPLACED, true);
    take_a_fresh_database(bench);
    bench_restart(bench);
    assert_true(find(bench, "battery-low", &after));
    assert_true(is_same(&before, &after));
    assert_true(is_queued(bench, &before));
}

/* As if nothing had happened for as long. Returns whether the state was given to the store. */
static bool is_stored_when_due(struct ward_watch *watch)
{
    const uint64_t token = watch->stored_token;

    watch->stored_us = ward_gateway_now(watch->gateway).boot_us - WARD_WATCH_STORE_US;
    (void)ward_gateway_timer_due(NULL, 0, watch->gateway);
    return watch->stored_token > token;
}

/* The last moment that the database knows the patient to have been looked after. */
static uint64_t stored_until_us(struct bench *bench)
{
    static struct ward_alarm_patient stored;
    const struct ward_store_options options = {.path = bench->config.store.path,
                                               .listener = ward_commits_listener(bench->gateway)};
    struct ward_store_snapshot *snapshot = NULL;
    char error[WARD_STORE_TEXT_MAX];

    all_is_committed(bench);
    bench->gateway->store_source = sd_event_source_unref(bench->gateway->store_source);
    bench->gateway->store = ward_store_free(bench->gateway->store);
    assert_int_equal(ward_store_open(&options, &bench->gateway->store, &snapshot, error), 0);
    assert_int_equal(snapshot->state_count, 1);
    assert_true(ward_alarm_unpack(snapshot->states[0].state, snapshot->states[0].length, &stored));
    ward_store_snapshot_free(snapshot);
    return stored.now.boot_us;
}

/* After a power cut without a time service the state is all that says how long nothing was heard. */
static void a_quiet_time_is_not_forgotten(void **state)
{
    struct bench *bench = *state;
    struct ward_watch *watch;
    uint64_t before_us;

    bench_admit(bench, "p-ann");
    all_is_committed(bench);
    watch = ward_gateway_watch(bench->gateway, "p-ann");
    assert_true(ward_watch_due_us(watch) <= watch->stored_us + WARD_WATCH_STORE_US);
    before_us = ward_gateway_now(bench->gateway).boot_us;
    assert_true(is_stored_when_due(watch));
    assert_true(stored_until_us(bench) >= before_us);
}

/* The queue to a disk that hangs takes one state of a patient, and not one more each time. */
static void a_disk_that_hangs_is_given_one_state(void **state)
{
    struct bench *bench = *state;
    struct ward_watch *watch;

    bench_admit(bench, "p-ann");
    all_is_committed(bench);
    watch = ward_gateway_watch(bench->gateway, "p-ann");
    disk_hangs = true;
    assert_true(is_stored_when_due(watch));
    assert_false(is_stored_when_due(watch));
    assert_true(ward_watch_due_us(watch) > bench_now_us(bench)); /* and the loop sleeps */
    disk_hangs = false;
    all_is_committed(bench);
    assert_true(is_stored_when_due(watch));
}

/* One that cannot be packed is tried again in its time; the loop does not spin over it. */
static void a_state_that_cannot_be_stored_lets_the_loop_sleep(void **state)
{
    struct bench *bench = *state;
    struct ward_watch *watch;

    bench_admit(bench, "p-ann");
    all_is_committed(bench);
    watch = ward_gateway_watch(bench->gateway, "p-ann");
    strcpy(watch->state.episode.text, "no id");
    assert_false(is_stored_when_due(watch));
    assert_true(ward_watch_due_us(watch) > bench_now_us(bench));
}

#define RESTORE_TEST(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RESTORE_TEST(what_stands_is_not_raised_again),
        RESTORE_TEST(a_clock_that_becomes_known_is_noticed),
        RESTORE_TEST(a_device_known_by_its_address_stays_so),
        RESTORE_TEST(a_poor_signal_does_not_outlive_its_stream),
        RESTORE_TEST(all_that_stands_is_told_after_a_reboot),
        RESTORE_TEST(what_found_no_place_goes_when_there_is_one),
        RESTORE_TEST(a_fresh_database_has_what_stands),
        RESTORE_TEST(a_quiet_time_is_not_forgotten),
        RESTORE_TEST(a_disk_that_hangs_is_given_one_state),
        RESTORE_TEST(a_state_that_cannot_be_stored_lets_the_loop_sleep),
    };

    return cmocka_run_group_tests_name("restore", tests, NULL, NULL);
}
