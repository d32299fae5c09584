/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a database that was replaced, or may be, on their way to the ward. */
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "app/outbox_private.h"
#include "app/receipt.h"
#include "app_disk.h"
#include "app_uplink.h"
#include "core/alarm_pack.h"
#include "io/store_pages.h"

#define READINGS "ward/v1/home/g-test/up/readings"
#define ALARMS   "ward/v1/home/g-test/up/alarms"

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

/* The present epoch, and with it the one that ended when something of that has come. */
static void confirm(struct bench *bench, const struct past *past, bool has_past)
{
    const struct ward_receipt receipts[] = {
        {.epoch = bench->gateway->epoch, .through = bench->gateway->head_seq},
        {.epoch = past->epoch, .through = past->head}};

    for (size_t i = 0; i < (has_past ? 2 : 1); i++)
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
        const bool has_past = uplink_payload_has(past->epoch.text);

        times += has_past;
        uplink_answer();
        confirm(bench, past, has_past);
    }
    return times;
}

/* Another record has its number now. */
static void what_became_of_a_record_is_not_said_of_the_next(void **state)
{
    struct bench *bench = *state;
    uint64_t seq = orders_measure(bench, WARD_SPO2, 97);
    const struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);

    orders_done(bench, &order);
    (void)replace_database(bench);
    assert_int_equal(ward_settled_fate(&bench->gateway->settled, seq), WARD_FATE_NONE);
}

/* The alarm stands on a reading that had that number in the epoch before. */
static void no_alarm_is_taken_back_with_a_reading_of_the_next_epoch(void **state)
{
    struct bench *bench = *state;
    struct ward_order order;
    uint64_t seq;

    for (int i = 0; i < 5; i++)
        (void)orders_measure(bench, WARD_SPO2, 97);
    seq = orders_measure(bench, WARD_SPO2, 85);
    (void)orders_measure(bench, WARD_BODY_TEMPERATURE, 37); /* with which the number is stored */
    assert_string_equal(bench_condition(bench, PATIENT, "spo2-low"), "active");
    (void)replace_database(bench);
    bench_set_clock(bench, true);
    while (orders_measure(bench, WARD_BODY_TEMPERATURE, 37) < seq)
        continue;
    assert_int_equal(bench->gateway->head_seq, seq);
    order = orders_about(bench, WARD_COMMAND_VOID, seq);
    orders_done(bench, &order);
    assert_string_equal(bench_condition(bench, PATIENT, "spo2-low"), "active");
}

/* After a reboot all that stands is told, before anything else is done. */
static void what_is_told_again_names_no_reading_of_the_epoch_before(void **state)
{
    static uint8_t packed[WARD_ALARM_PACKED_MAX];
    struct bench *bench = *state;
    struct ward_store_alarm_state stored = {.state = packed};
    struct ward_watch *watch = orders_watch(bench);

    (void)orders_measure(bench, WARD_SPO2, 85);
    stored.length = ward_alarm_pack(&watch->state, packed, sizeof(packed));
    assert_true(ward_watch_restore(watch, &stored, true, true));
    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, uplink_has_published(ALARMS) && uplink_payload_has("\"condition\":\"spo2-low\"") &&
                        uplink_payload_has("\"n\":2"));
    assert_true(uplink_payload_has("\"seq\":null"));
}

/* Whoever gets FHIR is told the limits that held. */
static void a_plan_is_in_force_from_the_first_number_of_an_epoch(void **state)
{
    struct bench *bench = *state;

    for (int i = 0; i < 5; i++)
        (void)orders_measure(bench, WARD_SPO2, 97);
    bench_admit(bench, "p-2");
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    (void)replace_database(bench);
    assert_int_equal(ward_inforce_from(&bench->gateway->inforce, "p-2",
                                       ward_gateway_watch(bench->gateway, "p-2")->plan.version),
                     1);
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

/* A message with records of that epoch; what is of others is answered. Returns its id. */
static uint64_t sent_of(struct bench *bench, const struct past *past)
{
    bool found = false;

    while (!found) {
        WAIT_FOR(bench, uplink_has_published(READINGS));
        found = uplink_payload_has(past->epoch.text);
        if (!found)
            uplink_answer();
    }
    return uplink.found;
}

static void answer(uint64_t id)
{
    uplink.found = id;
    uplink_answer();
}

/* It went twice, and the second answer comes when the next epoch has its turn. */
static void a_late_answer_is_of_the_epoch_that_went(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox_past *turn;
    struct past first, second;
    uint64_t once, again;

    bench->config.hub.confirm = WARD_CONFIRM_BROKER;
    (void)orders_measure(bench, WARD_SPO2, 97);
    first = replace_database(bench);
    (void)orders_measure(bench, WARD_SPO2, 97);
    WAIT_FOR(bench, !is_salvaging(bench));
    second = replace_database(bench);
    turn = &bench->gateway->outbox.past;
    WAIT_FOR(bench, bench->gateway->waiters == NULL && !is_salvaging(bench));
    uplink_join(bench);
    uplink_open_link();
    once = sent_of(bench, &first);
    turn->due_us = 0; /* as if it had waited long */
    again = sent_of(bench, &first);
    answer(once);
    (void)sent_of(bench, &second);
    answer(again);
    uplink_tell(&(struct ward_link_frame){.type = WARD_LINK_LINK, .link = {.up = false, .text = ""}});
    uplink_open_link();
    answer(sent_of(bench, &second)); /* nobody has said that it arrived */
    WAIT_FOR(bench, turn->nothing);
}

/* --- orders about records that are not there any more -------------------------------------------------------- */

/* As a bad block does, or a copy over it. */
static void write_over(const char *path)
{
    static const uint8_t zeros[4096];
    FILE *file = fopen(path, "r+");

    if (!file)
        return; /* the log, of which nothing is left when the file is closed between two attempts */
    fseek(file, 0, SEEK_END);
    const long length = ftell(file);
    rewind(file);
    for (long at = 0; at < length; at += (long)sizeof(zeros))
        assert_int_equal(fwrite(zeros, sizeof(zeros), 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

/* The order waits for the disk; when that takes something again, the file that it was given for holds nothing. */
static void replace_before_commit(struct bench *bench, const struct ward_order *order)
{
    const struct ward_id epoch = bench->gateway->epoch;
    char log[sizeof(bench->config.store.path) + sizeof("-wal")];

    snprintf(log, sizeof(log), "%s-wal", bench->config.store.path);
    ward_outbox_results_done(&bench->gateway->outbox);
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    disk_is_full = true;
    ward_order_carry_out(bench->gateway, order);
    WAIT_FOR(bench, bench->gateway->waiters != NULL);
    orders_tell(bench, WARD_SPO2, 96); /* something else waits behind it */
    WAIT_FOR(bench, bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FULL]);
    write_over(bench->config.store.path);
    write_over(log);
    disk_is_full = false;
    WAIT_FOR(bench, strcmp(bench->gateway->epoch.text, epoch.text) != 0);
}

/* Its ward would wait for ever: sent again, it would be one whose counter was used. */
static void an_order_that_another_epoch_drops_is_answered(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 97);
    const struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);
    const struct ward_outbox *outbox = &bench->gateway->outbox;

    replace_before_commit(bench, &order);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    assert_int_equal(outbox->result_count, 1);
    assert_non_null(strstr(outbox->results[0].text, "\"id\":\"c-1\""));
    assert_non_null(strstr(outbox->results[0].text, "\"outcome\":\"failed\""));
    assert_non_null(strstr(outbox->results[0].text, WARD_TEXT_REPLACED_MEANWHILE));
    orders_restart(bench);
    assert_non_null(ward_inbox_answer(&bench->gateway->inbox, order.id.text));
    assert_non_null(strstr(ward_inbox_answer(&bench->gateway->inbox, order.id.text), "failed"));
}

/* --- a file that can be read at last -------------------------------------------------------------------------- */

/* What the broker keeps has come, and was refused, since nobody was known. */
static void what_the_broker_keeps_is_asked_for_once_it_can_be_judged(void **state)
{
    struct bench *bench = *state;

    bench_close(bench);
    strcat(bench->config.store.path, "-other");
    disk_is_full = true;
    bench_open(bench);
    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/heartbeat"));
    assert_false(bench->gateway->restored);
    disk_is_full = false;
    WAIT_FOR(bench, uplink_has_come(WARD_LINK_TASK));
    assert_int_equal(uplink.frame.task.task, WARD_LINK_TASK_LISTEN);
    assert_true(bench->gateway->restored);
}

/* --- what the store comes to behind an answer ------------------------------------------------------------------ */

static bool salvages_until_asked;
static unsigned times_asked;

void __real_ward_store_counters(struct ward_store *store, struct ward_store_counters *ret);
void __wrap_ward_store_counters(struct ward_store *store, struct ward_store_counters *ret);
int __real_ward_store_fetch_past(struct ward_store *store, ward_store_past_fn *fetched, void *context);
int __wrap_ward_store_fetch_past(struct ward_store *store, ward_store_past_fn *fetched, void *context);

void __wrap_ward_store_counters(struct ward_store *store, struct ward_store_counters *ret)
{
    __real_ward_store_counters(store, ret);
    ret->salvaging = ret->salvaging || salvages_until_asked;
}

int __wrap_ward_store_fetch_past(struct ward_store *store, ward_store_past_fn *fetched, void *context)
{
    salvages_until_asked = false;
    times_asked++;
    return __real_ward_store_fetch_past(store, fetched, context);
}

/* The first answer to a question about the past, with something between the two. Returns whether there is nothing then. */
static bool is_nothing_after(struct bench *bench, void (*between)(struct ward_outbox *))
{
    struct ward_outbox *outbox = &bench->gateway->outbox;

    WAIT_FOR(bench, bench->gateway->waiters == NULL && !is_salvaging(bench));
    salvages_until_asked = between == NULL;
    times_asked = 0;
    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, times_asked == 1);
    if (between && outbox->past.asked)
        between(outbox);
    WAIT_FOR(bench, !outbox->past.asked);
    assert_int_equal(times_asked, 1);
    return outbox->past.nothing;
}

/* What was salvaged behind the answer goes: a patient who left would be erased without it. */
static void what_is_salvaged_behind_the_answer_is_asked_for(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox_past *past = &bench->gateway->outbox.past;

    assert_false(is_nothing_after(bench, NULL));
    past->due_us = 0;
    WAIT_FOR(bench, past->nothing);
    assert_int_equal(times_asked, 2);
}

static void what_was_said_of_the_file_before_is_asked_again(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox_past *past = &bench->gateway->outbox.past;

    assert_false(is_nothing_after(bench, ward_outbox_new_epoch));
    past->due_us = 0;
    WAIT_FOR(bench, past->nothing);
    assert_int_equal(times_asked, 2);
}

/* As long as the database cannot be read the store has nothing to read from, and says nothing of what there is. */
static void nothing_is_asked_for_before_the_database_can_be_read(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox *outbox = &bench->gateway->outbox;

    assert_false(is_nothing_after(bench, NULL));
    bench->gateway->restored = false;
    outbox->past.due_us = 0;
    ward_outbox_pump_past(outbox);
    assert_int_equal(times_asked, 1);
    bench->gateway->restored = true;
    outbox->past.due_us = 0;
    WAIT_FOR(bench, outbox->past.nothing);
    assert_int_equal(times_asked, 2);
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

/* Its time has come, and goes by: the loop does not turn until there is another file. */
static void what_was_asked_for_again_waits_at_rest(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox *outbox;

    start_over(bench);
    outbox = &bench->gateway->outbox;
    ward_delivery_is_put_back(&outbox->delivery);
    outbox->again.records[0] = (struct ward_seq_range){1, 1};
    outbox->again.record_count = 1;
    outbox->again.due_us = bench_now_us(bench);
    ward_gateway_settle(bench->gateway);
    WAIT_FOR(bench, ward_outbox_again_due_us(outbox) > bench_now_us(bench));
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

/* What is said from now on is of this epoch. */
static void expect_to_be_named_after_a_restart(struct bench *bench)
{
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 87);

    (void)orders_measure(bench, WARD_HEART_RATE, 70);
    orders_restart(bench);
    assert_int_equal(named_by_the_alarm(bench), seq);
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
    expect_to_be_named_after_a_restart(bench);
}

/* The file was made, with what could be read of the other one, and the process was killed before it did more. */
static void nor_after_a_kill_right_after_it_was_replaced(void **state)
{
    static const struct ward_store_change begun = {
        .kind = WARD_STORE_SETTING, .name = {WARD_STORE_BEGUN}, .document = "ward.db.aside-1"};
    struct bench *bench = *state;

    (void)orders_measure(bench, WARD_SPO2, 88);
    (void)orders_measure(bench, WARD_HEART_RATE, 70);
    bench_admit(bench, "p-2");
    assert_int_equal(ward_gateway_change(bench->gateway, &begun, 1, NULL), 0);
    orders_restart(bench);
    assert_int_equal(named_by_the_alarm(bench), 0);
    assert_int_equal(ward_inforce_from(&bench->gateway->inforce, "p-2",
                                       ward_gateway_watch(bench->gateway, "p-2")->plan.version),
                     1);
    assert_true(bench->gateway->technical.active[WARD_TECHNICAL_DATABASE_REPLACED]);
    expect_to_be_named_after_a_restart(bench);
}

#define PAST_TEST(test) cmocka_unit_test_setup_teardown(test, uplink_set_up, uplink_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PAST_TEST(what_became_of_a_record_is_not_said_of_the_next),
        PAST_TEST(no_alarm_is_taken_back_with_a_reading_of_the_next_epoch),
        PAST_TEST(what_is_told_again_names_no_reading_of_the_epoch_before),
        PAST_TEST(a_plan_is_in_force_from_the_first_number_of_an_epoch),
        PAST_TEST(while_the_disk_is_full_the_past_waits),
        PAST_TEST(a_late_answer_is_of_the_epoch_that_went),
        PAST_TEST(an_order_that_another_epoch_drops_is_answered),
        PAST_TEST(what_the_broker_keeps_is_asked_for_once_it_can_be_judged),
        PAST_TEST(what_is_salvaged_behind_the_answer_is_asked_for),
        PAST_TEST(what_was_said_of_the_file_before_is_asked_again),
        PAST_TEST(nothing_is_asked_for_before_the_database_can_be_read),
        PAST_TEST(records_wait_until_the_ward_has_said_what_it_has),
        PAST_TEST(records_of_a_file_that_was_put_back_go_under_new_numbers_only),
        PAST_TEST(nothing_goes_until_it_is_replaced),
        PAST_TEST(what_was_asked_for_again_waits_at_rest),
        PAST_TEST(a_fresh_file_waits_for_nobody),
        PAST_TEST(no_alarm_names_a_reading_of_another_database),
        PAST_TEST(nor_after_a_kill_right_after_it_was_replaced),
    };

    return cmocka_run_group_tests_name("past", tests, NULL, NULL);
}
