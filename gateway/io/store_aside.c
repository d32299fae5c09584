/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that cannot be used is renamed, and kept as long as there is room (store_kept.h): PATH.aside-1, PATH.aside-2, …
 * with its log beside it as PATH.aside-N-wal, so that what both hold can be read later. The log goes first: a database
 * that lost its log is older, but a log that met another database would be replayed into it.
 *
 * The fresh file is made as PATH.fresh, with what could be salvaged, while the old one is still in its place; then the
 * two are renamed. A crash before that leaves the old one, and the work begins again; one in the midst of it leaves no
 * file at PATH and a finished one at PATH.fresh, which is then taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store_database.h"
#include "io/store_salvage.h"

#define ASIDE_MAX 10000

static const char *const companions[] = {"-wal", "-journal", ""};

static int fail(struct ward_database *database, const char *what)
{
    int error = errno;

    snprintf(database->text, sizeof(database->text), "%s: %s: %s", database->path, what, strerror(error));
    return -error;
}

int ward_database_sync_directory(struct ward_database *database)
{
    char directory[PATH_MAX];
    char *slash;

    snprintf(directory, sizeof(directory), "%s", database->path);
    slash = strrchr(directory, '/');
    if (slash) {
        slash[slash == directory ? 1 : 0] = '\0';
    }
    int descriptor = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) < 0) {
        int error = fail(database, "the directory cannot be flushed");

        if (descriptor >= 0) {
            close(descriptor);
        }
        return error;
    }
    close(descriptor);
    return 0;
}

/* The first PATH.aside-N of which no part exists. */
static int find_name(struct ward_database *database, char *ret, size_t size)
{
    for (int n = 1; n < ASIDE_MAX; n++) {
        bool taken = false;

        for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
            char name[PATH_MAX];

            snprintf(name, sizeof(name), "%s.aside-%d%s", database->path, n, companions[i]);
            taken = taken || access(name, F_OK) == 0;
        }
        if (!taken) {
            int length = snprintf(ret, size, "%s.aside-%d", database->path, n);

            return length < (int)size ? 0 : -ENAMETOOLONG;
        }
    }
    errno = EEXIST;
    return fail(database, "too many files were set aside");
}

static int rename_all(struct ward_database *database, const char *aside)
{
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        char from[PATH_MAX], to[PATH_MAX];

        snprintf(from, sizeof(from), "%s%s", database->path, companions[i]);
        snprintf(to, sizeof(to), "%s%s", aside, companions[i]);
        if (rename(from, to) < 0 && errno != ENOENT) {
            return fail(database, "cannot be set aside");
        }
    }
    return ward_database_sync_directory(database);
}

static void remove_fresh(const char *fresh)
{
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        char name[PATH_MAX + sizeof("-journal")];

        snprintf(name, sizeof(name), "%s%s", fresh, companions[i]);
        unlink(name);
    }
}

/* A finished file at path, with what can be read of the present one. It is closed, and has no log. */
static int make_fresh(struct ward_database *database, const char *path, const struct ward_set_aside *aside,
                      const struct ward_renewal *renewal)
{
    struct ward_database fresh = {.path = path};

    remove_fresh(path);
    int error = ward_database_open_file(&fresh);
    error = error ? error : ward_salvage_begin(&fresh, database->path, aside->path, renewal);
    error = error ? error : ward_database_checkpoint(&fresh, true);
    if (error) {
        memcpy(database->text, fresh.text, sizeof(fresh.text));
    }
    ward_database_close(&fresh);
    if (error) {
        remove_fresh(path);
    }
    return error;
}

static int take_fresh(struct ward_database *database, const char *fresh)
{
    if (rename(fresh, database->path) < 0) {
        return fail(database, "the fresh file cannot take its place");
    }
    return ward_database_sync_directory(database);
}

int ward_database_replace(struct ward_database *database, const struct ward_renewal *renewal,
                          struct ward_set_aside *ret_aside)
{
    struct ward_set_aside aside = {"", ""};
    char fresh[PATH_MAX];

    snprintf(aside.reason, sizeof(aside.reason), "%s", renewal->reason);
    snprintf(fresh, sizeof(fresh), "%s.fresh", database->path);
    ward_database_abandon(database);
    int error = find_name(database, aside.path, sizeof(aside.path));
    error = error ? error : make_fresh(database, fresh, &aside, renewal);
    error = error ? error : rename_all(database, aside.path);
    error = error ? error : take_fresh(database, fresh);
    error = error ? error : ward_database_open_file(database);
    if (error) {
        ward_database_close(database);
        return error;
    }
    *ret_aside = aside;
    return 0;
}

/* What a crash between the two renames left. */
static int finish_replacement(struct ward_database *database)
{
    char fresh[PATH_MAX];

    snprintf(fresh, sizeof(fresh), "%s.fresh", database->path);
    if (access(database->path, F_OK) == 0 || access(fresh, F_OK) < 0) {
        return 0;
    }
    return take_fresh(database, fresh);
}

int ward_database_open(struct ward_database *database, const char *path, struct ward_set_aside *ret_aside)
{
    char reason[WARD_STORE_TEXT_MAX];

    *database = (struct ward_database){.path = path};
    *ret_aside = (struct ward_set_aside){"", ""};
    int error = finish_replacement(database);
    error = error ? error : ward_database_open_file(database);
    if (error == -EUCLEAN) {
        memcpy(reason, database->text, sizeof(reason));
        return ward_database_replace(database, &(struct ward_renewal){.reason = reason}, ret_aside);
    }
    if (error) {
        ward_database_abandon(database);
    }
    return error;
}
