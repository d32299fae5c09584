/* SPDX-License-Identifier: Apache-2.0; adapter: store */
/*
 * A file, or its log, in which the disk changed a bit: whichever it is, the store opens, what it gives is what was
 * given to it, what it cannot give it counts, and the ward gets the rest under the numbers that it had.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/store_pages.h"
#include "store_bench.h"

#define RECORDS   400
#define DELIVERED 100
#define PLAN_MAX  9000

/* --- a file with something of everything -------------------------------------------------------------------- */

static char plan[PLAN_MAX];

static void fill(struct bench *bench)
{
    const uint8_t octets[] = "what the alarm engine knows";
    const struct ward_store_alarm_state state = {
        .patient = {"p-7f3a"}, .version = 1, .state = octets, .length = sizeof(octets)};
    const struct ward_store_event events[] = {event_of(1, 1, "{\"event\":1}"),
                                              event_of(1, 2, "{\"event\":2}")};
    const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_PATIENT, .patient = {.id = {"p-7f3a"}, .episode = {"s-01"}, .label = "bed 1"}},
        {.kind = WARD_STORE_PLAN, .document = plan, .plan = {.patient = {"p-7f3a"}, .version = 3}},
        {.kind = WARD_STORE_DEVICE, .device = {.id = {"d-91c2"}, .address = "C0:11:22:33:44:55"}},
        {.kind = WARD_STORE_BINDING,
         .binding =
             {.device = {"d-91c2"}, .slot = 1, .patient = {"p-7f3a"}, .episode = {"s-01"}, .from_ms = 5}},
        {.kind = WARD_STORE_COUNTER, .counter = {.kid = "key", .counter = 41}},
        {.kind = WARD_STORE_COMMAND, .document = "{\"done\":true}", .name = {"c-1"}},
        {.kind = WARD_STORE_SETTING, .document = "value", .name = {"key"}},
        {.kind = WARD_STORE_KNOWN, .known = {.device = {"d-91c2"}, .number = 0, .key = {7}}},
    };
    const struct ward_store_group group = {.token = 1,
                                           .boot = {"b-77"},
                                           .now = {.boot_us = 1, .utc_ms = 5000},
                                           .events = events,
                                           .event_count = 2,
                                           .states = &state,
                                           .state_count = 1,
                                           .changes = changes,
                                           .change_count = sizeof(changes) / sizeof(changes[0])};
    struct ward_record records[10];

    memset(plan, 'p', sizeof(plan) - 1);
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    for (uint64_t token = 2; token < 2 + RECORDS / 10; token++) {
        for (int i = 0; i < 10; i++) {
            records[i] = reading_of(60 + i);
            records[i].reading.mono_us = token * 100 + (uint64_t)i;
        }
        submit(bench, token, true, records, 10);
        wait_for(bench, &bench->committed_count, token); /* a transaction each */
    }
    assert_int_equal(ward_store_mark_records(bench->store, DELIVERED, NULL, 0), 0);
    assert_int_equal(ward_store_mark_alarm(bench->store, events[0].key), 0);
}

/* --- octets of files ---------------------------------------------------------------------------------------- */

struct image {
    size_t length;
    uint8_t *octets;
};

static struct image image_of(const char *path)
{
    struct image image = {0};
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    image.length = (size_t)ftell(file);
    rewind(file);
    image.octets = malloc(image.length + 1);
    assert_non_null(image.octets);
    assert_int_equal(fread(image.octets, 1, image.length, file), image.length);
    fclose(file);
    return image;
}

static void write_image(const char *path, const struct image *image)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(image->octets, 1, image->length, file), image->length);
    assert_int_equal(fclose(file), 0);
}

/* --- what must hold whatever happened ------------------------------------------------------------------------ */

/* A row that is there is as it was put. */
static void expect_rows(const struct ward_store_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->row_count; i++) {
        const struct ward_store_change *row = &snapshot->rows[i];

        switch ((enum ward_store_change_kind)row->kind) {
        case WARD_STORE_PATIENT: assert_string_equal(row->patient.label, "bed 1"); break;
        case WARD_STORE_PLAN: assert_string_equal(row->document, plan); break;
        case WARD_STORE_DEVICE: assert_string_equal(row->device.address, "C0:11:22:33:44:55"); break;
        case WARD_STORE_BINDING: assert_int_equal(row->binding.from_ms, 5); break;
        case WARD_STORE_COUNTER: assert_int_equal(row->counter.counter, 41); break;
        case WARD_STORE_COMMAND: assert_string_equal(row->document, "{\"done\":true}"); break;
        case WARD_STORE_SETTING:
            if (strcmp(row->name.text, WARD_STORE_BEGUN) != 0) {
                assert_string_equal(row->document, "value");
            }
            break;
        case WARD_STORE_PATIENT_REMOVED:
        case WARD_STORE_DEVICE_FORGOTTEN:
        case WARD_STORE_AUDIT:
        case WARD_STORE_KNOWN: fail();
        }
    }
    for (size_t i = 0; i < snapshot->event_count; i++) {
        const bool first = snapshot->events[i].key.n == 1;

        assert_string_equal(snapshot->events[i].payload, first ? "{\"event\":1}" : "{\"event\":2}");
    }
    for (size_t i = 0; i < snapshot->state_count; i++) {
        assert_string_equal((const char *)snapshot->states[i].state, "what the alarm engine knows");
    }
    for (size_t i = 0; i < snapshot->known_count; i++) {
        assert_int_equal(snapshot->known[i].key[0], 7);
    }
}

static bool is_complete(const struct ward_store_snapshot *snapshot)
{
    return snapshot->row_count == 7 && snapshot->event_count == 1 && snapshot->state_count == 1 &&
           snapshot->known_count == 1;
}

static void expect_record(const struct ward_record *record)
{
    const uint64_t place = record->reading.seq - 1;

    assert_true(place < RECORDS);
    assert_int_equal(record->reading.mono_us, (2 + place / 10) * 100 + place % 10);
    assert_int_equal(record->reading.values[0].number.mantissa, 60 + place % 10);
    assert_string_equal(record->reading.patient.text, "p-7f3a");
    assert_string_equal(record->reading.device.text, "d-91c2");
}

/* Takes all that the ward does not have of the epoch that ended, as the ward would. Returns how many there were. */
static size_t take_past(struct bench *bench, const char *epoch)
{
    uint64_t last = 0;
    size_t count = 0;

    wait_until_salvaged(bench);
    for (;;) {
        assert_int_equal(ward_store_fetch_past(bench->store, on_past, bench), 0);
        wait_for_answer(bench, 0);
        if (bench->answer_count == 0) {
            return count;
        }
        assert_string_equal(bench->past_epoch.text, epoch);
        for (size_t i = 0; i < bench->answer_count; i++) {
            assert_true(bench->records[i].reading.seq > last);
            last = bench->records[i].reading.seq;
            expect_record(&bench->records[i]);
        }
        count += bench->answer_count;
        const struct ward_seq_range range = {bench->records[0].reading.seq, last};
        assert_int_equal(ward_store_past_delivered(bench->store, &bench->past_epoch, 0, &range, 1), 0);
    }
}

/* Of the present epoch. Returns false when damage was found. */
static bool read_all(struct bench *bench)
{
    uint64_t seq = 0;

    do {
        bench->answered = false;
        assert_int_equal(
            ward_store_fetch(bench->store, (struct ward_seq_range){seq + 1, RECORDS}, on_records, bench), 0);
        while (!bench->answered) {
            wait_for_something(bench);
        }
        if (bench->answer_error) {
            assert_true(bench->answer_error == -EUCLEAN || bench->answer_error == -EIO);
            return false;
        }
        if (bench->replaced > 0) {
            return false; /* it was met without being asked for, and what is read now is the fresh file */
        }
        for (size_t i = 0; i < bench->answer_count; i++) {
            assert_int_equal(bench->records[i].reading.seq, ++seq);
            expect_record(&bench->records[i]);
        }
    } while (bench->answer_count > 0);
    assert_int_equal(seq, RECORDS);
    return true;
}

/* The gap record tells how many are lost; 0 when there is none. */
static uint64_t told_lost(struct bench *bench)
{
    fetch(bench, 1, 10);
    for (size_t i = 0; i < bench->answer_count; i++) {
        if (bench->records[i].reading.kind == WARD_RECORD_GAP) {
            assert_string_equal(bench->records[i].note.reason.text, "database-damaged");
            return bench->records[i].note.subject;
        }
    }
    return 0;
}

/* Opens the file as it is now. Returns how many records of the ward's were salvaged; RECORDS: nothing had to be. */
static size_t expect_truth(struct bench *bench, const char *epoch)
{
    bench->committed_count = bench->replaced = bench->troubles = bench->attempts = bench->recoveries = 0;
    open_store(bench);
    expect_rows(bench->snapshot);
    bool damaged = bench->snapshot->set_aside[0] != '\0';
    if (!damaged) {
        assert_true(is_complete(bench->snapshot)); /* nothing is missing without a word */
        assert_string_equal(bench->snapshot->epoch.text, epoch);
        damaged = !read_all(bench);
        if (!damaged) {
            return RECORDS;
        }
        wait_for(bench, &bench->replaced, 1);
    }
    size_t salvaged = take_past(bench, epoch);
    uint64_t lost = told_lost(bench);
    assert_true(salvaged + lost >= RECORDS - DELIVERED || lost >= 1); /* how many is not always known */
    submit_one(bench, 9, true);                                       /* and life goes on */
    size_t before = bench->committed_count;
    wait_for(bench, &bench->committed_count, before + 1);
    return salvaged;
}

static void clean_up(struct bench *bench)
{
    close_store(bench);
    remove_files(bench->directory);
}

/* --- the tests ---------------------------------------------------------------------------------------------- */

static void a_changed_bit_in_any_page_is_found(void **state)
{
    static const size_t places[] = {0,   1,   2,    3,    20,   29,   101,  103,
                                    108, 700, 2048, 3500, 4000, 4087, 4090, 4095};
    struct bench *bench = *state;
    size_t undamaged = 0, salvaged = 0, rounds = 0;
    char epoch[WARD_ID_MAX + 1];

    bench->retry_ms = 1;
    open_store(bench);
    memcpy(epoch, bench->snapshot->epoch.text, sizeof(epoch));
    fill(bench);
    close_store(bench);
    struct image image = image_of(bench->path);
    assert_int_equal(image.length % WARD_PAGE_OCTETS, 0);
    for (size_t page = 0; page < image.length / WARD_PAGE_OCTETS; page++) {
        for (size_t i = page == 0 ? 0 : page % 5; i < sizeof(places) / sizeof(places[0]);
             i += page == 0 ? 1 : 5) {
            uint8_t *octet = &image.octets[page * WARD_PAGE_OCTETS + places[i]];

            *octet ^= (uint8_t)(1 << (page + i) % 8);
            write_image(bench->path, &image);
            size_t count = expect_truth(bench, epoch);
            undamaged += count == RECORDS ? 1 : 0;
            salvaged += count == RECORDS ? 0 : count;
            rounds++;
            *octet ^= (uint8_t)(1 << (page + i) % 8);
            clean_up(bench);
        }
    }
    print_message("%zu changed bits: %zu met nobody, of the others %.1f records of %d were salvaged\n",
                  rounds, undamaged, (double)salvaged / (double)(rounds - undamaged), RECORDS - DELIVERED);
    assert_true(salvaged > (rounds - undamaged) * (RECORDS - DELIVERED) / 2);
    write_image(bench->path, &image);
    assert_int_equal(expect_truth(bench, epoch), RECORDS);
    free(image.octets);
}

/* Leaves a file with a log, as a process does that is killed. */
static void fill_and_die(struct bench *bench)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        open_store(bench);
        fill(bench);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_changed_bit_in_the_log_is_found(void **state)
{
    struct bench *bench = *state;
    const size_t frame = 24 + WARD_PAGE_OCTETS;
    size_t damaged = 0, rounds = 0;
    char log[128];

    bench->retry_ms = 1;
    fill_and_die(bench);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    struct image image = image_of(bench->path), log_image = image_of(log);
    assert_true(log_image.length > 50 * frame);
    for (size_t place = 3; place < log_image.length; place += place < 32 ? 7 : frame - 13) {
        log_image.octets[place] ^= 0x10;
        write_image(bench->path, &image);
        write_image(log, &log_image);
        bench->committed_count = bench->attempts = 0;
        open_store(bench);
        expect_rows(bench->snapshot);
        rounds++;
        if (bench->snapshot->set_aside[0] != '\0') {
            damaged++;
            wait_until_salvaged(bench);
            assert_true(told_lost(bench) > 0 || bench->snapshot->epoch.text[0] != '\0');
        } else {
            /* Only the last transaction may look like one that a power cut tore. */
            assert_true(bench->snapshot->head_seq >= RECORDS - 10);
            assert_true(is_complete(bench->snapshot) || bench->snapshot->event_count == 2);
            check_chain(bench, bench->snapshot->epoch.text);
        }
        log_image.octets[place] ^= 0x10;
        clean_up(bench);
    }
    print_message("%zu changed bits in the log: %zu seen as damage\n", rounds, damaged);
    assert_true(damaged + 8 >= rounds);
    write_image(bench->path, &image);
    write_image(log, &log_image);
    open_store(bench);
    assert_string_equal(bench->snapshot->set_aside, "");
    assert_int_equal(bench->snapshot->head_seq, RECORDS);
    free(image.octets);
    free(log_image.octets);
}

/* --- a log that a power cut tore ---------------------------------------------------------------------------- */

#define FRAME (24 + WARD_PAGE_OCTETS)

static uint8_t *frame_at(const struct image *log, size_t number)
{
    return log->octets + 32 + number * FRAME;
}

static size_t frame_count(const struct image *log)
{
    return (log->length - 32) / FRAME;
}

static bool is_end(const struct image *log, size_t number)
{
    return memcmp(frame_at(log, number) + 4, "\0\0\0\0", 4) != 0;
}

/* Octets of a frame's header that are in another sector than the rest of it. */
static size_t octets_before_sector(size_t number)
{
    const size_t left = 512 - (32 + number * FRAME) % 512;

    return left < 24 ? left : 0;
}

/* As if its first sector had not been written, and the one of an earlier round were there. */
static void tear(const struct image *log, size_t number)
{
    memset(frame_at(log, number) + 8, 0x5A, 8);
}

static void expect_to_be_kept(struct bench *bench)
{
    open_store(bench);
    assert_string_equal(bench->snapshot->set_aside, "");
    check_chain(bench, bench->snapshot->epoch.text);
    clean_up(bench);
}

/* The end of a transaction of an earlier round, in the half of a header that was not written. */
static void a_header_torn_between_two_sectors_is_no_damage(void **state)
{
    struct bench *bench = *state;
    size_t begin = 0, rounds = 0;
    char log[128];

    fill_and_die(bench);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    struct image image = image_of(bench->path), log_image = image_of(log);
    const size_t whole = log_image.length;
    for (size_t end = 0; end < frame_count(&log_image); end++) {
        for (size_t number = begin + 1; is_end(&log_image, end) && number < end; number++) {
            if (octets_before_sector(number) < 8)
                continue;
            struct image cut = {32 + (end + 1) * FRAME, malloc(whole)};

            assert_non_null(cut.octets);
            memcpy(cut.octets, log_image.octets, cut.length);
            tear(&cut, begin);
            frame_at(&cut, number)[7] = 76;
            write_image(bench->path, &image);
            write_image(log, &cut);
            expect_to_be_kept(bench);
            free(cut.octets);
            rounds++;
        }
        begin = is_end(&log_image, end) ? end + 1 : begin;
    }
    assert_true(rounds > 0);
    free(image.octets);
    free(log_image.octets);
}

/* One more transaction in a process that is killed: a large one, or a small one. */
static void commit_and_die(struct bench *bench, bool large)
{
    const struct ward_store_change change = {
        .kind = WARD_STORE_PLAN, .document = plan, .plan = {.patient = {"p-7f3a"}, .version = 4}};
    const struct ward_record record = reading_of(96);
    const struct ward_store_group group = {.token = 1,
                                           .urgent = true,
                                           .boot = {"b-77"},
                                           .now = {.boot_us = 1, .utc_ms = 5000},
                                           .records = &record,
                                           .record_count = 1,
                                           .changes = &change,
                                           .change_count = large ? 1 : 0};
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        bench->committed_count = 0;
        memset(plan, 'q', sizeof(plan) - 1);
        open_store(bench);
        assert_string_equal(bench->snapshot->set_aside, "");
        assert_int_equal(ward_store_submit(bench->store, &group), 0);
        wait_for(bench, &bench->committed_count, 1);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void tear_newest(const char *log)
{
    struct image image = image_of(log);
    size_t begin = frame_count(&image) - 1;

    while (begin > 0 && !is_end(&image, begin - 1))
        begin--;
    tear(&image, begin);
    write_image(log, &image);
    free(image.octets);
}

/* The end of the first torn transaction is behind that of the second. */
static void a_log_that_is_torn_twice_is_no_damage(void **state)
{
    struct bench *bench = *state;
    char log[128];

    fill_and_die(bench);
    snprintf(log, sizeof(log), "%s-wal", bench->path);
    struct image before = image_of(log);
    commit_and_die(bench, true);
    tear_newest(log);
    commit_and_die(bench, false);
    struct image after = image_of(log);
    if (after.length > before.length) /* it was not begun anew */
        tear(&after, frame_count(&before));
    else
        tear(&after, 0);
    write_image(log, &after);
    expect_to_be_kept(bench);
    free(before.octets);
    free(after.octets);
}

static void on_verified(void *context, int error, uint64_t first, uint64_t last)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answer_count = (size_t)last;
    bench->answered = true;
    assert_int_equal(first, 1);
}

static void on_no_texts(void *context, int error, const struct ward_store_records *found)
{
    struct bench *bench = context;

    assert_null(found->texts);
    assert_int_equal(found->count, 0);
    bench->answer_error = error;
    bench->answered = true;
}

/* Its text is made of the row, and must not go under a chain that is not its own. */
static void a_record_that_does_not_fit_does_not_go(void **state)
{
    struct bench *bench = *state;

    bench->retry_ms = 1;
    open_store(bench);
    fill(bench);
    close_store(bench);
    run_sql(bench->path, "UPDATE record SET mono_us = mono_us + 1 WHERE seq = 300");
    open_store(bench);
    assert_int_equal(
        ward_store_fetch_texts(bench->store, (struct ward_seq_range){290, 310}, on_no_texts, bench), 0);
    wait_for_answer(bench, -EUCLEAN);
    wait_for(bench, &bench->replaced, 1);
}

/* One octet of one record's body, changed behind the back of the checksums. */
static void a_record_that_does_not_fit_is_found_by_verifying(void **state)
{
    struct bench *bench = *state;

    bench->retry_ms = 1;
    open_store(bench);
    fill(bench);
    assert_int_equal(ward_store_verify(bench->store, 1, on_verified, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, RECORDS);
    close_store(bench);
    run_sql(bench->path, "UPDATE record SET mono_us = mono_us + 1 WHERE seq = 300");
    open_store(bench);
    assert_string_equal(bench->snapshot->set_aside, "");
    assert_int_equal(ward_store_verify(bench->store, 1, on_verified, bench), 0);
    wait_for_answer(bench, -EUCLEAN);
    assert_int_equal(bench->answer_count, 299);
    wait_for(bench, &bench->replaced, 1);
    assert_int_equal(take_past(bench, bench->snapshot->epoch.text), RECORDS - DELIVERED - 1);
    assert_int_equal(told_lost(bench), 1);
}

static uint64_t count_gaps(struct bench *bench)
{
    uint64_t count = 0;

    fetch(bench, 1, 10);
    for (size_t i = 0; i < bench->answer_count; i++) {
        count += bench->records[i].reading.kind == WARD_RECORD_GAP ? 1 : 0;
    }
    return count;
}

/* What tells of it is about a row of the second file when that is replaced by a third. */
static void a_loss_that_could_not_be_told_yet_is_told_once_by_the_next_file(void **state)
{
    struct bench *bench = *state;
    char epoch[WARD_ID_MAX + 1];

    bench->retry_ms = 1;
    open_store(bench);
    memcpy(epoch, bench->snapshot->epoch.text, sizeof(epoch));
    fill(bench);
    close_store(bench);
    run_sql(bench->path, "UPDATE record SET mono_us = mono_us + 1 WHERE seq = 300");
    open_store(bench);
    assert_int_equal(ward_store_verify(bench->store, 1, on_verified, bench), 0);
    wait_for(bench, &bench->replaced, 1);
    wait_until_salvaged(bench);
    assert_int_equal(told_lost(bench), 1);
    assert_int_equal(ward_store_mark_records(bench->store, 1, NULL, 0), 0);
    close_store(bench);
    run_sql(bench->path, "UPDATE past SET done = 1"); /* as if that had not been committed */

    set_fault(&(struct disk_fault){.call = DISK_WRITE, .result = SQLITE_CORRUPT, .from = 1, .count = 1});
    open_store(bench);
    wait_for(bench, &bench->replaced, 2);
    assert_int_equal(set_fault(NULL), 1);
    assert_int_equal(take_past(bench, epoch), RECORDS - DELIVERED - 1);
    assert_int_equal(told_lost(bench), 1);
    assert_int_equal(count_gaps(bench), 1);
}

/* What tells of it waits like everything else while commits are held, and is not made once more meanwhile. */
static void a_loss_is_told_once_also_while_commits_are_held(void **state)
{
    struct bench *bench = *state;
    char epoch[WARD_ID_MAX + 1];

    bench->retry_ms = 1;
    open_store(bench);
    memcpy(epoch, bench->snapshot->epoch.text, sizeof(epoch));
    fill(bench);
    close_store(bench);
    run_sql(bench->path, "UPDATE record SET mono_us = mono_us + 1 WHERE seq = 300");
    open_store(bench);
    ward_store_hold(bench->store, true);
    assert_int_equal(ward_store_verify(bench->store, 1, on_verified, bench), 0);
    wait_for(bench, &bench->replaced, 1);
    for (int round = 0; round < 20; round++) { /* of the thread, each of them */
        assert_int_equal(ward_store_fetch_past(bench->store, on_past, bench), 0);
        bench->answered = false;
        while (!bench->answered) {
            wait_for_something(bench);
        }
    }
    ward_store_hold(bench->store, false);
    assert_int_equal(take_past(bench, epoch), RECORDS - DELIVERED - 1);
    assert_int_equal(told_lost(bench), 1);
    assert_int_equal(count_gaps(bench), 1);
}

/* SQLite takes these, and no file of ours holds them: each is met, in words, and nothing else is lost over it. */
static void a_row_that_no_file_of_ours_has_is_damage(void **state)
{
    static const struct {
        const char *sql, *reason;
    } cases[] = {
        {"UPDATE mark SET boot = 'no id at all'", "the moment of the last commit is damaged"},
        {"UPDATE mark SET utc_ms = 9000000000000000000", "the moment of the last commit is damaged"},
        {"UPDATE mark SET clock = 4", "the moment of the last commit is damaged"},
        {"PRAGMA user_version = -3", "there is no format -3"},
        {"DELETE FROM mark", "the mark of what was delivered is not there"},
        {"DROP TABLE known", "no such table: known"},
        {"UPDATE known SET key = x'07'", "a record that is known again has no key"},
        {"UPDATE known SET device = 1000000", "name 1000000 is not there"},
        {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'document TEXT NOT NULL',"
         " 'document TEXT') WHERE name = 'plan'; PRAGMA writable_schema = RESET; UPDATE plan SET document = NULL",
         "a row that has a document has none"},
        {"UPDATE alarm_event SET id = x'01', delivered = 0", "an alarm event is damaged"},
    };
    struct bench *bench = *state;
    char sql[400];

    bench->retry_ms = 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char epoch[WARD_ID_MAX + 1];

        open_store(bench);
        memcpy(epoch, bench->snapshot->epoch.text, sizeof(epoch));
        fill(bench);
        close_store(bench);
        snprintf(sql, sizeof(sql), "PRAGMA ignore_check_constraints = ON; %s", cases[i].sql);
        run_sql(bench->path, sql);
        open_store(bench);
        if (!strstr(bench->snapshot->set_aside_reason, cases[i].reason)) {
            fail_msg("%s: %s", cases[i].sql, bench->snapshot->set_aside_reason);
        }
        wait_until_salvaged(bench);
        submit_one(bench, 9, true);
        wait_for(bench, &bench->committed_count, bench->committed_count + 1);
        close_store(bench);
        remove_files(bench->directory);
        bench->committed_count = 0;
    }
}

static const char *begun_anew(const struct ward_store_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->row_count; i++) {
        if (strcmp(snapshot->rows[i].name.text, WARD_STORE_BEGUN) == 0) {
            return snapshot->rows[i].document;
        }
    }
    return "";
}

/* Whoever opens it may end before anything in it was brought up to date, and the next one must know. */
static void a_fresh_file_says_that_it_is_one(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_change done = {.kind = WARD_STORE_SETTING, .name = {WARD_STORE_BEGUN}};
    const struct ward_store_group group = {.token = 9, .changes = &done, .change_count = 1};
    char aside[WARD_STORE_TEXT_MAX];

    open_store(bench);
    fill(bench);
    assert_string_equal(begun_anew(bench->snapshot), "");
    close_store(bench);
    run_sql(bench->path, "PRAGMA ignore_check_constraints = ON; UPDATE mark SET clock = 4");
    open_store(bench);
    memcpy(aside, bench->snapshot->set_aside, sizeof(aside));
    assert_string_equal(begun_anew(bench->snapshot), aside);
    reopen_store(bench);
    assert_string_equal(begun_anew(bench->snapshot), aside);
    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, bench->committed_count + 1);
    reopen_store(bench);
    assert_string_equal(begun_anew(bench->snapshot), "");
}

/* The end of the file cannot be read, so that nobody knows where it was, and the ward has all of that. */
static void what_the_ward_has_is_not_lost(void **state)
{
    struct bench *bench = *state;
    const struct ward_seq_range received = {DELIVERED + 1, RECORDS};

    bench->retry_ms = 1;
    open_store(bench);
    fill(bench);
    assert_int_equal(ward_store_mark_records(bench->store, DELIVERED, &received, 1), 0);
    close_store(bench);
    run_sql(bench->path,
            "PRAGMA ignore_check_constraints = ON; UPDATE record SET chain = x'' WHERE seq > 390");
    open_store(bench);
    assert_non_null(strstr(bench->snapshot->set_aside_reason, "the newest record has no chain"));
    wait_until_salvaged(bench);
    assert_int_equal(told_lost(bench), 1); /* one more may have been behind them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_changed_bit_in_any_page_is_found),
        STORE_TEST(a_changed_bit_in_the_log_is_found),
        STORE_TEST(a_header_torn_between_two_sectors_is_no_damage),
        STORE_TEST(a_log_that_is_torn_twice_is_no_damage),
        STORE_TEST(a_record_that_does_not_fit_does_not_go),
        STORE_TEST(a_record_that_does_not_fit_is_found_by_verifying),
        STORE_TEST(a_loss_that_could_not_be_told_yet_is_told_once_by_the_next_file),
        STORE_TEST(a_loss_is_told_once_also_while_commits_are_held),
        STORE_TEST(a_row_that_no_file_of_ours_has_is_damage),
        STORE_TEST(a_fresh_file_says_that_it_is_one),
        STORE_TEST(what_the_ward_has_is_not_lost),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
