/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store on real files: what is kept, and what is read back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_bench.h"

/* --- what is stored ----------------------------------------------------------------------------------------- */

static void expect_chain(const uint8_t chain[32], const char *hex)
{
    char text[65];

    for (size_t i = 0; i < 32; i++) {
        snprintf(&text[2 * i], 3, "%02x", chain[i]);
    }
    assert_string_equal(text, hex);
}

/* docs/records.md, "Vectors". */
static void the_chain_is_as_documented(void **state)
{
    static const char epoch[] = "e-000102030405060708090a0b0c0d0e0f";
    struct ward_record first = reading_of(96);
    struct ward_record gap = {.reading = {.seq = 2,
                                          .boot = {"b-77"},
                                          .mono_us = 90000000,
                                          .received_at_ms = INT64_C(1795338010000),
                                          .kind = WARD_RECORD_GAP},
                              .note = {.reason = {"queue-full"},
                                       .subject = 7,
                                       .from_ms = INT64_C(1795338000000),
                                       .to_ms = WARD_UTC_UNKNOWN}};
    struct ward_chain_text text;
    uint8_t chain[32];

    (void)state;
    first.reading.seq = 1;
    first.reading.kind = WARD_READING_SPOT;
    first.reading.mono_us = 81230000;
    first.reading.received_at_ms = INT64_C(1795338001120);
    first.reading.device_time = (struct ward_device_time){2026, 11, 22, 9, 0, 2, true};
    first.reading.values[1].number.mantissa = 72;
    first.reading.characteristic = WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT;
    memcpy(first.reading.raw, (const uint8_t[]){0x00, 0x60, 0x00, 0x48, 0x00}, 5);
    ward_store_chain_begin(epoch, chain);
    expect_chain(chain, "78c0bc442f9d724b1a675cf9c1c481217061ab4567cf8452ad2ef4cc61bc1bcb");
    assert_true(ward_store_chain_next(chain, epoch, &first, &text));
    expect_chain(first.reading.chain, "3c7971619241f5496b4822089acfb2ef3d8a9d604ea4df57240cafca5dab8dba");
    assert_true(ward_store_chain_next(first.reading.chain, epoch, &gap, &text));
    expect_chain(gap.reading.chain, "100d310508567d3474225fd4b4f2ec6e6158af899377cac3398556fd351d4f8b");
}

static void a_fresh_file_has_an_epoch_and_nothing_else(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    assert_int_equal(strlen(bench->snapshot->epoch.text), 34);
    assert_memory_equal(bench->snapshot->epoch.text, "e-", 2);
    assert_int_equal(strspn(bench->snapshot->epoch.text + 2, "0123456789abcdef"), 32);
    assert_int_equal(bench->snapshot->head_seq, 0);
    assert_int_equal(bench->snapshot->through, 0);
    assert_int_equal(bench->snapshot->row_count, 0);
    assert_string_equal(bench->snapshot->last_boot.text, "");
    assert_string_equal(bench->snapshot->set_aside, "");
    assert_true(bench->snapshot->oldest_undelivered_ms == WARD_UTC_UNKNOWN);
}

static void seq_and_chain_go_on_over_restarts(void **state)
{
    struct bench *bench = *state;
    struct ward_record three[3] = {reading_of(96), reading_of(95), reading_of(94)};
    char epoch[WARD_ID_MAX + 1];

    open_store(bench);
    memcpy(epoch, bench->snapshot->epoch.text, sizeof(epoch));
    submit(bench, 1, true, three, 3);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->committed[0].token, 1);
    assert_int_equal(bench->committed[0].first_seq, 1);
    assert_int_equal(bench->committed[0].count, 3);
    reopen_store(bench);
    assert_string_equal(bench->snapshot->epoch.text, epoch);
    assert_int_equal(bench->snapshot->head_seq, 3);
    assert_memory_equal(bench->snapshot->head_chain, bench->committed[0].last_chain, 32);
    assert_string_equal(bench->snapshot->last_boot.text, "b-77");
    assert_int_equal(bench->snapshot->last_commit.boot_us, 1);
    assert_int_equal(bench->snapshot->last_commit.utc_ms, 5000);
    assert_int_equal(bench->snapshot->oldest_undelivered_ms, INT64_C(1795338001000));
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 2);
    assert_int_equal(bench->committed[1].first_seq, 4);
    assert_int_equal(check_chain(bench, epoch), 4);
}

static void a_close_commits_what_waits(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, false);
    assert_int_equal(ward_store_mark_records(bench->store, 1, NULL, 0), 0);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->head_seq, 1);
    assert_int_equal(bench->snapshot->through, 1);
}

/* Of two patients, in groups that are committed together. */
static void the_newest_state_of_each_patient_is_kept(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    for (uint8_t i = 0; i < 6; i++) {
        struct ward_store_alarm_state alarm_state = {.version = i, .state = &i, .length = 1};
        const struct ward_store_group group = {
            .token = i + 1u, .states = &alarm_state, .state_count = 1, .urgent = i == 5};

        set_id(&alarm_state.patient, i % 2 == 0 ? "p-7f3a" : "p-8a00");
        assert_int_equal(ward_store_submit(bench->store, &group), 0);
    }
    wait_for(bench, &bench->committed_count, 6);
    assert_int_equal(commits(bench), 1);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->state_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct ward_store_alarm_state *kept = &bench->snapshot->states[i];
        const uint8_t newest = strcmp(kept->patient.text, "p-7f3a") == 0 ? 4 : 5;

        assert_int_equal(kept->version, newest);
        assert_int_equal(kept->length, 1);
        assert_int_equal(kept->state[0], newest);
    }
}

/* Whoever sends it need not read it back: also of what the commit itself adds, the numbers of a derived one. */
static void a_commit_tells_the_text_that_is_read_back(void **state)
{
    struct bench *bench = *state;
    struct ward_record records[] = {reading_of(96), reading_of(97)};
    char text[WARD_RECORD_TEXT_MAX];
    struct ward_json json;

    records[1].reading.kind = WARD_READING_SPOT;
    records[1].derived_since_us = records[0].reading.mono_us;
    open_store(bench);
    for (size_t count = 1; count <= 2; count++) {
        submit(bench, count, true, records, count);
        wait_for(bench, &bench->committed_count, count);
        fetch(bench, 2 * count - 1, 2 * count - 1);
        assert_int_equal(bench->answer_count, 1);
        ward_json_init(&json, text, sizeof(text), WARD_JSON_CANONICAL);
        ward_record_write(&json, bench->snapshot->epoch.text, &bench->records[0], true);
        assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
        assert_string_equal(bench->last_text, text);
    }
    assert_non_null(strstr(text, "\"derived_from\":[1,2]"));
}

/* 2038-01-19T03:14:08Z is the first second that a time_t of 32 bits has not got. */
static void a_reading_after_2038_keeps_its_time(void **state)
{
    const int64_t received_at_ms = (INT64_C(1) << 31) * 1000 + 7;
    struct bench *bench = *state;
    struct ward_record record = reading_of(96);

    record.reading.received_at_ms = received_at_ms;
    record.reading.device_time = (struct ward_device_time){2038, 1, 19, 3, 14, 8, true};
    open_store(bench);
    submit(bench, 1, true, &record, 1);
    wait_for(bench, &bench->committed_count, 1);
    reopen_store(bench);
    fetch(bench, 1, 1);
    assert_int_equal(bench->answer_count, 1);
    assert_true(bench->records[0].reading.received_at_ms == received_at_ms);
    assert_int_equal(bench->records[0].reading.device_time.year, 2038);
    assert_non_null(strstr(bench->last_text, "2038-01-19T03:14:08.007Z"));
}

struct texts {
    struct bench *bench;
    struct ward_record_run run;
    char octets[WARD_STORE_TEXTS_MAX];
};

static void on_texts(void *context, int error, const struct ward_store_records *found)
{
    const struct ward_record_run *run = found->texts;
    struct texts *texts = context;

    ward_record_run_init(&texts->run, texts->octets, sizeof(texts->octets));
    if (run) {
        texts->run = *run;
        texts->run.octets = memcpy(texts->octets, run->octets, run->length);
    }
    texts->bench->answer_error = error;
    texts->bench->answered = true;
}

/* As the records say that are read back; of as many as are there, in one message, and with room for no more. */
static void texts_say_what_the_records_do(void **state)
{
    static char octets[WARD_STORE_TEXTS_MAX];
    static struct texts texts;
    struct bench *bench = *state;
    struct ward_record records[WARD_READINGS_RECORDS_MAX + 20];
    const size_t count = sizeof(records) / sizeof(records[0]);
    struct ward_record_run run;

    texts.bench = bench;
    open_store(bench);
    for (size_t i = 0; i < count; i++) {
        records[i] = reading_of(90);
        records[i].reading.raw_length = i % 2 == 0 ? 5 : 100; /* so long that 100 of them do not fit */
    }
    submit(bench, 1, true, records, count);
    wait_for(bench, &bench->committed_count, 1);
    for (uint64_t first = 1; first <= count + 1;) {
        assert_int_equal(
            ward_store_fetch_texts(bench->store, (struct ward_seq_range){first, count}, on_texts, &texts), 0);
        wait_for_answer(bench, 0);
        fetch(bench, first, count);
        ward_record_run_init(&run, octets, sizeof(octets));
        for (size_t i = 0; i < bench->answer_count &&
                           ward_record_run_write(&run, bench->snapshot->epoch.text, &bench->records[i]);
             i++) {
            assert_int_equal(texts.run.records[i].seq, first + i);
            assert_int_equal(texts.run.records[i].end, run.records[i].end);
        }
        assert_int_equal(texts.run.count, run.count);
        assert_int_equal(texts.run.length, run.length);
        assert_memory_equal(texts.octets, octets, run.length);
        assert_true(first > 1 || (run.count > 50 && run.count < WARD_READINGS_RECORDS_MAX));
        first += run.count > 0 ? run.count : 1;
    }
}

static void all_that_waits_is_one_commit(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    for (uint64_t token = 1; token <= 200; token++) {
        submit_one(bench, token, false);
    }
    assert_int_equal(commits(bench), 0);
    submit_one(bench, 201, true);
    wait_for(bench, &bench->committed_count, 201);
    assert_int_equal(commits(bench), 1);
    for (uint64_t token = 1; token <= 201; token++) {
        assert_int_equal(bench->committed[token - 1].token, token);
        assert_int_equal(bench->committed[token - 1].first_seq, token);
    }
}

/* However urgent it is, and whatever the thread is asked for meanwhile. */
static void what_is_held_is_one_commit(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    ward_store_hold(bench->store, true);
    submit_one(bench, 1, true);
    fetch(bench, 1, 1);
    assert_int_equal(bench->answer_count, 0);
    submit_one(bench, 2, false);
    submit_one(bench, 3, true);
    assert_int_equal(commits(bench), 0);
    ward_store_hold(bench->store, false);
    wait_for(bench, &bench->committed_count, 3);
    assert_int_equal(commits(bench), 1);
}

static void a_shorter_window_counts_for_what_waits_already(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, false);
    ward_store_set_commit_window(bench->store, 1);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(commits(bench), 1);
}

static void what_is_not_well_formed_is_refused(void **state)
{
    struct bench *bench = *state;
    struct ward_record records[2] = {reading_of(96), reading_of(95)};
    struct ward_store_change change = {.kind = WARD_STORE_PLAN,
                                       .plan = {.patient = {"p-7f3a"}, .version = 1}};
    struct ward_store_group group = {.token = 1, .urgent = true, .records = records, .record_count = 2};

    open_store(bench);
    set_id(&records[1].reading.patient, "no id");
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
    set_id(&records[1].reading.patient, "");
    records[1].reading.quality = WARD_INVALID + 1;
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL);
    group = (struct ward_store_group){.token = 1, .changes = &change, .change_count = 1};
    assert_int_equal(ward_store_submit(bench->store, &group), -EINVAL); /* a plan without its document */
    submit_one(bench, 2, true);
    wait_for(bench, &bench->committed_count, 1);
    assert_int_equal(bench->committed[0].first_seq, 1);
}

/* --- alarms, marks, rows ------------------------------------------------------------------------------------ */

static void submit_events(struct bench *bench, const struct ward_store_event *events, size_t count)
{
    size_t before = bench->committed_count;
    struct ward_store_alarm_state alarm_state = {
        .patient = {"p-7f3a"}, .version = 3, .state = (const uint8_t *)"state", .length = 5};
    struct ward_store_group group = {
        .token = 9, .events = events, .event_count = count, .states = &alarm_state, .state_count = 1};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, before + 1);
}

static void alarm_events_are_kept_until_received(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_event events[] = {event_of(1, 1, "{\"n\":1}"),
                                              event_of(2, 0, "{\"pending\":true}"), event_of(2, 1, "{}"),
                                              event_of(1, 2, "{\"n\":2}")};
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    open_store(bench);
    submit_events(bench, events, 4);
    submit_events(bench, events,
                  4); /* the same again changes nothing but the history of what has no number */
    assert_int_equal(ward_store_mark_alarm(bench->store, events[2].key), 0);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->event_count, 2);
    assert_int_equal(bench->snapshot->events[0].key.id.octets[0], 1);
    assert_int_equal(bench->snapshot->events[0].key.n, 1);
    assert_string_equal(bench->snapshot->events[0].payload, "{\"n\":1}");
    assert_int_equal(bench->snapshot->events[1].key.n, 2);
    assert_int_equal(bench->snapshot->state_count, 1);
    assert_int_equal(bench->snapshot->states[0].version, 3);
    assert_int_equal(bench->snapshot->states[0].length, 5);
    assert_memory_equal(bench->snapshot->states[0].state, "state", 5);

    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 5);
    assert_int_equal(bench->events[1].n, 2);
    filter.until_ms = events[0].at_ms - 1;
    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 2); /* those of no number are the earlier ones */
    filter.until_ms = 0;
    filter.of_occurrence = true; /* its own, and what was pending about then, oldest first */
    filter.occurrence = events[2].key.id;
    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 2);
    assert_int_equal(bench->events[0].n, 0);
    assert_int_equal(bench->events[1].n, 1);
    assert_int_equal(bench->events[1].id.octets[0], 2);
    filter.occurrence.octets[15] ^= 1; /* nobody's */
    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 0);
    filter.of_occurrence = false;
    filter.undelivered = true;
    filter.limit = 1;
    assert_int_equal(ward_store_alarm_history(bench->store, &filter, on_events, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->events[0].n, 1);
}

static void marks_ride_along_and_never_go_back(void **state)
{
    struct bench *bench = *state;
    const struct ward_seq_range ranges[] = {{7, 8}, {10, 10}};

    open_store(bench);
    for (uint64_t token = 1; token <= 10; token++) {
        submit_one(bench, token, token == 10);
    }
    wait_for(bench, &bench->committed_count, 10);
    assert_int_equal(ward_store_mark_records(bench->store, 5, ranges, 2), 0);
    assert_int_equal(ward_store_mark_records(bench->store, 3, NULL, 0), 0);
    assert_int_equal(commits(bench), 1);
    submit_one(bench, 11, true);
    wait_for(bench, &bench->committed_count, 11);
    assert_int_equal(commits(bench), 2);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 5);
    assert_int_equal(bench->snapshot->range_count, 2);
    assert_memory_equal(bench->snapshot->ranges, ranges, sizeof(ranges));
    assert_int_equal(ward_store_mark_records(bench->store, 4, NULL, 0), 0);
    assert_int_equal(ward_store_mark_records(bench->store, 4, NULL, 0), 0);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 5);
    assert_int_equal(ward_store_mark_records(bench->store, 12, NULL, 0), 0); /* beyond the head */
    reopen_store(bench);
    assert_int_equal(bench->snapshot->through, 5);
}

static void submit_changes(struct bench *bench, const struct ward_store_change *changes, size_t count)
{
    size_t before = bench->committed_count;
    struct ward_store_group group = {.token = 1, .changes = changes, .change_count = count};

    assert_int_equal(ward_store_submit(bench->store, &group), 0);
    wait_for(bench, &bench->committed_count, before + 1);
}

static void rows_come_back_as_they_were_put(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_change changes[] = {
        {.kind = WARD_STORE_SETTING, .name = {"volume"}, .document = "3"},
        {.kind = WARD_STORE_COMMAND, .name = {"c-1"}, .document = "{\"outcome\":\"done\"}"},
        {.kind = WARD_STORE_COUNTER, .counter = {"k-1", 7}},
        {.kind = WARD_STORE_COUNTER, .counter = {"k-1", 5}},
        {.kind = WARD_STORE_BINDING,
         .binding = {{"d-1"}, 0xFF, {"p-1"}, {"s-1"}, 100, WARD_UTC_UNKNOWN, true}},
        {.kind = WARD_STORE_DEVICE,
         .device = {.id = {"d-1"},
                    .address = "C0:11:22:33:44:55",
                    .address_type = "random",
                    .model = {"nonin-3230"},
                    .policy = {"bonded"},
                    .serial_number = "501",
                    .enrolled_at_ms = 99}},
        {.kind = WARD_STORE_PLAN, .plan = {{"p-1"}, 4}, .document = "{\"id\":\"plan\"}"},
        {.kind = WARD_STORE_PATIENT,
         .patient = {.id = {"p-1"},
                     .episode = {"s-1"},
                     .label = "Bed 4",
                     .check_word = "heron",
                     .admitted_at_ms = 90}},
    };
    const struct ward_store_change away[] = {
        {.kind = WARD_STORE_PATIENT_REMOVED, .patient = {.id = {"p-1"}, .admitted_at_ms = 200}},
        {.kind = WARD_STORE_DEVICE_FORGOTTEN, .device = {.id = {"d-1"}, .enrolled_at_ms = 300}},
        {.kind = WARD_STORE_SETTING, .name = {"volume"}},
    };

    open_store(bench);
    submit_changes(bench, changes, 8);
    reopen_store(bench);
    const struct ward_store_change *rows = bench->snapshot->rows;
    assert_int_equal(bench->snapshot->row_count, 7);
    assert_int_equal(rows[0].kind, WARD_STORE_PATIENT);
    assert_memory_equal(&rows[0].patient, &changes[7].patient, sizeof(rows[0].patient));
    assert_int_equal(rows[1].plan.version, 4);
    assert_string_equal(rows[1].document, "{\"id\":\"plan\"}");
    assert_memory_equal(&rows[2].device, &changes[5].device, sizeof(rows[2].device));
    assert_string_equal(rows[3].binding.patient.text, "p-1");
    assert_int_equal(rows[3].binding.slot, 0xFF);
    assert_true(rows[3].binding.until_ms == WARD_UTC_UNKNOWN);
    assert_true(rows[3].binding.read_out);
    assert_int_equal(rows[4].counter.counter, 7); /* it only rises */
    assert_string_equal(rows[5].document, "{\"outcome\":\"done\"}");
    assert_string_equal(rows[6].name.text, "volume");

    submit_changes(bench, away, 3);
    reopen_store(bench);
    rows = bench->snapshot->rows;
    assert_int_equal(bench->snapshot->row_count, 3);
    assert_int_equal(rows[0].kind, WARD_STORE_BINDING);
    assert_int_equal(rows[0].binding.until_ms, 200);
}

static struct ward_store_change bound(const char *patient, int64_t from_ms, int64_t until_ms)
{
    struct ward_store_change change = {.kind = WARD_STORE_BINDING};

    set_id(&change.binding.device, "d-1");
    set_id(&change.binding.patient, patient);
    set_id(&change.binding.episode, "s-1");
    change.binding.slot = WARD_SLOT_NONE;
    change.binding.from_ms = from_ms;
    change.binding.until_ms = until_ms;
    return change;
}

static void two_patients_share_a_device_and_a_binding_gets_its_date(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_change shared[] = {
        bound("p-1", 100, WARD_UTC_UNKNOWN),
        bound("p-2", 100, WARD_UTC_UNKNOWN),
        bound("p-3", WARD_BOUND_FROM_UNKNOWN, WARD_UTC_UNKNOWN),
        bound("p-3", 50, 60),
    };
    const struct ward_store_change dated = bound("p-3", 200, WARD_UTC_UNKNOWN);

    open_store(bench);
    submit_changes(bench, shared, 4);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->row_count, 4);
    submit_changes(bench, &dated, 1);
    reopen_store(bench);
    assert_int_equal(bench->snapshot->row_count, 4);
    assert_string_equal(bench->snapshot->rows[3].binding.patient.text, "p-3");
    assert_int_equal(bench->snapshot->rows[3].binding.from_ms, 200);
}

/* The table stays as large as the memory of a device, however often it is read. */
static void what_was_given_is_known_and_the_oldest_makes_room(void **state)
{
    struct bench *bench = *state;
    struct ward_store_change *changes = calloc(WARD_STORE_KNOWN_MAX + 2, sizeof(*changes));

    assert_non_null(changes);
    for (size_t i = 0; i < WARD_STORE_KNOWN_MAX + 2; i++) {
        changes[i].kind = WARD_STORE_KNOWN;
        set_id(&changes[i].known.device, i == WARD_STORE_KNOWN_MAX + 1 ? "d-2" : "d-1");
        changes[i].known.number = i == WARD_STORE_KNOWN_MAX + 1 ? 0 : i;
        memcpy(changes[i].known.key, &i, sizeof(i));
    }
    open_store(bench);
    submit_changes(bench, changes, WARD_STORE_KNOWN_MAX + 2);
    reopen_store(bench);
    const struct ward_store_known *known = bench->snapshot->known;
    assert_int_equal(bench->snapshot->known_count, WARD_STORE_KNOWN_MAX + 1);
    assert_int_equal(known[0].number, 1);
    assert_memory_equal(known[0].key, changes[1].known.key, WARD_STORE_KEY_OCTETS);
    assert_int_equal(known[WARD_STORE_KNOWN_MAX - 1].number, WARD_STORE_KNOWN_MAX);
    assert_string_equal(known[WARD_STORE_KNOWN_MAX].device.text, "d-2");
    free(changes);
}

/* One of the stream that a derived reading is from, received then. */
static struct ward_record streamed(uint64_t mono_us)
{
    struct ward_record record = reading_of(96);

    record.reading.mono_us = mono_us;
    return record;
}

/*
 * The stream was committed in part before, stands in part in the same transaction, and other things lie between: the
 * range spans what is its patient's and its device's, from the moment it says to its own.
 */
static void a_derived_reading_gets_the_numbers_of_its_stream(void **state)
{
    struct bench *bench = *state;
    struct ward_record before[] = {streamed(10), streamed(20), streamed(30), streamed(35), streamed(36)};
    struct ward_record now[] = {streamed(40), streamed(50), reading_of(96)};

    open_store(bench);
    set_id(&before[3].reading.device, "d-2");
    set_id(&before[4].reading.patient, "p-2");
    now[2].reading.kind = WARD_READING_SPOT;
    now[2].reading.mono_us = 50;
    now[2].derived_since_us = 20;
    submit(bench, 1, true, before, 5);
    submit(bench, 2, true, now, 3);
    fetch(bench, 1, 8);
    assert_int_equal(bench->records[7].reading.derived_first, 2);
    assert_int_equal(bench->records[7].reading.derived_last, 7);
    assert_int_equal(bench->committed[1].last_derived.first, 2);
    assert_int_equal(bench->committed[1].last_derived.last, 7);
    assert_int_equal(bench->records[6].reading.derived_first, 0);

    now[2].reading.mono_us = 60; /* its stream was lost on the way */
    now[2].derived_since_us = 55;
    submit(bench, 3, true, &now[2], 1);
    now[2].derived_since_us = 20; /* another boot has another clock */
    set_id(&now[2].reading.boot, "b-2");
    submit(bench, 4, true, &now[2], 1);
    fetch(bench, 9, 10);
    assert_int_equal(bench->records[0].reading.derived_first, 9);
    assert_int_equal(bench->records[0].reading.derived_last, 9);
    assert_int_equal(bench->records[1].reading.derived_first, 10);
    assert_int_equal(check_chain(bench, bench->snapshot->epoch.text), 10);
}

/* --- reading back ------------------------------------------------------------------------------------------- */

static void queries_filter_newest_first(void **state)
{
    struct bench *bench = *state;
    struct ward_record records[3] = {reading_of(96), reading_of(95), reading_of(94)};
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};

    open_store(bench);
    set_id(&records[1].reading.device, "d-2");
    set_id(&records[1].reading.patient, "p-2");
    records[1].reading.values[0].quantity = WARD_BODY_TEMPERATURE;
    records[2].reading.measured_at_ms = records[2].reading.received_at_ms = 7;
    submit(bench, 1, true, records, 3);

    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 3);
    assert_int_equal(bench->records[0].reading.seq, 3);
    filter.limit = 2;
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 2);
    filter = (struct ward_store_filter){
        .since_ms = WARD_UTC_UNKNOWN, .before_seq = 3, .limit = 1}; /* page by page */
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.seq, 2);
    filter.before_seq = 1;
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 0);
    filter = (struct ward_store_filter){.since_ms = 8};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 2);
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .device = {"d-2"}};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 1);
    assert_string_equal(bench->records[0].reading.patient.text, "p-2");
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .quantity = WARD_BODY_TEMPERATURE};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 1);
    filter = (struct ward_store_filter){.since_ms = WARD_UTC_UNKNOWN, .patient = {"p-unknown"}};
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 0);
}

static void a_query_finds_what_lies_deep(void **state)
{
    struct bench *bench = *state;
    struct ward_record needle = reading_of(50);
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN, .device = {"d-needle"}};

    bench->queue_records = 100000;
    open_store(bench);
    set_id(&needle.reading.device, "d-needle");
    submit(bench, 1, false, &needle, 1);
    for (uint64_t token = 2; token <= 12000; token++) {
        submit_one(bench, token, token == 12000);
    }
    wait_for(bench, &bench->committed_count, 12000);
    assert_int_equal(ward_store_query(bench->store, &filter, on_records, bench), 0);
    wait_for_answer(bench, 0);
    assert_int_equal(bench->answer_count, 1);
    assert_int_equal(bench->records[0].reading.seq, 1);
    fetch(bench, 11900, 20000);
    assert_int_equal(bench->answer_count, WARD_DELIVERY_BATCH_MAX);
    assert_int_equal(bench->records[0].reading.seq, 11900);
}

static void too_many_requests_are_refused(void **state)
{
    struct bench *bench = *state;
    int error = 0;

    open_store(bench);
    block_disk(true);
    submit_one(bench, 1, true);
    wait_until_disk_is_waited_for();
    for (int i = 0; i < 1000 && !error; i++) {
        error = ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench);
    }
    assert_int_equal(error, -EBUSY);
    block_disk(false);
    wait_for_answer(bench, 0);
    assert_int_equal(ward_store_fetch(bench->store, (struct ward_seq_range){1, 1}, on_records, bench), 0);
}

static void on_verified(void *context, int error, uint64_t first, uint64_t last)
{
    struct bench *bench = context;

    bench->answer_error = error;
    bench->answered = true;
    bench->verified = (struct ward_seq_range){first, last};
}

/* Whoever goes on where he was may meet a new epoch, which has less. */
static void verifying_behind_the_newest_record_ends(void **state)
{
    struct bench *bench = *state;

    open_store(bench);
    submit_one(bench, 1, true);
    wait_for(bench, &bench->committed_count, 1);
    for (uint64_t from = 2; from <= 4; from++) {
        assert_int_equal(ward_store_verify(bench->store, from, on_verified, bench), 0);
        wait_for_answer(bench, 0);
        assert_int_equal(bench->verified.first, from);
        assert_int_equal(bench->verified.last, from - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_chain_is_as_documented),
        STORE_TEST(a_fresh_file_has_an_epoch_and_nothing_else),
        STORE_TEST(seq_and_chain_go_on_over_restarts),
        STORE_TEST(a_close_commits_what_waits),
        STORE_TEST(the_newest_state_of_each_patient_is_kept),
        STORE_TEST(a_commit_tells_the_text_that_is_read_back),
        STORE_TEST(a_reading_after_2038_keeps_its_time),
        STORE_TEST(texts_say_what_the_records_do),
        STORE_TEST(all_that_waits_is_one_commit),
        STORE_TEST(what_is_held_is_one_commit),
        STORE_TEST(a_shorter_window_counts_for_what_waits_already),
        STORE_TEST(what_is_not_well_formed_is_refused),
        STORE_TEST(alarm_events_are_kept_until_received),
        STORE_TEST(marks_ride_along_and_never_go_back),
        STORE_TEST(rows_come_back_as_they_were_put),
        STORE_TEST(two_patients_share_a_device_and_a_binding_gets_its_date),
        STORE_TEST(a_derived_reading_gets_the_numbers_of_its_stream),
        STORE_TEST(what_was_given_is_known_and_the_oldest_makes_room),
        STORE_TEST(queries_filter_newest_first),
        STORE_TEST(a_query_finds_what_lies_deep),
        STORE_TEST(too_many_requests_are_refused),
        STORE_TEST(verifying_behind_the_newest_record_ends),
    };

    return cmocka_run_group_tests(tests, install_disk, NULL);
}
