/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engineer has to know from afar, in pieces on up/diagnostics (docs/mqtt/schemas/diagnostics.json): versions,
 * counters, technical conditions, devices, and the journal's lines without what stood in them. Nothing of a patient, no
 * address and no name is in it. One piece is made and goes at a time, behind everything else, so that it keeps nothing
 * waiting and takes no memory. Should the core end meanwhile it is asked for again.
 */
#ifndef WARD_APP_DIAGNOSTICS_H
#define WARD_APP_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/reading.h"

/* Octets of a piece at most; what would make it larger begins another. */
#define WARD_DIAGNOSTICS_PIECE_MAX 16384

struct ward_gateway;
struct ward_order;
struct ward_outbox;

struct ward_diagnostics {
    struct ward_id command;
    unsigned piece, pieces; /* the one to go next, from 1; 0: none is asked for */
    uint64_t id;            /* of the one on its way; 0: none */
};

/* Carries out the command `diagnostics` (order.h). */
void ward_diagnostics_order(struct ward_gateway *gateway, const struct ward_order *order);

/* One piece as JSON. Returns its length, 0 when it does not fit. */
size_t ward_diagnostics_write(const struct ward_gateway *gateway, unsigned piece, char *text, size_t size);

/* For the outbox: lets the next piece go; the broker has answered; the link came or went. */
void ward_diagnostics_pump(struct ward_gateway *gateway);
/* Whether the answer was to one of its messages; whatever it was, the next one follows. */
bool ward_diagnostics_answered(struct ward_gateway *gateway, uint64_t id);
void ward_diagnostics_reset(struct ward_gateway *gateway);

#endif
