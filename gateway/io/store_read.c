/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/quantity.h"
#include "io/store_audit.h"
#include "io/store_chain.h"
#include "io/store_erase.h"

/* Records that one step of verifying looks at. */
#define VERIFY_STEP 256

void *ward_request_grow(void *rows, struct ward_request *request, size_t size)
{
    if (rows && request->count < request->capacity) {
        return rows;
    }
    size_t capacity = request->capacity == 0 ? 16 : 2 * request->capacity;
    void *grown = reallocarray(rows, capacity, size);
    if (grown) {
        request->capacity = capacity;
    }
    return grown;
}

/* A reader asks for glucose and means it of every sample. */
static bool has_quantity(const struct ward_record *record, uint8_t quantity)
{
    for (size_t i = 0; i < record->reading.value_count; i++) {
        if (ward_quantity_judged_as(record->reading.values[i].quantity) == quantity) {
            return true;
        }
    }
    return quantity == WARD_QUANTITY_NONE;
}

/* The record that was held against the chain last: what follows it need not look for its chain. */
struct verified {
    uint64_t seq; /* 0: none */
    uint8_t chain[32];
    struct ward_record computed;
    struct ward_chain_text text;
};

/* Whether the record follows from the one before it, as it did when it was committed. */
static int verify(struct ward_database *database, const struct ward_record *record, struct verified *last)
{
    struct ward_reading *computed = &last->computed.reading;
    int row = 1;

    if (last->seq == 0 || last->seq + 1 != record->reading.seq) {
        row = ward_database_chain_at(database, record->reading.seq - 1, last->chain);
    }
    if (row < 0) {
        return row;
    }
    last->computed = *record;
    if (row == 0 || !ward_store_chain_next(last->chain, database->epoch.text, &last->computed, &last->text) ||
        memcmp(computed->chain, record->reading.chain, sizeof(last->chain)) != 0) {
        return ward_database_damaged(database, "record %" PRIu64 " does not fit into the chain",
                                     record->reading.seq);
    }
    last->seq = record->reading.seq;
    memcpy(last->chain, record->reading.chain, sizeof(last->chain));
    return 0;
}

static int collect_records(struct ward_database *database, sqlite3_stmt *statement,
                           struct ward_request *request, size_t limit)
{
    struct verified last = {.seq = 0};
    int row = 0;

    while (request->count < limit && (row = ward_database_row(database, statement)) > 0) {
        struct ward_record *records = ward_request_grow(request->records, request, sizeof(records[0]));

        if (!records) {
            row = -ENOMEM;
            break;
        }
        request->records = records;
        int error = ward_record_from_row(database, statement, &records[request->count]);
        if (!error && request->kind != WARD_REQUEST_PAST) { /* those were verified when they were salvaged */
            error = verify(database, &records[request->count], &last);
        }
        if (error) {
            row = error;
            break;
        }
        request->count += has_quantity(&records[request->count], request->filter.quantity) ? 1 : 0;
    }
    sqlite3_reset(statement);
    return row < 0 ? row : 0;
}

static bool fetch(struct ward_database *database, struct ward_request *request)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_FETCH);

    sqlite3_bind_int64(statement, 1, (int64_t)request->range.first);
    sqlite3_bind_int64(statement, 2, (int64_t)request->range.last);
    sqlite3_bind_int(statement, 3, WARD_DELIVERY_BATCH_MAX);
    request->error = collect_records(database, statement, request, WARD_DELIVERY_BATCH_MAX);
    return true;
}

/* The text was made to hold the row against the chain: it is that which goes. */
static int collect_texts(struct ward_database *database, sqlite3_stmt *statement, struct ward_record_run *run)
{
    char text[WARD_RECORD_TEXT_MAX];
    struct verified last = {.seq = 0};
    struct ward_record record;
    int row;

    while ((row = ward_database_row(database, statement)) > 0) {
        int error = ward_record_from_row(database, statement, &record);

        error = error ? error : verify(database, &record, &last);
        if (error) {
            row = error;
            break;
        }
        const size_t length = ward_record_publish((const char *)last.text.octets + 32, last.text.length,
                                                  record.reading.chain, text);
        if (!ward_record_run_add(run, record.reading.seq, text, length)) {
            break;
        }
    }
    sqlite3_reset(statement);
    return row < 0 ? row : 0;
}

static bool fetch_texts(struct ward_database *database, struct ward_request *request)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_FETCH);

    if (!request->texts) {
        request->texts = malloc(sizeof(*request->texts));
    }
    if (!request->texts) {
        request->error = -ENOMEM;
        return true;
    }
    ward_record_run_init(&request->texts->run, request->texts->octets, sizeof(request->texts->octets));
    sqlite3_bind_int64(statement, 1, (int64_t)request->range.first);
    sqlite3_bind_int64(statement, 2, (int64_t)request->range.last);
    sqlite3_bind_int(statement, 3, WARD_DELIVERY_BATCH_MAX);
    request->error = collect_texts(database, statement, &request->texts->run);
    return true;
}

size_t ward_filter_limit(const struct ward_store_filter *filter)
{
    return filter->limit == 0 || filter->limit > WARD_STORE_QUERY_MAX ? WARD_STORE_QUERY_MAX : filter->limit;
}

int64_t ward_filter_until(const struct ward_store_filter *filter)
{
    return filter->until_ms == 0 ? WARD_UTC_UNKNOWN : filter->until_ms;
}

uint64_t ward_dropped_through(struct ward_database *database)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_LOWEST);
    uint64_t lowest = 0;

    if (ward_database_row(database, statement) > 0) {
        lowest = (uint64_t)sqlite3_column_int64(statement, 0);
        sqlite3_reset(statement);
    }
    return lowest > 0 ? lowest - 1 : 0;
}

/* Looks at the rows below next_seq; they need no index, and a wide filter is found among the newest. */
static bool query(struct ward_database *database, struct ward_request *request, const struct ward_head *head)
{
    const struct ward_store_filter *filter = &request->filter;
    int64_t device = 0, patient = 0;

    if (request->next_seq > head->seq) {
        request->next_seq = head->seq;
    }
    int error = ward_database_name_ref(database, &filter->device, false, &device);
    error = error ? error : ward_database_name_ref(database, &filter->patient, false, &patient);
    if (error) {
        request->error = error == -ENOENT ? 0 : error; /* nothing was ever recorded by that name */
        return true;
    }
    uint64_t rows = request->next_seq < WARD_READ_STEP_ROWS ? request->next_seq : WARD_READ_STEP_ROWS;
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_QUERY);
    sqlite3_bind_int64(statement, 1, (int64_t)(request->next_seq - rows + 1));
    sqlite3_bind_int64(statement, 2, (int64_t)request->next_seq);
    if (device != 0) {
        sqlite3_bind_int64(statement, 3, device);
    }
    if (patient != 0) {
        sqlite3_bind_int64(statement, 4, patient);
    }
    ward_database_bind_utc(statement, 5, filter->since_ms);
    ward_database_bind_utc(statement, 6, ward_filter_until(filter));
    request->error = collect_records(database, statement, request, ward_filter_limit(filter));
    request->next_seq -= rows;
    return request->error || request->next_seq <= ward_dropped_through(database) ||
           request->count == ward_filter_limit(filter);
}

/* One step. It begins where there are records, also when those that come next made room since the last. */
static bool verify_some(struct ward_database *database, struct ward_request *request,
                        const struct ward_head *head)
{
    struct ward_seq_range *range = &request->range;
    struct verified before = {.seq = 0};
    const uint64_t oldest = ward_dropped_through(database) + 1;

    if (range->last == 0) {
        range->first = range->first > oldest ? range->first : oldest;
        range->last = range->first - 1;
    }
    if (range->last + 1 < oldest) {
        range->first = oldest;
        range->last = oldest - 1;
    }
    const uint64_t end = range->last + VERIFY_STEP < head->seq ? range->last + VERIFY_STEP : head->seq;
    while (range->last < end && !request->error) {
        struct ward_record record;
        uint8_t erased[32];
        int row = ward_record_read(database, range->last + 1, &record);

        if (row > 0) {
            request->error = verify(database, &record, &before);
        } else { /* of one that was erased the chain is there, and the next follows from that */
            row = row < 0 ? row : ward_database_chain_at(database, range->last + 1, erased);
            request->error = row < 0    ? row
                             : row == 0 ? ward_database_damaged(database, "record %" PRIu64 " is not there",
                                                                range->last + 1)
                                        : 0;
        }
        range->last += request->error ? 0 : 1;
    }
    return request->error || range->last >= head->seq ||
           range->last - range->first + 1 >= WARD_STORE_VERIFY_MAX;
}

static bool chain(struct ward_database *database, struct ward_request *request)
{
    int row = ward_database_chain_at(database, request->range.first, request->chain);

    request->error = row < 0 ? row : 0;
    request->count = row > 0 ? 1 : 0;
    return true;
}

static bool past(struct ward_database *database, struct ward_request *request)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_EPOCH);
    int row = ward_database_row(database, statement);
    int64_t number = 0;

    if (row > 0) {
        ward_database_column_text(statement, 0, request->epoch.text, sizeof(request->epoch.text));
        number = sqlite3_column_int64(statement, 1);
        sqlite3_reset(statement);
        statement = ward_database_statement(database, WARD_SQL_PAST_FETCH);
        sqlite3_bind_int64(statement, 1, number);
        sqlite3_bind_int(statement, 2, WARD_DELIVERY_BATCH_MAX);
        row = collect_records(database, statement, request, WARD_DELIVERY_BATCH_MAX);
    }
    request->error = row < 0 ? row : 0;
    return true;
}

/* What the ward has is not kept: the epoch is over, and its file is there for whoever wants to look. */
static bool past_delivered(struct ward_database *database, struct ward_request *request)
{
    const struct ward_marks *delivered = &request->delivered;
    int error = ward_database_run(database, ward_database_statement(database, WARD_SQL_BEGIN));

    for (size_t i = 0; i <= delivered->range_count && !error; i++) {
        const struct ward_seq_range range =
            i == 0 ? (struct ward_seq_range){1, delivered->through} : delivered->ranges[i - 1];
        sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_DELIVERED);

        ward_database_bind_text(statement, 1, request->epoch.text);
        sqlite3_bind_int64(statement, 2, (int64_t)range.first);
        sqlite3_bind_int64(statement, 3, (int64_t)range.last);
        error = ward_database_run(database, statement);
    }
    error =
        error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_PAST_FORGET));
    error = error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_COMMIT));
    if (error) {
        ward_database_rollback(database);
    }
    request->error = error;
    return true;
}

static bool found_already(const struct ward_request *request, uint64_t seq)
{
    for (size_t i = 0; i < request->count + request->voided_count; i++)
        if (request->records[i].reading.seq == seq) {
            return true;
        }
    return false;
}

/* Appends what is taken back by what was found. */
static int collect_voided(struct ward_database *database, struct ward_request *request)
{
    int row = 0;

    for (size_t i = 0; i < request->count && row >= 0; i++) {
        const struct ward_record *record = &request->records[i];
        const uint64_t subject = record->note.subject;
        struct ward_record voided;

        if (record->reading.kind != WARD_RECORD_VOID || found_already(request, subject)) {
            continue;
        }
        row = ward_record_read(database, subject, &voided);
        if (row <= 0) {
            continue;
        }
        const size_t used = request->count + request->voided_count;
        struct ward_record *records = reallocarray(request->records, used + 1, sizeof(records[0]));
        if (!records) {
            return -ENOMEM;
        }
        request->records = records;
        request->records[used] = voided;
        request->voided_count++;
    }
    return row < 0 ? row : 0;
}

static bool step(struct ward_database *database, struct ward_request *request, const struct ward_head *head)
{
    switch ((enum ward_request_kind)request->kind) {
    case WARD_REQUEST_FETCH: return fetch(database, request);
    case WARD_REQUEST_TEXTS: return fetch_texts(database, request);
    case WARD_REQUEST_QUERY: return query(database, request, head);
    case WARD_REQUEST_HISTORY: return ward_history_step(database, request);
    case WARD_REQUEST_VERIFY: return verify_some(database, request, head);
    case WARD_REQUEST_CHAIN: return chain(database, request);
    case WARD_REQUEST_PAST: return past(database, request);
    case WARD_REQUEST_PAST_DELIVERED: return past_delivered(database, request);
    case WARD_REQUEST_AUDIT: return ward_audit_read(database, request);
    case WARD_REQUEST_ERASE: return ward_erase_step(database, request, head);
    }
    request->error = -EINVAL;
    return true;
}

bool ward_request_step(struct ward_database *database, struct ward_request *request,
                       const struct ward_head *head)
{
    if (!step(database, request, head)) {
        return false;
    }
    if (request->answer_whole && !request->error) {
        request->error = collect_voided(database, request);
    }
    return true;
}
