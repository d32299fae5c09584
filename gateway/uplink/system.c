/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/system.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

uint64_t ward_system_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t ward_system_random(void)
{
    uint64_t number = 0;

    return getrandom(&number, sizeof(number), GRND_NONBLOCK) == sizeof(number) ? number : 0;
}

/* Of files alone: what is in no file does not go to the card, and could not be given back any more while it is locked. */
int ward_system_hold_program(void)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    int result = maps ? 0 : -errno;

    while (maps && fgets(line, sizeof(line), maps)) {
        char *end; /* "5581a2c000-5581a2e000 r-xp … /usr/sbin/wardgate-uplink" */
        const uintptr_t from = (uintptr_t)strtoull(line, &end, 16);
        const uintptr_t to = *end == '-' ? (uintptr_t)strtoull(end + 1, &end, 16) : from;

        if (to > from && end[0] == ' ' && end[1] == 'r' && strchr(end, '/') &&
            mlock2((void *)from, to - from, MLOCK_ONFAULT) < 0)
            result = -errno;
    }
    if (maps)
        fclose(maps);
    return result;
}
