/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * Somebody removes the file while it is open, or puts another one in its place.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store_bench.h"

static atomic_int failing_directory_flushes, flushes_until_failure;

/* In place of the C library's. */
int fsync(int descriptor)
{
    struct stat found;

    if (failing_directory_flushes > 0 && fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode) &&
        flushes_until_failure-- <= 0) {
        failing_directory_flushes--;
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, descriptor);
}

static const char *beside(const struct bench *bench, const char *what)
{
    static char name[160];

    snprintf(name, sizeof(name), "%s%s", bench->path, what);
    return name;
}

static void remove_all(const struct bench *bench)
{
    assert_int_equal(unlink(bench->path), 0);
    assert_int_equal(unlink(beside(bench, "-wal")), 0);
}

static void commit_one(struct bench *bench, uint64_t token)
{
    submit_one(bench, token, true);
    wait_for(bench, &bench->committed_count, token);
}

/* All that was ever committed is found at the next start, and is what it was. */
static void assert_all_there(struct bench *bench, uint64_t head)
{
    const struct ward_id epoch = bench->snapshot->epoch;

    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, head);
    assert_string_equal(bench->snapshot->epoch.text, epoch.text);
    assert_string_equal(bench->snapshot->set_aside, "");
    assert_int_equal(check_chain(bench, epoch.text), head);
    assert_int_equal(bench->replaced, 0);
    assert_int_not_equal(access(beside(bench, ".anew"), F_OK), 0);
}

static void a_file_that_is_removed_is_there_again(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    commit_one(bench, 1);
    copy_file(bench->path, beside(bench, ".anew")); /* a crash left it */
    for (size_t times = 1; times <= 2; times++) {
        remove_all(bench);
        commit_one(bench, 1 + times);
        wait_for(bench, &bench->in_place_again, times);
        assert_string_equal(bench->laid_aside, "");
    }
    assert_int_equal(bench->troubles, 0);
    assert_all_there(bench, 3);
}

static void the_log_alone_is_missed_too(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    commit_one(bench, 1);
    assert_int_equal(unlink(beside(bench, "-wal")), 0);
    commit_one(bench, 2);
    wait_for(bench, &bench->in_place_again, 1);
    assert_string_equal(bench->laid_aside, "");
    assert_int_not_equal(access(beside(bench, ".aside-1"), F_OK), 0);
    assert_all_there(bench, 2);
}

/* The backup of one record takes the place of two, by somebody who did not stop the program. */
static void open_and_put_backup_there(struct bench *bench)
{
    char backup[160];

    open_store(bench);
    commit_one(bench, 1);
    snprintf(backup, sizeof(backup), "%s", beside(bench, ".backup"));
    copy_file(bench->path, backup);
    commit_one(bench, 2);
    assert_int_equal(rename(backup, bench->path), 0);
}

static void commit_and_find_backup_aside(struct bench *bench)
{
    commit_one(bench, 3);
    wait_for(bench, &bench->in_place_again, 1);
    assert_string_equal(bench->laid_aside, beside(bench, ".aside-1"));
    assert_int_equal(access(bench->laid_aside, F_OK), 0);
    assert_all_there(bench, 3);
}

static void another_file_makes_way_and_is_kept(void **state)
{
    struct bench *bench = *state;

    open_and_put_backup_there(bench);
    assert_int_equal(unlink(beside(bench, "-wal")), 0);
    copy_file("/dev/null", beside(bench, "-wal"));
    commit_and_find_backup_aside(bench);
    assert_int_equal(access(beside(bench, ".aside-1-wal"), F_OK), 0); /* its own */
}

/* Nothing more is committed: the end of the program is the last chance. */
static void what_is_removed_before_the_end_is_there_at_the_next_start(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    commit_one(bench, 1);
    remove_all(bench);
    assert_all_there(bench, 1);
}

/* As long as no copy can be made, what is open stays open and goes to the ward. */
static void keeps_open_while(struct bench *bench, const struct disk_fault *fault, int error)
{
    uint64_t token = bench->committed_count + 1, recoveries = bench->recoveries + 1;
    size_t there_again = bench->in_place_again;

    set_fault(fault);
    remove_all(bench);
    bench->troubles = 0;
    submit_one(bench, token, true);
    for (uint64_t attempts = 1; attempts <= 3; attempts++) {
        wait_for(bench, &bench->troubles, attempts);
        assert_int_equal(bench->last_error, error);
        fetch(bench, 1, UINT32_MAX);
        assert_int_equal(bench->answer_count, token - 1);
    }
    assert_int_equal(bench->in_place_again, there_again);
    assert_true(set_fault(NULL) >= 3);
    wait_for(bench, &bench->committed_count, token);
    wait_for(bench, &bench->recoveries, recoveries);
    wait_for(bench, &bench->in_place_again, there_again + 1);
}

static void without_a_copy_the_open_file_is_kept_open(void **state)
{
    struct bench *bench = *state;
    char anew[160];
    const struct disk_fault cannot_be_made = {.call = DISK_OPEN,
                                              .result = SQLITE_CANTOPEN,
                                              .system_errno = EACCES,
                                              .file = anew,
                                              .until_exists = "/nowhere"};
    const struct disk_fault full = {
        .call = DISK_WRITE, .result = SQLITE_FULL, .file = anew, .until_exists = "/nowhere"};

    bench->retry_ms = 1;
    snprintf(anew, sizeof(anew), "%s", beside(bench, ".anew"));
    open_store(bench);
    commit_one(bench, 1);
    keeps_open_while(bench, &cannot_be_made, -EACCES);
    keeps_open_while(bench, &full, -ENOSPC);
    assert_all_there(bench, 3);
}

/* What could be written of a copy takes no room when the rest could not. */
static void half_a_copy_is_not_left(void **state)
{
    struct bench *bench = *state;
    char anew[160];
    const struct disk_fault full = {
        .call = DISK_WRITE, .result = SQLITE_FULL, .file = anew, .until_exists = "/nowhere"};

    snprintf(anew, sizeof(anew), "%s", beside(bench, ".anew"));
    open_store(bench);
    commit_one(bench, 1);
    remove_all(bench);
    set_fault(&full);
    close_store(bench);
    assert_true(set_fault(NULL) >= 1);
    assert_int_not_equal(access(anew, F_OK), 0);
}

/* --- what is in place all the same ---------------------------------------------------------------------------- */

/* The log lies beside the file, which need not be where the link to it is. */
static void a_link_to_the_file_stays(void **state)
{
    struct bench *bench = *state;
    char elsewhere[64], file[128];
    struct stat found;

    snprintf(elsewhere, sizeof(elsewhere), "%s", "/tmp/store-XXXXXX");
    assert_non_null(mkdtemp(elsewhere));
    snprintf(file, sizeof(file), "%s/w.db", elsewhere);
    assert_int_equal(symlink(file, bench->path), 0);
    open_store(bench);
    commit_one(bench, 1);
    commit_one(bench, 2);
    assert_int_equal(bench->in_place_again, 0);
    assert_int_equal(lstat(bench->path, &found), 0);
    assert_true(S_ISLNK(found.st_mode));
    assert_all_there(bench, 2);
    close_store(bench);
    remove_files(elsewhere);
    assert_int_equal(rmdir(elsewhere), 0);
}

/* --- the disk fails at the same time -------------------------------------------------------------------------- */

static void a_copy_that_cannot_be_opened_yet_is_opened_later(void **state)
{
    struct bench *bench = *state;
    const struct disk_fault none_left = {.call = DISK_OPEN,
                                         .result = SQLITE_CANTOPEN,
                                         .system_errno = EMFILE,
                                         .file = bench->path,
                                         .until_exists = "/nowhere"};

    bench->retry_ms = 1;
    open_store(bench);
    commit_one(bench, 1);
    remove_all(bench);
    set_fault(&none_left);
    submit_one(bench, 2, true);
    for (uint64_t attempts = 1; attempts <= 3; attempts++) {
        wait_for(bench, &bench->troubles, attempts);
        assert_int_equal(bench->last_error, -EMFILE);
    }
    assert_true(set_fault(NULL) >= 2);
    wait_for(bench, &bench->committed_count, 2);
    assert_all_there(bench, 2);
}

/* Its copy is in place by then: another would only set that aside. The first flush is of what is set aside. */
static void a_copy_in_place_is_not_copied_again(void **state)
{
    struct bench *bench = *state;

    bench->retry_ms = 1;
    open_store(bench);
    commit_one(bench, 1);
    remove_all(bench);
    flushes_until_failure = 1;
    failing_directory_flushes = 1;
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 2);
    failing_directory_flushes = 0;
    assert_true(bench->troubles >= 1);
    assert_int_not_equal(access(beside(bench, ".aside-1"), F_OK), 0);
    assert_all_there(bench, 2);
}

/* With a record, of which no copy can be made; another waits. */
static void open_and_remove_while(struct bench *bench, enum disk_call call, int result)
{
    static char anew[160];
    const struct disk_fault fault = {
        .call = call, .result = result, .file = anew, .until_exists = "/nowhere"};

    bench->retry_ms = 1;
    snprintf(anew, sizeof(anew), "%s", beside(bench, ".anew"));
    open_store(bench);
    commit_one(bench, 1);
    remove_all(bench);
    set_fault(&fault);
    submit_one(bench, 2, true);
}

/* Errors of the disk end in another file, but not while nothing leads to the one that is open. */
static void what_is_open_outlives_many_errors(void **state)
{
    struct bench *bench = *state;

    open_and_remove_while(bench, DISK_OPEN, SQLITE_IOERR);
    wait_for(bench, &bench->troubles, 10);
    assert_int_equal(bench->last_error, -EIO);
    set_fault(NULL);
    wait_for(bench, &bench->committed_count, 2);
    assert_all_there(bench, 2);
}

/* It can be neither copied nor found again: readings go on in another file. */
static void what_is_damaged_and_removed_makes_way(void **state)
{
    struct bench *bench = *state;

    open_and_remove_while(bench, DISK_WRITE, SQLITE_CORRUPT);
    wait_for(bench, &bench->replaced, 1);
    assert_true(set_fault(NULL) >= 1);
    wait_for(bench, &bench->committed_count, 2);
    assert_string_not_equal(bench->new_epoch.text, bench->snapshot->epoch.text);
    assert_int_equal(check_chain(bench, bench->new_epoch.text), 1);
}

/* --- what is not left ----------------------------------------------------------------------------------------- */

/* A log without a file would be kept for ever, and what is erased stay in it. */
static void a_log_is_not_left_without_its_file(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    commit_one(bench, 1);
    assert_int_equal(unlink(bench->path), 0);
    commit_one(bench, 2);
    wait_for(bench, &bench->in_place_again, 1);
    assert_string_equal(bench->laid_aside, "");
    assert_int_not_equal(access(beside(bench, ".aside-1-wal"), F_OK), 0);
    assert_all_there(bench, 2);
}

/* Our log beside another file would become part of that when somebody looks into it. */
static void our_log_does_not_go_with_another_file(void **state)
{
    struct bench *bench = *state;

    open_and_put_backup_there(bench);
    commit_and_find_backup_aside(bench);
    assert_int_not_equal(access(beside(bench, ".aside-1-wal"), F_OK), 0);
}

/* Nobody would erase what is in it. */
static void a_copy_that_a_crash_left_goes_at_the_start(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    commit_one(bench, 1);
    close_store(bench);
    copy_file(bench->path, beside(bench, ".anew"));
    open_store(bench);
    assert_all_there(bench, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_file_that_is_removed_is_there_again),
        STORE_TEST(the_log_alone_is_missed_too),
        STORE_TEST(another_file_makes_way_and_is_kept),
        STORE_TEST(what_is_removed_before_the_end_is_there_at_the_next_start),
        STORE_TEST(without_a_copy_the_open_file_is_kept_open),
        STORE_TEST(half_a_copy_is_not_left),
        STORE_TEST(a_link_to_the_file_stays),
        STORE_TEST(a_copy_that_cannot_be_opened_yet_is_opened_later),
        STORE_TEST(a_copy_in_place_is_not_copied_again),
        STORE_TEST(what_is_open_outlives_many_errors),
        STORE_TEST(what_is_damaged_and_removed_makes_way),
        STORE_TEST(a_log_is_not_left_without_its_file),
        STORE_TEST(our_log_does_not_go_with_another_file),
        STORE_TEST(a_copy_that_a_crash_left_goes_at_the_start),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
