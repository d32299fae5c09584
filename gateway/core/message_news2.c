/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NEWS2 in a message. There is no member that says how ill the patient is: a partial score has none, and a complete one
 * is a number that the ward's clinicians know.
 */
#include "core/message.h"
#include "core/quantity.h"

static const char *name_of(unsigned parameter)
{
    return ward_quantity_info(ward_news2_quantity((enum ward_news2_parameter)parameter))->name;
}

static void write_set(struct ward_json *json, const char *name, uint8_t set)
{
    ward_json_key(json, name);
    ward_json_array(json);
    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        if ((set & (1u << i)) != 0) {
            ward_json_string(json, name_of(i));
        }
    }
    ward_json_array_end(json);
}

static void write_input(struct ward_json *json, const struct ward_news2_report *report, unsigned parameter)
{
    const struct ward_value value = {.number = report->inputs[parameter].value,
                                     .quantity = ward_news2_quantity((enum ward_news2_parameter)parameter)};

    ward_json_object(json);
    ward_json_member(json, "parameter", name_of(parameter));
    ward_json_key(json, "value");
    if (ward_quantity_code(&value) != NULL) {
        ward_json_string(json, ward_quantity_code(&value));
    } else {
        ward_json_decimal(json, value.number);
    }
    if (value.number.special != WARD_FINITE) {
        ward_json_member(json, "special", ward_special_name(value.number.special));
    }
    ward_json_key(json, "points");
    ward_json_uint(json, report->score.points[parameter]);
    ward_json_key(json, "age_s");
    ward_json_uint(json, report->age_ms[parameter] / 1000);
    ward_json_member(json, "source", report->sources[parameter]);
    ward_json_object_end(json);
}

void ward_news2_write_json(const struct ward_news2_report *report, struct ward_json *json)
{
    const struct ward_news2_score *score = &report->score;

    ward_json_object(json);
    ward_json_key(json, "complete");
    ward_json_bool(json, score->complete);
    ward_json_key(json, "minimum");
    ward_json_uint(json, score->minimum);
    ward_json_key(json, "maximum");
    ward_json_uint(json, score->maximum);
    write_set(json, "three_in", score->three_in);
    write_set(json, "missing", score->missing);
    write_set(json, "stale", score->stale);
    ward_json_key(json, "inputs");
    ward_json_array(json);
    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        if (((score->missing | score->stale) & (1u << i)) == 0) {
            write_input(json, report, i);
        }
    }
    ward_json_array_end(json);
    ward_json_object_end(json);
}
