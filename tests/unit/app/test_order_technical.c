/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a technician orders of the gateway itself, with an uplink that the test plays: what is answered, in which order
 * things happen, and what is left of it when the core ends in between.
 */
#include "app_uplink.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/listeners.h"
#include "core/reading.h"
#include "uplink/est.h"

static struct ward_order technical(struct bench *bench, enum ward_command_kind kind)
{
    struct ward_order order = orders_make(bench, kind);

    order.patient.text[0] = order.episode.text[0] = '\0';
    order.command.seconds = 30;
    return order;
}

/* --- identify ------------------------------------------------------------------------------------------------ */

static void the_light_flashes_unless_an_alarm_has_it(void **state)
{
    struct bench *bench = *state; /* nobody is admitted yet: nothing is shown */
    struct ward_order order = technical(bench, WARD_COMMAND_IDENTIFY);
    char path[128];
    FILE *file;

    assert_non_null(strstr(orders_give(bench, &order), "no light that works"));
    snprintf(path, sizeof(path), "%s/box", bench->directory);
    assert_int_equal(mkdir(path, 0700), 0);
    snprintf(path, sizeof(path), "%s/box/brightness", bench->directory);
    file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    strcpy(bench->config.alarm.leds, "box");
    strcpy(bench->config.alarm.led_directory, bench->directory);
    orders_restart(bench);
    order = technical(bench, WARD_COMMAND_IDENTIFY);
    orders_done(bench, &order);
    bench_admit(bench, PATIENT);
    (void)orders_measure(bench, WARD_SPO2, 80);
    assert_string_equal(bench_condition(bench, PATIENT, "spo2-low"), "active");
    order = technical(bench, WARD_COMMAND_IDENTIFY);
    assert_non_null(strstr(orders_give(bench, &order), "the light is not free"));
}

/* --- restart ------------------------------------------------------------------------------------------------- */

static void a_restart_is_answered_before_it_happens(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = technical(bench, WARD_COMMAND_RESTART);

    order.command.programs = WARD_PROGRAM_CORE | WARD_PROGRAM_UPLINK;
    uplink_join(bench);
    uplink_open_link();
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/result"));
    assert_true(uplink_payload_has("\"outcome\":\"done\""));
    for (int i = 0; i < 20; i++) /* the broker has not said that it has it: nothing happens */
        assert_true(sd_event_run(bench->event, 10000) >= 0);
    assert_int_not_equal(sd_event_get_state(bench->event), SD_EVENT_EXITING);
    assert_false(uplink_has_come(WARD_LINK_TASK));
    uplink_answer();
    while (sd_event_get_state(bench->event) != SD_EVENT_FINISHED && sd_event_run(bench->event, 50000) >= 0)
        ;
    assert_int_equal(sd_event_get_state(bench->event), SD_EVENT_FINISHED);
    assert_true(uplink_has_come(WARD_LINK_TASK));
    assert_int_equal(uplink.frame.task.task, WARD_LINK_TASK_RESTART);
    /* What comes after the restart: the same command again is answered, and does nothing. */
    bench_close(bench);
    sd_event_unref(bench->event);
    assert_true(sd_event_new(&bench->event) >= 0);
    bench_open(bench);
    assert_string_equal(bench->gateway->inbox.answered[WARD_INBOX_COMMANDS_MAX - 1].id.text, order.id.text);
    assert_int_equal(bench->gateway->inbox.counters[0].counter, order.counter.counter);
    assert_int_equal(bench->gateway->restart.programs, 0);
}

static void the_uplink_alone_is_started_anew(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = technical(bench, WARD_COMMAND_RESTART);

    order.command.programs = WARD_PROGRAM_UPLINK;
    uplink_join(bench);
    uplink_open_link();
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/result"));
    uplink_answer();
    WAIT_FOR(bench, uplink_has_come(WARD_LINK_TASK));
    assert_int_equal(sd_event_get_state(bench->event), SD_EVENT_INITIAL);
}

/* --- rotate -------------------------------------------------------------------------------------------------- */

static void give_outcome(bool done, const char *text)
{
    uplink_tell(&(struct ward_link_frame){
        .type = WARD_LINK_OUTCOME,
        .outcome = {
            .id = uplink.frame.task.id, .done = done, .text = text, .text_length = (uint16_t)strlen(text)}});
}

static void the_uplink_says_what_came_of_a_rotation(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = technical(bench, WARD_COMMAND_ROTATE), other;

    assert_non_null(strstr(orders_give(bench, &order), "uplink is not there"));
    uplink_join(bench);
    for (int done = 1; done >= 0; done--) {
        order = technical(bench, WARD_COMMAND_ROTATE);
        ward_outbox_results_done(&bench->gateway->outbox);
        ward_order_carry_out(bench->gateway, &order);
        WAIT_FOR(bench, uplink_has_come(WARD_LINK_TASK));
        assert_int_equal(uplink.frame.task.task, WARD_LINK_TASK_ROTATE);
        other = technical(bench, WARD_COMMAND_ROTATE);
        assert_non_null(strstr(orders_give(bench, &other), "making a new key already"));
        ward_outbox_results_done(&bench->gateway->outbox);
        give_outcome(done == 1, done ? "until 2027-11-01" : "nobody signs it");
        WAIT_FOR(bench, bench->gateway->outbox.result_count == 1);
        assert_non_null(strstr(bench->gateway->outbox.results[0].text, order.id.text));
        assert_non_null(
            strstr(bench->gateway->outbox.results[0].text,
                   done ? "\"outcome\":\"done\",\"reason\":\"until 2027" : "\"outcome\":\"failed\""));
    }
}

/* The core ends in between: the command counts as used, and the same one is told that nobody knows. */
static void a_rotation_without_an_outcome_is_told_so(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = technical(bench, WARD_COMMAND_ROTATE);
    const struct ward_answered *kept;

    uplink_join(bench);
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, uplink_has_come(WARD_LINK_TASK));
    orders_restart(bench);
    kept = &bench->gateway->inbox.answered[WARD_INBOX_COMMANDS_MAX - 1];
    assert_string_equal(kept->id.text, order.id.text);
    assert_non_null(strstr(kept->answer, "\"outcome\":\"failed\""));
    assert_non_null(strstr(kept->answer, "not known"));
    assert_int_equal(bench->gateway->inbox.counters[0].counter, order.counter.counter);
}

/* Whom the ward puts off for as long as the uplink bears it, with an answer to either request that takes its time. */
static void a_rotation_is_waited_for_as_long_as_the_uplink_waits(void **state)
{
    static const uint64_t longest_us =
        (WARD_EST_PATIENCE_S + 2 * 40) * UINT64_C(1000000); /* 30 s a request, and 10 s of grace */
    struct bench *bench = *state;
    const struct ward_order order = technical(bench, WARD_COMMAND_ROTATE);

    uplink_join(bench);
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, uplink_has_come(WARD_LINK_TASK));
    assert_true(bench->gateway->rotation.due_us > bench_now_us(bench) + longest_us);
}

/* --- diagnostics --------------------------------------------------------------------------------------------- */

#define PIECES 6 /* versions, counters, two of devices, two of the journal */

static void enrol_thirty(struct bench *bench)
{
    struct ward_store_change device = {.kind = WARD_STORE_DEVICE,
                                       .device = {.address = "C0:11:22:33:44:55",
                                                  .name = "Ann's clip",
                                                  .serial_number = "SN-4711",
                                                  .policy = {"bonded"},
                                                  .model = {"blood-pressure-cuff"}}};

    for (int i = 0; i < 30; i++) { /* more than fit into one piece */
        snprintf(device.device.id.text, sizeof(device.device.id.text), "d-%d", i);
        assert_int_equal(ward_gateway_change(bench->gateway, &device, 1, NULL), 0);
    }
}

/* What the piece that has come must have, and what none may have. */
static void check_piece(unsigned piece, const struct ward_order *order)
{
    static const char *const secrets[] = {"p-1", "C0:11", "Ann's", "SN-4711", "spo2-low"};
    static const char *const wanted[] = {"\"versions\"", "\"commits\"", "\"d-0\"",
                                         "\"d-29\"",     "%s: %s %s",   "journal"};
    char numbers[40];

    snprintf(numbers, sizeof(numbers), "\"piece\":%u,\"pieces\":%u", piece, PIECES);
    assert_true(uplink_payload_has(numbers) && uplink_payload_has(order->id.text));
    assert_true(uplink.frame.publish.payload_length <= WARD_DIAGNOSTICS_PIECE_MAX);
    assert_int_equal(uplink.frame.publish.message_class, WARD_MESSAGE_BACKLOG);
    if (!uplink_payload_has(wanted[piece - 1]))
        fail_msg("piece %u does not tell %s", piece, wanted[piece - 1]);
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        if (uplink_payload_has(secrets[i]))
            fail_msg("piece %u tells %s", piece, secrets[i]);
}

static void diagnostics_go_in_pieces_without_a_patient(void **state)
{
    static const char topic[] = "ward/v1/home/g-test/up/diagnostics";
    struct bench *bench = *state;
    struct ward_order order = technical(bench, WARD_COMMAND_DIAGNOSTICS), other;

    enrol_thirty(bench);
    (void)orders_measure(bench, WARD_SPO2, 80); /* and an alarm is in the journal */
    ward_order_carry_out(bench->gateway, &order);
    other = technical(bench, WARD_COMMAND_DIAGNOSTICS);
    ward_order_carry_out(bench->gateway, &other);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    uplink_join(bench);
    uplink_open_link();
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/result"));
    assert_true(uplink_payload_has("6 pieces follow"));
    uplink_answer();
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/result"));
    assert_true(uplink_payload_has("on their way already"));
    for (unsigned piece = 1; piece <= PIECES; piece++) {
        assert_false(uplink_has_published(topic)); /* the broker has not got the one before */
        uplink_answer();
        WAIT_FOR(bench, uplink_has_published(topic));
        check_piece(piece, &order);
    }
    uplink_answer();
    WAIT_FOR(bench, bench->gateway->diagnostics.piece == 0);
}

/* --- where the answer goes ----------------------------------------------------------------------------------- */

static struct ward_reply reply_to(struct bench *bench, const char *topic, size_t correlation, bool good)
{
    static const uint8_t octets[WARD_CORRELATION_MAX + 1] = {0xC0, 0xFF, 0xEE};
    const struct ward_spool_down down = {
        .topic = "", .response_topic = topic, .correlation = octets, .correlation_length = correlation};
    struct ward_reply reply;

    assert_int_equal(ward_reply_of(bench->gateway, &down, &reply), good);
    return reply;
}

static void an_answer_goes_only_where_answers_may_go(void **state)
{
    struct bench *bench = *state;
    static const char *const bad[] = {
        "ward/v1/home/g-test/up/alarms",        "ward/v1/home/g-test/up/result/",
        "ward/v1/home/g-test/up/result/a/b",    "ward/v1/home/g-test/up/result/#",
        "ward/v1/home/g-test/up/resultx",       "ward/v1/home/g-other/up/result/a",
        "ward/v1/home/g-test/down/command",     "ward/v1/home/g-test/up/result/+",
        "ward/v1/home/g-test/up/active/result", "ward/v1/home/g-test/up/result/\xC3\xA4",
        "ward/v1/home/g-test/up/result",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_string_equal(reply_to(bench, bad[i], 0, false).topic, "");
    assert_string_equal(reply_to(bench, "", 0, true).topic, "");
    assert_string_equal(
        reply_to(bench, "ward/v1/home/g-test/up/result/r-1", WARD_CORRELATION_MAX + 1, false).topic, "");
    assert_string_equal(
        reply_to(bench, "ward/v1/home/g-test/up/result/r-1", WARD_CORRELATION_MAX, true).topic,
        "ward/v1/home/g-test/up/result/r-1");
}

static void an_answer_goes_to_the_response_topic_too(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = orders_make(bench, WARD_COMMAND_RESUME);

    order.reply = reply_to(bench, "ward/v1/home/g-test/up/result/r-1", 3, true);
    uplink_join(bench);
    uplink_open_link();
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/result"));
    assert_int_equal(uplink.frame.publish.correlation_length, 0);
    assert_true(uplink_payload_has(order.id.text));
    WAIT_FOR(bench, uplink_has_published("ward/v1/home/g-test/up/result/r-1"));
    assert_true(uplink_payload_has(order.id.text));
    assert_int_equal(uplink.frame.publish.correlation_length, 3);
    assert_memory_equal(uplink.frame.publish.correlation, "\xC0\xFF\xEE", 3);
}

#define TECHNICAL_TEST(test) cmocka_unit_test_setup_teardown(test, uplink_set_up, uplink_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_light_flashes_unless_an_alarm_has_it, bench_set_up,
                                        bench_tear_down),
        TECHNICAL_TEST(a_restart_is_answered_before_it_happens),
        TECHNICAL_TEST(the_uplink_alone_is_started_anew),
        TECHNICAL_TEST(the_uplink_says_what_came_of_a_rotation),
        TECHNICAL_TEST(a_rotation_without_an_outcome_is_told_so),
        TECHNICAL_TEST(a_rotation_is_waited_for_as_long_as_the_uplink_waits),
        TECHNICAL_TEST(diagnostics_go_in_pieces_without_a_patient),
        TECHNICAL_TEST(an_answer_goes_only_where_answers_may_go),
        TECHNICAL_TEST(an_answer_goes_to_the_response_topic_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
