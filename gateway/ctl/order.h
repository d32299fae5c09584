/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is clinical, from the command line: a clinician's signed command brought in a file, or, where the gateway asks for
 * no signature, the same command made from the arguments.
 *
 * A file is looked into before it is sent: one that orders what another verb is for is refused, with that verb, since who
 * admits a patient must not discharge another by taking the wrong file. An order that has no verb goes by any. Whether the
 * signature holds is the daemon's to say, and so is what is wrong with a file that cannot be understood.
 */
#ifndef WARD_CTL_ORDER_H
#define WARD_CTL_ORDER_H

#include <jansson.h>
#include <stdbool.h>

struct ward_ctl_order {
    const char *signed_file; /* NULL: not signed; "-": standard input */
    const char *verb;        /* "alarms ack": whose files these are */
    const char *patient;     /* "": none. With a file: whom that must be about */
    const char *by;          /* id of a person; "": the user of this computer */
    json_t *body;            /* of the command, without schema; not of a signed one. Taken over */
    const char *done;        /* what is said when that is done, unless as_json is set */
    bool as_json;            /* the answer as it is */
};

/* Returns an exit status, after saying what went wrong. */
int ward_ctl_order(const struct ward_ctl_order *order);

#endif
