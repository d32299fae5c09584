/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A store that is opened while its disk takes nothing, or is not there: what it knows, and how it goes on by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_bench.h"

#define RECORDS     3
#define FILE_OCTETS (1 << 20)

static const struct disk_fault read_only = {
    .call = DISK_OPEN, .result = SQLITE_CANTOPEN, .system_errno = EROFS, .from = 1, .count = UINT64_MAX};

/* A file with records, an alarm that the ward does not have, and a patient. */
static void make_file(struct bench *bench)
{
    const struct ward_store_event event = event_of(7, 1, "{}");
    const struct ward_store_change patient = {.kind = WARD_STORE_PATIENT,
                                              .patient = {.id = {"p-7f3a"}, .episode = {"s-01"}}};
    const struct ward_store_group group = {
        .token = 100, .events = &event, .event_count = 1, .changes = &patient, .change_count = 1};

    open_store(bench);
    for (uint64_t token = 1; token <= RECORDS; token++) {
        submit_one(bench, token, true);
    }
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, RECORDS + 1);
}

/* … left as a crash or a clean stop leaves it: with or without its log. */
static void leave_file(struct bench *bench, bool with_log)
{
    char log[128], crashed[128], crashed_log[160];

    make_file(bench);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    snprintf(crashed, sizeof(crashed), "%s/crashed.db", bench->directory);
    snprintf(crashed_log, sizeof(crashed_log), "%s-wal", crashed);
    if (with_log) {
        copy_file(bench->path, crashed);
        copy_file(log, crashed_log);
    }
    close_store(bench);
    if (with_log) {
        assert_int_equal(rename(crashed, bench->path), 0);
        assert_int_equal(rename(crashed_log, log), 0);
    }
    bench->committed_count = 0;
}

/* All that is in the file and its log. Returns how many octets. */
static size_t read_files(const struct bench *bench, char *ret)
{
    const char *const parts[] = {"", "-wal"};
    size_t length = 0;

    for (size_t i = 0; i < 2; i++) {
        char name[128];

        snprintf(name, sizeof(name), "%s%s", bench->path, parts[i]);
        FILE *file = fopen(name, "re");
        if (file) {
            length += fread(ret + length, 1, FILE_OCTETS - length, file);
            fclose(file);
        }
    }
    return length;
}

static void expect_file(const struct bench *bench)
{
    assert_non_null(bench->snapshot);
    assert_int_equal(bench->snapshot->head_seq, RECORDS);
    assert_int_equal(bench->snapshot->event_count, 1);
    assert_int_equal(bench->snapshot->row_count, 1);
    assert_string_equal(bench->snapshot->set_aside, "");
}

static void what_cannot_be_written_is_read(void **state)
{
    struct bench *bench = *state;

    for (int with_log = 0; with_log <= 1; with_log++) {
        leave_file(bench, with_log);
        bench->retry_ms = 10;
        bench->troubles = bench->attempts = bench->recoveries = 0;
        set_fault(&read_only);
        open_store(bench);
        expect_file(bench);
        submit_one(bench, 11, true);
        wait_for(bench, &bench->troubles, 3); /* it tries again by itself */
        assert_int_equal(bench->committed_count, 0);
        assert_int_not_equal(bench->last_error, 0);
        set_fault(NULL);
        wait_for(bench, &bench->committed_count, 1);
        wait_for(bench, &bench->recoveries, 1);
        assert_int_equal(bench->committed[0].first_seq, RECORDS + 1);
        assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), RECORDS + 1);
        assert_int_equal(bench->opened, 0); /* it was known before */
        assert_int_equal(bench->replaced, 0);
        reopen_store(bench);
        assert_int_equal(bench->snapshot->head_seq, RECORDS + 1);
        close_store(bench);
        remove_files(bench->directory);
        bench->committed_count = 0;
    }
}

/* An attempt that succeeds in the midst of it takes nothing of what is held. */
static void what_is_held_is_one_commit_after_trouble_too(void **state)
{
    struct bench *bench = *state;

    leave_file(bench, false);
    bench->retry_ms = 10;
    bench->troubles = bench->recoveries = 0;
    set_fault(&read_only);
    open_store(bench);
    ward_store_hold(bench->store, true);
    submit_one(bench, 11, true);
    set_fault(NULL);
    wait_for(bench, &bench->recoveries, 1);
    assert_int_equal(bench->committed_count, 0);
    submit_one(bench, 12, true);
    ward_store_hold(bench->store, false);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(bench->committed[0].first_seq, RECORDS + 1);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), RECORDS + 2);
}

static void what_is_only_read_stays_as_it_is(void **state)
{
    struct bench *bench = *state;
    char *before = malloc(FILE_OCTETS), *after = malloc(FILE_OCTETS);

    for (int with_log = 0; with_log <= 1; with_log++) {
        leave_file(bench, with_log);
        size_t length = read_files(bench, before);
        set_fault(&read_only);
        open_store(bench);
        expect_file(bench);
        close_store(bench);
        set_fault(NULL);
        assert_int_equal(read_files(bench, after), length);
        assert_memory_equal(before, after, length);
        remove_files(bench->directory);
    }
    free(before);
    free(after);
}

static void a_directory_that_comes_later_is_waited_for(void **state)
{
    struct bench *bench = *state;
    char directory[80];

    snprintf(directory, sizeof(directory), "%s/none", bench->directory);
    snprintf(bench->path, sizeof(bench->path), "%s/ward.db", directory);
    bench->retry_ms = 10;
    bench->quota_octets = 1 << 24;
    open_store(bench);
    assert_null(bench->snapshot);
    submit_one(bench, 1, true);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench), 0);
    wait_for_answer(bench, -EIO); /* and nobody is kept waiting */
    wait_for(bench, &bench->troubles, 3);
    assert_int_equal(bench->last_error, -ENOENT);
    assert_int_equal(bench->opened + bench->committed_count, 0);
    assert_int_equal(mkdir(directory, 0700), 0);
    wait_for(bench, &bench->committed_count, 1);
    wait_for(bench, &bench->recoveries, 1);
    assert_int_equal(bench->opened, 1);
    assert_int_equal(bench->opened_head, 0);
    assert_int_equal(bench->committed[0].first_seq, 1);
    assert_int_equal(check_chain(bench, bench->opened_epoch.text), 1);
    close_store(bench);
    remove_files(directory);
    assert_int_equal(rmdir(directory), 0);
}

static void what_cannot_be_read_is_told_when_it_can(void **state)
{
    struct bench *bench = *state;
    const struct disk_fault fault = {
        .call = DISK_READ, .result = SQLITE_IOERR_READ, .system_errno = EIO, .from = 1, .count = UINT64_MAX};

    leave_file(bench, true);
    bench->retry_ms = 100; /* so that a machine that stalls is none whose file must be set aside */
    set_fault(&fault);
    open_store(bench);
    assert_null(bench->snapshot);
    submit_one(bench, 11, true);
    wait_for(bench, &bench->troubles, 2);
    assert_int_equal(bench->last_error, -EIO);
    set_fault(NULL);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->opened, 1);
    assert_int_equal(bench->opened_head, RECORDS);
    assert_int_equal(bench->opened_events, 1);
    assert_false(bench->opened_aside);
    assert_int_equal(bench->committed[0].first_seq, RECORDS + 1);
    assert_int_equal(check_chain(bench, bench->opened_epoch.text), RECORDS + 1);
}

/* The disk is well but for where this file lies. */
static void what_can_never_be_read_is_set_aside(void **state)
{
    struct bench *bench = *state;
    char aside[128];

    leave_file(bench, false);
    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    const struct disk_fault fault = {.call = DISK_READ,
                                     .result = SQLITE_IOERR_READ,
                                     .system_errno = EIO,
                                     .file = bench->path,
                                     .until_exists = aside};
    bench->retry_ms = 1;
    set_fault(&fault);
    open_store(bench);
    assert_null(bench->snapshot);
    submit_one(bench, 11, true);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->opened, 1);
    assert_true(bench->opened_aside);
    assert_int_equal(access(aside, F_OK), 0);
    assert_int_equal(bench->committed[0].token, 11);
    assert_int_equal(bench->replaced, 0); /* which the first news of the file says already */
}

/* However often it is tried, what waits stays within its bound, and what does not fit is counted. */
static void memory_has_an_end_while_the_disk_takes_nothing(void **state)
{
    struct bench *bench = *state;
    struct ward_store_counters counters;
    uint64_t token = 0;

    bench->queue_records = 10;
    bench->retry_ms = 1;
    open_store(bench);
    set_disk(0, SQLITE_FULL);
    submit_one(bench, ++token, true);
    for (size_t round = 1; round <= 5; round++) {
        wait_for(bench, &bench->troubles, bench->troubles + 1);
        for (int i = 0; i < 10; i++) {
            submit_one(bench, ++token, false);
        }
    }
    ward_store_counters(bench->store, &counters);
    assert_int_equal(counters.queued_records, 10);
    wait_for(bench, &bench->dropped_records, 40);
    set_disk(0, SQLITE_OK);
    ward_store_set_commit_window(bench->store, 1);
    wait_for(bench, &bench->committed_count, 12);
    assert_int_equal(bench->dropped_records, 40);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 12);
    fetch(bench, 2, 2);
    assert_int_equal(bench->records[0].reading.kind, WARD_RECORD_GAP);
    assert_int_equal(bench->records[0].note.subject, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_cannot_be_written_is_read),
        STORE_TEST(what_is_held_is_one_commit_after_trouble_too),
        STORE_TEST(what_is_only_read_stays_as_it_is),
        STORE_TEST(a_directory_that_comes_later_is_waited_for),
        STORE_TEST(what_cannot_be_read_is_told_when_it_can),
        STORE_TEST(what_can_never_be_read_is_set_aside),
        STORE_TEST(memory_has_an_end_while_the_disk_takes_nothing),
    };
    return cmocka_run_group_tests(tests, install_disk, NULL);
}
