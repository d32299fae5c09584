/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/statvfs.h>

int ward_store_space(const char *path, struct ward_store_space *ret)
{
    char directory[PATH_MAX];
    struct statvfs space;

    if (snprintf(directory, sizeof(directory), "%s", path) >= (int)sizeof(directory))
        return -ENAMETOOLONG;
    if (statvfs(dirname(directory), &space) < 0)
        return -errno;
    *ret = (struct ward_store_space){.free_octets = (uint64_t)space.f_bavail * space.f_frsize,
                                     .total_octets = (uint64_t)space.f_blocks * space.f_frsize};
    return 0;
}
