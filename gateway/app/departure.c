/* SPDX-License-Identifier: Apache-2.0 */
#include "app/departure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/departure_private.h"
#include "app/gateway.h"
#include "io/journal.h"

/* What was held back at the discharge is submitted by then. */
#define HOLD_US (WARD_PIPELINE_HOLD_US + UINT64_C(1000000))

static uint64_t now_us(const struct ward_gateway *gateway)
{
    return ward_gateway_now(gateway).boot_us;
}

const struct ward_departure *ward_departure_of(const struct ward_gateway *gateway, const char *patient)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        if (strcmp(gateway->departures.list[i]->patient.text, patient) == 0)
            return gateway->departures.list[i];
    return NULL;
}

struct ward_departure *ward_departure_by_slot(const struct ward_gateway *gateway, unsigned slot)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        if (gateway->departures.list[i]->slot == slot)
            return gateway->departures.list[i];
    return NULL;
}

/* --- the beginning ------------------------------------------------------------------------------------------- */

static bool has_another(const struct ward_registry *registry, const char *device, const char *patient)
{
    const struct ward_store_binding *binding = NULL;

    while ((binding = ward_registry_next_binding(registry, device, binding)))
        if (strcmp(binding->patient.text, patient) != 0)
            return true;
    return false;
}

static void collect_devices(const struct ward_registry *registry, struct ward_departure *departure)
{
    for (size_t i = 0; i < registry->device_count; i++) {
        const char *device = registry->devices[i].id.text;

        if (ward_registry_is_bound(registry, device, departure->patient.text) &&
            !has_another(registry, device, departure->patient.text))
            departure->devices[departure->device_count++] = registry->devices[i].id;
    }
}

struct ward_departure *ward_departure_begin(struct ward_gateway *gateway, const struct ward_id *patient,
                                            const struct ward_id *episode, const struct ward_id *command,
                                            struct ward_departure_text *ret_text,
                                            struct ward_store_change *ret_change)
{
    struct ward_departures *departures = &gateway->departures;
    struct ward_departure *departure =
        departures->count < WARD_PATIENTS_MAX ? calloc(1, sizeof(*departure)) : NULL;

    if (!departure)
        return NULL;
    while (ward_departure_by_slot(gateway, departure->slot))
        departure->slot++;
    departure->patient = *patient;
    departure->episode = *episode;
    departure->command = *command;
    departure->held_us = now_us(gateway) + HOLD_US;
    collect_devices(&gateway->registry, departure);
    ret_text->text = ward_departure_write(departure);
    if (!ret_text->text) {
        free(departure);
        return NULL;
    }
    *ret_change = ward_departure_setting(departure, ret_text->text);
    departures->list[departures->count++] = departure;
    return departure;
}

/* --- what it waits for --------------------------------------------------------------------------------------- */

static bool is_held(const struct ward_gateway *gateway, const struct ward_departure *departure)
{
    return now_us(gateway) < departure->held_us;
}

static bool has_records(const struct ward_gateway *gateway, const struct ward_departure *departure)
{
    return departure->closed && gateway->outbox.delivery.through < departure->last_seq;
}

bool ward_departure_is_delivered(const struct ward_gateway *gateway, const struct ward_departure *departure)
{
    return departure->closed && !has_records(gateway, departure);
}

const char *ward_departure_waits_for(const struct ward_gateway *gateway,
                                     const struct ward_departure *departure, size_t index)
{
    const bool waits = departure->stage == WARD_DEPARTURE_WAITS;
    const struct {
        bool is;
        const char *text;
    } reasons[] = {
        {waits && departure->device_count > 0, "bonds of his devices"},
        {waits && !departure->emptied, "the broker, to empty his topic"},
        {waits && !departure->closed, "what was just measured"},
        {waits && has_records(gateway, departure), "the ward's receipt of his records"},
        {waits && departure->counts.undelivered_events > 0, "the ward's receipt of his alarms"},
        {waits && !gateway->outbox.past.nothing, "records of an earlier database"},
        {departure->stage == WARD_DEPARTURE_ERASES, "the disk, to erase"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].is && index-- == 0)
            return reasons[i].text;
    return NULL;
}

/* --- devices ------------------------------------------------------------------------------------------------- */

static void drop_device(struct ward_departure *departure, bool forgotten)
{
    departure->device_count--;
    departure->forgotten += forgotten ? 1 : 0;
    departure->address.text[0] = '\0';
}

bool ward_departure_forgets(const struct ward_gateway *gateway, const struct ward_store_device *device)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        if (gateway->departures.list[i]->address.text[0] &&
            strcmp(gateway->departures.list[i]->address.text, device->address) == 0)
            return true;
    return false;
}

/* It is somebody's again. An attempt to forget it that had no answer has taken it from the adapter all the same. */
static void hear_again(struct ward_gateway *gateway, const struct ward_store_device *device)
{
    const struct ward_bluez_device known = ward_enrolment_known(device);

    if (gateway->bluez)
        (void)ward_bluez_add(gateway->bluez, &known);
    ward_gateway_tell_priorities(gateway);
}

/* The last of the list. One that somebody has got since is his, and so will be one that is being paired. */
static void forget_next(struct ward_gateway *gateway, struct ward_departure *departure)
{
    const char *id = departure->devices[departure->device_count - 1].text;
    const struct ward_store_device *device = ward_registry_device(&gateway->registry, id);

    if (!device || ward_registry_next_binding(&gateway->registry, id, NULL)) {
        if (device)
            hear_again(gateway, device);
        drop_device(departure, !device);
        return;
    }
    if (!gateway->bluez || gateway->enrolment.forget_call ||
        strcmp(gateway->enrolment.pair_address, device->address) == 0 ||
        ward_bluez_forget(gateway->bluez, device->address) < 0) {
        departure->due_us = now_us(gateway) + WARD_DEPARTURE_AGAIN_US;
        return;
    }
    snprintf(departure->address.text, sizeof(departure->address.text), "%s", device->address);
}

/*
 * The row goes when the bond is gone: a kill between the two, or a radio that is lost, leaves a device that is forgotten
 * again. Where bluetoothd refuses, asking it again would be of no use.
 */
void ward_departures_forgotten(struct ward_gateway *gateway, const char *address, int error)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        struct ward_departure *departure = gateway->departures.list[i];
        const struct ward_store_device *device = ward_registry_device_at(&gateway->registry, address);
        struct ward_store_change change = {.kind = WARD_STORE_DEVICE_FORGOTTEN};

        if (strcmp(departure->address.text, address) != 0)
            continue;
        if (error == -ENETDOWN) {
            departure->address.text[0] = '\0';
            departure->due_us = now_us(gateway) + WARD_DEPARTURE_AGAIN_US;
            return;
        }
        if (error < 0)
            ward_journal_print(LOG_WARNING, "A bond could not be removed from Bluetooth: %s",
                               strerror(-error));
        if (device) {
            change.device = *device;
            change.device.enrolled_at_ms = ward_gateway_now(gateway).utc_ms;
            ward_talk_forgotten(gateway, device->id.text);
            ward_devices_drop(&gateway->devices, device->id.text);
            ward_recollection_drop(gateway, device->id.text);
            (void)ward_gateway_change(gateway, &change, 1, NULL);
            ward_technical_bound(gateway, change.device.id.text);
            ward_trial_forgotten(gateway, change.device.id.text);
        }
        drop_device(departure, true);
        return;
    }
}

/* --- what can be done now ------------------------------------------------------------------------------------ */

/*
 * All that may be his has been submitted: the newest record of it is known once an empty group behind it is on the disk. That
 * takes as long as the disk does.
 */
static void close_up(struct ward_gateway *gateway, struct ward_departure *departure)
{
    struct ward_store_group nothing = {.urgent = true};

    if (departure->token == 0 && ward_gateway_submit(gateway, &nothing, NULL) == 0)
        departure->token = nothing.token;
    departure->closed = departure->token != 0 && gateway->committed_token >= departure->token;
    departure->last_seq = gateway->head_seq;
}

static void reopen(struct ward_departure *departure)
{
    departure->closed = false;
    departure->token = 0;
}

bool ward_departure_admits_record(struct ward_gateway *gateway, const char *patient)
{
    for (size_t i = 0; i < gateway->departures.count; i++) {
        struct ward_departure *departure = gateway->departures.list[i];

        if (strcmp(departure->patient.text, patient) != 0)
            continue;
        if (departure->stage != WARD_DEPARTURE_WAITS)
            return false;
        reopen(departure);
    }
    return true;
}

void ward_departures_new_epoch(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        reopen(gateway->departures.list[i]);
}

static void check(struct ward_gateway *gateway, struct ward_departure *departure)
{
    if (departure->stage == WARD_DEPARTURE_WAITS && !is_held(gateway, departure) && !departure->closed)
        close_up(gateway, departure);
    if (now_us(gateway) < departure->due_us || departure->address.text[0])
        return;
    if (departure->device_count > 0 && departure->stage == WARD_DEPARTURE_WAITS)
        forget_next(gateway, departure);
    else if (gateway->departures.busy)
        return;
    else if (departure->stage == WARD_DEPARTURE_WAITS && departure->emptied &&
             ward_departure_is_delivered(gateway, departure) && gateway->outbox.past.nothing)
        ward_departure_count(gateway, departure);
    else if (departure->stage == WARD_DEPARTURE_ERASES)
        ward_departure_erase(gateway, departure);
    else if (departure->stage == WARD_DEPARTURE_TELLS && !departure->wiped)
        ward_departure_wipe(gateway, departure);
}

void ward_departures_check(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->departures.count; i++)
        check(gateway, gateway->departures.list[i]);
}

uint64_t ward_departures_due_us(const struct ward_gateway *gateway)
{
    const uint64_t now = now_us(gateway);
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; i < gateway->departures.count; i++) {
        const struct ward_departure *departure = gateway->departures.list[i];

        if (departure->due_us > now && departure->due_us < due)
            due = departure->due_us;
        if (departure->held_us > now && departure->held_us < due)
            due = departure->held_us;
        if (departure->tell_us > now && departure->tell_us < due)
            due = departure->tell_us;
    }
    return due;
}
