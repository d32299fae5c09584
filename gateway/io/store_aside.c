/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that cannot be used is renamed, and kept as long as there is room (store_kept.h): PATH.aside-1, PATH.aside-2, …
 * with its log beside it as PATH.aside-N-wal, so that what both hold can be read later. N rises.
 *
 * The fresh file is made as PATH.fresh, with what could be salvaged, while the old one is still in its place. Then the old
 * one is renamed, its log after it, and the fresh one last. A crash or an error before that leaves the old file with its
 * log, and the work begins again; one in the midst of it leaves no file at PATH and a finished one at PATH.fresh: a log
 * that is still there then belongs to the newest PATH.aside-N and goes to it, and the fresh file is taken. So nothing is
 * ever opened without its log, and no log meets another database, into which it would be replayed. A PATH.fresh beside
 * the old file is removed: nobody would erase what is in it, and if PATH went for another reason, it would be taken.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/store_database.h"
#include "io/store_salvage.h"

#define ASIDE_MAX 1000000

/* In the order in which they are renamed. */
static const char *const parts[] = {"", "-wal", "-journal"};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static void directory_of(const struct ward_database *database, char ret[static PATH_MAX])
{
    char *slash;

    snprintf(ret, PATH_MAX, "%s", database->path);
    slash = strrchr(ret, '/');
    if (slash) {
        slash[slash == ret ? 1 : 0] = '\0';
    } else {
        snprintf(ret, PATH_MAX, ".");
    }
}

int ward_database_sync_directory(struct ward_database *database)
{
    char directory[PATH_MAX];

    directory_of(database, directory);
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor) < 0) {
        int error = ward_database_fail_system(database, "the directory cannot be flushed");

        if (descriptor >= 0) {
            close(descriptor);
        }
        return error;
    }
    close(descriptor);
    return 0;
}

/* The N of the newest PATH.aside-N, of which some part is there; 0: there is none. Or negative errno. */
static int newest_aside(struct ward_database *database)
{
    const char *slash = strrchr(database->path, '/');
    char directory[PATH_MAX], prefix[PATH_MAX];
    const struct dirent *file;
    long newest = 0;

    directory_of(database, directory);
    snprintf(prefix, sizeof(prefix), "%s.aside-", slash ? slash + 1 : database->path);
    DIR *files = opendir(directory);
    if (!files) {
        return ward_database_fail_system(database, "the directory cannot be read");
    }
    /* cppcheck-suppress readdirCalled ; each thread has a stream of its own */
    while ((errno = 0, file = readdir(files)) != NULL) {
        if (strncmp(file->d_name, prefix, strlen(prefix)) == 0) {
            long number = strtol(file->d_name + strlen(prefix), NULL, 10);

            newest = number > newest && number < ASIDE_MAX ? number : newest;
        }
    }
    int error = errno ? ward_database_fail_system(database, "the directory cannot be read") : 0;
    closedir(files);
    return error ? error : (int)newest;
}

static int name_aside(const struct ward_database *database, int number, struct ward_set_aside *ret)
{
    int length = snprintf(ret->path, sizeof(ret->path), "%s.aside-%d", database->path, number);

    return length < (int)sizeof(ret->path) ? 0 : -ENAMETOOLONG;
}

/* A name of which no part is there. */
static int find_name(struct ward_database *database, struct ward_set_aside *ret)
{
    int newest = newest_aside(database);

    if (newest + 1 == ASIDE_MAX) {
        errno = EEXIST;
        return ward_database_fail_system(database, "too many files were set aside");
    }
    return newest < 0 ? newest : name_aside(database, newest + 1, ret);
}

/* What is still there of the file and its log, or of its log alone. */
static int rename_parts(struct ward_database *database, const char *aside, size_t first)
{
    for (size_t i = first; i < PARTS; i++) {
        char from[PATH_MAX], to[PATH_MAX];

        snprintf(from, sizeof(from), "%s%s", database->path, parts[i]);
        snprintf(to, sizeof(to), "%s%s", aside, parts[i]);
        if (rename(from, to) < 0 && errno != ENOENT) {
            return ward_database_fail_system(database, "cannot be set aside");
        }
    }
    return ward_database_sync_directory(database);
}

int ward_database_keep_present(struct ward_database *database, struct ward_set_aside *ret)
{
    char log[PATH_MAX];
    bool there = true;
    int error = find_name(database, ret);

    if (!error && link(database->path, ret->path) < 0) {
        there = errno != ENOENT;
        error = there ? ward_database_fail_system(database, "what lies there cannot be kept") : 0;
    }
    snprintf(log, sizeof(log), "%s-wal", database->path);
    if (!error && (!there || ward_database_is_own_log(database, log))) {
        unlink(log); /* the copy has what is in ours, and nobody would erase what is in one without a file */
    }
    error = error ? error : rename_parts(database, ret->path, 1);
    if (error || !there) {
        *ret = (struct ward_set_aside){"", ""};
    }
    return error;
}

static void remove_with_parts(const char *path)
{
    for (size_t i = 0; i < PARTS; i++) {
        char name[PATH_MAX + sizeof("-journal")];

        snprintf(name, sizeof(name), "%s%s", path, parts[i]);
        unlink(name);
    }
}

/* A finished file at path, with what can be read of the present one. It is closed, and has no log. */
static int make_fresh(struct ward_database *database, const char *path, const struct ward_set_aside *aside,
                      const struct ward_renewal *renewal)
{
    struct ward_database fresh = {.path = path};

    remove_with_parts(path);
    int error = ward_database_open_file(&fresh);
    error = error ? error : ward_salvage_begin(&fresh, database->path, aside->path, renewal);
    error = error ? error : ward_database_checkpoint(&fresh, true);
    if (error) {
        memcpy(database->text, fresh.text, sizeof(fresh.text));
    }
    ward_database_close(&fresh);
    if (error) {
        remove_with_parts(path);
    }
    return error;
}

static int take_fresh(struct ward_database *database, const char *fresh)
{
    if (rename(fresh, database->path) < 0) {
        return ward_database_fail_system(database, "the fresh file cannot take its place");
    }
    return ward_database_sync_directory(database);
}

/* What a crash or an error in the midst of the renames left. ret_aside: unchanged when there is nothing to finish. */
static int finish_replacement(struct ward_database *database, struct ward_set_aside *ret_aside)
{
    struct ward_set_aside aside = {.reason = "its replacement had been cut off"};
    char fresh[PATH_MAX], copy[PATH_MAX];

    snprintf(fresh, sizeof(fresh), "%s.fresh", database->path);
    snprintf(copy, sizeof(copy), "%s.anew", database->path);
    remove_with_parts(copy); /* store_place.c: it may be half a copy, and nobody would erase what is in it */
    if (access(database->path, F_OK) == 0) {
        remove_with_parts(fresh); /* the work begins again, if it does */
        return 0;
    }
    if (errno != ENOENT || access(fresh, F_OK) < 0) {
        return 0;
    }
    int newest = newest_aside(database);
    int error = newest < 0 ? newest : name_aside(database, newest, &aside);
    error = error ? error : rename_parts(database, aside.path, 0);
    error = error ? error : take_fresh(database, fresh);
    if (!error) {
        *ret_aside = aside;
    }
    return error;
}

static int replace_present(struct ward_database *database, const struct ward_renewal *renewal,
                           struct ward_set_aside *ret_aside)
{
    char fresh[PATH_MAX];

    snprintf(fresh, sizeof(fresh), "%s.fresh", database->path);
    int error = find_name(database, ret_aside);
    error = error ? error : make_fresh(database, fresh, ret_aside, renewal);
    error = error ? error : rename_parts(database, ret_aside->path, 0);
    return error ? error : take_fresh(database, fresh);
}

int ward_database_replace(struct ward_database *database, const struct ward_renewal *renewal,
                          struct ward_set_aside *ret_aside)
{
    struct ward_set_aside aside = {"", ""};

    ward_database_abandon(database);
    int error = finish_replacement(database, &aside);
    if (!error && aside.path[0] == '\0') {
        error = replace_present(database, renewal, &aside);
    }
    error = error ? error : ward_database_open_file(database);
    if (error) {
        ward_database_close(database);
        return error;
    }
    snprintf(aside.reason, sizeof(aside.reason), "%s", renewal->reason);
    *ret_aside = aside;
    return 0;
}

int ward_database_open(struct ward_database *database, const char *path, const struct ward_renewal *renewal,
                       struct ward_set_aside *ret_aside)
{
    struct ward_renewal damaged = renewal ? *renewal : (struct ward_renewal){0};
    char reason[WARD_STORE_TEXT_MAX];

    *database = (struct ward_database){.path = path};
    *ret_aside = (struct ward_set_aside){"", ""};
    int error = finish_replacement(database, ret_aside);
    error = error ? error : ward_database_open_file(database);
    if (error == -EUCLEAN) {
        memcpy(reason, database->text, sizeof(reason));
        damaged.reason = reason;
        return ward_database_replace(database, &damaged, ret_aside);
    }
    if (error) {
        ward_database_abandon(database);
    }
    return error;
}
