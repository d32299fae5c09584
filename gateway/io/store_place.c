/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody may remove the file while it is open, or put another one in its place. SQLite goes on in the open one, which
 * nobody finds again: with the next start all that it holds would be gone. So before each commit it is seen to that PATH
 * is the file that is open. If it is not, what is open is copied into PATH.anew, whatever lies at PATH is kept as
 * PATH.aside-N, and the copy takes the place in one step. Nothing is lost, and no new epoch begins. Until that has
 * succeeded the open file is not closed.
 *
 * A PATH.anew that a crash left is removed with the next one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
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

/* SQLite makes the log when it opens the file, and removes it when it closes it. */
bool ward_database_is_in_place(struct ward_database *database)
{
    char log[PATH_MAX];
    int moved = 0;

    snprintf(log, sizeof(log), "%s-wal", database->path);
    sqlite3_file_control(database->connection, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return !moved && (access(log, F_OK) == 0 || errno != ENOENT);
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
    return error ? error : ward_database_sync_directory(database);
}

int ward_database_keep_in_place(struct ward_database *database, struct ward_set_aside *ret_aside)
{
    char copy[PATH_MAX];

    *ret_aside = (struct ward_set_aside){"", ""};
    if (ward_database_is_in_place(database)) {
        return 0;
    }
    snprintf(copy, sizeof(copy), "%s.anew", database->path);
    int error = put_in_place(database, copy, ret_aside);
    if (error) {
        unlink(copy);
        return error;
    }
    ward_database_abandon(database);
    error = ward_database_open_file(database);
    return error ? error : 1;
}
