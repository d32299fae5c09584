/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said about a glucose measurement in a frame of its own: its context, 2A34 (GLS 1.0.1 §3.2), notified after it
 * with the same sequence number. The measurement announces it by a flag.
 *
 *   the context                                    what becomes of it
 *   of a measurement that is held                  joined: one record has both. Of two with the same number, the newer
 *   of one that was settled already, or never came told by itself: stored, its octets whole, as context-without-measurement
 *   of one that was passed over                    passed over, too (exchange_measure.c)
 *   that cannot be decoded                         told by itself, as undecodable
 *   longer than a record has room for, or another  told by itself, as context-without-measurement
 *     one of the same measurement
 *
 * A measurement that announces one waits for WARD_LAST_KEPT_US, whatever else comes meanwhile: a stored record never
 * changes, so it cannot be added later. No alarm waits for it.
 */
#include <string.h>

#include "core/exchange_part.h"
#include "core/validate.h"

bool ward_exchange_awaits_context(const struct ward_exchange_held *held, uint64_t now_us)
{
    return held->awaits_context && now_us < held->received.boot_us + WARD_LAST_KEPT_US;
}

void ward_exchange_add_context(const struct ward_exchange_held *held, struct ward_decoded *decoded,
                               struct ward_exchange_measurement *measurement)
{
    if (held->context_length == 0)
        return;
    ward_decode(WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, held->context, held->context_length, decoded);
    measurement->context = decoded;
    measurement->context_octets = held->context;
    measurement->context_length = held->context_length;
}

static struct ward_exchange_held *measurement_of(struct ward_exchange *exchange, uint16_t record)
{
    for (size_t i = exchange->held_count; i-- > 0;) {
        struct ward_exchange_held *held = &exchange->held[i];

        if (held->code == WARD_CHAR_GLUCOSE_MEASUREMENT && held->record == record &&
            held->context_length == 0)
            return held;
    }
    return NULL;
}

/* It measures nothing and is of no known time: late, so that nothing takes it for news of the patient. */
static void tell_alone(const struct ward_decoded *decoded, const uint8_t *octets, size_t length,
                       const struct ward_exchange_context *context)
{
    ward_exchange_tell_measurement(context, &(struct ward_exchange_measurement){
                                                .is_settled = true,
                                                .late = true,
                                                .kind = WARD_READING_STORED,
                                                .code = WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT,
                                                .decoded = decoded,
                                                .octets = octets,
                                                .length = length,
                                                .received = context->now,
                                                .measured = ward_device_clock_no_moment(),
                                            });
}

/* Its number stands where it always does, whatever else is wrong with it. */
static bool is_passed_over(const struct ward_exchange *exchange, const uint8_t *octets, size_t length)
{
    const struct ward_racp *racp = &exchange->racp;

    return ward_racp_begins_anew(racp) ||
           (length >= 3 && ward_racp_has_passed(racp, (uint16_t)(octets[1] | octets[2] << 8)));
}

void ward_exchange_take_context(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                                const struct ward_exchange_context *context)
{
    struct ward_exchange_held *held = NULL;
    struct ward_decoded decoded;

    ward_decode(WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, octets, length, &decoded);
    ward_validate(&decoded);
    if (decoded.outcome == WARD_DECODE_OK && length <= WARD_READING_CONTEXT_MAX)
        held = measurement_of(exchange, decoded.detail.glucose_context.sequence_number);
    if (held != NULL) {
        memcpy(held->context, octets, length);
        held->context_length = (uint16_t)length;
        held->awaits_context = false;
        return;
    }
    if (is_passed_over(exchange, octets, length))
        return;
    if (decoded.outcome == WARD_DECODE_OK) {
        decoded.quality = WARD_INVALID;
        decoded.reasons = WARD_REASON_CONTEXT_ALONE;
        ward_exchange_tell_fault(
            context, "context-without-measurement",
            "What came to be said about a measurement belongs to none that waits for it.", 0);
    }
    tell_alone(&decoded, octets, length, context);
}
