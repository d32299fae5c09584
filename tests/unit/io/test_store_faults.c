/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * The store on a slow disk, a broken one, with files that are none, killed; and what it costs.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_bench.h"

/* --- a slow disk -------------------------------------------------------------------------------------------- */

static void every_commit_is_flushed(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    for (uint64_t token = 1; token <= 20; token++) {
        uint64_t before = disk.syncs;

        submit_one(bench, token, true);
        wait_for(bench, &bench->committed_count, token);
        assert_true(disk.syncs > before);
    }
}

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

/*
 * One failed flush: the log is put right when the file is closed, and the transaction is written again. Two: closing
 * fails as well, and the transaction is found to be in the file. More: opening fails, some times.
 */
static void failed_flushes_lose_and_double_nothing(void **state)
{
    struct bench *bench = *state;
    size_t told = 0;

    open_store(bench);
    for (int failing = 1; failing <= 5; failing++) {
        submit_one(bench, ++told, true);
        wait_for(bench, &bench->committed_count, told);
        bench->troubles = 0;
        set_disk(failing, SQLITE_OK);
        submit_one(bench, ++told, true);
        wait_for(bench, &bench->troubles, 1);
        assert_int_equal(bench->committed_count, told - 1);
        assert_int_equal(bench->last_error, -EIO);
        submit_one(bench, ++told, true);
        wait_for(bench, &bench->committed_count, told);
        wait_for(bench, &bench->recoveries, (size_t)failing);
    }
    for (size_t i = 0; i < told; i++) {
        assert_int_equal(bench->committed[i].token, i + 1);
        assert_int_equal(bench->committed[i].first_seq, i + 1);
    }
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), told);
    assert_int_equal(bench->replaced, 0);
}

/* Also what came while nothing could be written. */
static void a_close_in_trouble_commits_all_when_the_disk_is_good_again(void **state)
{
    struct bench *bench = *state;

    bench->retry_ms = 20000;
    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(1, SQLITE_OK);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->troubles, 1);
    submit_one(bench, 3, true);
    submit_one(bench, 4, false);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 4);
    assert_int_equal(bench->replaced, 0);
}

static void a_full_disk_is_told_and_waited_for(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(0, SQLITE_FULL);
    submit_one(bench, 2, true);
    for (uint64_t attempts = 1; attempts <= 3; attempts++) {
        wait_for(bench, &bench->troubles, attempts);
        assert_int_equal(bench->last_error, -ENOSPC);
        fetch(bench, 1, 2); /* the ward goes on getting what there is */
        assert_int_equal(bench->answer_count, 1);
    }
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(bench->committed[1].first_seq, 2);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 2);
}

static void while_a_disk_fails_nobody_is_kept_waiting(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    set_disk(0, SQLITE_IOERR_WRITE);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->troubles, 1);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench), 0);
    wait_for_answer(bench, -EIO);
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->committed_count, 1);
}

/*
 * The disk lets nobody open a file and takes nothing: after two failures the file is closed, and stays so. It is no error of
 * the disk, after some of which another file would be tried.
 */
static void keep_file_closed(struct bench *bench, uint64_t token)
{
    const struct disk_fault fault = {
        .call = DISK_OPEN, .result = SQLITE_CANTOPEN, .system_errno = EACCES, .from = 1, .count = UINT64_MAX};

    set_fault(&fault);
    set_disk(0, SQLITE_IOERR_WRITE);
    submit_one(bench, token, true);
    wait_for(bench, &bench->troubles, 2);
}

static void let_file_be_opened(int write_result)
{
    set_disk(0, write_result);
    set_fault(NULL);
}

/* An older copy, put there while the file was closed, is not read as what it was. */
static void on_a_full_disk_another_file_is_not_read(void **state)
{
    struct bench *bench = *state;
    char log[128], copy[128], log_of_copy[128];

    snprintf(log, sizeof(log), "%s-wal", bench->path);
    snprintf(copy, sizeof(copy), "%s/copy", bench->directory);
    snprintf(log_of_copy, sizeof(log_of_copy), "%s/copy-wal", bench->directory);
    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    copy_file(bench->path, copy);
    copy_file(log, log_of_copy);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 2);
    keep_file_closed(bench, 3);
    assert_int_equal(rename(copy, bench->path), 0);
    assert_int_equal(rename(log_of_copy, log), 0);
    let_file_be_opened(SQLITE_FULL);
    wait_for(bench, &bench->troubles, 4);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench), 0);
    wait_for_answer(bench, -EIO);
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->replaced, 1);
    wait_for(bench, &bench->committed_count, 3);
}

/* Somebody put garbage, or an older copy, in the place of the file while it could not be written. */
static void another_file_in_its_place_begins_a_new_epoch(void **state)
{
    struct bench *bench = *state;
    char log[128];

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    keep_file_closed(bench, 2);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    unlink(log);
    unlink(bench->path);
    let_file_be_opened(SQLITE_OK);
    wait_for(bench, &bench->replaced, 1);
    wait_for(bench, &bench->committed_count, 2);
    assert_string_not_equal(bench->new_epoch.text, bench->snapshot->epoch.text);
    assert_int_equal(bench->committed[1].token, 2);
    assert_int_equal(bench->committed[1].first_seq, 1);
    assert_int_equal(check_chain(bench, bench->new_epoch.text), 1);
}

/* What was committed since the copy was made is lost, and that is told. */
static void an_older_copy_in_its_place_is_a_loss(void **state)
{
    struct bench *bench = *state;
    char copy[128], log[128];

    bench->retry_ms = 1;
    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    close_store(bench);
    snprintf(copy, sizeof(copy), "%s.copy", bench->path);
    copy_file(bench->path, copy);
    open_store(bench);
    submit_one(bench, 2, true);
    submit_one(bench, 3, true);
    wait_for(bench, &bench->committed_count, 3);
    keep_file_closed(bench, 4);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    unlink(log);
    assert_int_equal(rename(copy, bench->path), 0);
    let_file_be_opened(SQLITE_OK);
    wait_for(bench, &bench->replaced, 1);
    wait_until_salvaged(bench);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.seq, 1);
    fetch(bench, 1, UINT32_MAX);
    assert_int_equal(bench->answer_count, 2);
    assert_int_equal(bench->records[1].reading.kind, WARD_RECORD_GAP);
    assert_int_equal(bench->records[1].note.subject, 2);
}

/* The store has something to say, and nobody has listened yet. */
static void wait_unheard(const struct bench *bench)
{
    struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

    assert_int_equal(poll(&readable, 1, 60000), 1);
}

/* A receipt of the old epoch that still waits to be written says nothing of the new one, whenever it was marked. */
static void what_the_ward_had_of_the_old_epoch_is_not_of_the_new(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(ward_store_mark_records(bench->store, 1, NULL, 0), 0);
    set_disk(0, SQLITE_CORRUPT);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->troubles, 1);
    set_disk(0, SQLITE_OK);
    wait_unheard(bench);
    assert_int_equal(ward_store_mark_records(bench->store, 1, NULL, 0), 0); /* the loop does not know yet */
    wait_for(bench, &bench->replaced, 1);
    wait_for(bench, &bench->committed_count, 2);
    reopen_store(bench);
    assert_string_equal(bench->snapshot->epoch.text, bench->new_epoch.text);
    assert_int_equal(bench->snapshot->through, 0);

    assert_int_equal(ward_store_mark_records(bench->store, 1, NULL, 0), 0);
    submit_one(bench, 3, true);
    wait_for(bench, &bench->committed_count, 3);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 1);
}

static void damage_found_while_writing_begins_a_new_epoch(void **state)
{
    struct bench *bench = *state;
    char aside[128];

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(0, SQLITE_CORRUPT);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->troubles, 1);
    assert_int_equal(bench->last_error, -EUCLEAN);
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(bench->replaced, 1);
    assert_int_equal(bench->committed[1].first_seq, 1);
    assert_int_equal(check_chain(bench, bench->new_epoch.text), 1);
    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    assert_int_equal(access(aside, F_OK), 0);
}

/* The blocks where the file lies are gone; others take data. */
static void a_file_that_fails_again_and_again_makes_way_for_another(void **state)
{
    struct bench *bench = *state;
    char aside[128];

    bench->retry_ms = 1;
    bench->log_pages = 4;
    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    set_fault(&(struct disk_fault){.call = DISK_WRITE,
                                   .result = SQLITE_IOERR_WRITE,
                                   .system_errno = EIO,
                                   .file = bench->path,
                                   .until_exists = aside});
    submit_one(bench, 2, true);
    while (bench->replaced == 0) {
        submit_one(bench, 3, true);
        wait_for_something(bench);
    }
    assert_true(bench->troubles >= 8);
    assert_int_equal(bench->last_error, -EIO);
    wait_for(bench, &bench->recoveries, 1);
    assert_true(set_fault(NULL) > 0);
    assert_int_equal(access(aside, F_OK), 0);
    /* It could be read all the same: what the ward does not have is not lost. */
    for (bench->answer_count = 0; bench->answer_count == 0;) {
        assert_int_equal(ward_store_fetch_past(bench->store, on_past, bench), 0);
        wait_for_answer(bench, 0);
    }
    assert_string_equal(bench->past_epoch.text, bench->snapshot->epoch.text);
    assert_int_equal(bench->records[0].reading.seq, 1);
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
    assert_int_equal(try_open(other, error), 0); /* which may be there by and by: test_store_start.c */
    close_store(other);
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
    assert_int_equal(tables, 17);
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

/* Flushes and octets of a run of readings in windows of that many, each with a delivery mark; checkpoints included. */
static void measure(struct bench *bench, int readings, int windows)
{
    const struct ward_store_group flush = {.token = 1, .urgent = true, .boot = {"b-77"}};
    uint64_t token = 1;

    open_store(bench);
    bench->committed_count = 0;
    disk.syncs = disk.octets = 0;
    for (int window = 1; window <= windows; window++) {
        for (int i = 0; i < readings; i++) {
            submit_one(bench, ++token, false);
        }
        assert_int_equal(ward_store_mark_records(bench->store, token - (uint64_t)readings, NULL, 0), 0);
        assert_int_equal(ward_store_submit(bench->store, &flush), 0);
        wait_for(bench, &bench->committed_count, (size_t)(window * (readings + 1)));
    }
    close_store(bench);
}

/* 20 readings a second in windows of 10 s, and one stream of 1 Hz. */
static void a_routine_reading_costs_little(void **state)
{
    static const struct {
        int readings, windows;
        uint64_t flushes_of_100, octets_of_1;
    } runs[] = {{200, 100, 6, 600}, {10, 2000, 12, 1388}};
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        uint64_t readings = (uint64_t)runs[i].readings * (uint64_t)runs[i].windows;

        measure(bench, runs[i].readings, runs[i].windows);
        print_message("%d a commit: %.3f flushes and %.0f octets a reading\n", runs[i].readings,
                      (double)disk.syncs / (double)readings, (double)disk.octets / (double)readings);
        assert_true(disk.syncs * 100 <= runs[i].flushes_of_100 * readings);
        assert_true(disk.octets <= runs[i].octets_of_1 * readings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_commit_is_flushed),
        STORE_TEST(a_slow_disk_holds_nobody_up_and_a_full_queue_is_told),
        STORE_TEST(urgent_groups_are_never_dropped),
        STORE_TEST(failed_flushes_lose_and_double_nothing),
        STORE_TEST(a_close_in_trouble_commits_all_when_the_disk_is_good_again),
        STORE_TEST(a_full_disk_is_told_and_waited_for),
        STORE_TEST(while_a_disk_fails_nobody_is_kept_waiting),
        STORE_TEST(on_a_full_disk_another_file_is_not_read),
        STORE_TEST(a_file_that_fails_again_and_again_makes_way_for_another),
        STORE_TEST(damage_found_while_writing_begins_a_new_epoch),
        STORE_TEST(another_file_in_its_place_begins_a_new_epoch),
        STORE_TEST(an_older_copy_in_its_place_is_a_loss),
        STORE_TEST(what_the_ward_had_of_the_old_epoch_is_not_of_the_new),
        STORE_TEST(garbage_is_set_aside_and_kept),
        STORE_TEST(a_database_of_another_program_is_set_aside),
        STORE_TEST(a_damaged_page_is_set_aside),
        STORE_TEST(errors_of_opening_name_the_file),
        STORE_TEST(the_tables_are_strict),
        STORE_TEST(nothing_that_was_told_is_lost_when_killed),
        STORE_TEST(a_routine_reading_costs_little),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
