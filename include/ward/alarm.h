/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm vocabulary of IEC 60601-1-8, and the event that goes to the annunciator, the database and the ward.
 */
#ifndef WARD_ALARM_H
#define WARD_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/quantity.h"
#include "ward/reading.h"

enum ward_alarm_priority {
    WARD_PRIORITY_NONE,
    WARD_PRIORITY_LOW,
    WARD_PRIORITY_MEDIUM,
    WARD_PRIORITY_HIGH,
};

enum ward_alarm_kind {
    WARD_ALARM_PHYSIOLOGICAL,
    WARD_ALARM_TECHNICAL,
    WARD_ALARM_ADVISORY,
};

/* States of one condition. Part of the stored alarm state: append only. */
enum ward_alarm_state {
    WARD_ALARM_INACTIVE,
    WARD_ALARM_PENDING,
    WARD_ALARM_ACTIVE,
    WARD_ALARM_ACKNOWLEDGED,
    WARD_ALARM_SILENCED,
    WARD_ALARM_UNKNOWN,      /* was active when its input went stale: keeps priority and place */
    WARD_ALARM_ENDED_UNSEEN, /* cleared, but no clinician has acknowledged it */
};

/* pending and settled exist in try, explain and the history only; they are never published. */
enum ward_alarm_event_kind {
    WARD_EVENT_PENDING,
    WARD_EVENT_SETTLED,
    WARD_EVENT_RAISED,
    WARD_EVENT_ESCALATED,
    WARD_EVENT_SILENCED,
    WARD_EVENT_ACKNOWLEDGED,
    WARD_EVENT_ACK_EXPIRED,
    WARD_EVENT_SUSPENDED,
    WARD_EVENT_RESUMED,
    WARD_EVENT_REALARM,
    WARD_EVENT_UNKNOWN,
    WARD_EVENT_CLEARED,
};

enum ward_cleared_reason {
    WARD_CLEARED_NONE,
    WARD_CLEARED_DATA,
    WARD_CLEARED_VOIDED,
    WARD_CLEARED_PLAN_CHANGED,
    WARD_CLEARED_DISCHARGED,
};

#define WARD_ALARM_TEXT_MAX 200

/* Random 128 bits that name one occurrence of a condition; made by the caller, never by the core. */
struct ward_alarm_id {
    uint8_t octets[16];
};

/*
 * One event of one occurrence. (id, n) names it for good; n counts the published events of an occurrence from 1
 * without a hole, and is 0 for the kinds that are never published.
 */
struct ward_alarm_event {
    struct ward_alarm_id id;
    uint32_t n;
    struct ward_id patient;
    struct ward_id episode;
    struct ward_id condition; /* "spo2-low": what is wrong */
    struct ward_id rule;      /* id of the plan's rule; empty for technical conditions without one */
    uint8_t kind;             /* enum ward_alarm_kind */
    uint8_t priority;         /* enum ward_alarm_priority */
    uint8_t event;            /* enum ward_alarm_event_kind */
    uint8_t state;            /* enum ward_alarm_state after the event */
    uint8_t cleared_reason;   /* enum ward_cleared_reason, for WARD_EVENT_CLEARED */
    bool again;
    bool late;
    bool confirm;
    bool suspended;
    struct ward_time at;
    uint8_t quantity; /* enum ward_quantity, WARD_QUANTITY_NONE when no value is concerned */
    struct ward_decimal value;
    struct ward_decimal limit;
    struct ward_id device;  /* a technical condition of one device: which; empty otherwise */
    int64_t late_age_ms;    /* with late: how old the reading was; negative: not known */
    bool has_reading;       /* false for technical conditions */
    uint64_t reading_seq;   /* 0: names a reading that is not committed yet */
    struct ward_id plan_id; /* the plan in force; empty for none */
    uint32_t plan_version;
    uint32_t condition_delay_ms; /* from the first value beyond the limit to this event */
    uint32_t signal_delay_ms;    /* from this event to its annunciation; set by the annunciator */
    bool shown_light, shown_sound;
    struct ward_id by;                        /* who acknowledged or silenced */
    char text[WARD_ALARM_TEXT_MAX + 1];       /* for the clinician */
    char shown_text[WARD_ALARM_TEXT_MAX + 1]; /* for the patient */
};

#endif
