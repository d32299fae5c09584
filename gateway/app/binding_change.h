/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What binding, unbinding and swapping devices changes, and whether it may be so: for the calls of the API (binding.h) and
 * for the ward's commands (order_binding.c) alike. Nothing is changed here: the changes are handed back.
 */
#ifndef WARD_APP_BINDING_CHANGE_H
#define WARD_APP_BINDING_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/binding.h"

/* Open bindings of one device. */
#define WARD_BOUND_MAX 32
/* All of them end, and one begins; and the device may be new. */
#define WARD_BINDING_CHANGES_MAX (WARD_BOUND_MAX + 2)

size_t ward_binding_count(const struct ward_gateway *gateway, const char *device);

/* The changes that make this binding; those whose place it takes end now. Returns how many. */
size_t ward_binding_changes(const struct ward_gateway *gateway, const struct ward_binding_order *order,
                            struct ward_store_change ret[WARD_BINDING_CHANGES_MAX]);

/*
 * Why the binding cannot begin at from_ms, which lies in the past: a sentence for the answer; NULL: it can. Nobody else may
 * have had the device since, unless it is shared, since what was measured under theirs would find another patient.
 */
const char *ward_binding_why_not_from(const struct ward_gateway *gateway,
                                      const struct ward_binding_order *order);

/* Why the device cannot be bound at this moment, to whomever; as below. */
const char *ward_binding_why_not_now(const struct ward_gateway *gateway,
                                     const struct ward_store_device *device);

/*
 * Why the device cannot be bound so beside those who have it: a sentence for the answer; NULL: it can. Who has a user slot of
 * it and who has it as a whole do not share it: one of the two would end, and its readings go to the other.
 */
const char *ward_binding_why_not_beside(const struct ward_gateway *gateway,
                                        const struct ward_binding_order *order);

/* The binding stands already, and nobody's would end. */
bool ward_binding_stands(const struct ward_gateway *gateway, const struct ward_binding_order *order);

/* Which bindings of a device are meant: "" and WARD_SLOT_ANY for all. */
#define WARD_SLOT_ANY 0x100
struct ward_binding_choice {
    const char *device, *patient, *episode;
    unsigned slot;
};

/*
 * The changes for those who share the device with these bindings, and keep it when these end: what it has in its memory may
 * be of whoever leaves, so it does not count as read out until it has been again. Returns how many.
 */
size_t ward_binding_leaves(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                           struct ward_store_change ret[WARD_BOUND_MAX]);

/* The changes that end them now, and those of ward_binding_leaves. Returns how many; 0: there is none to end. */
size_t ward_binding_ends(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                         struct ward_store_change ret[WARD_BINDING_CHANGES_MAX]);

/*
 * The changes that end them now and begin the same for another device, slot by slot, and those of ward_binding_leaves.
 * Returns how many; 0: there is none to end.
 */
#define WARD_BINDING_SWAP_MAX (2 * WARD_BOUND_MAX)
size_t ward_binding_swaps(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                          const struct ward_store_device *replacement,
                          struct ward_store_change ret[WARD_BINDING_SWAP_MAX]);

#endif
