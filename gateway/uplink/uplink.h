/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pipe between the core and the ward: what came through the spool goes to the broker, and back. It keeps
 * nothing: what is not answered when a connection ends is given up, and the core starts again from the hub's
 * receipts.
 */
#ifndef WARD_UPLINK_UPLINK_H
#define WARD_UPLINK_UPLINK_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "uplink/tls.h"

struct ward_uplink;

/* Texts are borrowed and must live as long as the uplink. */
struct ward_uplink_options {
    const char *spool; /* path of the core's socket */
    const char *host;  /* "": no hub; the core is told so */
    uint16_t port;
    struct ward_tls_files files;
    const char *enrolled;       /* directory of what enrolment makes, which goes before them; "": none */
    const char *site, *gateway; /* ids of the topics; the clients are GATEWAY-up and GATEWAY-down */
    const char *care_plan_url;  /* see https.h; "": none are fetched */
    uint32_t care_plan_interval_ms;
    uint16_t keepalive_s;
    uint32_t
        answer_timeout_ms; /* a message that the broker has not answered for so long ends the connection */
};

/* The code with which the event loop ends when the process is to begin anew, as another image of the same program. */
#define WARD_UPLINK_ANEW 75

/* All signals must be blocked. Begins to connect to the core. Returns 0 or a negative errno. */
int ward_uplink_new(struct ward_uplink **ret, sd_event *event, const struct ward_uplink_options *options);

/* Takes NULL; returns NULL. */
struct ward_uplink *ward_uplink_free(struct ward_uplink *uplink);

/* Says goodbye to the broker, which publishes the will, and then ends the event loop with code 0. */
void ward_uplink_stop(struct ward_uplink *uplink);

#endif
