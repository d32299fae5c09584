/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The script that a wearable plays: one step a line, played in order. firmware/wearable/README.md is its
 * manual.
 *
 *   advertise on|off             wait DURATION|connected|subscribed|confirmed|disconnected
 *   disconnect                   battery PERCENT                 contact ok|lost|unknown
 *   measure FIELD VALUE ...      stream DURATION FIELD VALUE|FROM..TO ...
 *   raw UUID HEX                 repeat COUNT|forever ... end
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
#define WARD_SCRIPT_WORD_MAX  32

enum ward_step_kind {
    WARD_STEP_ADVERTISE, /* argument: 1 on, 0 off */
    WARD_STEP_WAIT,      /* duration_ms */
    WARD_STEP_WAIT_CONNECTED,
    WARD_STEP_WAIT_SUBSCRIBED, /* connected, and what is sent next is subscribed to */
    WARD_STEP_WAIT_CONFIRMED,  /* the last indication was; until then each connection gets it again */
    WARD_STEP_WAIT_DISCONNECTED,
    WARD_STEP_DISCONNECT,
    WARD_STEP_BATTERY, /* argument: percent */
    WARD_STEP_CONTACT, /* argument: enum ward_sample_contact */
    WARD_STEP_MEASURE,
    WARD_STEP_STREAM, /* one frame a second for duration_ms, from sample to the mantissas in to */
    WARD_STEP_RAW,
    WARD_STEP_REPEAT, /* count; 0: for ever */
    WARD_STEP_END,    /* target: the step after its repeat */
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
            int64_t to[WARD_FIELD_COUNT];
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

struct ward_script_error {
    uint32_t line;
    const char *text;                    /* what is wrong: a constant */
    char word[WARD_SCRIPT_WORD_MAX + 1]; /* the word it is about, cut to fit; empty for none */
};

/*
 * Parses the whole text for profile. Returns true and the script, or false and the first error; the script
 * is then of no use. Every measurement of a parsed script can be encoded.
 */
bool ward_script_parse(struct ward_script *script, const struct ward_wearable_profile *profile,
                       const char *text, size_t length, struct ward_script_error *ret_error);

#endif
