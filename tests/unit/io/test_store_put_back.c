/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A file that was put back: what it has for itself is given to the fresh one, under new numbers.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store_bench.h"

#define COMMON 3

/* The ward has the first records, and they are known to be ours; the process was started anew since. */
static void begin(struct bench *bench)
{
    open_store(bench);
    for (uint64_t token = 1; token <= COMMON; token++) {
        submit_one(bench, token, true);
    }
    wait_for(bench, &bench->committed_count, COMMON);
    assert_int_equal(ward_store_agreed(bench->store, COMMON), 0);
    assert_int_equal(ward_store_mark_records(bench->store, COMMON, NULL, 0), 0);
    reopen_store(bench);
    bench->committed_count = 0;
}

/* Nobody listens until there is something to hear. */
static void wait_unheard(const struct bench *bench)
{
    struct pollfd readable = {.fd = ward_store_fd(bench->store), .events = POLLIN};

    assert_int_equal(poll(&readable, 1, 60000), 1);
}

/* The second receipt was sent before the loop knew of the first file's end. */
static void what_is_said_of_a_file_that_is_set_aside_is_not_said_of_the_next(void **state)
{
    struct bench *bench = *state;

    begin(bench);
    submit_one(bench, 10, true);
    wait_for(bench, &bench->committed_count, 1);
    ward_store_put_back(bench->store, 100, 0);
    wait_unheard(bench);
    ward_store_put_back(bench->store, 101, 0);
    wait_for(bench, &bench->replaced, 1);
    wait_until_salvaged(bench);
    assert_int_equal(bench->replaced, 1);
    fetch(bench, 1, 10);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.values[0].number.mantissa, 60);
    submit_one(bench, 11, true); /* and when it is told, it counts again */
    wait_for(bench, &bench->committed_count, 2);
    ward_store_put_back(bench->store, 100, 0);
    wait_for(bench, &bench->replaced, 2);
}

/* The fresh file is made of what is open, which nothing leads to any more. */
static void what_was_removed_meanwhile_is_not_lost(void **state)
{
    struct bench *bench = *state;
    char log[128];

    begin(bench);
    submit_one(bench, 10, true);
    wait_for(bench, &bench->committed_count, 1);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    assert_int_equal(unlink(bench->path), 0);
    assert_int_equal(unlink(log), 0);
    ward_store_put_back(bench->store, 100, 0);
    wait_for(bench, &bench->replaced, 1);
    wait_until_salvaged(bench);
    fetch(bench, 1, 10);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.values[0].number.mantissa, 60);
}

static struct ward_record void_of(uint64_t subject)
{
    struct ward_record record = {.reading = {.kind = WARD_RECORD_VOID,
                                             .mono_us = 5,
                                             .measured_at_ms = WARD_UTC_UNKNOWN,
                                             .received_at_ms = 5000,
                                             .security = WARD_LINK_NONE},
                                 .note = {.by = {"dr-1"}, .reason = {"wrong"}, .subject = subject}};

    set_id(&record.reading.boot, "b-77");
    return record;
}

/* Of what stands in the file since that spo2. */
static struct ward_record derived_since(int64_t spo2)
{
    struct ward_record record = reading_of(90);

    record.reading.kind = WARD_READING_SPOT;
    record.derived_since_us = reading_of(spo2).reading.mono_us;
    return record;
}

/* Commits them behind the common ones, does that to the file, puts it back. Then the records are those of the next file. */
static void put_back(struct bench *bench, const struct ward_record *records, size_t count, const char *sql)
{
    begin(bench);
    submit(bench, 10, true, records, count);
    wait_for(bench, &bench->committed_count, 1);
    close_store(bench);
    run_sql(bench->path, sql);
    open_store(bench);
    ward_store_put_back(bench->store, 100, 0);
    wait_for(bench, &bench->replaced, 1);
    uint64_t found = check_chain(bench, bench->new_epoch.text);
    fetch(bench, 1, 100);
    assert_int_equal(found, bench->answer_count);
}

static void expect_reading(const struct bench *bench, uint64_t seq, int64_t spo2)
{
    assert_int_equal(bench->records[seq - 1].reading.values[0].number.mantissa, spo2);
}

static void expect_void(const struct bench *bench, uint64_t seq, uint64_t subject)
{
    assert_int_equal(bench->records[seq - 1].reading.kind, WARD_RECORD_VOID);
    assert_int_equal(bench->records[seq - 1].note.subject, subject);
}

static void expect_derived(const struct bench *bench, uint64_t seq, uint64_t first, uint64_t last)
{
    expect_reading(bench, seq, 90);
    assert_int_equal(bench->records[seq - 1].reading.derived_first, first);
    assert_int_equal(bench->records[seq - 1].reading.derived_last, last);
}

/* The last of them tells how many are lost. */
static void expect_gap(const struct bench *bench, uint64_t seq, uint64_t lost)
{
    assert_int_equal(bench->answer_count, seq);
    assert_int_equal(bench->records[seq - 1].reading.kind, WARD_RECORD_GAP);
    assert_string_equal(bench->records[seq - 1].note.reason.text, "database-damaged");
    assert_int_equal(bench->records[seq - 1].note.subject, lost);
}

/* What takes back a record that the ward has of the other file cannot say so in the new numbers. */
static void what_a_record_speaks_of_is_told_in_the_new_numbers(void **state)
{
    const struct ward_record records[] = {void_of(2),        reading_of(70), reading_of(71),
                                          derived_since(70), void_of(5),     reading_of(72)};
    struct bench *bench = *state;

    put_back(bench, records, 6, "SELECT 1");
    expect_reading(bench, 1, 70);
    expect_reading(bench, 2, 71);
    expect_derived(bench, 3, 1, 2);
    expect_void(bench, 4, 1);
    expect_reading(bench, 5, 72);
    expect_gap(bench, 6, 1);
}

static void behind_a_record_that_cannot_be_read_the_others_are_taken_over(void **state)
{
    const struct ward_record records[] = {reading_of(70), reading_of(71),    reading_of(72),
                                          reading_of(73), derived_since(70), void_of(4),
                                          void_of(7),     reading_of(74),    reading_of(75)};
    struct bench *bench = *state;

    /* 4 is damaged, 5 was erased, 11 is not there; 9 takes back what is not there any more. */
    put_back(
        bench, records, 9,
        "UPDATE record SET body = x'00' WHERE seq = 4; UPDATE record SET kind = 255, body = x'' WHERE seq = 5;"
        "DELETE FROM record WHERE seq = 11");
    expect_reading(bench, 1, 72);
    expect_reading(bench, 2, 73);
    expect_derived(bench, 3, 1, 2);
    expect_void(bench, 4, 2);
    expect_reading(bench, 5, 75);
    expect_gap(bench, 6, 3);
}

static void what_is_derived_from_nothing_that_is_left_is_derived_from_itself(void **state)
{
    const struct ward_record records[] = {reading_of(70), reading_of(71), derived_since(70)};
    struct bench *bench = *state;

    put_back(bench, records, 3, "UPDATE record SET body = x'00' WHERE seq IN (4, 5)");
    expect_derived(bench, 1, 1, 1);
    expect_gap(bench, 2, 2);
}

/* It was told when it went. */
static void what_made_room_is_not_lost(void **state)
{
    const struct ward_record records[] = {reading_of(70), reading_of(71), derived_since(70)};
    struct bench *bench = *state;

    put_back(bench, records, 3, "DELETE FROM record WHERE seq <= 4");
    assert_int_equal(bench->answer_count, 2);
    expect_reading(bench, 1, 71);
    expect_derived(bench, 2, 1, 1);
}

/* What only this file has would be taken for what the ward has under its numbers. */
static void one_that_fails_first_was_put_back_all_the_same(void **state)
{
    const struct ward_record own[] = {reading_of(70), reading_of(71)};
    struct bench *bench = *state;

    begin(bench);
    submit(bench, 10, true, own, 2);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(0, SQLITE_CORRUPT);
    submit_one(bench, 11, true);
    wait_for(bench, &bench->troubles, 1);
    ward_store_put_back(bench->store, 100, 0);
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(bench->replaced, 1);
    wait_until_salvaged(bench);
    assert_int_equal(bench->answer_count, 0); /* nothing goes under the numbers that it had */
    fetch(bench, 1, 100);
    assert_int_equal(bench->answer_count, 3);
    expect_reading(bench, 1, 70);
    expect_reading(bench, 2, 71);
}

/* So had one whose damage shows when it is opened again. */
static void so_had_one_that_fails_when_it_is_opened_again(void **state)
{
    const struct ward_record own[] = {reading_of(70), reading_of(71)};
    struct bench *bench = *state;

    begin(bench);
    submit(bench, 10, true, own, 2);
    wait_for(bench, &bench->committed_count, 1);
    set_disk(0, SQLITE_IOERR);
    submit_one(bench, 11, true);
    wait_for(bench, &bench->troubles, 1);
    ward_store_put_back(bench->store, 100, 0);
    /* The first of them, of what is left of the log, may fail. */
    set_fault(&(struct disk_fault){.call = DISK_READ, .result = SQLITE_CORRUPT, .from = 1, .count = 2});
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(set_fault(NULL), 2);
    assert_int_equal(bench->replaced, 1);
    wait_until_salvaged(bench);
    assert_int_equal(bench->answer_count, 0);
    fetch(bench, 1, 100);
    assert_int_equal(bench->answer_count, 3);
    expect_reading(bench, 1, 70);
    expect_reading(bench, 2, 71);
}

/* There is room for a record, and none for another file: that is one trouble, however often it is tried. */
static void without_room_for_another_file_it_is_told_once(void **state)
{
    struct bench *bench = *state;
    char fresh[128];
    struct disk_fault fault = {
        .call = DISK_WRITE, .result = SQLITE_FULL, .file = fresh, .until_exists = "/nowhere"};

    snprintf(fresh, sizeof(fresh), "%s.fresh", bench->path);
    bench->retry_ms = 1;
    begin(bench);
    set_fault(&fault);
    ward_store_put_back(bench->store, 100, 0);
    for (uint64_t times = 1; times <= 4; times++) {
        wait_for(bench, &bench->troubles, times);
        submit_one(bench, 10 + times, true);
        wait_for(bench, &bench->committed_count, times); /* it goes on with the one that there is */
    }
    assert_int_equal(bench->recoveries, 0);
    assert_int_equal(bench->last_error, -ENOSPC);
    set_fault(NULL);
    wait_for(bench, &bench->replaced, 1);
    wait_for(bench, &bench->recoveries, 1);
    fetch(bench, 1, 100);
    assert_int_equal(bench->answer_count, 4);
}

/* Under that number the next file has another record, or will have. */
static void what_takes_back_a_record_is_not_said_in_the_next_epoch(void **state)
{
    const struct ward_record taken_back = void_of(2);
    struct bench *bench = *state;

    begin(bench);
    set_disk(0, SQLITE_CORRUPT);
    submit(bench, 11, true, &taken_back, 1);
    wait_for(bench, &bench->troubles, 1);
    set_disk(0, SQLITE_OK);
    wait_for(bench, &bench->dropped, 1);
    wait_for(bench, &bench->replaced, 1);
    submit_one(bench, 12, true);
    wait_for(bench, &bench->committed_count, 1);
    fetch(bench, 1, 100);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.kind, WARD_READING_CONTINUOUS);
    assert_int_equal(bench->dropped_records, 0);
}

/* It was on its way when the loop did not know yet. */
static void nor_is_what_was_said_before_the_loop_was_told(void **state)
{
    const struct ward_record taken_back = void_of(2);
    struct bench *bench = *state;

    begin(bench);
    ward_store_put_back(bench->store, 100, 0);
    wait_unheard(bench);
    submit(bench, 11, true, &taken_back, 1);
    wait_for(bench, &bench->dropped, 1);
    assert_int_equal(bench->replaced, 1);
    submit(bench, 12, true, &taken_back, 1); /* and of a record of the next */
    wait_for(bench, &bench->committed_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_a_record_speaks_of_is_told_in_the_new_numbers),
        STORE_TEST(behind_a_record_that_cannot_be_read_the_others_are_taken_over),
        STORE_TEST(what_is_derived_from_nothing_that_is_left_is_derived_from_itself),
        STORE_TEST(what_made_room_is_not_lost),
        STORE_TEST(without_room_for_another_file_it_is_told_once),
        STORE_TEST(what_takes_back_a_record_is_not_said_in_the_next_epoch),
        STORE_TEST(nor_is_what_was_said_before_the_loop_was_told),
        STORE_TEST(one_that_fails_first_was_put_back_all_the_same),
        STORE_TEST(so_had_one_that_fails_when_it_is_opened_again),
        STORE_TEST(what_was_removed_meanwhile_is_not_lost),
        STORE_TEST(what_is_said_of_a_file_that_is_set_aside_is_not_said_of_the_next),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
