/* SPDX-License-Identifier: Apache-2.0 */
/* For both daemons: the uplink takes this file and knows it by ward/mappings.h alone. */
#include "ward/mappings.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int ward_mappings_use(int (*use)(void *from, size_t length))
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    int result = maps ? 0 : -errno;

    while (maps && fgets(line, sizeof(line), maps)) {
        char *end; /* "5581a2c000-5581a2e000 r-xp … /usr/sbin/wardgated" */
        const uintptr_t from = (uintptr_t)strtoull(line, &end, 16);
        const uintptr_t to = *end == '-' ? (uintptr_t)strtoull(end + 1, &end, 16) : from;

        if (to > from && end[0] == ' ' && end[1] == 'r' && strchr(end, '/') &&
            use((void *)from, to - from) < 0)
            result = -errno;
    }
    if (maps)
        fclose(maps);
    return result;
}

int ward_mapping_read_in(void *from, size_t length)
{
    return madvise(from, length, MADV_POPULATE_READ);
}
