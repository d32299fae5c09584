/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How Paho looks a name up: by the getaddrinfo() below, since the one in this program is found before the C library's.
 *
 * Paho 1.3.12 does it for each connection, whatever it was told before, and under the lock that all of its connections need.
 * Where the answer of the name server is lost, that is for five seconds and more, and an alarm would stand behind it on a
 * connection that is open. So it gets the address that was found just before (reach.c), and nobody is asked.
 */
#include "uplink/name.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static struct {
    pthread_mutex_t lock; /* for a copy only: Paho's threads take it inside their own */
    char name[256];
    struct sockaddr_storage address;
    socklen_t length;
} known = {.lock = PTHREAD_MUTEX_INITIALIZER};

int ward_name_look_up(const char *name, const char *service, const struct addrinfo *hints,
                      struct addrinfo **ret)
{
    union { /* a function's address comes from dlsym() as an object's */
        void *object;
        int (*function)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    } next = {.object = dlsym(RTLD_NEXT, "getaddrinfo")};

    return next.function(name, service, hints, ret);
}

void ward_name_found(const char *name, const struct sockaddr_storage *address, socklen_t length)
{
    pthread_mutex_lock(&known.lock);
    snprintf(known.name, sizeof(known.name), "%s", name);
    known.address = *address;
    known.length = length;
    pthread_mutex_unlock(&known.lock);
}

/* The address in digits; false: the name is another one than that which was found. */
static bool recall(const char *name, char *ret, socklen_t size)
{
    bool is_known;

    pthread_mutex_lock(&known.lock);
    is_known = known.length > 0 && strcmp(name, known.name) == 0 &&
               getnameinfo((const struct sockaddr *)&known.address, known.length, ret, size, NULL, 0,
                           NI_NUMERICHOST) == 0;
    pthread_mutex_unlock(&known.lock);
    return is_known;
}

/* Digits are read, not looked up, and what comes of them is freed like any other answer. */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
    char digits[NI_MAXHOST];

    return ward_name_look_up(name && recall(name, digits, sizeof(digits)) ? digits : name, service, hints,
                             ret);
}
