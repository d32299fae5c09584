/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a wearable plays: steps, in order. Their text, one a line, is read by firmware/wearable/script; a board without a
 * file system carries the steps themselves.
 */
#ifndef WEARABLE_SCRIPT_H
#define WEARABLE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/profile.h"
#include "wearable/core/sample.h"

#define WARD_SCRIPT_STEPS_MAX 128
#define WARD_SCRIPT_DEPTH_MAX 4
#define WARD_SCRIPT_RAW_MAX   64

enum ward_step_kind {
    WARD_STEP_ADVERTISE, /* argument: 1 on, 0 off */
    WARD_STEP_WAIT,      /* duration_ms */
    WARD_STEP_WAIT_CONNECTED,
    WARD_STEP_WAIT_SUBSCRIBED, /* connected, and what is sent next is subscribed to */
    WARD_STEP_WAIT_CONFIRMED,  /* the last indication was; until then each connection gets it again */
    WARD_STEP_WAIT_DISCONNECTED,
    WARD_STEP_WAIT_TRANSFERRED, /* a central has asked for records and got them */
    WARD_STEP_WAIT_CLOCK,       /* a central has set the clock in this connection */
    WARD_STEP_DISCONNECT,
    WARD_STEP_FORGET,  /* the bonds */
    WARD_STEP_BATTERY, /* argument: percent; duration_ms: one less each time it has passed, 0: never */
    WARD_STEP_CONTACT, /* argument: enum ward_sample_contact */
    WARD_STEP_CLOCK,   /* to sample.time; not present: reset */
    WARD_STEP_FAULT,   /* argument: enum ward_script_fault; count or duration_ms: its value */
    WARD_STEP_MEASURE,
    WARD_STEP_STREAM, /* a frame each period of the profile for duration_ms, from sample to the mantissas in to */
    WARD_STEP_STORE,
    WARD_STEP_REPORT, /* the wearable sends all that is stored, and takes out what was confirmed */
    WARD_STEP_RAW,
    WARD_STEP_REPEAT, /* count; 0: for ever */
    WARD_STEP_END,    /* target: the step after its repeat */
};

/* What is ordered with `fault`: see struct ward_faults. */
enum ward_script_fault {
    WARD_FAULT_CUT,
    WARD_FAULT_PAD,
    WARD_FAULT_LATE,
    WARD_FAULT_DROP,
    WARD_FAULT_DUPLICATE,
    WARD_FAULT_COUNT,
    WARD_FAULT_MUTE,
};

struct ward_step {
    uint8_t kind; /* enum ward_step_kind */
    uint8_t argument;
    uint16_t characteristic; /* that is sent, or waited for */
    uint16_t target;
    uint32_t line;
    union {
        uint32_t duration_ms;
        uint32_t count;
    };
    union {
        struct {
            struct ward_sample sample;
            int32_t to[WARD_FIELD_COUNT];
        };
        struct {
            uint8_t octets[WARD_SCRIPT_RAW_MAX];
            uint8_t length;
        } raw;
    };
};

struct ward_script {
    const struct ward_wearable_profile *profile;
    size_t step_count;
    struct ward_step steps[WARD_SCRIPT_STEPS_MAX];
};

#endif
