/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A store whose quota, or whose disk, is full: what goes, in which order, and what is told of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_bench.h"

#define QUOTA   (1024 * 1024)
#define GROUP   100
#define EVENTS  40
#define PAYLOAD 2000

static struct ward_store_counters counters_of(struct bench *bench)
{
    struct ward_store_counters counters;

    ward_store_counters(bench->store, &counters);
    return counters;
}

/* Commits groups of records, each delivered at once or not. */
static void submit_many(struct bench *bench, uint64_t groups, bool delivered)
{
    struct ward_record records[GROUP];
    static uint64_t token;

    for (uint64_t i = 0; i < groups; i++) {
        for (int j = 0; j < GROUP; j++) {
            records[j] = reading_of(50 + j % 50);
        }
        size_t before = bench->committed_count;
        submit(bench, ++token, true, records, GROUP);
        wait_for(bench, &bench->committed_count, before + 1);
        const struct told *told = &bench->committed[(bench->committed_count - 1) % TOLD_MAX];
        if (delivered) {
            assert_int_equal(
                ward_store_mark_records(bench->store, told->first_seq + told->count - 1, NULL, 0), 0);
        }
    }
}

static void submit_events(struct bench *bench, bool delivered)
{
    static char payload[PAYLOAD];
    struct ward_store_event events[EVENTS];

    memset(payload, 'x', sizeof(payload) - 1);
    for (uint32_t i = 0; i < EVENTS; i++) {
        events[i] = event_of(delivered ? 1 : 2, i + 1, payload);
        events[i].delivered = delivered;
    }
    const struct ward_store_group group = {.token = 1000000, .events = events, .event_count = EVENTS};
    size_t before = bench->committed_count;
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, before + 1);
}

static void wait_until_quiet(struct bench *bench)
{
    int quiet = 0;

    /* Each answer is a round of the thread, which makes room between rounds; a look may fall into the midst of one. */
    while (quiet < 3) {
        fetch(bench, 1, 1);
        quiet = counters_of(bench).purging ? 0 : quiet + 1;
    }
}

#define MADE_ROOM_MAX 10

/* The chain over what is still there. Returns the first of it. Room that is made between two answers is no hole. */
static uint64_t check_rest(struct bench *bench)
{
    struct ward_chain_text text;
    uint64_t first = 0, seq = 0;
    uint8_t chain[32] = {0};
    unsigned made_room = 0;

    do {
        fetch(bench, seq + 1, UINT32_MAX); /* which fails when one does not follow from the one before */
        if (seq > 0 && bench->answer_count > 0 && bench->records[0].reading.seq > seq + 1) {
            assert_true(++made_room <= MADE_ROOM_MAX);
            first = seq = 0;
        }
        for (size_t i = 0; i < bench->answer_count; i++) {
            struct ward_record record = bench->records[i];

            if (seq > 0) {
                assert_int_equal(record.reading.seq, seq + 1);
                assert_true(ward_store_chain_next(chain, bench->snapshot->epoch.text, &record, &text));
            }
            assert_memory_equal(record.reading.chain, seq > 0 ? record.reading.chain : chain,
                                seq > 0 ? 32 : 0);
            first = first == 0 ? record.reading.seq : first;
            seq = record.reading.seq;
            memcpy(chain, bench->records[i].reading.chain, 32);
        }
    } while (bench->answer_count > 0);
    return first;
}

/* Once no more room is made: a checkpoint lets the file grow once more after it was quiet. Returns the first that is there. */
static uint64_t settle(struct bench *bench, struct ward_store_counters *ret_counters)
{
    uint64_t first;

    do {
        wait_until_quiet(bench);
        *ret_counters = counters_of(bench);
        first = check_rest(bench);
    } while (counters_of(bench).purged_records != ret_counters->purged_records);
    return first;
}

static void on_chain(void *context, int error, const uint8_t *chain)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answer_count = chain ? 1 : 0;
    bench->answered = true;
    if (chain) {
        memcpy(bench->records[0].reading.chain, chain, 32);
    }
}

/* Whether there is a chain at that record; then it is the one of bench->records[0]. */
static bool has_chain(struct bench *bench, uint64_t seq)
{
    assert_int_equal(ward_store_chain(bench->store, seq, on_chain, bench), 0);
    wait_for_answer(bench, 0);
    return bench->answer_count > 0;
}

/* At every record that is there, and at the last that made room. */
static void check_lookups(struct bench *bench, uint64_t first, uint64_t head)
{
    uint8_t begin[32], chain[32];

    ward_store_chain_begin(bench->snapshot->epoch.text, begin);
    assert_true(has_chain(bench, 0));
    assert_memory_equal(bench->records[0].reading.chain, begin, 32);
    fetch(bench, first, first);
    memcpy(chain, bench->records[0].reading.chain, 32);
    assert_true(has_chain(bench, first));
    assert_memory_equal(bench->records[0].reading.chain, chain, 32);
    assert_true(has_chain(bench, head));
    assert_true(has_chain(bench, first - 1));
    assert_false(has_chain(bench, first - 2));
    assert_false(has_chain(bench, head + 1));
}

static void what_the_ward_has_makes_room_first(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_filter all = {.since_ms = WARD_UTC_UNKNOWN, .device = {"d-91c2"}, .limit = 1000};

    bench->quota_octets = QUOTA;
    bench->log_pages = 40;
    open_store(bench);
    submit_events(bench, false);
    submit_many(bench, 120, true);
    submit_many(bench, 5, false); /* these the ward does not have */
    struct ward_store_counters counters;
    const uint64_t first = settle(bench, &counters);
    assert_true(counters.purged_records > 1000);
    assert_int_equal(counters.given_up_records, 0);
    assert_int_equal(bench->given_up, 0);
    assert_int_equal(counters.quota_octets, QUOTA);
    assert_true(first > 1000 && first <= 12001);
    assert_int_equal(first, counters.purged_records + 1);
    check_lookups(bench, first, 12500);
    bench->answered = false;
    assert_int_equal(ward_store_query(bench->store, &all, on_records, bench), 0); /* and it comes to an end */
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 1000);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 12500);
    assert_int_equal(bench->snapshot->event_count, EVENTS);
    check_rest(bench);
    submit_many(bench, 1, false);
    assert_true(check_rest(bench) >= first); /* one more may be the one for which room has to be made */
}

static void what_the_ward_does_not_have_goes_last_and_is_told(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_filter history = {.since_ms = WARD_UTC_UNKNOWN, .limit = 10};
    uint64_t told = 0;

    bench->quota_octets = QUOTA;
    bench->log_pages = 40;
    open_store(bench);
    submit_events(bench, true);
    submit_events(bench, false);
    submit_many(bench, 120, false);
    struct ward_store_counters counters;
    const uint64_t first = settle(bench, &counters);
    assert_true(counters.given_up_records > 1000);
    assert_int_equal(counters.given_up_records, counters.purged_records);
    assert_int_equal(bench->given_up, counters.given_up_records);
    assert_int_equal(first, bench->given_up_through + 1);
    for (uint64_t seq = bench->given_up_through + 1;; seq += bench->answer_count) {
        fetch(bench, seq, UINT32_MAX);
        if (bench->answer_count == 0) {
            break;
        }
        for (size_t i = 0; i < bench->answer_count; i++) {
            if (bench->records[i].reading.kind == WARD_RECORD_GAP) {
                assert_string_equal(bench->records[i].note.reason.text, "quota");
                told += bench->records[i].note.subject;
            }
        }
    }
    assert_int_equal(told, counters.given_up_records);
    assert_int_equal(ward_store_alarm_history(bench->store, &history, on_events, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 10);
    assert_int_equal(bench->events[0].id.octets[0], 2); /* those that the ward had went before */
    reopen_store(bench);
    assert_int_equal(bench->snapshot->event_count, EVENTS); /* undelivered alarms never go */
    assert_int_equal(bench->snapshot->through, bench->given_up_through);
}

/* A file that holds more than the quota of what the ward does not have; a copy is at full. */
static void make_full(struct bench *bench, char full[static 128])
{
    char command[512];

    open_store(bench);
    submit_many(bench, 160, false);
    close_store(bench);
    snprintf(full, 128, "%s/full.db", bench->directory);
    snprintf(command, sizeof(command), "cp %s %s", bench->path, full);
    assert_int_equal(system(command), 0);
}

/* The first record that is there, and of how many the gap records tell. */
static uint64_t first_and_told(struct bench *bench, uint64_t *ret_told)
{
    uint64_t first = 0;

    *ret_told = 0;
    for (uint64_t seq = 1;; seq = bench->records[bench->answer_count - 1].reading.seq + 1) {
        fetch(bench, seq, UINT32_MAX);
        if (bench->answer_count == 0) {
            return first;
        }
        first = first == 0 ? bench->records[0].reading.seq : first;
        for (size_t i = 0; i < bench->answer_count; i++) {
            const struct ward_record *record = &bench->records[i];

            *ret_told += record->reading.kind == WARD_RECORD_GAP ? record->note.subject : 0;
        }
    }
}

/* A flush that fails, and whose transaction is in the file all the same; or is the last that the process did. */
static void make_room_and_fail(struct bench *bench, uint64_t flush, bool dies)
{
    pid_t child = dies ? fork() : 0;

    assert_true(child >= 0);
    if (child == 0) {
        bench->retry_ms = dies ? 20000 : 1;
        bench->quota_octets = QUOTA;
        bench->troubles = bench->attempts = bench->recoveries = 0;
        bench->given_up = bench->given_up_through = 0;
        set_fault(&(struct disk_fault){.call = DISK_SYNC,
                                       .result = SQLITE_IOERR_FSYNC,
                                       .system_errno = EIO,
                                       .from = flush,
                                       .count = dies ? UINT32_MAX : 1});
        open_store(bench);
        wait_for(bench, &bench->troubles, 1);
        if (dies) {
            _exit(0);
        }
        wait_for(bench, &bench->recoveries, 1);
        set_fault(NULL);
        wait_until_quiet(bench);
        close_store(bench);
        return;
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void what_is_given_up_is_in_a_gap_record_whatever_fails(void **state)
{
    struct bench *bench = *state;
    char full[128], command[512], *const path = bench->path;
    uint64_t told, gone = 0;

    make_full(bench, full);
    for (uint64_t flush = 4; flush <= 8; flush++) {
        for (int dies = 0; dies <= 1; dies++) {
            snprintf(command, sizeof(command), "rm -f %s-wal; cp %s %s", path, full, path);
            assert_int_equal(system(command), 0);
            make_room_and_fail(bench, flush, dies == 1);
            bench->quota_octets = 0;
            open_store(bench);
            uint64_t first = first_and_told(bench, &told);
            assert_int_equal(told, first - 1);
            assert_true(dies || bench->given_up == told);
            gone += told;
            close_store(bench);
        }
    }
    assert_true(gone > 0);
}

static void a_full_disk_gives_up_its_ballast(void **state)
{
    struct bench *bench = *state;
    char ballast[128];

    bench->ballast_octets = 65536;
    bench->retry_ms = 1;
    bench->log_pages = 4;
    snprintf(ballast, sizeof(ballast), "%s.ballast", bench->path);
    open_store(bench);
    submit_many(bench, 1, true);
    assert_int_equal(access(ballast, F_OK), 0);
    assert_true(counters_of(bench).ballast);
    set_fault(&(struct disk_fault){
        .call = DISK_WRITE, .result = SQLITE_FULL, .system_errno = ENOSPC, .while_exists = ballast});
    submit_many(bench, 1, true);
    assert_true(bench->troubles > 0);
    assert_int_equal(bench->last_error, -ENOSPC);
    wait_for(bench, &bench->recoveries, 1);
    assert_true(set_fault(NULL) > 0);
    submit_many(bench, 1, true);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 300);
    check_rest(bench);
    submit_many(bench, 1, true);
    assert_int_equal(access(ballast, F_OK), 0); /* there is room again */
}

/* Nothing says how large the file may be; the disk does. */
static void a_full_disk_makes_the_file_do_with_what_it_has(void **state)
{
    struct bench *bench = *state;

    bench->retry_ms = 1;
    bench->log_pages = 40;
    open_store(bench);
    submit_many(bench, 100, true);
    submit_many(bench, 50, false);
    set_fault(&(struct disk_fault){
        .call = DISK_WRITE, .result = SQLITE_FULL, .system_errno = ENOSPC, .from = 1, .count = 1});
    submit_many(bench, 10, false);
    wait_for(bench, &bench->recoveries, 1);
    wait_until_quiet(bench);
    struct ward_store_counters counters = counters_of(bench);
    assert_true(counters.purged_records > 500);
    assert_int_equal(counters.given_up_records, 0);
    submit_many(bench, 200, false); /* when only what the ward does not have is left, it stays */
    const uint64_t first = settle(bench, &counters);
    assert_int_equal(counters.given_up_records, 0);
    assert_int_equal(first, counters.purged_records + 1);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 36000);
}

static void ignore_records(void *context, int error, const struct ward_record *records, size_t count)
{
    (void)context;
    (void)records;
    (void)count;
    assert_int_equal(error, 0);
}

static void on_verified(void *context, int error, uint64_t first, uint64_t last)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answered = true;
    bench->verified = (struct ward_seq_range){first, last};
}

/* With so much else to read, room is made faster than records are held against the chain. */
static void what_made_room_while_the_chain_was_verified_is_no_damage(void **state)
{
    const struct ward_store_filter none = {.since_ms = WARD_UTC_UNKNOWN, .quantity = WARD_GLUCOSE};
    struct bench *bench = *state;
    struct ward_store_counters counters;

    open_store(bench);
    submit_many(bench, 150, true);
    close_store(bench);
    bench->quota_octets = QUOTA;
    open_store(bench);
    assert_int_equal(ward_store_verify(bench->store, 0, on_verified, bench), 0);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(ward_store_query(bench->store, &none, ignore_records, bench), 0);
    }
    wait_for_answer(bench, 0);
    assert_int_equal(bench->verified.last, 15000);
    const uint64_t first = settle(bench, &counters);
    assert_true(first > 1 && bench->verified.first > 1);
    assert_true(bench->verified.first <= first);
    assert_int_equal(bench->replaced, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_the_ward_has_makes_room_first),
        STORE_TEST(what_the_ward_does_not_have_goes_last_and_is_told),
        STORE_TEST(what_is_given_up_is_in_a_gap_record_whatever_fails),
        STORE_TEST(a_full_disk_gives_up_its_ballast),
        STORE_TEST(a_full_disk_makes_the_file_do_with_what_it_has),
        STORE_TEST(what_made_room_while_the_chain_was_verified_is_no_damage),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
