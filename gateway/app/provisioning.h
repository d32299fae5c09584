/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hub's own certificate, asked for by a person (`wardctl hub enrol`) or the ward (the command rotate), and made by
 * the uplink (docs/provisioning.md). One at a time.
 */
#ifndef WARD_APP_PROVISIONING_H
#define WARD_APP_PROVISIONING_H

#include <stdbool.h>
#include <stdint.h>

#include "io/bus.h"
#include "ward/link.h"

struct ward_gateway;

/* How it ended; text says why, and what to do. Called once, from the loop. */
typedef void ward_provisioning_ended(void *userdata, bool done, const char *text);

struct ward_provisioning {
    struct ward_bus_call *call; /* the caller on the bus; NULL: none */
    ward_provisioning_ended *ended;
    void *userdata;
};

/* The call of the API: action is "enrol", "renew" or "retire". Answered now or at the end; HubStep meanwhile. */
void ward_provisioning_call(struct ward_gateway *gateway, struct ward_bus_call *call, const char *action,
                            const char *code);

/* A new key and certificate. Returns NULL, after which ended() follows, or a sentence that says why not. */
const char *ward_provisioning_renew(struct ward_gateway *gateway, ward_provisioning_ended *ended,
                                    void *userdata);

/* From the spool's listener. */
void ward_provisioning_told(struct ward_gateway *gateway, enum ward_provision_outcome outcome,
                            const char *step, uint32_t ms, const char *text);

#endif
