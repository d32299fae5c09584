/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* So many are looked at: far more than there ever are, since none is made without a look. */
#define FOUND_MAX 64

static const char *const companions[] = {"-wal", "-journal", ""};

struct kept {
    char name[NAME_MAX + 1];
    struct timespec at; /* when it was written last */
    uint64_t octets;    /* with its companions */
};

struct directory {
    char path[PATH_MAX];
    const char *base; /* of the database */
    struct kept kept[FOUND_MAX];
    size_t count;
};

/* "ward.db.aside-3" is, "ward.db.aside-3-wal" is not: it goes with the other. */
static bool is_kept(const struct directory *directory, const char *name)
{
    static const char *const kinds[] = {".aside-", ".format-"};
    const size_t length = strlen(directory->base);

    if (strncmp(name, directory->base, length) != 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const char *number = name + length + strlen(kinds[i]);

        if (strncmp(name + length, kinds[i], strlen(kinds[i])) == 0 && *number != '\0' &&
            number[strspn(number, "0123456789")] == '\0') {
            return true;
        }
    }
    return false;
}

static void measure(int descriptor, struct kept *kept)
{
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        char name[NAME_MAX + sizeof("-journal")];
        struct stat found;

        snprintf(name, sizeof(name), "%s%s", kept->name, companions[i]);
        if (fstatat(descriptor, name, &found, AT_SYMLINK_NOFOLLOW) == 0) {
            kept->octets += (uint64_t)found.st_blocks * 512;
            kept->at = companions[i][0] == '\0' ? found.st_mtim : kept->at;
        }
    }
}

static int older_first(const void *left, const void *right)
{
    const struct kept *a = left, *b = right;

    if (a->at.tv_sec != b->at.tv_sec) {
        return a->at.tv_sec < b->at.tv_sec ? -1 : 1;
    }
    return a->at.tv_nsec < b->at.tv_nsec ? -1 : a->at.tv_nsec > b->at.tv_nsec;
}

static void look(struct directory *directory, DIR *files)
{
    /* cppcheck-suppress readdirCalled ; each thread has a stream of its own */
    for (const struct dirent *file; directory->count < FOUND_MAX && (file = readdir(files)) != NULL;) {
        struct kept *kept = &directory->kept[directory->count];

        if (is_kept(directory, file->d_name)) {
            *kept = (struct kept){.octets = 0};
            snprintf(kept->name, sizeof(kept->name), "%s", file->d_name);
            measure(dirfd(files), kept);
            directory->count++;
        }
    }
    qsort(directory->kept, directory->count, sizeof(directory->kept[0]), older_first);
}

/* Whether records of it are to be read yet, or wait for a receipt. */
static int is_needed(struct ward_database *database, const char *path)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_PAST_OF_SOURCE);

    ward_database_bind_text(statement, 1, path);
    int row = ward_database_row(database, statement);
    if (row > 0) {
        sqlite3_reset(statement);
    }
    return row;
}

static bool remove_it(int descriptor, const char *name)
{
    bool removed = false;

    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        char part[NAME_MAX + sizeof("-journal")];

        snprintf(part, sizeof(part), "%s%s", name, companions[i]);
        removed = unlinkat(descriptor, part, 0) == 0;
    }
    return removed; /* the last is the file itself */
}

/* The oldest that may go; the newest is not looked at. */
static int remove_oldest(struct ward_database *database, const struct directory *directory, int descriptor,
                         struct ward_kept_removed *ret)
{
    for (size_t i = 0; i + 1 < directory->count; i++) {
        const struct kept *kept = &directory->kept[i];
        int length =
            snprintf(ret->path, sizeof(ret->path), "%.*s%s",
                     (int)(strlen(database->path) - strlen(directory->base)), database->path, kept->name);
        int needed = length < (int)sizeof(ret->path) ? is_needed(database, ret->path) : 1;

        if (needed < 0) {
            return needed;
        }
        if (needed == 0 && remove_it(descriptor, kept->name)) {
            ret->octets = kept->octets;
            return 1;
        }
    }
    return 0;
}

/* The directory of the database and what is kept in it; NULL when it cannot be read. Both are the caller's. */
static DIR *open_directory(const struct ward_database *database, struct directory *directory)
{
    const char *slash = strrchr(database->path, '/');
    DIR *files;

    directory->base = slash ? slash + 1 : database->path;
    snprintf(directory->path, sizeof(directory->path), "%.*s", slash ? (int)(slash - database->path + 1) : 1,
             slash ? database->path : ".");
    files = opendir(directory->path);
    if (files) {
        look(directory, files);
    }
    return files;
}

int ward_kept_remove_one(struct ward_database *database, uint64_t quota_octets, struct ward_kept_removed *ret)
{
    struct directory *directory = calloc(1, sizeof(*directory));
    DIR *files = directory ? open_directory(database, directory) : NULL;
    uint64_t octets = 0;
    int result = 0;

    if (files) {
        for (size_t i = 0; i < directory->count; i++) {
            octets += directory->kept[i].octets;
        }
        if (directory->count > WARD_KEPT_MAX || (quota_octets > 0 && octets > quota_octets / 2)) {
            result = remove_oldest(database, directory, dirfd(files), ret);
        }
        closedir(files);
    }
    free(directory);
    return result;
}

/* Returns 0, also when the ward needs it (*ret_needed), or negative errno. */
static int remove_unless_needed(struct ward_database *database, int descriptor, const char *name,
                                bool *ret_needed)
{
    char path[PATH_MAX];
    const char *slash = strrchr(database->path, '/');

    snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - database->path + 1) : 0, database->path,
             name);
    int needed = is_needed(database, path);
    if (needed > 0) {
        *ret_needed = true;
    }
    return needed != 0 ? (needed < 0 ? needed : 0) : remove_it(descriptor, name) ? 0 : -errno;
}

int ward_kept_remove_all(struct ward_database *database, uint64_t *ret_count)
{
    struct directory *directory = calloc(1, sizeof(*directory));
    DIR *files = directory ? open_directory(database, directory) : NULL;
    bool needed = false;
    int error = files ? 0 : -EIO;

    for (size_t i = 0; !error && i < directory->count; i++) {
        const bool before = needed;

        needed = false;
        error = remove_unless_needed(database, dirfd(files), directory->kept[i].name, &needed);
        *ret_count += !error && !needed ? 1 : 0;
        needed = needed || before;
    }
    if (!error && directory->count == FOUND_MAX) {
        error = -EAGAIN; /* there may be more */
    }
    if (files) {
        closedir(files);
    }
    free(directory);
    return error ? error : needed ? -EBUSY : 0;
}
