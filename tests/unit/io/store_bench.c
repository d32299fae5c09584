/* SPDX-License-Identifier: Apache-2.0 */
#include "store_bench.h"

#include "io/store_pages.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 60000
#define NEVER_MS    3600000

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    struct bench *bench = context;
    struct told *told = &bench->committed[bench->committed_count++ % TOLD_MAX];

    *told =
        (struct told){.token = commit->token, .first_seq = commit->first_seq, .count = commit->record_count};
    if (commit->record_count > 0) {
        memcpy(told->last_chain, commit->records[commit->record_count - 1].chain, 32);
        told->last_derived = commit->records[commit->record_count - 1].derived;
        assert_non_null(commit->records[commit->record_count - 1].text);
        snprintf(bench->last_text, sizeof(bench->last_text), "%s",
                 commit->records[commit->record_count - 1].text);
    }
}

static void on_dropped(void *context, uint64_t token, size_t record_count)
{
    struct bench *bench = context;

    assert_int_not_equal(token, 0);
    bench->dropped++;
    bench->dropped_records += record_count;
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    struct bench *bench = context;

    assert_true(trouble->text[0] != '\0');
    if (trouble->error) {
        bench->troubles++;
        bench->attempts++;
        bench->last_error = trouble->error;
        assert_int_equal(trouble->attempts, bench->attempts);
        assert_true(trouble->retry_in_ms > 0);
    } else {
        bench->recoveries++;
        bench->attempts = 0;
    }
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    struct bench *bench = context;

    bench->replaced++;
    bench->new_epoch = replaced->epoch;
    assert_int_equal(access(replaced->set_aside, F_OK), 0);
}

static void on_given_up(void *context, uint64_t through, uint64_t count)
{
    struct bench *bench = context;

    assert_true(through > bench->given_up_through);
    bench->given_up_through = through;
    bench->given_up += count;
}

static void on_removed(void *context, const char *path, uint64_t octets)
{
    struct bench *bench = context;

    assert_int_not_equal(access(path, F_OK), 0);
    assert_true(octets > 0);
    bench->removed++;
    snprintf(bench->removed_path, sizeof(bench->removed_path), "%s", path);
}

static void on_in_place_again(void *context, const char *set_aside)
{
    struct bench *bench = context;

    bench->in_place_again++;
    snprintf(bench->laid_aside, sizeof(bench->laid_aside), "%s", set_aside ? set_aside : "");
}

static void on_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    struct bench *bench = context;

    assert_null(bench->snapshot);
    assert_int_equal(bench->committed_count, 0); /* before anything is */
    bench->opened++;
    bench->opened_epoch = snapshot->epoch;
    bench->opened_head = snapshot->head_seq;
    bench->opened_events = snapshot->event_count;
    bench->opened_aside = snapshot->set_aside[0] != '\0';
}

int try_open(struct bench *bench, char error[static WARD_STORE_TEXT_MAX])
{
    const struct ward_store_options options = {
        .path = bench->path,
        .commit_window_ms = NEVER_MS,
        .queue_records = bench->queue_records,
        .log_pages = bench->log_pages,
        .retry_ms = bench->retry_ms,
        .quota_octets = bench->quota_octets,
        .ballast_octets = bench->ballast_octets,
        .listener = {on_committed, on_dropped, on_trouble, on_replaced, on_given_up, on_removed,
                     on_in_place_again, on_opened, bench},
    };

    return ward_store_open(&options, &bench->store, &bench->snapshot, error);
}

void open_store(struct bench *bench)
{
    char error[WARD_STORE_TEXT_MAX] = "";

    if (try_open(bench, error) != 0) {
        fail_msg("%s", error);
    }
}

void close_store(struct bench *bench)
{
    bench->store = ward_store_free(bench->store);
    bench->snapshot = ward_store_snapshot_free(bench->snapshot);
}

void reopen_store(struct bench *bench)
{
    close_store(bench);
    open_store(bench);
}

void copy_file(const char *from, const char *to)
{
    char command[512];

    snprintf(command, sizeof(command), "cp %s %s", from, to);
    assert_int_equal(system(command), 0);
}

int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/ward-store-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof(bench->path), "%s/ward.db", bench->directory);
    *state = bench;
    return 0;
}

void remove_files(const char *directory)
{
    DIR *files = opendir(directory);

    assert_non_null(files);
    for (const struct dirent *file; (file = readdir(files)) != NULL;) {
        if (file->d_name[0] != '.') {
            assert_int_equal(unlinkat(dirfd(files), file->d_name, 0), 0);
        }
    }
    closedir(files);
}

int tear_down(void **state)
{
    struct bench *bench = *state;

    block_disk(false);
    set_disk(0, SQLITE_OK);
    set_fault(NULL);
    close_store(bench);
    remove_files(bench->directory);
    assert_int_equal(rmdir(bench->directory), 0);
    free(bench);
    return 0;
}

static int64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Dispatches until the number at counter is reached. */
void wait_for(struct bench *bench, const size_t *counter, uint64_t number)
{
    int64_t deadline = clock_ms() + DEADLINE_MS;

    while (*counter < number) {
        struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

        assert_true(clock_ms() < deadline);
        poll(&readable, 1, 1000);
        ward_store_dispatch(bench->store);
    }
}

void set_id(struct ward_id *id, const char *text)
{
    snprintf(id->text, sizeof(id->text), "%s", text);
}

struct ward_record reading_of(int64_t spo2)
{
    struct ward_record record = {
        .reading = {.mono_us = 1000 + (uint64_t)spo2,
                    .measured_at_ms = INT64_C(1795338000000),
                    .received_at_ms = INT64_C(1795338001000),
                    .kind = WARD_READING_CONTINUOUS,
                    .value_count = 2,
                    .values = {{.quantity = WARD_SPO2, .number = {.mantissa = spo2}},
                               {.quantity = WARD_PULSE_RATE, .number = {.mantissa = 70}}},
                    .characteristic = WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT,
                    .raw_length = 5,
                    .raw = {0, (uint8_t)spo2, 0, 70, 0}}};

    set_id(&record.reading.patient, "p-7f3a");
    set_id(&record.reading.episode, "s-01");
    set_id(&record.reading.device, "d-91c2");
    set_id(&record.reading.boot, "b-77");
    return record;
}

void submit(struct bench *bench, uint64_t token, bool urgent, const struct ward_record *records, size_t count)
{
    struct ward_store_group group = {.token = token,
                                     .urgent = urgent,
                                     .boot = {"b-77"},
                                     .now = {.boot_us = token, .utc_ms = 5000, .clock = WARD_CLOCK_SYNCED},
                                     .records = records,
                                     .record_count = count};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
}

void submit_one(struct bench *bench, uint64_t token, bool urgent)
{
    struct ward_record record = reading_of((int64_t)(token % 50) + 50);

    submit(bench, token, urgent, &record, 1);
}

void on_records(void *context, int error, const struct ward_record *records, size_t count)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answer_count = count;
    bench->answered = true;
    if (count > 0) {
        memcpy(bench->records, records, count * sizeof(records[0]));
    }
}

void on_past(void *context, int error, const struct ward_id *epoch, const struct ward_record *records,
             size_t count)
{
    struct bench *bench = context;

    bench->past_epoch = *epoch;
    on_records(context, error, records, count);
}

void on_events(void *context, int error, const struct ward_store_event *events, size_t count)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answer_count = count;
    bench->answered = true;
    for (size_t i = 0; i < count; i++) {
        bench->events[i] = events[i].key;
        assert_int_equal(events[i].payload_length, strlen(events[i].payload));
    }
}

void wait_for_something(struct bench *bench)
{
    struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

    assert_int_equal(poll(&readable, 1, DEADLINE_MS), 1);
    ward_store_dispatch(bench->store);
}

void wait_for_answer(struct bench *bench, int error)
{
    for (bench->answered = false; !bench->answered;) {
        wait_for_something(bench);
    }
    assert_int_equal(bench->answer_error, error);
}

void wait_until_salvaged(struct bench *bench)
{
    struct ward_store_counters counters;

    do {
        /* Each answer is one round of the thread, which salvages between rounds, and after the last answer, too. */
        ward_store_counters(bench->store, &counters);
        assert_int_equal(ward_store_fetch_past(bench->store, on_past, bench), 0);
        wait_for_answer(bench, 0);
    } while (counters.salvaging);
}

void fetch(struct bench *bench, uint64_t first, uint64_t last)
{
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){first, last}, on_records, bench),
                     0);
    wait_for_answer(bench, 0);
}

/* Reads all records of the epoch and computes the chain anew. Returns how many there are. */
uint64_t check_chain(struct bench *bench, const char *epoch)
{
    struct ward_chain_text text;
    uint8_t chain[32];
    uint64_t seq = 0;

    ward_store_chain_begin(epoch, chain);
    do {
        fetch(bench, seq + 1, UINT32_MAX);
        for (size_t i = 0; i < bench->answer_count; i++) {
            struct ward_record record = bench->records[i];

            assert_int_equal(record.reading.seq, ++seq);
            assert_true(ward_store_chain_next(chain, epoch, &record, &text));
            assert_memory_equal(record.reading.chain, bench->records[i].reading.chain, 32);
            memcpy(chain, record.reading.chain, 32);
        }
    } while (bench->answer_count > 0);
    return seq;
}

uint64_t commits(struct bench *bench)
{
    struct ward_store_counters counters;

    ward_store_counters(bench->store, &counters);
    return counters.commits;
}

void run_sql(const char *path, const char *sql)
{
    sqlite3 *connection;
    char *error = NULL;

    assert_int_equal(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     ward_pages_vfs(WARD_PAGES_STRICT)),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL),
                     SQLITE_OK);
    if (sqlite3_exec(connection, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s", error);
    }
    sqlite3_close(connection);
}

struct ward_store_event event_of(uint8_t name, uint32_t n, const char *payload)
{
    struct ward_store_event event = {.key = {.id = {.octets = {name}}, .n = n},
                                     .patient = {"p-7f3a"},
                                     .at_ms = 1000 + n,
                                     .payload = payload,
                                     .payload_length = strlen(payload)};
    return event;
}
