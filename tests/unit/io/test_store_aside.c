/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A file that is replaced: the process is killed, or an error comes, at each step of it. Whatever the step, each record that
 * was told to be committed is found afterwards: in the file, or in what was set aside, with its log.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_bench.h"

#define IN_THE_FILE 3
#define IN_THE_LOG  5
#define RECORDS     (IN_THE_FILE + IN_THE_LOG)
#define KILLED      9

/* --- steps that fail, by the linker's --wrap ---------------------------------------------------------------- */

static struct {
    unsigned at; /* the step that fails, from 1 on; 0: none does */
    unsigned seen;
    bool kills; /* … and it is the last of the process */
} fault;

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_fsync(int descriptor);
int __wrap_fsync(int descriptor);

static void begin_fault(unsigned at, bool kills)
{
    fault.at = at;
    fault.seen = 0;
    fault.kills = kills;
}

/* A kill comes before the step: one after it is one before the next. */
static bool fails(void)
{
    bool hit = fault.at > 0 && ++fault.seen == fault.at;

    if (hit && fault.kills) {
        _exit(KILLED);
    }
    errno = hit ? EIO : errno;
    return hit;
}

int __wrap_rename(const char *from, const char *to)
{
    return fails() ? -1 : __real_rename(from, to);
}

int __wrap_fsync(int descriptor)
{
    return fails() ? -1 : __real_fsync(descriptor);
}

/* --- what is done ------------------------------------------------------------------------------------------- */

/* An open file with records, of which the last are in its log alone. */
static void make_file(struct bench *bench, const char *sql)
{
    struct ward_record records[IN_THE_LOG];

    bench->retry_ms = 1;
    bench->committed_count = bench->replaced = bench->attempts = bench->recoveries = 0;
    open_store(bench);
    for (uint64_t token = 1; token <= IN_THE_FILE; token++) {
        submit_one(bench, token, true);
    }
    wait_for(bench, &bench->committed_count, IN_THE_FILE);
    assert_int_equal(ward_store_agreed(bench->store, IN_THE_FILE), 0);
    close_store(bench);
    run_sql(bench->path, sql);
    open_store(bench);
    for (int i = 0; i < IN_THE_LOG; i++) {
        records[i] = reading_of(70 + i);
    }
    submit(bench, 10, true, records, IN_THE_LOG);
    wait_for(bench, &bench->committed_count, IN_THE_FILE + 1);
}

#define DAMAGE "UPDATE record SET body = x'00' WHERE seq = 1"

/* The damage is met; then nothing but the record that has it is missing. */
static void meet_damage(struct bench *bench)
{
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, RECORDS}, on_records, bench),
                     0);
    wait_for(bench, &bench->replaced, 1);
}

static void expect_all_but_the_damaged(struct bench *bench)
{
    wait_until_salvaged(bench);
    assert_int_equal(bench->answer_count, RECORDS - 1);
    for (size_t i = 0; i < bench->answer_count; i++) {
        assert_int_equal(bench->records[i].reading.seq, i + 2);
    }
}

/* A disk that fails again and again where the file lies. Returns how many records were submitted until it was replaced. */
static size_t meet_a_failing_disk(struct bench *bench)
{
    size_t submitted = 0;
    char aside[128];

    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    set_fault(&(struct disk_fault){.call = DISK_WRITE,
                                   .result = SQLITE_IOERR_WRITE,
                                   .system_errno = EIO,
                                   .file = bench->path,
                                   .until_exists = aside});
    while (bench->replaced == 0) {
        submit_one(bench, 100 + ++submitted, true);
        wait_for_something(bench);
    }
    wait_for(bench, &bench->committed_count, IN_THE_FILE + 1 + submitted);
    set_fault(NULL);
    return submitted;
}

/* --- the tests ---------------------------------------------------------------------------------------------- */

/* Returns false when the process came through. */
static bool dies_at(struct bench *bench, unsigned step)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        make_file(bench, DAMAGE);
        begin_fault(step, true);
        meet_damage(bench);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == KILLED;
}

static void a_kill_at_any_step_loses_nothing(void **state)
{
    struct bench *bench = *state;
    char aside[128], fresh[128];
    bool more = true;

    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    snprintf(fresh, sizeof(fresh), "%s.fresh", bench->path);
    for (unsigned step = 1; more; step++) {
        more = dies_at(bench, step);
        assert_true(more || step > 5);
        bench->replaced = 0;
        open_store(bench);
        assert_int_not_equal(access(fresh, F_OK),
                             0); /* nor is what was not finished taken for the file some day */
        if (bench->snapshot->head_seq == RECORDS) { /* it had not begun */
            meet_damage(bench);
        } else if (bench->snapshot->set_aside[0] != '\0') {
            assert_string_equal(bench->snapshot->set_aside, aside);
        }
        assert_int_equal(access(aside, F_OK), 0);
        expect_all_but_the_damaged(bench);
        close_store(bench);
        remove_files(bench->directory);
    }
}

/* What came since the file was put back has it for itself: in the file, or in the one that was set aside in the end. */
static void an_error_at_any_step_loses_nothing_of_a_file_that_was_put_back(void **state)
{
    struct bench *bench = *state;
    bool more = true;

    for (unsigned step = 1; more; step++) {
        make_file(bench, "SELECT 1");
        begin_fault(step, false);
        ward_store_put_back(bench->store, 100, 0);
        wait_for(bench, &bench->replaced, 1);
        wait_for(bench, &bench->recoveries, bench->attempts > 0 ? 1 : 0);
        more = fault.seen >= step;
        assert_true(more || step > 5);
        begin_fault(0, false);
        fetch(bench, 1, RECORDS);
        size_t found = bench->answer_count;
        wait_until_salvaged(bench);
        found += bench->answer_count;
        assert_int_equal(found, IN_THE_LOG);
        close_store(bench);
        remove_files(bench->directory);
    }
}

/* … and it is tried again with the same reason; what the fresh file never had is not counted as lost. */
static void an_error_at_any_step_loses_nothing_on_a_failing_disk(void **state)
{
    struct bench *bench = *state;
    bool more = true;

    bench->log_pages = 4;
    for (unsigned step = 1; more; step++) {
        make_file(bench, "SELECT 1");
        begin_fault(step, false);
        size_t submitted = meet_a_failing_disk(bench);
        more = fault.seen >= step;
        assert_true(more || step > 5);
        begin_fault(0, false);
        wait_until_salvaged(bench);
        assert_string_equal(bench->past_epoch.text, bench->snapshot->epoch.text);
        size_t found = bench->answer_count;
        fetch(bench, 1, UINT32_MAX);
        found += bench->answer_count;
        assert_int_equal(found, RECORDS + submitted); /* and no gap record */
        close_store(bench);
        remove_files(bench->directory);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_kill_at_any_step_loses_nothing),
        STORE_TEST(an_error_at_any_step_loses_nothing_of_a_file_that_was_put_back),
        STORE_TEST(an_error_at_any_step_loses_nothing_on_a_failing_disk),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
