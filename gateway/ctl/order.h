/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is clinical, from the command line: a clinician's signed command brought in a file, or, where the gateway asks for
 * no signature, the same command made from the arguments.
 */
#ifndef WARD_CTL_ORDER_H
#define WARD_CTL_ORDER_H

#include <jansson.h>
#include <stdbool.h>

struct ward_ctl_order {
    const char *signed_file; /* NULL: not signed; "-": standard input */
    const char *patient;     /* "": none */
    const char *by;          /* id of a person; "": the user of this computer */
    json_t *body;            /* of the command, without schema; not of a signed one. Taken over */
    const char *done;        /* what is said when it is done, unless as_json is set */
    bool as_json;            /* the answer as it is */
};

/* Returns an exit status, after saying what went wrong. */
int ward_ctl_order(const struct ward_ctl_order *order);

#endif
