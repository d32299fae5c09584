/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quantity in FHIR's terms. Its codes and its unit are those of the one table (core/quantity.h); only what has
 * neither an MDC nor a LOINC code is named by a code system of our own.
 */
#include "core/fhir_part.h"
#include "core/quantity.h"
#include "ward/gatt.h"

/* Supplemental types of IEEE 11073-10404: how an oximeter averages. */
#define MODALITY_FAST 150580
#define MODALITY_SLOW 150584
#define MODALITY_SPOT 150588

const char *ward_fhir_vital_sign(uint8_t quantity)
{
    static const char *const profiles[WARD_QUANTITY_COUNT] = {
        [WARD_SPO2] = "oxygensat",
        [WARD_SPO2_FAST] = "oxygensat",
        [WARD_SPO2_SLOW] = "oxygensat",
        [WARD_PULSE_RATE] = "heartrate",
        [WARD_PULSE_RATE_FAST] = "heartrate",
        [WARD_PULSE_RATE_SLOW] = "heartrate",
        [WARD_PULSE_RATE_CUFF] = "heartrate",
        [WARD_HEART_RATE] = "heartrate",
        [WARD_BP_SYSTOLIC] = "bp",
        [WARD_BP_DIASTOLIC] = "bp",
        [WARD_BP_MEAN] = "bp",
        [WARD_BODY_TEMPERATURE] = "bodytemp",
        [WARD_BODY_MASS] = "bodyweight",
        [WARD_RESPIRATION_RATE] = "resprate",
        [WARD_BODY_HEIGHT] = "bodyheight",
        [WARD_BMI] = "bmi",
    };

    return quantity < WARD_QUANTITY_COUNT ? profiles[quantity] : NULL;
}

uint32_t ward_fhir_modality(const struct ward_reading *reading, uint8_t quantity)
{
    const bool oximetry = quantity == WARD_SPO2 || quantity == WARD_PULSE_RATE;

    if (quantity == WARD_SPO2_FAST || quantity == WARD_PULSE_RATE_FAST)
        return MODALITY_FAST;
    if (quantity == WARD_SPO2_SLOW || quantity == WARD_PULSE_RATE_SLOW)
        return MODALITY_SLOW;
    return oximetry && (reading->characteristic == WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT ||
                        reading->derived_first > 0)
               ? MODALITY_SPOT
               : 0;
}

void ward_fhir_code(struct ward_json *json, uint8_t quantity)
{
    const struct ward_quantity_info *info = ward_quantity_info(quantity);
    const size_t loinc_max = sizeof(info->loinc) / sizeof(info->loinc[0]);

    ward_json_key(json, "code");
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    if (info->mdc > 0)
        ward_fhir_mdc(json, info->mdc);
    for (size_t i = 0; i < loinc_max && info->loinc[i]; i++)
        ward_fhir_coding(json, WARD_FHIR_LOINC, info->loinc[i]);
    if (info->mdc == 0 && !info->loinc[0])
        ward_fhir_coding(json, WARD_FHIR_OWN "CodeSystem/quantity", info->name);
    ward_json_array_end(json);
    ward_json_member(json, "text", info->label);
    ward_json_object_end(json);
}

void ward_fhir_amount(struct ward_json *json, const char *member, struct ward_decimal number,
                      uint8_t quantity)
{
    const char *unit = ward_quantity_info(quantity)->unit;

    ward_json_key(json, member);
    ward_json_object(json);
    ward_json_key(json, "value");
    ward_json_decimal(json, number);
    ward_json_member(json, "unit", unit[0] ? unit : "1");
    ward_json_member(json, "system", WARD_FHIR_UCUM);
    ward_json_member(json, "code", unit[0] ? unit : "1");
    ward_json_object_end(json);
}
