/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clinical.h"

#include <stddef.h>

#define TENTHS(n)                                                                                            \
    {                                                                                                        \
        .mantissa = (n), .exponent = -1                                                                      \
    }

static const struct ward_clinical_priority priorities[] = {
    [WARD_PRIORITY_LOW] = {.on_delay_ms = 60 * 1000,
                           .off_delay_ms = 60 * 1000,
                           .times = {4 * WARD_HOUR_MS, 12 * WARD_HOUR_MS, 24 * WARD_HOUR_MS},
                           .times_min = {WARD_MINUTE_MS, WARD_MINUTE_MS, WARD_MINUTE_MS},
                           .times_max = {4 * WARD_HOUR_MS, 12 * WARD_HOUR_MS, 24 * WARD_HOUR_MS}},
    [WARD_PRIORITY_MEDIUM] = {.on_delay_ms = 30 * 1000,
                              .off_delay_ms = 60 * 1000,
                              .times = {30 * WARD_MINUTE_MS, 60 * WARD_MINUTE_MS, 8 * WARD_HOUR_MS},
                              .times_min = {WARD_MINUTE_MS, WARD_MINUTE_MS, WARD_MINUTE_MS},
                              .times_max = {30 * WARD_MINUTE_MS, 12 * WARD_HOUR_MS, 8 * WARD_HOUR_MS}},
    [WARD_PRIORITY_HIGH] = {.on_delay_ms = 15 * 1000,
                            .off_delay_ms = 60 * 1000,
                            .times = {5 * WARD_MINUTE_MS, 0, 4 * WARD_HOUR_MS},
                            .times_min = {WARD_MINUTE_MS, 0, WARD_MINUTE_MS},
                            .times_max = {5 * WARD_MINUTE_MS, 0, 4 * WARD_HOUR_MS}},
};

/* Quantities without a figure in the literature take a tenth or so of their clinical span. */
static const struct ward_clinical_quantity quantities[WARD_CLINICAL_QUANTITIES] = {
    {WARD_SPO2, TENTHS(20), TENTHS(10), TENTHS(20), TENTHS(10)},
    {WARD_SPO2_FAST, TENTHS(20), TENTHS(10), TENTHS(20), TENTHS(10)},
    {WARD_SPO2_SLOW, TENTHS(20), TENTHS(10), TENTHS(20), TENTHS(10)},
    {WARD_PULSE_RATE, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_PULSE_RATE_FAST, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_PULSE_RATE_SLOW, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_HEART_RATE, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_BP_SYSTOLIC, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_BP_DIASTOLIC, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_BP_MEAN, TENTHS(150), TENTHS(50), TENTHS(100), TENTHS(50)},
    {WARD_BODY_TEMPERATURE, TENTHS(5), TENTHS(2), TENTHS(2), TENTHS(1)},
    {WARD_BODY_MASS, TENTHS(10), TENTHS(5), TENTHS(5), TENTHS(2)},
    {WARD_GLUCOSE, TENTHS(10), TENTHS(5), TENTHS(5), TENTHS(2)},
    {WARD_PULSE_AMPLITUDE_INDEX, TENTHS(2), TENTHS(1), TENTHS(5), TENTHS(2)},
    {WARD_RESPIRATION_RATE, TENTHS(30), TENTHS(10), TENTHS(20), TENTHS(10)},
    {WARD_OXYGEN_FLOW, TENTHS(10), TENTHS(5), TENTHS(10), TENTHS(5)},
};

const struct ward_clinical_priority *ward_clinical_priority(uint8_t priority)
{
    return &priorities[priority >= WARD_PRIORITY_LOW && priority <= WARD_PRIORITY_HIGH ? priority
                                                                                       : WARD_PRIORITY_HIGH];
}

uint8_t ward_clinical_battery(uint8_t percent, uint8_t before)
{
    const uint8_t low =
        WARD_BATTERY_LOW_PERCENT + (before >= WARD_PRIORITY_LOW ? WARD_BATTERY_RECOVERED_BY : 0);
    const uint8_t empty =
        WARD_BATTERY_EMPTY_PERCENT + (before >= WARD_PRIORITY_MEDIUM ? WARD_BATTERY_RECOVERED_BY : 0);

    if (percent < empty) {
        return WARD_PRIORITY_MEDIUM;
    }
    return percent < low ? WARD_PRIORITY_LOW : WARD_PRIORITY_NONE;
}

const struct ward_clinical_quantity *ward_clinical_quantity(uint8_t quantity)
{
    for (size_t i = 0; i < WARD_CLINICAL_QUANTITIES; i++) {
        if (quantities[i].quantity == quantity) {
            return &quantities[i];
        }
    }
    return NULL;
}
