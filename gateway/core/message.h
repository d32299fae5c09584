/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that goes up to the ward, as JSON (docs/mqtt/schemas), and the topics it goes to.
 *
 * Each writer writes one complete JSON object into a writer that the caller has begun and will finish
 * (core/json.h), so that the same text serves MQTT, the local API and the command line. Members that do not apply
 * are absent. Inputs are borrowed for the call. "" and 0-length lists mean none.
 */
#ifndef WARD_CORE_MESSAGE_H
#define WARD_CORE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/adherence.h"
#include "core/careplan.h"
#include "core/json.h"
#include "core/news2.h"
#include "ward/alarm.h"
#include "ward/message.h"
#include "ward/reading.h"

/* How far a patient, or all of them, can be said to be watched, worst first. */
enum ward_monitoring {
    WARD_MONITORING_STOPPED, /* the core says nothing any more; only ever said by the uplink, in up/state */
    WARD_MONITORING_ENDED,   /* discharged */
    WARD_MONITORING_NONE,
    WARD_MONITORING_SUSPENDED,
    WARD_MONITORING_DEGRADED,
    WARD_MONITORING_FULL,
};

const char *ward_monitoring_name(enum ward_monitoring monitoring); /* "full" */

struct ward_texts {
    const char *const *items;
    size_t count;
};

/* Who speaks, in every message. epoch may be "" where there is no database (wardctl try). */
struct ward_origin {
    const char *gateway;
    const char *epoch; /* "e-" and 32 hexadecimal digits */
};

/*
 * One alarm event: up/alarms, wardctl alarms, wardctl try. An empty gateway, and id and n of an event that is never
 * published (n is 0), are left out. reading_seq 0 stands as null: that reading is not committed in this epoch.
 */
void ward_alarm_event_write_json(const struct ward_alarm_event *event, const struct ward_origin *origin,
                                 struct ward_json *json);

/*
 * up/readings: begin, then the records (core/record_run.h) with ward_json_raw(), then end. Records rise in seq, at most
 * WARD_READINGS_RECORDS_MAX of them, and the message stays within the uplink's room.
 */
#define WARD_READINGS_RECORDS_MAX 100
struct ward_readings_message {
    struct ward_origin origin;
    int64_t sent_at_ms; /* UTC; WARD_UTC_UNKNOWN stands as null */
    bool backlog;       /* they waited here; they were evaluated when they came and raise nothing again */
};
void ward_readings_begin(const struct ward_readings_message *message, struct ward_json *json);
void ward_readings_end(struct ward_json *json);

/* Octets that an up/readings message needs besides its records and the commas between them, at most. */
#define WARD_READINGS_OVERHEAD_MAX 320

struct ward_state_device {
    const char *device;  /* id */
    const char *model;   /* "" when not known */
    const char *patient; /* "" when not bound */
    uint8_t security;    /* enum ward_link_security */
    bool connected;
    int8_t battery_percent; /* negative: not known */
    int64_t last_heard_at_ms;
};

/* The care plan that is in force for a patient. */
struct ward_state_plan {
    const char *patient, *id;
    uint32_t version;
};

/* up/state while the gateway is there. */
struct ward_state_message {
    struct ward_origin origin;
    struct ward_time now;
    const char *boot;
    const char *version;
    const uint8_t *configuration;    /* 32 octets: SHA-256 of the configuration as it was read */
    enum ward_monitoring monitoring; /* the worst of all patients */
    struct ward_texts reasons;       /* "no-plan", "unsigned-plan", "radio-off", … */
    uint64_t seq;                    /* newest committed; 0 in a new epoch */
    const uint8_t *head;             /* 32 octets: chain at seq; NULL leaves it out */
    struct {
        uint64_t records, alarms; /* without a receipt */
        int64_t oldest_age_ms;    /* negative: the queue is empty */
    } queue;
    struct {
        const char *state; /* "ok", "filling", "full", "failing" */
        uint64_t used_octets, quota_octets;
    } storage;
    struct {
        bool light, sound, text; /* each would work now */
        int64_t checked_at_ms;   /* WARD_UTC_UNKNOWN: null */
    } annunciator;
    int64_t certificate_expires_ms; /* UTC; WARD_UTC_UNKNOWN leaves it out */
    struct {
        bool present, powered;
        struct {
            const char *rung; /* the highest now: "none", "discovery", "power", "restart", "reset" */
            uint32_t discovery, power, restart, reset; /* how often each was taken since the start */
        } recovery;
    } radio;
    uint64_t unassigned; /* records that wait for a patient */
    uint64_t duplicates; /* records that were sent again, since the start */
    const struct ward_state_plan *plans;
    size_t plan_count;
    const struct ward_state_device *devices;
    size_t device_count;
};
void ward_state_write_json(const struct ward_state_message *message, struct ward_json *json);

/*
 * up/state as the two testaments (ward/link.h): the will says "offline", the other "online" with monitoring
 * "stopped". They are signed ahead of time: `at` is when they were made, and `boot` names who made them.
 */
struct ward_testament_message {
    struct ward_origin origin;
    struct ward_time now;
    const char *boot;
    bool silent; /* the core fell silent; false: the will */
};
void ward_testament_write_json(const struct ward_testament_message *message, struct ward_json *json);

/* A condition that is present, by its newest event and what became of it since. */
struct ward_active_condition {
    const struct ward_alarm_event
        *newest; /* its state, value, limit, text; its `by` when acknowledged or silenced */
    int64_t raised_at_ms;
};

/* One of up/active's conditions, also as the local API has them of a patient; and what is in its object. */
void ward_condition_write_members(const struct ward_active_condition *condition, const char *epoch,
                                  struct ward_json *json);
void ward_condition_write_json(const struct ward_active_condition *condition, const char *epoch,
                               struct ward_json *json);

struct ward_last_valid {
    uint8_t quantity; /* enum ward_quantity */
    struct ward_decimal value;
    int64_t measured_at_ms; /* WARD_UTC_UNKNOWN: null */
    uint64_t seq;           /* 0: not committed yet */
};

/* up/active's member "news2", also in the local API and the command line. */
void ward_news2_write_json(const struct ward_news2_report *report, struct ward_json *json);

/* up/active/{patient}. "conditions" is complete: the ward may draw its list from it alone. */
struct ward_active_message {
    struct ward_origin origin;
    const char *patient, *episode;
    struct ward_time now;
    enum ward_monitoring monitoring;
    struct ward_texts reasons;
    const char *plan_id; /* "" for none */
    uint32_t plan_version;
    const struct ward_active_condition *conditions;
    size_t condition_count;
    const struct ward_last_valid *last_valid;
    size_t last_valid_count;
    const struct ward_news2_report *news2; /* NULL: the plan does not ask for it */
    const struct ward_adherence_report *adherence;
    size_t adherence_count;
};
#define WARD_ACTIVE_EXPIRY_S 180
void ward_active_write_json(const struct ward_active_message *message, struct ward_json *json);

/*
 * up/heartbeat. `number` rises with each heartbeat of a boot, by one while the core runs, so that a replayed or lost one
 * shows.
 */
struct ward_heartbeat_message {
    struct ward_origin origin;
    struct ward_time now;
    const char *boot;
    uint64_t number;
    uint64_t seq; /* newest committed */
    enum ward_monitoring monitoring;
};
void ward_heartbeat_write_json(const struct ward_heartbeat_message *message, struct ward_json *json);

/* What was erased of an episode that ended: the certificate. */
struct ward_erased_message {
    uint64_t records, events, bindings, devices, files;
    uint64_t last_seq; /* of the present epoch; no record of the episode is behind it */
    const uint8_t
        *head; /* 32 octets: chain at head_seq, which holds through what was erased; NULL leaves both out */
    uint64_t head_seq;
};

enum ward_outcome { WARD_OUTCOME_DONE, WARD_OUTCOME_REFUSED, WARD_OUTCOME_FAILED };

/* up/result: the answer to one command. */
struct ward_result_message {
    struct ward_origin origin;
    struct ward_time now;
    const char *command; /* id of the command; "" when it could not be read */
    enum ward_outcome outcome;
    const char *reason; /* "" for done */
    struct {
        uint64_t first, last; /* records that were asked for and are not here any more; 0: none */
    } missing;
    const struct ward_plan_error *errors; /* of a care plan, each with its place */
    size_t error_count;
    const struct ward_erased_message *erased; /* NULL: nothing was */
};
void ward_result_write_json(const struct ward_result_message *message, struct ward_json *json);

enum ward_topic {
    WARD_TOPIC_STATE,
    WARD_TOPIC_HEARTBEAT,
    WARD_TOPIC_ACTIVE, /* with a patient */
    WARD_TOPIC_ALARMS,
    WARD_TOPIC_READINGS,
    WARD_TOPIC_RESULT,
    WARD_TOPIC_DIAGNOSTICS,
    WARD_TOPIC_RECEIPT,
    WARD_TOPIC_COMMAND,
    WARD_TOPIC_CARE_PLAN, /* with a patient */
    WARD_TOPIC_FHIR,      /* in place of readings */
};

/*
 * Writes "ward/v1/SITE/GATEWAY/up/…" (or "/down/…") into ret, terminated. patient is used by the two topics that have
 * one and may be NULL for the others. Returns the length, or 0 with ret undefined when an id is not a valid one.
 */
size_t ward_topic_write(enum ward_topic topic, const char *site, const char *gateway, const char *patient,
                        char ret[WARD_TOPIC_MAX + 1]);

/*
 * Which of the down topics of this gateway text is. ret_patient is set for WARD_TOPIC_CARE_PLAN and emptied for the
 * others. Returns false, both unchanged, for any other text.
 */
bool ward_topic_parse_down(const char *text, const char *site, const char *gateway, enum ward_topic *ret,
                           struct ward_id *ret_patient);

#endif
