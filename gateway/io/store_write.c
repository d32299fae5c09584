/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/store_chain.h"

/* A derived record is from at most so many of those before it. */
#define DERIVED_FROM_MAX 4096
/* Of so many patients at most. */
#define STATES_COMPARED 32

/* A body as it goes into the file: the one that waited, or one made anew in the room. */
struct packed {
    const uint8_t *octets;
    size_t length;
    uint8_t room[WARD_RECORD_PACKED_MAX];
};

/* A name's number, or NULL for none. */
static int bind_name(struct ward_database *database, sqlite3_stmt *statement, int place,
                     const struct ward_id *name)
{
    int64_t ref = 0;
    int error = ward_database_name_ref(database, name, true, &ref);

    if (!error && ref != 0) {
        sqlite3_bind_int64(statement, place, ref);
    }
    return error;
}

/*
 * Which records a derived one is from. They are in the file, or stand before it in this transaction, since groups are
 * written in the order of their submission. What was lost on the way is not among them; if all was, the record is left
 * as derived from itself.
 */
static int find_derived(struct ward_database *database, const struct ward_queued_record *queued,
                        struct ward_reading *reading)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_DERIVED_FROM);
    const uint64_t before = reading->seq > DERIVED_FROM_MAX ? reading->seq - DERIVED_FROM_MAX : 0;

    sqlite3_bind_int64(statement, 1, (int64_t)before);
    int error = bind_name(database, statement, 2, &queued->patient);
    error = error ? error : bind_name(database, statement, 3, &queued->boot);
    error = error ? error : bind_name(database, statement, 4, &queued->device);
    sqlite3_bind_int64(statement, 5, (int64_t)queued->derived_since_us);
    sqlite3_bind_int64(statement, 6, (int64_t)queued->mono_us);
    int row = error ? error : ward_database_row(database, statement);
    bool found = row > 0 && sqlite3_column_type(statement, 0) != SQLITE_NULL;
    reading->derived_first = found ? (uint64_t)sqlite3_column_int64(statement, 0) : reading->seq;
    reading->derived_last = found ? (uint64_t)sqlite3_column_int64(statement, 1) : reading->seq;
    sqlite3_reset(statement);
    return row < 0 ? row : 0;
}

/* The record with the numbers that only the commit can give, and its body as it goes into the file. */
static int complete(struct ward_database *database, const struct ward_queued_record *queued,
                    const struct ward_head *head, struct packed *packed, struct ward_record *ret)
{
    int error = 0;

    packed->octets = queued->body;
    packed->length = queued->length;
    bool good = ward_queued_record_unpack(queued, ret);
    ret->reading.seq = head->seq + 1;
    if (good && queued->derived_since_us != 0) {
        error = find_derived(database, queued, &ret->reading);
        packed->octets = packed->room;
        packed->length = ward_record_pack(ret, packed->room, sizeof(packed->room));
        good = packed->length > 0;
    }
    if (!good) {
        snprintf(database->text, sizeof(database->text), "a record that waited was damaged in memory");
        return -EBADMSG;
    }
    return error;
}

int ward_record_row_write(struct ward_database *database, sqlite3_stmt *statement,
                          const struct ward_record *record, const uint8_t *body, size_t length)
{
    const struct ward_reading *reading = &record->reading;

    sqlite3_bind_int64(statement, 1, (int64_t)reading->seq);
    sqlite3_bind_int(statement, 2, reading->kind);
    int error = bind_name(database, statement, 3, &reading->patient);
    error = error ? error : bind_name(database, statement, 4, &reading->episode);
    error = error ? error : bind_name(database, statement, 5, &reading->device);
    error = error ? error : bind_name(database, statement, 6, &reading->boot);
    sqlite3_bind_int64(statement, 7, (int64_t)reading->mono_us);
    ward_database_bind_utc(statement, 8, reading->measured_at_ms);
    ward_database_bind_utc(statement, 9, reading->received_at_ms);
    sqlite3_bind_blob(statement, 10, body, (int)length, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 11, reading->chain, sizeof(reading->chain), SQLITE_STATIC);
    return error ? error : ward_database_run(database, statement);
}

static int write_record(struct ward_database *database, const struct ward_queued_record *queued,
                        struct ward_head *head, struct ward_store_committed *ret)
{
    struct packed packed;
    struct ward_chain_text text;
    struct ward_record record;
    struct ward_reading *reading = &record.reading;
    int error = complete(database, queued, head, &packed, &record);

    if (error) {
        return error;
    }
    if (!ward_store_chain_next(head->chain, database->epoch.text, &record, &text)) {
        snprintf(database->text, sizeof(database->text), "a record has no canonical text");
        return -EBADMSG;
    }
    error = ward_record_row_write(database, ward_database_statement(database, WARD_SQL_RECORD_ADD), &record,
                                  packed.octets, packed.length);
    if (!error) {
        head->seq = reading->seq;
        memcpy(head->chain, reading->chain, sizeof(head->chain));
        memcpy(ret->chain, reading->chain, sizeof(head->chain));
        ret->derived = (struct ward_seq_range){reading->derived_first, reading->derived_last};
        free(ret->text); /* of an attempt that failed */
        ret->text = ward_store_chain_publish(&text, &record);
    }
    return error;
}

static int write_records(struct ward_database *database, struct ward_group *group, struct ward_head *head)
{
    size_t i = 0;
    int error = 0;

    group->first_seq = group->record_count > 0 ? head->seq + 1 : 0;
    for (const struct ward_queued_record *record = group->records; record && !error; record = record->next) {
        error = write_record(database, record, head, &group->committed[i++]);
    }
    return error;
}

int ward_event_write(struct ward_database *database, const struct ward_store_event *event)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_EVENT_ADD);
    bool done = event->delivered || event->key.n == 0;

    sqlite3_bind_blob(statement, 1, event->key.id.octets, sizeof(event->key.id.octets), SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, event->key.n);
    ward_database_bind_text(statement, 3, event->patient.text);
    ward_database_bind_utc(statement, 4, event->at_ms);
    sqlite3_bind_int(statement, 5, done ? 1 : 0);
    sqlite3_bind_text(statement, 6, event->payload, (int)event->payload_length, SQLITE_STATIC);
    return ward_database_run(database, statement);
}

int ward_state_write(struct ward_database *database, const struct ward_store_alarm_state *state)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_STATE_PUT);

    ward_database_bind_text(statement, 1, state->patient.text);
    sqlite3_bind_int64(statement, 2, state->version);
    sqlite3_bind_blob(statement, 3, state->state, (int)state->length, SQLITE_STATIC);
    return ward_database_run(database, statement);
}

static int write_marks(struct ward_database *database, const struct ward_marks *marks,
                       const struct ward_head *head)
{
    int error = 0;

    if (marks->records && marks->through <= head->seq) {
        sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_MARK_THROUGH);
        size_t octets = marks->range_count * sizeof(marks->ranges[0]);

        sqlite3_bind_int64(statement, 1, (int64_t)marks->through);
        sqlite3_bind_blob(statement, 2, octets > 0 ? (const void *)marks->ranges : "", (int)octets,
                          SQLITE_STATIC);
        error = ward_database_run(database, statement);
    }
    if (!error && marks->agreed) {
        error = ward_database_run(database, ward_database_statement(database, WARD_SQL_MARK_AGREED));
    }
    for (size_t i = 0; i < marks->alarm_count && !error; i++) {
        sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_EVENT_DELIVERED);

        sqlite3_bind_blob(statement, 1, marks->alarms[i].id.octets, sizeof(marks->alarms[i].id.octets),
                          SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, marks->alarms[i].n);
        error = ward_database_run(database, statement);
    }
    return error;
}

int ward_time_write(struct ward_database *database, const struct ward_id *boot, const struct ward_time *now,
                    const uint64_t *opened)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_MARK_TIME);

    ward_database_bind_text(statement, 1, boot->text);
    sqlite3_bind_int64(statement, 2, (int64_t)now->boot_us);
    ward_database_bind_utc(statement, 3, now->utc_ms);
    sqlite3_bind_int(statement, 4, now->clock);
    if (opened) {
        sqlite3_bind_int64(statement, 5, (int64_t)*opened);
    }
    return ward_database_run(database, statement);
}

int ward_gap_new(const struct ward_store_snapshot *mark, const char *reason, uint64_t lost,
                 struct ward_group **ret)
{
    struct ward_record record = {
        .reading = {.kind = WARD_RECORD_GAP,
                    .boot = mark->last_boot,
                    .mono_us = mark->last_commit.boot_us,
                    .received_at_ms = mark->last_commit.utc_ms,
                    .measured_at_ms = WARD_UTC_UNKNOWN,
                    .clock = mark->last_commit.clock,
                    .security = WARD_LINK_NONE},
        .note = {.subject = lost, .from_ms = WARD_UTC_UNKNOWN, .to_ms = WARD_UTC_UNKNOWN}};
    const struct ward_store_group group = {.urgent = true, .records = &record, .record_count = 1};

    snprintf(record.note.reason.text, sizeof(record.note.reason.text), "%s", reason);
    return ward_group_new(&group, ret);
}

/* The chain of the last that goes is kept: the first that stays follows from it. */
int ward_records_drop(struct ward_database *database, uint64_t last)
{
    uint8_t chain[32];
    int row = ward_database_chain_at(database, last, chain);

    if (row <= 0) {
        return row < 0 ? row : ward_database_damaged(database, "record %" PRIu64 " has no chain", last);
    }
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_MARK_DROPPED);
    sqlite3_bind_int64(statement, 1, (int64_t)last);
    sqlite3_bind_blob(statement, 2, chain, sizeof(chain), SQLITE_STATIC);
    int error = ward_database_run(database, statement);
    statement = ward_database_statement(database, WARD_SQL_DROP_RECORDS);
    sqlite3_bind_int64(statement, 1, (int64_t)last);
    return error ? error : ward_database_run(database, statement);
}

int ward_group_write(struct ward_database *database, struct ward_group *group, struct ward_head *head)
{
    int error = group->purged.through > 0 ? ward_records_drop(database, group->purged.through) : 0;

    error = error ? error : write_records(database, group, head);
    for (size_t i = 0; i < group->event_count && !error; i++) {
        error = ward_event_write(database, &group->events[i]);
    }
    for (size_t i = 0; i < group->state_count && !error; i++) {
        error = group->states[i].state ? ward_state_write(database, &group->states[i]) : 0;
    }
    for (size_t i = 0; i < group->change_count && !error; i++) {
        error = ward_change_write(database, &group->changes[i]);
    }
    if (!error && group->past != 0) {
        sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_TOLD);

        sqlite3_bind_int64(statement, 1, group->past);
        error = ward_database_run(database, statement);
        error = error ? error
                      : ward_database_run(database, ward_database_statement(database, WARD_SQL_PAST_FORGET));
    }
    return error;
}

/* Marks a state as one that a later one of the transaction replaces. */
static void leave_out(struct ward_store_alarm_state *state)
{
    free((void *)(uintptr_t)state->state);
    state->state = NULL;
}

/*
 * A patient's state comes with each of his readings, and of those in one transaction only the last is left when it is
 * over: the others are not written. With more patients than are compared some are.
 */
static void leave_out_older_states(struct ward_batch *batch)
{
    struct ward_store_alarm_state *newest[STATES_COMPARED];
    size_t count = 0;

    for (struct ward_item *item = batch->groups.first; item; item = item->next) {
        const struct ward_group *group = (const struct ward_group *)item;

        for (size_t i = 0; i < group->state_count; i++) {
            struct ward_store_alarm_state *state = &group->states[i];
            size_t place = 0;

            while (place < count && strcmp(newest[place]->patient.text, state->patient.text) != 0) {
                place++;
            }
            if (!state->state || place == STATES_COMPARED) {
                continue;
            }
            if (place < count) {
                leave_out(newest[place]);
            }
            newest[place] = state;
            count += place == count ? 1 : 0;
        }
    }
}

int ward_batch_write(struct ward_database *database, struct ward_batch *batch, struct ward_head *head)
{
    const struct ward_group *newest = NULL;

    leave_out_older_states(batch);
    batch->reached = *head;
    batch->in_commit = false;
    int error = ward_database_run(database, ward_database_statement(database, WARD_SQL_BEGIN));
    for (struct ward_item *item = batch->groups.first; item && !error; item = item->next) {
        struct ward_group *group = (struct ward_group *)item;

        error = ward_group_write(database, group, &batch->reached);
        newest = group->boot.text[0] != '\0' ? group : newest;
    }
    error = error ? error : write_marks(database, &batch->marks, &batch->reached);
    if (!error && newest) {
        const bool agreed = batch->agreed || batch->marks.agreed;

        error = ward_time_write(database, &newest->boot, &newest->now, agreed ? NULL : &batch->opened);
    }
    if (!error) {
        batch->in_commit = true;
        error = ward_database_run(database, ward_database_statement(database, WARD_SQL_COMMIT));
    }
    if (error) {
        ward_database_rollback(database);
        return error;
    }
    *head = batch->reached;
    batch->agreed = batch->agreed || batch->marks.agreed;
    return 0;
}
