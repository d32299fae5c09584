/* SPDX-License-Identifier: Apache-2.0 */
/* Alarm events read back. */
#include <errno.h>

#include "io/store_read.h"

/* Behind the columns of an event, where the statement has it. */
#define EVENT_POSITION_COLUMN 6

static sqlite3_stmt *history_statement(struct ward_database *database, const struct ward_store_filter *filter)
{
    sqlite3_stmt *statement;

    if (filter->of_occurrence) {
        statement = ward_database_statement(database, WARD_SQL_OCCURRENCE);
        sqlite3_bind_blob(statement, 1, filter->occurrence.octets, sizeof(filter->occurrence.octets),
                          SQLITE_STATIC);
        sqlite3_bind_int64(statement, 2, (int64_t)ward_filter_limit(filter));
        return statement;
    }
    if (filter->published) {
        statement = ward_database_statement(database, WARD_SQL_PUBLISHED_EVENTS);
        sqlite3_bind_int64(statement, 1, (int64_t)filter->after);
        ward_database_bind_utc(statement, 2, filter->since_ms);
        sqlite3_bind_int64(statement, 3, (int64_t)ward_filter_limit(filter));
        return statement;
    }
    statement = ward_database_statement(database,
                                        filter->undelivered ? WARD_SQL_UNDELIVERED_EVENTS : WARD_SQL_HISTORY);
    if (filter->patient.text[0] != '\0') {
        ward_database_bind_text(statement, 1, filter->patient.text);
    }
    ward_database_bind_utc(statement, 2, filter->since_ms);
    sqlite3_bind_int64(statement, 3, (int64_t)ward_filter_limit(filter));
    if (!filter->undelivered) {
        ward_database_bind_utc(statement, 4, ward_filter_until(filter));
    }
    return statement;
}

bool ward_history_step(struct ward_database *database, struct ward_request *request)
{
    sqlite3_stmt *statement = history_statement(database, &request->filter);
    int row;

    while ((row = ward_database_row(database, statement)) > 0) {
        struct ward_store_event *events = ward_request_grow(request->events, request, sizeof(events[0]));

        if (!events) {
            row = -ENOMEM;
            break;
        }
        request->events = events;
        row = ward_event_from_row(database, statement, &events[request->count]);
        if (row < 0) {
            break;
        }
        if (request->filter.published) {
            events[request->count].position =
                (uint64_t)sqlite3_column_int64(statement, EVENT_POSITION_COLUMN);
        }
        request->count++;
    }
    sqlite3_reset(statement);
    request->error = row;
    return true;
}
