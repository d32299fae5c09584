/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches the document of each name that the core gives, over HTTPS, and hands it on as if the broker had it retained.
 * What it says is not our matter: the core knows by its signature and version whether it is good, and keeps what it has
 * as long as nothing better comes.
 *
 * All names are asked for one after the other, which is a round. Rounds come at an interval, give or take a quarter,
 * so that a ward's gateways do not all ask at once. A round that failed is made again after a back-off with full
 * jitter of at most the interval. Where no answer comes the round ends, lest a server that is down be asked for all;
 * the next one begins behind that name, lest one that is never answered keep the others away. What the server says is
 * unchanged since it was handed on is not asked for as a whole, but for every twelfth time, in case the core could not
 * use it then.
 */
#ifndef WARD_UPLINK_HTTPS_H
#define WARD_UPLINK_HTTPS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "uplink/fetcher.h"

#define WARD_HTTPS_NAMES 64

struct ward_https;

struct ward_https_options {
    sd_event *event;
    const char *url; /* with {gateway} and {patient} to be replaced */
    const char *gateway;
    uint32_t interval_ms;
    const struct ward_tls_files *files;
    /* Hands a document on. Returns false when there is no room now: ward_https_go_on() is called when there is. */
    bool (*document)(void *userdata, const char *name, const uint8_t *body, size_t length);
    /* How the last round went: wrong is for people, NULL when nothing failed. */
    void (*round)(void *userdata, const char *wrong);
    void *userdata;
};

/* options is copied, what it points to is not. Returns 0 or a negative errno. */
int ward_https_new(struct ward_https **ret, const struct ward_https_options *options);

/* Takes NULL; returns NULL. */
struct ward_https *ward_https_free(struct ward_https *https);

/*
 * All names, each of [A-Za-z0-9-]{1,64} and followed by a space; others are passed over. A round begins soon. With an
 * empty text everything is forgotten.
 */
void ward_https_names(struct ward_https *https, const char *names, size_t length);

/* There is room again after document() said no. */
void ward_https_go_on(struct ward_https *https);

#endif
