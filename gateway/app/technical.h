/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be wrong with the gateway itself, and with a device. The first is a technical alarm condition of every patient
 * it looks after, because it concerns whether they are watched; the second, with the device's id, of those who have the
 * device. Two devices never share a condition: that one recovers says nothing of the other.
 */
#ifndef WARD_APP_TECHNICAL_H
#define WARD_APP_TECHNICAL_H

#include <stdbool.h>
#include <stdint.h>

struct ward_gateway;
struct ward_watch;

enum ward_technical_condition {
    WARD_TECHNICAL_RADIO_OFF,
    WARD_TECHNICAL_STORAGE_FAILING,
    WARD_TECHNICAL_STORAGE_FULL,
    WARD_TECHNICAL_READINGS_DROPPED,
    WARD_TECHNICAL_DATABASE_REPLACED,
    WARD_TECHNICAL_HUB_NOT_CONFIRMING,
    WARD_TECHNICAL_HUB_REFUSES,
    WARD_TECHNICAL_DATABASE_PUT_BACK,
    WARD_TECHNICAL_READING_WITHOUT_PATIENT,
    WARD_TECHNICAL_UNSIGNED_PLAN, /* of a patient: ward_technical_plan */
    WARD_TECHNICAL_CLOCK_UNTRUSTED,
    WARD_TECHNICAL_NO_WARD_KEYS,
    WARD_TECHNICAL_KNOWN_BY_ADDRESS, /* of a patient: ward_technical_set_for */
    WARD_TECHNICAL_ADAPTER_RECOVERY,
    WARD_TECHNICAL_WAS_UNMONITORED,
    WARD_TECHNICAL_STORAGE_FILLING,
    WARD_TECHNICAL_CERTIFICATE_EXPIRING,
    WARD_TECHNICAL_ANNUNCIATION_FAILING,
    WARD_TECHNICAL_DELIVERY_UNPROVEN,
    WARD_TECHNICAL_COUNT,
};

enum ward_device_condition {
    WARD_DEVICE_UNDECODABLE_FRAME,
    WARD_DEVICE_BOND_LOST,
    WARD_DEVICE_BATTERY_LOW,
    WARD_DEVICE_POOR_SIGNAL,
    WARD_DEVICE_FIRMWARE,
    WARD_DEVICE_CONDITION_COUNT,
};

struct ward_technical {
    bool active[WARD_TECHNICAL_COUNT];
};

/* The condition's name as it stands in events and in the reasons of `monitoring`: "radio-off". */
const char *ward_technical_name(enum ward_technical_condition condition);

/* Asserts or withdraws a condition on all watches. Saying the same again does nothing. */
void ward_technical_set(struct ward_gateway *gateway, enum ward_technical_condition condition, bool active);
/* The same for one patient alone. */
void ward_technical_set_for(struct ward_watch *watch, enum ward_technical_condition condition, bool active);
/* The plan in force has changed: whether it is signed. */
void ward_technical_plan(struct ward_watch *watch);
/* Nobody was watched for a while: that stands for each patient until a reading of his comes, in whatever process. */
void ward_technical_unmonitored(struct ward_gateway *gateway);
void ward_technical_heard(struct ward_watch *watch);
/* Tells a new watch what is the matter. */
void ward_technical_tell(struct ward_gateway *gateway, struct ward_watch *watch);

/*
 * The same for a condition of a device, with its priority; WARD_PRIORITY_NONE withdraws it. What was asserted before a
 * restart stands until the device shows again how it is, but for a poor signal, which ends with its link.
 */
void ward_technical_device(struct ward_gateway *gateway, const char *device,
                           enum ward_device_condition condition, uint8_t priority);
uint8_t ward_technical_device_priority(const struct ward_gateway *gateway, const char *device,
                                       enum ward_device_condition condition);
/* The same for its battery: as low as its entry says, in per cent or by a status, whichever is worse. */
void ward_technical_battery(struct ward_gateway *gateway, const char *device);
/* Who has the device has changed: those who have it no longer are rid of its conditions, the others are told. */
void ward_technical_bound(struct ward_gateway *gateway, const char *device);

#endif
