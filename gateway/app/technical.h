/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be wrong with the gateway itself. Each is a technical alarm condition of every patient it looks after,
 * because it concerns whether they are watched.
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
    WARD_TECHNICAL_READINGS_DROPPED,
    WARD_TECHNICAL_DATABASE_REPLACED,
    WARD_TECHNICAL_HUB_NOT_CONFIRMING,
    WARD_TECHNICAL_HUB_REFUSES,
    WARD_TECHNICAL_DATABASE_PUT_BACK,
    WARD_TECHNICAL_UNDECODABLE_FRAME,
    WARD_TECHNICAL_READING_WITHOUT_PATIENT,
    WARD_TECHNICAL_BOND_LOST,
    WARD_TECHNICAL_UNSIGNED_PLAN,
    WARD_TECHNICAL_CLOCK_UNTRUSTED,
    WARD_TECHNICAL_NO_WARD_KEYS,
    WARD_TECHNICAL_KNOWN_BY_ADDRESS, /* of a patient: ward_technical_set_for */
    WARD_TECHNICAL_ADAPTER_RECOVERY,
    WARD_TECHNICAL_COUNT,
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
/* Tells a new watch what is the matter. */
void ward_technical_tell(struct ward_gateway *gateway, struct ward_watch *watch);

#endif
