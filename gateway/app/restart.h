/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A start anew that a technician has ordered: the answer goes first, and is waited for as long as the broker takes to have
 * it, at most WARD_RESTART_PATIENCE_US. Then the uplink is told, and the core ends as on SIGTERM; systemd starts them.
 * The command's id and counter are in the database by then, so that it is not done again.
 */
#ifndef WARD_APP_RESTART_H
#define WARD_APP_RESTART_H

#include <stdint.h>

#define WARD_RESTART_PATIENCE_US (10 * UINT64_C(1000000))

struct ward_gateway;

struct ward_restart {
    unsigned programs; /* set of WARD_PROGRAM_…; 0: nothing is to be started */
    uint64_t due_us;   /* when it is done at the latest */
};

/* The order is being stored and answered. */
void ward_restart_order(struct ward_gateway *gateway, unsigned programs);

/* Does it when it is time. Returns when to be called again, in boot-time microseconds. */
uint64_t ward_restart_check(struct ward_gateway *gateway);

#endif
