/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store on real files. A VFS that stands before SQLite's own counts and, when told to, blocks or fails flushes:
 * a slow and a broken disk, without a line for it in the product.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "io/store.h"
#include "io/store_chain.h"

#define DEADLINE_MS 60000
#define NEVER_MS    3600000

/* --- a disk that can be slow or broken ---------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool blocked, waiting;
    int failing_syncs; /* that many flushes fail */
    bool full;
    uint64_t syncs, octets;
    sqlite3_vfs *real;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct shim_file {
    sqlite3_file base;
    sqlite3_file real[];
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct shim_file *)file)->real;
}

static int shim_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int shim_read(sqlite3_file *file, void *octets, int count, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), octets, count, offset);
}

static int shim_write(sqlite3_file *file, const void *octets, int count, sqlite3_int64 offset)
{
    pthread_mutex_lock(&disk.lock);
    bool full = disk.full;
    disk.octets += (uint64_t)count;
    pthread_mutex_unlock(&disk.lock);
    return full ? SQLITE_FULL : real_of(file)->pMethods->xWrite(real_of(file), octets, count, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int shim_sync(sqlite3_file *file, int flags)
{
    pthread_mutex_lock(&disk.lock);
    disk.syncs++;
    bool fails = disk.failing_syncs > 0;
    disk.failing_syncs -= fails ? 1 : 0;
    while (disk.blocked) {
        disk.waiting = true;
        pthread_cond_broadcast(&disk.changed);
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    disk.waiting = false;
    pthread_mutex_unlock(&disk.lock);
    return fails ? SQLITE_IOERR_FSYNC : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int shim_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int shim_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int shim_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int shim_check_lock(sqlite3_file *file, int *ret)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int shim_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int shim_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int shim_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

/* Version 1 has no shared memory: that the store works on it shows that it needs none. */
static const sqlite3_io_methods shim_methods = {
    .iVersion = 1,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_lock,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_characteristics,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)vfs;
    file->pMethods = NULL;
    int result = disk.real->xOpen(disk.real, name, real_of(file), flags, ret_flags);
    if (result == SQLITE_OK) {
        file->pMethods = &shim_methods;
    }
    return result;
}

static int install_disk(void **state)
{
    static sqlite3_vfs shim;

    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    shim = *disk.real;
    shim.zName = "shim";
    shim.pNext = NULL;
    shim.szOsFile = (int)sizeof(struct shim_file) + disk.real->szOsFile;
    shim.xOpen = shim_open;
    return sqlite3_vfs_register(&shim, 1);
}

static void block_disk(bool blocked)
{
    pthread_mutex_lock(&disk.lock);
    disk.blocked = blocked;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

static void wait_until_disk_is_waited_for(void)
{
    pthread_mutex_lock(&disk.lock);
    while (!disk.waiting) {
        pthread_cond_wait(&disk.changed, &disk.lock);
    }
    pthread_mutex_unlock(&disk.lock);
}

static void set_disk(int failing_syncs, bool full)
{
    pthread_mutex_lock(&disk.lock);
    disk.failing_syncs = failing_syncs;
    disk.full = full;
    pthread_mutex_unlock(&disk.lock);
}

/* --- a bench: a directory, a store, and what it told -------------------------------------------------------- */

#define TOLD_MAX 4096

struct told {
    uint64_t token, first_seq;
    size_t count;
    uint8_t last_chain[32];
};

struct bench {
    char directory[64], path[96];
    struct ward_store *store;
    struct ward_store_snapshot *snapshot;
    size_t queue_records;
    struct told committed[TOLD_MAX];
    size_t committed_count, dropped_records, troubles, recoveries, replaced;
    int last_error;
    struct ward_id new_epoch;
    struct ward_record records[WARD_STORE_QUERY_MAX];
    struct ward_alarm_key events[16];
    size_t answer_count;
    int answer_error;
    bool answered;
};

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    struct bench *bench = context;
    struct told *told = &bench->committed[bench->committed_count++ % TOLD_MAX];

    *told =
        (struct told){.token = commit->token, .first_seq = commit->first_seq, .count = commit->record_count};
    if (commit->record_count > 0) {
        memcpy(told->last_chain, commit->chains[commit->record_count - 1], 32);
    }
}

static void on_dropped(void *context, uint64_t token, size_t record_count)
{
    struct bench *bench = context;

    assert_int_not_equal(token, 0);
    bench->dropped_records += record_count;
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    struct bench *bench = context;

    assert_true(trouble->text[0] != '\0');
    if (trouble->error) {
        bench->troubles++;
        bench->last_error = trouble->error;
        assert_int_equal(trouble->attempts, bench->troubles);
        assert_true(trouble->retry_in_ms > 0);
    } else {
        bench->recoveries++;
    }
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    struct bench *bench = context;

    bench->replaced++;
    bench->new_epoch = replaced->epoch;
    assert_int_equal(access(replaced->set_aside, F_OK), 0);
}

static int try_open(struct bench *bench, char error[static WARD_STORE_TEXT_MAX])
{
    const struct ward_store_options options = {
        .path = bench->path,
        .commit_window_ms = NEVER_MS,
        .queue_records = bench->queue_records,
        .listener = {on_committed, on_dropped, on_trouble, on_replaced, bench},
    };

    return ward_store_open(&options, &bench->store, &bench->snapshot, error);
}

static void open_store(struct bench *bench)
{
    char error[WARD_STORE_TEXT_MAX] = "";

    if (try_open(bench, error) != 0) {
        fail_msg("%s", error);
    }
}

static void close_store(struct bench *bench)
{
    bench->store = ward_store_free(bench->store);
    bench->snapshot = ward_store_snapshot_free(bench->snapshot);
}

static void reopen_store(struct bench *bench)
{
    close_store(bench);
    open_store(bench);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    snprintf(bench->directory, sizeof(bench->directory), "/tmp/ward-store-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof(bench->path), "%s/ward.db", bench->directory);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"",         "-wal",        "-journal", ".aside-1", ".aside-1-wal",
                                        ".aside-2", ".aside-2-wal"};
    struct bench *bench = *state;

    block_disk(false);
    set_disk(0, false);
    close_store(bench);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char name[128];

        snprintf(name, sizeof(name), "%s%s", bench->path, names[i]);
        unlink(name);
    }
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
static void wait_for(struct bench *bench, const size_t *counter, size_t number)
{
    int64_t deadline = clock_ms() + DEADLINE_MS;

    while (*counter < number) {
        struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

        assert_true(clock_ms() < deadline);
        poll(&readable, 1, 1000);
        ward_store_dispatch(bench->store);
    }
}

static void set_id(struct ward_id *id, const char *text)
{
    snprintf(id->text, sizeof(id->text), "%s", text);
}

static struct ward_record reading_of(int64_t spo2)
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

static void submit(struct bench *bench, uint64_t token, bool urgent, const struct ward_record *records,
                   size_t count)
{
    struct ward_store_group group = {.token = token,
                                     .urgent = urgent,
                                     .boot = {"b-77"},
                                     .now = {.boot_us = token, .utc_ms = 5000, .clock = WARD_CLOCK_SYNCED},
                                     .records = records,
                                     .record_count = count};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
}

static void submit_one(struct bench *bench, uint64_t token, bool urgent)
{
    struct ward_record record = reading_of((int64_t)(token % 50) + 50);

    submit(bench, token, urgent, &record, 1);
}

static void on_records(void *context, int error, const struct ward_record *records, size_t count)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answer_count = count;
    bench->answered = true;
    if (count > 0) {
        memcpy(bench->records, records, count * sizeof(records[0]));
    }
}

static void on_events(void *context, int error, const struct ward_store_event *events, size_t count)
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

static void wait_for_answer(struct bench *bench)
{
    size_t answers = 0;

    for (bench->answered = false; !bench->answered; answers = 0) {
        struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

        assert_int_equal(poll(&readable, 1, DEADLINE_MS), 1);
        ward_store_dispatch(bench->store);
    }
    assert_int_equal(answers, 0);
    assert_int_equal(bench->answer_error, 0);
}

static void fetch(struct bench *bench, uint64_t first, uint64_t last)
{
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){first, last}, on_records, bench),
                     0);
    wait_for_answer(bench);
}

/* Reads all records of the epoch and computes the chain anew. Returns how many there are. */
static uint64_t check_chain(struct bench *bench, const char *epoch)
{
    uint8_t chain[32];
    uint64_t seq = 0;

    ward_store_chain_begin(epoch, chain);
    do {
        fetch(bench, seq + 1, UINT32_MAX);
        for (size_t i = 0; i < bench->answer_count; i++) {
            struct ward_record record = bench->records[i];

            assert_int_equal(record.reading.seq, ++seq);
            assert_true(ward_store_chain_next(chain, epoch, &record));
            assert_memory_equal(record.reading.chain, bench->records[i].reading.chain, 32);
            memcpy(chain, record.reading.chain, 32);
        }
    } while (bench->answer_count > 0);
    return seq;
}

static uint64_t commits(struct bench *bench)
{
    struct ward_store_counters counters;

    ward_store_counters(bench->store, &counters);
    return counters.commits;
}

/* --- what is stored ----------------------------------------------------------------------------------------- */

static void expect_chain(const uint8_t chain[32], const char *hex)
{
    char text[65];

    for (size_t i = 0; i < 32; i++) {
        snprintf(&text[2 * i], 3, "%02x", chain[i]);
    }
    assert_string_equal(text, hex);
}

/* docs/records.md, "Vectors". */
static void the_chain_is_as_documented(void **state)
{
    static const char epoch[] = "e-000102030405060708090a0b0c0d0e0f";
    struct ward_record first = reading_of(96);
    struct ward_record gap = {.reading = {.seq = 2,
                                          .boot = {"b-77"},
                                          .mono_us = 90000000,
                                          .received_at_ms = INT64_C(1795338010000),
                                          .kind = WARD_RECORD_GAP},
                              .note = {.reason = {"queue-full"},
                                       .subject = 7,
                                       .from_ms = INT64_C(1795338000000),
                                       .to_ms = WARD_UTC_UNKNOWN}};
    uint8_t chain[32];

    (void)state;
    first.reading.seq = 1;
    first.reading.kind = WARD_READING_SPOT;
    first.reading.mono_us = 81230000;
    first.reading.received_at_ms = INT64_C(1795338001120);
    first.reading.device_time = (struct ward_device_time){2026, 11, 22, 9, 0, 2, true};
    first.reading.values[1].number.mantissa = 72;
    first.reading.characteristic = WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT;
    memcpy(first.reading.raw, (const uint8_t[]){0x00, 0x60, 0x00, 0x48, 0x00}, 5);
    ward_store_chain_begin(epoch, chain);
    expect_chain(chain, "78c0bc442f9d724b1a675cf9c1c481217061ab4567cf8452ad2ef4cc61bc1bcb");
    assert_true(ward_store_chain_next(chain, epoch, &first));
    expect_chain(first.reading.chain, "3c7971619241f5496b4822089acfb2ef3d8a9d604ea4df57240cafca5dab8dba");
    assert_true(ward_store_chain_next(first.reading.chain, epoch, &gap));
    expect_chain(gap.reading.chain, "100d310508567d3474225fd4b4f2ec6e6158af899377cac3398556fd351d4f8b");
}

static void a_fresh_file_has_an_epoch_and_nothing_else(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    assert_int_equal(strlen(bench->snapshot->epoch.text), 34);
    assert_memory_equal(bench->snapshot->epoch.text, "e-", 2);
    assert_int_equal(strspn(bench->snapshot->epoch.text + 2, "0123456789abcdef"), 32);
    assert_int_equal(bench->snapshot->head_seq, 0);
    assert_int_equal(bench->snapshot->through, 0);
    assert_int_equal(bench->snapshot->row_count, 0);
    assert_string_equal(bench->snapshot->last_boot.text, "");
    assert_string_equal(bench->snapshot->set_aside, "");
    assert_true(bench->snapshot->oldest_undelivered_ms == WARD_UTC_UNKNOWN);
}

static void seq_and_chain_go_on_over_restarts(void **state)
{
    struct bench *bench = *state;
    struct ward_record three[3] = {reading_of(96), reading_of(95), reading_of(94)};
    char epoch[WARD_ID_MAX + 1];

    open_store(bench);
    memcpy(epoch, bench->snapshot->epoch.text, sizeof(epoch));
    submit(bench, 1, true, three, 3);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->committed[0].token, 1);
    assert_int_equal(bench->committed[0].first_seq, 1);
    assert_int_equal(bench->committed[0].count, 3);
    reopen_store(bench);
    assert_string_equal(bench->snapshot->epoch.text, epoch);
    assert_int_equal(bench->snapshot->head_seq, 3);
    assert_memory_equal(bench->snapshot->head_chain, bench->committed[0].last_chain, 32);
    assert_string_equal(bench->snapshot->last_boot.text, "b-77");
    assert_int_equal(bench->snapshot->last_commit.boot_us, 1);
    assert_int_equal(bench->snapshot->last_commit.utc_ms, 5000);
    assert_int_equal(bench->snapshot->oldest_undelivered_ms, INT64_C(1795338001000));
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(bench->committed[1].first_seq, 4);
    assert_int_equal(check_chain(bench, epoch), 4);
}

static void a_close_commits_what_waits(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, false);
    assert_int_equal(ward_store_mark_records(bench->store, 1, NULL, 0), 0);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 1);
    assert_int_equal(bench->snapshot->through, 1);
}

static void all_that_waits_is_one_commit(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    for (uint64_t token = 1; token <= 200; token++) {
        submit_one(bench, token, false);
    }
    assert_int_equal(commits(bench), 0);
    submit_one(bench, 201, true);
    wait_for(bench, &bench->committed_count, 201);
    assert_int_equal(commits(bench), 1);
    for (uint64_t token = 1; token <= 201; token++) {
        assert_int_equal(bench->committed[token - 1].token, token);
        assert_int_equal(bench->committed[token - 1].first_seq, token);
    }
}

static void a_shorter_window_counts_for_what_waits_already(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, false);
    ward_store_set_commit_window(bench->store, 1);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(commits(bench), 1);
}

static void what_is_not_well_formed_is_refused(void **state)
{
    struct bench *bench = *state;
    struct ward_record records[2] = {reading_of(96), reading_of(95)};
    struct ward_store_change change = {.kind = WARD_STORE_PLAN,
                                       .plan = {.patient = {"p-7f3a"}, .version = 1}};
    struct ward_store_group group = {.token = 1, .urgent = true, .records = records, .record_count = 2};

    open_store(bench);
    set_id(&records[1].reading.patient, "no id");
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
    set_id(&records[1].reading.patient, "");
    records[1].reading.quality = WARD_INVALID + 1;
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
    group = (struct ward_store_group){.token = 1, .changes = &change, .change_count = 1};
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL); /* a plan without its document */
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->committed[0].first_seq, 1);
}

/* --- alarms, marks, rows ------------------------------------------------------------------------------------ */

static struct ward_store_event event_of(uint8_t name, uint32_t n, const char *payload)
{
    struct ward_store_event event = {.key = {.id = {.octets = {name}}, .n = n},
                                     .patient = {"p-7f3a"},
                                     .at_ms = 1000 + n,
                                     .payload = payload,
                                     .payload_length = strlen(payload)};
    return event;
}

static void submit_events(struct bench *bench, const struct ward_store_event *events, size_t count)
{
    size_t before = bench->committed_count;
    struct ward_store_alarm_state alarm_state = {
        .patient = {"p-7f3a"}, .version = 3, .state = (const uint8_t *)"state", .length = 5};
    struct ward_store_group group = {
        .token = 9, .events = events, .event_count = count, .states = &alarm_state, .state_count = 1};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, before + 1);
}

static void alarm_events_are_kept_until_received(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_event events[] = {event_of(1, 1, "{\"n\":1}"),
                                              event_of(2, 0, "{\"pending\":true}"), event_of(2, 1, "{}"),
                                              event_of(1, 2, "{\"n\":2}")};
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    open_store(bench);
    submit_events(bench, events, 4);
    submit_events(bench, events,
                  4); /* the same again changes nothing but the history of what has no number */
    assert_int_equal(ward_store_mark_alarm(bench->store, events[2].key), 0);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->event_count, 2);
    assert_int_equal(bench->snapshot->events[0].key.id.octets[0], 1);
    assert_int_equal(bench->snapshot->events[0].key.n, 1);
    assert_string_equal(bench->snapshot->events[0].payload, "{\"n\":1}");
    assert_int_equal(bench->snapshot->events[1].key.n, 2);
    assert_int_equal(bench->snapshot->state_count, 1);
    assert_int_equal(bench->snapshot->states[0].version, 3);
    assert_int_equal(bench->snapshot->states[0].length, 5);
    assert_memory_equal(bench->snapshot->states[0].state, "state", 5);

    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 5);
    assert_int_equal(bench->events[1].n, 2);
    filter.undelivered = true;
    filter.limit = 1;
    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->events[0].n, 1);
}

static void marks_ride_along_and_never_go_back(void **state)
{
    struct bench *bench = *state;
    const struct ward_seq_range ranges[] = {{7, 8}, {10, 10}};

    open_store(bench);
    for (uint64_t token = 1; token <= 10; token++) {
        submit_one(bench, token, token == 10);
    }
    wait_for(bench, &bench->committed_count, 10);
    assert_int_equal(ward_store_mark_records(bench->store, 5, ranges, 2), 0);
    assert_int_equal(ward_store_mark_records(bench->store, 3, NULL, 0), 0);
    assert_int_equal(commits(bench), 1);
    submit_one(bench, 11, true);
    wait_for(bench, &bench->committed_count, 11);
    assert_int_equal(commits(bench), 2);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 5);
    assert_int_equal(bench->snapshot->range_count, 2);
    assert_memory_equal(bench->snapshot->ranges, ranges, sizeof(ranges));
    assert_int_equal(ward_store_mark_records(bench->store, 4, NULL, 0), 0);
    assert_int_equal(ward_store_mark_records(bench->store, 4, NULL, 0), 0);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 5);
    assert_int_equal(ward_store_mark_records(bench->store, 12, NULL, 0), 0); /* beyond the head */
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 5);
}

static void submit_changes(struct bench *bench, const struct ward_store_change *changes, size_t count)
{
    size_t before = bench->committed_count;
    struct ward_store_group group = {.token = 1, .changes = changes, .change_count = count};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, before + 1);
}

static void rows_come_back_as_they_were_put(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_SETTING, .name = {"volume"}, .document = "3"},
        {.kind = WARD_STORE_COMMAND, .name = {"c-1"}, .document = "{\"outcome\":\"done\"}"},
        {.kind = WARD_STORE_COUNTER, .counter = {"k-1", 7}},
        {.kind = WARD_STORE_COUNTER, .counter = {"k-1", 5}},
        {.kind = WARD_STORE_BINDING, .binding = {{"d-1"}, 0xFF, {"p-1"}, {"s-1"}, 100, WARD_UTC_UNKNOWN}},
        {.kind = WARD_STORE_DEVICE,
         .device = {.id = {"d-1"},
                    .address = "C0:11:22:33:44:55",
                    .address_type = "random",
                    .model = {"nonin-3230"},
                    .policy = {"bonded"},
                    .serial_number = "501",
                    .enrolled_at_ms = 99}},
        {.kind = WARD_STORE_PLAN, .plan = {{"p-1"}, 4}, .document = "{\"id\":\"plan\"}"},
        {.kind = WARD_STORE_PATIENT,
         .patient = {.id = {"p-1"},
                     .episode = {"s-1"},
                     .label = "Bed 4",
                     .check_word = "heron",
                     .admitted_at_ms = 90}},
    };
    const struct ward_store_change away[] = {
        {.kind = WARD_STORE_PATIENT_REMOVED, .patient = {.id = {"p-1"}, .admitted_at_ms = 200}},
        {.kind = WARD_STORE_DEVICE_FORGOTTEN, .device = {.id = {"d-1"}, .enrolled_at_ms = 300}},
        {.kind = WARD_STORE_SETTING, .name = {"volume"}},
    };

    open_store(bench);
    submit_changes(bench, changes, 8);
    reopen_store(bench);
    const struct ward_store_change *rows = bench->snapshot->rows;
    assert_int_equal(bench->snapshot->row_count, 7);
    assert_int_equal(rows[0].kind, WARD_STORE_PATIENT);
    assert_memory_equal(&rows[0].patient, &changes[7].patient, sizeof(rows[0].patient));
    assert_int_equal(rows[1].plan.version, 4);
    assert_string_equal(rows[1].document, "{\"id\":\"plan\"}");
    assert_memory_equal(&rows[2].device, &changes[5].device, sizeof(rows[2].device));
    assert_string_equal(rows[3].binding.patient.text, "p-1");
    assert_int_equal(rows[3].binding.slot, 0xFF);
    assert_true(rows[3].binding.until_ms == WARD_UTC_UNKNOWN);
    assert_int_equal(rows[4].counter.counter, 7); /* it only rises */
    assert_string_equal(rows[5].document, "{\"outcome\":\"done\"}");
    assert_string_equal(rows[6].name.text, "volume");

    submit_changes(bench, away, 3);
    reopen_store(bench);
    rows = bench->snapshot->rows;
    assert_int_equal(bench->snapshot->row_count, 3);
    assert_int_equal(rows[0].kind, WARD_STORE_BINDING);
    assert_int_equal(rows[0].binding.until_ms, 200);
}

/* --- reading back ------------------------------------------------------------------------------------------- */

static void queries_filter_newest_first(void **state)
{
    struct bench *bench = *state;
    struct ward_record records[3] = {reading_of(96), reading_of(95), reading_of(94)};
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    open_store(bench);
    set_id(&records[1].reading.device, "d-2");
    set_id(&records[1].reading.patient, "p-2");
    records[1].reading.values[0].quantity = WARD_BODY_TEMPERATURE;
    records[2].reading.measured_at_ms = records[2].reading.received_at_ms = 7;
    submit(bench, 1, true, records, 3);

    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 3);
    assert_int_equal(bench->records[0].reading.seq, 3);
    filter.limit = 2;
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 2);
    filter = (struct ward_store_filter){.since_ms = 8};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 2);
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .device = {"d-2"}};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 1);
    assert_string_equal(bench->records[0].reading.patient.text, "p-2");
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .quantity = WARD_BODY_TEMPERATURE};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 1);
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .patient = {"p-unknown"}};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 0);
}

static void a_query_finds_what_lies_deep(void **state)
{
    struct bench *bench = *state;
    struct ward_record needle = reading_of(50);
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN, .device = {"d-needle"}};

    bench->queue_records = 100000;
    open_store(bench);
    set_id(&needle.reading.device, "d-needle");
    submit(bench, 1, false, &needle, 1);
    for (uint64_t token = 2; token <= 12000; token++) {
        submit_one(bench, token, token == 12000);
    }
    wait_for(bench, &bench->committed_count, 12000);
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.seq, 1);
    fetch(bench, 11900, 20000);
    assert_int_equal(bench->answer_count, WARD_DELIVERY_BATCH_MAX);
    assert_int_equal(bench->records[0].reading.seq, 11900);
}

static void too_many_requests_are_refused(void **state)
{
    struct bench *bench = *state;
    int error = 0;

    open_store(bench);
    block_disk(true);
    submit_one(bench, 1, true);
    wait_until_disk_is_waited_for();
    for (int i = 0; i < 1000 && !error; i++) {
        error = ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench);
    }
    assert_int_equal(error, -EBUSY);
    block_disk(false);
    wait_for_answer(bench);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench), 0);
}

/* --- a slow disk -------------------------------------------------------------------------------------------- */

static void a_slow_disk_holds_nobody_up_and_a_full_queue_is_told(void **state)
{
    struct bench *bench = *state;
    struct ward_store_event event = event_of(1, 1, "{}");
    struct ward_record record = reading_of(88);
    const struct ward_store_group alarm = {
        .token = 77, .records = &record, .record_count = 1, .events = &event, .event_count = 1};

    bench->queue_records = 100;
    open_store(bench);
    block_disk(true);
    submit_one(bench, 1, true);
    wait_until_disk_is_waited_for();
    assert_int_equal(ward_store_submit(bench->store, &alarm), 0);
    for (uint64_t token = 100; token < 400; token++) {
        submit_one(bench, token, false);
    }
    assert_int_equal(ward_store_submit(bench->store, &alarm), 0);
    ward_store_dispatch(bench->store);
    assert_int_equal(bench->committed_count, 0);
    assert_int_equal(bench->dropped_records, 202);
    block_disk(false);
    wait_for(bench, &bench->committed_count, 102);

    assert_int_equal(bench->committed[0].token, 1);
    assert_int_equal(bench->committed[1].token, 0); /* the gap */
    assert_int_equal(bench->committed[2].token, 77);
    assert_int_equal(bench->committed[3].token, 302); /* the oldest went */
    assert_int_equal(bench->committed[101].token, 77);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 102);
    fetch(bench, 2, 2);
    assert_int_equal(bench->records[0].reading.kind, WARD_RECORD_GAP);
    assert_int_equal(bench->records[0].note.subject, 202);
    assert_string_equal(bench->records[0].note.reason.text, "queue-full");
    assert_string_equal(bench->records[0].reading.boot.text, "b-77");
}

static void urgent_groups_are_never_dropped(void **state)
{
    struct bench *bench = *state;

    bench->queue_records = 10;
    open_store(bench);
    block_disk(true);
    submit_one(bench, 1, true);
    wait_until_disk_is_waited_for();
    for (uint64_t token = 2; token <= 100; token++) {
        submit_one(bench, token, true);
    }
    block_disk(false);
    wait_for(bench, &bench->committed_count, 100);
    assert_int_equal(bench->dropped_records, 0);
}

/* --- a broken disk ------------------------------------------------------------------------------------------ */

static void a_failed_flush_loses_and_doubles_nothing(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(1, false);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->troubles, 1);
    assert_int_equal(bench->committed_count, 1);
    assert_int_equal(bench->last_error, -EIO);
    submit_one(bench, 3, true);
    wait_for(bench, &bench->committed_count, 3);
    wait_for(bench, &bench->recoveries, 1);
    assert_int_equal(bench->committed[1].token, 2);
    assert_int_equal(bench->committed[1].first_seq, 2);
    assert_int_equal(bench->committed[2].first_seq, 3);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 3);
    assert_int_equal(bench->replaced, 0);
}

static void a_full_disk_is_told_and_waited_for(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    set_disk(0, true);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->troubles, 2);
    assert_int_equal(bench->last_error, -ENOSPC);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench), 0);
    while (!bench->answered) {
        wait_for(bench, &bench->answer_count, 0);
        ward_store_dispatch(bench->store);
    }
    set_disk(0, false);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->committed[0].first_seq, 1);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 1);
}

/* Somebody put garbage, or an older copy, in the place of the file while it could not be written. */
static void another_file_in_its_place_begins_a_new_epoch(void **state)
{
    struct bench *bench = *state;
    char log[128];

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(0, true);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->troubles, 1);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    unlink(log);
    unlink(bench->path);
    set_disk(0, false);
    wait_for(bench, &bench->replaced, 1);
    wait_for(bench, &bench->committed_count, 2);
    assert_string_not_equal(bench->new_epoch.text, bench->snapshot->epoch.text);
    assert_int_equal(bench->committed[1].token, 2);
    assert_int_equal(bench->committed[1].first_seq, 1);
    assert_int_equal(check_chain(bench, bench->new_epoch.text), 1);
}

/* --- files that cannot be used ------------------------------------------------------------------------------ */

static void write_file(const char *path, const char *octets, size_t count)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(octets, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void expect_file(const char *path, const char *octets, size_t count)
{
    char found[4096];
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_int_equal(fread(found, 1, sizeof(found), file), count);
    assert_memory_equal(found, octets, count);
    fclose(file);
}

static void garbage_is_set_aside_and_kept(void **state)
{
    struct bench *bench = *state;
    char garbage[3000], aside[128];

    memset(garbage, 'x', sizeof(garbage));
    for (int n = 1; n <= 2; n++) {
        write_file(bench->path, garbage, sizeof(garbage));
        open_store(bench);
        snprintf(aside, sizeof(aside), "%s.aside-%d", bench->path, n);
        assert_string_equal(bench->snapshot->set_aside, aside);
        assert_non_null(strstr(bench->snapshot->set_aside_reason, bench->path));
        assert_int_equal(bench->snapshot->head_seq, 0);
        expect_file(aside, garbage, sizeof(garbage));
        submit_one(bench, 1, true);
        wait_for(bench, &bench->committed_count, (size_t)n);
        close_store(bench);
    }
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *connection;
    char *error = NULL;

    assert_int_equal(
        sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, disk.real->zName),
        SQLITE_OK);
    if (sqlite3_exec(connection, sql, NULL, NULL, &error) != SQLITE_OK) {
        fail_msg("%s", error);
    }
    sqlite3_close(connection);
}

static void a_database_of_another_program_is_set_aside(void **state)
{
    struct bench *bench = *state;

    run_sql(bench->path, "CREATE TABLE photo (name TEXT)");
    open_store(bench);
    assert_non_null(strstr(bench->snapshot->set_aside_reason, "another program"));
}

static void a_damaged_page_is_set_aside(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, true);
    close_store(bench);
    run_sql(bench->path, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'meta'");
    open_store(bench);
    assert_string_not_equal(bench->snapshot->set_aside, "");
    assert_int_equal(bench->snapshot->head_seq, 0);
}

static void a_newer_file_is_refused_and_left_alone(void **state)
{
    struct bench *bench = *state;
    char error[WARD_STORE_TEXT_MAX], before[65536], after[65536];
    FILE *file;

    open_store(bench);
    submit_one(bench, 1, true);
    close_store(bench);
    run_sql(bench->path, "PRAGMA user_version = 9999");
    assert_non_null(file = fopen(bench->path, "re"));
    size_t length = fread(before, 1, sizeof(before), file);
    fclose(file);
    assert_int_equal(try_open(bench, error), -EPROTONOSUPPORT);
    assert_non_null(strstr(error, bench->path));
    assert_non_null(strstr(error, "9999"));
    assert_non_null(file = fopen(bench->path, "re"));
    assert_int_equal(fread(after, 1, sizeof(after), file), length);
    fclose(file);
    assert_memory_equal(before, after, length);
    run_sql(bench->path, "PRAGMA user_version = 1");
    open_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 1);
}

static void errors_of_opening_name_the_file(void **state)
{
    struct bench *bench = *state;
    struct bench *other = calloc(1, sizeof(*other));
    char error[WARD_STORE_TEXT_MAX];

    open_store(bench);
    assert_non_null(other);
    *other = (struct bench){0};
    memcpy(other->path, bench->path, sizeof(other->path));
    assert_int_equal(try_open(other, error), -EBUSY);
    assert_non_null(strstr(error, bench->path));
    snprintf(other->path, sizeof(other->path), "%s/none/ward.db", bench->directory);
    assert_int_equal(try_open(other, error), -ENOENT);
    assert_non_null(strstr(error, other->path));
    memcpy(other->path, bench->directory, sizeof(bench->directory));
    assert_int_not_equal(try_open(other, error), 0);
    assert_non_null(strstr(error, other->path));
    free(other);
}

static int expect_strict(void *context, int count, char **values, char **names)
{
    (void)count;
    (void)names;
    assert_string_equal(values[1], "1");
    ++*(int *)context;
    return 0;
}

static void the_tables_are_strict(void **state)
{
    struct bench *bench = *state;
    sqlite3 *connection;
    int tables = 0;

    open_store(bench);
    close_store(bench);
    assert_int_equal(sqlite3_open_v2(bench->path, &connection, SQLITE_OPEN_READWRITE, disk.real->zName),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(connection,
                                  "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"
                                  " AND name NOT LIKE 'sqlite%'",
                                  expect_strict, &tables, NULL),
                     SQLITE_OK);
    sqlite3_close(connection);
    assert_int_equal(tables, 13);
}

/* --- a process that is killed ------------------------------------------------------------------------------- */

struct report {
    uint64_t seq;
    uint8_t chain[32];
};

/* The child: submits without end and writes to the pipe what it was told is committed. */
static void write_until_killed(struct bench *bench, int pipe_in)
{
    size_t told = 0;

    open_store(bench);
    ward_store_set_commit_window(bench->store, 0);
    for (uint64_t token = 1;; token++) {
        submit_one(bench, token, token % 3 == 0);
        ward_store_dispatch(bench->store);
        for (; told < bench->committed_count; told++) {
            const struct told *commit = &bench->committed[told % TOLD_MAX];
            struct report report = {.seq = commit->first_seq};

            memcpy(report.chain, commit->last_chain, 32);
            if (commit->count > 0 && write(pipe_in, &report, sizeof(report)) != (ssize_t)sizeof(report)) {
                _exit(1);
            }
        }
    }
}

static void nothing_that_was_told_is_lost_when_killed(void **state)
{
    struct bench *bench = *state;
    struct report report = {0}, last = {0};
    uint64_t before = 0;

    for (unsigned round = 1; round <= 10; round++) {
        int ends[2];

        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            close(ends[0]);
            write_until_killed(bench, ends[1]);
        }
        close(ends[1]);
        for (unsigned reports = 0; read(ends[0], &report, sizeof(report)) == (ssize_t)sizeof(report);
             reports++) {
            last = report;
            if (reports == 37 * round) {
                kill(child, SIGKILL);
            }
        }
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        open_store(bench);
        assert_true(last.seq > before);
        assert_true(bench->snapshot->head_seq >= last.seq);
        fetch(bench, last.seq, last.seq);
        assert_memory_equal(bench->records[0].reading.chain, last.chain, 32);
        assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), bench->snapshot->head_seq);
        before = bench->snapshot->head_seq;
        close_store(bench);
    }
}

/* --- what it costs ------------------------------------------------------------------------------------------ */

static void a_routine_reading_costs_little(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_group flush = {.token = 1, .urgent = true, .boot = {"b-77"}};
    uint64_t token = 1;
    size_t expected = 0;

    open_store(bench);
    disk.syncs = disk.octets = 0;
    for (int window = 0; window < 100; window++) {
        for (int i = 0; i < 200; i++) {
            submit_one(bench, ++token, false);
        }
        assert_int_equal(ward_store_mark_records(bench->store, token - 200, NULL, 0), 0);
        assert_int_equal(ward_store_submit(bench->store, &flush), 0);
        expected += 201;
        wait_for(bench, &bench->committed_count, expected);
    }
    close_store(bench);
    print_message("%.3f flushes and %.0f octets a reading\n", (double)disk.syncs / 20000,
                  (double)disk.octets / 20000);
    assert_true(disk.syncs * 100 <= 6 * 20000);
    assert_true(disk.octets <= UINT64_C(600) * 20000);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_as_documented),
        STORE_TEST(a_fresh_file_has_an_epoch_and_nothing_else),
        STORE_TEST(seq_and_chain_go_on_over_restarts),
        STORE_TEST(a_close_commits_what_waits),
        STORE_TEST(all_that_waits_is_one_commit),
        STORE_TEST(a_shorter_window_counts_for_what_waits_already),
        STORE_TEST(what_is_not_well_formed_is_refused),
        STORE_TEST(alarm_events_are_kept_until_received),
        STORE_TEST(marks_ride_along_and_never_go_back),
        STORE_TEST(rows_come_back_as_they_were_put),
        STORE_TEST(queries_filter_newest_first),
        STORE_TEST(a_query_finds_what_lies_deep),
        STORE_TEST(too_many_requests_are_refused),
        STORE_TEST(a_slow_disk_holds_nobody_up_and_a_full_queue_is_told),
        STORE_TEST(urgent_groups_are_never_dropped),
        STORE_TEST(a_failed_flush_loses_and_doubles_nothing),
        STORE_TEST(a_full_disk_is_told_and_waited_for),
        STORE_TEST(another_file_in_its_place_begins_a_new_epoch),
        STORE_TEST(garbage_is_set_aside_and_kept),
        STORE_TEST(a_database_of_another_program_is_set_aside),
        STORE_TEST(a_damaged_page_is_set_aside),
        STORE_TEST(a_newer_file_is_refused_and_left_alone),
        STORE_TEST(errors_of_opening_name_the_file),
        STORE_TEST(the_tables_are_strict),
        STORE_TEST(nothing_that_was_told_is_lost_when_killed),
        STORE_TEST(a_routine_reading_costs_little),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
