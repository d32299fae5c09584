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
 *   - it says itself that it is from the memory (PLXS, "data from measurement storage"): late, unless the
 *     device's clock is known already and says otherwise;
 *   - it bears no time: a device gives one to what it keeps (HTS, BLS), so it is of now;
 *   - the device's clock was read or set in this connection, and knows the time that it bears: that decides;
 *   - we asked for it as a record: those before the last one are from the memory, and so is the last one when the device
 *     sends what it measures by itself. Which is the last is known by their number, when it comes;
 *   - the device sent it by itself: the last one is of now, those before it are from the memory. Which is the last is
 *     known when no other has come for WARD_LAST_KEPT_US, or the link has ended.
 * In the last case, and while the clock has not answered (for WARD_CLOCK_WAIT_US at most), nothing waits that could be
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
#include "core/exchange_state.h"
#include "core/gatt_name.h"
#include "ward/reading.h"

enum ward_exchange_action_type {
    WARD_EXCHANGE_READ,          /* read the place; answer with ward_exchange_read_done */
    WARD_EXCHANGE_WRITE,         /* write octets to it, with response; answer with ward_exchange_write_done */
    WARD_EXCHANGE_MEASUREMENT,   /* see above */
    WARD_EXCHANGE_TRANSFER_DONE, /* the stored records that were asked for have come, or will not */
    WARD_EXCHANGE_ERASED,        /* the device has deleted the records of the transfer (count) */
    WARD_EXCHANGE_CLOCK,         /* the device's clock was looked at: keep the pair for the next connection */
    WARD_EXCHANGE_FIRMWARE,      /* the device told its firmware revision */
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
    uint16_t record; /* its sequence number on the device */
    uint64_t digest; /* which record that is, for the next conversation (core/duplicate.h) */
    /* One before it came broken, or is not settled yet: what is known of its records ends before that one, so that it is
     * asked for again, should it be lost. */
    bool is_behind_lost;
    /* 2A34 of the same record, at most WARD_READING_CONTEXT_MAX octets; NULL without, and while not settled. One that
     * belongs to none is told as a measurement of its own, late and without a number: core/exchange_context.c. */
    const struct ward_decoded *context;
    const uint8_t *context_octets;
    size_t context_length;
};

struct ward_exchange_transfer {
    bool is_complete;   /* as many came as the device had said; only then may they be deleted on it */
    uint16_t announced; /* by the device */
    uint16_t received;
    /* Its numbers began anew, and the link ended before all could be asked for. Next time they are to be, at once. */
    bool begins_anew;
};

struct ward_exchange_clock {
    enum ward_device_clock_state state;  /* as it was found */
    struct ward_device_clock_pair found; /* none when it could not be read */
    struct ward_device_clock_pair pair;  /* as it is now: another one when it was set */
    bool was_set;                        /* by us, and reading it back proved it */
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
    const char *firmware; /* FIRMWARE: printable, not empty, less than WARD_FIRMWARE_SIZE octets */
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

/*
 * Whether the device has told all that it had to tell: no record is asked for or awaited any more, and nothing that came is
 * undecided. A device that sends its records by itself may begin at any time, so it means something after one has come.
 */
bool ward_exchange_is_read_out(const struct ward_exchange *exchange);

/* Whether it may have records that nobody has asked for: it is of a model that keeps them, and there was no time for that. */
bool ward_exchange_is_unasked(const struct ward_exchange *exchange);

/* The boot time at which ward_exchange_tick must be called, at the latest; UINT64_MAX: not before another input. */
uint64_t ward_exchange_deadline_us(const struct ward_exchange *exchange);

#endif
