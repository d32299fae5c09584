/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trend.h"

#include <string.h>

#include "core/decimal.h"

static bool is_less(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 0;

    return ward_decimal_compare(a, b, &order) && order < 0;
}

static const struct ward_decimal none = {.special = WARD_NAN};

static bool is_there(const struct ward_decimal *value)
{
    return value->special == WARD_FINITE;
}

/* One of the two on a side. low: the lower one stands first. */
static void place(struct ward_decimal kept[2], struct ward_source from[2], const struct ward_decimal *value,
                  const struct ward_source *source, bool low)
{
    const bool first = !is_there(&kept[0]) || (low ? is_less(value, &kept[0]) : is_less(&kept[0], value));
    const bool second = !is_there(&kept[1]) || (low ? is_less(value, &kept[1]) : is_less(&kept[1], value));

    if (first) {
        kept[1] = kept[0];
        from[1] = from[0];
        kept[0] = *value;
        from[0] = *source;
    } else if (second) {
        kept[1] = *value;
        from[1] = *source;
    }
}

static void widen(struct ward_trend_piece *piece, const struct ward_decimal *value,
                  const struct ward_source *from, uint64_t now_us)
{
    piece->last_us = now_us;
    place(piece->low, piece->low_from, value, from, true);
    place(piece->high, piece->high_from, value, from, false);
}

void ward_trend_add(struct ward_trend *trend, uint64_t span_us, const struct ward_decimal *value,
                    const struct ward_source *from, uint64_t now_us)
{
    static const struct ward_source unknown = {0};
    struct ward_trend_piece *newest = trend->count > 0 ? &trend->pieces[trend->count - 1] : NULL;

    if (!is_there(value)) {
        return;
    }
    if (newest != NULL && (int64_t)(now_us - newest->last_us) < 0) {
        now_us = newest->last_us;
    }
    if (newest == NULL || now_us - newest->first_us >= span_us / WARD_TREND_PARTS) {
        if (trend->count == WARD_TREND_PIECES) {
            trend->count--;
            memmove(&trend->pieces[0], &trend->pieces[1], trend->count * sizeof(trend->pieces[0]));
        }
        newest = &trend->pieces[trend->count++];
        *newest = (struct ward_trend_piece){.first_us = now_us, .low = {none, none}, .high = {none, none}};
    }
    widen(newest, value, from != NULL ? from : &unknown, now_us);
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
        if (counts(&trend->pieces[i], span_us, now_us) &&
            (!found || is_less(&trend->pieces[i].low[0], ret))) {
            *ret = trend->pieces[i].low[0];
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
        if (counts(&trend->pieces[i], span_us, now_us) &&
            (!found || is_less(ret, &trend->pieces[i].high[0]))) {
            *ret = trend->pieces[i].high[0];
            found = true;
        }
    }
    return found;
}

static bool forget(struct ward_decimal kept[2], struct ward_source from[2], uint64_t seq)
{
    for (int i = 0; i < 2; i++) {
        if (is_there(&kept[i]) && from[i].seq == seq) {
            kept[i] = i == 0 ? kept[1] : none;
            from[i] = from[1];
            kept[1] = none;
            return true;
        }
    }
    return false;
}

/* What stands between the extremes is not known: when one side is used up, the other has to do for both. */
static bool fill(struct ward_trend_piece *piece)
{
    if (!is_there(&piece->low[0])) {
        const int highest = is_there(&piece->high[1]) ? 1 : 0;

        piece->low[0] = piece->high[highest];
        piece->low_from[0] = piece->high_from[highest];
    }
    if (!is_there(&piece->high[0])) {
        const int lowest = is_there(&piece->low[1]) ? 1 : 0;

        piece->high[0] = piece->low[lowest];
        piece->high_from[0] = piece->low_from[lowest];
    }
    return is_there(&piece->low[0]);
}

bool ward_trend_forget(struct ward_trend *trend, uint64_t seq)
{
    bool found = false;
    uint8_t kept = 0;

    for (uint8_t i = 0; i < trend->count; i++) {
        struct ward_trend_piece *piece = &trend->pieces[i];
        bool low = forget(piece->low, piece->low_from, seq);
        bool high = forget(piece->high, piece->high_from, seq);

        found |= low || high;
        if ((!low && !high) || fill(piece)) {
            trend->pieces[kept++] = *piece;
        }
    }
    trend->count = kept;
    return found;
}

void ward_trend_give_seq(struct ward_trend *trend, uint64_t mono_us, uint64_t seq)
{
    for (uint8_t i = 0; i < trend->count; i++) {
        struct ward_trend_piece *piece = &trend->pieces[i];
        struct ward_source *sources[] = {&piece->low_from[0], &piece->low_from[1], &piece->high_from[0],
                                         &piece->high_from[1]};

        for (int j = 0; j < 4; j++) {
            if (sources[j]->seq == 0 && sources[j]->mono_us == mono_us) {
                sources[j]->seq = seq;
            }
        }
    }
}

void ward_trend_drop_seqs(struct ward_trend *trend)
{
    for (uint8_t i = 0; i < trend->count; i++) {
        for (int j = 0; j < 2; j++) {
            trend->pieces[i].low_from[j].seq = trend->pieces[i].high_from[j].seq = 0;
        }
    }
}
