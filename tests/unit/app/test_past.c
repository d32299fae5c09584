/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a database that was replaced, or may be, on their way to the ward. */
#include <string.h>

#include <sqlite3.h>

#include "app/receipt.h"
#include "app_disk.h"
#include "app_uplink.h"
#include "io/store_pages.h"

#define READINGS "ward/v1/home/g-test/up/readings"

/* An epoch that ended, and its newest record. */
struct past {
    struct ward_id epoch;
    uint64_t head;
};

/* The file is damaged, and another one takes its place: what is read of it is of an epoch that ended. */
static struct past replace_database(struct bench *bench)
{
    const struct past past = {bench->gateway->epoch, bench->gateway->head_seq};
    sqlite3 *file;

    bench_close(bench);
    assert_int_equal(sqlite3_open_v2(bench->config.store.path, &file, SQLITE_OPEN_READWRITE,
                                     ward_pages_vfs(WARD_PAGES_STRICT)),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(file, "PRAGMA locking_mode = EXCLUSIVE; UPDATE mark SET clock = 4", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(file), SQLITE_OK);
    bench_open(bench);
    assert_string_not_equal(bench->gateway->epoch.text, past.epoch.text);
    return past;
}

/* What the ward has of the present epoch, and with_past of the one before. */
static void confirm(struct bench *bench, const struct past *past, bool with_past)
{
    const struct ward_receipt receipts[] = {
        {.epoch = bench->gateway->epoch, .through = bench->gateway->head_seq},
        {.epoch = past->epoch, .through = past->head}};

    for (size_t i = 0; i < 1u + with_past; i++)
        ward_receipt_take(bench->gateway, &receipts[i]);
}

static bool is_salvaging(struct bench *bench)
{
    struct ward_store_counters counters;

    ward_store_counters(bench->gateway->store, &counters);
    return counters.salvaging;
}

/* As often as they come, they are confirmed. Returns how often. */
static unsigned told(struct bench *bench, const struct past *past)
{
    unsigned times = 0;

    while (uplink_has_published(READINGS)) {
        const bool of_past = uplink_payload_has(past->epoch.text);

        times += of_past;
        uplink_answer();
        confirm(bench, past, of_past);
    }
    return times;
}

/* It could not be noted that the ward has them: they would go again with each receipt. */
static void while_the_disk_is_full_the_past_waits(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox_past *turn;
    struct past past;
    unsigned times = 0;

    for (int i = 0; i < 5; i++)
        (void)orders_measure(bench, WARD_SPO2, 97);
    past = replace_database(bench);
    turn = &bench->gateway->outbox.past;
    WAIT_FOR(bench, bench->gateway->waiters == NULL && !is_salvaging(bench));
    disk_is_full = true;
    orders_tell(bench, WARD_SPO2, 97);
    WAIT_FOR(bench, bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FULL]);
    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, bench->gateway->outbox.link_up && !turn->asked && turn->due_us > 0);
    turn->due_us = 0;
    for (unsigned i = 0; i < 500; i++) {
        assert_true(sd_event_run(bench->event, 1000) >= 0);
        times += told(bench, &past);
    }
    assert_int_equal(times, 0);

    disk_is_full = false;
    WAIT_FOR(bench, !bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FULL]);
    turn->due_us = 0;
    WAIT_FOR(bench, (times += told(bench, &past)) > 0 && turn->nothing);
    assert_int_equal(times, 1);
}

/* --- a file that may have been put back ---------------------------------------------------------------------- */

/* Two records from before the start, one live, and a way to the ward whose receipt has not come yet. */
static void start_over(struct bench *bench)
{
    (void)orders_measure(bench, WARD_SPO2, 97);
    (void)orders_measure(bench, WARD_SPO2, 97);
    bench_restart(bench);
    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, bench->gateway->outbox.link_up);
    bench->gateway->outbox.delivery.awaits_us = UINT64_MAX; /* as if no time went by */
    (void)orders_measure(bench, WARD_SPO2, 97);
}

/* In as many turns of the loop as anything that may go takes. */
static bool readings_go(struct bench *bench)
{
    enum { TURNS = 200 };

    for (unsigned i = 0; i < TURNS; i++) {
        ward_gateway_settle(bench->gateway);
        assert_true(sd_event_run(bench->event, 1000) >= 0);
        if (uplink_has_published(READINGS))
            return true;
    }
    return false;
}

/* The ward might have others under their numbers. */
static void records_wait_until_the_ward_has_said_what_it_has(void **state)
{
    struct bench *bench = *state;
    struct ward_receipt receipt = {.through = 1};

    start_over(bench);
    bench->gateway->outbox.again.records[0] =
        (struct ward_seq_range){1, 1}; /* and those that it asked for again */
    bench->gateway->outbox.again.record_count = 1;
    assert_false(readings_go(bench));
    receipt.epoch = bench->gateway->epoch;
    ward_receipt_take(bench->gateway, &receipt);
    WAIT_FOR(bench, uplink_has_published(READINGS));
    assert_true(uplink_payload_has(bench->gateway->epoch.text));
}

static void records_of_a_file_that_was_put_back_go_under_new_numbers_only(void **state)
{
    struct bench *bench = *state;
    struct ward_receipt receipt;

    start_over(bench);
    receipt = (struct ward_receipt){.epoch = bench->gateway->epoch, .through = bench->gateway->head_seq + 1};
    ward_receipt_take(bench->gateway, &receipt);
    WAIT_FOR(bench, uplink_has_published(READINGS));
    assert_string_not_equal(bench->gateway->epoch.text, receipt.epoch.text);
    assert_true(uplink_payload_has(bench->gateway->epoch.text));
    assert_false(uplink_payload_has(receipt.epoch.text));
}

/* The file is not replaced while the disk is full, and the ward would not take its records meanwhile. */
static void nothing_goes_until_it_is_replaced(void **state)
{
    struct bench *bench = *state;
    struct ward_receipt receipt;

    start_over(bench);
    disk_is_full = true;
    orders_tell(bench, WARD_SPO2, 97);
    WAIT_FOR(bench, bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FULL]);
    receipt = (struct ward_receipt){.epoch = bench->gateway->epoch,
                                    .through = bench->gateway->head_seq,
                                    .has_head = true}; /* another chain than ours */
    bench->gateway->outbox.delivery.awaits = false;    /* the ward has put its own back meanwhile, say */
    ward_receipt_take(bench->gateway, &receipt);
    assert_false(readings_go(bench));
    disk_is_full = false;
    WAIT_FOR(bench, uplink_has_published(READINGS));
    assert_false(uplink_payload_has(receipt.epoch.text));
}

static void a_fresh_file_waits_for_nobody(void **state)
{
    struct bench *bench = *state;

    uplink_join(bench);
    uplink_open_link();
    (void)orders_measure(bench, WARD_SPO2, 97);
    assert_false(bench->gateway->outbox.delivery.awaits);
    WAIT_FOR(bench, uplink_has_published(READINGS));
}

/* The number of the reading that the patient's alarm names; 0: none. */
static uint64_t named_by_the_alarm(struct bench *bench)
{
    const struct ward_alarm_context context = ward_watch_context(orders_watch(bench));
    struct ward_alarm_present *present = bench->gateway->present;
    const size_t count = ward_alarm_present(&orders_watch(bench)->state, &context, present, WARD_PRESENT_MAX);

    for (size_t i = 0; i < count; i++)
        if (strcmp(present[i].newest.condition.text, "spo2-low") == 0)
            return present[i].newest.reading_seq;
    fail_msg("there is no alarm");
    return 0;
}

/* The ward would look it up among the records of this one, and find another patient's. */
static void no_alarm_names_a_reading_of_another_database(void **state)
{
    struct bench *bench = *state;
    struct ward_receipt receipt;

    (void)orders_measure(bench, WARD_SPO2, 88);
    assert_int_equal(named_by_the_alarm(bench), bench->gateway->head_seq);
    (void)orders_measure(bench, WARD_HEART_RATE, 70); /* with which the number is stored */
    (void)replace_database(bench);                    /* at a start */
    assert_int_equal(named_by_the_alarm(bench), 0);
    (void)orders_measure(bench, WARD_SPO2, 88);
    assert_int_equal(named_by_the_alarm(bench), bench->gateway->head_seq);
    receipt = (struct ward_receipt){.epoch = bench->gateway->epoch, .through = bench->gateway->head_seq + 1};
    ward_receipt_take(bench->gateway, &receipt); /* while running */
    WAIT_FOR(bench, strcmp(bench->gateway->epoch.text, receipt.epoch.text) != 0);
    assert_int_equal(named_by_the_alarm(bench), 0);
}

#define PAST_TEST(test) cmocka_unit_test_setup_teardown(test, uplink_set_up, uplink_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAST_TEST(while_the_disk_is_full_the_past_waits),
        PAST_TEST(records_wait_until_the_ward_has_said_what_it_has),
        PAST_TEST(records_of_a_file_that_was_put_back_go_under_new_numbers_only),
        PAST_TEST(nothing_goes_until_it_is_replaced),
        PAST_TEST(a_fresh_file_waits_for_nobody),
        PAST_TEST(no_alarm_names_a_reading_of_another_database),
    };

    return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
