/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow_disk.so: a program that runs with it in LD_PRELOAD has a disk that takes its time for every flush.
 *
 * While the file that SLOW_DISK names is there, each fsync() and fdatasync() begins with a wait of as many milliseconds
 * as the file says. Where the file goes, every wait ends.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define STEP_MS 50

static long wanted_ms(void)
{
    const char *path = getenv("SLOW_DISK");
    FILE *file = path ? fopen(path, "re") : NULL;
    long ms = 0;

    if (file && fscanf(file, "%ld", &ms) != 1)
        ms = 0;
    if (file)
        fclose(file);
    return ms;
}

static void take_time(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

    for (long waited_ms = 0; waited_ms < wanted_ms(); waited_ms += STEP_MS)
        nanosleep(&step, NULL);
}

static int flush(const char *name, int descriptor)
{
    int (*real)(int) = NULL;
    void *found = dlsym(RTLD_NEXT, name);

    *(void **)&real = found;
    take_time();
    return real(descriptor);
}

int fsync(int descriptor)
{
    return flush("fsync", descriptor);
}

int fdatasync(int descriptor)
{
    return flush("fdatasync", descriptor);
}
