/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loaded before a program's own libraries: each thread that it begins is late in ending, by more than Paho waits for its
 * own. At the end of the process it says on standard error whether one was, and whether OpenSSL still stands for it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/crypto.h>

#define LATE_NS 600000000

struct task {
    void *(*run)(void *);
    void *data;
};

static atomic_uint running;

static void *run_late(void *data)
{
    const struct timespec late = {.tv_nsec = LATE_NS};
    const struct task task = *(struct task *)data;
    void *result;

    free(data);
    result = task.run(task.data);
    nanosleep(&late, NULL);
    atomic_fetch_sub(&running, 1);
    return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *data)
{
    union { /* a function's address comes from dlsym() as an object's */
        void *object;
        int (*function)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    } next = {.object = dlsym(RTLD_NEXT, "pthread_create")};
    struct task *task = malloc(sizeof(*task));
    int result;

    if (!task)
        abort();
    *task = (struct task){run, data};
    atomic_fetch_add(&running, 1);
    result = next.function(thread, attributes, run_late, task);
    if (result != 0)
        abort();
    return 0;
}

/* What is loaded first is put down last: after all that was registered with atexit(). */
__attribute__((destructor)) static void tell(void)
{
    const int stands = OPENSSL_init_crypto(0, NULL);

    fprintf(stderr, "OpenSSL %s, %s\n", stands ? "stands" : "was put down",
            atomic_load(&running) ? "with threads" : "without a thread");
}
