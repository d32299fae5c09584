/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, in this order:
 *
 *   1. exclusive locking, so that nobody else can open the file and no shared memory is mapped for the log
 *   2. whose file it is and of which version, before anything is written to it
 *   3. WAL, with a flush at every commit (synchronous=FULL)
 *   4. the schema and the epoch of a new file, in one transaction. A file of an earlier format is copied before anything
 *      is done to it, and its copy is brought up to date (store_upgrade.c); one of a later format is refused as it is
 *
 * A file that is no database, is damaged or belongs to another program ends this with -EUCLEAN: it is renamed to
 * PATH.aside-N with its log, and the four steps are done again on a fresh file (store_aside.c).
 */
#include "io/store_database.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "io/store_chain.h"
#include "io/store_pages.h"

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

static int execute(struct ward_database *database, const char *sql)
{
    int result = sqlite3_exec(database->connection, sql, NULL, NULL, NULL);

    return result == SQLITE_OK ? 0 : ward_database_fail(database, result, sql);
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

int ward_database_row(struct ward_database *database, sqlite3_stmt *statement)
{
    if (!statement) {
        return -EIO; /* it could not be prepared, and database->text says why */
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
            return found < 0 ? found : -EUCLEAN;
        }
        ward_database_column_text(statement, 0, name.text, sizeof(name.text));
        sqlite3_reset(statement);
        remember_name(database, ref, &name);
    }
    *ret_name = name;
    return 0;
}

/* --- opening ------------------------------------------------------------------------------------------------ */

static int read_integer(struct ward_database *database, const char *sql, int64_t *ret)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->connection, sql, -1, &statement, NULL);

    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        *ret = sqlite3_column_int64(statement, 0);
        result = SQLITE_OK;
    }
    int error =
        result == SQLITE_OK ? 0 : ward_database_fail(database, result, "cannot be read as a database");
    sqlite3_finalize(statement);
    return error;
}

/* Says whose file it is: 0 for ours and for an empty one. */
static int check_identity(struct ward_database *database, int64_t *ret_version)
{
    int64_t application = 0, version = 0, objects = 0;
    int error = read_integer(database, "PRAGMA user_version", &version);

    error = error ? error : read_integer(database, "PRAGMA application_id", &application);
    error = error ? error : read_integer(database, "SELECT count(*) FROM sqlite_schema", &objects);
    if (error) {
        return error;
    }
    if (application != WARD_SCHEMA_APPLICATION_ID && (application != 0 || version != 0 || objects != 0)) {
        snprintf(database->text, sizeof(database->text), "%s: is a database of another program",
                 database->path);
        return -EUCLEAN;
    }
    if (version > ward_schema_version()) {
        snprintf(database->text, sizeof(database->text),
                 "%s: was written by a newer version (format %" PRId64 ", this program knows %d)",
                 database->path, version, ward_schema_version());
        return -EPROTONOSUPPORT;
    }
    *ret_version = version;
    return 0;
}

static int make_epoch(struct ward_database *database)
{
    uint8_t random[16];
    char sql[128], hex[2 * sizeof(random) + 1];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        snprintf(database->text, sizeof(database->text), "%s: no random numbers for the epoch",
                 database->path);
        return -EIO;
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        snprintf(&hex[2 * i], 3, "%02x", random[i]);
    }
    snprintf(sql, sizeof(sql), "INSERT INTO meta (id, epoch) VALUES (1, 'e-%s')", hex);
    return execute(database, sql);
}

static int migrate(struct ward_database *database, int64_t version)
{
    char sql[96];
    int error = 0;

    if (version == ward_schema_version()) {
        return 0;
    }
    error = execute(database, "BEGIN EXCLUSIVE");
    for (int64_t i = version; !error && i < ward_schema_version(); i++) {
        error = execute(database, ward_schema_migrations[i]);
    }
    if (!error && version == 0) {
        error = make_epoch(database);
    }
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
             WARD_SCHEMA_APPLICATION_ID, ward_schema_version());
    error = error ? error : execute(database, sql);
    if (error) {
        ward_database_rollback(database);
    }
    return error;
}

static int read_epoch(struct ward_database *database)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->connection, "SELECT epoch FROM meta", -1, &statement, NULL);

    if (result == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
        ward_database_column_text(statement, 0, database->epoch.text, sizeof(database->epoch.text));
        sqlite3_finalize(statement);
        return 0;
    }
    ward_database_fail(database, sqlite3_errcode(database->connection), "has no epoch");
    sqlite3_finalize(statement);
    return -EUCLEAN;
}

static int note_wal_pages(void *context, sqlite3 *connection, const char *name, int pages)
{
    struct ward_database *database = context;

    (void)connection;
    (void)name;
    database->wal_pages = pages;
    return SQLITE_OK;
}

/* A file system that cannot hold the log would quietly get another journal. */
static int begin_log(struct ward_database *database)
{
    sqlite3_stmt *statement = NULL;
    char mode[16] = "";
    int result = sqlite3_prepare_v2(database->connection, "PRAGMA journal_mode = WAL", -1, &statement, NULL);

    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW) {
        ward_database_column_text(statement, 0, mode, sizeof(mode));
        result = strcmp(mode, "wal") == 0 ? SQLITE_OK : SQLITE_CANTOPEN;
    }
    int error =
        result == SQLITE_OK ? 0 : ward_database_fail(database, result, "no write-ahead log can be kept");
    sqlite3_finalize(statement);
    return error;
}

/* The checkpoint is ours to time (store_thread.c), so that its errors are seen and an alarm does not wait for it. */
static int configure(struct ward_database *database)
{
    int error = execute(database, "PRAGMA synchronous = FULL;"
                                  "PRAGMA wal_autocheckpoint = 0;"
                                  "PRAGMA journal_size_limit = 8388608;"
                                  "PRAGMA foreign_keys = ON;"
                                  "PRAGMA trusted_schema = OFF;"
                                  "PRAGMA mmap_size = 0;"
                                  "PRAGMA temp_store = MEMORY;"
                                  "PRAGMA cache_size = -512;");

    if (!error) {
        sqlite3_wal_hook(database->connection, note_wal_pages, database);
    }
    return error;
}

static int connect(struct ward_database *database, int flags, enum ward_pages_mode mode)
{
    int result = sqlite3_open_v2(database->path, &database->connection,
                                 flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, ward_pages_vfs(mode));

    if (result != SQLITE_OK) {
        return ward_database_fail(database, result, "cannot be opened");
    }
    return execute(database, "PRAGMA locking_mode = EXCLUSIVE");
}

int ward_database_open_source(struct ward_database *database, const char *path)
{
    int64_t version = 0;

    *database = (struct ward_database){.path = path};
    /* To read a log one must be able to lock the file, for which it has to be open for writing. Nothing is written. */
    int error = connect(database, SQLITE_OPEN_READWRITE, WARD_PAGES_SALVAGE);

    error = error ? error : execute(database, "PRAGMA query_only = ON");
    error = error ? error : check_identity(database, &version);
    return error ? error : read_epoch(database);
}

static int open_and_identify(struct ward_database *database, int64_t *ret_version)
{
    int reserved = WARD_PAGE_CHECKSUM_OCTETS;
    int error = ward_database_check_log(database);

    error = error ? error : connect(database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, WARD_PAGES_STRICT);
    if (!error) {
        sqlite3_file_control(database->connection, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    }
    error = error ? error : check_identity(database, ret_version);
    if (!error && sqlite3_db_readonly(database->connection, "main") != 0) {
        snprintf(database->text, sizeof(database->text), "%s: may not be written", database->path);
        error = -EACCES;
    }
    return error;
}

int ward_database_open_file(struct ward_database *database)
{
    int64_t version = 0;
    int error = open_and_identify(database, &version);

    if (!error && version > 0 && version < ward_schema_version() && !database->is_copy) {
        error = ward_database_upgrade(database, version);
        error = error ? error : open_and_identify(database, &version);
    }
    error = error ? error : begin_log(database);
    error = error ? error : configure(database);
    error = error ? error : migrate(database, version);
    return error ? error : read_epoch(database);
}

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
        snprintf(database->text, sizeof(database->text), "%s: the newest record has no chain",
                 database->path);
        sqlite3_reset(statement);
        return -EUCLEAN;
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
