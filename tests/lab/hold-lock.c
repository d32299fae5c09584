/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into wardgated in the guest: a thread that gets stuck with a lock held, as one would in a library that never
 * returns. When the file that WARD_HOLD names is there, the next thread but the first that is to unlock a mutex of the
 * program's own takes the file away and sleeps for ever instead. What the first thread does about it is the test.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int (*unlock)(pthread_mutex_t *);
static const char *hold;

static void __attribute__((constructor)) begin(void)
{
    void *symbol = dlsym(RTLD_NEXT, "pthread_mutex_unlock");

    memcpy(&unlock, &symbol, sizeof(unlock));
    hold = getenv("WARD_HOLD");
}

/* Not one of a library's: what waits for SQLite is the store thread alone. */
static int is_of_the_program(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) && strcmp(strrchr(info.dli_fname, '/'), "/wardgated") == 0;
}

int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (hold && gettid() != getpid() && access(hold, F_OK) == 0 &&
        is_of_the_program(__builtin_return_address(0)) && unlink(hold) == 0)
        for (;;)
            pause();
    return unlock(mutex);
}
