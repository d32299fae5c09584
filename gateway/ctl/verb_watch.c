/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl watch: one screen, drawn anew in its place when a reading or an alarm comes and every second, until q or
 * Ctrl-C. The readings come by the daemon's signals; whether anybody is monitored, and which alarms are present, is asked
 * again after each alarm and every few seconds, without waiting for the answer.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/document.h"
#include "ctl/filter.h"
#include "ctl/terminal.h"
#include "ctl/verbs.h"
#include "ctl/watch.h"
#include "ctl/watch_lines.h"
#include "ctl/watch_screen.h"

#define HISTORY     500 /* readings that are asked for at the beginning */
#define STATUS_MS   5000
#define DRAW_MS     1000
#define PATIENCE_US UINT64_C(10000000)

struct view {
    struct ward_watch watch;
    bool as_json, on_screen;
    bool news;                          /* since it was drawn */
    bool asked;                         /* the status is on its way */
    bool gone;                          /* the daemon has left */
    int64_t status_due_ms, draw_due_ms; /* CLOCK_BOOTTIME */
};

static volatile sig_atomic_t ended, resized;

static void on_end(int number)
{
    (void)number;
    ended = 1;
}

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

static int64_t clock_ms(clockid_t id)
{
    struct timespec now = {0};

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct ward_watch_now now_of(void)
{
    return (struct ward_watch_now){.utc_ms = clock_ms(CLOCK_REALTIME), .boot_ms = clock_ms(CLOCK_BOOTTIME)};
}

/* --- what comes ------------------------------------------------------------------------------------------------------ */

static void take(struct view *view, const char *text)
{
    json_t *record = ward_document_parse(text);
    const struct ward_watch_now now = now_of();

    if (ward_watch_take(&view->watch, record, &now)) {
        view->news = true;
        if (!view->on_screen)
            ward_watch_print(record, view->as_json);
    }
    json_decref(record);
}

static int on_reading(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    const char *text;

    (void)error;
    if (sd_bus_message_read(message, "s", &text) >= 0)
        take(userdata, text);
    return 0;
}

static bool concerns(const struct view *view, const json_t *event)
{
    const char *patient = ward_document_text(event, "patient");

    return view->watch.patient == NULL || strcmp(view->watch.patient, patient) == 0;
}

static int on_alarm(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct view *view = userdata;
    const char *text;

    (void)error;
    view->status_due_ms = 0;
    if (!view->on_screen && sd_bus_message_read(message, "s", &text) >= 0) {
        json_t *event = ward_document_parse(text);

        if (concerns(view, event))
            ward_watch_print_alarm(text, event, view->as_json);
        json_decref(event);
    }
    return 0;
}

static int on_status(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct view *view = userdata;
    const char *text;
    const bool answered =
        !sd_bus_message_is_method_error(message, NULL) && sd_bus_message_read(message, "s", &text) > 0;

    (void)error;
    view->asked = false;
    json_decref(view->watch.status);
    view->watch.status = answered ? ward_document_parse(text) : NULL; /* what was so is not what is so */
    view->news = true;
    return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
    struct view *view = userdata;
    const char *name, *before, *after;

    (void)error;
    if (sd_bus_message_read(message, "sss", &name, &before, &after) >= 0 &&
        strcmp(name, "org.wardgate") == 0 && *after == '\0')
        view->gone = true;
    return 0;
}

static int ask_status(sd_bus *bus, struct view *view, int64_t now_ms)
{
    sd_bus_message *call = NULL;
    int status = WARD_CTL_DONE, result;

    if (view->asked || now_ms < view->status_due_ms)
        return WARD_CTL_DONE;
    view->status_due_ms = now_ms + STATUS_MS;
    status = ward_client_call_new(bus, "Status", &call);
    if (status == WARD_CTL_DONE) {
        (void)sd_bus_message_set_auto_start(call, false);
        result = sd_bus_call_async(bus, NULL, call, on_status, view, PATIENCE_US);
        view->asked = result >= 0;
        status = result < 0 ? ward_client_fail(result, NULL) : WARD_CTL_DONE;
    }
    sd_bus_message_unref(call);
    return status;
}

/* When there is news, the terminal has got another size, or a second is over: ages grow. */
static void draw(struct view *view, int64_t now_ms)
{
    const struct ward_watch_now now = now_of();

    if (!view->on_screen || (!view->news && !resized && now_ms < view->draw_due_ms))
        return;
    resized = 0;
    ward_watch_screen_draw(&view->watch, &now);
    view->news = false;
    view->draw_due_ms = now_ms + DRAW_MS;
}

/* --- the loop -------------------------------------------------------------------------------------------------------- */

/* At the end of the input nobody can end it by q any more; a signal still does. */
static bool key_ends(int *descriptor)
{
    char key;
    const ssize_t length = read(*descriptor, &key, 1);

    if (length == 0 || (length < 0 && errno != EINTR))
        *descriptor = -1;
    return length == 1 && (key == 'q' || key == 'Q' || key == '\003');
}

/* Not ppoll: with _FORTIFY_SOURCE glibc 2.36 calls it in its form of 32 bits even where time_t has 64 (bits/poll2.h). */
static int wait_for_news(sd_bus *bus, int *keys, const sigset_t *unblocked)
{
    const int events = sd_bus_get_events(bus), descriptor = sd_bus_get_fd(bus);
    const struct timespec at_most = {.tv_nsec = DRAW_MS / 4 * 1000000L};
    fd_set to_read, to_write;

    if (events < 0 || descriptor < 0)
        return events < 0 ? events : descriptor;
    FD_ZERO(&to_read);
    FD_ZERO(&to_write);
    if ((events & POLLIN) != 0)
        FD_SET(descriptor, &to_read);
    if ((events & POLLOUT) != 0)
        FD_SET(descriptor, &to_write);
    if (*keys >= 0)
        FD_SET(*keys, &to_read);
    if (pselect((descriptor > *keys ? descriptor : *keys) + 1, &to_read, &to_write, NULL, &at_most,
                unblocked) < 0)
        return errno == EINTR ? 0 : -errno;
    if (*keys >= 0 && FD_ISSET(*keys, &to_read) && key_ends(keys))
        ended = 1;
    return 0;
}

static int loop(sd_bus *bus, struct view *view, const sigset_t *unblocked)
{
    int keys = view->on_screen ? STDIN_FILENO : -1;
    int status = WARD_CTL_DONE, result;

    while (status == WARD_CTL_DONE && !ended && !view->gone && !ferror(stdout)) { /* of which main() tells */
        const int64_t now_ms = clock_ms(CLOCK_BOOTTIME);

        result = sd_bus_process(bus, NULL);
        if (result > 0)
            continue;
        if (result == 0) {
            status = ask_status(bus, view, now_ms);
            draw(view, now_ms);
            result = status == WARD_CTL_DONE ? wait_for_news(bus, &keys, unblocked) : 0;
        }
        if (result < 0)
            status = ward_client_fail(result, NULL);
    }
    return status;
}

/* Signals are let in while it waits, and at no other time. */
static sigset_t catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_end};
    sigset_t blocked, before_that;

    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        (void)sigaction(ends[i], &action, NULL);
        sigaddset(&blocked, ends[i]);
    }
    action.sa_handler = on_resize;
    (void)sigaction(SIGWINCH, &action, NULL);
    sigaddset(&blocked, SIGWINCH);
    (void)sigprocmask(SIG_BLOCK, &blocked, &before_that);
    return before_that;
}

/* Subscribed to before it is asked, so that nothing falls between; newest first, so they are taken from the end. */
static int begin(sd_bus *bus, struct view *view)
{
    const struct ward_filter filter = {.patient = view->watch.patient, .limit = HISTORY};
    char **texts = NULL;
    size_t count = 0;
    int status = ward_client_listen_to_readings(bus, on_reading, view);

    if (status == WARD_CTL_DONE)
        status = ward_client_listen(bus, "Alarm", on_alarm, view);
    if (status == WARD_CTL_DONE &&
        sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                            "org.freedesktop.DBus", "NameOwnerChanged", on_owner, view) < 0)
        status = ward_ctl_fail("the bus does not tell who leaves it");
    if (status == WARD_CTL_DONE)
        status = ward_client_get(bus, "Status", &texts);
    if (status == WARD_CTL_DONE)
        view->watch.status = ward_document_parse(texts[0]);
    texts = ward_client_free_texts(texts);
    if (status == WARD_CTL_DONE && view->on_screen)
        status = ward_filter_ask(bus, "Readings", &filter, &texts);
    while (status == WARD_CTL_DONE && view->on_screen && texts[count] != NULL)
        count++;
    while (count > 0)
        take(view, texts[--count]);
    ward_client_free_texts(texts);
    return status;
}

static int watch(struct view *view)
{
    sd_bus *bus = NULL;
    int status = ward_client_open(&bus);

    if (status == WARD_CTL_DONE)
        status = begin(bus, view);
    if (status == WARD_CTL_DONE) {
        const sigset_t unblocked = catch_signals();

        if (view->on_screen)
            ward_watch_screen_open();
        status = loop(bus, view, &unblocked);
        if (view->on_screen)
            ward_watch_screen_close();
    }
    if (status == WARD_CTL_DONE && view->gone) {
        (void)ward_ctl_fail("the daemon has left the bus: see `systemctl status wardgated`. Patients of this "
                            "gateway may not be monitored.");
        status = WARD_CTL_UNREACHABLE;
    }
    json_decref(view->watch.status);
    sd_bus_flush_close_unref(bus);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"patient", required_argument, NULL, 'p'}, {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    struct view *view = calloc(1, sizeof(*view));
    int option, status;

    if (view == NULL)
        return ward_ctl_fail("out of memory");
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j') {
            view->as_json = true;
        } else if (option == 'p') {
            view->watch.patient = optarg;
        } else {
            free(view);
            return ward_ctl_usage(&ward_verb_watch, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        }
    }
    view->on_screen = !view->as_json && isatty(STDIN_FILENO) == 1 && ward_terminal_has_cursor();
    status = optind < argc ? ward_ctl_usage(&ward_verb_watch, "it takes no argument \"%s\"", argv[optind])
                           : watch(view);
    free(view);
    return status;
}

const struct ward_verb ward_verb_watch = {
    .name = "watch",
    .usage = "watch [--patient PATIENT] [--json]\n",
    .summary = "What is measured, live: values, their age and course, the alarms",
    .help =
        "One screen, drawn anew until q or Ctrl-C. Where there is no terminal, a line for each value and alarm event.\n"
        "  --patient  of this patient only\n"
        "  --json     one JSON object for each value, and one for each alarm event\n"
        "\n"
        "Exit status 3 when the daemon leaves: then nobody is monitored.\n",
    .run = run,
};
