/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told while a device is tried: sentences that say what is so, and what to try next. Pure. */
#ifndef WARD_APP_TRIAL_WORDS_H
#define WARD_APP_TRIAL_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model.h"
#include "ward/reading.h"

#define WARD_TRIAL_DOCUMENT_SIZE 2048
#define WARD_TRIAL_TEXT_SIZE     768
#define WARD_TRIAL_RSSI_UNKNOWN  127 /* as in io/bluez.h */

/* What a trial has seen of its device so far. */
struct ward_trial_seen {
    unsigned listened_s;    /* seconds in which it was listened for */
    unsigned heard_s;       /* … and was heard */
    int16_t rssi;           /* dBm, the newest; WARD_TRIAL_RSSI_UNKNOWN */
    int8_t battery_percent; /* negative: not known */
    bool connected;         /* at some time */
    bool proved;            /* … and proved who it is */
    bool needs_pairing;
    bool measured;    /* a reading came */
    bool unproved;    /* … a good one, over a link that was not proved */
    uint32_t reasons; /* set of enum ward_reason: why the newest was not good */
};

enum ward_trial_signal {
    WARD_TRIAL_NOT_HEARD,
    WARD_TRIAL_TOO_FAR,
    WARD_TRIAL_WEAK,
    WARD_TRIAL_GOOD,
};

/* How well it is heard, when it was listened for. */
enum ward_trial_signal ward_trial_signal(const struct ward_trial_seen *seen);

/* Each writes one text into ret. model may be NULL. */
void ward_trial_say_what_to_do(const struct ward_model *model, char ret[static WARD_TRIAL_TEXT_SIZE]);
void ward_trial_say_signal(const struct ward_trial_seen *seen, char ret[static WARD_TRIAL_TEXT_SIZE]);
/* "SpO2 97 %, Pulse 62/min: valid." */
void ward_trial_say_reading(const struct ward_reading *reading, char ret[static WARD_TRIAL_TEXT_SIZE]);
/* It ended well. patient: whose its measurements are from now on; NULL for nobody's. */
void ward_trial_say_done(const char *patient, char ret[static WARD_TRIAL_TEXT_SIZE]);
/* Why the time went by without a good reading, and what to try next. */
void ward_trial_say_advice(const struct ward_trial_seen *seen, const struct ward_model *model,
                           char ret[static WARD_TRIAL_TEXT_SIZE]);

/* The reading as it was measured, as JSON. Returns its length, or 0 when it does not fit. */
size_t ward_trial_write(const struct ward_reading *reading, char ret[static WARD_TRIAL_DOCUMENT_SIZE]);

/* Valid; or a control solution, which is nothing of a patient and as good a test. */
bool ward_trial_is_good(const struct ward_reading *reading);

#endif
