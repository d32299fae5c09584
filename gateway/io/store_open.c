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
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "io/store_database.h"
#include "io/store_pages.h"

static int execute(struct ward_database *database, const char *sql)
{
    int result = sqlite3_exec(database->connection, sql, NULL, NULL, NULL);

    return result == SQLITE_OK ? 0 : ward_database_fail(database, result, sql);
}

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
        return ward_database_damaged(database, "is a database of another program");
    }
    if (version < 0) {
        return ward_database_damaged(database, "there is no format %" PRId64, version);
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
    result = sqlite3_extended_errcode(database->connection);
    const int error = ward_database_fail(database, result, "has no epoch");
    sqlite3_finalize(statement);
    return result == SQLITE_ERROR || result == SQLITE_DONE ? -EUCLEAN : error;
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

/*
 * The checkpoint is ours to time (store_thread.c), so that its errors are seen and an alarm does not wait for it. The number
 * of a name is one that its table has just given (store_database.c), in the same transaction or before: to look for the four
 * of a record there again takes nearly as long as to write it.
 */
static int configure(struct ward_database *database)
{
    int error = execute(database, "PRAGMA synchronous = FULL;"
                                  "PRAGMA secure_delete = ON;" /* what is deleted is gone (store_erase.h) */
                                  "PRAGMA wal_autocheckpoint = 0;"
                                  "PRAGMA journal_size_limit = 8388608;"
                                  "PRAGMA foreign_keys = OFF;"
                                  "PRAGMA trusted_schema = OFF;"
                                  "PRAGMA mmap_size = 0;"
                                  "PRAGMA temp_store = MEMORY;"
                                  "PRAGMA cache_size = -256;");

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

int ward_database_open_reading(struct ward_database *database, const char *path)
{
    int64_t version = 0;

    *database = (struct ward_database){.path = path};
    int error = ward_database_check_log(database);
    error = error ? error : connect(database, SQLITE_OPEN_READONLY, WARD_PAGES_READING);
    error = error ? error : check_identity(database, &version);
    if (!error && version != ward_schema_version()) {
        snprintf(database->text, sizeof(database->text), "%s: is of an earlier format", database->path);
        error = -EPROTONOSUPPORT;
    }
    return error ? error : read_epoch(database);
}

/* SQLite reads a file whose header is of a later SQLite, and does not write it: we never made such a one. */
static int check_writable(struct ward_database *database)
{
    if (sqlite3_db_readonly(database->connection, "main") == 0) {
        return 0;
    }
    if (access(database->path, W_OK) == 0) {
        return ward_database_damaged(database, "its header says that it may not be written");
    }
    snprintf(database->text, sizeof(database->text), "%s: may not be written", database->path);
    return -EACCES;
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
    return error ? error : check_writable(database);
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
    if (!error && database->log_has_remains) {
        ward_database_checkpoint(database, true); /* on a disk that does not take it, they stay */
    }
    error = error ? error : migrate(database, version);
    error = error ? error : read_epoch(database);
    if (!error) {
        ward_database_note_place(database);
    }
    return error;
}
