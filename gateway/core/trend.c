/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trend.h"

#include <string.h>

#include "core/decimal.h"

static bool is_less(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 0;

    return ward_decimal_compare(a, b, &order) && order < 0;
}

static void widen(struct ward_trend_piece *piece, const struct ward_decimal *value, uint64_t now_us)
{
    piece->last_us = now_us;
    if (is_less(value, &piece->low)) {
        piece->low = *value;
    }
    if (is_less(&piece->high, value)) {
        piece->high = *value;
    }
}

void ward_trend_add(struct ward_trend *trend, uint64_t span_us, const struct ward_decimal *value,
                    uint64_t now_us)
{
    struct ward_trend_piece *newest = trend->count > 0 ? &trend->pieces[trend->count - 1] : NULL;

    if (!ward_decimal_is_finite(value)) {
        return;
    }
    if (newest != NULL && now_us - newest->first_us < span_us / WARD_TREND_PARTS) {
        widen(newest, value, now_us);
        return;
    }
    if (trend->count == WARD_TREND_PIECES) {
        trend->count--;
        memmove(&trend->pieces[0], &trend->pieces[1], trend->count * sizeof(trend->pieces[0]));
    }
    trend->pieces[trend->count++] =
        (struct ward_trend_piece){.first_us = now_us, .last_us = now_us, .low = *value, .high = *value};
}

static bool counts(const struct ward_trend_piece *piece, uint64_t span_us, uint64_t now_us)
{
    return now_us - piece->last_us <= span_us + span_us / WARD_TREND_PARTS;
}

bool ward_trend_lowest(const struct ward_trend *trend, uint64_t span_us, uint64_t now_us,
                       struct ward_decimal *ret)
{
    bool found = false;

    for (size_t i = 0; i < trend->count; i++) {
        if (counts(&trend->pieces[i], span_us, now_us) && (!found || is_less(&trend->pieces[i].low, ret))) {
            *ret = trend->pieces[i].low;
            found = true;
        }
    }
    return found;
}

bool ward_trend_highest(const struct ward_trend *trend, uint64_t span_us, uint64_t now_us,
                        struct ward_decimal *ret)
{
    bool found = false;

    for (size_t i = 0; i < trend->count; i++) {
        if (counts(&trend->pieces[i], span_us, now_us) && (!found || is_less(ret, &trend->pieces[i].high))) {
            *ret = trend->pieces[i].high;
            found = true;
        }
    }
    return found;
}

void ward_trend_forget_newest(struct ward_trend *trend, const struct ward_decimal *value)
{
    const struct ward_trend_piece *newest = trend->count > 0 ? &trend->pieces[trend->count - 1] : NULL;

    if (newest != NULL && !(is_less(&newest->low, value) && is_less(value, &newest->high))) {
        trend->count--; /* it is an extreme, or all there is */
    }
}
