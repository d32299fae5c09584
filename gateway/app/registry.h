/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is looked after, with which devices: the patients, devices and bindings in force, in memory.
 *
 * It has one way in, the store's changes: those of the snapshot at the start, and later each one that is submitted.
 * So memory and file cannot say different things.
 */
#ifndef WARD_APP_REGISTRY_H
#define WARD_APP_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "io/store_types.h"

#define WARD_PATIENTS_MAX 32
#define WARD_DEVICES_MAX  256
#define WARD_BINDINGS_MAX 512

struct ward_registry {
    struct ward_store_patient patients[WARD_PATIENTS_MAX];
    size_t patient_count;
    struct ward_store_device devices[WARD_DEVICES_MAX];
    size_t device_count;
    struct ward_store_binding bindings[WARD_BINDINGS_MAX]; /* open ones only */
    size_t binding_count;
};

/*
 * Takes over one change. Kinds that are not of the registry (plans, counters, commands, settings) are ignored.
 * Returns false, unchanged, when there is no room for one more.
 */
bool ward_registry_apply(struct ward_registry *registry, const struct ward_store_change *change);

/* NULL when there is none. Pointers are good until the next apply. */
const struct ward_store_patient *ward_registry_patient(const struct ward_registry *registry, const char *id);
const struct ward_store_device *ward_registry_device(const struct ward_registry *registry, const char *id);
const struct ward_store_device *ward_registry_device_at(const struct ward_registry *registry,
                                                        const char *address);
/* The open binding of a device; a device without user slots has one at most. */
const struct ward_store_binding *ward_registry_binding(const struct ward_registry *registry,
                                                       const char *device);
/* How many devices are bound to the patient now. */
size_t ward_registry_bound(const struct ward_registry *registry, const char *patient);

#endif
