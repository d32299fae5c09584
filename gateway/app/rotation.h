/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new key and certificate for the uplink's connection: the uplink makes them, since nobody else may have its key. What
 * comes of it takes as long as whoever signs certificates; so the command is stored at once as one of which nobody knows
 * what came of it, which is its answer if the core ends meanwhile, and the outcome takes the place of that.
 */
#ifndef WARD_APP_ROTATION_H
#define WARD_APP_ROTATION_H

#include <stdbool.h>
#include <stdint.h>

#include "app/order.h"

/* The uplink waits for whoever signs certificates for five minutes (uplink/est.h), beside the requests themselves. */
#define WARD_ROTATION_PATIENCE_US (600 * UINT64_C(1000000))

struct ward_rotation {
    uint64_t id;     /* of the task; 0: none is under way */
    uint64_t due_us; /* when nothing more is expected of it */
    uint64_t last_id;
    struct ward_order order;
};

/* Why the uplink cannot be told now; NULL: it was, and the order is answered by and by. */
const char *ward_rotation_begin(struct ward_gateway *gateway, const struct ward_order *order);

/* From the spool's listener. */
void ward_rotation_outcome(struct ward_gateway *gateway, uint64_t id, bool done, const char *text);

/* Gives up what takes too long. Returns when to be called again, in boot-time microseconds. */
uint64_t ward_rotation_check(struct ward_gateway *gateway);

/* At the end: a call that waits is answered. */
void ward_rotation_done(struct ward_gateway *gateway);

#endif
