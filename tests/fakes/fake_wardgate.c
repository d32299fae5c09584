/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_wardgate DIRECTORY: the gateway's D-Bus API with canned answers. The real adapter is behind it, so signatures,
 * errors and the check of the caller are real; only what a method does is not.
 *
 * For a method M (by its D-Bus name) the DIRECTORY has
 *   M          the documents of the answer, one a line
 *   M.error    instead: number of enum ward_bus_error, a space, the sentence
 *   M.then     the documents of every answer after the next one; M.then.then, where there is one, of all but the first of them
 *   M.ends     whatever is in it: the gateway ends, and the call is not answered
 *   M.signals  first: lines of SIGNAL-NUMBER and the signal's texts, parted by tabs
 * Each call is appended to DIRECTORY/calls: the name and the arguments, parted by tabs. "ready" is printed once the
 * name is on the bus.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/bus.h"

#define LINES_MAX       1024
#define LINE_MAX_OCTETS 8192

struct fake {
    const char *directory;
    struct ward_bus *bus;
};

static const struct {
    const char *name;
    int texts; /* in its arguments */
    bool answers_list;
} methods[WARD_BUS_METHOD_COUNT] = {
    [WARD_BUS_STATUS] = {"Status", 0, false},
    [WARD_BUS_READINGS] = {"Readings", 0, true},
    [WARD_BUS_ALARMS] = {"Alarms", 0, true},
    [WARD_BUS_PATIENTS] = {"Patients", 0, true},
    [WARD_BUS_PLAN] = {"Plan", 1, false},
    [WARD_BUS_DEVICES] = {"Devices", 0, true},
    [WARD_BUS_QUEUE] = {"Queue", 0, false},
    [WARD_BUS_VERIFY] = {"Verify", 1, false},
    [WARD_BUS_FOLLOW] = {"Follow", 0, false},
    [WARD_BUS_HUB] = {"Hub", 0, false},
    [WARD_BUS_TEST_HUB] = {"TestHub", 0, true},
    [WARD_BUS_ADMIT] = {"Admit", 5, false},
    [WARD_BUS_APPLY_PLAN] = {"ApplyPlan", 2, false},
    [WARD_BUS_SCAN] = {"Scan", 0, true},
    [WARD_BUS_PAIR] = {"Pair", 3, false},
    [WARD_BUS_TEST_DEVICE] = {"TestDevice", 1, false},
    [WARD_BUS_BIND] = {"Bind", 3, false},
    [WARD_BUS_UNBIND] = {"Unbind", 2, false},
    [WARD_BUS_RENAME] = {"Rename", 2, false},
    [WARD_BUS_MEASURE] = {"Measure", 2, false},
    [WARD_BUS_FORGET] = {"Forget", 1, false},
    [WARD_BUS_SILENCE] = {"Silence", 1, false},
    [WARD_BUS_COMMAND] = {"Command", 1, false},
    [WARD_BUS_ORDER] = {"Order", 3, false},
    [WARD_BUS_EXPLAIN] = {"Explain", 1, true},
    [WARD_BUS_AUDIT] = {"Audit", 0, true},
    [WARD_BUS_PROVISION] = {"Provision", 2, false},
};

/* The lines of DIRECTORY/NAMESUFFIX; none when there is no such file. */
static size_t read_lines(const struct fake *fake, const char *name, const char *suffix,
                         char *lines[LINES_MAX])
{
    char path[512];
    char line[LINE_MAX_OCTETS];
    size_t count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s%s", fake->directory, name, suffix);
    file = fopen(path, "re");
    if (file == NULL)
        return 0;
    while (count < LINES_MAX && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        lines[count++] = strdup(line);
    }
    fclose(file);
    return count;
}

static void free_lines(char *lines[LINES_MAX], size_t count)
{
    while (count > 0)
        free(lines[--count]);
}

static void write_call(const struct fake *fake, enum ward_bus_method method,
                       const struct ward_bus_arguments *arguments)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/calls", fake->directory);
    file = fopen(path, "ae");
    if (file == NULL)
        abort();
    fputs(methods[method].name, file);
    for (int i = 0; i < methods[method].texts; i++)
        fprintf(file, "\t%s", arguments->text[i]);
    if (method == WARD_BUS_SCAN || method == WARD_BUS_PAIR || method == WARD_BUS_TEST_DEVICE ||
        method == WARD_BUS_BIND || method == WARD_BUS_MEASURE)
        fprintf(file, "\t%u", arguments->number);
    if (method == WARD_BUS_READINGS || method == WARD_BUS_ALARMS)
        fprintf(file, "\tpatient=%s\tdevice=%s\tquantity=%s\tsince=%lld\tlimit=%u\thistory=%d",
                arguments->filter.patient ? arguments->filter.patient : "",
                arguments->filter.device ? arguments->filter.device : "",
                arguments->filter.quantity ? arguments->filter.quantity : "",
                (long long)arguments->filter.since_ms, arguments->filter.limit, arguments->filter.history);
    fputc('\n', file);
    fclose(file);
}

static void emit_signals(const struct fake *fake, const char *name)
{
    char *lines[LINES_MAX];
    const size_t count = read_lines(fake, name, ".signals", lines);

    for (size_t i = 0; i < count; i++) {
        const char *texts[3] = {"", "", ""};
        char *rest = lines[i];
        const enum ward_bus_signal signal = (enum ward_bus_signal)atoi(strsep(&rest, "\t"));

        for (size_t t = 0; t < 3 && rest != NULL; t++)
            texts[t] = strsep(&rest, "\t");
        ward_bus_emit(fake->bus, signal, texts);
    }
    free_lines(lines, count);
}

/* What has changed since it was answered is M.then, and after that M.then.then. */
static void turn_over(const struct fake *fake, const char *name)
{
    char now[512], then[520], at_last[528];

    snprintf(now, sizeof(now), "%s/%s", fake->directory, name);
    snprintf(then, sizeof(then), "%s.then", now);
    snprintf(at_last, sizeof(at_last), "%s.then", then);
    (void)rename(then, now);
    (void)rename(at_last, then);
}

static void answer(const struct fake *fake, enum ward_bus_method method, struct ward_bus_call *call)
{
    char *lines[LINES_MAX];
    size_t count = read_lines(fake, methods[method].name, ".error", lines);

    if (count > 0) {
        char *sentence;
        const enum ward_bus_error error = (enum ward_bus_error)strtol(lines[0], &sentence, 10);

        ward_bus_reply_error(call, error, sentence + 1);
        free_lines(lines, count);
        return;
    }
    count = read_lines(fake, methods[method].name, "", lines);
    if (methods[method].answers_list)
        ward_bus_reply_list(call, (const char *const *)lines, count);
    else if (count > 0)
        ward_bus_reply_text(call, lines[0]);
    else
        ward_bus_reply(call);
    free_lines(lines, count);
}

static void end_where_told(const struct fake *fake, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.ends", fake->directory, name);
    if (access(path, F_OK) == 0)
        _exit(EXIT_SUCCESS);
}

static void handle(void *userdata, enum ward_bus_method method, struct ward_bus_call *call,
                   const struct ward_bus_arguments *arguments)
{
    const struct fake *fake = userdata;

    write_call(fake, method, arguments);
    end_where_told(fake, methods[method].name);
    emit_signals(fake, methods[method].name);
    answer(fake, method, call);
    turn_over(fake, methods[method].name);
}

int main(int argc, char **argv)
{
    struct fake fake = {.directory = argc == 2 ? argv[1] : "."};
    sd_bus *connection = NULL;
    int result = sd_bus_open_system(&connection);

    if (result >= 0)
        result = ward_bus_new(&fake.bus, connection, handle, &fake);
    if (result >= 0) {
        puts("ready");
        fflush(stdout);
    }
    while (result >= 0) {
        result = sd_bus_process(connection, NULL);
        if (result == 0)
            result = sd_bus_wait(connection, UINT64_MAX);
    }
    fprintf(stderr, "fake_wardgate: %s\n", strerror(-result));
    ward_bus_free(fake.bus);
    sd_bus_unref(connection);
    return 1;
}
