/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest MODE[+flush] COUNT DIRECTORY [BACKLOG]: takes COUNT readings into a fresh database in DIRECTORY, and prints as
 * one JSON object how long that took and what it cost on the disk. A flush is counted; with +flush it is also done.
 *
 *   bare      rows of the same size into the same tables by a plain loop, a FULL commit each
 *   single    decode, validate, evaluate, store: a commit each, waited for
 *   group     the same, as many a commit as come while the one before is being written
 *   rate      20 readings a second with a commit window of 10 s: 200 a commit; every 100 are receipted, and the marks
 *             go with the next commit
 *   home      one reading a second with a commit window of 10 s, the same
 *   start     nothing: BACKLOG readings are left in DIRECTORY, for
 *   resume    opens what is there and takes COUNT readings, a commit each
 *   skeleton  opens an SQLite file with one table and commits COUNT rows
 *
 * BACKLOG: so many records are in the file already, and none of them delivered. They are not counted, and neither is
 * what it takes until the log has gone into the file once more.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/alarm.h"
#include "core/careplan.h"
#include "core/decode.h"
#include "core/validate.h"
#include "io/store.h"
#include "store_disk.h"

#define NEVER_MS    3600000
#define OUTSTANDING 2048 /* half of the store's queue */
#define WARM_UP     20000

struct bench {
    struct ward_store *store;
    struct ward_store_snapshot *snapshot;
    char path[256];
    struct ward_care_plan plan;
    struct ward_alarm_patient state;
    struct ward_alarm_context context;
    uint64_t token, committed, backlog;
};

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* --- the store ----------------------------------------------------------------------------------------------- */

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    struct bench *bench = context;

    bench->committed += commit->record_count;
}

static void on_dropped(void *context, uint64_t token, size_t count)
{
    (void)context;
    fail("%zu records of group %" PRIu64 " were dropped", count, token);
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    (void)context;
    fail("%s", trouble->text);
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    (void)context;
    fail("%s", replaced->reason);
}

static void on_given_up(void *context, uint64_t through, uint64_t count)
{
    (void)context;
    fail("%" PRIu64 " records up to %" PRIu64 " were given up", count, through);
}

static void on_removed(void *context, const char *path, uint64_t octets)
{
    (void)context;
    fail("%s of %" PRIu64 " octets was removed", path, octets);
}

static void on_in_place_again(void *context, const char *set_aside)
{
    (void)context;
    (void)set_aside;
    fail("the file was not in its place");
}

static void on_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    (void)context;
    (void)snapshot;
    fail("the file could not be opened at once");
}

static void open_store(struct bench *bench)
{
    const struct ward_store_options options = {
        .path = bench->path,
        .commit_window_ms = NEVER_MS, /* each mode says itself when its window ends */
        .listener = {on_committed, on_dropped, on_trouble, on_replaced, on_given_up, on_removed,
                     on_in_place_again, on_opened, bench}};
    char error[WARD_STORE_TEXT_MAX];

    if (ward_store_open(&options, &bench->store, &bench->snapshot, error) != 0)
        fail("%s", error);
}

static void close_store(struct bench *bench)
{
    bench->store = ward_store_free(bench->store);
    bench->snapshot = ward_store_snapshot_free(bench->snapshot);
}

static void wait_for(struct bench *bench, uint64_t committed)
{
    while (bench->committed < committed) {
        struct pollfd poll_for = {.fd = ward_store_fd(bench->store), .events = POLLIN};

        poll(&poll_for, 1, -1);
        ward_store_dispatch(bench->store);
    }
}

/* --- a reading's way ----------------------------------------------------------------------------------------- */

static void on_event(void *context, const struct ward_alarm_event *event)
{
    (void)context;
    fail("an alarm among routine readings: %s", event->condition.text);
}

static const struct ward_alarm_sink quiet = {.event = on_event};

static void load_plan(struct bench *bench)
{
    static char text[WARD_PLAN_TEXT_MAX];
    static struct ward_plan_errors errors;
    FILE *file = fopen("config/care-plans/oximetry-at-home.json", "re");

    if (!file)
        fail("config/care-plans/oximetry-at-home.json: run this at the root of the checkout");
    if (!ward_care_plan_parse(text, fread(text, 1, sizeof(text), file), &bench->plan, &errors))
        fail("oximetry-at-home.json is not a plan");
    fclose(file);
}

/* One frame of an oximeter, and what becomes of it. */
static void take(struct bench *bench, bool urgent)
{
    const uint8_t frame[] = {0x00, (uint8_t)(95 + bench->token % 4), 0x00, (uint8_t)(70 + bench->token % 9),
                             0x00};
    struct ward_record record = {.reading = {.device = {"d-91c2"},
                                             .patient = {"p-7f3a"},
                                             .episode = {"s-01"},
                                             .boot = {"b-77"},
                                             .security = WARD_LINK_BONDED,
                                             .clock = WARD_CLOCK_SYNCED}};
    struct ward_store_group group = {.token = ++bench->token,
                                     .urgent = urgent,
                                     .boot = record.reading.boot,
                                     .records = &record,
                                     .record_count = 1};
    struct ward_decoded decoded;

    bench->context.now.boot_us += 1000000;
    bench->context.now.utc_ms += 1000;
    ward_decode(0x2A5F, frame, sizeof(frame), &decoded);
    ward_validate(&decoded);
    ward_decoded_fill_reading(&decoded, frame, sizeof(frame), &record.reading);
    record.reading.mono_us = bench->context.now.boot_us;
    record.reading.received_at_ms = record.reading.measured_at_ms = bench->context.now.utc_ms;
    ward_alarm_reading(&bench->state, &bench->context, &record.reading);
    group.now = bench->context.now;
    if (ward_store_submit(bench->store, &group) != 0)
        fail("the store takes no reading");
}

static void begin(struct bench *bench)
{
    const struct ward_id patient = {"p-7f3a"}, episode = {"s-01"};

    load_plan(bench);
    bench->context = (struct ward_alarm_context){
        .plan = &bench->plan,
        .now = {.boot_us = 1000000, .utc_ms = INT64_C(1795338000000), .clock = WARD_CLOCK_SYNCED},
        .sink = &quiet};
    ward_alarm_init(&bench->state, &patient, &episode);
    ward_alarm_replace_plan(&bench->state, &bench->context);
}

static void single(struct bench *bench, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        take(bench, true);
        wait_for(bench, bench->token);
    }
}

static void group(struct bench *bench, uint64_t count)
{
    ward_store_set_commit_window(bench->store, 1);
    for (uint64_t i = 0; i < count; i++) {
        take(bench, false);
        if (bench->token - bench->committed >= OUTSTANDING)
            wait_for(bench, bench->token - OUTSTANDING / 2);
    }
    wait_for(bench, bench->token);
}

/* per_window readings a commit; the receipt of what was committed goes with the next one. A backlog has none. */
static void windows(struct bench *bench, uint64_t count, uint64_t per_window)
{
    for (uint64_t i = 0; i < count; i++) {
        const bool window_ends = (i + 1) % per_window == 0 || i + 1 == count;

        take(bench, window_ends);
        if (!window_ends)
            continue;
        wait_for(bench, bench->token);
        const struct ward_seq_range live = {bench->backlog + 1, bench->token};
        const uint64_t through = bench->backlog > 0 ? 0 : bench->token;

        if (ward_store_mark_records(bench->store, through, &live, bench->backlog > 0) != 0)
            fail("the store takes no mark");
    }
}

/* --- the yardstick ------------------------------------------------------------------------------------------- */

static void must(int result, sqlite3 *connection)
{
    if (result != SQLITE_OK && result != SQLITE_DONE && result != SQLITE_ROW)
        fail("%s", sqlite3_errmsg(connection));
}

static void bare(struct bench *bench, uint64_t count)
{
    static const char *const texts[] = {
        "BEGIN IMMEDIATE",
        "INSERT INTO record SELECT (SELECT coalesce(max(seq), 0) + 1 FROM record), kind, patient, episode, device,"
        " boot, mono_us + 1, measured_at, received_at, body, chain FROM record WHERE seq = 1",
        "UPDATE mark SET boot_us = boot_us + 1, utc_ms = utc_ms + 1", "COMMIT"};
    sqlite3_stmt *statements[4];
    sqlite3 *connection;

    open_store(bench); /* for the tables, and a row of true size */
    take(bench, true);
    wait_for(bench, 1);
    close_store(bench);
    must(sqlite3_open(bench->path, &connection), connection);
    must(sqlite3_exec(connection,
                      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
                      NULL, NULL, NULL),
         connection);
    for (size_t i = 0; i < 4; i++)
        must(sqlite3_prepare_v3(connection, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &statements[i], NULL),
             connection);
    for (uint64_t n = 0; n < count; n++)
        for (size_t i = 0; i < 4; i++) {
            must(sqlite3_step(statements[i]), connection);
            sqlite3_reset(statements[i]);
        }
    for (size_t i = 0; i < 4; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(connection);
}

/* What a program does that only keeps rows. */
static void skeleton(struct bench *bench, uint64_t count)
{
    sqlite3 *connection;

    must(sqlite3_open(bench->path, &connection), connection);
    must(sqlite3_exec(connection,
                      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                      "CREATE TABLE IF NOT EXISTS row (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
                      NULL, NULL, NULL),
         connection);
    for (uint64_t n = 0; n < count; n++)
        must(sqlite3_exec(connection, "INSERT INTO row (body) VALUES (zeroblob(64))", NULL, NULL, NULL),
             connection);
    sqlite3_close(connection);
}

/* --- which --------------------------------------------------------------------------------------------------- */

static void run(struct bench *bench, const char *mode, uint64_t count)
{
    if (strcmp(mode, "bare") == 0)
        bare(bench, count);
    else if (strcmp(mode, "skeleton") == 0)
        skeleton(bench, count);
    else if (strcmp(mode, "single") == 0 || strcmp(mode, "resume") == 0)
        single(bench, count);
    else if (strcmp(mode, "group") == 0)
        group(bench, count);
    else if (strcmp(mode, "rate") == 0)
        windows(bench, count, 200);
    else if (strcmp(mode, "home") == 0)
        windows(bench, count, 10);
    else if (strcmp(mode, "start") != 0)
        fail("%s: no such mode", mode);
}

/* The backlog, and with it whatever of it the log still holds. */
static void prepare(struct bench *bench, uint64_t backlog)
{
    group(bench, backlog);
    bench->backlog = backlog;
    ward_store_set_commit_window(bench->store, NEVER_MS);
    windows(bench, WARM_UP, 200);
}

/* Returns whether it was there. */
static bool cut_off(char *word, const char *ending)
{
    char *found = strstr(word, ending);

    if (found)
        *found = '\0';
    return found != NULL;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct ward_store_counters before = {0}, after = {0};
    uint64_t count, syncs, octets;
    double begun = now_s();
    bool is_bare;

    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: ingest MODE[+flush] COUNT DIRECTORY [BACKLOG]\n");
        return 2;
    }
    disk.flushes = cut_off(argv[1], "+flush");
    count = strtoull(argv[2], NULL, 10);
    is_bare = strcmp(argv[1], "bare") == 0 || strcmp(argv[1], "skeleton") == 0;
    snprintf(bench.path, sizeof(bench.path), "%s/ward.db", argv[3]);
    if (install_disk(NULL) != SQLITE_OK)
        fail("the counting disk cannot be put in front");
    begin(&bench);
    if (!is_bare)
        open_store(&bench);
    if (argc == 5) {
        prepare(&bench, strtoull(argv[4], NULL, 10));
        begun = now_s();
    }
    if (!is_bare)
        ward_store_counters(bench.store, &before);
    syncs = disk.syncs;
    octets = disk.octets;
    run(&bench, argv[1], count);
    if (!is_bare)
        ward_store_counters(bench.store, &after);
    printf("{\"mode\": \"%s\", \"readings\": %" PRIu64 ", \"seconds\": %.6f, \"commits\": %" PRIu64
           ", \"flushes\": %" PRIu64 ", \"octets\": %" PRIu64 "}\n",
           argv[1], count, now_s() - begun, is_bare ? count : after.commits - before.commits,
           disk.syncs - syncs, disk.octets - octets);
    if (!is_bare)
        close_store(&bench);
    return 0;
}
