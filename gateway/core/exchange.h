/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with one connected device, from its connection to its end: sets its clock, asks for its records,
 * starts and feeds its stream, and makes measurements of what comes.
 *
 *     (state, input, now) → (next state, actions, next deadline)
 *
 * It is pure, as core/alarm.h is: no clock, no heap, no I/O. Each input hands its actions to the sink, in the order in
 * which they are to be done. The sink must not call back into the exchange: what a read or write comes to is told by a
 * later input, also when it fails at once. At most one READ or WRITE is out at a time. Everything that is not a measurement
 * waits for its answer at most WARD_EXCHANGE_ANSWER_US.
 *
 * Values are taken from the first moment on, before ward_exchange_resolved too, and no procedure ever delays one.
 *
 * When a spot measurement was taken ("late"): by how it came, never by a clock that nobody checked.
 *   - the device's clock was read or set in this connection, and the measurement bears its time: that decides;
 *   - else the last one of the connection is of now, and those before it are from the device's memory.
 * Which is the last is known when no other has come for WARD_EXCHANGE_LAST_US, or the link has ended; what the clock says is
 * known when it has answered. Until then nothing waits that could be an alarm, and nothing is decided that cannot be
 * taken back: a measurement whose lateness is open is told twice.
 *   1. at once, with is_settled false: evaluate it now as one that may raise and must not clear (as a questionable one);
 *      do not store it;
 *   2. with the same number and is_settled true, when it is decided: evaluate it as what it is, store it.
 * Streams and what is decided already are told once, settled. An old value may so raise a moment before it is known to
 * be old: an alarm that comes too early is taken back by a person, one that comes too late by nobody.
 */
#ifndef WARD_CORE_EXCHANGE_H
#define WARD_CORE_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decode.h"
#include "core/device_clock.h"
#include "core/gatt_name.h"
#include "core/model.h"
#include "core/racp.h"
#include "core/vendor.h"
#include "ward/reading.h"

#define WARD_EXCHANGE_LAST_US    UINT64_C(2000000)  /* (CSO) no other record for so long: it was the last */
#define WARD_EXCHANGE_ANSWER_US  UINT64_C(10000000) /* of a read or write; an ATT transaction may take 30 s */
#define WARD_EXCHANGE_LATE_MS    120000             /* (CSO) measured longer ago than this is late */
#define WARD_EXCHANGE_HELD_MAX   16                 /* measurements whose lateness is open */
#define WARD_EXCHANGE_OCTETS_MAX 64 /* of a spot measurement; a longer one is not held but told as it came */

enum ward_exchange_action_type {
    WARD_EXCHANGE_READ,          /* read the place; answer with ward_exchange_read_done */
    WARD_EXCHANGE_WRITE,         /* write octets to it, with response; answer with ward_exchange_write_done */
    WARD_EXCHANGE_MEASUREMENT,   /* see above */
    WARD_EXCHANGE_TRANSFER_DONE, /* the stored records that were asked for have come, or will not */
    WARD_EXCHANGE_ERASED,        /* the device has deleted the records of the transfer (count) */
    WARD_EXCHANGE_CLOCK,         /* the device's clock was looked at: keep the pair for the next connection */
    WARD_EXCHANGE_FAULT,         /* something did not go as it should; the conversation goes on */
    WARD_EXCHANGE_REST,          /* disconnect, and stay away for `rest_ms` (0: until it calls again) */
};

/* A measurement that is not decoded, too: decoded->outcome says so, and there are octets only. */
struct ward_exchange_measurement {
    uint32_t number; /* counts the spot measurements of the connection, from 1; 0: of a stream */
    bool is_settled; /* see above */
    bool late;       /* settled only: it was old already when it came */
    uint8_t kind;    /* enum ward_record_kind: SPOT, CONTINUOUS, or STORED when it is late */
    uint16_t code;   /* 16-bit UUID that octets are of, or a vendor's number, as in struct ward_reading */
    const struct ward_decoded *decoded; /* validated */
    const uint8_t *octets;              /* as the device sent them: one frame of a vendor's stream */
    size_t length;
    struct ward_time received;          /* when it came, not when it was settled */
    struct ward_device_moment measured; /* by its own time and the device's clock; often not known */
    bool has_record;
    uint16_t record;                    /* its sequence number on the device */
    const struct ward_decoded *context; /* 2A34 of the same record; NULL without, and while not settled */
    const uint8_t *context_octets;
    size_t context_length;
};

struct ward_exchange_transfer {
    bool is_complete;   /* as many came as the device had said; only then may they be deleted on it */
    uint16_t announced; /* by the device */
    uint16_t received;
};

struct ward_exchange_clock {
    enum ward_device_clock_state state; /* as it was found */
    struct ward_device_clock_pair pair; /* as it is now; none when it could not be read */
    bool was_set;                       /* by us, and reading it back proved it */
    bool has_offset;
    int64_t offset_ms; /* device − UTC, as it was found */
    bool has_drift;
    int32_t drift_ppm; /* since the earlier pair */
};

struct ward_exchange_fault {
    const char *name; /* an id, static: "clock-not-set" */
    const char *text; /* a sentence for the field engineer, static */
    int error; /* of the read or write that is the cause, as in ward_exchange_read_done; 0 without one */
};

/* Everything that is pointed to is valid for the call only. */
struct ward_exchange_action {
    enum ward_exchange_action_type type;
    struct ward_gatt_place place; /* READ, WRITE */
    const uint8_t *octets;        /* WRITE */
    size_t length;
    const struct ward_exchange_measurement *measurement;
    struct ward_exchange_transfer transfer; /* TRANSFER_DONE, ERASED */
    struct ward_exchange_clock clock;
    struct ward_exchange_fault fault;
    uint32_t rest_ms;
};

struct ward_exchange_sink {
    void (*action)(void *context, const struct ward_exchange_action *action);
    void *context;
};

/* What every input comes with. */
struct ward_exchange_context {
    struct ward_time now; /* boot_us never goes back */
    const struct ward_exchange_sink *sink;
};

/* What a conversation begins with. */
struct ward_exchange_terms {
    const struct ward_model *model;      /* a row of core/model.h */
    bool has_record;                     /* some records of this device are committed, up to … */
    uint16_t last_record;                /* … this sequence number */
    struct ward_device_clock_pair clock; /* the last CLOCK of an earlier connection, or none */
    bool enrolling; /* nothing is deleted on the device: whose its records are is not known */
    bool may_set_clock;
    int16_t zone_min; /* what our local time is east of UTC now, summer time included: what is set */
};

/* --- the state: whoever holds one allocates it; its members are exchange*.c's ------------------------------------ */

/* A measurement that was told unsettled. */
struct ward_exchange_held {
    struct ward_gatt_place place;
    struct ward_time received;
    uint32_t number;
    bool waits_for_context; /* 2A18 whose 2A34 is still to come */
    bool has_context;
    bool has_record;
    bool was_asked_for; /* by RACP */
    uint16_t record;
    uint16_t code, length, context_length;
    uint8_t octets[WARD_EXCHANGE_OCTETS_MAX];
    uint8_t context[WARD_EXCHANGE_OCTETS_MAX];
};

/* What the one READ or WRITE that is out is for. */
enum ward_exchange_errand {
    WARD_EXCHANGE_NO_ERRAND,
    WARD_EXCHANGE_CLOCK_READ,
    WARD_EXCHANGE_CLOCK_WRITE,
    WARD_EXCHANGE_CLOCK_READ_BACK,
    WARD_EXCHANGE_VENDOR_START,
    WARD_EXCHANGE_VENDOR_AGAIN,
    WARD_EXCHANGE_RACP_WRITE,
};

enum ward_exchange_clock_step {
    WARD_EXCHANGE_CLOCK_TO_COME, /* services not known yet, or records first */
    WARD_EXCHANGE_CLOCK_ASKED,   /* read, write or read-back is out */
    WARD_EXCHANGE_CLOCK_OVER,
};

struct ward_exchange {
    struct ward_exchange_terms terms;
    bool is_resolved, is_over;
    uint64_t begun_us;

    enum ward_exchange_errand errand;
    uint64_t errand_due_us;
    struct ward_time asked;

    enum ward_exchange_clock_step clock_step;
    bool has_clock_place;
    struct ward_gatt_place clock_place;
    struct ward_device_clock_known clock;
    bool clock_was_set;

    bool has_racp;
    enum ward_exchange_racp_step {
        WARD_EXCHANGE_RACP_TO_COME,
        WARD_EXCHANGE_RACP_RUNS,
        WARD_EXCHANGE_RACP_DONE
    } racp_step;
    struct ward_gatt_place racp_place;
    struct ward_racp racp;
    struct ward_racp_output racp_write; /* to be written when nothing is out */
    uint32_t transfer_last;             /* number of the last measurement of the transfer; 0: none */

    const struct ward_vendor_driver *driver; /* NULL: a standard device */
    bool has_vendor_write;
    size_t vendor_started;  /* how many of the driver's start writes are done */
    uint64_t vendor_due_us; /* the next `again` */
    struct ward_vendor_stream stream;
    uint8_t contact;        /* enum ward_contact, as the stream says */
    uint64_t no_contact_us; /* since when it is not worn; UINT64_MAX: it is, or does not say */

    uint32_t numbered; /* measurements told so far that have a number */
    uint32_t committed;
    uint64_t last_us; /* when the last spot measurement came; UINT64_MAX: none yet */
    bool rests;       /* REST was told */
    size_t held_count;
    struct ward_exchange_held held[WARD_EXCHANGE_HELD_MAX];
};

/* The device is connected. Overwrites exchange as a whole. */
void ward_exchange_begin(struct ward_exchange *exchange, const struct ward_exchange_terms *terms,
                         const struct ward_exchange_context *context);

/* The services are known: has answers, during the call, whether the device has this characteristic. */
struct ward_exchange_services {
    bool (*has)(void *context, struct ward_gatt_place place);
    void *context;
};
void ward_exchange_resolved(struct ward_exchange *exchange, const struct ward_exchange_services *services,
                            const struct ward_exchange_context *context);

/* A notification or indication. A service that is not told ({0, NULL}) is whatever fits. */
void ward_exchange_value(struct ward_exchange *exchange, struct ward_gatt_place place, const uint8_t *octets,
                         size_t length, const struct ward_exchange_context *context);

/*
 * What the READ or WRITE that is out came to. error: 0, or positive: the ATT error code that the device answered with
 * (Core 5.3, Vol 3, Part F, §3.4.1.1), or negative: errno of whatever else stopped it. Without one out they change nothing.
 */
void ward_exchange_read_done(struct ward_exchange *exchange, int error, const uint8_t *octets, size_t length,
                             const struct ward_exchange_context *context);
void ward_exchange_write_done(struct ward_exchange *exchange, int error,
                              const struct ward_exchange_context *context);

/*
 * Every settled measurement with a number up to this one is durable, or is one that was durable already. Records are
 * deleted on the device only when all of a complete transfer are.
 */
void ward_exchange_committed(struct ward_exchange *exchange, uint32_t number,
                             const struct ward_exchange_context *context);

/* Time has passed. A tick too many does nothing. */
void ward_exchange_tick(struct ward_exchange *exchange, const struct ward_exchange_context *context);

/* The link is gone: what is open is settled now. Only ward_exchange_begin may follow. */
void ward_exchange_ended(struct ward_exchange *exchange, const struct ward_exchange_context *context);

/* The boot time at which ward_exchange_tick must be called, at the latest; UINT64_MAX: not before another input. */
uint64_t ward_exchange_deadline_us(const struct ward_exchange *exchange);

#endif
