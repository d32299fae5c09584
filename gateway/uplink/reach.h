/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Can the broker be reached at all? Looks its name up in a thread of its own, because the look-up may take long and Paho
 * would hold its lock over it; Paho gets what was found (name.h). And, when asked to, opens and closes a TCP connection, and
 * makes a TLS handshake on it, to find out what Paho does not say: refused, unreachable, timed out, which certificate is
 * wrong.
 */
#ifndef WARD_UPLINK_REACH_H
#define WARD_UPLINK_REACH_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "uplink/tls_words.h"

struct ward_reach;

enum ward_reach_step { WARD_REACH_DNS, WARD_REACH_TCP, WARD_REACH_TLS };
#define WARD_REACH_STEPS 3

/* wrong: what fails, for people ("DNS: Name or service not known"), or NULL when nothing does. matter: of what is wrong. */
typedef void ward_reach_done(void *userdata, enum ward_journal_matter matter, const char *wrong);

/* A step was done well in took_us; about: what was found, for people ("93.184.216.34"), or "". */
typedef void ward_reach_stepped(void *userdata, enum ward_reach_step step, uint64_t took_us,
                                const char *about);

struct ward_reach_options {
    sd_event *event;
    const char *host;
    uint16_t port;
    bool connect;                     /* also try the TCP connection */
    const struct ward_tls_files *tls; /* also try TLS, with these; NULL: not */
    ward_reach_stepped *stepped;      /* NULL: nobody asks */
    ward_reach_done *done;
    void *userdata;
};

/* Begins; done is called once, from the loop. Returns 0 or a negative errno. Everything is copied but
 * the files. */
int ward_reach_new(struct ward_reach **ret, const struct ward_reach_options *options);

/* Gives it up, or cleans up after done, from which it may be called. Takes NULL; returns NULL. */
struct ward_reach *ward_reach_free(struct ward_reach *reach);

#endif
