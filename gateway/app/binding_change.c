/* SPDX-License-Identifier: Apache-2.0 */
#include "app/binding_change.h"

#include <string.h>

#include "app/gateway.h"

/* Where there is no date, the time since the boot tells it from what came before. */
static void begin_now(const struct ward_gateway *gateway, struct ward_store_binding *binding)
{
    const struct ward_time now = ward_gateway_now(gateway);
    const bool dated = now.utc_ms != WARD_UTC_UNKNOWN;

    binding->from_ms = dated ? now.utc_ms : WARD_BOUND_FROM_UNKNOWN;
    binding->since_us = dated ? 0 : now.boot_us;
}

/* Without a date nothing that was measured under the binding can be told from what came after: it counts for nothing. */
static struct ward_store_change ended(const struct ward_gateway *gateway,
                                      const struct ward_store_binding *binding)
{
    const int64_t now_ms = ward_gateway_now(gateway).utc_ms;
    struct ward_store_change change = {.kind = WARD_STORE_BINDING, .binding = *binding};

    change.binding.until_ms = now_ms == WARD_UTC_UNKNOWN ? binding->from_ms : now_ms;
    return change;
}

/* A binding to a slot and one of the whole device do not go together. */
static bool is_in_the_way(const struct ward_store_binding *old, const struct ward_binding_order *order)
{
    return old->slot == order->slot || old->slot == WARD_SLOT_NONE || order->slot == WARD_SLOT_NONE;
}

static bool is_of_same_patient(const struct ward_store_binding *old, const struct ward_binding_order *order)
{
    return strcmp(old->patient.text, order->watch->patient.text) == 0;
}

/* Who took the device gives it up. */
static bool makes_room(const struct ward_store_binding *old, const struct ward_binding_order *order)
{
    if (old->slot == order->slot)
        return is_of_same_patient(old, order) || !order->shared;
    return is_in_the_way(old, order);
}

size_t ward_binding_count(const struct ward_gateway *gateway, const char *device)
{
    const struct ward_store_binding *binding = NULL;
    size_t count = 0;

    while ((binding = ward_registry_next_binding(&gateway->registry, device, binding)))
        count++;
    return count;
}

size_t ward_binding_changes(const struct ward_gateway *gateway, const struct ward_binding_order *order,
                            struct ward_store_change ret[WARD_BINDING_CHANGES_MAX])
{
    const char *device = order->device->id.text;
    const struct ward_store_binding *old = NULL;
    size_t count = 0;

    if (order->is_new)
        ret[count++] = (struct ward_store_change){.kind = WARD_STORE_DEVICE, .device = *order->device};
    while ((old = ward_registry_next_binding(&gateway->registry, device, old)))
        if (makes_room(old, order) && count <= WARD_BOUND_MAX)
            ret[count++] = ended(gateway, old);
    ret[count++] = (struct ward_store_change){.kind = WARD_STORE_BINDING,
                                              .binding = {.device = order->device->id,
                                                          .slot = order->slot,
                                                          .patient = order->watch->patient,
                                                          .episode = order->watch->episode,
                                                          .from_ms = order->from_ms,
                                                          .until_ms = WARD_UTC_UNKNOWN,
                                                          .read_out = order->read_out}};
    if (order->from_ms == 0)
        begin_now(gateway, &ret[count - 1].binding);
    return count;
}

/* One that ended without a date (ended()) ended nobody knows when. */
static bool may_have_lasted(const struct ward_store_binding *old, int64_t beyond_ms)
{
    return old->until_ms == WARD_UTC_UNKNOWN || old->until_ms > beyond_ms || old->until_ms == old->from_ms;
}

/* Bindings that have ended are in the registry too. */
static bool was_anothers(const struct ward_gateway *gateway, const struct ward_binding_order *order)
{
    const struct ward_registry *registry = &gateway->registry;

    for (size_t i = 0; i < registry->binding_count; i++) {
        const struct ward_store_binding *old = &registry->bindings[i];

        if (strcmp(old->device.text, order->device->id.text) == 0 && !is_of_same_patient(old, order) &&
            is_in_the_way(old, order) && !(order->shared && old->slot == order->slot) &&
            may_have_lasted(old, order->from_ms))
            return true;
    }
    return false;
}

const char *ward_binding_why_not_from(const struct ward_gateway *gateway,
                                      const struct ward_binding_order *order)
{
    const struct ward_time now = ward_gateway_now(gateway);
    const struct ward_store_patient *patient =
        ward_registry_patient(&gateway->registry, order->watch->patient.text);

    if (now.clock == WARD_CLOCK_UNSYNCED || now.utc_ms == WARD_UTC_UNKNOWN)
        return "The clock of the gateway is not trusted now: leave out from, and it begins now.";
    if (order->from_ms > now.utc_ms)
        return "from lies ahead: a device is bound from now on, or since a moment that has been.";
    if (patient && patient->admitted_at_ms == WARD_UTC_UNKNOWN)
        return "The patient was admitted while the date was not known: leave out from, and it begins now.";
    if (patient && order->from_ms < patient->admitted_at_ms)
        return "from is before the patient was admitted.";
    if (was_anothers(gateway, order))
        return "The device was another patient's after from.";
    return NULL;
}

const char *ward_binding_why_not_now(const struct ward_gateway *gateway,
                                     const struct ward_store_device *device)
{
    return ward_departure_forgets(gateway, device)
               ? "It is being forgotten, since its patient was discharged: pair it when it is."
               : NULL;
}

const char *ward_binding_why_not_beside(const struct ward_gateway *gateway,
                                        const struct ward_binding_order *order)
{
    const char *why_not = ward_binding_why_not_now(gateway, order->device);
    const struct ward_store_binding *old = NULL;
    bool one_ends = false;

    if (why_not)
        return why_not;
    if (ward_binding_count(gateway, order->device->id.text) >= WARD_BOUND_MAX)
        return "No more patients fit on one device: unbind one first.";
    while ((old = ward_registry_next_binding(&gateway->registry, order->device->id.text, old))) {
        one_ends = one_ends || makes_room(old, order);
        if (order->shared && makes_room(old, order) && !is_of_same_patient(old, order))
            return order->slot == WARD_SLOT_NONE
                       ? "Others have a user slot of it: say which is this patient's, or unbind them first."
                       : "Others have it as a whole: unbind them first, or bind each to a user slot.";
    }
    return one_ends || ward_registry_has_place(&gateway->registry)
               ? NULL
               : "No more bindings fit on this gateway: unbind a device first.";
}

bool ward_binding_stands(const struct ward_gateway *gateway, const struct ward_binding_order *order)
{
    const struct ward_store_binding *old = NULL;
    bool stands = false;

    if (order->from_ms != 0)
        return false;
    while ((old = ward_registry_next_binding(&gateway->registry, order->device->id.text, old))) {
        const bool same = old->slot == order->slot && is_of_same_patient(old, order) &&
                          strcmp(old->episode.text, order->watch->episode.text) == 0;

        if (!same && makes_room(old, order))
            return false;
        stands = stands || same;
    }
    return stands;
}

static bool is_meant(const struct ward_store_binding *binding, const struct ward_binding_choice *choice)
{
    return (!choice->patient[0] || strcmp(binding->patient.text, choice->patient) == 0) &&
           (!choice->episode[0] || strcmp(binding->episode.text, choice->episode) == 0) &&
           (choice->slot == WARD_SLOT_ANY || binding->slot == choice->slot);
}

static size_t end_meant(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                        struct ward_store_change ret[WARD_BOUND_MAX])
{
    const struct ward_store_binding *binding = NULL;
    size_t count = 0;

    while ((binding = ward_registry_next_binding(&gateway->registry, choice->device, binding)))
        if (count < WARD_BOUND_MAX && is_meant(binding, choice))
            ret[count++] = ended(gateway, binding);
    return count;
}

/* Whether one of those has it in the same way: of a record of a user slot it is known that it is not another slot's. */
static bool is_shared_with(const struct ward_gateway *gateway, const struct ward_store_binding *binding,
                           const struct ward_binding_choice *choice)
{
    const struct ward_store_binding *other = NULL;

    while ((other = ward_registry_next_binding(&gateway->registry, choice->device, other)))
        if (is_meant(other, choice) && other->slot == binding->slot)
            return true;
    return false;
}

size_t ward_binding_leaves(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                           struct ward_store_change ret[WARD_BOUND_MAX])
{
    const struct ward_store_binding *binding = NULL;
    size_t count = 0;

    while ((binding = ward_registry_next_binding(&gateway->registry, choice->device, binding))) {
        if (count == WARD_BOUND_MAX || is_meant(binding, choice) || !binding->read_out ||
            !is_shared_with(gateway, binding, choice))
            continue;
        ret[count] = (struct ward_store_change){.kind = WARD_STORE_BINDING, .binding = *binding};
        ret[count++].binding.read_out = false;
    }
    return count;
}

size_t ward_binding_ends(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                         struct ward_store_change ret[WARD_BINDING_CHANGES_MAX])
{
    const size_t count = end_meant(gateway, choice, ret);

    return count == 0 ? 0 : count + ward_binding_leaves(gateway, choice, ret + count);
}

size_t ward_binding_swaps(const struct ward_gateway *gateway, const struct ward_binding_choice *choice,
                          const struct ward_store_device *replacement,
                          struct ward_store_change ret[WARD_BINDING_SWAP_MAX])
{
    const size_t count = end_meant(gateway, choice, ret);

    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct ward_store_binding *begun = &ret[count + i].binding;

        ret[count + i] = ret[i];
        begun->device = replacement->id;
        begin_now(gateway, begun);
        begun->until_ms = WARD_UTC_UNKNOWN;
        begun->read_out = false;
    }
    return 2 * count + ward_binding_leaves(gateway, choice, ret + 2 * count);
}
