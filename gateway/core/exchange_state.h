/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of a conversation (core/exchange.h), and what it begins with. Whoever holds one allocates it; the members of
 * struct ward_exchange are exchange*.c's own.
 */
#ifndef WARD_CORE_EXCHANGE_STATE_H
#define WARD_CORE_EXCHANGE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clinical.h"
#include "core/device_clock.h"
#include "core/gatt_name.h"
#include "core/model.h"
#include "core/racp.h"
#include "core/segments.h"
#include "core/vendor.h"
#include "ward/reading.h"

#define WARD_EXCHANGE_ANSWER_US UINT64_C(35000000) /* of a read or write: an ATT transaction may take 30 s */
#define WARD_EXCHANGE_HELD_MAX  16                 /* measurements that are not settled */

/* What a conversation begins with. */
struct ward_exchange_terms {
    const struct ward_model *model;      /* a row of core/model.h */
    bool has_record;                     /* some records of this device are committed, up to … */
    uint16_t last_record;                /* … this sequence number … */
    uint64_t last_digest;                /* … of which this is the digest; 0: not known */
    struct ward_device_clock_pair clock; /* the last CLOCK of an earlier connection, or none */
    bool enrolling; /* nothing is deleted on the device: whose its records are is not known */
    bool may_set_clock;
    int16_t zone_min; /* what our local time is east of UTC now, summer time included: what is set */
};

/* A measurement that is not settled. */
struct ward_exchange_held {
    struct ward_time received;
    uint32_t number;
    bool is_asked_for; /* by RACP … */
    bool is_known_one; /* … only to see which it is */
    bool awaits_context;
    bool is_told;        /* unsettled: it may raise already */
    bool is_behind_lost; /* a record before it was lost: that one is to be asked for again */
    bool has_record;
    uint16_t record;
    uint64_t digest;
    uint16_t code, length, context_length;
    uint8_t octets[WARD_GATT_VALUE_MAX];
    uint8_t context[WARD_READING_CONTEXT_MAX];
};

/* What the one READ or WRITE that is out is for. */
enum ward_exchange_errand {
    WARD_EXCHANGE_NO_ERRAND,
    WARD_EXCHANGE_CLOCK_READ,
    WARD_EXCHANGE_CLOCK_WRITE,
    WARD_EXCHANGE_CLOCK_READ_BACK,
    WARD_EXCHANGE_RACP_WRITE,
    WARD_EXCHANGE_VENDOR_WRITE,
    WARD_EXCHANGE_FIRMWARE_READ,
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
    struct ward_segments record;      /* 2B36: what is being put together */
    bool has_lost;                    /* a record that was asked for came broken */
    bool is_answered;                 /* what the write that is out was for has come already */
    bool is_whole;                    /* TRANSFER_OVER: the last record that came is the last there is */
    uint32_t newest_asked;            /* number of the newest record that was asked for */

    struct ward_segments observation; /* 2B8B: what is being put together */
    bool observation_is_lost;         /* one was, which was told */

    const struct ward_vendor_driver *driver; /* NULL: a standard device */
    struct ward_gatt_place vendor_place;
    bool vendor_writes, vendor_refused;
    size_t vendor_started; /* so many of the driver's start writes are out or done */
    uint64_t vendor_due_us;
    struct ward_vendor_stream stream;
    uint64_t not_worn_us; /* since when; UINT64_MAX: it is worn */

    bool firmware_to_read;

    uint32_t numbered, committed;
    uint32_t newest_sent; /* number of the newest that the device sent by itself; 0: none */
    size_t held_count;
    struct ward_exchange_held held[WARD_EXCHANGE_HELD_MAX];
};

#endif
