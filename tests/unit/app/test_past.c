/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a database that was replaced, on their way to the ward. */
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

static void confirm(struct bench *bench, const struct past *past)
{
    const struct ward_receipt receipts[] = {
        {.epoch = bench->gateway->epoch, .through = bench->gateway->head_seq},
        {.epoch = past->epoch, .through = past->head}};

    for (size_t i = 0; i < 2; i++)
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
        times += uplink_payload_has(past->epoch.text);
        uplink_answer();
        confirm(bench, past);
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

#define PAST_TEST(test) cmocka_unit_test_setup_teardown(test, uplink_set_up, uplink_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAST_TEST(while_the_disk_is_full_the_past_waits),
    };

    return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
