/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a clinician orders, with a real store and a real engine: what becomes of the alarms, the records, the count of
 * what waits for a patient, and the answer; and that it is so after a restart.
 */
#include "app_disk.h"
#include "app_orders.h"

#include <stdio.h>
#include <string.h>

#include "app/plan_intake.h"
#include "core/base64url.h"
#include "core/clinical.h"
#include "core/entry.h"
#include "core/reading.h"

static void a_void_takes_the_alarm_back(void **state)
{
    struct bench *bench = *state;
    const uint64_t first = orders_measure(bench, WARD_SPO2, 97), seq = orders_measure(bench, WARD_SPO2, 85);
    struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);
    const struct ward_record *record;

    assert_string_equal(bench_condition(bench, PATIENT, "spo2-low"), "active");
    orders_done(bench, &order);
    assert_null(bench_condition(bench, PATIENT, "spo2-low"));
    record = orders_newest(bench);
    assert_int_equal(record->reading.kind, WARD_RECORD_VOID);
    assert_int_equal(record->note.subject, seq);
    assert_string_equal(record->note.by.text, "dr-1");
    assert_string_equal(record->note.reason.text, "wrong-finger");
    assert_string_equal(record->reading.patient.text, PATIENT);

    order = orders_about(bench, WARD_COMMAND_VOID, seq);
    assert_non_null(strstr(orders_give(bench, &order), "taken back already"));
    assert_int_equal(bench->gateway->head_seq, record->reading.seq);
    order = orders_about(bench, WARD_COMMAND_VOID, record->reading.seq);
    orders_refused(bench, &order, "no reading");
    order = orders_about(bench, WARD_COMMAND_VOID, first);
    strcpy(order.patient.text, "p-2");
    orders_refused(bench, &order, "not one of this patient");
    strcpy(order.patient.text, PATIENT);
    strcpy(order.episode.text, "s-2");
    orders_refused(bench, &order, "not one of this patient");
    order = orders_about(bench, WARD_COMMAND_VOID, first + 1000);
    orders_refused(bench, &order, "no such record");
    order = orders_about(bench, WARD_COMMAND_VOID, first);
    strcpy(order.command.record.epoch.text, "e-other");
    orders_refused(bench, &order, "not of this database");
}

/* The state is stored with its reading, before the reading has a number; the void must find it all the same. */
static void a_void_after_a_restart_finds_its_reading(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 85);
    struct ward_order order;

    orders_restart(bench);
    assert_non_null(bench_condition(bench, PATIENT, "spo2-low"));
    order = orders_about(bench, WARD_COMMAND_VOID, seq);
    orders_done(bench, &order);
    assert_null(bench_condition(bench, PATIENT, "spo2-low"));
    orders_restart(bench);
    assert_null(bench_condition(bench, PATIENT, "spo2-low"));
    order = orders_about(bench, WARD_COMMAND_VOID, seq);
    assert_non_null(strstr(orders_give(bench, &order), "taken back already"));
}

static void what_waits_is_given_to_its_patient(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_keep(bench, WARD_SPO2, 85, 0), other = orders_keep(bench, WARD_SPO2, 97, 0);
    struct ward_order order = orders_about(bench, WARD_COMMAND_ASSIGN, seq);
    const struct ward_record *record;

    assert_int_equal(bench->gateway->unassigned.count, 2);
    assert_non_null(bench_condition(bench, PATIENT, "reading-without-patient"));
    assert_null(bench_condition(bench, PATIENT, "spo2-low"));
    orders_done(bench, &order);
    assert_string_equal(bench_condition(bench, PATIENT, "spo2-low"),
                        "active"); /* newer than all that was evaluated: it raises */
    record = orders_newest(bench);
    assert_true(record->assigned);
    assert_int_equal(record->note.subject, seq);
    assert_string_equal(record->note.by.text, "dr-1");
    assert_int_equal(record->reading.kind, WARD_READING_STORED);
    assert_true(record->reading.late);
    assert_string_equal(record->reading.patient.text, PATIENT);
    assert_int_equal(record->reading.values[0].number.mantissa, 85);
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_non_null(bench_condition(bench, PATIENT, "reading-without-patient"));

    order = orders_about(bench, WARD_COMMAND_ASSIGN, seq);
    orders_refused(bench, &order, "given to a patient already");
    order = orders_about(bench, WARD_COMMAND_VOID, seq);
    order.patient.text[0] = order.episode.text[0] = '\0';
    orders_refused(bench, &order, "take back the record that it has become");
    order = orders_about(bench, WARD_COMMAND_VOID, other);
    orders_refused(bench, &order, "belongs to nobody");
    order.patient.text[0] = order.episode.text[0] = '\0';
    snprintf(order.id.text, sizeof(order.id.text), "c-nobodys");
    orders_done(bench, &order);
    assert_int_equal(bench->gateway->unassigned.count, 0);
    assert_null(bench_condition(bench, PATIENT, "reading-without-patient"));
    assert_string_equal(orders_newest(bench)->reading.patient.text, "");
    orders_restart(bench);
    assert_int_equal(bench->gateway->unassigned.count, 0);
    assert_null(bench_condition(bench, PATIENT, "reading-without-patient"));
}

static void what_was_given_to_the_wrong_one_waits_again(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_keep(bench, WARD_SPO2, 85, 0);
    struct ward_order order = orders_about(bench, WARD_COMMAND_ASSIGN, seq);
    uint64_t given;

    orders_done(bench, &order);
    given = bench->gateway->head_seq;
    orders_restart(bench);
    order = orders_about(bench, WARD_COMMAND_VOID, given);
    orders_done(bench, &order);
    assert_null(bench_condition(bench, PATIENT, "spo2-low"));
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_non_null(bench_condition(bench, PATIENT, "reading-without-patient"));
    orders_restart(bench);
    order = orders_about(bench, WARD_COMMAND_ASSIGN, seq);
    orders_done(bench, &order);
    assert_int_equal(bench->gateway->unassigned.count, 0);
}

static void what_cannot_be_assigned_is_told_why(void **state)
{
    struct bench *bench = *state;
    const uint64_t own = orders_measure(bench, WARD_SPO2, 97),
                   test = orders_keep(bench, WARD_SPO2, 85, WARD_REASON_NOT_CLINICAL),
                   waits = orders_keep(bench, WARD_SPO2, 85, 0);
    struct ward_order order = orders_about(bench, WARD_COMMAND_ASSIGN, own);

    assert_int_equal(bench->gateway->unassigned.count, 1); /* a test waits for nobody */
    orders_refused(bench, &order, "waits for a patient");
    order = orders_about(bench, WARD_COMMAND_ASSIGN, test);
    orders_refused(bench, &order, "test or a demonstration");
    order = orders_about(bench, WARD_COMMAND_ASSIGN, waits);
    order.episode.text[0] = '\0';
    orders_refused(bench, &order, "No such patient and episode");
    order = orders_about(bench, WARD_COMMAND_ASSIGN, waits);
    strcpy(order.patient.text, "p-2");
    orders_refused(bench, &order, "No such patient and episode");
    assert_int_equal(bench->gateway->unassigned.count, 1);
}

/* While the order waits for the record another file takes the place of the one that it was given for. */
static void a_record_of_the_next_epoch_is_not_meant(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 97);
    struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);

    ward_outbox_results_done(&bench->gateway->outbox);
    ward_order_carry_out(bench->gateway, &order);
    assert_true(ward_id_set(&bench->gateway->epoch, "e-next"));
    WAIT_FOR(bench, bench->gateway->outbox.result_count > 0);
    assert_non_null(strstr(bench->gateway->outbox.results[0].text, "replaced meanwhile"));
    assert_int_equal(ward_settled_fate(&bench->gateway->settled, seq), WARD_FATE_NONE);
}

/* And what was to be given to a patient waits on. */
static void what_another_epoch_drops_changes_no_count(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_keep(bench, WARD_SPO2, 97, 0);
    const struct ward_order order = orders_about(bench, WARD_COMMAND_ASSIGN, seq);
    const struct ward_store_listener listener = ward_commits_listener(bench->gateway);

    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, bench->gateway->waiters != NULL);
    assert_int_equal(bench->gateway->unassigned.count, 0);
    listener.dropped(listener.context, bench->gateway->waiters->token, 0);
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_non_null(bench_condition(bench, PATIENT, "reading-without-patient"));
    orders_restart(bench);
    assert_int_equal(bench->gateway->unassigned.count, 1);
}

static void an_entry_is_a_record_by_who_signed_it(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = orders_make(bench, WARD_COMMAND_ENTRY);
    char error[WARD_ENTRY_ERROR_SIZE];
    const struct ward_record *record;

    assert_true(ward_entry_parse("spo2=85 concern=nurse", &order.command.entry, error));
    orders_done(bench, &order);
    assert_string_equal(bench_condition(bench, PATIENT, "spo2-low"), "active");
    assert_string_equal(bench_condition(bench, PATIENT, "concern"), "active");
    record = orders_newest(bench);
    assert_int_equal(record->reading.kind, WARD_READING_ENTRY);
    assert_string_equal(record->note.by.text, "dr-1");
    order = orders_about(bench, WARD_COMMAND_VOID, record->reading.seq);
    orders_done(bench, &order);
    assert_null(bench_condition(bench, PATIENT, "spo2-low"));
    assert_null(bench_condition(bench, PATIENT, "concern"));
    order = orders_make(bench, WARD_COMMAND_ENTRY);
    strcpy(order.patient.text, "p-2");
    orders_refused(bench, &order, "No such patient");
}

static void a_suspension_has_an_end_and_survives_a_restart(void **state)
{
    struct bench *bench = *state;
    const int64_t now_ms = ward_gateway_now(bench->gateway).utc_ms;
    struct ward_order order = orders_make(bench, WARD_COMMAND_SUSPEND);
    enum ward_monitoring monitoring;
    struct ward_alarm_context context;
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t count;

    bench_set_clock(bench, false);
    order.command.suspend_until_ms = now_ms + 60000;
    orders_refused(bench, &order, "clock of the gateway is not trusted");
    bench_set_clock(bench, true);
    order = orders_make(bench, WARD_COMMAND_SUSPEND);
    order.command.suspend_until_ms = now_ms - 1000;
    orders_refused(bench, &order, "has passed already");
    order = orders_make(bench, WARD_COMMAND_SUSPEND);
    order.command.suspend_until_ms = now_ms + 25 * INT64_C(3600000);
    orders_refused(bench, &order, "24 hours at most");
    order = orders_make(bench, WARD_COMMAND_SUSPEND);
    order.command.suspend_until_ms = now_ms + INT64_C(3600000);
    strcpy(order.command.why, "bath");
    orders_done(bench, &order);
    orders_restart(bench);
    assert_non_null(bench_condition(bench, PATIENT, "monitoring-suspended"));
    context = ward_watch_context(orders_watch(bench));
    monitoring = ward_alarm_monitoring(&orders_watch(bench)->state, &context, reasons, &count);
    assert_int_equal(monitoring, WARD_MONITORING_SUSPENDED);
    order = orders_make(bench, WARD_COMMAND_RESUME);
    orders_done(bench, &order);
    assert_null(bench_condition(bench, PATIENT, "monitoring-suspended"));
    order = orders_make(bench, WARD_COMMAND_RESUME);
    assert_non_null(strstr(orders_give(bench, &order), "was not suspended"));
}

/* What is remembered of commands stands in the file with what they did. */
static void an_answer_outlives_the_process(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = orders_make(bench, WARD_COMMAND_RESUME);
    const struct ward_inbox *inbox = &bench->gateway->inbox;
    bool found = false;

    orders_done(bench, &order);
    for (int i = 0; i < 70; i++) { /* more than are remembered */
        order = orders_make(bench, WARD_COMMAND_RESUME);
        ward_order_carry_out(bench->gateway, &order);
    }
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    orders_restart(bench);
    inbox = &bench->gateway->inbox;
    assert_int_equal(inbox->counter_count, 1);
    assert_int_equal(inbox->counters[0].counter, 71);
    for (size_t i = 0; i < WARD_INBOX_COMMANDS_MAX; i++)
        found = found || strcmp(inbox->answered[i].id.text, "c-71") == 0;
    assert_true(found);
    assert_string_equal(inbox->answered[WARD_INBOX_COMMANDS_MAX - 1].id.text, "c-71");
    assert_string_equal(inbox->answered[0].id.text, "c-8"); /* and the oldest makes room first */
    assert_non_null(strstr(inbox->answered[0].answer, "\"id\":\"c-8\""));
}

/* Another file takes the place of a damaged one: what was used up stays so. What is in memory alone shows it. */
static void a_fresh_file_is_told_what_was_used_up(void **state)
{
    struct bench *bench = *state;
    static const uint8_t chain[32] = {0};
    const struct ward_store_replaced replaced = {
        .set_aside = "", .reason = "test", .epoch = bench->gateway->epoch, .head_chain = chain};
    const struct ward_store_listener listener = ward_commits_listener(bench->gateway);
    struct ward_order order = orders_make(bench, WARD_COMMAND_RESUME);

    orders_done(bench, &order);
    bench->gateway->inbox.counters[0] = (struct ward_store_counter){.kid = "key-1", .counter = 1000};
    bench->gateway->inbox.counter_count = 1;
    listener.replaced(listener.context, &replaced);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    orders_restart(bench);
    assert_int_equal(bench->gateway->inbox.counter_count, 1);
    assert_int_equal(bench->gateway->inbox.counters[0].counter, 1000);
}

/* It may be dropped with the epoch: an answer that nobody got would say after a restart that it was done. */
static void a_fresh_file_is_not_told_what_is_not_committed(void **state)
{
    struct bench *bench = *state;
    static const uint8_t chain[32] = {0};
    const struct ward_store_replaced replaced = {
        .set_aside = "", .reason = "test", .epoch = bench->gateway->epoch, .head_chain = chain};
    const struct ward_store_listener listener = ward_commits_listener(bench->gateway);
    const struct ward_id command = {"c-under-way"};

    ward_inbox_remember(&bench->gateway->inbox, &command, "{}");
    listener.replaced(listener.context, &replaced);
    orders_restart(bench);
    assert_null(ward_inbox_answer(&bench->gateway->inbox, command.text));
}

/* The signed form of the plan of the scenarios, as far as what comes behind the signature looks at it; before it: head. */
static char *signed_form(const char *head, const char *tail)
{
    static char text[24576];
    char payload[16384];
    size_t length = (size_t)snprintf(payload, sizeof(payload), "%s", head);
    FILE *file = fopen("scenarios/everything.json", "re");

    assert_non_null(file);
    length += fread(payload + length, 1, sizeof(payload) - length - 8, file);
    fclose(file);
    strcpy(payload + length, tail);
    length += strlen(tail);
    strcpy(text, "{\"protected\":\"e30\",\"signature\":\"AA\",\"payload\":\"");
    length = strlen(text) + ward_base64url_encode((const uint8_t *)payload, length, text + strlen(text));
    strcpy(text + length, "\"}");
    return text;
}

static char *signed_plan(void)
{
    return signed_form("{\"type\":\"care-plan\",\"body\":", "}");
}

/* A ward that has heard nothing sends it once more; a disk that hangs has it no more than before. */
static void a_plan_that_comes_again_is_answered_when_it_is_stored(void **state)
{
    static struct ward_claims claims = {.type = WARD_JWS_CARE_PLAN,
                                        .patient = {PATIENT},
                                        .episode = {"s-1"},
                                        .id = {"plan-1"},
                                        .version = 1,
                                        .by.id = {"dr-1"}};
    struct bench *bench = *state;
    const struct ward_outbox *outbox = &bench->gateway->outbox;
    const struct ward_plan_arrival arrival = {.claims = &claims, .document = signed_plan(), .topic = ""};

    WAIT_FOR(bench, bench->gateway->committed_token == bench->gateway->next_token);
    disk_hangs = true;
    ward_plan_take(bench->gateway, &arrival);
    assert_true(orders_watch(bench)->plan_signed);
    ward_plan_take(bench->gateway, &arrival);
    assert_int_equal(outbox->result_count, 0);
    disk_hangs = false;
    WAIT_FOR(bench, outbox->result_count == 2);
    assert_non_null(strstr(outbox->results[0].text, "\"outcome\":\"done\""));
    assert_non_null(strstr(outbox->results[1].text, "\"outcome\":\"done\""));
    ward_plan_take(bench->gateway, &arrival);
    assert_int_equal(outbox->result_count, 3);
}

/* Done would say that its plan is in force. */
static void who_is_admitted_already_gets_no_other_plan_by_it(void **state)
{
    static const struct ward_claims claims = {
        .type = WARD_JWS_CARE_PLAN, .patient = {PATIENT}, .episode = {"s-1"}, .id = {"plan-1"}, .version = 1};
    struct bench *bench = *state;
    struct ward_order order = orders_make(bench, WARD_COMMAND_ADMIT);

    orders_done(bench, &order);
    order = orders_make(bench, WARD_COMMAND_ADMIT);
    order.command.admission.has_plan = true;
    order.document = signed_form("{\"type\":\"command\",\"body\":{\"plan\":", "}}");
    orders_refused(bench, &order, "admitted already, and the plan of this admission is not the one in force");
    ward_plan_take(bench->gateway,
                   &(struct ward_plan_arrival){.claims = &claims, .document = signed_plan(), .topic = ""});
    order = orders_make(bench, WARD_COMMAND_ADMIT);
    order.command.admission.has_plan = true;
    order.document = signed_form("{\"type\":\"command\",\"body\":{\"plan\":", "}}");
    orders_done(bench, &order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_plan_that_comes_again_is_answered_when_it_is_stored, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(who_is_admitted_already_gets_no_other_plan_by_it, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(a_void_takes_the_alarm_back, orders_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(a_void_after_a_restart_finds_its_reading, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_given_to_its_patient, orders_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(what_was_given_to_the_wrong_one_waits_again, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_assigned_is_told_why, orders_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(a_record_of_the_next_epoch_is_not_meant, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(what_another_epoch_drops_changes_no_count, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(an_entry_is_a_record_by_who_signed_it, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(a_suspension_has_an_end_and_survives_a_restart, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(an_answer_outlives_the_process, orders_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(a_fresh_file_is_told_what_was_used_up, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(a_fresh_file_is_not_told_what_is_not_committed, orders_set_up,
                                        bench_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
