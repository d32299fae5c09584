/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_database.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/store_chain.h"

static int errno_of(sqlite3 *connection, int result)
{
    int system_errno = connection ? sqlite3_system_errno(connection) : 0;

    switch (result & 0xFF) {
    case SQLITE_OK: return 0;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return -EUCLEAN;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return -EBUSY;
    case SQLITE_FULL: return -ENOSPC;
    case SQLITE_NOMEM: return -ENOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return -EACCES;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return -EINVAL;
    case SQLITE_CANTOPEN: return system_errno > 0 ? -system_errno : -ENOENT;
    case SQLITE_IOERR:
        if (result == SQLITE_IOERR_DATA || result == SQLITE_IOERR_SHORT_READ) {
            return -EUCLEAN;
        }
        return system_errno == ENOSPC ? -ENOSPC : -EIO;
    default: return -EIO;
    }
}

int ward_database_fail(struct ward_database *database, int result, const char *what)
{
    const char *says = database->connection ? sqlite3_errmsg(database->connection) : sqlite3_errstr(result);
    int error = errno_of(database->connection, result);

    if (error == -EBUSY) {
        says = "another program has it open";
    }
    snprintf(database->text, sizeof(database->text), "%s: %s: %s", database->path, what, says);
    return error;
}

int ward_database_fail_system(struct ward_database *database, const char *what)
{
    int error = errno;

    snprintf(database->text, sizeof(database->text), "%s: %s: %s", database->path, what, strerror(error));
    return -error;
}

int ward_database_damaged(struct ward_database *database, const char *format, ...)
{
    const int length = snprintf(database->text, sizeof(database->text), "%s: ", database->path);
    va_list arguments;

    va_start(arguments, format);
    if (length >= 0 && (size_t)length < sizeof(database->text)) {
        vsnprintf(database->text + length, sizeof(database->text) - (size_t)length, format, arguments);
    }
    va_end(arguments);
    return -EUCLEAN;
}

/* --- statements --------------------------------------------------------------------------------------------- */

sqlite3_stmt *ward_database_statement(struct ward_database *database, enum ward_sql sql)
{
    sqlite3_stmt **statement = &database->statements[sql];

    if (*statement) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
        return *statement;
    }
    int result = sqlite3_prepare_v3(database->connection, ward_schema_sql(sql), -1, SQLITE_PREPARE_PERSISTENT,
                                    statement, NULL);
    if (result != SQLITE_OK) {
        ward_database_fail(database, result, "cannot prepare a statement");
        return NULL;
    }
    return *statement;
}

/* It could not be prepared, and database->text says why. What it names is in every file of ours. */
static int error_of_preparing(const struct ward_database *database)
{
    const int result = sqlite3_extended_errcode(database->connection);
    const int error = result == SQLITE_ERROR ? -EUCLEAN : errno_of(database->connection, result);

    return error ? error : -EIO;
}

int ward_database_row(struct ward_database *database, sqlite3_stmt *statement)
{
    if (!statement) {
        return error_of_preparing(database);
    }
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        return 1;
    }
    int error = result == SQLITE_DONE ? 0 : ward_database_fail(database, result, "cannot read or write");
    sqlite3_reset(statement);
    return error;
}

int ward_database_run(struct ward_database *database, sqlite3_stmt *statement)
{
    int error = ward_database_row(database, statement);

    sqlite3_reset(statement);
    return error > 0 ? 0 : error;
}

void ward_database_rollback(struct ward_database *database)
{
    if (database->connection && !sqlite3_get_autocommit(database->connection)) {
        sqlite3_exec(database->connection, "ROLLBACK", NULL, NULL, NULL);
    }
    database->name_count = 0;
}

void ward_database_bind_utc(sqlite3_stmt *statement, int place, int64_t utc_ms)
{
    if (utc_ms == WARD_UTC_UNKNOWN) {
        sqlite3_bind_null(statement, place);
    } else {
        sqlite3_bind_int64(statement, place, utc_ms);
    }
}

int64_t ward_database_column_utc(sqlite3_stmt *statement, int place)
{
    bool known = sqlite3_column_type(statement, place) != SQLITE_NULL;

    return known ? sqlite3_column_int64(statement, place) : WARD_UTC_UNKNOWN;
}

void ward_database_bind_text(sqlite3_stmt *statement, int place, const char *text)
{
    sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

void ward_database_column_text(sqlite3_stmt *statement, int place, char *ret, size_t size)
{
    const unsigned char *text = sqlite3_column_text(statement, place);

    snprintf(ret, size, "%s", text ? (const char *)text : "");
}

/* --- names -------------------------------------------------------------------------------------------------- */

static void remember_name(struct ward_database *database, int64_t ref, const struct ward_id *text)
{
    size_t place = database->name_next;

    if (database->name_count < WARD_DATABASE_NAMES_CACHED) {
        place = database->name_count++;
    }
    database->names[place].ref = ref;
    database->names[place].text = *text;
    database->name_next = (place + 1) % WARD_DATABASE_NAMES_CACHED;
}

int ward_database_name_ref(struct ward_database *database, const struct ward_id *name, bool add,
                           int64_t *ret_ref)
{
    if (name->text[0] == '\0') {
        *ret_ref = 0;
        return 0;
    }
    for (size_t i = 0; i < database->name_count; i++) {
        if (strcmp(database->names[i].text.text, name->text) == 0) {
            *ret_ref = database->names[i].ref;
            return 0;
        }
    }
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_NAME_BY_TEXT);
    sqlite3_bind_text(statement, 1, name->text, -1, SQLITE_STATIC);
    int found = ward_database_row(database, statement);
    int64_t ref = found > 0 ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_reset(statement);
    if (found == 0 && !add) {
        return -ENOENT;
    }
    if (found == 0) {
        statement = ward_database_statement(database, WARD_SQL_NAME_ADD);
        sqlite3_bind_text(statement, 1, name->text, -1, SQLITE_STATIC);
        found = ward_database_run(database, statement);
        ref = sqlite3_last_insert_rowid(database->connection);
    }
    if (found < 0) {
        return found;
    }
    remember_name(database, ref, name);
    *ret_ref = ref;
    return 0;
}

int ward_database_name_text(struct ward_database *database, int64_t ref, struct ward_id *ret_name)
{
    struct ward_id name = {""};

    for (size_t i = 0; i < database->name_count && ref != 0; i++) {
        if (database->names[i].ref == ref) {
            *ret_name = database->names[i].text;
            return 0;
        }
    }
    if (ref != 0) {
        sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_NAME_BY_REF);
        sqlite3_bind_int64(statement, 1, ref);
        int found = ward_database_row(database, statement);
        if (found <= 0) {
            return found < 0 ? found : ward_database_damaged(database, "name %" PRId64 " is not there", ref);
        }
        ward_database_column_text(statement, 0, name.text, sizeof(name.text));
        sqlite3_reset(statement);
        remember_name(database, ref, &name);
    }
    *ret_name = name;
    return 0;
}

/* --- the file ----------------------------------------------------------------------------------------------- */

void ward_database_close(struct ward_database *database)
{
    for (size_t i = 0; i < WARD_SQL_COUNT; i++) {
        sqlite3_finalize(database->statements[i]);
        database->statements[i] = NULL;
    }
    sqlite3_close_v2(database->connection);
    database->connection = NULL;
    database->name_count = 0;
    database->name_next = 0;
    database->wal_pages = 0;
}

void ward_database_abandon(struct ward_database *database)
{
    if (database->connection) {
        sqlite3_db_config(database->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    ward_database_close(database);
}

int ward_database_checkpoint(struct ward_database *database, bool empty)
{
    int mode = empty ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int result = sqlite3_wal_checkpoint_v2(database->connection, "main", mode, NULL, NULL);

    if (result != SQLITE_OK) {
        return ward_database_fail(database, result, "the log cannot be moved into the file");
    }
    database->wal_pages = 0;
    return 0;
}

int ward_database_head(struct ward_database *database, uint64_t *ret_seq, uint8_t ret_chain[static 32])
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_HEAD);
    int found = ward_database_row(database, statement);

    if (found < 0) {
        return found;
    }
    if (found == 0) {
        *ret_seq = 0;
        ward_store_chain_begin(database->epoch.text, ret_chain);
        return 0;
    }
    if (sqlite3_column_bytes(statement, 1) != 32) {
        sqlite3_reset(statement);
        return ward_database_damaged(database, "the newest record has no chain");
    }
    *ret_seq = (uint64_t)sqlite3_column_int64(statement, 0);
    memcpy(ret_chain, sqlite3_column_blob(statement, 1), 32);
    sqlite3_reset(statement);
    return 0;
}

int ward_database_chain_at(struct ward_database *database, uint64_t seq, uint8_t ret_chain[static 32])
{
    if (seq == 0) {
        ward_store_chain_begin(database->epoch.text, ret_chain);
        return 1;
    }
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_CHAIN);
    sqlite3_bind_int64(statement, 1, (int64_t)seq);
    int row = ward_database_row(database, statement);
    if (row > 0 && sqlite3_column_bytes(statement, 0) == 32) {
        memcpy(ret_chain, sqlite3_column_blob(statement, 0), 32);
    } else {
        row = row < 0 ? row : 0;
    }
    sqlite3_reset(statement);
    return row;
}
