/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a clinician orders, with a real store and a real engine: what becomes of the alarms, the records, the count of
 * what waits for a patient, and the answer; and that it is so after a restart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/gateway.h"
#include "app/order.h"
#include "core/alarm_names.h"
#include "core/clinical.h"
#include "core/entry.h"

#define DEADLINE_US (60 * UINT64_C(1000000))
#define PATIENT     "p-1"

struct bench {
    char directory[64], address[128];
    pid_t daemon;
    sd_event *event;
    struct ward_config config;
    struct ward_gateway *gateway;
    struct ward_record record;
    size_t record_count;
    bool answered;
    uint64_t commands;
};

static void start_bus(struct bench *bench)
{
    char config[96], descriptor[32];
    int out[2];
    ssize_t length;
    FILE *file;

    snprintf(config, sizeof(config), "%s/bus.conf", bench->directory);
    file = fopen(config, "we");
    assert_non_null(file);
    fprintf(
        file,
        "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth><policy context=\"default\">"
        "<allow user=\"*\"/><allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/>"
        "</policy></busconfig>",
        bench->directory);
    fclose(file);
    assert_int_equal(pipe(out), 0);
    bench->daemon = fork();
    if (bench->daemon == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* it must not outlive a test that failed */
        close(out[0]);
        snprintf(descriptor, sizeof(descriptor), "--print-address=%d", out[1]);
        snprintf(config, sizeof(config), "--config-file=%s/bus.conf", bench->directory);
        execlp("dbus-daemon", "dbus-daemon", config, "--nofork", "--nopidfile", descriptor, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    length = read(out[0], bench->address, sizeof(bench->address) - 1);
    assert_true(length > 1);
    bench->address[length - 1] = '\0';
    close(out[0]);
    assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", bench->address, 1), 0);
}

static uint64_t now_us(const struct bench *bench)
{
    uint64_t now = 0;

    assert_true(sd_event_now(bench->event, CLOCK_BOOTTIME, &now) >= 0);
    return now;
}

#define WAIT_FOR(bench, condition)                                                                           \
    do {                                                                                                     \
        const uint64_t until_us = now_us(bench) + DEADLINE_US;                                               \
        while (!(condition)) {                                                                               \
            assert_true(now_us(bench) < until_us);                                                           \
            assert_true(sd_event_run((bench)->event, 50000) >= 0);                                           \
        }                                                                                                    \
    } while (0)

static void admit(struct bench *bench)
{
    struct ward_store_change change = {.kind = WARD_STORE_PATIENT,
                                       .patient = {.id = {PATIENT}, .episode = {"s-1"}}};
    char error[1024], document[16384] = "";
    FILE *file = fopen("scenarios/everything.json", "re");
    struct ward_watch *watch;

    assert_non_null(file);
    assert_true(fread(document, 1, sizeof(document) - 1, file) > 0);
    fclose(file);
    watch = ward_gateway_look_after(bench->gateway, &change.patient.id, &change.patient.episode);
    assert_non_null(watch);
    assert_true(ward_watch_apply_plan(watch, document, false, error, sizeof(error)));
    assert_int_equal(ward_gateway_change(bench->gateway, &change, 1, NULL), 0);
}

/* A clock that a time service holds, as far as the gateway can tell, or that none does. */
static void set_clock(struct bench *bench, bool synced)
{
    const struct ward_clock_options options = {.synchronized_path =
                                                   synced ? bench->directory : "/nonexistent"};

    bench->gateway->clock = ward_clock_free(bench->gateway->clock);
    assert_int_equal(ward_clock_new(&bench->gateway->clock, bench->event, &options), 0);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    *state = bench;
    strcpy(bench->directory, "/tmp/ward-order-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    start_bus(bench);
    assert_true(sd_event_new(&bench->event) >= 0);
    ward_config_init(&bench->config);
    strcpy(bench->config.gateway.id, "g-test");
    strcpy(bench->config.gateway.site, "home");
    strcpy(bench->config.spool.uplink_user, "root");
    bench->config.store.commit_window_ms = 100;
    snprintf(bench->config.store.path, sizeof(bench->config.store.path), "%s/ward.db", bench->directory);
    snprintf(bench->config.spool.socket, sizeof(bench->config.spool.socket), "%s/spool", bench->directory);
    snprintf(bench->config.alarm.numbers, sizeof(bench->config.alarm.numbers), "%s/numbers",
             bench->directory);
    bench->config.alarm.leds[0] = bench->config.alarm.sound_command[0] = bench->config.alarm.patient_text[0] =
        '\0';
    assert_int_equal(ward_gateway_new(&bench->gateway, &bench->config, bench->event), 0);
    set_clock(bench, true);
    admit(bench);
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];

    bench->gateway = ward_gateway_free(bench->gateway);
    sd_event_unref(bench->event);
    kill(bench->daemon, SIGTERM);
    waitpid(bench->daemon, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", bench->directory);
    assert_int_equal(system(command), 0);
    free(bench);
    return 0;
}

static void restart(struct bench *bench)
{
    bench->gateway = ward_gateway_free(bench->gateway);
    assert_int_equal(ward_gateway_new(&bench->gateway, &bench->config, bench->event), 0);
    set_clock(bench, true);
}

static struct ward_watch *watch_of(const struct bench *bench)
{
    return ward_gateway_watch(bench->gateway, PATIENT);
}

/* The state of the condition, or NULL. */
static const char *condition(const struct bench *bench, const char *name)
{
    struct ward_alarm_present *present = bench->gateway->present;
    const struct ward_alarm_context context = ward_watch_context(watch_of(bench));
    const size_t count = ward_alarm_present(&watch_of(bench)->state, &context, present, WARD_PRESENT_MAX);

    for (size_t i = 0; i < count; i++)
        if (strcmp(present[i].newest.condition.text, name) == 0)
            return ward_alarm_state_name(present[i].newest.state);
    return NULL;
}

/* --- readings ------------------------------------------------------------------------------------------------ */

static struct ward_arrival arrival_of(const struct bench *bench, uint8_t quantity, int64_t value)
{
    const struct ward_time now = ward_gateway_now(bench->gateway);

    return (struct ward_arrival){
        .record.reading = {.device = {"d-1"},
                           .boot = bench->gateway->boot,
                           .mono_us = now.boot_us,
                           .measured_at_ms = now.utc_ms,
                           .received_at_ms = now.utc_ms,
                           .clock = now.clock,
                           .value_count = 1,
                           .values = {{.quantity = quantity, .number = {.mantissa = value}}}}};
}

/* A reading of the patient's; its seq. */
static uint64_t measure(struct bench *bench, uint8_t quantity, int64_t value)
{
    struct ward_arrival arrival = arrival_of(bench, quantity, value);

    arrival.record.reading.patient = watch_of(bench)->patient;
    arrival.record.reading.episode = watch_of(bench)->episode;
    ward_watch_reading(watch_of(bench), &arrival.record.reading, &arrival);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    return bench->gateway->head_seq;
}

/* One that belongs to nobody, from a device's memory. */
static uint64_t keep(struct bench *bench, uint8_t quantity, int64_t value, uint32_t reasons)
{
    struct ward_arrival arrival = arrival_of(bench, quantity, value);

    arrival.record.reading.unassigned = true;
    arrival.record.reading.measured_at_ms -= 60000;
    arrival.record.reading.reasons = reasons;
    ward_unassigned_store(bench->gateway, &arrival);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    return bench->gateway->head_seq;
}

static void on_records(void *context, int error, const struct ward_record *records, size_t count)
{
    struct bench *bench = context;

    assert_int_equal(error, 0);
    bench->record_count = count;
    if (count > 0)
        bench->record = records[0];
    bench->answered = true;
}

/* The newest record there is. */
static const struct ward_record *newest(struct bench *bench)
{
    const uint64_t seq = bench->gateway->head_seq;

    bench->answered = false;
    assert_int_equal(
        ward_store_fetch(bench->gateway->store, (struct ward_seq_range){seq, seq}, on_records, bench), 0);
    WAIT_FOR(bench, bench->answered);
    assert_int_equal(bench->record_count, 1);
    return &bench->record;
}

/* --- orders -------------------------------------------------------------------------------------------------- */

static struct ward_order order_of(struct bench *bench, enum ward_command_kind kind)
{
    struct ward_order order = {.patient = {PATIENT},
                               .episode = {"s-1"},
                               .by = {"dr-1"},
                               .command = {.kind = kind, .reason = {"wrong-finger"}},
                               .counter = {.kid = "key-1", .counter = ++bench->commands}};

    snprintf(order.id.text, sizeof(order.id.text), "c-%llu", (unsigned long long)bench->commands);
    order.command.record.epoch = bench->gateway->epoch;
    return order;
}

static struct ward_order order_about(struct bench *bench, enum ward_command_kind kind, uint64_t seq)
{
    struct ward_order order = order_of(bench, kind);

    order.command.record.seq = seq;
    return order;
}

/* What the ward is answered. */
static const char *give(struct bench *bench, const struct ward_order *order)
{
    const size_t before = bench->gateway->outbox.result_count;

    ward_order_carry_out(bench->gateway, order);
    WAIT_FOR(bench, bench->gateway->outbox.result_count > before);
    return bench->gateway->outbox.results[before];
}

#define assert_done(bench, order)          assert_non_null(strstr(give(bench, order), "\"outcome\":\"done\""))
#define assert_refused(bench, order, text) assert_is_refused(bench, order, text)

static void assert_is_refused(struct bench *bench, const struct ward_order *order, const char *text)
{
    const char *answer = give(bench, order);

    if (!strstr(answer, "\"outcome\":\"refused\"") || !strstr(answer, text))
        fail_msg("%s: expected to be refused with \"%s\"", answer, text);
}

static void a_void_takes_the_alarm_back(void **state)
{
    struct bench *bench = *state;
    const uint64_t first = measure(bench, WARD_SPO2, 97), seq = measure(bench, WARD_SPO2, 85);
    struct ward_order order = order_about(bench, WARD_COMMAND_VOID, seq);
    const struct ward_record *record;

    assert_string_equal(condition(bench, "spo2-low"), "active");
    assert_done(bench, &order);
    assert_null(condition(bench, "spo2-low"));
    record = newest(bench);
    assert_int_equal(record->reading.kind, WARD_RECORD_VOID);
    assert_int_equal(record->note.subject, seq);
    assert_string_equal(record->note.by.text, "dr-1");
    assert_string_equal(record->note.reason.text, "wrong-finger");
    assert_string_equal(record->reading.patient.text, PATIENT);

    order = order_about(bench, WARD_COMMAND_VOID, seq);
    assert_non_null(strstr(give(bench, &order), "taken back already"));
    assert_int_equal(bench->gateway->head_seq, record->reading.seq);
    order = order_about(bench, WARD_COMMAND_VOID, record->reading.seq);
    assert_refused(bench, &order, "no reading");
    order = order_about(bench, WARD_COMMAND_VOID, first);
    strcpy(order.patient.text, "p-2");
    assert_refused(bench, &order, "not one of this patient");
    strcpy(order.patient.text, PATIENT);
    strcpy(order.episode.text, "s-2");
    assert_refused(bench, &order, "not one of this patient");
    order = order_about(bench, WARD_COMMAND_VOID, first + 1000);
    assert_refused(bench, &order, "no such record");
    order = order_about(bench, WARD_COMMAND_VOID, first);
    strcpy(order.command.record.epoch.text, "e-other");
    assert_refused(bench, &order, "not of this database");
}

/* The state is stored with its reading, before the reading has a number; the void must find it all the same. */
static void a_void_after_a_restart_finds_its_reading(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = measure(bench, WARD_SPO2, 85);
    struct ward_order order;

    restart(bench);
    assert_non_null(condition(bench, "spo2-low"));
    order = order_about(bench, WARD_COMMAND_VOID, seq);
    assert_done(bench, &order);
    assert_null(condition(bench, "spo2-low"));
    restart(bench);
    assert_null(condition(bench, "spo2-low"));
    order = order_about(bench, WARD_COMMAND_VOID, seq);
    assert_non_null(strstr(give(bench, &order), "taken back already"));
}

static void what_waits_is_given_to_its_patient(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = keep(bench, WARD_SPO2, 85, 0), other = keep(bench, WARD_SPO2, 97, 0);
    struct ward_order order = order_about(bench, WARD_COMMAND_ASSIGN, seq);
    const struct ward_record *record;

    assert_int_equal(bench->gateway->unassigned.count, 2);
    assert_non_null(condition(bench, "reading-without-patient"));
    assert_null(condition(bench, "spo2-low"));
    assert_done(bench, &order);
    assert_string_equal(condition(bench, "spo2-low"),
                        "active"); /* newer than all that was evaluated: it raises */
    record = newest(bench);
    assert_true(record->assigned);
    assert_int_equal(record->note.subject, seq);
    assert_string_equal(record->note.by.text, "dr-1");
    assert_int_equal(record->reading.kind, WARD_READING_STORED);
    assert_true(record->reading.late);
    assert_string_equal(record->reading.patient.text, PATIENT);
    assert_int_equal(record->reading.values[0].number.mantissa, 85);
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_non_null(condition(bench, "reading-without-patient"));

    order = order_about(bench, WARD_COMMAND_ASSIGN, seq);
    assert_refused(bench, &order, "given to a patient already");
    order = order_about(bench, WARD_COMMAND_VOID, seq);
    order.patient.text[0] = order.episode.text[0] = '\0';
    assert_refused(bench, &order, "take back the record that it has become");
    order = order_about(bench, WARD_COMMAND_VOID, other);
    assert_refused(bench, &order, "belongs to nobody");
    order.patient.text[0] = order.episode.text[0] = '\0';
    snprintf(order.id.text, sizeof(order.id.text), "c-nobodys");
    assert_done(bench, &order);
    assert_int_equal(bench->gateway->unassigned.count, 0);
    assert_null(condition(bench, "reading-without-patient"));
    assert_string_equal(newest(bench)->reading.patient.text, "");
    restart(bench);
    assert_int_equal(bench->gateway->unassigned.count, 0);
    assert_null(condition(bench, "reading-without-patient"));
}

static void what_was_given_to_the_wrong_one_waits_again(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = keep(bench, WARD_SPO2, 85, 0);
    struct ward_order order = order_about(bench, WARD_COMMAND_ASSIGN, seq);
    uint64_t given;

    assert_done(bench, &order);
    given = bench->gateway->head_seq;
    restart(bench);
    order = order_about(bench, WARD_COMMAND_VOID, given);
    assert_done(bench, &order);
    assert_null(condition(bench, "spo2-low"));
    assert_int_equal(bench->gateway->unassigned.count, 1);
    assert_non_null(condition(bench, "reading-without-patient"));
    restart(bench);
    order = order_about(bench, WARD_COMMAND_ASSIGN, seq);
    assert_done(bench, &order);
    assert_int_equal(bench->gateway->unassigned.count, 0);
}

static void what_cannot_be_assigned_is_told_why(void **state)
{
    struct bench *bench = *state;
    const uint64_t own = measure(bench, WARD_SPO2, 97),
                   test = keep(bench, WARD_SPO2, 85, WARD_REASON_NOT_CLINICAL),
                   waits = keep(bench, WARD_SPO2, 85, 0);
    struct ward_order order = order_about(bench, WARD_COMMAND_ASSIGN, own);

    assert_int_equal(bench->gateway->unassigned.count, 1); /* a test waits for nobody */
    assert_refused(bench, &order, "waits for a patient");
    order = order_about(bench, WARD_COMMAND_ASSIGN, test);
    assert_refused(bench, &order, "test or a demonstration");
    order = order_about(bench, WARD_COMMAND_ASSIGN, waits);
    order.episode.text[0] = '\0';
    assert_refused(bench, &order, "No such patient and episode");
    order = order_about(bench, WARD_COMMAND_ASSIGN, waits);
    strcpy(order.patient.text, "p-2");
    assert_refused(bench, &order, "No such patient and episode");
    assert_int_equal(bench->gateway->unassigned.count, 1);
}

static void an_entry_is_a_record_by_who_signed_it(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = order_of(bench, WARD_COMMAND_ENTRY);
    char error[WARD_ENTRY_ERROR_SIZE];
    const struct ward_record *record;

    assert_true(ward_entry_parse("spo2=85 concern=nurse", &order.command.entry, error));
    assert_done(bench, &order);
    assert_string_equal(condition(bench, "spo2-low"), "active");
    assert_string_equal(condition(bench, "concern"), "active");
    record = newest(bench);
    assert_int_equal(record->reading.kind, WARD_READING_ENTRY);
    assert_string_equal(record->note.by.text, "dr-1");
    order = order_about(bench, WARD_COMMAND_VOID, record->reading.seq);
    assert_done(bench, &order);
    assert_null(condition(bench, "spo2-low"));
    assert_null(condition(bench, "concern"));
    order = order_of(bench, WARD_COMMAND_ENTRY);
    strcpy(order.patient.text, "p-2");
    assert_refused(bench, &order, "No such patient");
}

static void a_suspension_has_an_end_and_survives_a_restart(void **state)
{
    struct bench *bench = *state;
    const int64_t now_ms = ward_gateway_now(bench->gateway).utc_ms;
    struct ward_order order = order_of(bench, WARD_COMMAND_SUSPEND);
    enum ward_monitoring monitoring;
    struct ward_alarm_context context;
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t count;

    set_clock(bench, false);
    order.command.suspend_until_ms = now_ms + 60000;
    assert_refused(bench, &order, "clock of the gateway is not trusted");
    set_clock(bench, true);
    order = order_of(bench, WARD_COMMAND_SUSPEND);
    order.command.suspend_until_ms = now_ms - 1000;
    assert_refused(bench, &order, "has passed already");
    order = order_of(bench, WARD_COMMAND_SUSPEND);
    order.command.suspend_until_ms = now_ms + 25 * INT64_C(3600000);
    assert_refused(bench, &order, "24 hours at most");
    order = order_of(bench, WARD_COMMAND_SUSPEND);
    order.command.suspend_until_ms = now_ms + INT64_C(3600000);
    strcpy(order.command.why, "bath");
    assert_done(bench, &order);
    restart(bench);
    assert_non_null(condition(bench, "monitoring-suspended"));
    context = ward_watch_context(watch_of(bench));
    monitoring = ward_alarm_monitoring(&watch_of(bench)->state, &context, reasons, &count);
    assert_int_equal(monitoring, WARD_MONITORING_SUSPENDED);
    order = order_of(bench, WARD_COMMAND_RESUME);
    assert_done(bench, &order);
    assert_null(condition(bench, "monitoring-suspended"));
    order = order_of(bench, WARD_COMMAND_RESUME);
    assert_non_null(strstr(give(bench, &order), "was not suspended"));
}

/* What is remembered of commands stands in the file with what they did. */
static void an_answer_outlives_the_process(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = order_of(bench, WARD_COMMAND_RESUME);
    const struct ward_inbox *inbox = &bench->gateway->inbox;
    bool found = false;

    assert_done(bench, &order);
    for (int i = 0; i < 70; i++) { /* more than are remembered */
        order = order_of(bench, WARD_COMMAND_RESUME);
        ward_order_carry_out(bench->gateway, &order);
    }
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    restart(bench);
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
    struct ward_order order = order_of(bench, WARD_COMMAND_RESUME);

    assert_done(bench, &order);
    bench->gateway->inbox.counters[0] = (struct ward_store_counter){.kid = "key-1", .counter = 1000};
    bench->gateway->inbox.counter_count = 1;
    listener.replaced(listener.context, &replaced);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    restart(bench);
    assert_int_equal(bench->gateway->inbox.counter_count, 1);
    assert_int_equal(bench->gateway->inbox.counters[0].counter, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_void_takes_the_alarm_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_void_after_a_restart_finds_its_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_given_to_its_patient, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_given_to_the_wrong_one_waits_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_assigned_is_told_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_entry_is_a_record_by_who_signed_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_suspension_has_an_end_and_survives_a_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_outlives_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fresh_file_is_told_what_was_used_up, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
