/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/verbs.h"

/*
 * archive_entry_set_mtime() as libarchive was built: for armhf Debian 12 has a time_t of 32 bits, where this code's has 64.
 * That is a long there, as it is elsewhere.
 */
void set_time(struct archive_entry *, long seconds, long nanoseconds) __asm__("archive_entry_set_mtime");

struct ward_bundle {
    struct archive *archive;
    const char *path, *directory;
    int descriptor;
    time_t made;
    json_t *files;
};

static int fail(const struct ward_bundle *bundle)
{
    const char *what = archive_error_string(bundle->archive);
    const int error = archive_errno(bundle->archive);

    return ward_ctl_fail("%s cannot be written: %s: %s", bundle->path, what != NULL ? what : "it stopped",
                         error > 0 ? strerror(error) : "no reason is known");
}

int ward_bundle_open(const char *path, const char *directory, struct ward_bundle **ret)
{
    struct ward_bundle *bundle = calloc(1, sizeof(*bundle));

    if (bundle == NULL)
        return ward_ctl_fail("out of memory");
    *bundle = (struct ward_bundle){.path = path, .directory = directory, .made = time(NULL)};
    bundle->descriptor = strcmp(path, "-") == 0 ? dup(STDOUT_FILENO)
                                                : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (bundle->descriptor < 0) {
        free(bundle);
        return errno == EEXIST
                   ? ward_ctl_fail("%s is there already: name another file, or move it away", path)
                   : ward_ctl_fail("%s cannot be made: %s", path, strerror(errno));
    }
    bundle->files = json_array();
    bundle->archive = archive_write_new();
    if (bundle->archive == NULL || archive_write_add_filter_gzip(bundle->archive) != ARCHIVE_OK ||
        archive_write_set_format_pax_restricted(bundle->archive) != ARCHIVE_OK ||
        archive_write_open_fd(bundle->archive, bundle->descriptor) != ARCHIVE_OK)
        return ward_bundle_close(bundle,
                                 bundle->archive != NULL ? fail(bundle) : ward_ctl_fail("out of memory"));
    *ret = bundle;
    return WARD_CTL_DONE;
}

int ward_bundle_add(struct ward_bundle *bundle, const char *name, const char *text)
{
    struct archive_entry *entry = archive_entry_new();
    const size_t length = strlen(text);
    char path[256];
    int status = WARD_CTL_DONE;

    if (entry == NULL)
        return ward_ctl_fail("out of memory");
    snprintf(path, sizeof(path), "%s/%s", bundle->directory, name);
    archive_entry_set_pathname(entry, path);
    archive_entry_set_size(entry, (la_int64_t)length);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0600);
    set_time(entry, (long)bundle->made, 0);
    if (archive_write_header(bundle->archive, entry) != ARCHIVE_OK ||
        archive_write_data(bundle->archive, text, length) != (la_ssize_t)length)
        status = fail(bundle);
    archive_entry_free(entry);
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
    if (bundle->archive != NULL && archive_write_close(bundle->archive) != ARCHIVE_OK &&
        status == WARD_CTL_DONE)
        status = fail(bundle);
    archive_write_free(bundle->archive);
    if (close(bundle->descriptor) < 0 && status == WARD_CTL_DONE)
        status = ward_ctl_fail("%s cannot be written: %s", bundle->path, strerror(errno));
    if (status != WARD_CTL_DONE && strcmp(bundle->path, "-") != 0)
        (void)unlink(bundle->path);
    json_decref(bundle->files);
    free(bundle);
    return status;
}
