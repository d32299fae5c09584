/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values that the store keeps besides records, and what it holds when it is opened.
 */
#ifndef WARD_IO_STORE_TYPES_H
#define WARD_IO_STORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/alarm_queue.h"
#include "core/delivery.h"
#include "ward/reading.h"

#define WARD_STORE_TEXT_MAX 256

/* One alarm event as it was published. n is 0 for those that never are (pending, settled): history only. */
struct ward_store_event {
    struct ward_alarm_key key;
    struct ward_id patient;
    int64_t at_ms; /* UTC, or WARD_UTC_UNKNOWN */
    bool delivered;
    uint64_t position;   /* in the history; 0 but for a filter `published` */
    const char *payload; /* the JSON text of the message */
    size_t payload_length;
};

/* The alarm engine's state of one patient. Opaque here; version says which form it has. */
struct ward_store_alarm_state {
    struct ward_id patient;
    uint32_t version;
    const uint8_t *state;
    size_t length;
};

struct ward_store_patient {
    struct ward_id id;
    struct ward_id episode;
    char label[65];
    char check_word[33];
    int64_t admitted_at_ms;
};

struct ward_store_plan {
    struct ward_id patient;
    uint32_t version;
};

struct ward_store_device {
    struct ward_id id;
    char address[18];      /* "C0:11:22:33:44:55" */
    char address_type[8];  /* "public" or "random" */
    struct ward_id model;  /* row of the table of models */
    struct ward_id policy; /* security policy it was enrolled with: "bonded", "open" */
    char name[65], manufacturer[65], model_number[65], serial_number[65], system_id[33], firmware[65];
    int64_t enrolled_at_ms;
};

#define WARD_SLOT_NONE 0xFF
/* The from_ms of a binding that was made while the date was not known: later than anything measured. */
#define WARD_BOUND_FROM_UNKNOWN INT64_MAX

/*
 * A record belongs to whoever was bound when it was measured. (device, slot, patient, from_ms) names a binding. One
 * with WARD_BOUND_FROM_UNKNOWN is replaced by the next of the same device, slot and patient.
 */
struct ward_store_binding {
    struct ward_id device;
    uint8_t slot; /* the device's user slot; WARD_SLOT_NONE: the device as a whole */
    struct ward_id patient;
    struct ward_id episode;
    int64_t from_ms;
    int64_t until_ms;  /* WARD_UTC_UNKNOWN: still bound */
    bool read_out;     /* what the device had in its memory when it was bound has been transferred */
    uint64_t since_us; /* CLOCK_BOOTTIME, if made without a date by this process; 0: otherwise. Not stored */
};

#define WARD_STORE_KEY_OCTETS 16
/* So many records of a device are known again; more than any device keeps in its memory. */
#define WARD_STORE_KNOWN_MAX 4096

/* A record that a device gave us once. number counts those of the device from 0; the oldest make room. */
struct ward_store_known {
    struct ward_id device;
    uint64_t number;
    uint8_t key[WARD_STORE_KEY_OCTETS];
};

/* The highest counter taken from a key, so that a signed command counts once. It only rises. */
struct ward_store_counter {
    char kid[WARD_ID_MAX + 1];
    uint64_t counter;
};

/* So many rows of the audit trail are kept; the oldest make room. */
#define WARD_STORE_AUDIT_MAX 2000

/*
 * One call on the bus that was to change something. (boot, boot_us) names it: no two have the same. Said again it gets the
 * outcome, and what it names besides.
 */
struct ward_store_audit {
    struct ward_id boot;
    uint64_t boot_us;
    int64_t at_ms;          /* UTC, or WARD_UTC_UNKNOWN */
    uint32_t uid;           /* who called; UINT32_MAX: the bus does not say */
    struct ward_id by;      /* who it was, as the caller says; empty: not said */
    char method[32];        /* "Bind" */
    char object[65];        /* a device, its address, or the kind of a command; empty: none */
    struct ward_id patient; /* of whom; empty: nobody, or somebody who is not known here */
    char outcome[32];       /* "done", or what is wrong: "NotAllowed"; empty: not known */
    uint32_t omitted;       /* so many calls just before it were too many to be written */
};

enum ward_store_change_kind {
    WARD_STORE_PATIENT,          /* insert or replace by id */
    WARD_STORE_PATIENT_REMOVED,  /* patient.id; its plan, alarm state and open bindings go too */
    WARD_STORE_PLAN,             /* document: the plan's JSON text */
    WARD_STORE_DEVICE,           /* insert or replace by id */
    WARD_STORE_DEVICE_FORGOTTEN, /* device.id; its bindings end at device.enrolled_at_ms */
    WARD_STORE_BINDING,          /* insert or replace by (device, slot, patient, from_ms) */
    WARD_STORE_COUNTER,
    WARD_STORE_COMMAND, /* name: the command's id; document: the answer that it got */
    WARD_STORE_SETTING, /* name: the key; document: the value, NULL removes it */
    WARD_STORE_KNOWN,
    WARD_STORE_AUDIT, /* insert, or complete by (boot, boot_us) */
};

/* What a setting with such a name says is of the record whose number follows: a fresh file does not get it. */
#define WARD_STORE_OF_RECORD "settled-"
/*
 * The setting of a fresh file whose other settings and states may still name records of the one before by their numbers; it
 * says where that one is. Whoever has brought them up to date removes it; of a file that was begun in between it is not
 * removed.
 */
#define WARD_STORE_BEGUN "begun-anew"

struct ward_store_change {
    uint8_t kind;         /* enum ward_store_change_kind */
    const char *document; /* where the kind says so; otherwise NULL */
    union {
        struct ward_store_patient patient;
        struct ward_store_plan plan;
        struct ward_store_device device;
        struct ward_store_binding binding;
        struct ward_store_counter counter;
        struct ward_store_known known;
        struct ward_store_audit audit;
        struct ward_id name;
    };
};

/* What the file holds when it is opened; its cost does not depend on how many records there are. */
struct ward_store_snapshot {
    struct ward_id epoch;
    uint64_t head_seq; /* 0: no record yet */
    uint8_t head_chain[32];
    uint64_t through;
    struct ward_seq_range ranges[WARD_DELIVERY_RANGES_MAX];
    size_t range_count;
    int64_t oldest_undelivered_ms; /* received_at_ms of it; WARD_UTC_UNKNOWN for none or not known */
    struct ward_id last_boot;      /* of the last commit; empty: there was none */
    struct ward_time last_commit;  /* boot_us counts in last_boot */
    bool agreed;                   /* the ward's chain was found to be ours since the file was opened then */
    uint64_t opened;               /* otherwise: the head when it was opened first after that */
    char set_aside
        [WARD_STORE_TEXT_MAX]; /* not empty: the file found was set aside there, and this one is fresh */
    char set_aside_reason[WARD_STORE_TEXT_MAX];
    struct ward_store_event *events; /* undelivered, in order */
    size_t event_count;
    struct ward_store_alarm_state *states;
    size_t state_count;
    struct ward_store_change *rows; /* patients, plans, devices, bindings, counters, the
                                       newest 100 commands (newest first), settings; in this order */
    size_t row_count;
    struct ward_store_known *known; /* by device, number rising */
    size_t known_count;
};

/* What to look for in a query. */
#define WARD_STORE_QUERY_MAX 1000

struct ward_store_filter {
    int64_t since_ms;       /* received or measured then or later; WARD_UTC_UNKNOWN: all */
    struct ward_id device;  /* empty: all */
    struct ward_id patient; /* empty: all */
    uint8_t quantity;       /* enum ward_quantity; WARD_QUANTITY_NONE: all */
    int64_t until_ms;       /* received, measured or told then or earlier; 0: no end */
    uint64_t before_seq;    /* records: only those with a lower number; 0: all */
    bool of_occurrence; /* alarm history: only `occurrence`, and what was pending before it; oldest first */
    struct ward_alarm_id occurrence;
    bool undelivered; /* alarm history: only events without a receipt, oldest first */
    bool published;   /* alarm history: only events that go to the ward, oldest first, behind that position */
    uint64_t after;
    size_t limit; /* at most and, for 0, WARD_STORE_QUERY_MAX */
};

/* Whose data are erased. */
struct ward_store_erasure {
    struct ward_id patient, episode;
    bool only_count;
};

struct ward_store_erased {
    uint64_t records, events, bindings; /* counted; 0 when they were erased */
    uint64_t undelivered_events;        /* of the events */
    uint64_t files;                     /* copies and files that were set aside, removed */
};

struct ward_store_counters {
    uint64_t commits, failed_commits, records, dropped_records;
    size_t queued_groups, queued_records;
    uint64_t used_octets, quota_octets; /* of the file; the quota is 0 when there is none */
    uint64_t purged_records;            /* made room, also those that the ward does not have: */
    uint64_t given_up_records;
    bool ballast;
    bool purging;                     /* room is being made */
    bool salvaging;                   /* a file that was set aside is still being read */
    uint64_t flushes, written_octets; /* of the file and its log, since the process began */
};

#endif
