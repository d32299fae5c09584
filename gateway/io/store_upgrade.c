/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of an earlier format is not touched. It is copied page by page into PATH.upgrade, where checksums get their
 * room (store_pages.h) and the migrations are done; when that is finished and on the disk, the old file gets a second
 * name, PATH.format-N, under which it is kept, and the new one takes its place in one step. Whatever fails before that
 * leaves the old file as it was, and whoever goes back to the earlier program finds the file that it left.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store_database.h"

static int fail(struct ward_database *database, const char *what)
{
    int error = errno;

    snprintf(database->text, sizeof(database->text), "%s: %s: %s", database->path, what, strerror(error));
    return -error;
}

static void remove_with_log(const char *path)
{
    char log[PATH_MAX + sizeof("-wal")];

    snprintf(log, sizeof(log), "%s-wal", path);
    unlink(log);
    unlink(path);
}

static int copy_into(struct ward_database *database, const char *path)
{
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(database->connection, "VACUUM INTO ?1", -1, &statement, NULL);

    if (result == SQLITE_OK) {
        sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC);
        result = sqlite3_step(statement);
    }
    int error = result == SQLITE_DONE
                    ? 0
                    : ward_database_fail(database, result, "cannot be copied for a newer format");
    sqlite3_finalize(statement);
    return error;
}

/* The copy in today's format, complete and on the disk. */
static int migrate_copy(struct ward_database *database, const char *path)
{
    struct ward_database copy = {.path = path, .is_copy = true};
    int error = ward_database_open_file(&copy);

    error = error ? error : ward_database_checkpoint(&copy, true);
    if (error) {
        memcpy(database->text, copy.text, sizeof(copy.text));
    }
    ward_database_close(&copy);
    int descriptor = error ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (!error && (descriptor < 0 || fsync(descriptor) < 0)) {
        error = fail(database, "the copy cannot be flushed");
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
    return error;
}

static int take_its_place(struct ward_database *database, const char *copy, int64_t version)
{
    char kept[PATH_MAX];

    snprintf(kept, sizeof(kept), "%s.format-%" PRId64, database->path, version);
    if ((unlink(kept) < 0 && errno != ENOENT) || link(database->path, kept) < 0) {
        return fail(database, "cannot be kept beside the upgraded file");
    }
    if (rename(copy, database->path) < 0) {
        return fail(database, "the upgraded file cannot take its place");
    }
    return ward_database_sync_directory(database);
}

int ward_database_upgrade(struct ward_database *database, int64_t version)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s.upgrade", database->path);
    remove_with_log(path);
    int error = copy_into(database, path);
    error = error ? error : ward_database_checkpoint(database, true);
    ward_database_close(database);
    error = error ? error : migrate_copy(database, path);
    error = error ? error : take_its_place(database, path, version);
    if (error) {
        remove_with_log(path);
    }
    return error;
}
