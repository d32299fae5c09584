/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/enrolment_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX  "g-"
#define NEXT    "next"
#define CURRENT "current"
#define FRESH   "current.new"

/* The only files that a generation has. */
static const char *const files[] = {"key.pem", "certificate.pem", "ca.pem", "server"};

#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

/* directory/name or directory/name/file. Longer ones than the header says do not exist: they are cut short. */
static void path_to(char ret[static WARD_ENROLMENT_PATH_MAX], const char *directory, const char *name,
                    const char *file)
{
    snprintf(ret, WARD_ENROLMENT_PATH_MAX, "%.255s/%.40s%s%.16s", directory, name, file[0] ? "/" : "", file);
}

static int sync_directory(const char *path)
{
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = 0;

    if (descriptor < 0)
        return -errno;
    if (fsync(descriptor) < 0)
        result = -errno;
    close(descriptor);
    return result;
}

static int write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    int result = 0;

    if (!file)
        return -errno;
    if (fchmod(fileno(file), 0600) < 0 || fputs(text, file) == EOF || fflush(file) != 0 ||
        fsync(fileno(file)) < 0)
        result = errno ? -errno : -EIO;
    if (fclose(file) != 0 && result == 0)
        result = -errno;
    return result;
}

/* N of "g-N", 0 for another name. */
static unsigned long number_of(const char *name)
{
    char *end;
    unsigned long number;

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || name[strlen(PREFIX)] < '1' ||
        name[strlen(PREFIX)] > '9')
        return 0;
    errno = 0;
    number = strtoul(name + strlen(PREFIX), &end, 10);
    return *end == '\0' && errno == 0 ? number : 0;
}

static unsigned long current_number(const char *directory)
{
    char path[WARD_ENROLMENT_PATH_MAX], target[64];
    ssize_t length;

    path_to(path, directory, CURRENT, "");
    length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return 0;
    target[length] = '\0';
    return number_of(target);
}

/* Calls take() for each generation until it says otherwise than 0. */
static int each(const char *directory,
                int (*take)(const char *directory, unsigned long number, void *userdata), void *userdata)
{
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    int result = 0;

    if (!stream)
        return -errno;
    /* cppcheck-suppress readdirCalled ; the stream is this thread's alone */
    while (result == 0 && (entry = readdir(stream)))
        if (number_of(entry->d_name) > 0)
            result = take(directory, number_of(entry->d_name), userdata);
    closedir(stream);
    return result;
}

static int keep_largest(const char *directory, unsigned long number, void *userdata)
{
    unsigned long *largest = userdata;

    (void)directory;
    if (number > *largest)
        *largest = number;
    return 0;
}

/* On flash the old cells may stay: this is for what can be read with the file's name or from the free blocks. */
static int overwrite(const char *path)
{
    static const char nothing[4096];
    struct stat status;
    int result = 0;
    const int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

    if (descriptor < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fstat(descriptor, &status) < 0)
        result = -errno;
    for (off_t at = 0; result == 0 && at < status.st_size; at += (off_t)sizeof(nothing))
        if (pwrite(descriptor, nothing, sizeof(nothing), at) != (ssize_t)sizeof(nothing))
            result = errno ? -errno : -EIO;
    if (result == 0 && fsync(descriptor) < 0)
        result = -errno;
    close(descriptor);
    return result;
}

/* The key last: without its certificate a generation is in use no more, wherever this is cut off. */
static int remove_generation(const char *directory, const char *name)
{
    char path[WARD_ENROLMENT_PATH_MAX];
    int result = 0;

    for (size_t i = FILE_COUNT; i > 0; i--) {
        path_to(path, directory, name, files[i - 1]);
        if (i == 1)
            result = overwrite(path);
        if (unlink(path) < 0 && errno != ENOENT && result == 0)
            result = -errno;
    }
    path_to(path, directory, name, "");
    if (rmdir(path) < 0 && errno != ENOENT && result == 0)
        result = -errno;
    return result;
}

struct bounds {
    unsigned long keep_from, keep_to; /* outside of these they go */
};

static int remove_outside(const char *directory, unsigned long number, void *userdata)
{
    const struct bounds *bounds = userdata;
    char name[40];

    if (number >= bounds->keep_from && number <= bounds->keep_to)
        return 0;
    snprintf(name, sizeof(name), PREFIX "%lu", number);
    return remove_generation(directory, name);
}

/* The switch itself: from here on the new one is in use. */
static int point_at(const char *directory, unsigned long number)
{
    char fresh[WARD_ENROLMENT_PATH_MAX], current[WARD_ENROLMENT_PATH_MAX], name[40];

    snprintf(name, sizeof(name), PREFIX "%lu", number);
    path_to(fresh, directory, FRESH, "");
    path_to(current, directory, CURRENT, "");
    if (unlink(fresh) < 0 && errno != ENOENT)
        return -errno;
    if (symlink(name, fresh) < 0 || rename(fresh, current) < 0)
        return -errno;
    return sync_directory(directory);
}

static void fill_paths(const char *directory, const char *name, struct ward_enrolment_paths *ret)
{
    path_to(ret->key, directory, name, files[0]);
    path_to(ret->certificate, directory, name, files[1]);
    path_to(ret->authority, directory, name, files[2]);
    path_to(ret->server, directory, name, files[3]);
}

int ward_enrolment_files_settle(const char *directory)
{
    unsigned long largest = 0;
    const unsigned long current = current_number(directory);
    int result = each(directory, keep_largest, &largest);

    if (result == 0 && largest > current)
        result = point_at(directory, largest);
    return result == -ENOENT ? 0 : result;
}

bool ward_enrolment_files_current(const char *directory, struct ward_enrolment_paths *ret)
{
    fill_paths(directory, CURRENT, ret);
    return access(ret->certificate, R_OK) == 0;
}

int ward_enrolment_files_begin(const char *directory, struct ward_enrolment_paths *ret)
{
    char next[WARD_ENROLMENT_PATH_MAX];

    fill_paths(directory, NEXT, ret);
    path_to(next, directory, NEXT, "");
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return -errno;
    return mkdir(next, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int ward_enrolment_files_keep(const char *directory, const struct ward_enrolment_contents *contents)
{
    struct ward_enrolment_paths paths;
    struct bounds bounds = {0};
    unsigned long largest = 0;
    char next[WARD_ENROLMENT_PATH_MAX], generation[WARD_ENROLMENT_PATH_MAX], name[40];
    int result = each(directory, keep_largest, &largest);

    fill_paths(directory, NEXT, &paths);
    path_to(next, directory, NEXT, "");
    snprintf(name, sizeof(name), PREFIX "%lu", largest + 1);
    path_to(generation, directory, name, "");
    if (result == 0)
        result = write_file(paths.certificate, contents->certificate);
    if (result == 0)
        result = write_file(paths.authority, contents->authority);
    if (result == 0)
        result = write_file(paths.server, contents->server);
    if (result == 0)
        result = sync_directory(next);
    if (result == 0 && rename(next, generation) < 0)
        result = -errno;
    if (result == 0)
        result = sync_directory(directory);
    if (result == 0)
        result = point_at(directory, largest + 1);
    if (result < 0)
        return result;
    bounds = (struct bounds){.keep_from = contents->renews && largest > 0 ? largest : largest + 1,
                             .keep_to = largest + 1};
    (void)each(directory, remove_outside, &bounds); /* what stays is in nobody's way */
    return 0;
}

/* The greatest number below that of the generation in use; 0: there is none. */
struct former {
    unsigned long current, number;
};

static int keep_former(const char *directory, unsigned long number, void *userdata)
{
    struct former *former = userdata;

    (void)directory;
    if (number < former->current && number > former->number)
        former->number = number;
    return 0;
}

static struct former find_former(const char *directory)
{
    struct former former = {.current = current_number(directory)};

    return each(directory, keep_former, &former) == 0 ? former : (struct former){0};
}

bool ward_enrolment_files_former(const char *directory, struct ward_enrolment_paths *ret)
{
    const struct former former = find_former(directory);
    char name[40];

    snprintf(name, sizeof(name), PREFIX "%lu", former.number);
    fill_paths(directory, name, ret);
    return former.number > 0;
}

int ward_enrolment_files_forget_former(const char *directory)
{
    const unsigned long current = current_number(directory);
    struct bounds bounds = {.keep_from = current, .keep_to = ULONG_MAX};

    return current > 0 ? each(directory, remove_outside, &bounds) : -ENOENT;
}

/* In this order: what is cut off in between is begun anew, with the generation that is not gone yet, at the next start. */
int ward_enrolment_files_go_back(const char *directory)
{
    const struct former former = find_former(directory);
    struct bounds bounds = {.keep_from = 1, .keep_to = former.number};
    int result;

    if (former.number == 0)
        return -ENOENT;
    result = point_at(directory, former.number);
    return result < 0 ? result : each(directory, remove_outside, &bounds);
}

/* current last: as long as it leads to a generation that is gone, no other is taken at the next start. */
int ward_enrolment_files_wipe(const char *directory)
{
    struct bounds none = {.keep_from = 1};
    char path[WARD_ENROLMENT_PATH_MAX];
    int result = each(directory, remove_outside, &none), removed = remove_generation(directory, NEXT);

    if (result == -ENOENT)
        return 0; /* there is no directory */
    if (result == 0)
        result = removed;
    path_to(path, directory, CURRENT, "");
    if (result == 0 && unlink(path) < 0 && errno != ENOENT)
        result = -errno;
    return result == 0 ? sync_directory(directory) : result;
}
