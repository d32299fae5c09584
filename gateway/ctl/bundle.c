/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/bundle.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "ctl/verbs.h"

#define BLOCK 512

/* POSIX.1-2017, pax, "ustar Interchange Format": numbers are in octal, and what is not said is 0. */
struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6],
        version[2];
    char user[32], group[32], major[8], minor[8], prefix[155], unused[12];
};
static_assert(sizeof(struct header) == BLOCK, "a header is one block");

struct ward_bundle {
    gzFile file;
    const char *path, *directory;
    int64_t made_s;
    json_t *files;
};

/* error: errno; 0 where nothing but zlib itself can have failed. */
static int fail(const struct ward_bundle *bundle, int error)
{
    return ward_ctl_fail("%s cannot be written: %s", bundle->path,
                         error > 0 ? strerror(error) : "it cannot be compressed");
}

static int put(const struct ward_bundle *bundle, const void *octets, size_t length)
{
    int error = Z_OK;

    if (length == 0 || gzwrite(bundle->file, octets, (unsigned)length) == (int)length)
        return WARD_CTL_DONE;
    (void)gzerror(bundle->file, &error);
    return fail(bundle, error == Z_ERRNO ? errno : 0);
}

int ward_bundle_open(const char *path, const char *directory, struct ward_bundle **ret)
{
    struct ward_bundle *bundle = calloc(1, sizeof(*bundle));
    int descriptor;

    if (bundle == NULL)
        return ward_ctl_fail("out of memory");
    descriptor = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
                                        : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        free(bundle);
        return errno == EEXIST
                   ? ward_ctl_fail("%s is there already: name another file, or move it away", path)
                   : ward_ctl_fail("%s cannot be made: %s", path, strerror(errno));
    }
    *bundle = (struct ward_bundle){.path = path,
                                   .directory = directory,
                                   .made_s = time(NULL),
                                   .file = gzdopen(descriptor, "wb"),
                                   .files = json_array()};
    if (bundle->file == NULL) {
        close(descriptor);
        return ward_bundle_close(bundle, ward_ctl_fail("out of memory"));
    }
    *ret = bundle;
    return WARD_CTL_DONE;
}

/* Up to 8 GiB, or until the year 2242. */
static void set_number(char field[static 12], uint64_t number)
{
    for (size_t i = 11; i > 0; i--, number >>= 3)
        field[i - 1] = (char)('0' + (number & 7));
}

static int put_header(const struct ward_bundle *bundle, const char *name, size_t length)
{
    struct header header = {
        .mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0', .version = "00"};
    unsigned sum = 0;

    if (snprintf(header.name, sizeof(header.name), "%s/%s", bundle->directory, name) >=
        (int)sizeof(header.name))
        return ward_ctl_fail("%s: the name %s is too long", bundle->path, name);
    set_number(header.size, length);
    set_number(header.mtime, (uint64_t)bundle->made_s);
    memcpy(header.magic, "ustar", sizeof(header.magic));
    memset(header.checksum, ' ', sizeof(header.checksum)); /* as which it counts */
    for (size_t i = 0; i < sizeof(header); i++)
        sum += ((const unsigned char *)&header)[i];
    snprintf(header.checksum, sizeof(header.checksum), "%06o", sum);
    return put(bundle, &header, sizeof(header));
}

int ward_bundle_add(struct ward_bundle *bundle, const char *name, const char *text)
{
    static const char nothing[BLOCK];
    const size_t length = strlen(text);
    int status = put_header(bundle, name, length);

    if (status == WARD_CTL_DONE)
        status = put(bundle, text, length);
    if (status == WARD_CTL_DONE)
        status = put(bundle, nothing, (BLOCK - length % BLOCK) % BLOCK);
    (void)json_array_append_new(bundle->files,
                                json_pack("{ss, sI}", "file", name, "octets", (json_int_t)length));
    return status;
}

const json_t *ward_bundle_files(const struct ward_bundle *bundle)
{
    return bundle->files;
}

int ward_bundle_close(struct ward_bundle *bundle, int status)
{
    static const char end[2 * BLOCK];
    int result;

    if (status == WARD_CTL_DONE)
        status = put(bundle, end, sizeof(end));
    result = bundle->file == NULL ? Z_OK : gzclose(bundle->file);
    if (result != Z_OK && status == WARD_CTL_DONE)
        status = fail(bundle, result == Z_ERRNO ? errno : 0);
    if (status != WARD_CTL_DONE && strcmp(bundle->path, "-") != 0)
        (void)unlink(bundle->path);
    json_decref(bundle->files);
    free(bundle);
    return status;
}
