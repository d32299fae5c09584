/* SPDX-License-Identifier: Apache-2.0 */
#include "core/validate.h"

#include "core/decimal.h"
#include "core/quantity.h"
#include "core/status.h"

/* Quality only ever gets worse while the frame is looked at. */
static void lower(struct ward_decoded *decoded, uint8_t quality, uint32_t reason)
{
    if (quality > decoded->quality)
        decoded->quality = quality;
    decoded->reasons |= reason;
}

/* What the measurement is made for; other values of the frame are extras, and normally absent. */
static bool is_primary(const struct ward_value *value)
{
    switch (value->quantity) {
    case WARD_SPO2:
    case WARD_PULSE_RATE:
    case WARD_HEART_RATE:
    case WARD_BP_SYSTOLIC:
    case WARD_BP_DIASTOLIC:
    case WARD_CUFF_PRESSURE:
    case WARD_BODY_TEMPERATURE:
    case WARD_BODY_MASS:
    case WARD_GLUCOSE_CONTROL:
    case WARD_BATTERY: return true;
    }
    return ward_quantity_judged_as(value->quantity) == WARD_GLUCOSE;
}

/* PLXS 1.0.1: "ongoing" says that the value may still move; a stream always does, and validated data do not. */
static bool is_settled(const struct ward_decoded *decoded)
{
    return decoded->kind == WARD_READING_CONTINUOUS ||
           (decoded->statuses & (WARD_STATUS_BIT(WARD_STATUS_VALIDATED_DATA) |
                                 WARD_STATUS_BIT(WARD_STATUS_FULLY_QUALIFIED_DATA))) != 0;
}

static void validate_statuses(struct ward_decoded *decoded)
{
    for (unsigned i = 0; i < WARD_STATUS_COUNT; i++) {
        const struct ward_status_info *info = ward_status_info((enum ward_status)i);

        if ((decoded->statuses & WARD_STATUS_BIT(i)) == 0)
            continue;
        if (i == WARD_STATUS_MEASUREMENT_ONGOING && is_settled(decoded))
            continue;
        lower(decoded, info->quality, info->reason);
    }
}

/* A generic sensor measures what it is made for, be it a height alone. */
static bool all_are_primary(const struct ward_decoded *decoded)
{
    for (unsigned i = 0; i < decoded->value_count; i++)
        if (is_primary(&decoded->values[i]))
            return false;
    return decoded->characteristic == WARD_CHAR_LIVE_HEALTH_OBSERVATIONS;
}

static void validate_values(struct ward_decoded *decoded)
{
    const bool all_primary = all_are_primary(decoded);
    unsigned primaries = 0;
    unsigned absent = 0;

    for (unsigned i = 0; i < decoded->value_count; i++) {
        const struct ward_value *value = &decoded->values[i];
        const bool primary = all_primary || is_primary(value);

        primaries += primary;
        absent += primary && !ward_decimal_is_ordered(&value->number);
        if (value->quantity == WARD_GLUCOSE_CONTROL)
            lower(decoded, WARD_INVALID, WARD_REASON_NOT_CLINICAL);
        if (!ward_quantity_is_plausible(value))
            lower(decoded, primary ? WARD_INVALID : WARD_QUESTIONABLE, WARD_REASON_IMPLAUSIBLE);
    }
    if (absent > 0 || primaries == 0)
        lower(decoded, absent == primaries ? WARD_INVALID : WARD_QUESTIONABLE, WARD_REASON_NO_VALUE);
}

void ward_validate(struct ward_decoded *decoded)
{
    decoded->reasons = 0;
    if (decoded->outcome != WARD_DECODE_OK) {
        decoded->quality = WARD_INVALID;
        decoded->reasons = WARD_REASON_UNDECODABLE;
        return;
    }
    decoded->quality = WARD_VALID;
    if (!decoded->is_measurement)
        return;
    validate_statuses(decoded);
    if (decoded->has_contact && decoded->contact == WARD_CONTACT_LOST)
        lower(decoded, WARD_INVALID, WARD_REASON_NO_CONTACT);
    if (decoded->characteristic == WARD_CHAR_INTERMEDIATE_TEMPERATURE)
        lower(decoded, WARD_QUESTIONABLE, WARD_REASON_MEASUREMENT_ONGOING);
    validate_values(decoded);
}
