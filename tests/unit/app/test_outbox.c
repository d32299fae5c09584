/* SPDX-License-Identifier: Apache-2.0 */
/* What goes up, while the broker refuses, the disk fails, or the ward asks twice. */
#include <string.h>

#include "app_disk.h"
#include "app_uplink.h"

#include "io/journal.h"

#define UP "ward/v1/home/g-test/up/"

/* The ward has all alarm events. Returns how many there were. */
static unsigned confirm_alarms(struct bench *bench)
{
    struct ward_outbox *outbox = &bench->gateway->outbox;
    struct ward_receipt receipt = {.epoch = bench->gateway->epoch, .alarm_count = 1};
    unsigned count = 0;

    for (; outbox->alarms.count > 0; count++) {
        receipt.alarms[0].id = outbox->alarm_entries[0].key.id;
        receipt.alarms[0].n = outbox->alarm_entries[0].key.n;
        ward_receipt_take(bench->gateway, &receipt);
    }
    return count;
}

/* A broker that refuses what is on a topic, and a ward that confirms. Returns the messages on up/alarms. */
static unsigned serve(struct bench *bench, const char *refused)
{
    enum { TURNS = 500 };
    unsigned alarms = 0;

    for (unsigned turn = 0; turn < TURNS; turn++) {
        assert_true(sd_event_run(bench->event, 1000) >= 0);
        while (uplink_has_come(WARD_LINK_PUBLISH)) {
            const uint8_t reason = uplink_topic_is(refused) ? 0x87 : 0; /* not authorized */

            alarms += uplink_topic_is(UP "alarms");
            uplink_tell(&(struct ward_link_frame){
                .type = WARD_LINK_RESULT, .result = {.id = uplink.frame.publish.id, .reason = reason}});
        }
        if (strcmp(refused, UP "alarms") != 0)
            (void)confirm_alarms(bench);
    }
    return alarms;
}

/* Which is told by alarm events, and in up/state: each of these is one more that is refused, or taken. */
static void a_refusal_does_not_feed_itself(void **state)
{
    static const char *const topics[] = {UP "state", UP "active/" PATIENT, UP "alarms"};
    struct bench *bench = *state;

    uplink_join(bench);
    uplink_open_link();
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
        assert_true(serve(bench, topics[i]) < 20);
        assert_true(bench->gateway->technical.active[WARD_TECHNICAL_HUB_REFUSES]);
    }
}

/* Records that cannot be read back wait like those that the broker refused: the loop does not ask all the time. */
static void a_failing_disk_is_not_asked_all_the_time(void **state)
{
    enum { FAILURES = 4, TURNS_MAX = 1000 };
    struct bench *bench = *state;
    struct ward_store_group group = {.urgent = true};
    struct ward_store_counters counters;

    (void)orders_measure(bench, WARD_SPO2, 97);
    (void)orders_measure(bench, WARD_SPO2, 97);
    uplink_join(bench);
    disk_fails = true;
    assert_int_equal(ward_gateway_submit(bench->gateway, &group, NULL), 0);
    WAIT_FOR(bench, bench->gateway->technical.active[WARD_TECHNICAL_STORAGE_FAILING]);
    uplink_open_link();
    for (unsigned turns = 0;
         ward_store_counters(bench->gateway->store, &counters), counters.failed_commits < FAILURES; turns++) {
        assert_true(turns < TURNS_MAX);
        assert_true(sd_event_run(bench->event, 50000) >= 0);
        while (uplink_has_come(WARD_LINK_PUBLISH))
            continue;
    }
    disk_fails = false;
}

/* As much as the kernel takes, however much the uplink has granted. None is of the outbox, and no answer is looked for. */
static unsigned fill_socket(struct bench *bench)
{
    static const uint8_t payload[WARD_LINK_PAYLOAD_MAX];
    const struct ward_message message = {.id = 1,
                                         .message_class = WARD_MESSAGE_ALARM,
                                         .qos = 1,
                                         .topic = UP "alarms",
                                         .payload = payload,
                                         .payload_length = sizeof(payload)};
    unsigned count = 0;

    while (ward_spool_publish(bench->gateway->spool, &message) == WARD_SPOOL_SENT)
        count++;
    return count;
}

static bool is_reading(const struct ward_outbox *outbox)
{
    bool is = outbox->again.asked;

    for (size_t i = 0; i < WARD_OUTBOX_FETCHES_MAX; i++)
        is = is || outbox->fetches[i].outbox;
    return is;
}

/* An uplink that is slow to take what it was given: what cannot go is not read from the disk again and again. */
static void while_the_socket_is_full_nothing_is_read(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox *outbox = &bench->gateway->outbox;

    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, uplink_has_published(UP "heartbeat"));
    assert_true(fill_socket(bench) > 0);
    (void)orders_measure(bench, WARD_SPO2, 97);
    ward_gateway_settle(bench->gateway);
    assert_false(is_reading(outbox));
    assert_true(ward_delivery_undelivered(&outbox->delivery) > 0);
    WAIT_FOR(bench, uplink_has_published(UP "readings"));
}

static void ask_again(struct bench *bench)
{
    struct ward_order order = orders_make(bench, WARD_COMMAND_REPLAY);

    order.patient.text[0] = order.episode.text[0] = '\0';
    order.command.replay.alarms_since_ms = 1;
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
}

/* What is asked for again stands behind what is told for the first time. */
static bool one_has_come_again(void)
{
    while (uplink_has_published(UP "alarms")) {
        if (uplink.frame.publish.message_class == WARD_MESSAGE_BACKLOG)
            return true;
        uplink_answer();
    }
    return false;
}

/* The next event that was asked for again; the broker has it when the test says so. */
static void next_goes(struct bench *bench)
{
    struct ward_outbox_again *again = &bench->gateway->outbox.again;

    again->due_us = again->due_us > 1 ? 1 : again->due_us; /* as if a receipt had named the one before */
    ward_gateway_settle(bench->gateway);
    WAIT_FOR(bench, one_has_come_again());
}

/* It was read when there was room, which is gone: it is not read again at once. */
static void an_event_that_cannot_go_again_waits(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox_again *again = &bench->gateway->outbox.again;

    (void)orders_measure(bench, WARD_SPO2, 80);
    (void)confirm_alarms(bench);
    uplink_join(bench);
    uplink_open_link();
    (void)serve(bench, "");
    ask_again(bench);
    assert_true(again->asked);
    assert_true(fill_socket(bench) > 0);
    WAIT_FOR(bench, !again->asked);
    assert_true(again->due_us > 0);
    next_goes(bench);
}

/* All of them, though most had gone on the first order, whose last message the broker answers after the second. */
static void a_second_replay_begins_anew(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox_again *again = &bench->gateway->outbox.again;
    unsigned count;

    for (int i = 0; i < 4; i++) {
        (void)orders_measure(bench, WARD_SPO2, 80);
        (void)orders_measure(bench, WARD_SPO2, 97);
    }
    count = confirm_alarms(bench);
    uplink_join(bench);
    uplink_open_link();
    (void)serve(bench, "");
    ask_again(bench);
    for (unsigned i = 0; i < count - 1; i++) {
        next_goes(bench);
        if (i < count - 2) {
            uplink_answer();
            WAIT_FOR(bench, again->id == 0);
        }
    }
    ask_again(bench);
    uplink_answer();
    for (unsigned i = 0; i < count; i++) {
        next_goes(bench);
        uplink_answer();
        WAIT_FOR(bench, again->id == 0);
    }
}

/* How often the journal was told something of that form. */
static uint64_t times_told(const char *format)
{
    struct ward_journal_line lines[WARD_JOURNAL_KEPT];
    const size_t count = ward_journal_kept(lines);

    for (size_t i = 0; i < count; i++)
        if (strcmp(lines[i].format, format) == 0)
            return lines[i].count;
    return 0;
}

static int take_reply(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct bench *bench = userdata;

    (void)error;
    bench->reply = sd_bus_message_ref(message);
    return 0;
}

/* `wardctl hub test`, whose steps go well as far as MQTT. */
static void test_the_hub(struct bench *bench)
{
    assert_true(sd_bus_open_system(&bench->asker) >= 0);
    assert_true(sd_bus_attach_event(bench->asker, bench->event, 0) >= 0);
    assert_true(sd_bus_call_method_async(bench->asker, NULL, "org.wardgate", "/org/wardgate",
                                         "org.wardgate.Gateway1", "TestHub", take_reply, bench, "") >= 0);
    WAIT_FOR(bench, uplink_has_come(WARD_LINK_PROBE));
    for (uint8_t step = WARD_STEP_DNS; step <= WARD_STEP_MQTT; step++)
        uplink_tell(&(struct ward_link_frame){
            .type = WARD_LINK_PROBED,
            .probed = {.number = uplink.frame.probe.number, .step = step, .text = ""}});
}

/* The text of the step with that number. */
static const char *step_of_test(struct bench *bench, int number)
{
    const char *text = NULL;

    WAIT_FOR(bench, bench->reply != NULL);
    assert_true(sd_bus_message_enter_container(bench->reply, 'a', "s") >= 0);
    for (int i = 0; i < number; i++)
        assert_true(sd_bus_message_read(bench->reply, "s", &text) > 0);
    return text;
}

/* What the uplink gave up, since its connection is going, the broker has not refused: nobody is told that it has. */
static void what_is_given_up_is_no_refusal(void **state)
{
    static const char refused[] = "The broker refused a message with reason code 0x%02x";
    const uint64_t told = times_told(refused);
    struct bench *bench = *state;
    struct ward_link_frame given_up = {.type = WARD_LINK_RESULT, .result.reason = WARD_LINK_RESULT_GIVEN_UP};

    uplink_join(bench);
    uplink_open_link();
    (void)serve(bench, "");
    test_the_hub(bench);
    WAIT_FOR(bench, uplink_has_published(UP "heartbeat"));
    given_up.result.id = uplink.found;
    uplink_tell(&given_up);
    assert_non_null(strstr(step_of_test(bench, 5), "it did not go: the connection to the broker was lost"));
    assert_false(bench->gateway->technical.active[WARD_TECHNICAL_HUB_REFUSES]);
    assert_int_equal(times_told(refused), told);
}

/* What hangs is the gateway's own disk, and nothing was asked of the hub. */
static void a_disk_that_hangs_is_no_silent_hub(void **state)
{
    struct bench *bench = *state;

    (void)orders_measure(bench, WARD_SPO2, 97);
    uplink_join(bench);
    uplink_open_link();
    (void)serve(bench, "");
    test_the_hub(bench);
    WAIT_FOR(bench, uplink_has_published(UP "heartbeat"));
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    disk_hangs = true;
    bench_enrol(bench, "d-new", "pulse-oximeter");
    uplink_answer();
    WAIT_FOR(bench, bench->gateway->hub_test.phase == WARD_HUB_TEST_CONFIRMS);
    bench->gateway->hub_test.due_us = 0;
    ward_gateway_settle(bench->gateway);
    assert_non_null(strstr(step_of_test(bench, 6), "not tried: the database cannot be read now"));
    disk_hangs = false;
    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    assert_int_equal(bench->gateway->hub_test.phase, WARD_HUB_TEST_IDLE);
}

#define OUTBOX_TEST(test) cmocka_unit_test_setup_teardown(test, uplink_set_up, uplink_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTBOX_TEST(a_refusal_does_not_feed_itself),
        OUTBOX_TEST(a_failing_disk_is_not_asked_all_the_time),
        OUTBOX_TEST(while_the_socket_is_full_nothing_is_read),
        OUTBOX_TEST(an_event_that_cannot_go_again_waits),
        OUTBOX_TEST(a_second_replay_begins_anew),
        OUTBOX_TEST(what_is_given_up_is_no_refusal),
        OUTBOX_TEST(a_disk_that_hangs_is_no_silent_hub),
    };

    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
