/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API on a real dbus-daemon of this test's own. The server runs in this process; a caller is a child process,
 * so that it can be somebody else than root. What the child sees comes back as one line on a pipe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/bus.h"

#define NOBODY     65534
#define DEADLINE_S 60

struct fixture {
    char directory[64];
    char address[128];
    pid_t daemon;
    sd_bus *connection;
    struct ward_bus *bus;
    /* what the handler saw */
    enum ward_bus_method method;
    char texts[256];
    uint32_t number, uid, limit;
    int64_t since_ms;
    bool history;
    unsigned calls;
    struct ward_bus_call *kept; /* a call whose answer is left for later */
    char trail[512];            /* what the auditor was told */
};

static void note(void *userdata, struct ward_bus_deed *deed, const char *outcome, const char *text)
{
    struct fixture *f = userdata;
    const size_t used = strlen(f->trail);

    if (!outcome)
        deed->mark = 40 + f->calls;
    snprintf(f->trail + used, sizeof(f->trail) - used, "%s %u %s %d %s %s;", deed->name, deed->uid,
             deed->admin ? "may" : "may-not", (int)deed->mark, outcome ? outcome : "begins",
             text                       ? text
             : deed->arguments->text[0] ? deed->arguments->text[0]
                                        : "");
}

static void answer(void *userdata, enum ward_bus_method method, struct ward_bus_call *call,
                   const struct ward_bus_arguments *arguments)
{
    static const char *const list[] = {"{\"a\":1}", "{\"a\":2}"};
    static const char *const step[] = {"C0:11:22:33:44:55", "looking", "Looking for caf\xc3."};
    struct fixture *f = userdata;

    f->method = method;
    f->calls++;
    f->uid = ward_bus_call_uid(call);
    f->number = arguments->number;
    f->limit = arguments->filter.limit;
    f->since_ms = arguments->filter.since_ms;
    f->history = arguments->filter.history;
    f->texts[0] = '\0';
    for (size_t i = 0; i < WARD_BUS_TEXTS_MAX && arguments->text[i]; i++) {
        strncat(f->texts, arguments->text[i], sizeof(f->texts) - strlen(f->texts) - 1);
        strncat(f->texts, ";", sizeof(f->texts) - strlen(f->texts) - 1);
    }
    if (method == WARD_BUS_STATUS)
        ward_bus_reply_text(call, "{\"monitoring\":\"full\"}");
    else if (method == WARD_BUS_READINGS || method == WARD_BUS_ALARMS || method == WARD_BUS_AUDIT)
        ward_bus_reply_list(call, list, 2);
    else if (method == WARD_BUS_PAIR)
        f->kept = call;
    else if (method == WARD_BUS_BIND)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No device d-0 is enrolled.");
    else if (method == WARD_BUS_SCAN) {
        ward_bus_emit(f->bus, WARD_BUS_ENROLMENT_STEP, step);
        ward_bus_reply_list(call, list, 0);
    } else if (method == WARD_BUS_FORGET)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No device caf\xc3 is enrolled.");
    else if (method == WARD_BUS_PROVISION)
        ward_bus_reply_text(call, "caf\xc3");
    else if (method == WARD_BUS_PLAN || method == WARD_BUS_COMMAND)
        ward_bus_reply_text(call, arguments->text[0]);
    else
        ward_bus_reply(call);
}

static void start_daemon(struct fixture *f)
{
    char config[96];
    char descriptor[32];
    int out[2];
    ssize_t length;
    FILE *file;

    strcpy(f->directory, "/tmp/ward-bus-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    assert_int_equal(chmod(f->directory, 0755), 0);
    snprintf(config, sizeof(config), "%s/bus.conf", f->directory);
    file = fopen(config, "w");
    assert_non_null(file);
    fprintf(
        file,
        "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth><policy context=\"default\">"
        "<allow user=\"*\"/><allow send_destination=\"*\"/><allow receive_sender=\"*\"/><allow own=\"*\"/>"
        "</policy></busconfig>",
        f->directory);
    fclose(file);
    assert_int_equal(pipe(out), 0);
    f->daemon = fork();
    if (f->daemon == 0) {
        close(out[0]);
        snprintf(descriptor, sizeof(descriptor), "--print-address=%d", out[1]);
        snprintf(config, sizeof(config), "--config-file=%s/bus.conf", f->directory);
        execlp("dbus-daemon", "dbus-daemon", config, "--nofork", "--nopidfile", descriptor, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    length = read(out[0], f->address, sizeof(f->address) - 1);
    assert_true(length > 1);
    f->address[length - 1] = '\0';
    close(out[0]);
}

static sd_bus *connect_to(const char *address)
{
    sd_bus *bus = NULL;

    if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, address) < 0 || sd_bus_set_bus_client(bus, 1) < 0 ||
        sd_bus_start(bus) < 0)
        return NULL;
    return bus;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    start_daemon(f);
    f->connection = connect_to(f->address);
    assert_non_null(f->connection);
    assert_int_equal(ward_bus_new(&f->bus, f->connection, answer, f), 0);
    ward_bus_audit(f->bus, note);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    char path[96];

    ward_bus_free(f->bus);
    sd_bus_flush_close_unref(f->connection);
    kill(f->daemon, SIGTERM);
    waitpid(f->daemon, NULL, 0);
    snprintf(path, sizeof(path), "%s/bus.conf", f->directory);
    unlink(path);
    snprintf(path, sizeof(path), "%s/bus", f->directory);
    unlink(path);
    rmdir(f->directory);
    free(f);
    return 0;
}

/* The child's side: runs call on a connection of its own as uid, and writes what it says to out. */
typedef void caller(sd_bus *bus, FILE *out);

static pid_t start_caller(struct fixture *f, uid_t uid, caller *call, int *ret_pipe)
{
    int out[2];
    pid_t child;

    assert_int_equal(pipe(out), 0);
    child = fork();
    if (child == 0) {
        FILE *file = fdopen(out[1], "w");
        sd_bus *bus;

        if (uid != 0 && setuid(uid) != 0)
            _exit(2);
        bus = connect_to(f->address);
        if (!bus)
            _exit(3);
        call(bus, file);
        fclose(file);
        _exit(0);
    }
    close(out[1]);
    *ret_pipe = out[0];
    return child;
}

/* Serves the bus until the child has said its line. */
static void serve(struct fixture *f, int from_child, char *ret_line, size_t size)
{
    size_t used = 0;

    for (;;) {
        struct pollfd watched[] = {{.fd = sd_bus_get_fd(f->connection), .events = POLLIN},
                                   {.fd = from_child, .events = POLLIN}};
        ssize_t got;

        while (sd_bus_process(f->connection, NULL) > 0)
            ;
        sd_bus_flush(f->connection);
        assert_true(poll(watched, 2, DEADLINE_S * 1000) > 0);
        if (watched[1].revents == 0)
            continue;
        got = read(from_child, ret_line + used, size - used - 1);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    ret_line[used] = '\0';
    close(from_child);
}

static void run_caller(struct fixture *f, uid_t uid, caller *call, char *ret_line, size_t size)
{
    int from_child;
    pid_t child = start_caller(f, uid, call, &from_child);

    serve(f, from_child, ret_line, size);
    waitpid(child, NULL, 0);
}

static void print_reply(FILE *out, sd_bus_message *reply, const sd_bus_error *error)
{
    const char *text = NULL;

    if (sd_bus_error_is_set(error)) {
        fprintf(out, "%s: %s", error->name, error->message);
        return;
    }
    if (sd_bus_message_is_empty(reply)) {
        fprintf(out, "done");
        return;
    }
    if (sd_bus_message_has_signature(reply, "as"))
        (void)sd_bus_message_enter_container(reply, 'a', "s");
    while (sd_bus_message_read(reply, "s", &text) > 0)
        fprintf(out, "%s|", text);
}

#define CALL(bus, out, member, ...)                                                                          \
    do {                                                                                                     \
        sd_bus_error error = SD_BUS_ERROR_NULL;                                                              \
        sd_bus_message *reply = NULL;                                                                        \
        (void)sd_bus_call_method(bus, "org.wardgate", "/org/wardgate", "org.wardgate.Gateway1", member,      \
                                 &error, &reply, __VA_ARGS__);                                               \
        print_reply(out, reply, &error);                                                                     \
        sd_bus_error_free(&error);                                                                           \
        sd_bus_message_unref(reply);                                                                         \
    } while (0)

static void call_status(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Status", NULL);
}

static void call_readings(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Readings", "a{sv}", 2, "since", "x", (int64_t)1234567890123, "limit", "u", 7u);
}

static void call_alarm_history(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Alarms", "a{sv}", 1, "history", "b", 1);
}

static void call_unknown_filter(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Readings", "a{sv}", 1, "sinse", "x", (int64_t)1);
}

static void call_wrong_type(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Readings", "a{sv}", 1, "since", "s", "yesterday");
}

static void call_admit(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Admit", "sssss", "p-1", "s-1", "bed 4", "otter", "{}");
}

static void call_bind(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Bind", "sssu", "d-0", "p-1", "move", UINT32_C(255));
}

static void call_pair(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Pair", "sssu", "00:11:22:33:44:55", "p-1", "bonded", 60u);
}

static void call_acknowledge(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Command", "s", "{\"payload\":\"\"}");
}

static void test_reads(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, NOBODY, call_status, line, sizeof(line));
    assert_string_equal(line, "{\"monitoring\":\"full\"}|");
    assert_int_equal(f->uid, NOBODY);
    run_caller(f, NOBODY, call_readings, line, sizeof(line));
    assert_string_equal(line, "{\"a\":1}|{\"a\":2}|");
    assert_true(f->since_ms == 1234567890123);
    assert_int_equal(f->limit, 7);
    run_caller(f, NOBODY, call_alarm_history, line, sizeof(line));
    assert_int_equal(f->method, WARD_BUS_ALARMS);
    assert_true(f->history);
}

static void test_bad_arguments_name_the_method(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, 0, call_unknown_filter, line, sizeof(line));
    assert_non_null(strstr(line, "org.wardgate.Error.InvalidArgument: Readings:"));
    run_caller(f, 0, call_wrong_type, line, sizeof(line));
    assert_non_null(strstr(line, "org.wardgate.Error.InvalidArgument: Readings:"));
    assert_int_equal(f->calls, 0);
}

static void test_change_by_root(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, 0, call_admit, line, sizeof(line));
    assert_string_equal(line, "done");
    assert_string_equal(f->texts, "p-1;s-1;bed 4;otter;{};");
    assert_int_equal(f->uid, 0);
    run_caller(f, 0, call_bind, line, sizeof(line));
    assert_string_equal(line, "org.wardgate.Error.NotFound: No device d-0 is enrolled.");
}

static void test_change_by_somebody_is_refused(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, NOBODY, call_admit, line, sizeof(line));
    assert_non_null(strstr(line, "org.wardgate.Error.NotAllowed:"));
    run_caller(f, NOBODY, call_bind, line, sizeof(line));
    assert_non_null(strstr(line, "org.wardgate.Error.NotAllowed:"));
    assert_int_equal(f->calls, 0);
}

/* The signature decides about an acknowledgement, not who carries it. */
static void test_acknowledgement_by_anybody(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, NOBODY, call_acknowledge, line, sizeof(line));
    assert_string_equal(line, "{\"payload\":\"\"}|");
}

static void call_audit(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Audit", "a{sv}", 1, "limit", "u", 3u);
}

static void test_who_changes_something_is_told(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, 0, call_bind, line, sizeof(line));
    assert_string_equal(f->trail, "Bind 0 may 40 begins d-0;Bind 0 may 40 NotFound d-0;");
    f->trail[0] = '\0';
    run_caller(f, 0, call_admit, line, sizeof(line));
    assert_string_equal(f->trail, "Admit 0 may 41 begins p-1;Admit 0 may 41 done p-1;");
    f->trail[0] = '\0';
    run_caller(f, NOBODY, call_bind, line, sizeof(line));
    assert_string_equal(f->trail, "Bind 65534 may-not 0 NotAllowed d-0;");
    f->trail[0] = '\0';
    run_caller(f, NOBODY, call_acknowledge, line, sizeof(line));
    assert_string_equal(f->trail, "Command 65534 may-not 42 begins {\"payload\":\"\"};"
                                  "Command 65534 may-not 42 done {\"payload\":\"\"};");
    f->trail[0] = '\0';
    run_caller(f, 0, call_readings, line, sizeof(line));
    run_caller(f, 0, call_audit, line, sizeof(line));
    assert_int_equal(f->method, WARD_BUS_AUDIT);
    assert_int_equal(f->limit, 3);
    assert_string_equal(f->trail, "");
}

static void test_the_audit_trail_is_not_for_everybody(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, NOBODY, call_audit, line, sizeof(line));
    assert_non_null(strstr(line, "org.wardgate.Error.NotAllowed:"));
    assert_int_equal(f->calls, 0);
}

#define DEVICE_PATH "/org/wardgate/devices/d_2d1"

static void get_property(sd_bus *bus, FILE *out, const char *name, const char *type)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *text = "";
    int64_t number = 0;

    if (sd_bus_get_property(bus, "org.wardgate", DEVICE_PATH, "org.wardgate.Device1", name, &error, &reply,
                            type) < 0)
        fprintf(out, "%s|", error.message);
    else if (*type == 's' && sd_bus_message_read(reply, "s", &text) > 0)
        fprintf(out, "%s|", text);
    else if (sd_bus_message_read(reply, "x", &number) > 0)
        fprintf(out, "%lld|", (long long)number);
    sd_bus_error_free(&error);
    sd_bus_message_unref(reply);
}

static void get_device(sd_bus *bus, FILE *out)
{
    get_property(bus, out, "Name", "s");
    get_property(bus, out, "LastSeen", "x");
}

static void tell_device(struct fixture *f, const char *name, int64_t seen_ms)
{
    const struct ward_bus_value values[WARD_BUS_DEVICE_PROPERTIES] = {
        [WARD_BUS_DEVICE] = {.text = "d-1"},
        [WARD_BUS_NAME] = {.text = name},
        [WARD_BUS_LAST_SEEN] = {.number = seen_ms},
    };

    assert_int_equal(ward_bus_objects_tell_device(ward_bus_objects_of(f->bus), values), 0);
}

/* A message with a text that is not UTF-8 would be refused as a whole, and the object could not be read. */
static void test_what_a_device_says_of_itself_can_always_be_read(void **state)
{
    struct fixture *f = *state;
    char line[512];

    tell_device(f, "Clip \xff\xc3(\xc3\xbc)", 0);
    run_caller(f, NOBODY, get_device, line, sizeof(line));
    assert_string_equal(line, "Clip ?\x3f(\xc3\xbc)|0|");
}

static void call_forget_and_provision(sd_bus *bus, FILE *out)
{
    CALL(bus, out, "Forget", "s", "d-0");
    fprintf(out, "|");
    CALL(bus, out, "Provision", "ss", "renew", "");
}

/* A text that was cut in the midst of a character: whoever asked would wait for ever. */
static void test_what_is_no_utf8_is_answered_all_the_same(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, 0, call_forget_and_provision, line, sizeof(line));
    assert_string_equal(line, "org.wardgate.Error.NotFound: No device caf? is enrolled.|caf?|");
}

static int on_step(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const char *address, *step, *text;

    (void)error;
    if (sd_bus_message_read(message, "sss", &address, &step, &text) >= 0)
        fprintf(userdata, "%s", text);
    return 1;
}

static void call_scan(sd_bus *bus, FILE *out)
{
    (void)sd_bus_match_signal(bus, NULL, NULL, "/org/wardgate", "org.wardgate.Gateway1", "EnrolmentStep",
                              on_step, out);
    CALL(bus, out, "Scan", "u", 1u);
    while (sd_bus_process(bus, NULL) > 0) /* what was said before the answer has come before it */
        ;
}

static void test_a_step_that_is_no_utf8_is_told_all_the_same(void **state)
{
    struct fixture *f = *state;
    char line[512];

    run_caller(f, 0, call_scan, line, sizeof(line));
    assert_string_equal(line, "Looking for caf?.");
}

static void test_a_number_is_told_in_steps_or_with_something_else(void **state)
{
    struct fixture *f = *state;
    char line[512];

    tell_device(f, "Clip", 1000000);
    tell_device(f, "Clip", 1009999);
    run_caller(f, NOBODY, get_device, line, sizeof(line));
    assert_string_equal(line, "Clip|1000000|");
    tell_device(f, "Clip", 1010000);
    run_caller(f, NOBODY, get_device, line, sizeof(line));
    assert_string_equal(line, "Clip|1010000|");
    tell_device(f, "Cuff", 1010001);
    run_caller(f, NOBODY, get_device, line, sizeof(line));
    assert_string_equal(line, "Cuff|1010001|");
}

static void test_a_device_that_is_not_told_again_is_gone(void **state)
{
    struct fixture *f = *state;
    struct ward_bus_objects *objects = ward_bus_objects_of(f->bus);
    char line[512];

    tell_device(f, "Clip", 0);
    ward_bus_objects_told(objects, true);
    ward_bus_objects_told(objects, false); /* no word of it: that is none of its end */
    run_caller(f, NOBODY, get_device, line, sizeof(line));
    assert_string_equal(line, "Clip|0|");
    tell_device(f, "Cuff", 0);
    ward_bus_objects_told(objects, false); /* and a word of it does not keep it when every one is told */
    ward_bus_objects_told(objects, true);
    run_caller(f, NOBODY, get_device, line, sizeof(line));
    assert_non_null(strstr(line, "Unknown object"));
}

static void test_an_open_call_is_answered_at_the_end(void **state)
{
    struct fixture *f = *state;
    char line[512];
    int from_child;
    pid_t child = start_caller(f, 0, call_pair, &from_child);

    while (!f->kept) {
        while (sd_bus_process(f->connection, NULL) > 0)
            ;
        if (!f->kept)
            assert_true(sd_bus_wait(f->connection, DEADLINE_S * 1000000ull) > 0);
    }
    assert_int_equal(f->number, 60);
    f->bus = ward_bus_free(f->bus);
    serve(f, from_child, line, sizeof(line));
    waitpid(child, NULL, 0);
    assert_string_equal(line, "org.wardgate.Error.Failed: Wardgate is stopping.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bad_arguments_name_the_method, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_change_by_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_change_by_somebody_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_acknowledgement_by_anybody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_changes_something_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_audit_trail_is_not_for_everybody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_a_device_says_of_itself_can_always_be_read, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_no_utf8_is_answered_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_step_that_is_no_utf8_is_told_all_the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_number_is_told_in_steps_or_with_something_else, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_device_that_is_not_told_again_is_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_open_call_is_answered_at_the_end, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
