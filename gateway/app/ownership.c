/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ownership.h"

#include <string.h>

/* Whether it was open when the reading came, whatever was bound or unbound before it was asked whose it is. */
static bool was_open(const struct ward_store_binding *binding, const struct ward_provenance *what)
{
    const bool began_since = (binding->from_ms > what->came_at_ms && binding->from_ms <= what->asked_at_ms) ||
                             binding->since_us > what->came_us;
    const bool ended_since = binding->until_ms > what->came_at_ms && binding->until_ms <= what->asked_at_ms;

    return !began_since && (binding->until_ms == WARD_UTC_UNKNOWN || ended_since);
}

static bool counts(const struct ward_store_binding *binding, const struct ward_provenance *what)
{
    const bool open = binding->until_ms == WARD_UTC_UNKNOWN;

    if (strcmp(binding->device.text, what->device) != 0)
        return false;
    if (what->now)
        return was_open(binding, what);
    if (what->measured_at_ms == WARD_UTC_UNKNOWN)
        return open && binding->read_out;
    return binding->from_ms <= what->measured_at_ms - what->uncertainty_ms &&
           (open || what->measured_at_ms + what->uncertainty_ms < binding->until_ms);
}

/*
 * It may have been measured under this one. At an unknown time: it may be of one who has the device since it was read out
 * last. At a known one: as far as that may be wrong.
 */
static bool may_count(const struct ward_store_binding *binding, const struct ward_provenance *what)
{
    const bool open = binding->until_ms == WARD_UTC_UNKNOWN;

    if (what->now || strcmp(binding->device.text, what->device) != 0)
        return false;
    if (what->measured_at_ms == WARD_UTC_UNKNOWN)
        return open;
    return binding->from_ms <= what->measured_at_ms + what->uncertainty_ms &&
           (open || what->measured_at_ms - what->uncertainty_ms < binding->until_ms);
}

static bool goes_by_slots(const struct ward_registry *registry, const struct ward_provenance *what)
{
    for (size_t i = 0; i < registry->binding_count; i++)
        if (registry->bindings[i].slot != WARD_SLOT_NONE && counts(&registry->bindings[i], what))
            return true;
    return false;
}

const struct ward_store_binding *ward_whose(const struct ward_registry *registry,
                                            const struct ward_provenance *what)
{
    const bool by_slots = goes_by_slots(registry, what);
    const struct ward_store_binding *found = NULL, *claimant = NULL, *other = NULL;
    bool several = false;

    if (what->enrolling || (by_slots && what->slot == WARD_SLOT_NONE))
        return NULL;
    for (size_t i = 0; i < registry->binding_count; i++) {
        const struct ward_store_binding *binding = &registry->bindings[i];

        const bool is_his = counts(binding, what);

        if ((!is_his && !may_count(binding, what)) || (by_slots && binding->slot != what->slot))
            continue;
        if (what->claimed_by && strcmp(binding->patient.text, what->claimed_by) == 0)
            claimant = binding;
        several = several || (other && strcmp(other->patient.text, binding->patient.text) != 0);
        other = binding;
        found = is_his ? binding : found;
    }
    if (several)
        return what->now ? claimant : NULL;
    return found;
}
