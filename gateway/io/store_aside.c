/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that cannot be used is renamed, never deleted: PATH.aside-1, PATH.aside-2, … with its log beside it as
 * PATH.aside-N-wal, so that what both hold can be read later. The log goes first: a database that lost its log is
 * older, but a log that met another database would be replayed into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/store_database.h"

#define ASIDE_MAX 10000

static const char *const companions[] = {"-wal", "-journal", ""};

static int fail(struct ward_database *database, const char *what)
{
    int error = errno;

    snprintf(database->text, sizeof(database->text), "%s: %s: %s", database->path, what, strerror(error));
    return -error;
}

static int sync_directory(struct ward_database *database)
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
    return sync_directory(database);
}

int ward_database_replace(struct ward_database *database, const char *reason,
                          struct ward_set_aside *ret_aside)
{
    struct ward_set_aside aside = {"", ""};

    snprintf(aside.reason, sizeof(aside.reason), "%s", reason);
    ward_database_close(database);
    int error = find_name(database, aside.path, sizeof(aside.path));
    error = error ? error : rename_all(database, aside.path);
    error = error ? error : ward_database_open_file(database);
    if (error) {
        ward_database_close(database);
        return error;
    }
    *ret_aside = aside;
    return 0;
}

int ward_database_open(struct ward_database *database, const char *path, struct ward_set_aside *ret_aside)
{
    char reason[WARD_STORE_TEXT_MAX];

    *database = (struct ward_database){.path = path};
    *ret_aside = (struct ward_set_aside){"", ""};
    int error = ward_database_open_file(database);
    if (error == -EUCLEAN) {
        memcpy(reason, database->text, sizeof(reason));
        return ward_database_replace(database, reason, ret_aside);
    }
    if (error) {
        ward_database_close(database);
    }
    return error;
}
