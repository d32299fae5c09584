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
 * When a spot measurement was taken ("late"): by how it came, never by a clock that nobody checked. The first that applies:
 *   - it says itself that it is from the memory (PLXS 1.0.1 §3.2.1.5, "data from measurement storage"): late, unless the
 *     device's clock is known already and says otherwise;
 *   - it bears no time: a device gives one to what it keeps (HTP 1.0 §4.2, BLP 1.1.1 §4.2), so it is of now;
 *   - the device's clock was read or set in this connection, and knows the time that it bears: that decides;
 *   - we asked for it as a record: those before the last one are from the memory, and so is the last one when the device
 *     sends what it measures by itself. Which is the last is known by their number, when it comes;
 *   - the device sent it by itself: the last one is of now, those before it are from the memory. Which is the last is
 *     known when no other has come for WARD_EXCHANGE_LAST_US, or the link has ended.
 * In the last case, and while the clock has not answered (for WARD_EXCHANGE_HOLD_US at most), nothing waits that could be
 * an alarm, and nothing is decided that cannot be taken back: the measurement is told twice.
 *   1. at once, with is_settled false: evaluate it now as one that may raise and must not clear (as a questionable one);
 *      do not store it;
 *   2. with the same number and is_settled true, when it is decided: evaluate it as what it is, store it.
 * Everything else is told once, settled. An old value may so raise a moment before it is known to be old: an alarm that
 * comes too early is taken back by a person, one that comes too late by nobody. Records that were asked for are not told
 * twice: their memory may hold hundreds of old findings, and the one that is of now comes last and is settled at once.
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

#define WARD_EXCHANGE_LAST_US     UINT64_C(2000000)  /* (CSO) no other came for so long: it was the last */
#define WARD_EXCHANGE_HOLD_US     UINT64_C(10000000) /* (CSO) so long the clock is waited for, and no longer */
#define WARD_EXCHANGE_LATE_MS     120000             /* (CSO) measured longer ago than this is late */
#define WARD_EXCHANGE_ANSWER_US   UINT64_C(35000000) /* of a read or write: an ATT transaction may take 30 s */
#define WARD_EXCHANGE_HELD_MAX    16                 /* measurements that are not settled */
#define WARD_EXCHANGE_CONTEXT_MAX 64                 /* octets of one */

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
    uint8_t kind;    /* enum ward_record_kind: SPOT, CONTINUOUS, or STORED: late, or it says so */
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

/* --- the state: whoever holds a conversation allocates it; its members are exchange*.c's own -------------------- */

/* A measurement that is not settled. */
struct ward_exchange_held {
    struct ward_time received;
    uint32_t number;
    bool is_asked_for; /* by RACP … */
    bool is_known_one; /* … only to see that its numbers did not begin anew */
    bool awaits_context;
    bool has_record;
    uint16_t record;
    uint16_t code, length, context_length;
    uint8_t octets[WARD_GATT_VALUE_MAX];
    uint8_t context[WARD_EXCHANGE_CONTEXT_MAX];
};

/* 2B36: a record that comes in segments. */
struct ward_exchange_segments {
    bool is_open;
    uint8_t next; /* counter of the segment that has to follow */
    uint16_t length;
    uint8_t octets[WARD_GATT_VALUE_MAX];
};

/* What the one READ or WRITE that is out is for. */
enum ward_exchange_errand {
    WARD_EXCHANGE_NO_ERRAND,
    WARD_EXCHANGE_CLOCK_READ,
    WARD_EXCHANGE_CLOCK_WRITE,
    WARD_EXCHANGE_CLOCK_READ_BACK,
    WARD_EXCHANGE_RACP_WRITE,
    WARD_EXCHANGE_VENDOR_WRITE,
};

enum ward_exchange_clock_step {
    WARD_EXCHANGE_CLOCK_TO_READ,
    WARD_EXCHANGE_CLOCK_TO_WRITE,
    WARD_EXCHANGE_CLOCK_TO_READ_BACK,
    WARD_EXCHANGE_CLOCK_OVER, /* told, or there is none */
};

enum ward_exchange_transfer_step {
    WARD_EXCHANGE_TRANSFER_TO_START,
    WARD_EXCHANGE_TRANSFER_RUNS,
    WARD_EXCHANGE_TRANSFER_OVER, /* told, or there is none; records may still be deleted */
};

struct ward_exchange {
    struct ward_exchange_terms terms;
    bool is_resolved, is_over, rests;
    uint64_t heard_us; /* the last value or answer */

    enum ward_exchange_errand errand;
    uint64_t errand_due_us;
    struct ward_time asked;

    enum ward_exchange_clock_step clock_step;
    struct ward_gatt_place clock_place;
    struct ward_device_clock_known clock;
    enum ward_device_clock_state clock_state;
    bool clock_was_set;

    enum ward_exchange_transfer_step transfer_step;
    struct ward_gatt_place racp_place;
    struct ward_racp racp;
    struct ward_racp_output to_write; /* to the control point, when nothing else is out */
    struct ward_exchange_segments segments;
    bool is_answered;      /* what the write that is out was for has come already */
    bool is_whole;         /* TRANSFER_OVER: the last record that came is the last there is */
    uint32_t newest_asked; /* number of the newest record that was asked for */

    const struct ward_vendor_driver *driver; /* NULL: a standard device */
    struct ward_gatt_place vendor_place;
    bool vendor_writes, vendor_refused;
    size_t vendor_started; /* so many of the driver's start writes are out or done */
    uint64_t vendor_due_us;
    struct ward_vendor_stream stream;
    uint64_t not_worn_us; /* since when; UINT64_MAX: it is worn */

    uint32_t numbered, committed;
    uint32_t newest_sent; /* number of the newest that the device sent by itself; 0: none */
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
