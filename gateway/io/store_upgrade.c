/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of an earlier format is not touched. It is copied page by page into PATH.upgrade, where checksums get their
 * room (store_pages.h) and the migrations are done; when that is finished and on the disk, the old file gets a second
 * name, PATH.format-N, under which it is kept, and the new one takes its place in one step. Whatever fails before that
 * leaves the old file as it was, and whoever goes back to the earlier program finds the file that it left.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store_database.h"

static void remove_with_log(const char *path)
{
    char log[PATH_MAX + sizeof("-wal")];

    snprintf(log, sizeof(log), "%s-wal", path);
    unlink(log);
    unlink(path);
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
    return error ? error : ward_database_sync_file(database, path);
}

static int take_its_place(struct ward_database *database, const char *copy, int64_t version)
{
    char kept[PATH_MAX];

    snprintf(kept, sizeof(kept), "%s.format-%" PRId64, database->path, version);
    if ((unlink(kept) < 0 && errno != ENOENT) || link(database->path, kept) < 0) {
        return ward_database_fail_system(database, "cannot be kept beside the upgraded file");
    }
    if (rename(copy, database->path) < 0) {
        return ward_database_fail_system(database, "the upgraded file cannot take its place");
    }
    return ward_database_sync_directory(database);
}

int ward_database_upgrade(struct ward_database *database, int64_t version)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s.upgrade", database->path);
    remove_with_log(path);
    int error = ward_database_copy_into(database, path);
    error = error ? error : ward_database_checkpoint(database, true);
    ward_database_close(database);
    error = error ? error : migrate_copy(database, path);
    error = error ? error : take_its_place(database, path, version);
    if (error) {
        remove_with_log(path);
    }
    return error;
}
