/* SPDX-License-Identifier: Apache-2.0 */
#include "app_bench.h"
#include "app_disk.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/alarm_names.h"
#include "core/reading.h"

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

uint64_t bench_now_us(const struct bench *bench)
{
    uint64_t now = 0;

    assert_true(sd_event_now(bench->event, CLOCK_BOOTTIME, &now) >= 0);
    return now;
}

void bench_open(struct bench *bench)
{
    assert_int_equal(ward_gateway_new(&bench->gateway, &bench->config, bench->event), 0);
}

void bench_close(struct bench *bench)
{
    bench->gateway = ward_gateway_free(bench->gateway);
}

void bench_restart(struct bench *bench)
{
    bench_close(bench);
    bench_open(bench);
}

int bench_set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    *state = bench;
    strcpy(bench->directory, "/tmp/ward-app-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    start_bus(bench);
    assert_true(sd_event_new(&bench->event) >= 0);
    ward_config_init(&bench->config);
    strcpy(bench->config.gateway.id, "g-test");
    strcpy(bench->config.gateway.site, "home");
    strcpy(bench->config.spool.uplink_user, "root");
    bench->config.plan.require_signature = false;
    bench->config.store.commit_window_ms = 100;
    snprintf(bench->config.store.path, sizeof(bench->config.store.path), "%s/ward.db", bench->directory);
    snprintf(bench->config.spool.socket, sizeof(bench->config.spool.socket), "%s/spool", bench->directory);
    snprintf(bench->config.alarm.numbers, sizeof(bench->config.alarm.numbers), "%s/numbers",
             bench->directory);
    bench->config.alarm.leds[0] = bench->config.alarm.sound_command[0] = bench->config.alarm.patient_text[0] =
        '\0';
    bench_open(bench);
    return 0;
}

/* Whatever a test has done, the loop does not go on by itself: a timer that is always due would take all of a processor. */
static void come_to_rest(struct bench *bench)
{
    enum { TURNS_MAX = 1000 };

    for (unsigned turns = 0; sd_event_run(bench->event, 0) > 0; turns++)
        assert_true(turns < TURNS_MAX);
}

int bench_tear_down(void **state)
{
    struct bench *bench = *state;
    char command[128];

    disk_hangs = disk_fails = false; /* also when the test has failed */
    come_to_rest(bench);
    bench_close(bench);
    sd_bus_flush_close_unref(bench->asker);
    sd_bus_message_unref(bench->reply);
    sd_event_unref(bench->event);
    kill(bench->daemon, SIGTERM);
    waitpid(bench->daemon, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", bench->directory);
    assert_int_equal(system(command), 0);
    free(bench);
    return 0;
}

void bench_set_clock(struct bench *bench, bool synced)
{
    const struct ward_clock_options options = {.synchronized_path =
                                                   synced ? bench->directory : "/nonexistent"};

    bench->gateway->clock = ward_clock_free(bench->gateway->clock);
    assert_int_equal(ward_clock_new(&bench->gateway->clock, bench->event, &options), 0);
}

static char *plan(void)
{
    char *text = calloc(1, 16384);
    FILE *file = fopen("scenarios/everything.json", "re");
    char *settle;

    assert_non_null(file);
    assert_true(fread(text, 1, 16383, file) > 0);
    fclose(file);
    settle = strstr(text, "\"settle_s\": 10");
    assert_non_null(settle);
    memcpy(settle, "\"settle_s\":  0", 14);
    return text;
}

void bench_admit(struct bench *bench, const char *patient)
{
    struct ward_store_change change = {.kind = WARD_STORE_PATIENT, .patient.episode = {"s-1"}};
    struct ward_watch *watch;
    char error[1024], *document = plan();

    assert_true(ward_id_set(&change.patient.id, patient));
    watch = ward_gateway_look_after(bench->gateway, &change.patient.id, &change.patient.episode);
    assert_non_null(watch);
    assert_true(ward_watch_apply_plan(watch, document, NULL, NULL, error, sizeof(error)));
    assert_int_equal(ward_gateway_change(bench->gateway, &change, 1, NULL), 0);
    free(document);
}

void bench_enrol(struct bench *bench, const char *device, const char *model)
{
    struct ward_store_change change = {.kind = WARD_STORE_DEVICE, .device.policy = {"bonded"}};

    assert_true(ward_id_set(&change.device.id, device));
    assert_true(ward_id_set(&change.device.model, model));
    strcpy(change.device.address, "C0:00:00:00:00:01");
    strcpy(change.device.address_type, "random");
    assert_int_equal(ward_gateway_change(bench->gateway, &change, 1, NULL), 0);
}

const char *bench_condition(const struct bench *bench, const char *patient, const char *name)
{
    const struct ward_watch *watch = ward_gateway_watch(bench->gateway, patient);
    const struct ward_alarm_context context = ward_watch_context(watch);
    struct ward_alarm_present *present = bench->gateway->present;
    const size_t count = ward_alarm_present(&watch->state, &context, present, WARD_PRESENT_MAX);

    for (size_t i = 0; i < count; i++)
        if (strcmp(present[i].newest.condition.text, name) == 0)
            return ward_alarm_state_name(present[i].newest.state);
    return NULL;
}

void bench_records(void *context, int error, const struct ward_record *records, size_t count)
{
    struct bench *bench = context;

    assert_int_equal(error, 0);
    assert_true(count <= RECORDS_MAX);
    if (count > 0)
        memcpy(bench->records, records, count * sizeof(*records));
    bench->record_count = count;
    bench->answered = true;
}
