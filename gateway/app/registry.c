/* SPDX-License-Identifier: Apache-2.0 */
#include "app/registry.h"

#include <string.h>

static bool same(const struct ward_id *id, const char *text)
{
    return strcmp(id->text, text) == 0;
}

static size_t find_patient(const struct ward_registry *registry, const char *id)
{
    size_t i = 0;

    while (i < registry->patient_count && !same(&registry->patients[i].id, id))
        i++;
    return i;
}

static size_t find_device(const struct ward_registry *registry, const char *id)
{
    size_t i = 0;

    while (i < registry->device_count && !same(&registry->devices[i].id, id))
        i++;
    return i;
}

static size_t find_binding(const struct ward_registry *registry, const struct ward_store_binding *binding)
{
    size_t i = 0;

    while (i < registry->binding_count && !(same(&registry->bindings[i].device, binding->device.text) &&
                                            registry->bindings[i].slot == binding->slot &&
                                            same(&registry->bindings[i].patient, binding->patient.text) &&
                                            registry->bindings[i].from_ms == binding->from_ms))
        i++;
    return i;
}

static bool put_patient(struct ward_registry *registry, const struct ward_store_patient *patient)
{
    size_t at = find_patient(registry, patient->id.text);

    if (at == WARD_PATIENTS_MAX)
        return false;
    registry->patients[at] = *patient;
    if (at == registry->patient_count)
        registry->patient_count++;
    return true;
}

static bool put_device(struct ward_registry *registry, const struct ward_store_device *device)
{
    size_t at = find_device(registry, device->id.text);

    if (at == WARD_DEVICES_MAX)
        return false;
    registry->devices[at] = *device;
    if (at == registry->device_count)
        registry->device_count++;
    return true;
}

static void drop_binding(struct ward_registry *registry, size_t at)
{
    if (at < registry->binding_count)
        registry->bindings[at] = registry->bindings[--registry->binding_count];
}

static bool is_open(const struct ward_store_binding *binding)
{
    return binding->until_ms == WARD_UTC_UNKNOWN;
}

/* A place for one more: behind the others, or that of the binding that ended first. */
static size_t free_place(const struct ward_registry *registry)
{
    size_t oldest = WARD_BINDINGS_MAX;

    if (registry->binding_count < WARD_BINDINGS_MAX)
        return registry->binding_count;
    for (size_t i = 0; i < registry->binding_count; i++)
        if (!is_open(&registry->bindings[i]) &&
            (oldest == WARD_BINDINGS_MAX ||
             registry->bindings[i].until_ms < registry->bindings[oldest].until_ms))
            oldest = i;
    return oldest;
}

static bool put_binding(struct ward_registry *registry, const struct ward_store_binding *binding)
{
    struct ward_store_binding undated = *binding;
    size_t at;

    undated.from_ms = WARD_BOUND_FROM_UNKNOWN;
    if (is_open(binding))
        drop_binding(registry, find_binding(registry, &undated));
    at = find_binding(registry, binding);
    if (at == registry->binding_count)
        at = free_place(registry);
    if (at == WARD_BINDINGS_MAX)
        return false;
    registry->bindings[at] = *binding;
    if (at == registry->binding_count)
        registry->binding_count++;
    return true;
}

static void drop_bindings_of(struct ward_registry *registry, const char *device, const char *patient)
{
    for (size_t i = registry->binding_count; i-- > 0;)
        if ((device && same(&registry->bindings[i].device, device)) ||
            (patient && same(&registry->bindings[i].patient, patient)))
            drop_binding(registry, i);
}

static void drop_patient(struct ward_registry *registry, const char *id)
{
    size_t at = find_patient(registry, id);

    if (at < registry->patient_count)
        registry->patients[at] = registry->patients[--registry->patient_count];
    drop_bindings_of(registry, NULL, id);
}

static void drop_device(struct ward_registry *registry, const char *id)
{
    size_t at = find_device(registry, id);

    if (at < registry->device_count)
        registry->devices[at] = registry->devices[--registry->device_count];
    drop_bindings_of(registry, id, NULL);
}

bool ward_registry_apply(struct ward_registry *registry, const struct ward_store_change *change)
{
    registry->generation++;
    switch ((enum ward_store_change_kind)change->kind) {
    case WARD_STORE_PATIENT: return put_patient(registry, &change->patient);
    case WARD_STORE_PATIENT_REMOVED: drop_patient(registry, change->patient.id.text); return true;
    case WARD_STORE_DEVICE: return put_device(registry, &change->device);
    case WARD_STORE_DEVICE_FORGOTTEN: drop_device(registry, change->device.id.text); return true;
    case WARD_STORE_BINDING: return put_binding(registry, &change->binding);
    case WARD_STORE_PLAN:
    case WARD_STORE_KNOWN:
    case WARD_STORE_AUDIT:
    case WARD_STORE_COUNTER:
    case WARD_STORE_COMMAND:
    case WARD_STORE_SETTING: return true;
    }
    return true;
}

const struct ward_store_patient *ward_registry_patient(const struct ward_registry *registry, const char *id)
{
    size_t at = find_patient(registry, id);

    return at < registry->patient_count ? &registry->patients[at] : NULL;
}

const struct ward_store_device *ward_registry_device(const struct ward_registry *registry, const char *id)
{
    size_t at = find_device(registry, id);

    return at < registry->device_count ? &registry->devices[at] : NULL;
}

const struct ward_store_device *ward_registry_device_at(const struct ward_registry *registry,
                                                        const char *address)
{
    for (size_t i = 0; i < registry->device_count; i++)
        if (strcmp(registry->devices[i].address, address) == 0)
            return &registry->devices[i];
    return NULL;
}

const struct ward_store_binding *ward_registry_next_binding(const struct ward_registry *registry,
                                                            const char *device,
                                                            const struct ward_store_binding *after)
{
    for (size_t i = after ? (size_t)(after - registry->bindings) + 1 : 0; i < registry->binding_count; i++)
        if (is_open(&registry->bindings[i]) && same(&registry->bindings[i].device, device))
            return &registry->bindings[i];
    return NULL;
}

bool ward_registry_is_shared(const struct ward_registry *registry, const char *device)
{
    const struct ward_store_binding *one = NULL, *other;

    while ((one = ward_registry_next_binding(registry, device, one)))
        for (other = one; (other = ward_registry_next_binding(registry, device, other));)
            if (other->slot == one->slot && !same(&other->patient, one->patient.text))
                return true;
    return false;
}

bool ward_registry_is_bound(const struct ward_registry *registry, const char *device, const char *patient)
{
    const struct ward_store_binding *binding = NULL;

    while ((binding = ward_registry_next_binding(registry, device, binding)))
        if (same(&binding->patient, patient))
            return true;
    return false;
}

bool ward_registry_has_place(const struct ward_registry *registry)
{
    return free_place(registry) < WARD_BINDINGS_MAX;
}

size_t ward_registry_bound(const struct ward_registry *registry, const char *patient)
{
    size_t count = 0;

    for (size_t i = 0; i < registry->device_count; i++)
        count += ward_registry_is_bound(registry, registry->devices[i].id.text, patient);
    return count;
}
