/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Glucose meters (GLS 1.0.1 §3). Glucose Measurement, 2A18:
 *
 *   flags, 8 bits
 *   sequence number, 16 bits
 *   base time, 7 octets
 *   time offset, signed 16 bits, minutes        bit 0; 0x7FFF and 0x8000: too far to tell
 *   concentration, SFLOAT                       bit 1; in mol/L with flag bit 2, else in kg/L
 *   sample type and location, a nibble each     bit 1; the type is the low one
 *   sensor status annunciation, 16 bits         bit 3
 *   (a context, 2A34, follows)                  bit 4
 *
 * Base time and offset together are what the meter shows its user. A meter says HI and LO as an infinity or as a bit of
 * its status: either is a finding. Control solution is a test of the meter, not of the patient.
 */
#include "core/decimal.h"
#include "core/decode_part.h"
#include "core/quantity.h"
#include "core/status.h"
#include "core/utc.h"

enum {
    FLAG_TIME_OFFSET = 1 << 0,
    FLAG_CONCENTRATION = 1 << 1,
    FLAG_MOLE_PER_LITRE = 1 << 2,
    FLAG_STATUS = 1 << 3,
    FLAG_CONTEXT = 1 << 4,
    LOCATION_CONTROL_SOLUTION = 4,
    STATUS_MASK = 0x0FFF,
};

static enum ward_quantity quantity_of(uint8_t sample_type, uint8_t sample_location)
{
    static const enum ward_quantity quantities[16] = {
        [1] = WARD_GLUCOSE,
        [2] = WARD_GLUCOSE_CAPILLARY_PLASMA,
        [3] = WARD_GLUCOSE_VENOUS_BLOOD,
        [4] = WARD_GLUCOSE_VENOUS_PLASMA,
        [5] = WARD_GLUCOSE_ARTERIAL_BLOOD,
        [6] = WARD_GLUCOSE_ARTERIAL_PLASMA,
        [7] = WARD_GLUCOSE_UNDETERMINED_BLOOD,
        [8] = WARD_GLUCOSE_UNDETERMINED_PLASMA,
        [9] = WARD_GLUCOSE_INTERSTITIAL,
        [10] = WARD_GLUCOSE_CONTROL,
    };

    if (sample_location == LOCATION_CONTROL_SOLUTION)
        return WARD_GLUCOSE_CONTROL;
    if (quantities[sample_type] == WARD_QUANTITY_NONE)
        return WARD_GLUCOSE_UNDETERMINED_BLOOD;
    return quantities[sample_type];
}

/* A stamp that is not known or is no date stays as it is: nothing can be counted from it. */
static void read_time_offset(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    struct ward_glucose_detail *detail = &decoded->detail.glucose;

    detail->has_time_offset = true;
    detail->time_offset_min = (int16_t)ward_cursor_u16(cursor, "time offset");
    detail->time_offset_is_known =
        detail->time_offset_min != INT16_MAX && detail->time_offset_min != INT16_MIN;
    if (decoded->device_time.year == 0)
        return;
    if (!detail->time_offset_is_known ||
        !ward_device_time_add_minutes(&decoded->device_time, detail->time_offset_min))
        decoded->device_time.year = 0;
}

static void read_concentration(struct ward_cursor *cursor, uint8_t flags, struct ward_decoded *decoded)
{
    struct ward_glucose_detail *detail = &decoded->detail.glucose;
    const enum ward_unit unit =
        (flags & FLAG_MOLE_PER_LITRE) != 0 ? WARD_UNIT_MOLE_PER_LITRE : WARD_UNIT_GLUCOSE_KG_PER_LITRE;
    struct ward_decimal concentration = ward_cursor_sfloat(cursor, "glucose concentration");
    const uint8_t sample = ward_cursor_u8(cursor, "sample type and location");

    /* Four digits times the factor always fit. */
    (void)ward_decimal_convert(&concentration, unit, &concentration);
    detail->has_sample = true;
    detail->sample_type = sample & 0xF;
    detail->sample_location = sample >> 4;
    ward_decoded_add(decoded, quantity_of(detail->sample_type, detail->sample_location), concentration);
}

/* What a meter could not process has no number; one that stands there nevertheless counts if it may be a patient's. */
static void note_out_of_range(struct ward_decoded *decoded)
{
    const bool high = (decoded->statuses & WARD_STATUS_BIT(WARD_STATUS_RESULT_TOO_HIGH)) != 0;
    const bool low = (decoded->statuses & WARD_STATUS_BIT(WARD_STATUS_RESULT_TOO_LOW)) != 0;
    const struct ward_decimal finding = {.special = high ? WARD_POSITIVE_INFINITY : WARD_NEGATIVE_INFINITY};

    if (high == low)
        return;
    if (decoded->value_count == 0)
        ward_decoded_add(decoded, WARD_GLUCOSE_UNDETERMINED_BLOOD, finding);
    else if (!ward_decimal_is_ordered(&decoded->values[0].number) ||
             !ward_quantity_is_plausible(&decoded->values[0]))
        decoded->values[0].number = finding;
}

void ward_decode_glucose(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    const uint8_t flags = ward_cursor_u8(cursor, "flags");
    struct ward_glucose_detail *detail = &decoded->detail.glucose;

    decoded->has_status = true;
    detail->sequence_number = ward_cursor_u16(cursor, "sequence number");
    ward_decoded_read_time(cursor, decoded);
    detail->base_time = decoded->device_time;
    if ((flags & FLAG_TIME_OFFSET) != 0)
        read_time_offset(cursor, decoded);
    if ((flags & FLAG_CONCENTRATION) != 0)
        read_concentration(cursor, flags, decoded);
    if ((flags & FLAG_STATUS) != 0)
        decoded->statuses = (uint64_t)(ward_cursor_u16(cursor, "sensor status annunciation") & STATUS_MASK)
                            << WARD_STATUS_DEVICE_BATTERY_LOW;
    detail->context_follows = (flags & FLAG_CONTEXT) != 0;
    note_out_of_range(decoded);
}

/* Glucose Measurement Context, 2A34 (§3.2): what was eaten, done and taken around a measurement. In this order. */
void ward_decode_glucose_context(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    struct ward_glucose_context_detail *detail = &decoded->detail.glucose_context;
    uint8_t tester_and_health;

    detail->flags = ward_cursor_u8(cursor, "flags");
    detail->sequence_number = ward_cursor_u16(cursor, "sequence number");
    if ((detail->flags & WARD_CONTEXT_EXTENDED_FLAGS) != 0)
        (void)ward_cursor_u8(cursor, "extended flags"); /* all of them are reserved */
    if ((detail->flags & WARD_CONTEXT_CARBOHYDRATE) != 0) {
        detail->carbohydrate_id = ward_cursor_u8(cursor, "carbohydrate id");
        detail->carbohydrate_kg = ward_cursor_sfloat(cursor, "carbohydrate");
    }
    if ((detail->flags & WARD_CONTEXT_MEAL) != 0)
        detail->meal = ward_cursor_u8(cursor, "meal");
    if ((detail->flags & WARD_CONTEXT_TESTER_HEALTH) != 0) {
        tester_and_health = ward_cursor_u8(cursor, "tester and health");
        detail->tester = tester_and_health & 0xF;
        detail->health = tester_and_health >> 4;
    }
    if ((detail->flags & WARD_CONTEXT_EXERCISE) != 0) {
        detail->exercise_duration_s = ward_cursor_u16(cursor, "exercise duration");
        detail->exercise_intensity_percent = ward_cursor_u8(cursor, "exercise intensity");
    }
    if ((detail->flags & WARD_CONTEXT_MEDICATION) != 0) {
        detail->medication_id = ward_cursor_u8(cursor, "medication id");
        detail->medication = ward_cursor_sfloat(cursor, "medication");
    }
    if ((detail->flags & WARD_CONTEXT_HBA1C) != 0)
        detail->hba1c_percent = ward_cursor_sfloat(cursor, "HbA1c");
}

/* Glucose Feature, 2A51 (§3.3): 16 bits; their names are in decode_names.c. */
void ward_decode_glucose_feature(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    decoded->features = ward_cursor_u16(cursor, "glucose feature");
}
