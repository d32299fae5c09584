/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A file is replaced, and while it is read to be salvaged something fails that may pass: a call of the disk, memory, a place
 * for one more open file, somebody who looks at the file. It is read again after a pause, and nothing is lost over it. What
 * fails for ever is lost in the end, which is told, and life goes on.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "io/store_database.h"
#include "io/store_salvage.h"
#include "store_bench.h"

#define RECORDS    8
#define MORE       90 /* large ones, so that they take some pages */
#define ROUNDS_MAX 400

/* --- a source that cannot be opened, by the linker's --wrap ---------------------------------------------------- */

static struct {
    const char *path; /* NULL: whichever it is */
    unsigned failing; /* so many times from now on */
    unsigned tries;
} source;

int __real_ward_database_open_source(struct ward_database *database, const char *path);
int __wrap_ward_database_open_source(struct ward_database *database, const char *path);

int __wrap_ward_database_open_source(struct ward_database *database, const char *path)
{
    const bool meant = !source.path || strcmp(source.path, path) == 0;

    source.tries += meant ? 1 : 0;
    if (!meant || source.tries > source.failing) {
        return __real_ward_database_open_source(database, path);
    }
    *database = (struct ward_database){.path = path};
    snprintf(database->text, sizeof(database->text), "%s: too many files are open", path);
    return -EMFILE;
}

/* --- what is done ---------------------------------------------------------------------------------------------- */

/* An open file with something of everything. */
static void make_file(struct bench *bench)
{
    const uint8_t octets[] = "state";
    const struct ward_store_event event = event_of(1, 1, "{\"event\":1}");
    const struct ward_store_alarm_state state = {
        .patient = {"p-7f3a"}, .version = 1, .state = octets, .length = sizeof(octets)};
    const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_PATIENT, .patient = {.id = {"p-7f3a"}, .episode = {"s-01"}, .label = "bed 1"}},
        {.kind = WARD_STORE_DEVICE, .device = {.id = {"d-91c2"}, .address = "C0:11:22:33:44:55"}},
        {.kind = WARD_STORE_SETTING, .document = "value", .name = {"key"}},
        {.kind = WARD_STORE_KNOWN, .known = {.device = {"d-91c2"}, .number = 0, .key = {7}}}};
    const struct ward_store_group group = {.token = RECORDS + 1,
                                           .events = &event,
                                           .event_count = 1,
                                           .states = &state,
                                           .state_count = 1,
                                           .changes = changes,
                                           .change_count = sizeof(changes) / sizeof(changes[0])};

    memset(&source, 0, sizeof(source));
    bench->retry_ms = 1;
    bench->committed_count = bench->replaced = bench->attempts = bench->recoveries = bench->troubles = 0;
    open_store(bench);
    for (uint64_t token = 1; token <= RECORDS; token++) {
        submit_one(bench, token, true);
    }
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, RECORDS + 1);
}

static void make_damaged_file(struct bench *bench)
{
    make_file(bench);
    close_store(bench);
    run_sql(bench->path, "UPDATE record SET body = x'00' WHERE seq = 2");
    open_store(bench);
}

/* An answer, whatever it is. */
static void wait_for_any_answer(struct bench *bench)
{
    for (bench->answered = false; !bench->answered;) {
        wait_for_something(bench);
    }
}

static void meet_damage(struct bench *bench)
{
    while (bench->replaced == 0) {
        assert_int_equal(
            ward_store_fetch(bench->store, (struct ward_seq_range){1, RECORDS}, on_records, bench), 0);
        wait_for_any_answer(bench);
    }
}

static void wait_until_all_is_read(struct bench *bench)
{
    struct ward_store_counters counters;

    do {
        ward_store_counters(bench->store, &counters);
        assert_int_equal(ward_store_fetch_past(bench->store, on_past, bench), 0);
        wait_for_any_answer(bench);
    } while (counters.salvaging || bench->attempts > 0 || bench->answer_error != 0);
}

/* So many records are told to be lost, by one gap record or none, and the rest is there. */
static void expect_lost(struct bench *bench, uint64_t lost)
{
    wait_until_all_is_read(bench);
    assert_int_equal(bench->answer_count, RECORDS - lost);
    fetch(bench, 1, UINT32_MAX);
    assert_int_equal(bench->answer_count, lost > 0 ? 1 : 0);
    assert_int_equal(lost > 0 ? bench->records[0].note.subject : 0, lost);
}

/* With what there is, or without anything, comes one row that says that the file was begun anew. */
static void expect_rows(struct bench *bench, size_t of_each)
{
    reopen_store(bench);
    assert_int_equal(bench->snapshot->row_count, 3 * of_each + 1);
    assert_int_equal(bench->snapshot->event_count, of_each);
    assert_int_equal(bench->snapshot->state_count, of_each);
    assert_int_equal(bench->snapshot->known_count, of_each);
}

/* --- the tests ------------------------------------------------------------------------------------------------- */

/* Each call in turn, from the one that meets the damage to the last of salvaging. */
static void nothing_is_lost_over_a_call_that_fails_once(void **state)
{
    static const struct disk_fault faults[] = {
        {.call = DISK_OPEN, .result = SQLITE_CANTOPEN, .system_errno = EMFILE, .count = 1},
        {.call = DISK_READ, .result = SQLITE_IOERR_READ, .system_errno = EIO, .count = 1},
        {.call = DISK_READ, .result = SQLITE_NOMEM, .system_errno = ENOMEM, .count = 1},
        {.call = DISK_WRITE, .result = SQLITE_IOERR_WRITE, .system_errno = EIO, .count = 1},
    };
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct disk_fault fault = faults[i];
        bool more = true;

        for (fault.from = 1; more; fault.from++) {
            assert_true(fault.from < ROUNDS_MAX);
            make_damaged_file(bench);
            set_fault(&fault);
            meet_damage(bench);
            expect_lost(bench, 1);
            more = set_fault(NULL) > 0;
            assert_int_equal(bench->replaced, 1);
            expect_rows(bench, 1);
            close_store(bench);
            remove_files(bench->directory);
        }
        assert_true(fault.from > 5);
    }
}

/* What it has for itself, and what it knows of an epoch before: five records in a file that is gone. */
static void nor_is_anything_of_a_file_that_was_put_back(void **state)
{
    static const struct disk_fault faults[] = {
        {.call = DISK_READ, .result = SQLITE_IOERR_READ, .system_errno = EIO, .count = 1},
        {.call = DISK_READ, .result = SQLITE_NOMEM, .system_errno = ENOMEM, .count = 1},
    };
    struct bench *bench = *state;
    struct ward_record records[MORE];

    for (int i = 0; i < MORE; i++) {
        records[i] = reading_of(60 + i % 40);
        records[i].reading.raw_length = 200;
    }
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct disk_fault fault = faults[i];
        bool more = true;

        for (fault.from = 1; more; fault.from++) {
            assert_true(fault.from < ROUNDS_MAX);
            make_file(bench);
            submit(bench, 100, true, records, MORE);
            wait_for(bench, &bench->committed_count, RECORDS + 2);
            close_store(bench);
            run_sql(bench->path,
                    "INSERT INTO past (epoch, source, first_seq, last_seq, ranges, next_seq, lost, done)"
                    " VALUES ('e-1', '/nowhere', 1, 5, x'', 1, 0, 2);"
                    "UPDATE mark SET opened = 0");
            open_store(bench);
            set_fault(&fault);
            ward_store_put_back(bench->store, 100, 0);
            wait_for(bench, &bench->replaced, 1);
            wait_until_all_is_read(bench);
            more = set_fault(NULL) > 0;
            const size_t past =
                bench->answer_count; /* when the fresh file could not be opened, and was replaced, too */
            fetch(bench, 1, UINT32_MAX);
            assert_int_equal(past + bench->answer_count, RECORDS + MORE + 1);
            assert_int_equal(bench->records[bench->answer_count - 1].note.subject, 5);
            for (size_t j = 0; j + 1 < bench->answer_count; j++) {
                assert_int_not_equal(bench->records[j].reading.kind, WARD_RECORD_GAP);
            }
            expect_rows(bench, 1);
            close_store(bench);
            remove_files(bench->directory);
        }
        assert_true(fault.from > 5);
    }
}

static void nothing_is_lost_over_a_file_that_somebody_looks_at(void **state)
{
    struct bench *bench = *state;
    char aside[128];
    sqlite3 *reader;

    make_damaged_file(bench);
    meet_damage(bench);
    wait_until_all_is_read(bench);
    close_store(bench);
    run_sql(bench->path, "DELETE FROM past_record; UPDATE past SET done = 0, next_seq = 1, lost = 0;"
                         "DELETE FROM record");
    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    source.path = aside;
    source.tries = 0;
    assert_int_equal(sqlite3_open_v2(aside, &reader, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "PRAGMA locking_mode = EXCLUSIVE; SELECT count(*) FROM record",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    open_store(bench);
    while (source.tries < 3) {
        assert_int_equal(ward_store_fetch_past(bench->store, on_past, bench), 0);
        wait_for_any_answer(bench);
        assert_int_equal(bench->answer_count, 0);
    }
    sqlite3_close(reader);
    expect_lost(bench, 1);
}

static void nothing_is_lost_over_a_file_that_can_be_opened_later(void **state)
{
    struct bench *bench = *state;

    make_damaged_file(bench);
    source.failing = 3;
    meet_damage(bench);
    expect_lost(bench, 1);
    expect_rows(bench, 1);
    assert_true(source.tries > source.failing);
}

/* Until then it is not known what the file holds, and nothing of it counts. What comes meanwhile is in the next one, once. */
static void so_it_is_at_the_start(void **state)
{
    struct bench *bench = *state;

    make_file(bench);
    close_store(bench);
    run_sql(bench->path, "PRAGMA ignore_check_constraints = ON; UPDATE mark SET clock = 4");
    source.path = bench->path;
    source.failing = 3;
    bench->committed_count = bench->opened = 0;
    open_store(bench);
    assert_null(bench->snapshot);
    submit_one(bench, 20, true);
    wait_for(bench, &bench->opened, 1);
    assert_true(bench->opened_aside);
    assert_int_equal(bench->opened_events, 1);
    assert_int_equal(bench->troubles, 3);
    wait_for(bench, &bench->recoveries, 1);
    wait_for(bench, &bench->committed_count, 1);
    wait_until_all_is_read(bench);
    assert_int_equal(bench->answer_count, RECORDS);
    fetch(bench, 1, UINT32_MAX);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.kind, WARD_READING_CONTINUOUS);
    assert_int_equal(bench->replaced, 0);
    expect_rows(bench, 1);
}

static void what_can_never_be_opened_is_lost(void **state)
{
    struct bench *bench = *state;

    make_damaged_file(bench);
    source.failing = UINT32_MAX;
    meet_damage(bench);
    expect_lost(bench, RECORDS);
    expect_rows(bench, 0);
}

static void what_can_never_be_opened_again_is_lost(void **state)
{
    struct bench *bench = *state;
    char aside[128];

    make_damaged_file(bench);
    snprintf(aside, sizeof(aside), "%s.aside-1", bench->path);
    source.path = aside;
    source.failing = UINT32_MAX;
    meet_damage(bench);
    expect_lost(bench, RECORDS);
    assert_int_equal(source.tries, WARD_SALVAGE_TRIES + 1);
    expect_rows(bench, 1);
}

/* Nothing waits for that but the ward: it takes what comes meanwhile. */
static void so_is_what_a_file_that_was_put_back_has_for_itself(void **state)
{
    struct bench *bench = *state;

    make_file(bench);
    source.path = bench->path;
    source.failing = UINT32_MAX;
    ward_store_put_back(bench->store, 100, 0);
    wait_for(bench, &bench->replaced, 1);
    assert_int_equal(source.tries, WARD_SALVAGE_TRIES + 1);
    wait_until_all_is_read(bench);
    assert_int_equal(bench->answer_count, 0);
}

/* So it is when the file was damaged once, and is another one by now. */
static void nor_does_anything_wait_when_there_was_damage_before(void **state)
{
    struct bench *bench = *state;

    make_damaged_file(bench);
    meet_damage(bench);
    expect_lost(bench, 1);
    source.path = bench->path;
    source.failing = UINT32_MAX;
    source.tries = 0;
    ward_store_put_back(bench->store, 100, 0);
    wait_for(bench, &bench->replaced, 2);
    assert_int_equal(source.tries, WARD_SALVAGE_TRIES + 1);
}

/* --- what says that the file is a fresh one -------------------------------------------------------------------- */

static bool says_that_it_is_fresh(struct bench *bench)
{
    bool says = false;

    reopen_store(bench);
    for (size_t i = 0; i < bench->snapshot->row_count; i++) {
        says = says || strcmp(bench->snapshot->rows[i].name.text, WARD_STORE_BEGUN) == 0;
    }
    return says;
}

/* Something else is told with it, which is kept. */
static void say_that_it_is_up_to_date(struct bench *bench)
{
    const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_SETTING, .name = {WARD_STORE_BEGUN}},
        {.kind = WARD_STORE_SETTING, .document = "another", .name = {"key"}}};
    const struct ward_store_group group = {
        .token = 200, .urgent = true, .changes = changes, .change_count = 2};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
}

/* It was said when the file before was the present one, and waits for its commit. */
static void what_waited_while_it_was_replaced_is_not_said_of_it(void **state)
{
    struct bench *bench = *state;

    make_damaged_file(bench);
    ward_store_hold(bench->store, true);
    say_that_it_is_up_to_date(bench);
    meet_damage(bench);
    ward_store_hold(bench->store, false);
    wait_for(bench, &bench->committed_count, RECORDS + 2);
    assert_true(says_that_it_is_fresh(bench));
    assert_string_equal(bench->snapshot->rows[bench->snapshot->row_count - 1].document, "another");
    say_that_it_is_up_to_date(bench);
    wait_for(bench, &bench->committed_count, RECORDS + 3);
    assert_false(says_that_it_is_fresh(bench));
}

static void what_is_said_before_it_is_known_is_not_said_of_it(void **state)
{
    struct bench *bench = *state;

    make_damaged_file(bench);
    wait_until_all_is_read(bench);
    const uint64_t before = commits(bench);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, RECORDS}, on_records, bench),
                     0);
    while (commits(bench) == before) {
        sched_yield(); /* the loop hears of nothing */
    }
    say_that_it_is_up_to_date(bench);
    assert_int_equal(bench->replaced, 0);
    wait_for(bench, &bench->replaced, 1);
    wait_for(bench, &bench->committed_count, RECORDS + 2);
    assert_true(says_that_it_is_fresh(bench));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(nothing_is_lost_over_a_call_that_fails_once),
        STORE_TEST(nor_is_anything_of_a_file_that_was_put_back),
        STORE_TEST(nothing_is_lost_over_a_file_that_somebody_looks_at),
        STORE_TEST(nothing_is_lost_over_a_file_that_can_be_opened_later),
        STORE_TEST(so_it_is_at_the_start),
        STORE_TEST(what_can_never_be_opened_is_lost),
        STORE_TEST(what_can_never_be_opened_again_is_lost),
        STORE_TEST(so_is_what_a_file_that_was_put_back_has_for_itself),
        STORE_TEST(nor_does_anything_wait_when_there_was_damage_before),
        STORE_TEST(what_waited_while_it_was_replaced_is_not_said_of_it),
        STORE_TEST(what_is_said_before_it_is_known_is_not_said_of_it),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
