/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lost_names.so: a program that runs with it in LD_PRELOAD waits for a name server that does not answer, whenever Paho looks
 * a name up while the file that LOST_NAMES names is there. "lost" is then written to it. Where the file goes, so does the wait.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Paho asks for no service, this project always does; and digits are no name. */
static bool is_of_paho(const char *name, const char *service)
{
    struct in6_addr address;

    return name && !service && inet_pton(AF_INET, name, &address) != 1 &&
           inet_pton(AF_INET6, name, &address) != 1;
}

static void wait_for_the_answer(void)
{
    const struct timespec step = {.tv_nsec = 50000000};
    const char *path = getenv("LOST_NAMES");
    FILE *file = path ? fopen(path, "r+e") : NULL;

    if (!file)
        return;
    fputs("lost\n", file);
    fclose(file);
    while (access(path, F_OK) == 0)
        nanosleep(&step, NULL);
}

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
    union { /* a function's address comes from dlsym() as an object's */
        void *object;
        int (*function)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    } next = {.object = dlsym(RTLD_NEXT, "getaddrinfo")};

    if (is_of_paho(name, service))
        wait_for_the_answer();
    return next.function(name, service, hints, ret);
}
