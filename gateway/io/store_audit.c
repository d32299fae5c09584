/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_audit.h"

#include <errno.h>
#include <stdlib.h>

int ward_audit_write(struct ward_database *database, const struct ward_store_audit *audit)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_AUDIT_PUT);

    ward_database_bind_text(statement, 1, audit->boot.text);
    sqlite3_bind_int64(statement, 2, (int64_t)audit->boot_us);
    ward_database_bind_utc(statement, 3, audit->at_ms);
    sqlite3_bind_int64(statement, 4, audit->uid);
    ward_database_bind_text(statement, 5, audit->by.text);
    ward_database_bind_text(statement, 6, audit->method);
    ward_database_bind_text(statement, 7, audit->object);
    ward_database_bind_text(statement, 8, audit->patient.text);
    ward_database_bind_text(statement, 9, audit->outcome);
    sqlite3_bind_int64(statement, 10, audit->omitted);
    int error = ward_database_run(database, statement);
    if (!error) {
        statement = ward_database_statement(database, WARD_SQL_AUDIT_BOUND);
        sqlite3_bind_int64(statement, 1, WARD_STORE_AUDIT_MAX);
        error = ward_database_run(database, statement);
    }
    return error;
}

static void read_row(sqlite3_stmt *statement, struct ward_store_audit *ret)
{
    *ret = (struct ward_store_audit){.boot_us = (uint64_t)sqlite3_column_int64(statement, 1),
                                     .at_ms = ward_database_column_utc(statement, 2),
                                     .uid = (uint32_t)sqlite3_column_int64(statement, 3),
                                     .omitted = (uint32_t)sqlite3_column_int64(statement, 9)};
    ward_database_column_text(statement, 0, ret->boot.text, sizeof(ret->boot.text));
    ward_database_column_text(statement, 4, ret->by.text, sizeof(ret->by.text));
    ward_database_column_text(statement, 5, ret->method, sizeof(ret->method));
    ward_database_column_text(statement, 6, ret->object, sizeof(ret->object));
    ward_database_column_text(statement, 7, ret->patient.text, sizeof(ret->patient.text));
    ward_database_column_text(statement, 8, ret->outcome, sizeof(ret->outcome));
}

bool ward_audit_read(struct ward_database *database, struct ward_request *request)
{
    const struct ward_store_filter *filter = &request->filter;
    const size_t limit =
        filter->limit == 0 || filter->limit > WARD_STORE_QUERY_MAX ? WARD_STORE_QUERY_MAX : filter->limit;
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_AUDIT);
    int row = 0;

    request->audit = calloc(limit, sizeof(request->audit[0]));
    if (!request->audit) {
        request->error = -ENOMEM;
        return true;
    }
    if (filter->patient.text[0] != '\0') {
        ward_database_bind_text(statement, 1, filter->patient.text);
    }
    ward_database_bind_utc(statement, 2, filter->since_ms);
    ward_database_bind_utc(statement, 3, filter->until_ms == 0 ? WARD_UTC_UNKNOWN : filter->until_ms);
    sqlite3_bind_int64(statement, 4, (int64_t)limit);
    while (request->count < limit && (row = ward_database_row(database, statement)) > 0) {
        read_row(statement, &request->audit[request->count++]);
    }
    sqlite3_reset(statement);
    request->error = row < 0 ? row : 0;
    return true;
}
