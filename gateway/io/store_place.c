/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody may remove the file while it is open, or put another one in its place. SQLite goes on in the open one, which
 * nobody finds again: with the next start all that it holds would be gone. So before each commit it is seen to that PATH
 * is the file that is open. If it is not, what is open is copied into PATH.anew, whatever lies at PATH is kept as
 * PATH.aside-N, and the copy takes the place in one step. Nothing is lost, and no new epoch begins. Until that has
 * succeeded the open file is not closed.
 *
 * If only the log is not there, all that it held is moved into the file.
 *
 * A PATH.anew that a crash left is removed at the next start (store_aside.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/store_database.h"

int ward_database_copy_into(struct ward_database *database, const char *path)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->connection, "VACUUM INTO ?1", -1, &statement, NULL);

    if (result == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    int error = result == SQLITE_DONE ? 0 : ward_database_fail(database, result, "cannot be copied");
    sqlite3_finalize(statement);
    return error;
}

int ward_database_sync_file(struct ward_database *database, const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int error = 0;

    if (descriptor < 0 || fsync(descriptor) < 0) {
        error = ward_database_fail_system(database, "its copy cannot be flushed");
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return error;
}

/* SQLite puts the log beside the file itself, which PATH may be a link to. NULL: nothing is open. */
static const char *log_name(const struct ward_database *database)
{
    const char *file = database->connection ? sqlite3_db_filename(database->connection, "main") : NULL;

    return file ? sqlite3_filename_wal(file) : NULL;
}

void ward_database_note_place(struct ward_database *database)
{
    const char *log = log_name(database);
    struct stat found;

    database->file = database->log = (struct ward_file_identity){0};
    if (stat(database->path, &found) == 0) {
        database->file = (struct ward_file_identity){found.st_dev, found.st_ino};
    }
    if (log && stat(log, &found) == 0) {
        database->log = (struct ward_file_identity){found.st_dev, found.st_ino};
    }
}

/* What the disk does not tell is no sign that somebody took the file away. */
static bool lies_at(const char *name, const struct ward_file_identity *file)
{
    struct stat found;

    if (file->number == 0 || stat(name, &found) < 0) {
        return file->number == 0 || errno != ENOENT;
    }
    return found.st_dev == file->device && found.st_ino == file->number;
}

/* SQLite makes the log when it opens the file, and removes it when it closes it. */
bool ward_database_is_in_place(struct ward_database *database)
{
    const char *log = log_name(database);

    return !log || (lies_at(database->path, &database->file) && lies_at(log, &database->log));
}

bool ward_database_is_own_log(const struct ward_database *database, const char *name)
{
    return database->log.number != 0 && lies_at(name, &database->log);
}

/* The file is there, and all that the log held can be. What lies in its place is not of this file. */
static int do_without_log(struct ward_database *database)
{
    const char *log = log_name(database);
    int error = ward_database_checkpoint(database, true);

    if (!error && unlink(log) < 0 && errno != ENOENT) {
        error = ward_database_fail_system(database, "what lies where its log was cannot be removed");
    }
    return error;
}

static int put_in_place(struct ward_database *database, const char *copy, struct ward_set_aside *ret_aside)
{
    unlink(copy);
    int error = ward_database_copy_into(database, copy);
    error = error ? error : ward_database_sync_file(database, copy);
    error = error ? error : ward_database_keep_present(database, ret_aside);
    if (!error && rename(copy, database->path) < 0) {
        error = ward_database_fail_system(database, "its copy cannot take its place");
    }
    return error;
}

int ward_database_keep_in_place(struct ward_database *database, struct ward_set_aside *ret_aside)
{
    char copy[PATH_MAX];

    *ret_aside = (struct ward_set_aside){"", ""};
    if (ward_database_is_in_place(database)) {
        return 0;
    }
    snprintf(copy, sizeof(copy), "%s.anew", database->path);
    int error = lies_at(database->path, &database->file) ? do_without_log(database)
                                                         : put_in_place(database, copy, ret_aside);
    if (error) {
        unlink(copy);
        return error;
    }
    /* What is in place now is opened like any other, also when that fails here. */
    ward_database_abandon(database);
    error = ward_database_sync_directory(database);
    error = error ? error : ward_database_open_file(database);
    if (error) {
        ward_database_abandon(database);
    }
    return error ? error : 1;
}
