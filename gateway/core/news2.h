/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NEWS2, the National Early Warning Score of the Royal College of Physicians (2017), exactly to its chart.
 *
 * Pure: seven inputs in, points out. Which value counts, and for how long, is the caller's (core/alarm_vitals.c). A score
 * is often partial: then minimum is what the fresh inputs give, and maximum what it would be if every other one scored
 * its worst. Whoever acts on a score acts on minimum; a partial score never says that a patient is well.
 */
#ifndef WARD_CORE_NEWS2_H
#define WARD_CORE_NEWS2_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/quantity.h"

/* In the order of the chart. */
enum ward_news2_parameter {
    WARD_NEWS2_RESPIRATION_RATE,
    WARD_NEWS2_SPO2,
    WARD_NEWS2_OXYGEN, /* 0 air, 1 oxygen (core/quantity.h) */
    WARD_NEWS2_SYSTOLIC,
    WARD_NEWS2_PULSE,
    WARD_NEWS2_CONSCIOUSNESS, /* 0 alert; every other code scores */
    WARD_NEWS2_TEMPERATURE,
    WARD_NEWS2_PARAMETERS,
};

enum ward_news2_presence {
    WARD_NEWS2_MISSING, /* never given */
    WARD_NEWS2_STALE,   /* given, but too old to count */
    WARD_NEWS2_FRESH,
};

struct ward_news2_input {
    uint8_t presence; /* enum ward_news2_presence */
    struct ward_decimal
        value; /* in the unit of its quantity; counts only when fresh. An infinity is a finding */
};

/* Sets are 1 << enum ward_news2_parameter. */
struct ward_news2_score {
    uint8_t minimum, maximum;              /* equal when complete */
    uint8_t points[WARD_NEWS2_PARAMETERS]; /* of the fresh inputs, as they are in minimum; 0 for the others */
    uint8_t three_in;                      /* parameters that have 3 points in minimum */
    uint8_t missing, stale;
    bool complete; /* all seven are fresh */
};

/*
 * scale is the SpO2 scale, 1 or 2. On scale 2 an SpO2 of 93 or more has points only on oxygen: while that is not known
 * it has none in minimum and its on-oxygen points in maximum. A fresh input that is not ordered counts as missing.
 */
struct ward_news2_score ward_news2_score(const struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS],
                                         uint8_t scale);

/* A score and where it comes from, by enum ward_news2_parameter. */
struct ward_news2_report {
    struct ward_news2_score score;
    struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS];
    uint64_t age_ms[WARD_NEWS2_PARAMETERS];     /* of inputs that are not missing */
    const char *sources[WARD_NEWS2_PARAMETERS]; /* static: "oximeter", "cuff", "strap", "entry", "plan" */
};

/* The quantity whose name the parameter has in messages ("bp_systolic", "pulse_rate"). */
uint8_t ward_news2_quantity(enum ward_news2_parameter parameter);

#endif
