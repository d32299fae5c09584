/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can the broker be reached at all? Looks its name up in a thread of its own, because the look-up may take
 * long and Paho would hold its lock over it; and, when asked to, opens and closes a TCP connection, to find
 * out what Paho does not say: refused, unreachable, timed out.
 */
#ifndef WARD_UPLINK_REACH_H
#define WARD_UPLINK_REACH_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct ward_reach;

/* wrong: what fails, for people ("DNS: Name or service not known"), or NULL when nothing does. */
typedef void ward_reach_done(void *userdata, const char *wrong);

struct ward_reach_options {
    sd_event *event;
    const char *host;
    uint16_t port;
    bool connect; /* also try the TCP connection */
    ward_reach_done *done;
    void *userdata;
};

/* Begins; done is called once, from the loop. Returns 0 or a negative errno. Everything is copied. */
int ward_reach_new(struct ward_reach **ret, const struct ward_reach_options *options);

/* Gives it up, or cleans up after done, from which it may be called. Takes NULL; returns NULL. */
struct ward_reach *ward_reach_free(struct ward_reach *reach);

#endif
