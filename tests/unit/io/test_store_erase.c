/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * Erasing an episode: a marker stands in everything that is stored of one patient, among what is stored of another. Then no
 * octet of it is left in any file of the directory, looked at as octets, while the store is open; and what is of the other
 * is there and holds against the chain.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/record.h"
#include "store_bench.h"

#define MARKER  "zqx9marker"
#define PATIENT "p-" MARKER
#define EPISODE "s-" MARKER
#define DEVICE  "d-" MARKER
#define ROUNDS  40

struct outcome {
    bool answered;
    int error;
    struct ward_store_erased erased;
    uint64_t first, last;
};

static void on_erased(void *context, int error, const struct ward_store_erased *erased)
{
    *(struct outcome *)context = (struct outcome){.answered = true, .error = error, .erased = *erased};
}

static void on_verified(void *context, int error, uint64_t first, uint64_t last)
{
    *(struct outcome *)context =
        (struct outcome){.answered = true, .error = error, .first = first, .last = last};
}

static void wait_for_outcome(struct bench *bench, const struct outcome *outcome)
{
    while (!outcome->answered) {
        wait_for_something(bench);
    }
}

static struct outcome erase(struct bench *bench, const char *patient, bool only_count)
{
    struct outcome outcome = {.answered = false};
    struct ward_store_erasure erasure = {.only_count = only_count};

    if (patient[0] != '\0') {
        set_id(&erasure.patient, patient);
        set_id(&erasure.episode, EPISODE);
    }
    assert_int_equal(ward_store_erase(bench->store, &erasure, on_erased, &outcome), 0);
    wait_for_outcome(bench, &outcome);
    return outcome;
}

static struct outcome verify(struct bench *bench)
{
    struct outcome outcome = {.answered = false};

    assert_int_equal(ward_store_verify(bench->store, 1, on_verified, &outcome), 0);
    wait_for_outcome(bench, &outcome);
    return outcome;
}

/* --- what is planted ----------------------------------------------------------------------------------------- */

static struct ward_record record_of(bool marked, uint64_t number)
{
    struct ward_record record = reading_of((int64_t)(90 + number % 10));
    struct ward_reading *reading = &record.reading;

    set_id(&reading->patient, marked ? PATIENT : "p-other");
    set_id(&reading->episode, marked ? EPISODE : "s-other");
    set_id(&reading->device, marked ? DEVICE : "d-other");
    reading->mono_us = number * 1000000;
    reading->characteristic = 0x2a5e;
    reading->raw_length = sizeof(MARKER) - 1;
    memcpy(reading->raw, marked ? MARKER : "0123456789", reading->raw_length);
    return record;
}

static char *long_text(size_t octets)
{
    char *text = malloc(octets + 1);

    for (size_t i = 0; i < octets; i++) {
        text[i] = i % 32 < sizeof(MARKER) - 1 ? MARKER[i % 32] : ' ';
    }
    text[octets] = '\0';
    return text;
}

/* One transaction of each kind, each round other sizes: cells move, pages split, and rows take the place of others. */
static void plant(struct bench *bench, size_t round)
{
    char *plan = long_text(200 + 1500 * (round % 7)), *state = long_text(100 + 900 * (round % 5));
    char payload[256];
    struct ward_record records[4];
    struct ward_store_event event;
    struct ward_store_alarm_state states = {
        .version = 1, .state = (const uint8_t *)state, .length = strlen(state)};
    struct ward_store_change changes[6] = {
        {.kind = WARD_STORE_PATIENT}, {.kind = WARD_STORE_PLAN, .document = plan},
        {.kind = WARD_STORE_BINDING}, {.kind = WARD_STORE_KNOWN},
        {.kind = WARD_STORE_SETTING}, {.kind = WARD_STORE_AUDIT}};
    struct ward_store_group group = {.token = round + 1,
                                     .urgent = true,
                                     .records = records,
                                     .record_count = 4,
                                     .events = &event,
                                     .event_count = 1,
                                     .states = &states,
                                     .state_count = 1,
                                     .changes = changes,
                                     .change_count = 6};

    for (uint64_t i = 0; i < 4; i++) {
        records[i] = record_of((round + i) % 3 != 0, 4 * round + i);
    }
    snprintf(payload, sizeof(payload), "{\"text\":\"" MARKER " %d\"}", (int)round);
    event = event_of((uint8_t)round, 1, payload);
    set_id(&event.patient, PATIENT);
    event.delivered = true;
    set_id(&states.patient, PATIENT);
    set_id(&changes[0].patient.id, PATIENT);
    set_id(&changes[0].patient.episode, EPISODE);
    snprintf(changes[0].patient.label, sizeof(changes[0].patient.label), "label " MARKER);
    snprintf(changes[0].patient.check_word, sizeof(changes[0].patient.check_word), "word " MARKER);
    set_id(&changes[1].plan.patient, PATIENT);
    changes[1].plan.version = (uint32_t)round + 1;
    set_id(&changes[2].binding.device, DEVICE);
    set_id(&changes[2].binding.patient, PATIENT);
    set_id(&changes[2].binding.episode, EPISODE);
    changes[2].binding.from_ms = (int64_t)round;
    changes[2].binding.until_ms = (int64_t)round + 1;
    set_id(&changes[3].known.device, DEVICE);
    changes[3].known.number = round;
    set_id(&changes[4].name, "other-setting");
    changes[4].document = "kept";
    set_id(&changes[5].audit.boot, "b-77");
    changes[5].audit.boot_us = round;
    if (round % 2 == 0) {
        set_id(&changes[5].audit.patient, PATIENT);
    }
    snprintf(changes[5].audit.object, sizeof(changes[5].audit.object), "%s", round % 2 == 0 ? "" : DEVICE);
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    free(plan);
    free(state);
}

static void make_kept(const struct bench *bench, const char *ending)
{
    char path[160];

    snprintf(path, sizeof(path), "%s%s", bench->path, ending);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs("what was set aside: " MARKER, file);
    assert_int_equal(fclose(file), 0);
}

static void plant_all(struct bench *bench)
{
    bench->log_pages = 40; /* so that much of it went into the file, and the pages there were written often */
    open_store(bench);
    for (size_t round = 0; round < ROUNDS; round++) {
        plant(bench, round);
        wait_for(bench, &bench->committed_count, round + 1);
    }
    make_kept(bench, ".aside-1");
    make_kept(bench, ".aside-1-wal");
    make_kept(bench, ".format-2");
}

/* --- what is found ------------------------------------------------------------------------------------------- */

/* How often it stands in the file, octet by octet. */
static size_t occurrences(const char *directory, const char *name)
{
    char path[512];
    struct stat found;
    size_t count = 0;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(stat(path, &found), 0);
    char *octets = malloc((size_t)found.st_size + 1);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    const size_t length = fread(octets, 1, (size_t)found.st_size, file);
    fclose(file);
    for (size_t i = 0; i + sizeof(MARKER) - 1 <= length; i++) {
        count += memcmp(octets + i, MARKER, sizeof(MARKER) - 1) == 0 ? 1 : 0;
    }
    free(octets);
    return count;
}

static size_t occurrences_in_all(const struct bench *bench)
{
    DIR *files = opendir(bench->directory);
    const struct dirent *file;
    size_t count = 0;

    assert_non_null(files);
    while ((file = readdir(files)) != NULL) {
        if (file->d_name[0] != '.') {
            size_t here = occurrences(bench->directory, file->d_name);

            count += here;
            if (here > 0) {
                print_message("%s: %zu\n", file->d_name, here);
            }
        }
    }
    closedir(files);
    return count;
}

static uint64_t marked_records(void)
{
    uint64_t count = 0;

    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < 4; i++) {
            count += (round + i) % 3 != 0 ? 1 : 0;
        }
    }
    return count;
}

/* --- the tests ----------------------------------------------------------------------------------------------- */

static void no_octet_is_left(void **state)
{
    struct bench *bench = *state;

    plant_all(bench);
    assert_true(occurrences_in_all(bench) > 1000);
    struct outcome counted = erase(bench, PATIENT, true);
    assert_int_equal(counted.error, 0);
    assert_true(counted.erased.records == marked_records());
    assert_true(counted.erased.events == ROUNDS && counted.erased.undelivered_events == 0);
    assert_true(counted.erased.bindings == ROUNDS);
    assert_true(occurrences_in_all(bench) > 1000); /* it was only counted */

    struct outcome erased = erase(bench, PATIENT, false);
    assert_int_equal(erased.error, 0);
    assert_true(erased.erased.files == 2);
    assert_true(occurrences_in_all(bench) == 0);
    close_store(bench);
    assert_true(occurrences_in_all(bench) == 0);
}

/* What the ward has is known to be delivered when it is counted, though the marks may wait for a minute otherwise. */
static void what_was_marked_just_now_counts_as_delivered(void **state)
{
    struct bench *bench = *state;
    struct ward_store_event events[2];
    const struct ward_store_group group = {.token = 1, .urgent = true, .events = events, .event_count = 2};

    open_store(bench);
    for (unsigned i = 0; i < 2; i++) {
        events[i] = event_of(7, i + 1, "{}");
        set_id(&events[i].patient, PATIENT);
    }
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, 1);
    assert_true(erase(bench, PATIENT, true).erased.undelivered_events == 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(ward_store_mark_alarm(bench->store, events[i].key), 0);
    }
    assert_true(erase(bench, PATIENT, true).erased.undelivered_events == 0);
}

static void what_is_left_holds_and_goes_on(void **state)
{
    struct bench *bench = *state;

    plant_all(bench);
    assert_int_equal(erase(bench, PATIENT, false).error, 0);
    fetch(bench, 1, 4 * ROUNDS);
    assert_true(bench->answer_count + marked_records() == 4 * ROUNDS);
    for (size_t i = 0; i < bench->answer_count; i++) {
        assert_string_equal(bench->records[i].reading.patient.text, "p-other");
    }
    struct outcome verified = verify(bench);
    assert_int_equal(verified.error, 0);
    assert_true(verified.first == 1 && verified.last == 4 * ROUNDS);

    reopen_store(bench);
    assert_true(bench->snapshot->head_seq == 4 * ROUNDS);
    assert_true(bench->snapshot->state_count == 0);
    submit_one(bench, 1000, true);
    const size_t committed = bench->committed_count;
    wait_for(bench, &bench->committed_count, committed + 1);
    assert_true(verify(bench).last == 4 * ROUNDS + 1);
    assert_int_equal(bench->replaced, 0);
}

/* A kill in the midst of it leaves something; done again, nothing. */
static void it_can_be_done_again(void **state)
{
    struct bench *bench = *state;

    plant_all(bench);
    close_store(bench);
    run_sql(bench->path,
            "UPDATE record SET kind = 255, patient = NULL, episode = NULL, device = NULL, boot = NULL,"
            " mono_us = 0, body = x'' WHERE seq < 40 AND patient IN (SELECT ref FROM name WHERE text"
            " = '" PATIENT "')");
    open_store(bench);
    assert_int_equal(erase(bench, PATIENT, false).error, 0);
    assert_true(occurrences_in_all(bench) == 0);
    assert_int_equal(erase(bench, PATIENT, false).error, 0);
    assert_int_equal(erase(bench, "", false).error, 0);
    assert_int_equal(verify(bench).error, 0);
}

static uint32_t next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

/* Appends a statement that puts or deletes a row, of one kind of three marked. */
static int write_statement(char *text, size_t size, uint32_t *random)
{
    const uint32_t key = next_random(random) % 4001;
    const char *word = key % 3 == 0 ? MARKER : "0123456789";

    if (next_random(random) % 7 == 0) {
        return snprintf(text, size, "DELETE FROM moved WHERE key = 'k%u';", (unsigned)(key * 7919 % 4001));
    }
    return snprintf(text, size,
                    "INSERT OR REPLACE INTO moved VALUES ('k%u', replace(hex(zeroblob(%u)), '00', '%s'));",
                    (unsigned)(key * 7919 % 4001), (unsigned)(1 + next_random(random) % 12), word);
}

/* Rows that come, grow and go in no order make cells move from page to page. SQLite leaves copies between the cells. */
static void cells_that_moved_leave_nothing(void **state)
{
    enum { STATEMENTS = 3000, STATEMENT_MAX = 192, SEEDS = 6 };
    struct bench *bench = *state;
    char *sql = malloc(STATEMENTS * STATEMENT_MAX);

    open_store(bench);
    close_store(bench);
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        uint32_t random = seed;
        int used = snprintf(sql, STATEMENT_MAX,
                            "PRAGMA secure_delete = ON; BEGIN;"
                            "CREATE TABLE moved (key TEXT PRIMARY KEY, value TEXT) STRICT, WITHOUT ROWID;");

        for (int i = 0; i < STATEMENTS; i++) {
            used += write_statement(sql + used, STATEMENT_MAX, &random);
        }
        snprintf(sql + used, STATEMENT_MAX, "DELETE FROM moved WHERE value LIKE '" MARKER "%%'; COMMIT;");
        run_sql(bench->path, sql);
        assert_true(occurrences_in_all(bench) == 0);
        run_sql(bench->path, "DROP TABLE moved");
    }
    free(sql);
}

/* Another episode of the same patient, and who is named in it, stay. */
static void only_that_episode_goes(void **state)
{
    struct bench *bench = *state;
    struct ward_record record = record_of(true, 1);

    open_store(bench);
    set_id(&record.reading.episode, "s-later");
    submit(bench, 1, true, &record, 1);
    record = record_of(true, 2);
    submit(bench, 2, true, &record, 1);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(erase(bench, PATIENT, false).error, 0);
    fetch(bench, 1, 2);
    assert_int_equal(bench->answer_count, 1);
    assert_string_equal(bench->records[0].reading.patient.text, PATIENT);
    assert_string_equal(bench->records[0].reading.device.text, DEVICE);
    assert_int_equal(verify(bench).error, 0);
}

static sqlite3 *newest_connection;

static int note_connection(sqlite3 *connection)
{
    newest_connection = connection;
    return SQLITE_OK;
}

/* Names are not looked for again with each record that is written. */
static void a_commit_costs_no_more_than_before(void **state)
{
    struct bench *bench = *state;
    int looks = 0;

    sqlite3_auto_extension((void (*)(void))note_connection);
    plant_all(bench);
    sqlite3_cancel_auto_extension((void (*)(void))note_connection);
    assert_int_equal(erase(bench, PATIENT, false).error, 0);
    sqlite3_db_config(newest_connection, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &looks);
    assert_int_equal(looks, 0);
}

/* Records of a file that was set aside are the ward's first. */
static void what_the_ward_still_needs_stays(void **state)
{
    struct bench *bench = *state;
    char sql[512];

    plant_all(bench);
    close_store(bench);
    snprintf(
        sql, sizeof(sql),
        "INSERT INTO past (epoch, source, first_seq, last_seq, ranges, next_seq, lost, done)"
        " VALUES ('e-1', '%s.aside-1', 1, 5, x'', 1, 0, 2);"
        "INSERT INTO past_record SELECT 1, 900, kind, NULL, NULL, NULL, NULL, mono_us, NULL, NULL, body, chain"
        " FROM record WHERE seq = 1",
        bench->path);
    run_sql(bench->path, sql);
    open_store(bench);
    assert_int_equal(erase(bench, PATIENT, false).error, -EBUSY);
    assert_true(occurrences(bench->directory, "ward.db.aside-1") == 1);
}

/* Its records are lost, and that is told; or the ward has them; or they wait for the ward, and are erased themselves. */
static void a_file_of_which_nothing_is_wanted_any_more_goes(void **state)
{
    static const char *const damage[] = {"UPDATE record SET body = x'00'",
                                         "UPDATE record SET body = x'00' WHERE seq = 2",
                                         "UPDATE record SET body = x'00' WHERE seq = 1"};
    const struct ward_store_erasure only_files = {.only_count = false},
                                    episode = {.patient = {"p-7f3a"}, .episode = {"s-01"}};
    const struct ward_seq_range all = {1, 3};
    struct bench *bench = *state;

    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        struct outcome outcome = {.answered = false};

        bench->replaced = bench->committed_count = 0;
        open_store(bench);
        for (uint64_t token = 1; token <= all.last; token++) {
            submit_one(bench, token, true);
        }
        wait_for(bench, &bench->committed_count, all.last);
        assert_int_equal(ward_store_mark_records(bench->store, 0, &all, i == 1 ? 1 : 0), 0);
        close_store(bench);
        run_sql(bench->path, damage[i]);
        open_store(bench);
        assert_int_equal(ward_store_fetch(bench->store, all, on_records, bench), 0);
        wait_for(bench, &bench->replaced, 1);
        wait_until_salvaged(bench);
        assert_int_equal(bench->answer_count, i == 2 ? 2 : 0);
        assert_int_equal(ward_store_erase(bench->store, i == 2 ? &episode : &only_files, on_erased, &outcome),
                         0);
        wait_for_outcome(bench, &outcome);
        assert_int_equal(outcome.error, 0);
        assert_int_equal(outcome.erased.files, 1);
        close_store(bench);
        remove_files(bench->directory);
    }
}

/* It would be set aside with the next commit, and nobody would erase it then. */
static void what_somebody_put_in_the_place_of_the_file_is_erased(void **state)
{
    struct bench *bench = *state;
    char other[128], log[128];

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    snprintf(other, sizeof(other), "%s/other", bench->directory);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    copy_file(log, other);
    assert_int_equal(rename(other, bench->path), 0);
    struct outcome outcome = erase(bench, PATIENT, false);
    assert_int_equal(outcome.error, 0);
    assert_int_equal(outcome.erased.files, 1);
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 2);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(no_octet_is_left),
        STORE_TEST(what_is_left_holds_and_goes_on),
        STORE_TEST(it_can_be_done_again),
        STORE_TEST(cells_that_moved_leave_nothing),
        STORE_TEST(only_that_episode_goes),
        STORE_TEST(a_commit_costs_no_more_than_before),
        STORE_TEST(what_the_ward_still_needs_stays),
        STORE_TEST(what_was_marked_just_now_counts_as_delivered),
        STORE_TEST(a_file_of_which_nothing_is_wanted_any_more_goes),
        STORE_TEST(what_somebody_put_in_the_place_of_the_file_is_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
