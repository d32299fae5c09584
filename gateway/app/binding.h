/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose devices are: making and ending bindings, claiming a shared device for one measurement, names for people.
 *
 * A binding begins and ends at a moment. One that is made while the date is not known counts for what is measured from
 * then on over the connection; for records with a date it begins when the date becomes known.
 */
#ifndef WARD_APP_BINDING_H
#define WARD_APP_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "io/bus.h"
#include "io/store_types.h"

struct ward_commit_waiter;
struct ward_gateway;
struct ward_watch;

/* What a binding is to be. */
struct ward_binding_order {
    const struct ward_store_device *device;
    bool is_new; /* the device is stored in the same transaction */
    const struct ward_watch *watch;
    uint8_t slot;    /* WARD_SLOT_NONE: the device as a whole */
    bool shared;     /* beside those who have it already; otherwise theirs end now */
    bool read_out;   /* its memory has been transferred already */
    int64_t from_ms; /* UTC; 0: it begins now */
};

/* Binds in one transaction. waiter and result as ward_gateway_change. */
int ward_binding_make(struct ward_gateway *gateway, const struct ward_binding_order *order,
                      struct ward_commit_waiter *waiter);

/*
 * The device has given all that was in its memory: from now on a record of an unknown time belongs to whoever has it.
 * Does nothing where that is known already.
 */
void ward_binding_read_out(struct ward_gateway *gateway, const char *device);

/* The patient is about to leave: what the devices that others keep have in their memory may still be his. */
void ward_binding_left(struct ward_gateway *gateway, const char *patient);

/* Changes of bindings count now: whoever has a device no longer has no claim to it, also when he gets it again. */
void ward_binding_counted(struct ward_gateway *gateway);

/* Who has claimed the device at this moment; NULL: nobody, or one whose device it is no longer. */
const char *ward_binding_claimant(const struct ward_gateway *gateway, const char *device);
/* … at that moment of this boot: a reading is settled some seconds after it has come. */
const char *ward_binding_claimant_at(const struct ward_gateway *gateway, const char *device,
                                     uint64_t boot_us);

/* The date became known: bindings that were made before it get theirs. */
void ward_binding_dated(struct ward_gateway *gateway);

/* The calls of the API; each answers its call, now or later. */
void ward_binding_bind(struct ward_gateway *gateway, struct ward_bus_call *call,
                       const struct ward_bus_arguments *arguments);
void ward_binding_unbind(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                         const char *patient);
void ward_binding_rename(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                         const char *name);
void ward_binding_measure(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient,
                          const char *device, uint32_t seconds);

#endif
