/* SPDX-License-Identifier: Apache-2.0 */
#include "app/binding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/binding_change.h"
#include "app/gateway.h"
#include "core/clinical.h"
#include "io/journal.h"

#define SENTENCE_MAX 300

/* --- bindings ------------------------------------------------------------------------------------------------ */

int ward_binding_make(struct ward_gateway *gateway, const struct ward_binding_order *order,
                      struct ward_commit_waiter *waiter)
{
    struct ward_store_change changes[WARD_BINDING_CHANGES_MAX];
    const size_t count = ward_binding_changes(gateway, order, changes);

    return ward_gateway_change(gateway, changes, count, waiter);
}

void ward_binding_read_out(struct ward_gateway *gateway, const char *device)
{
    const struct ward_store_binding *binding = NULL;
    struct ward_store_change change = {.kind = WARD_STORE_BINDING};

    while ((binding = ward_registry_next_binding(&gateway->registry, device, binding))) {
        if (binding->read_out)
            continue;
        change.binding = *binding;
        change.binding.read_out = true;
        (void)ward_gateway_change(gateway, &change, 1, NULL);
        binding = NULL; /* the change may have moved it */
    }
}

void ward_binding_left(struct ward_gateway *gateway, const char *patient)
{
    struct ward_store_change changes[WARD_BOUND_MAX];

    for (size_t i = 0; i < gateway->registry.device_count; i++) {
        const struct ward_binding_choice his = {.device = gateway->registry.devices[i].id.text,
                                                .patient = patient,
                                                .episode = "",
                                                .slot = WARD_SLOT_ANY};
        const size_t count = ward_binding_leaves(gateway, &his, changes);

        if (count > 0)
            (void)ward_gateway_change(gateway, changes, count, NULL);
    }
}

void ward_binding_dated(struct ward_gateway *gateway)
{
    const struct ward_registry *registry = &gateway->registry;
    struct ward_store_change change = {.kind = WARD_STORE_BINDING};

    if (ward_gateway_now(gateway).utc_ms == WARD_UTC_UNKNOWN)
        return;
    for (size_t i = registry->binding_count; i-- > 0;) {
        if (registry->bindings[i].from_ms != WARD_BOUND_FROM_UNKNOWN ||
            registry->bindings[i].until_ms != WARD_UTC_UNKNOWN)
            continue;
        change.binding = registry->bindings[i];
        change.binding.from_ms = ward_gateway_now(gateway).utc_ms;
        (void)ward_gateway_change(gateway, &change, 1, NULL);
    }
}

/* --- claims -------------------------------------------------------------------------------------------------- */

const char *ward_binding_claimant_at(const struct ward_gateway *gateway, const char *device, uint64_t boot_us)
{
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device);

    return now && now->claimed_from_us <= boot_us && boot_us < now->claimed_until_us &&
                   ward_registry_is_bound(&gateway->registry, device, now->claimed_by.text)
               ? now->claimed_by.text
               : NULL;
}

const char *ward_binding_claimant(const struct ward_gateway *gateway, const char *device)
{
    return ward_binding_claimant_at(gateway, device, ward_gateway_now(gateway).boot_us);
}

void ward_binding_counted(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->devices.count; i++) {
        struct ward_device_now *now = &gateway->devices.list[i];

        if (now->claimed_until_us > 0 &&
            !ward_registry_is_bound(&gateway->registry, now->device.text, now->claimed_by.text)) {
            now->claimed_by = (struct ward_id){""};
            now->claimed_from_us = now->claimed_until_us = 0;
        }
    }
}

static bool is_claimed_by_another(const struct ward_gateway *gateway, const char *device, const char *patient)
{
    const char *claimant = ward_binding_claimant(gateway, device);

    return claimant && strcmp(claimant, patient) != 0;
}

static bool claim(struct ward_gateway *gateway, const char *device, const struct ward_watch *watch,
                  uint32_t seconds)
{
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;

    if (!now || is_claimed_by_another(gateway, device, watch->patient.text))
        return false;
    if (!ward_binding_claimant(gateway, device)) /* otherwise it is his already, and lasts longer now */
        now->claimed_from_us = now_us;
    now->claimed_by = watch->patient;
    now->claimed_until_us = now_us + seconds * UINT64_C(1000000);
    return true;
}

/* Whether the patient means it: each device that he shares, or of those the one that is named. */
static bool is_meant(const struct ward_gateway *gateway, const char *id, const struct ward_watch *watch,
                     const char *device)
{
    return (!device[0] || strcmp(device, id) == 0) &&
           ward_registry_is_bound(&gateway->registry, id, watch->patient.text) &&
           ward_registry_is_shared(&gateway->registry, id);
}

/* Who else has one of them at this moment: what that one measures would be his, whatever was said. NULL: nobody. */
static const char *another_claimant(const struct ward_gateway *gateway, const struct ward_watch *watch,
                                    const char *device)
{
    for (size_t i = 0; i < gateway->registry.device_count; i++) {
        const char *id = gateway->registry.devices[i].id.text;

        if (is_meant(gateway, id, watch, device) && is_claimed_by_another(gateway, id, watch->patient.text))
            return ward_binding_claimant(gateway, id);
    }
    return NULL;
}

/* Returns how many are claimed. */
static size_t claim_all(struct ward_gateway *gateway, const struct ward_watch *watch, const char *device,
                        uint32_t seconds)
{
    size_t count = 0;

    for (size_t i = 0; i < gateway->registry.device_count; i++)
        if (is_meant(gateway, gateway->registry.devices[i].id.text, watch, device))
            count += claim(gateway, gateway->registry.devices[i].id.text, watch, seconds);
    return count;
}

/* --- the calls ----------------------------------------------------------------------------------------------- */

/* Says "who or what: the rest". */
static void refuse(struct ward_bus_call *call, enum ward_bus_error error, const char *subject,
                   const char *rest)
{
    char sentence[SENTENCE_MAX];

    snprintf(sentence, sizeof(sentence), "%.64s%s", subject, rest);
    ward_bus_reply_error(call, error, sentence);
}

static const struct ward_store_device *device_of(struct ward_gateway *gateway, struct ward_bus_call *call,
                                                 const char *device)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device);

    if (!known)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND,
                             "No such device is enrolled here. `wardctl devices` shows which are.");
    return known;
}

static const struct ward_watch *watch_of(struct ward_gateway *gateway, struct ward_bus_call *call,
                                         const char *patient)
{
    const struct ward_watch *watch = ward_gateway_watch(gateway, patient);

    if (!watch)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND,
                             "No such patient is admitted here. `wardctl patient list` shows who is.");
    return watch;
}

/* A waiter that answers the call; NULL, with the call answered, without memory. */
static struct ward_commit_waiter *waiter_of(struct ward_bus_call *call)
{
    struct ward_commit_waiter *waiter = ward_commit_waiter_new(NULL, 0);

    if (waiter)
        waiter->call = call;
    else
        ward_bus_reply_error(call, WARD_BUS_FAILED, "Out of memory.");
    return waiter;
}

/* It is bound so already; that is said when the one that stands is on the disk, and not before. */
static void answer_stands(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    struct ward_store_group behind = {.urgent = true};
    struct ward_commit_waiter *waiter = waiter_of(call);

    if (waiter)
        (void)ward_gateway_submit(gateway, &behind, waiter);
}

void ward_binding_bind(struct ward_gateway *gateway, struct ward_bus_call *call,
                       const struct ward_bus_arguments *arguments)
{
    const char *how = arguments->text[2], *why_not;
    struct ward_binding_order order = {.slot = (uint8_t)arguments->number};
    struct ward_commit_waiter *waiter;

    if (arguments->number > WARD_SLOT_NONE || (strcmp(how, "move") != 0 && strcmp(how, "share") != 0)) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                             "A user slot is 0 to 254 (255: none), and a device is moved or shared.");
        return;
    }
    order.shared = strcmp(how, "share") == 0;
    order.device = device_of(gateway, call, arguments->text[0]);
    order.watch = order.device ? watch_of(gateway, call, arguments->text[1]) : NULL;
    /* Begun anew, it would not know that the device's memory was transferred: a record without a date would be nobody's. */
    if (order.watch && ward_binding_stands(gateway, &order)) {
        answer_stands(gateway, call);
        return;
    }
    why_not = order.watch ? ward_binding_why_not_beside(gateway, &order) : NULL;
    if (why_not) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, why_not);
        return;
    }
    waiter = order.watch ? waiter_of(call) : NULL;
    if (!waiter)
        return;
    ward_journal_print(LOG_NOTICE, "%s bound to %s, by uid %u", order.device->id.text,
                       order.watch->patient.text, ward_bus_call_uid(call));
    (void)ward_binding_make(gateway, &order, waiter);
}

void ward_binding_unbind(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                         const char *patient)
{
    const struct ward_binding_choice choice = {
        .device = device, .patient = patient, .episode = "", .slot = WARD_SLOT_ANY};
    struct ward_store_change changes[WARD_BINDING_CHANGES_MAX];
    struct ward_commit_waiter *waiter;
    size_t count;

    if (!device_of(gateway, call, device))
        return;
    count = ward_binding_ends(gateway, &choice, changes);
    if (count == 0) {
        refuse(call, WARD_BUS_NOT_FOUND, device,
               " is not bound like that. `wardctl devices show` says to whom.");
        return;
    }
    waiter = waiter_of(call);
    if (!waiter)
        return;
    ward_journal_print(LOG_NOTICE, "%s no longer bound to %s, by uid %u", device,
                       patient[0] ? patient : "anybody", ward_bus_call_uid(call));
    (void)ward_gateway_change(gateway, changes, count, waiter);
}

static bool is_name(const char *name)
{
    const size_t length = strlen(name);

    if (length >= sizeof(((struct ward_store_device *)NULL)->name))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7F)
            return false;
    return true;
}

void ward_binding_rename(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                         const char *name)
{
    const struct ward_store_device *known = device_of(gateway, call, device);
    struct ward_store_change change = {.kind = WARD_STORE_DEVICE};
    struct ward_commit_waiter *waiter;

    if (!known)
        return;
    if (!is_name(name)) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                             "A name has at most 64 octets, and no control characters.");
        return;
    }
    waiter = waiter_of(call);
    if (!waiter)
        return;
    change.device = *known;
    snprintf(change.device.name, sizeof(change.device.name), "%s", name);
    (void)ward_gateway_change(gateway, &change, 1, waiter);
}

void ward_binding_measure(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient,
                          const char *device, uint32_t seconds)
{
    const struct ward_watch *watch = watch_of(gateway, call, patient);
    const char *claimant;

    if (!watch || (device[0] && !device_of(gateway, call, device)))
        return;
    claimant = another_claimant(gateway, watch, device);
    if (seconds < 1 || seconds > WARD_CLAIM_MAX_S) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, "A claim lasts 1 to 3600 seconds.");
    } else if (claimant) {
        refuse(call, WARD_BUS_BUSY, claimant,
               device[0] ? " has it now. Wait until that measurement is over."
                         : " has one of them now. Wait until that measurement is over, or name the device.");
    } else if (claim_all(gateway, watch, device, seconds) == 0) {
        refuse(call, WARD_BUS_REFUSED, patient,
               " shares no such device that is free now. A device of one patient alone needs no claim.");
    } else {
        ward_bus_reply(call);
    }
}
