/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chart as rows of bands. A band reaches up to a value and includes it; the last one has no end. Values are whole
 * numbers of the chart's precision: tenths for the temperature, ones for everything else.
 *
 * A value between two of them is rounded first; a half goes to the side that scores more.
 */
#include "core/news2.h"

#include "core/decimal.h"

#define WORST_POINTS        3
#define WORST_OXYGEN_POINTS 2
#define NO_END              INT64_MAX

struct band {
    int64_t up_to;
    uint8_t points;
};

static const struct band respiration_rate[] = {{8, 3}, {11, 1}, {20, 0}, {24, 2}, {NO_END, 3}};
static const struct band spo2_scale_1[] = {{91, 3}, {93, 2}, {95, 1}, {NO_END, 0}};
static const struct band spo2_scale_2_air[] = {{83, 3}, {85, 2}, {87, 1}, {NO_END, 0}};
static const struct band spo2_scale_2_oxygen[] = {{83, 3}, {85, 2}, {87, 1},    {92, 0},
                                                  {94, 1}, {96, 2}, {NO_END, 3}};
static const struct band oxygen[] = {{0, 0}, {NO_END, WORST_OXYGEN_POINTS}};
static const struct band systolic[] = {{90, 3}, {100, 2}, {110, 1}, {219, 0}, {NO_END, 3}};
static const struct band pulse[] = {{40, 3}, {50, 1}, {90, 0}, {110, 1}, {130, 2}, {NO_END, 3}};
static const struct band consciousness[] = {{0, 0}, {NO_END, 3}};
static const struct band temperature_tenths[] = {{350, 3}, {360, 1}, {380, 0}, {390, 1}, {NO_END, 2}};

static const struct {
    const struct band *bands; /* SpO2: see below */
    int places;               /* digits after the point in the chart */
    uint8_t worst;
    uint8_t quantity;
} chart[WARD_NEWS2_PARAMETERS] = {
    [WARD_NEWS2_RESPIRATION_RATE] = {respiration_rate, 0, WORST_POINTS, WARD_RESPIRATION_RATE},
    [WARD_NEWS2_SPO2] = {spo2_scale_1, 0, WORST_POINTS, WARD_SPO2},
    [WARD_NEWS2_OXYGEN] = {oxygen, 0, WORST_OXYGEN_POINTS, WARD_OXYGEN},
    [WARD_NEWS2_SYSTOLIC] = {systolic, 0, WORST_POINTS, WARD_BP_SYSTOLIC},
    [WARD_NEWS2_PULSE] = {pulse, 0, WORST_POINTS, WARD_PULSE_RATE},
    [WARD_NEWS2_CONSCIOUSNESS] = {consciousness, 0, WORST_POINTS, WARD_CONSCIOUSNESS},
    [WARD_NEWS2_TEMPERATURE] = {temperature_tenths, 1, WORST_POINTS, WARD_BODY_TEMPERATURE},
};

/* A place on the chart's scale: the whole number below the value, and how far beyond it the value lies. */
struct place {
    int64_t below;
    int beyond_half; /* -1: nearer to below; 0: half way; 1: nearer to the next one */
};

/* Far out of any band, so that no value of a patient is ever cut. */
#define PLACE_MAX INT64_C(1000000)

static struct place place_of(const struct ward_decimal *value, int places)
{
    const struct ward_decimal digits = ward_decimal_normalise(*value);
    int exponent = digits.exponent + places;
    int64_t whole = digits.mantissa, unit = 1, rest;

    for (; exponent > 0 && whole < PLACE_MAX && whole > -PLACE_MAX; exponent--) {
        whole *= 10;
    }
    for (; exponent < 0; exponent++) {
        if (unit > INT64_MAX / 10) { /* too small to be told from nothing */
            return (struct place){whole < 0 ? -1 : 0, whole < 0 ? 1 : -1};
        }
        unit *= 10;
    }
    rest = whole % unit;
    whole /= unit;
    if (rest < 0) {
        whole--;
        rest += unit;
    }
    return (struct place){whole, rest < unit - rest ? -1 : rest > unit - rest};
}

static uint8_t points_at(const struct band *bands, int64_t place)
{
    while (place > bands->up_to) {
        bands++;
    }
    return bands->points;
}

static uint8_t points_of(const struct band *bands, int places, const struct ward_decimal *value)
{
    struct place place;
    uint8_t below, above;

    if (value->special == WARD_NEGATIVE_INFINITY) {
        return bands->points;
    }
    if (value->special == WARD_POSITIVE_INFINITY) {
        return points_at(bands, NO_END);
    }
    place = place_of(value, places);
    below = points_at(bands, place.below);
    above = points_at(bands, place.below + 1);
    if (place.beyond_half != 0) {
        return place.beyond_half < 0 ? below : above;
    }
    return below > above ? below : above;
}

struct range {
    uint8_t low, high;
};

static struct range points_of_spo2(const struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS], uint8_t scale)
{
    const struct ward_decimal *value = &inputs[WARD_NEWS2_SPO2].value;
    const struct ward_news2_input *supply = &inputs[WARD_NEWS2_OXYGEN];
    uint8_t on_air = points_of(spo2_scale_2_air, 0, value);
    uint8_t on_oxygen = points_of(spo2_scale_2_oxygen, 0, value);
    uint8_t only = points_of(spo2_scale_1, 0, value);

    if (scale != 2) {
        return (struct range){only, only};
    }
    if (supply->presence != WARD_NEWS2_FRESH) {
        return (struct range){on_air, on_oxygen};
    }
    only = points_of(oxygen, 0, &supply->value) == 0 ? on_air : on_oxygen;
    return (struct range){only, only};
}

static struct range points_of_input(const struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS],
                                    enum ward_news2_parameter parameter, uint8_t scale)
{
    uint8_t points;

    if (parameter == WARD_NEWS2_SPO2) {
        return points_of_spo2(inputs, scale);
    }
    points = points_of(chart[parameter].bands, chart[parameter].places, &inputs[parameter].value);
    return (struct range){points, points};
}

struct ward_news2_score ward_news2_score(const struct ward_news2_input inputs[WARD_NEWS2_PARAMETERS],
                                         uint8_t scale)
{
    struct ward_news2_score score = {0};

    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        uint8_t bit = (uint8_t)(1u << i);
        struct range range;

        if (inputs[i].presence != WARD_NEWS2_FRESH || !ward_decimal_is_ordered(&inputs[i].value)) {
            score.maximum = (uint8_t)(score.maximum + chart[i].worst);
            score.stale |= inputs[i].presence == WARD_NEWS2_STALE ? bit : 0;
            score.missing |= inputs[i].presence == WARD_NEWS2_STALE ? 0 : bit;
            continue;
        }
        range = points_of_input(inputs, (enum ward_news2_parameter)i, scale);
        score.points[i] = range.low;
        score.minimum = (uint8_t)(score.minimum + range.low);
        score.maximum = (uint8_t)(score.maximum + range.high);
        score.three_in |= range.low == WORST_POINTS ? bit : 0;
    }
    score.complete = (score.missing | score.stale) == 0;
    return score;
}

uint8_t ward_news2_quantity(enum ward_news2_parameter parameter)
{
    return chart[parameter].quantity;
}
