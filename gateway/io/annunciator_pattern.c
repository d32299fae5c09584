/* SPDX-License-Identifier: Apache-2.0 */
#include "io/annunciator_pattern.h"

#include <math.h>
#include <string.h>

#define PULSE_MS 150
#define RISE_MS  15

/* A player takes what it is given in pieces: silence behind a pattern gets its last piece played. */
#define CLOSING_SILENCE_MS 300

#define SAMPLES(ms) ((size_t)(ms)*WARD_SAMPLE_RATE / 1000)

enum pitch { LOW_PITCH, MIDDLE_PITCH, HIGH_PITCH };

static const double fundamental_hz[WARD_PULSE_PITCHES] = {
    [LOW_PITCH] = 392.0,
    [MIDDLE_PITCH] = 523.3,
    [HIGH_PITCH] = 784.0,
};

/* Of the fundamental and its harmonics; their sum keeps a pulse below full scale. */
static const double amplitudes[] = {9000.0, 7000.0, 5500.0, 4500.0, 3500.0};

/* A pulse and the silence after it. */
struct step {
    uint8_t pitch; /* enum pitch */
    uint16_t gap_ms;
};

/* 3-2, twice: the gaps of table 3 for high priority (x, x, 2x + pulse, x, then 0.35 to 1.3 s). */
static const struct step high_steps[] = {
    {MIDDLE_PITCH, 75}, {MIDDLE_PITCH, 75}, {MIDDLE_PITCH, 300}, {MIDDLE_PITCH, 75}, {MIDDLE_PITCH, 500},
    {MIDDLE_PITCH, 75}, {MIDDLE_PITCH, 75}, {MIDDLE_PITCH, 300}, {MIDDLE_PITCH, 75}, {MIDDLE_PITCH, 0},
};
static const struct step medium_steps[] = {{MIDDLE_PITCH, 200}, {MIDDLE_PITCH, 200}, {MIDDLE_PITCH, 0}};
static const struct step low_steps[] = {{MIDDLE_PITCH, 200}, {MIDDLE_PITCH, 0}};
static const struct step undelivered_steps[] = {{LOW_PITCH, 200}, {HIGH_PITCH, 200}, {LOW_PITCH, 0}};
static const struct step received_steps[] = {{MIDDLE_PITCH, 20}, {HIGH_PITCH, 0}};
static const struct step repeat_steps[] = {{HIGH_PITCH, 20}, {LOW_PITCH, 0}};

#define STEPS(array) array, sizeof(array) / sizeof((array)[0])

static const struct {
    const struct step *steps;
    size_t count;
} patterns[WARD_PATTERN_COUNT] = {
    [WARD_PATTERN_LOW] = {STEPS(low_steps)},
    [WARD_PATTERN_MEDIUM] = {STEPS(medium_steps)},
    [WARD_PATTERN_HIGH] = {STEPS(high_steps)},
    [WARD_PATTERN_UNDELIVERED] = {STEPS(undelivered_steps)},
    [WARD_PATTERN_RECEIVED] = {STEPS(received_steps)},
    [WARD_PATTERN_REPEAT] = {STEPS(repeat_steps)},
};

/* 0 to 1: rises at the beginning and falls at the end, in a straight line. */
static double envelope(size_t sample)
{
    size_t left = SAMPLES(PULSE_MS) - 1 - sample;
    size_t nearer = sample < left ? sample : left;
    size_t rise = SAMPLES(RISE_MS);

    return nearer < rise ? (double)nearer / (double)rise : 1.0;
}

void ward_pulses_init(struct ward_pulses *ret)
{
    for (size_t pitch = 0; pitch < WARD_PULSE_PITCHES; pitch++) {
        for (size_t i = 0; i < SAMPLES(PULSE_MS); i++) {
            double phase = 2.0 * M_PI * fundamental_hz[pitch] * (double)i / WARD_SAMPLE_RATE;
            double sum = 0.0;

            for (size_t n = 0; n < sizeof(amplitudes) / sizeof(amplitudes[0]); n++)
                sum += amplitudes[n] * sin(phase * (double)(n + 1));
            ret->samples[pitch][i] = (int16_t)(sum * envelope(i));
        }
    }
}

static size_t put_silence(int16_t *at, unsigned ms)
{
    memset(at, 0, SAMPLES(ms) * sizeof(*at));
    return SAMPLES(ms);
}

size_t ward_pattern_render(enum ward_pattern pattern, const struct ward_pulses *pulses,
                           int16_t ret[WARD_PATTERN_SAMPLES_MAX])
{
    size_t length = 0;

    for (size_t i = 0; i < patterns[pattern].count; i++) {
        const struct step *step = &patterns[pattern].steps[i];

        memcpy(ret + length, pulses->samples[step->pitch], sizeof(pulses->samples[0]));
        length += SAMPLES(PULSE_MS);
        length += put_silence(ret + length, step->gap_ms);
    }
    return length + put_silence(ret + length, CLOSING_SILENCE_MS);
}
