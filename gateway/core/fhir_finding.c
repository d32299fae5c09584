/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How good a value is, and what the plan says to it, in the guide's terms (PhdBaseObservation, Measurement Status):
 *
 *   the reading     the value               valueQuantity    dataAbsentReason         interpretation
 *   valid           a number                as sent                                   in-alarm, where beyond a limit
 *   questionable    a number                as sent                                   questionable; in-alarm likewise
 *   invalid         a number                                 error, or the reason's
 *   any             NaN                                      not-a-number
 *   any             NRes, reserved                           error
 *   any             +INF, -INF                               positive-, negative-     as for a number: it is a finding,
 *                                                            infinity                 unless the reading is invalid
 *
 * What the device says of its measurement goes before what the number says. An invalid number is never shown as one.
 */
#include "core/careplan.h"
#include "core/decimal.h"
#include "core/fhir_part.h"
#include "core/quantity.h"
#include "core/reading.h"

#define MEASUREMENT_STATUS "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
#define INTERPRETATION     "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"

/* --- the value ------------------------------------------------------------------------------------------------ */

const char *ward_fhir_absent(const struct ward_reading *reading)
{
    if (reading->reasons & WARD_REASON_MEASUREMENT_ONGOING)
        return "temp-unknown";
    if (reading->reasons & WARD_REASON_NO_CONTACT)
        return "not-performed";
    return "error";
}

static const char *absent_special(const struct ward_reading *reading, uint8_t special)
{
    const uint32_t said =
        WARD_REASON_MEASUREMENT_ONGOING | WARD_REASON_SENSOR_FAULT | WARD_REASON_INVALIDATED_BY_DEVICE;

    if (reading->reasons & said)
        return ward_fhir_absent(reading);
    switch ((enum ward_special)special) {
    case WARD_NAN: return "not-a-number";
    case WARD_POSITIVE_INFINITY: return "positive-infinity";
    case WARD_NEGATIVE_INFINITY: return "negative-infinity";
    case WARD_NRES:
    case WARD_RESERVED:
    case WARD_FINITE: break;
    }
    return "error";
}

void ward_fhir_absent_reason(struct ward_json *json, const char *code)
{
    ward_fhir_concept(json, "dataAbsentReason", "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                      code, NULL);
}

/* A coded quantity has a code system of its own, named like it. */
static void write_coded(struct ward_json *json, const struct ward_value *value)
{
    ward_json_key(json, "valueCodeableConcept");
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    ward_json_object(json);
    ward_json_key(json, "system");
    ward_json_string_begin(json);
    ward_fhir_part(json, WARD_FHIR_OWN "CodeSystem/");
    ward_fhir_part(json, ward_quantity_info(value->quantity)->name);
    ward_json_string_end(json);
    ward_json_member(json, "code", ward_quantity_code(value));
    ward_json_object_end(json);
    ward_json_array_end(json);
    ward_json_object_end(json);
}

void ward_fhir_value(struct ward_json *json, const struct ward_reading *reading,
                     const struct ward_value *value)
{
    if (value->number.special != WARD_FINITE)
        ward_fhir_absent_reason(json, absent_special(reading, value->number.special));
    else if (reading->quality == WARD_INVALID)
        ward_fhir_absent_reason(json, ward_fhir_absent(reading));
    else if (ward_quantity_code(value))
        write_coded(json, value);
    else
        ward_fhir_amount(json, "valueQuantity", value->number, value->quantity);
}

/* --- the plan ------------------------------------------------------------------------------------------------- */

static bool is_beyond(const struct ward_plan_rule *rule, const struct ward_value *value)
{
    int order;

    return rule && ward_decimal_compare(&value->number, &rule->limit, &order) &&
           (rule->side == WARD_SIDE_BELOW ? order < 0 : order > 0);
}

/* HL7's code for where the value lies, NULL within all limits. */
static const char *finding(const struct ward_value *value, const struct ward_care_plan *plan)
{
    static const struct {
        uint8_t side, level;
        const char *code;
    } findings[] = {{WARD_SIDE_BELOW, WARD_LEVEL_RED, "LL"},
                    {WARD_SIDE_ABOVE, WARD_LEVEL_RED, "HH"},
                    {WARD_SIDE_BELOW, WARD_LEVEL_AMBER, "L"},
                    {WARD_SIDE_ABOVE, WARD_LEVEL_AMBER, "H"}};
    const uint8_t quantity = value ? ward_quantity_judged_as(value->quantity) : WARD_QUANTITY_NONE;

    for (size_t i = 0; plan && quantity != WARD_QUANTITY_NONE && i < sizeof(findings) / sizeof(findings[0]);
         i++)
        if (is_beyond(ward_care_plan_rule(plan, quantity, findings[i].side, findings[i].level), value))
            return findings[i].code;
    return NULL;
}

void ward_fhir_interpretation(struct ward_json *json, bool questionable, const struct ward_value *value,
                              const struct ward_care_plan *plan)
{
    const char *code = finding(value, plan);

    if (!questionable && !code)
        return;
    ward_json_key(json, "interpretation");
    ward_json_array(json);
    if (questionable)
        ward_fhir_concept(json, NULL, MEASUREMENT_STATUS, "questionable", NULL);
    if (code) {
        ward_json_object(json);
        ward_json_key(json, "coding");
        ward_json_array(json);
        ward_fhir_coding(json, MEASUREMENT_STATUS, "in-alarm");
        ward_fhir_coding(json, INTERPRETATION, code);
        ward_json_array_end(json);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_range(struct ward_json *json, uint8_t quantity, const struct ward_care_plan *plan,
                        enum ward_plan_level level)
{
    const uint8_t judged = ward_quantity_judged_as(quantity);
    const struct ward_plan_rule *low = ward_care_plan_rule(plan, judged, WARD_SIDE_BELOW, level);
    const struct ward_plan_rule *high = ward_care_plan_rule(plan, judged, WARD_SIDE_ABOVE, level);

    if (!low && !high)
        return;
    ward_json_object(json);
    if (low)
        ward_fhir_amount(json, "low", low->limit, quantity);
    if (high)
        ward_fhir_amount(json, "high", high->limit, quantity);
    ward_fhir_concept(json, "type", "http://terminology.hl7.org/CodeSystem/referencerange-meaning",
                      "treatment", NULL);
    ward_json_key(json, "text");
    ward_json_string_begin(json);
    ward_fhir_part(json, level == WARD_LEVEL_RED ? "Red limits of " : "Amber limits of ");
    ward_fhir_part(json, plan->id.text);
    ward_fhir_part(json, " version ");
    ward_fhir_part_number(json, plan->version);
    ward_json_string_end(json);
    ward_json_object_end(json);
}

static bool has_limit(uint8_t quantity, const struct ward_care_plan *plan)
{
    const uint8_t judged = ward_quantity_judged_as(quantity);

    return ward_care_plan_rule(plan, judged, WARD_SIDE_BELOW, WARD_LEVEL_AMBER) ||
           ward_care_plan_rule(plan, judged, WARD_SIDE_ABOVE, WARD_LEVEL_AMBER) ||
           ward_care_plan_rule(plan, judged, WARD_SIDE_BELOW, WARD_LEVEL_RED) ||
           ward_care_plan_rule(plan, judged, WARD_SIDE_ABOVE, WARD_LEVEL_RED);
}

void ward_fhir_ranges(struct ward_json *json, uint8_t quantity, const struct ward_care_plan *plan)
{
    if (!plan || ward_quantity_judged_as(quantity) == WARD_QUANTITY_NONE || !has_limit(quantity, plan))
        return;
    ward_json_key(json, "referenceRange");
    ward_json_array(json);
    write_range(json, quantity, plan, WARD_LEVEL_AMBER);
    write_range(json, quantity, plan, WARD_LEVEL_RED);
    ward_json_array_end(json);
}
