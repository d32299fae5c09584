/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is looked after, with which devices: the patients, devices and bindings, in memory. Bindings that have ended are
 * kept too, since a device may bring a record that was measured under them.
 *
 * It has one way in, the store's changes: those of the snapshot at the start, and later each one that is submitted.
 * So memory and file cannot say different things.
 */
#ifndef WARD_APP_REGISTRY_H
#define WARD_APP_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/store_types.h"

#define WARD_PATIENTS_MAX 32
#define WARD_DEVICES_MAX  256
#define WARD_BINDINGS_MAX 512

struct ward_registry {
    struct ward_store_patient patients[WARD_PATIENTS_MAX];
    size_t patient_count;
    struct ward_store_device devices[WARD_DEVICES_MAX];
    size_t device_count;
    struct ward_store_binding bindings[WARD_BINDINGS_MAX]; /* open ones, and ended ones while there is room */
    size_t binding_count;
    uint64_t generation; /* moves with each change */
};

/*
 * Takes over one change. Kinds that are not of the registry (plans, counters, commands, settings) are ignored.
 * Returns false, unchanged, when there is no room for one more. Of bindings that have ended the oldest makes room: a
 * record that was measured under it then belongs to nobody, which is safe.
 */
bool ward_registry_apply(struct ward_registry *registry, const struct ward_store_change *change);

/* NULL when there is none. Pointers are good until the next apply. */
const struct ward_store_patient *ward_registry_patient(const struct ward_registry *registry, const char *id);
const struct ward_store_device *ward_registry_device(const struct ward_registry *registry, const char *id);
const struct ward_store_device *ward_registry_device_at(const struct ward_registry *registry,
                                                        const char *address);
/* The open bindings of a device, one after the other: the first after NULL, NULL after the last. */
const struct ward_store_binding *ward_registry_next_binding(const struct ward_registry *registry,
                                                            const char *device,
                                                            const struct ward_store_binding *after);
/* Whether two patients have it on the same slot, or as a whole: then it must be claimed before use. */
bool ward_registry_is_shared(const struct ward_registry *registry, const char *device);
bool ward_registry_is_bound(const struct ward_registry *registry, const char *device, const char *patient);
/* Whether one more binding fits. */
bool ward_registry_has_place(const struct ward_registry *registry);
/* How many devices are bound to the patient now. */
size_t ward_registry_bound(const struct ward_registry *registry, const char *patient);

#endif
