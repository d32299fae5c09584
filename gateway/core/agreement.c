/* SPDX-License-Identifier: Apache-2.0 */
#include "core/agreement.h"

#include <string.h>

#include "core/clinical.h"
#include "core/decimal.h"

/* The pulse of a reading; NULL: it has none that counts. */
static const struct ward_decimal *rate_of(const struct ward_reading *reading)
{
    if (reading->quality == WARD_INVALID || reading->late || reading->kind == WARD_READING_STORED)
        return NULL;
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct ward_value *value = &reading->values[i];
        const bool is_rate = value->quantity == WARD_PULSE_RATE || value->quantity == WARD_PULSE_RATE_CUFF ||
                             value->quantity == WARD_HEART_RATE;

        if (is_rate && ward_decimal_is_finite(&value->number))
            return &value->number;
    }
    return NULL;
}

static bool is_less(const struct ward_decimal *a, const struct ward_decimal *b)
{
    int order = 0;

    return ward_decimal_compare(a, b, &order) && order < 0;
}

static bool differ(const struct ward_decimal *a, const struct ward_decimal *b)
{
    const struct ward_decimal apart = {.mantissa = WARD_DISAGREEMENT_RATE};
    const bool a_is_low = is_less(a, b);
    struct ward_decimal bound;

    return ward_decimal_add(a_is_low ? a : b, &apart, &bound) && is_less(&bound, a_is_low ? b : a);
}

/* The place of the device: its own, a fresh one, or that of the one that was silent longest. */
static size_t place_of(const struct ward_agreement *agreement, const struct ward_id *device)
{
    size_t oldest = 0;

    for (size_t i = 0; i < agreement->count; i++) {
        if (strcmp(agreement->list[i].device.text, device->text) == 0)
            return i;
        if (agreement->list[i].at_us < agreement->list[oldest].at_us)
            oldest = i;
    }
    return agreement->count < WARD_AGREEMENT_DEVICES_MAX ? agreement->count : oldest;
}

void ward_agreement_take(struct ward_agreement *agreement, struct ward_reading *reading, uint64_t now_us)
{
    const struct ward_decimal *rate = rate_of(reading);
    const size_t place = place_of(agreement, &reading->device);

    if (!rate)
        return;
    for (size_t i = 0; i < agreement->count; i++) {
        if (i == place || now_us - agreement->list[i].at_us > WARD_DISAGREEMENT_US ||
            !differ(rate, &agreement->list[i].rate))
            continue;
        reading->reasons |= WARD_REASON_DISAGREEMENT;
        if (reading->quality == WARD_VALID)
            reading->quality = WARD_QUESTIONABLE;
    }
    agreement->list[place].device = reading->device;
    agreement->list[place].rate = *rate;
    agreement->list[place].at_us = now_us;
    if (place == agreement->count)
        agreement->count++;
}
