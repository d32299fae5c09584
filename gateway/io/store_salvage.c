/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_salvage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/store_chain.h"
#include "io/store_own.h"
#include "io/store_read.h"

/* Of a file whose newest record is not known: after so many in a row that are not there, there are no more. */
#define MISSES_MAX 1024

bool ward_salvage_may_pass(int error)
{
    switch (-error) {
    case EIO:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EBUSY: return true;
    default: return false;
    }
}

int ward_salvage_later(struct ward_database *fresh, const struct ward_database *source)
{
    memcpy(fresh->text, source->text, sizeof(fresh->text));
    return -EAGAIN;
}

/* A row that its table does not take is left out; a disk that takes nothing is not. */
static int unless_refused(int error)
{
    return error == -EINVAL ? 0 : error;
}

/* Under that number the fresh file has another record, or will have. */
static bool is_of_record(const struct ward_store_change *row)
{
    return row->kind == WARD_STORE_SETTING &&
           strncmp(row->name.text, WARD_STORE_OF_RECORD, strlen(WARD_STORE_OF_RECORD)) == 0;
}

/* --- at once ------------------------------------------------------------------------------------------------ */

static int write_rows(struct ward_database *fresh, const struct ward_store_snapshot *found)
{
    int error = 0;

    for (size_t i = 0; i < found->event_count && !error; i++) {
        error = unless_refused(ward_event_write(fresh, &found->events[i]));
    }
    for (size_t i = 0; i < found->state_count && !error; i++) {
        error = unless_refused(ward_state_write(fresh, &found->states[i]));
    }
    /* From the last on: the newest commands come first in a snapshot, and last in the file. */
    for (size_t i = found->row_count; i-- > 0 && !error;) {
        error = is_of_record(&found->rows[i]) ? 0 : unless_refused(ward_change_write(fresh, &found->rows[i]));
    }
    for (size_t i = 0; i < found->known_count && !error; i++) {
        const struct ward_store_change change = {.kind = WARD_STORE_KNOWN, .known = found->known[i]};

        error = unless_refused(ward_change_write(fresh, &change));
    }
    return error ? error : ward_time_write(fresh, &found->last_boot, &found->last_commit, NULL);
}

static int note_begun(struct ward_database *fresh, const char *aside)
{
    const struct ward_store_change begun = {
        .kind = WARD_STORE_SETTING, .name = {WARD_STORE_BEGUN}, .document = aside};

    return ward_change_write(fresh, &begun);
}

static int add_past(struct ward_database *fresh, const char *epoch, const char *aside,
                    const struct ward_seq_range *span, const void *ranges, int octets)
{
    sqlite3_stmt *statement = ward_database_statement(fresh, WARD_SQL_PAST_ADD);

    ward_database_bind_text(statement, 1, epoch);
    ward_database_bind_text(statement, 2, aside);
    sqlite3_bind_int64(statement, 3, (int64_t)span->first);
    sqlite3_bind_int64(statement, 4, (int64_t)span->last);
    sqlite3_bind_blob(statement, 5, octets > 0 ? ranges : "", octets, SQLITE_STATIC);
    return ward_database_run(fresh, statement);
}

/* Epochs that had ended before are read again, each from its own file: what the ward has of them it has only once. */
static int copy_past(struct ward_database *fresh, struct ward_database *source, bool give_up)
{
    sqlite3_stmt *statement = ward_database_statement(source, WARD_SQL_PAST_ALL);
    int error = 0, row = 0;

    while (!error && (row = ward_database_row(source, statement)) > 0) {
        const struct ward_seq_range span = {(uint64_t)sqlite3_column_int64(statement, 2),
                                            (uint64_t)sqlite3_column_int64(statement, 3)};
        char epoch[WARD_ID_MAX + 1], aside[WARD_STORE_TEXT_MAX];

        ward_database_column_text(statement, 0, epoch, sizeof(epoch));
        ward_database_column_text(statement, 1, aside, sizeof(aside));
        error = unless_refused(add_past(fresh, epoch, aside, &span, sqlite3_column_blob(statement, 4),
                                        sqlite3_column_bytes(statement, 4)));
    }
    if (ward_salvage_may_pass(row) && !give_up) {
        error = ward_salvage_later(fresh, source);
    }
    sqlite3_reset(statement);
    return error;
}

/* What is not taken over now is noted for step. */
static int note_records(struct ward_database *fresh, struct ward_database *source, const char *aside,
                        const struct ward_store_snapshot *found, const struct ward_renewal *renewal)
{
    const bool head_known = renewal->head > 0 && strcmp(renewal->epoch->text, source->epoch.text) == 0;
    struct ward_seq_range span = {found->through + 1, renewal->head};
    struct ward_head head;

    if (renewal->put_back) {
        uint64_t through = renewal->through > found->through ? renewal->through : found->through;

        span = (struct ward_seq_range){through + 1, renewal->common};
    } else if (!head_known) {
        span.last = ward_database_head(source, &head.seq, head.chain) == 0 ? head.seq : INT64_MAX;
    }
    int error = copy_past(fresh, source, renewal->give_up);
    if (!error && span.first <= span.last) {
        error = add_past(fresh, source->epoch.text, aside, &span, found->ranges,
                         (int)(found->range_count * sizeof(found->ranges[0])));
    }
    return error;
}

static int salvage(struct ward_database *fresh, struct ward_database *source, const char *aside,
                   const struct ward_renewal *renewal)
{
    struct ward_store_snapshot *found;
    int error = ward_snapshot_salvage(source, &found);

    if (found) {
        error = ward_salvage_may_pass(error) && !renewal->give_up ? ward_salvage_later(fresh, source) : 0;
    }
    error = error ? error : ward_database_run(fresh, ward_database_statement(fresh, WARD_SQL_BEGIN));
    error = error ? error : write_rows(fresh, found);
    error = error ? error : note_begun(fresh, aside);
    error = error ? error : note_records(fresh, source, aside, found, renewal);
    if (!error && renewal->put_back) {
        error = ward_own_take_over(
            fresh, source, &(struct ward_seq_range){renewal->common + 1, renewal->last}, renewal->give_up);
    }
    error = error ? error : ward_database_run(fresh, ward_database_statement(fresh, WARD_SQL_COMMIT));
    ward_store_snapshot_free(found);
    return error;
}

/* Nothing of it can be read, not even its epoch. That there were records is told all the same. */
static int note_loss(struct ward_database *fresh, const char *aside, const struct ward_renewal *renewal)
{
    const char *name = strrchr(aside, '/');
    const struct ward_seq_range span = {1, renewal->head > 0 ? renewal->head : INT64_MAX};

    int error = add_past(fresh, name ? name + 1 : aside, aside, &span, NULL, 0);

    return error ? error : note_begun(fresh, aside);
}

int ward_salvage_begin(struct ward_database *fresh, const char *source, const char *aside,
                       const struct ward_renewal *renewal)
{
    struct ward_database database;
    int error = ward_database_open_source(&database, source);

    if (ward_salvage_may_pass(error) && !renewal->give_up) {
        error = ward_salvage_later(fresh, &database);
    } else {
        error = error ? note_loss(fresh, aside, renewal) : salvage(fresh, &database, aside, renewal);
    }
    ward_database_abandon(&database);
    return error;
}

/* --- by and by ---------------------------------------------------------------------------------------------- */

/* A row of `past` that is not done. */
struct past {
    int64_t number;
    struct ward_id epoch;
    char source[WARD_STORE_TEXT_MAX];
    uint64_t next, last, lost;
    bool read_through;
    struct ward_seq_range ranges[WARD_DELIVERY_RANGES_MAX];
    size_t range_count;
};

static int next_past(struct ward_database *database, struct past *ret)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_SOURCE);
    int row = ward_database_row(database, statement);

    if (row <= 0) {
        return row;
    }
    *ret = (struct past){.number = sqlite3_column_int64(statement, 0),
                         .next = (uint64_t)sqlite3_column_int64(statement, 3),
                         .last = (uint64_t)sqlite3_column_int64(statement, 4),
                         .lost = (uint64_t)sqlite3_column_int64(statement, 6),
                         .read_through = sqlite3_column_int(statement, 7) != 0};
    ward_database_column_text(statement, 1, ret->epoch.text, sizeof(ret->epoch.text));
    ward_database_column_text(statement, 2, ret->source, sizeof(ret->source));
    size_t octets = (size_t)sqlite3_column_bytes(statement, 5);
    octets = octets < sizeof(ret->ranges) ? octets : sizeof(ret->ranges);
    ret->range_count = octets / sizeof(ret->ranges[0]);
    if (ret->range_count > 0) {
        memcpy(ret->ranges, sqlite3_column_blob(statement, 5), ret->range_count * sizeof(ret->ranges[0]));
    }
    sqlite3_reset(statement);
    return 1;
}

static void close_source(struct ward_salvage *salvage)
{
    if (salvage->open) {
        ward_database_abandon(&salvage->source);
    }
    salvage->open = false;
}

/* Whether that is waited for. What is not shows in the records. */
static bool is_waited_for(const struct ward_salvage *salvage, int error)
{
    return ward_salvage_may_pass(error) && salvage->failures < WARD_SALVAGE_TRIES;
}

/* The file is opened, and the chain in front of the next record is looked up. Returns 0, or what is waited for. */
static int begin_source(struct ward_salvage *salvage, const struct past *past)
{
    if (strcmp(salvage->path, past->source) != 0) {
        ward_salvage_done(salvage);
        snprintf(salvage->path, sizeof(salvage->path), "%s", past->source);
    }
    close_source(salvage);
    salvage->open = true;
    salvage->chain_seq = UINT64_MAX;
    int error = ward_database_open_source(&salvage->source, salvage->path);
    if (error) {
        ward_database_abandon(&salvage->source);
    } else {
        error = ward_database_chain_at(&salvage->source, past->next - 1, salvage->chain);
        salvage->chain_seq = error > 0 ? past->next - 1 : UINT64_MAX;
    }
    return is_waited_for(salvage, error) ? error : 0;
}

/* After a pause it is opened anew. */
static void put_off(struct ward_salvage *salvage)
{
    close_source(salvage);
    salvage->failures++;
}

static bool is_delivered(const struct past *past, uint64_t seq)
{
    for (size_t i = 0; i < past->range_count; i++) {
        if (past->ranges[i].first <= seq && seq <= past->ranges[i].last) {
            return true;
        }
    }
    return false;
}

/*
 * Whether the record is there and follows from the one before: 1 or 0. Its chain is remembered for the next in either case. Or
 * what is waited for.
 */
static int read_verified(struct ward_salvage *salvage, const struct past *past, struct ward_record *ret)
{
    struct ward_record computed;
    struct ward_chain_text text;
    const uint64_t seq = past->next;
    const bool open = salvage->source.connection != NULL;
    int row = open ? ward_record_read(&salvage->source, seq, ret) : 0;
    const bool there = row > 0;
    bool good = false;

    if (open && !there && !is_waited_for(salvage, row)) {
        row = ward_database_chain_at(&salvage->source, seq, salvage->chain);
    }
    if (is_waited_for(salvage, row)) {
        return row;
    }
    if (!there && row > 0) {
        salvage->chain_seq =
            seq; /* it was erased: what it said is gone, and the next follows from its chain */
        salvage->misses = 0;
        return 0;
    }
    if (there && salvage->chain_seq == seq - 1) {
        computed = *ret;
        good = ward_store_chain_next(salvage->chain, past->epoch.text, &computed, &text) &&
               memcmp(computed.reading.chain, ret->reading.chain, sizeof(salvage->chain)) == 0;
    }
    if (there) {
        memcpy(salvage->chain, ret->reading.chain, sizeof(salvage->chain));
        salvage->chain_seq = seq;
    }
    salvage->misses = there ? 0 : salvage->misses + 1;
    return good ? 1 : 0;
}

static int keep(struct ward_database *database, const struct past *past, const struct ward_record *record)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_RECORD_ADD);
    uint8_t body[WARD_RECORD_PACKED_MAX];
    size_t length = ward_record_pack(record, body, sizeof(body));

    sqlite3_bind_int64(statement, 12, past->number);
    return ward_record_row_write(database, statement, record, body, length);
}

static int read_some(struct ward_database *database, struct ward_salvage *salvage, struct past *past)
{
    int error = 0;

    for (int i = 0; i < WARD_SALVAGE_STEP_RECORDS && !error && past->next <= past->last; i++) {
        struct ward_record record;
        const int good = read_verified(salvage, past, &record);

        if (good < 0) {
            put_off(salvage);
            return 0;
        }
        salvage->failures = salvage->failures < WARD_SALVAGE_TRIES ? 0 : salvage->failures;
        salvage->missed = salvage->misses > 0 ? salvage->missed : 0;
        if (!is_delivered(past, past->next)) {
            error = good > 0 ? keep(database, past, &record) : 0;
            past->lost += good > 0 ? 0 : 1;
            salvage->missed += salvage->misses > 0 ? 1 : 0;
        }
        past->next++;
        if (past->last == INT64_MAX && salvage->misses >= MISSES_MAX) {
            /* of those that may never have been, at least one was */
            past->lost -= salvage->missed > 0 ? salvage->missed - 1 : 0;
            past->last = past->next - 1;
        }
    }
    return error;
}

static int note_progress(struct ward_database *database, const struct past *past)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_READ);
    bool end = past->next > past->last;

    sqlite3_bind_int64(statement, 1, past->number);
    sqlite3_bind_int64(statement, 2, (int64_t)past->next);
    sqlite3_bind_int64(statement, 3, (int64_t)past->lost);
    sqlite3_bind_int(statement, 4, !end ? 0 : past->lost > 0 ? 1 : 2);
    return ward_database_run(database, statement);
}

int ward_salvage_gap(struct ward_database *database, uint64_t lost, struct ward_group **ret)
{
    struct ward_store_snapshot mark;
    int error = ward_mark_read(database, &mark);

    return error ? error : ward_gap_new(&mark, "database-damaged", lost, ret);
}

int ward_salvage_step(struct ward_database *database, struct ward_salvage *salvage, bool *ret_more,
                      struct ward_group **ret_gap)
{
    struct past past;
    int error = next_past(database, &past);

    *ret_gap = NULL;
    *ret_more = error > 0;
    if (error <= 0) {
        return error;
    }
    if (past.read_through) {
        error = ward_salvage_gap(database, past.lost, ret_gap);
        if (!error) {
            (*ret_gap)->past = past.number;
        }
        return error;
    }
    if ((!salvage->open || strcmp(salvage->path, past.source) != 0) && begin_source(salvage, &past) < 0) {
        put_off(salvage);
        return 0;
    }
    error = ward_database_run(database, ward_database_statement(database, WARD_SQL_BEGIN));
    error = error ? error : read_some(database, salvage, &past);
    error = error ? error : note_progress(database, &past);
    error =
        error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_PAST_FORGET));
    error = error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_COMMIT));
    if (error) {
        ward_database_rollback(database);
    }
    if (error || past.next > past.last) {
        ward_salvage_done(salvage);
    }
    return error;
}

void ward_salvage_done(struct ward_salvage *salvage)
{
    close_source(salvage);
    *salvage = (struct ward_salvage){0};
}
