/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/system.h"

#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "ward/mappings.h"

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

static int hold_and_read_in(void *from, size_t length)
{
    return mlock2(from, length, MLOCK_ONFAULT) < 0 ? -1 : ward_mapping_read_in(from, length);
}

/* Of files alone: what is in no file does not go to the card, and could not be given back any more while it is locked. */
int ward_system_hold_program(void)
{
    return ward_mappings_use(hold_and_read_in);
}
