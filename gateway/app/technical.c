/* SPDX-License-Identifier: Apache-2.0 */
#include "app/technical.h"

#include "app/gateway.h"

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
    [WARD_TECHNICAL_UNDECODABLE_FRAME] = {.name = "undecodable-frame",
                                          .text = "A device sent data that cannot be decoded",
                                          .priority = WARD_PRIORITY_LOW},
    [WARD_TECHNICAL_READING_WITHOUT_PATIENT] = {.name = "reading-without-patient",
                                                .text = "A reading is kept that belongs to no known patient",
                                                .priority = WARD_PRIORITY_LOW,
                                                .advisory = true},
    [WARD_TECHNICAL_BOND_LOST] = {.name = "bond-lost",
                                  .text = "A device must be paired again",
                                  .priority = WARD_PRIORITY_MEDIUM,
                                  .degrades = true},
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
};

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

void ward_technical_tell(struct ward_gateway *gateway, struct ward_watch *watch)
{
    for (size_t i = 0; i < WARD_TECHNICAL_COUNT; i++)
        ward_watch_technical(watch, &conditions[i], gateway->technical.active[i]);
}
