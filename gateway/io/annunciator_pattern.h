/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sounds of the annunciator, as samples: 8000 Hz, mono, S16.
 *
 * A pulse has its fundamental in 150–1000 Hz and four harmonics within 15 dB of it, rises and falls within
 * a tenth of its length (IEC 60601-1-8 §6.3.3.1, tables 3 and 4), so that it can be heard by old ears and
 * be located.
 */
#ifndef WARD_IO_ANNUNCIATOR_PATTERN_H
#define WARD_IO_ANNUNCIATOR_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define WARD_SAMPLE_RATE 8000

enum ward_pattern {
    WARD_PATTERN_LOW,
    WARD_PATTERN_MEDIUM,
    WARD_PATTERN_HIGH,
    WARD_PATTERN_UNDELIVERED,
    WARD_PATTERN_RECEIVED,
    WARD_PATTERN_REPEAT,
    WARD_PATTERN_COUNT,
};

/* The longest pattern with its closing silence, in samples. */
#define WARD_PATTERN_SAMPLES_MAX (4 * WARD_SAMPLE_RATE)

#define WARD_PULSE_PITCHES 3

/* One pulse of each pitch, rendered once; patterns are put together from them by copying. */
struct ward_pulses {
    int16_t samples[WARD_PULSE_PITCHES][WARD_SAMPLE_RATE * 150 / 1000];
};

void ward_pulses_init(struct ward_pulses *ret);

/*
 * Writes the pattern and a closing silence into ret. Returns the samples written, at most the maximum
 * above.
 */
size_t ward_pattern_render(enum ward_pattern pattern, const struct ward_pulses *pulses,
                           int16_t ret[WARD_PATTERN_SAMPLES_MAX]);

#endif
