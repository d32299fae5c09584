/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading: what one frame of one device said about one patient, and how far it can be trusted.
 *
 * It is a plain value of fixed size, owned by whoever holds it, so that it can be queued, copied and compared
 * without a heap. Once committed a reading never changes: (gateway, epoch, seq) names it for good.
 */
#ifndef WARD_READING_H
#define WARD_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/gatt.h"
#include "ward/quantity.h"

/* Ids match [A-Za-z0-9-]{1,64} and are pseudonymous. An empty text means "none". */
#define WARD_ID_MAX 64
struct ward_id {
    char text[WARD_ID_MAX + 1];
};

#define WARD_UTC_UNKNOWN INT64_MIN

/* How far the wall clock can be trusted, best first. The numbers are part of the database format. */
enum ward_clock_quality {
    WARD_CLOCK_SYNCED,    /* disciplined by a time service now */
    WARD_CLOCK_DEVICE,    /* the time stamp is the device's own, its clock having been checked */
    WARD_CLOCK_ESTIMATED, /* was synced earlier in this boot, or mapped from a coincident pair */
    WARD_CLOCK_UNSYNCED,  /* not known: UTC is WARD_UTC_UNKNOWN */
};

/* A moment. All durations are differences of boot_us (CLOCK_BOOTTIME); UTC is only a label. */
struct ward_time {
    uint64_t boot_us;
    int64_t utc_ms; /* milliseconds since 1970-01-01T00:00:00Z, or WARD_UTC_UNKNOWN */
    uint8_t clock;  /* enum ward_clock_quality */
};

/* The order is part of the database format: append only. Kinds from WARD_RECORD_GAP on carry no values. */
enum ward_record_kind {
    WARD_READING_SPOT,
    WARD_READING_CONTINUOUS,
    WARD_READING_STORED,
    WARD_READING_ENTRY,
    WARD_RECORD_GAP,         /* records that were lost before they could be stored */
    WARD_RECORD_VOID,        /* takes back an earlier record */
    WARD_RECORD_CLOCK,       /* tells the UTC offset of a boot */
    WARD_RECORD_UNMONITORED, /* nobody was watched from .. to */
};

enum ward_quality {
    WARD_VALID,
    WARD_QUESTIONABLE,
    WARD_INVALID,
};

/* Why a reading is not plainly valid; a set, as bits. Append only. Names: core/reading.h. */
enum ward_reason {
    WARD_REASON_NO_VALUE = 1u << 0,            /* NaN, NRes or reserved where a clinical value belongs */
    WARD_REASON_IMPLAUSIBLE = 1u << 1,         /* outside the plausibility bounds of its quantity */
    WARD_REASON_NO_CONTACT = 1u << 2,          /* the sensor says it is not worn */
    WARD_REASON_POOR_SIGNAL = 1u << 3,         /* weak or irregular signal, low perfusion, interference */
    WARD_REASON_MEASUREMENT_ONGOING = 1u << 4, /* not settled yet */
    WARD_REASON_QUESTIONABLE_STATUS = 1u << 5, /* the device itself calls it questionable */
    WARD_REASON_SENSOR_FAULT = 1u << 6,        /* malfunction, disconnected or unknown sensor */
    WARD_REASON_MOTION = 1u << 7,              /* body movement or cuff too loose, improper position */
    WARD_REASON_NOT_CLINICAL = 1u << 8,        /* demo, test, calibration or control data */
    WARD_REASON_LINK_UNPROVED = 1u << 9,       /* bonded, but encryption of this connection was not proved */
    WARD_REASON_UNDECODABLE = 1u << 10,        /* the frame could not be decoded; raw octets only */
    WARD_REASON_INVALIDATED_BY_DEVICE = 1u << 11, /* the device itself calls it invalid */
    WARD_REASON_DISAGREEMENT = 1u << 12,          /* another device says otherwise */
    WARD_REASON_CONTEXT_ALONE =
        1u << 13, /* what was said about a measurement that it could not be joined to */
};

/* What is known of the link that carried the frame. The numbers are part of the database format. */
enum ward_link_security {
    WARD_LINK_BONDED,
    WARD_LINK_BONDED_UNPROVED,
    WARD_LINK_OPEN,
    WARD_LINK_NONE, /* an entry, or a record made by the gateway itself */
};

/* The time stamp that a device put into its frame, in its own local time (Date Time, GSS 3.70). */
struct ward_device_time {
    uint16_t year; /* 0: the device does not know */
    uint8_t month, day, hour, minute, second;
    bool present;
};

#define WARD_READING_VALUES_MAX 12
#define WARD_READING_CONTEXT_MAX                                                                             \
    64 /* octets; a Glucose Measurement Context has at most 17 (GLS 1.0.1 §3.2) */

struct ward_reading {
    uint64_t seq; /* 0 until committed */
    struct ward_id patient;
    struct ward_id episode;
    struct ward_id device;
    struct ward_id boot; /* names the boot that mono_us counts in */
    uint64_t mono_us;    /* CLOCK_BOOTTIME at receipt */
    int64_t measured_at_ms;
    int64_t received_at_ms;
    struct ward_device_time device_time;
    uint32_t reasons; /* set of enum ward_reason */
    uint8_t kind;     /* enum ward_record_kind */
    uint8_t quality;  /* enum ward_quality */
    uint8_t clock;    /* enum ward_clock_quality */
    uint8_t security; /* enum ward_link_security */
    bool late;        /* already old when the gateway got it */
    bool unassigned;  /* kept on the hub, published without values: no patient is known for it */
    uint64_t derived_first, derived_last; /* seq of the stream it was derived from; 0: it was measured */
    uint8_t value_count;
    struct ward_value values[WARD_READING_VALUES_MAX];
    uint16_t characteristic; /* 16-bit UUID the raw octets came from, or a vendor's number; 0 for none */
    uint16_t raw_length;
    uint8_t raw[WARD_GATT_VALUE_MAX];
    uint16_t
        context_characteristic; /* of what the device said about it in a frame of its own; 0 for nothing */
    uint16_t context_length;
    uint8_t context[WARD_READING_CONTEXT_MAX];
    uint8_t chain[32]; /* SHA-256, set by the commit */
};

#endif
