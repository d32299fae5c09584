/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_erase.h"

#include <errno.h>
#include <stdio.h>

#include "io/store_kept.h"

/* Numbers that one step looks at. */
#define STEP_ROWS 4096

/* So many pages of the log are moved into the file before more is done. */
#define LOG_PAGES 1000

static sqlite3_stmt *statement_for(struct ward_database *database, enum ward_sql sql,
                                   const struct ward_store_erasure *erasure)
{
    sqlite3_stmt *statement = ward_database_statement(database, sql);

    ward_database_bind_text(statement, 1, erasure->patient.text);
    if (sqlite3_bind_parameter_count(statement) > 1) {
        ward_database_bind_text(statement, 2, erasure->episode.text);
    }
    return statement;
}

static int count(struct ward_database *database, const struct ward_store_erasure *erasure,
                 struct ward_store_erased *ret)
{
    sqlite3_stmt *statement = statement_for(database, WARD_SQL_ERASE_COUNT, erasure);
    int row = ward_database_row(database, statement);

    if (row > 0) {
        ret->records = (uint64_t)sqlite3_column_int64(statement, 0);
        ret->events = (uint64_t)sqlite3_column_int64(statement, 1);
        ret->undelivered_events = (uint64_t)sqlite3_column_int64(statement, 2);
        ret->bindings = (uint64_t)sqlite3_column_int64(statement, 3);
        sqlite3_reset(statement);
    }
    return row < 0 ? row : 0;
}

static int erase_records(struct ward_database *database, const struct ward_store_erasure *erasure,
                         uint64_t first)
{
    sqlite3_stmt *statement = statement_for(database, WARD_SQL_ERASE_RECORDS, erasure);

    sqlite3_bind_int64(statement, 3, (int64_t)first);
    sqlite3_bind_int64(statement, 4, (int64_t)(first + STEP_ROWS - 1));
    int error = ward_database_run(database, statement);
    if (!error && database->wal_pages >= LOG_PAGES) {
        error = ward_database_checkpoint(database, true);
    }
    return error;
}

static int erase_rows(struct ward_database *database, const struct ward_store_erasure *erasure)
{
    static const enum ward_sql statements[] = {WARD_SQL_PATIENT_DELETE, WARD_SQL_PLAN_DELETE,
                                               WARD_SQL_STATE_DELETE,   WARD_SQL_ERASE_EVENTS,
                                               WARD_SQL_ERASE_AUDIT, /* it asks who had a device: */
                                               WARD_SQL_ERASE_BINDINGS, WARD_SQL_ERASE_PAST};
    int error = ward_database_run(database, ward_database_statement(database, WARD_SQL_BEGIN));

    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]) && !error; i++) {
        error = ward_database_run(database, statement_for(database, statements[i], erasure));
    }
    error =
        error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_ERASE_KNOWN));
    error =
        error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_PAST_FORGET));
    error = error ? error : ward_database_run(database, ward_database_statement(database, WARD_SQL_COMMIT));
    if (error) {
        ward_database_rollback(database);
    }
    return error;
}

/* The statement finds out itself that nobody refers to a name: SQLite does not look (store_open.c). */
static int erase_names(struct ward_database *database)
{
    database->name_count = 0;
    return ward_database_run(database, ward_database_statement(database, WARD_SQL_ERASE_NAMES));
}

bool ward_erase_step(struct ward_database *database, struct ward_request *request,
                     const struct ward_head *head)
{
    const struct ward_store_erasure *erasure = &request->erasure;
    const bool of_somebody = erasure->patient.text[0] != '\0';

    if (erasure->only_count) {
        request->error = count(database, erasure, &request->erased);
        return true;
    }
    if (of_somebody && request->next_seq <= head->seq) {
        request->error = erase_records(database, erasure, request->next_seq);
        request->next_seq += STEP_ROWS;
        return request->error != 0;
    }
    if (of_somebody) {
        request->error = erase_rows(database, erasure);
        request->error = request->error ? request->error : erase_names(database);
    }
    request->error = request->error ? request->error : ward_kept_remove_all(database, &request->erased.files);
    request->error = request->error ? request->error : ward_database_checkpoint(database, true);
    return true;
}
