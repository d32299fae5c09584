/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The annunciator: light, sound and text for whoever is in the room (IEC 60601-1-8).
 *
 *   priority      light (§6.3.2.2)               sound (§6.3.3.1), of what is not silenced
 *   high          first LED, flashing at 2 Hz    10 pulses 3-2-3-2, again 5 s after their end
 *   medium        second LED, flashing at 0.5 Hz 3 pulses, again after 10 s
 *   low           second LED, constant           2 pulses, again after 30 s
 *   undelivered   both LEDs in turn at 0.5 Hz    low-high-low after those of the priority, at least every 10 s
 *
 * With high priority the first LED keeps its 2 Hz when undelivered too. One LED serves as both.
 * Undelivered makes no sound by itself: nobody could silence it, and light and text say it.
 *
 * It never blocks the loop: LEDs are files of sysfs, sound is PCM from memory into the pipe of a helper
 * program that was started at the start and is started again, with a growing delay, when it ends or hangs.
 */
#ifndef WARD_IO_ANNUNCIATOR_H
#define WARD_IO_ANNUNCIATOR_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "ward/alarm.h"

struct ward_annunciator;

struct ward_annunciator_options {
    const char *led_directory; /* "/sys/class/leds" */
    const char *leds; /* names separated by spaces: for high, then for medium and low; one serves all */
    const char
        *sound_command;       /* run by sh -c; takes 8000 Hz mono S16_LE on standard input. Empty: no sound */
    const char *patient_text; /* file that holds the text now shown. Empty: none */
    void (*complained)(void *userdata,
                       const char *text); /* "ended with status 1": of the sound helper, for the log */
    void *userdata;
};

/* What is to be annunciated: everything present, summed up. */
struct ward_annunciation {
    enum ward_alarm_priority priority; /* the highest present */
    enum ward_alarm_priority sound;    /* the highest of those that nobody silenced; none: no sound */
    bool undelivered;                  /* an alarm has not reached the ward */
    const char *text;                  /* for the patient, UTF-8; NULL: none. Borrowed for the call */
};

struct ward_annunciation_shown {
    bool light;        /* a LED was lit or set flashing */
    bool sound;        /* the first pulses are in the helper's pipe */
    bool text;         /* the text is in its file */
    uint32_t delay_ms; /* from the call until all of that had happened */
};

enum ward_annunciator_answer {
    WARD_ANSWER_RECEIVED, /* one rising pair: the measurement arrived; says nothing of its value */
    WARD_ANSWER_REPEAT,   /* one falling pair: please repeat the measurement */
};

struct ward_annunciator_health {
    bool light; /* every named LED can be written */
    bool sound; /* the helper runs and takes what it is given */
    bool text;
};

/*
 * Starts the sound helper. What does not work does not fail the call: it shows in ward_annunciator_check.
 * Returns 0 and the annunciator in *ret, to be freed, or a negative errno with *ret unchanged.
 */
int ward_annunciator_new(struct ward_annunciator **ret, sd_event *event,
                         const struct ward_annunciator_options *options);

/* Darkens the LEDs, empties the text and ends the helper. */
struct ward_annunciator *ward_annunciator_free(struct ward_annunciator *annunciator);

/*
 * Shows what, at once, in place of what was shown before. Showing the same again does not restart its
 * pattern.
 */
struct ward_annunciation_shown ward_annunciator_show(struct ward_annunciator *annunciator,
                                                     const struct ward_annunciation *what);

/*
 * Sounds the answer after a measurement, unless an alarm is sounding. Returns whether it was given to the
 * helper.
 */
bool ward_annunciator_answer(struct ward_annunciator *annunciator, enum ward_annunciator_answer answer);

/*
 * Flashes every LED for so long, to tell this box from others. An alarm has the light for itself: while one shows nothing
 * happens, and when one comes it is shown at once. Returns whether it flashes.
 */
bool ward_annunciator_identify(struct ward_annunciator *annunciator, uint32_t seconds);

/* Whether light, sound and text work now; makes no light and no sound. */
struct ward_annunciator_health ward_annunciator_check(struct ward_annunciator *annunciator);

#endif
