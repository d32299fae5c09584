/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's own certificate, asked for by a person (`wardctl hub enrol`) and made by the uplink (docs/provisioning.md).
 * One at a time. What the ward asks for is in rotation.h.
 */
#ifndef WARD_APP_PROVISIONING_H
#define WARD_APP_PROVISIONING_H

#include <stdint.h>

#include "io/bus.h"
#include "ward/link.h"

struct ward_gateway;

struct ward_provisioning {
    struct ward_bus_call *call; /* the caller on the bus; NULL: none */
};

/* The call of the API: action is "enrol", "renew" or "retire". Answered now or at the end; HubStep meanwhile. */
void ward_provisioning_call(struct ward_gateway *gateway, struct ward_bus_call *call, const char *action,
                            const char *code);

/* From the spool's listener. */
void ward_provisioning_told(struct ward_gateway *gateway, enum ward_provision_outcome outcome,
                            const char *step, uint32_t ms, const char *text);

#endif
