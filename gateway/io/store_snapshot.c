/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the file holds when it is opened. Every query here goes by a row number or over a table that stays small.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"
#include "core/utc.h"
#include "io/store_read.h"

static void column_id(sqlite3_stmt *statement, int place, struct ward_id *ret)
{
    ward_database_column_text(statement, place, ret->text, sizeof(ret->text));
}

/* The document of a row, for the kinds that have one. */
static int column_document(struct ward_database *database, sqlite3_stmt *statement, int place,
                           struct ward_store_change *ret)
{
    const char *text = (const char *)sqlite3_column_text(statement, place);

    if (sqlite3_column_type(statement, place) == SQLITE_NULL) {
        return ward_database_damaged(database, "a row that has a document has none");
    }
    ret->document = text ? strdup(text) : NULL;
    return ret->document ? 0 : -ENOMEM;
}

static void read_patient(sqlite3_stmt *statement, struct ward_store_change *ret)
{
    struct ward_store_patient *patient = &ret->patient;

    column_id(statement, 0, &patient->id);
    column_id(statement, 1, &patient->episode);
    ward_database_column_text(statement, 2, patient->label, sizeof(patient->label));
    ward_database_column_text(statement, 3, patient->check_word, sizeof(patient->check_word));
    patient->admitted_at_ms = ward_database_column_utc(statement, 4);
}

static void read_plan(sqlite3_stmt *statement, struct ward_store_change *ret)
{
    column_id(statement, 0, &ret->plan.patient);
    ret->plan.version = (uint32_t)sqlite3_column_int64(statement, 1);
}

static void read_device(sqlite3_stmt *statement, struct ward_store_change *ret)
{
    struct ward_store_device *device = &ret->device;

    column_id(statement, 0, &device->id);
    ward_database_column_text(statement, 1, device->address, sizeof(device->address));
    ward_database_column_text(statement, 2, device->address_type, sizeof(device->address_type));
    column_id(statement, 3, &device->model);
    column_id(statement, 4, &device->policy);
    ward_database_column_text(statement, 5, device->name, sizeof(device->name));
    ward_database_column_text(statement, 6, device->manufacturer, sizeof(device->manufacturer));
    ward_database_column_text(statement, 7, device->model_number, sizeof(device->model_number));
    ward_database_column_text(statement, 8, device->serial_number, sizeof(device->serial_number));
    ward_database_column_text(statement, 9, device->system_id, sizeof(device->system_id));
    ward_database_column_text(statement, 10, device->firmware, sizeof(device->firmware));
    device->enrolled_at_ms = ward_database_column_utc(statement, 11);
}

static void read_binding(sqlite3_stmt *statement, struct ward_store_change *ret)
{
    struct ward_store_binding *binding = &ret->binding;

    column_id(statement, 0, &binding->device);
    binding->slot = (uint8_t)sqlite3_column_int(statement, 1);
    binding->from_ms = sqlite3_column_int64(statement, 2);
    column_id(statement, 3, &binding->patient);
    column_id(statement, 4, &binding->episode);
    binding->until_ms = ward_database_column_utc(statement, 5);
    binding->read_out = sqlite3_column_int(statement, 6) != 0;
}

static void read_counter(sqlite3_stmt *statement, struct ward_store_change *ret)
{
    ward_database_column_text(statement, 0, ret->counter.kid, sizeof(ret->counter.kid));
    ret->counter.counter = (uint64_t)sqlite3_column_int64(statement, 1);
}

static void read_named(sqlite3_stmt *statement, struct ward_store_change *ret)
{
    column_id(statement, 0, &ret->name);
}

static const struct {
    enum ward_sql sql;
    enum ward_store_change_kind kind;
    void (*read)(sqlite3_stmt *statement, struct ward_store_change *ret);
    int document; /* the column of its document; 0: it has none */
} tables[] = {
    {WARD_SQL_PATIENTS, WARD_STORE_PATIENT, read_patient, 0},
    {WARD_SQL_PLANS, WARD_STORE_PLAN, read_plan, 2},
    {WARD_SQL_DEVICES, WARD_STORE_DEVICE, read_device, 0},
    {WARD_SQL_BINDINGS, WARD_STORE_BINDING, read_binding, 0},
    {WARD_SQL_COUNTERS, WARD_STORE_COUNTER, read_counter, 0},
    {WARD_SQL_COMMANDS, WARD_STORE_COMMAND, read_named, 1},
    {WARD_SQL_SETTINGS, WARD_STORE_SETTING, read_named, 1},
};

/* Makes room for one more element after count of them, a power of two at a time; NULL without memory. */
static void *room_for_one(void *elements, size_t count, size_t size)
{
    bool full = (count & (count - 1)) == 0;

    return full ? reallocarray(elements, count == 0 ? 1 : 2 * count, size) : elements;
}

static int read_rows(struct ward_database *database, struct ward_store_snapshot *snapshot, size_t table)
{
    sqlite3_stmt *statement = ward_database_statement(database, tables[table].sql);
    int row;

    while ((row = ward_database_row(database, statement)) > 0) {
        struct ward_store_change *rows = room_for_one(snapshot->rows, snapshot->row_count, sizeof(rows[0]));

        if (!rows) {
            return -ENOMEM;
        }
        snapshot->rows = rows;
        rows += snapshot->row_count;
        memset(rows, 0, sizeof(*rows));
        rows->kind = (uint8_t)tables[table].kind;
        tables[table].read(statement, rows);
        const int place = tables[table].document;
        int error = place > 0 ? column_document(database, statement, place, rows) : 0;
        if (error) {
            return error;
        }
        snapshot->row_count++;
    }
    return row;
}

static int read_events(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_UNDELIVERED_EVENTS);
    int row;

    sqlite3_bind_int64(statement, 3, -1); /* no limit */
    while ((row = ward_database_row(database, statement)) > 0) {
        struct ward_store_event *events =
            room_for_one(snapshot->events, snapshot->event_count, sizeof(events[0]));

        if (!events) {
            return -ENOMEM;
        }
        snapshot->events = events;
        int error = ward_event_from_row(database, statement, &events[snapshot->event_count]);
        if (error) {
            return error;
        }
        snapshot->event_count++;
    }
    return row;
}

static int read_states(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_STATES);
    int row;

    while ((row = ward_database_row(database, statement)) > 0) {
        struct ward_store_alarm_state *states =
            room_for_one(snapshot->states, snapshot->state_count, sizeof(states[0]));
        size_t length = (size_t)sqlite3_column_bytes(statement, 2);
        uint8_t *state = malloc(length + 1);

        snapshot->states = states ? states : snapshot->states;
        if (!states || !state) {
            free(state);
            return -ENOMEM;
        }
        if (length > 0) {
            memcpy(state, sqlite3_column_blob(statement, 2), length);
        }
        states += snapshot->state_count++;
        *states = (struct ward_store_alarm_state){
            .version = (uint32_t)sqlite3_column_int64(statement, 1), .state = state, .length = length};
        column_id(statement, 0, &states->patient);
    }
    return row;
}

static int read_known(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_KNOWN);
    int row, error = 0;

    while (!error && (row = ward_database_row(database, statement)) > 0) {
        struct ward_store_known *known =
            room_for_one(snapshot->known, snapshot->known_count, sizeof(known[0]));

        if (!known) {
            return -ENOMEM;
        }
        snapshot->known = known;
        known += snapshot->known_count;
        memset(known, 0, sizeof(*known));
        known->number = (uint64_t)sqlite3_column_int64(statement, 1);
        if (sqlite3_column_bytes(statement, 2) != (int)sizeof(known->key)) {
            return ward_database_damaged(database, "a record that is known again has no key");
        }
        memcpy(known->key, sqlite3_column_blob(statement, 2), sizeof(known->key));
        error = ward_database_name_text(database, sqlite3_column_int64(statement, 0), &known->device);
        snapshot->known_count += error ? 0 : 1;
    }
    return error ? error : row;
}

/* What no record could be dated with is none. */
static bool is_moment(const struct ward_id *boot, int64_t utc_ms, int64_t clock)
{
    const bool dated = utc_ms >= WARD_UTC_MIN_MS && utc_ms <= WARD_UTC_MAX_MS;

    return (boot->text[0] == '\0' || ward_id_is_valid(boot->text)) && (dated || utc_ms == WARD_UTC_UNKNOWN) &&
           clock >= 0 && clock <= WARD_CLOCK_UNSYNCED;
}

int ward_mark_read(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_MARK_READ);
    int row = ward_database_row(database, statement);

    if (row <= 0) {
        return row < 0 ? row : ward_database_damaged(database, "the mark of what was delivered is not there");
    }
    size_t octets = (size_t)sqlite3_column_bytes(statement, 1);
    octets = octets < sizeof(snapshot->ranges) ? octets : sizeof(snapshot->ranges);
    snapshot->through = (uint64_t)sqlite3_column_int64(statement, 0);
    snapshot->range_count = octets / sizeof(snapshot->ranges[0]);
    if (octets > 0) {
        memcpy(snapshot->ranges, sqlite3_column_blob(statement, 1), octets);
    }
    struct ward_id boot;
    column_id(statement, 2, &boot);
    const int64_t clock = sqlite3_column_int64(statement, 5);
    const struct ward_time commit = {.boot_us = (uint64_t)sqlite3_column_int64(statement, 3),
                                     .utc_ms = ward_database_column_utc(statement, 4),
                                     .clock = (uint8_t)clock};
    if (!is_moment(&boot, commit.utc_ms, clock)) {
        return ward_database_damaged(database, "the moment of the last commit is damaged");
    }
    snapshot->last_boot = boot;
    snapshot->last_commit = commit;
    snapshot->agreed = sqlite3_column_type(statement, 6) == SQLITE_NULL;
    snapshot->opened = (uint64_t)sqlite3_column_int64(statement, 6);
    sqlite3_reset(statement);
    return 0;
}

static int read_oldest(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_OLDEST_RECEIVED);

    snapshot->oldest_undelivered_ms = WARD_UTC_UNKNOWN;
    sqlite3_bind_int64(statement, 1, (int64_t)snapshot->through);
    int row = ward_database_row(database, statement);
    if (row > 0) {
        snapshot->oldest_undelivered_ms = ward_database_column_utc(statement, 0);
        sqlite3_reset(statement);
    }
    return row < 0 ? row : 0;
}

static int read_head(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    return ward_database_head(database, &snapshot->head_seq, snapshot->head_chain);
}

static int (*const parts[])(struct ward_database *database, struct ward_store_snapshot *snapshot) = {
    read_head, ward_mark_read, read_oldest, read_events, read_states, read_known,
};

/* All of it, or with tolerant set what is not damaged. */
static int read_parts(struct ward_database *database, struct ward_store_snapshot *snapshot, bool tolerant)
{
    const size_t part_count = sizeof(parts) / sizeof(parts[0]),
                 table_count = sizeof(tables) / sizeof(tables[0]);
    int first_error = 0;

    snapshot->epoch = database->epoch;
    for (size_t i = 0; i < part_count + table_count && (!first_error || tolerant); i++) {
        int error =
            i < part_count ? parts[i](database, snapshot) : read_rows(database, snapshot, i - part_count);

        if (!first_error && !(tolerant && error == -EUCLEAN)) {
            first_error = error;
        }
    }
    return first_error;
}

int ward_snapshot_read(struct ward_database *database, struct ward_store_snapshot *snapshot)
{
    return read_parts(database, snapshot, false);
}

int ward_snapshot_salvage(struct ward_database *database, struct ward_store_snapshot **ret)
{
    struct ward_store_snapshot *snapshot = *ret = calloc(1, sizeof(*snapshot));

    if (!snapshot) {
        return -ENOMEM;
    }
    snapshot->last_commit = (struct ward_time){.utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED};
    return read_parts(database, snapshot, true);
}

struct ward_store_snapshot *ward_store_snapshot_free(struct ward_store_snapshot *snapshot)
{
    if (!snapshot) {
        return NULL;
    }
    for (size_t i = 0; i < snapshot->event_count; i++) {
        ward_event_done(&snapshot->events[i]);
    }
    for (size_t i = 0; i < snapshot->state_count; i++) {
        free((void *)(uintptr_t)snapshot->states[i].state);
    }
    for (size_t i = 0; i < snapshot->row_count; i++) {
        free((void *)(uintptr_t)snapshot->rows[i].document);
    }
    free(snapshot->events);
    free(snapshot->states);
    free(snapshot->rows);
    free(snapshot->known);
    free(snapshot);
    return NULL;
}
