/* SPDX-License-Identifier: Apache-2.0 */
#include "core/window.h"

#include <string.h>

#include "core/decimal.h"

static struct ward_window_value pack(struct ward_decimal value)
{
    value = ward_decimal_normalise(value);
    if (value.mantissa > INT32_MAX || value.mantissa < INT32_MIN) {
        value = ward_decimal_normalise(ward_decimal_round(value, 3));
    }
    if (value.mantissa > INT32_MAX || value.mantissa < INT32_MIN) {
        return (struct ward_window_value){0}; /* no value of a patient */
    }
    return (struct ward_window_value){(int32_t)value.mantissa, value.exponent, true};
}

static void shift(struct ward_window *window, uint64_t seconds)
{
    if (seconds >= WARD_WINDOW_S) {
        memset(window, 0, sizeof(*window));
        return;
    }
    memmove(&window->seconds[seconds], &window->seconds[0],
            (WARD_WINDOW_S - (size_t)seconds) * sizeof(window->seconds[0]));
    memset(&window->seconds[0], 0, (size_t)seconds * sizeof(window->seconds[0]));
}

static uint8_t span(const struct ward_window *window)
{
    uint8_t oldest = WARD_WINDOW_S - 1;

    while (oldest > 0 && !window->seconds[oldest].present) {
        oldest--;
    }
    return oldest;
}

void ward_window_add(struct ward_window *window, const struct ward_decimal *value, uint64_t now_us)
{
    uint64_t since_us = window->begun ? now_us - window->newest_us : 0;
    uint64_t seconds = since_us / WARD_WINDOW_SECOND_US;

    if (!ward_decimal_is_finite(value)) {
        return;
    }
    shift(window, seconds);
    if (!window->begun) {
        window->begun = true;
        window->newest_us = now_us;
    } else {
        window->newest_us += seconds * WARD_WINDOW_SECOND_US;
    }
    window->seconds[0] = pack(*value);
    window->span_s = span(window);
}

bool ward_window_median(const struct ward_window *window, struct ward_decimal *ret)
{
    struct ward_decimal values[WARD_WINDOW_S];
    size_t count = 0;

    for (size_t i = 0; i < WARD_WINDOW_S; i++) {
        if (window->seconds[i].present) {
            values[count++] = (struct ward_decimal){.mantissa = window->seconds[i].mantissa,
                                                    .exponent = window->seconds[i].exponent};
        }
    }
    return ward_median(values, count, ret);
}

static bool is_less(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 0;

    return ward_decimal_compare(a, b, &order) && order < 0;
}

bool ward_median(const struct ward_decimal *values, size_t count, struct ward_decimal *ret)
{
    const struct ward_decimal half = {.mantissa = 5, .exponent = -1};
    struct ward_decimal sorted[WARD_MEDIAN_VALUES_MAX], middle;

    if (count == 0 || count > WARD_MEDIAN_VALUES_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = i;

        if (!ward_decimal_is_finite(&values[i])) {
            return false;
        }
        for (; at > 0 && is_less(&values[i], &sorted[at - 1]); at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = values[i];
    }
    middle = sorted[count / 2];
    if (count % 2 == 0 && (!ward_decimal_add(&middle, &sorted[count / 2 - 1], &middle) ||
                           !ward_decimal_multiply(&middle, &half, &middle))) {
        return false;
    }
    *ret = ward_decimal_normalise(middle);
    return true;
}
