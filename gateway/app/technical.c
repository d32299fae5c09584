/* SPDX-License-Identifier: Apache-2.0 */
#include "app/technical.h"

#include <stdio.h>
#include <string.h>

#include "app/gateway.h"
#include "core/clinical.h"

/* Priorities by what they mean for the patient: high when nobody hears, medium when nobody may be told, low else. */
static const struct ward_alarm_technical conditions[WARD_TECHNICAL_COUNT] = {
    [WARD_TECHNICAL_RADIO_OFF] = {.name = "radio-off",
                                  .text = "The Bluetooth radio is not ready: no device is heard",
                                  .priority = WARD_PRIORITY_HIGH,
                                  .degrades = true},
    [WARD_TECHNICAL_STORAGE_FAILING] = {.name = "storage-failing",
                                        .text = "The database cannot be written: readings wait in memory",
                                        .priority = WARD_PRIORITY_MEDIUM,
                                        .degrades = true},
    [WARD_TECHNICAL_STORAGE_FULL] = {.name = "storage-full",
                                     .text = "The disk of the database is full: readings wait in memory",
                                     .priority = WARD_PRIORITY_MEDIUM,
                                     .degrades = true},
    [WARD_TECHNICAL_READINGS_DROPPED] = {.name = "readings-dropped",
                                         .text =
                                             "Readings were dropped because the database could not take them",
                                         .priority = WARD_PRIORITY_MEDIUM,
                                         .degrades = true},
    [WARD_TECHNICAL_DATABASE_REPLACED] =
        {.name = "database-replaced",
         .text = "The database was damaged; it was set aside and a new one begun",
         .priority = WARD_PRIORITY_MEDIUM},
    [WARD_TECHNICAL_HUB_NOT_CONFIRMING] = {.name = "hub-not-confirming",
                                           .text = "The ward has not confirmed what was sent",
                                           .priority = WARD_PRIORITY_MEDIUM,
                                           .degrades = true},
    [WARD_TECHNICAL_HUB_REFUSES] = {.name = "hub-refuses",
                                    .text = "The broker refuses messages of this gateway",
                                    .priority = WARD_PRIORITY_MEDIUM,
                                    .degrades = true},
    [WARD_TECHNICAL_DATABASE_PUT_BACK] = {.name = "database-put-back",
                                          .text = "The ward has records that this database does not have",
                                          .priority = WARD_PRIORITY_MEDIUM},
    [WARD_TECHNICAL_READING_WITHOUT_PATIENT] = {.name = "reading-without-patient",
                                                .text = "A reading is kept that belongs to no known patient",
                                                .priority = WARD_PRIORITY_LOW,
                                                .advisory = true},
    [WARD_TECHNICAL_UNSIGNED_PLAN] = {.name = "unsigned-plan",
                                      .text = "The care plan in force is not signed",
                                      .priority = WARD_PRIORITY_LOW,
                                      .advisory = true,
                                      .degrades = true},
    [WARD_TECHNICAL_CLOCK_UNTRUSTED] = {.name = "clock-untrusted",
                                        .text = "The date and time are not known",
                                        .priority = WARD_PRIORITY_LOW},
    [WARD_TECHNICAL_NO_WARD_KEYS] = {.name = "no-ward-keys",
                                     .text =
                                         "The ward's keys cannot be read: nothing from the ward is believed",
                                     .priority = WARD_PRIORITY_MEDIUM,
                                     .degrades = true},
    [WARD_TECHNICAL_KNOWN_BY_ADDRESS] =
        {.name = "device-known-by-address",
         .text = "A device has neither bond nor serial number: another could take its place unnoticed",
         .priority = WARD_PRIORITY_LOW,
         .advisory = true,
         .degrades = true},
    [WARD_TECHNICAL_ADAPTER_RECOVERY] = {.name = "adapter-recovery",
                                         .text = "The Bluetooth adapter does not work by itself: it is being "
                                                 "recovered, and readings may be missing",
                                         .priority = WARD_PRIORITY_LOW,
                                         .degrades = true},
    [WARD_TECHNICAL_WAS_UNMONITORED] = {.name = "was-unmonitored",
                                        .text =
                                            "Nobody was watched for a while, and no reading has come since",
                                        .priority = WARD_PRIORITY_LOW,
                                        .advisory = true},
    [WARD_TECHNICAL_STORAGE_FILLING] = {.name = "storage-filling",
                                        .text = "The disk of the database is nearly full",
                                        .priority = WARD_PRIORITY_MEDIUM},
    [WARD_TECHNICAL_CERTIFICATE_EXPIRING] =
        {.name = "certificate-expiring",
         .text =
             "The certificate for the ward's broker ends within 30 days: then nothing is delivered any more",
         .priority = WARD_PRIORITY_MEDIUM},
    [WARD_TECHNICAL_ANNUNCIATION_FAILING] =
        {.name = "annunciation-failing",
         .text = "Light, sound or text of the gateway does not work: an alarm may not be noticed in the room",
         .priority = WARD_PRIORITY_MEDIUM,
         .degrades = true},
    [WARD_TECHNICAL_DELIVERY_UNPROVEN] =
        {.name = "delivery-unproven",
         .text = "The ward's hub sends no receipts: that it has what was sent is not proved",
         .priority = WARD_PRIORITY_LOW,
         .advisory = true},
};

/* Of a device. The text follows its id; the priority is said with each. */
static const struct ward_alarm_technical device_conditions[WARD_DEVICE_CONDITION_COUNT] = {
    [WARD_DEVICE_UNDECODABLE_FRAME] = {.name = "undecodable-frame",
                                       .text = "it sent data that cannot be decoded"},
    [WARD_DEVICE_BOND_LOST] = {.name = "bond-lost", .text = "it must be paired again", .degrades = true},
    [WARD_DEVICE_BATTERY_LOW] = {.name = "battery-low", .text = "its battery is low"},
    [WARD_DEVICE_POOR_SIGNAL] = {.name = "poor-signal",
                                 .text = "its signal has been poor for a minute: warm the hand, hold still, "
                                         "put it on again",
                                 .degrades = true},
    [WARD_DEVICE_FIRMWARE] = {.name = "device-firmware"}, /* its text is ward_firmware_describe's */
};

_Static_assert(WARD_DEVICE_CONDITION_COUNT <= WARD_DEVICE_CONDITIONS_MAX, "each has its place");

const char *ward_technical_name(enum ward_technical_condition condition)
{
    return conditions[condition].name;
}

void ward_technical_set(struct ward_gateway *gateway, enum ward_technical_condition condition, bool active)
{
    if (gateway->technical.active[condition] == active)
        return;
    gateway->technical.active[condition] = active;
    for (size_t i = 0; i < gateway->watch_count; i++)
        ward_watch_technical(gateway->watches[i], &conditions[condition], active);
}

void ward_technical_set_for(struct ward_watch *watch, enum ward_technical_condition condition, bool active)
{
    ward_watch_technical(watch, &conditions[condition], active);
}

/* Set for a patient, and not for the gateway. */
static bool is_of_a_patient(enum ward_technical_condition condition)
{
    return condition == WARD_TECHNICAL_UNSIGNED_PLAN || condition == WARD_TECHNICAL_KNOWN_BY_ADDRESS ||
           condition == WARD_TECHNICAL_WAS_UNMONITORED;
}

void ward_technical_tell(struct ward_gateway *gateway, struct ward_watch *watch)
{
    for (size_t i = 0; i < WARD_TECHNICAL_COUNT; i++)
        if (!is_of_a_patient((enum ward_technical_condition)i))
            ward_watch_technical(watch, &conditions[i], gateway->technical.active[i]);
    ward_technical_plan(watch);
}

void ward_technical_unmonitored(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->watch_count; i++) {
        gateway->watches[i]->unheard = true;
        ward_technical_set_for(gateway->watches[i], WARD_TECHNICAL_WAS_UNMONITORED, true);
    }
}

void ward_technical_heard(struct ward_watch *watch)
{
    if (watch->unheard)
        ward_technical_set_for(watch, WARD_TECHNICAL_WAS_UNMONITORED, false);
    watch->unheard = false;
}

void ward_technical_plan(struct ward_watch *watch)
{
    ward_technical_set_for(watch, WARD_TECHNICAL_UNSIGNED_PLAN, watch->has_plan && !watch->plan_signed);
}

/* --- of devices ---------------------------------------------------------------------------------------------- */

/* state: as in struct ward_device_now. */
static void tell_device(struct ward_watch *watch, const char *device, enum ward_device_condition condition,
                        uint8_t state)
{
    struct ward_alarm_technical technical = device_conditions[condition];
    char what[WARD_ALARM_TEXT_MAX + 1], text[sizeof(what) + WARD_ID_MAX + 2];

    if (condition == WARD_DEVICE_FIRMWARE)
        ward_firmware_describe(watch->gateway, device, what, sizeof(what));
    else
        snprintf(what, sizeof(what), "%s", technical.text);
    snprintf(text, sizeof(text), "%s: %s", device, what);
    technical.text = text;
    technical.device = device;
    technical.priority = (enum ward_alarm_priority)(state > 1 ? state - 1 : WARD_PRIORITY_LOW);
    ward_watch_technical(watch, &technical, state > 1);
}

void ward_technical_device(struct ward_gateway *gateway, const char *device,
                           enum ward_device_condition condition, uint8_t priority)
{
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);
    const uint8_t state = (uint8_t)(1 + priority);

    if (!now || now->conditions[condition] == state)
        return;
    now->conditions[condition] = state;
    for (size_t i = 0; i < gateway->watch_count; i++)
        if (ward_registry_is_bound(&gateway->registry, device, gateway->watches[i]->patient.text))
            tell_device(gateway->watches[i], device, condition, state);
}

uint8_t ward_technical_device_priority(const struct ward_gateway *gateway, const char *device,
                                       enum ward_device_condition condition)
{
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device);

    return now && now->conditions[condition] > 1 ? now->conditions[condition] - 1 : WARD_PRIORITY_NONE;
}

void ward_technical_battery(struct ward_gateway *gateway, const char *device)
{
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device);
    uint8_t priority = WARD_PRIORITY_NONE;

    if (!now)
        return;
    if (now->battery_percent != WARD_BATTERY_UNKNOWN)
        priority =
            ward_clinical_battery((uint8_t)now->battery_percent,
                                  ward_technical_device_priority(gateway, device, WARD_DEVICE_BATTERY_LOW));
    if (now->battery_low_said_by != 0 && priority < WARD_PRIORITY_LOW)
        priority = WARD_PRIORITY_LOW;
    ward_technical_device(gateway, device, WARD_DEVICE_BATTERY_LOW, priority);
}

void ward_technical_bound(struct ward_gateway *gateway, const char *device)
{
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device);

    for (size_t i = 0; i < gateway->watch_count; i++) {
        struct ward_watch *watch = gateway->watches[i];
        const bool bound = ward_registry_is_bound(&gateway->registry, device, watch->patient.text);

        for (int condition = 0; condition < WARD_DEVICE_CONDITION_COUNT; condition++)
            if (!bound || (now && now->conditions[condition] != 0))
                tell_device(watch, device, (enum ward_device_condition)condition,
                            bound ? now->conditions[condition] : 1);
    }
}
