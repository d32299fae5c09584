/* SPDX-License-Identifier: Apache-2.0 */
/* The members of `extra` that a glucose meter fills. */
#include "core/decode_json_part.h"
#include "core/decode_names.h"

static void write_base_time(const struct ward_glucose_detail *detail, struct ward_json *json)
{
    ward_json_key(json, "base_time");
    if (detail->base_time.year == 0)
        ward_json_null(json);
    else
        ward_json_device_time(json, &detail->base_time);
    ward_json_key(json, "time_offset_min");
    if (detail->time_offset_is_known)
        ward_json_int(json, detail->time_offset_min);
    else
        ward_json_null(json);
}

void ward_decoded_write_glucose(const struct ward_glucose_detail *detail, struct ward_json *json)
{
    ward_decoded_write_number(json, "sequence_number", detail->sequence_number);
    if (detail->has_time_offset)
        write_base_time(detail, json);
    if (detail->has_sample) {
        ward_decoded_write_name(json, "sample_type", ward_glucose_sample_name(detail->sample_type));
        ward_decoded_write_name(json, "sample_location", ward_glucose_location_name(detail->sample_location));
    }
    ward_json_key(json, "context_follows");
    ward_json_bool(json, detail->context_follows);
}

static void write_exercise(const struct ward_glucose_context_detail *detail, struct ward_json *json)
{
    ward_json_key(json, "exercise_duration_s");
    if (detail->exercise_duration_s == WARD_EXERCISE_OVERRUN)
        ward_json_null(json);
    else
        ward_json_uint(json, detail->exercise_duration_s);
    ward_decoded_write_number(json, "exercise_intensity_percent", detail->exercise_intensity_percent);
}

void ward_decoded_write_glucose_context(const struct ward_glucose_context_detail *detail,
                                        struct ward_json *json)
{
    const bool in_litres = (detail->flags & WARD_CONTEXT_MEDICATION_IN_LITRES) != 0;

    ward_decoded_write_number(json, "sequence_number", detail->sequence_number);
    if ((detail->flags & WARD_CONTEXT_CARBOHYDRATE) != 0) {
        ward_decoded_write_name(json, "carbohydrate", ward_carbohydrate_name(detail->carbohydrate_id));
        ward_decoded_write_sent(json, "carbohydrate_kg", "carbohydrate_special", detail->carbohydrate_kg);
    }
    if ((detail->flags & WARD_CONTEXT_MEAL) != 0)
        ward_decoded_write_name(json, "meal", ward_meal_name(detail->meal));
    if ((detail->flags & WARD_CONTEXT_TESTER_HEALTH) != 0) {
        ward_decoded_write_name(json, "tester", ward_tester_name(detail->tester));
        ward_decoded_write_name(json, "health", ward_health_name(detail->health));
    }
    if ((detail->flags & WARD_CONTEXT_EXERCISE) != 0)
        write_exercise(detail, json);
    if ((detail->flags & WARD_CONTEXT_MEDICATION) != 0) {
        ward_decoded_write_name(json, "medication", ward_medication_name(detail->medication_id));
        ward_decoded_write_sent(json, in_litres ? "medication_L" : "medication_kg", "medication_special",
                                detail->medication);
    }
    if ((detail->flags & WARD_CONTEXT_HBA1C) != 0)
        ward_decoded_write_sent(json, "hba1c_percent", "hba1c_special", detail->hba1c_percent);
}
