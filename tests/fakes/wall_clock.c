/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wall_clock.so: a program that runs with it in LD_PRELOAD has a wall clock of its own, which is set while it runs.
 *
 * WALL_CLOCK names a file of eight octets: by how many milliseconds the wall clock is off, in the machine's own order
 * of octets. Every other clock, and every timer, is the kernel's: that is what libfaketime does otherwise, which moves
 * the timers of the boot clock as well.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_ms;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WALL_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *octets = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(*offset_ms), PROT_READ, MAP_SHARED, file, 0);

    if (octets == MAP_FAILED) {
        fputs("wall_clock: WALL_CLOCK does not name a file\n", stderr);
        _exit(1);
    }
    close(file);
    offset_ms = octets;
}

static void shift(struct timespec *moment)
{
    const int64_t ms = offset_ms ? *offset_ms : 0; /* other libraries' constructors may come first */
    int64_t ns = moment->tv_nsec + ms % 1000 * 1000000;

    moment->tv_sec += ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
    moment->tv_nsec = (long)(ns < 0 ? ns + 1000000000 : ns % 1000000000);
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
    const int result = (int)syscall(SYS_clock_gettime, id, ret);

    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        shift(ret);
    return result;
}

time_t time(time_t *ret)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    ret->tv_sec = now.tv_sec;
    ret->tv_usec = now.tv_nsec / 1000;
    return 0;
}
