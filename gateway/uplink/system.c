/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/system.h"

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
