/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * Every storage fault at every n-th call. The same day's work of a store is done again and again, each time with the
 * next call of a kind failing, once and some times in a row, until a round comes through without meeting the fault.
 * Whenever it strikes: nobody crashes, what was told to be committed is there, what was not told is not there twice,
 * the trouble is told and its end too, and the store goes on without being opened anew.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store_bench.h"

#define GROUPS      9
#define ROUNDS_MAX  4000
#define PAYLOAD_MAX 2000

/* A record that says which of the work it is, and in which there are `count`. */
static struct ward_record record_of(uint64_t token, size_t place)
{
    struct ward_record record = reading_of(90);

    record.reading.mono_us = token * 100 + place;
    return record;
}

/* How many records the group of a token has: spot readings alone, a window of a stream, none. */
static size_t records_of(uint64_t token)
{
    return token % 3 == 0 ? 0 : token % 3 == 1 ? 1 : 4;
}

static void submit_group(struct bench *bench, uint64_t token)
{
    static char payload[PAYLOAD_MAX];
    const uint8_t octets[3] = {1, 2, (uint8_t)token};
    struct ward_record records[4];
    const struct ward_store_alarm_state state = {
        .patient = {"p-7f3a"}, .version = 1, .state = octets, .length = sizeof(octets)};
    const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_PATIENT, .patient = {.id = {"p-7f3a"}, .episode = {"s-01"}, .label = "bed 1"}},
        {.kind = WARD_STORE_COUNTER, .counter = {.kid = "key", .counter = token}}};

    memset(payload, 'a' + (int)(token % 26), sizeof(payload) - 1);
    const struct ward_store_event event = event_of(1, (uint32_t)token, payload);
    for (size_t i = 0; i < records_of(token); i++) {
        records[i] = record_of(token, i);
    }
    const struct ward_store_group group = {.token = token,
                                           .urgent = true,
                                           .boot = {"b-77"},
                                           .now = {.boot_us = token, .utc_ms = 5000},
                                           .records = records,
                                           .record_count = records_of(token),
                                           .events = &event,
                                           .event_count = token % 2,
                                           .states = &state,
                                           .state_count = 1,
                                           .changes = changes,
                                           .change_count = token % 3 == 0 ? 2 : 0};
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
}

/* Opens (again, as a service manager would), commits, marks, moves the log into the file; waits for each step. */
static void work(struct bench *bench)
{
    char error[WARD_STORE_TEXT_MAX] = "";
    int failures = 0;

    while (try_open(bench, error) != 0) {
        assert_true(error[0] != '\0');
        assert_true(++failures < 20);
    }
    for (uint64_t token = 1; token <= GROUPS; token++) {
        submit_group(bench, token);
        wait_for(bench, &bench->committed_count, token);
        if (token % 4 == 0) {
            const struct told *told = &bench->committed[0];

            assert_int_equal(ward_store_mark_records(bench->store, told->first_seq, NULL, 0), 0);
            assert_int_equal(
                ward_store_mark_alarm(bench->store, (struct ward_alarm_key){.id = {{1}}, .n = 1}), 0);
        }
    }
}

/* Each of the groups is there once, in order, as it was submitted and told. */
static void expect_work(struct bench *bench)
{
    uint64_t seq = 0;

    assert_int_equal(bench->snapshot->head_seq, 15);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 15);
    fetch(bench, 1, 15);
    for (uint64_t token = 1; token <= GROUPS; token++) {
        const struct told *told = &bench->committed[token - 1];

        assert_int_equal(told->token, token);
        assert_int_equal(told->count, records_of(token));
        assert_int_equal(told->first_seq, told->count > 0 ? seq + 1 : 0);
        for (size_t i = 0; i < told->count; i++) {
            assert_int_equal(bench->records[seq++].reading.mono_us, token * 100 + i);
        }
        if (told->count > 0) {
            assert_memory_equal(told->last_chain, bench->records[seq - 1].reading.chain, 32);
        }
    }
    assert_int_equal(bench->snapshot->through, 1);
    assert_int_equal(bench->snapshot->event_count, 4); /* of five, the first is delivered */
    assert_int_equal(bench->snapshot->events[0].key.n, 3);
    assert_int_equal(bench->snapshot->state_count, 1);
    assert_int_equal(bench->snapshot->states[0].state[2], GROUPS);
    assert_int_equal(bench->snapshot->row_count, 2);
    assert_string_equal(bench->snapshot->rows[0].patient.label, "bed 1");
    assert_int_equal(bench->snapshot->rows[1].counter.counter, GROUPS);
}

/* What is told to be wrong is told to be over. */
static void wait_for_end_of_trouble(struct bench *bench)
{
    while (bench->attempts > 0) {
        wait_for(bench, &bench->recoveries, bench->recoveries + 1);
    }
}

/* One round. Returns false when the fault was never met. */
static bool round_of(struct bench *bench, const struct disk_fault *fault)
{
    bench->committed_count = bench->troubles = bench->attempts = bench->recoveries = 0;
    set_fault(fault);
    work(bench);
    bool told = bench->troubles > 0;
    if (told) {
        wait_for_end_of_trouble(bench);
    }
    assert_int_equal(bench->replaced, 0); /* and nothing was given up */
    close_store(bench);
    uint64_t hit = set_fault(NULL);
    assert_true(!told || hit > 0);
    open_store(bench);
    assert_string_equal(bench->snapshot->set_aside, "");
    expect_work(bench);
    close_store(bench);
    remove_files(bench->directory);
    return hit > 0;
}

static void sweep(struct bench *bench, struct disk_fault fault)
{
    bool hit = true;

    bench->log_pages = 8;
    bench->retry_ms = 1;
    for (fault.from = 1; hit; fault.from++) {
        assert_true(fault.from < ROUNDS_MAX);
        hit = round_of(bench, &fault);
    }
    print_message("at each of %u calls\n", (unsigned)fault.from - 2);
    assert_true(fault.from > 3);
}

#define SWEEP(name, the_call, the_result, the_errno, half_of_it, in_a_row)                                   \
    static void name(void **state)                                                                           \
    {                                                                                                        \
        sweep(*state, (struct disk_fault){.call = the_call,                                                  \
                                          .result = the_result,                                              \
                                          .system_errno = the_errno,                                         \
                                          .half = half_of_it,                                                \
                                          .count = in_a_row});                                               \
    }

SWEEP(a_file_cannot_be_opened, DISK_OPEN, SQLITE_CANTOPEN, EIO, false, 3)
SWEEP(a_file_cannot_be_opened_for_writing, DISK_OPEN, SQLITE_CANTOPEN, EROFS, false, 1)
SWEEP(a_file_cannot_be_made, DISK_OPEN, SQLITE_CANTOPEN, ENOSPC, false, 1)
SWEEP(reading_fails, DISK_READ, SQLITE_IOERR_READ, EIO, false, 1)
SWEEP(reading_fails_thrice, DISK_READ, SQLITE_IOERR_READ, EIO, false, 3)
SWEEP(writing_fails, DISK_WRITE, SQLITE_IOERR_WRITE, EIO, false, 1)
SWEEP(writing_fails_thrice_and_half_is_written, DISK_WRITE, SQLITE_IOERR_WRITE, EIO, true, 3)
SWEEP(the_disk_is_full, DISK_WRITE, SQLITE_FULL, ENOSPC, false, 3)
SWEEP(the_disk_is_full_and_half_is_written, DISK_WRITE, SQLITE_FULL, ENOSPC, true, 1)
SWEEP(the_disk_may_not_be_written, DISK_WRITE, SQLITE_IOERR_WRITE, EROFS, false, 2)
SWEEP(flushing_fails, DISK_SYNC, SQLITE_IOERR_FSYNC, EIO, false, 1)
SWEEP(flushing_fails_thrice, DISK_SYNC, SQLITE_IOERR_FSYNC, EIO, false, 3)
SWEEP(flushing_finds_the_disk_full, DISK_SYNC, SQLITE_IOERR_FSYNC, ENOSPC, false, 1)
SWEEP(cutting_fails, DISK_TRUNCATE, SQLITE_IOERR_TRUNCATE, EIO, false, 2)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_file_cannot_be_opened),
        STORE_TEST(a_file_cannot_be_opened_for_writing),
        STORE_TEST(a_file_cannot_be_made),
        STORE_TEST(reading_fails),
        STORE_TEST(reading_fails_thrice),
        STORE_TEST(writing_fails),
        STORE_TEST(writing_fails_thrice_and_half_is_written),
        STORE_TEST(the_disk_is_full),
        STORE_TEST(the_disk_is_full_and_half_is_written),
        STORE_TEST(the_disk_may_not_be_written),
        STORE_TEST(flushing_fails),
        STORE_TEST(flushing_fails_thrice),
        STORE_TEST(flushing_finds_the_disk_full),
        STORE_TEST(cutting_fails),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
