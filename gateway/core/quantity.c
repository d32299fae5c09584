/* SPDX-License-Identifier: Apache-2.0 */
#include "core/quantity.h"

#include <string.h>

#include "core/decimal.h"

#define BETWEEN(low_mantissa, low_exponent, high_mantissa)                                                   \
    .bounded = true, .low = {.mantissa = (low_mantissa), .exponent = (low_exponent)},                        \
    .high = {.mantissa = (high_mantissa)}

/* Fast, slow and spot-check oximetry carry the same codes: they differ in the modality, which the name tells. */
#define SPO2        .unit = "%", .mdc = 150456, .loinc = {"2708-6", "59408-5"}, BETWEEN(30, 0, 100)
#define PULSE(code) .unit = "/min", .mdc = (code), .loinc = {"8867-4"}, BETWEEN(15, 0, 300)

/* Glucose by what it was measured in: one name, one unit, a code for each. */
#define GLUCOSE(code)        .name = "glucose", .unit = "mmol/L", .mdc = (code), BETWEEN(3, -1, 60)
#define BLOOD_GLUCOSE(code)  GLUCOSE(code), .loinc = {"15074-8"}
#define PLASMA_GLUCOSE(code) GLUCOSE(code), .loinc = {"14749-6"}

static const struct ward_quantity_info rows[WARD_QUANTITY_COUNT] = {
    [WARD_QUANTITY_NONE] = {.name = "", .label = "", .unit = ""},
    [WARD_SPO2] = {.name = "spo2", .label = "SpO2", SPO2},
    [WARD_SPO2_FAST] = {.name = "spo2_fast", .label = "SpO2 (fast)", SPO2},
    [WARD_SPO2_SLOW] = {.name = "spo2_slow", .label = "SpO2 (slow)", SPO2},
    [WARD_PULSE_RATE] = {.name = "pulse_rate", .label = "Pulse", PULSE(149530)},
    [WARD_PULSE_RATE_FAST] = {.name = "pulse_rate_fast", .label = "Pulse (fast)", PULSE(149530)},
    [WARD_PULSE_RATE_SLOW] = {.name = "pulse_rate_slow", .label = "Pulse (slow)", PULSE(149530)},
    [WARD_PULSE_RATE_CUFF] = {.name = "pulse_rate", .label = "Pulse (cuff)", PULSE(149546)},
    [WARD_HEART_RATE] = {.name = "heart_rate", .label = "Heart rate", PULSE(147842)},
    [WARD_BP_SYSTOLIC] = {.name = "bp_systolic",
                          .label = "Systolic",
                          .unit = "mm[Hg]",
                          .mdc = 150021,
                          .loinc = {"8480-6"},
                          BETWEEN(40, 0, 300)},
    [WARD_BP_DIASTOLIC] = {.name = "bp_diastolic",
                           .label = "Diastolic",
                           .unit = "mm[Hg]",
                           .mdc = 150022,
                           .loinc = {"8462-4"},
                           BETWEEN(20, 0, 250)},
    [WARD_BP_MEAN] = {.name = "bp_mean",
                      .label = "Mean pressure",
                      .unit = "mm[Hg]",
                      .mdc = 150023,
                      .loinc = {"8478-0"},
                      BETWEEN(25, 0, 275)},
    [WARD_BODY_TEMPERATURE] = {.name = "body_temperature",
                               .label = "Temperature",
                               .unit = "Cel",
                               .mdc = 150364,
                               .loinc = {"8310-5"},
                               BETWEEN(25, 0, 45)},
    [WARD_BODY_MASS] = {.name = "body_mass",
                        .label = "Weight",
                        .unit = "kg",
                        .mdc = 188736,
                        .loinc = {"29463-7"},
                        BETWEEN(1, 0, 500)},
    [WARD_GLUCOSE] = {.label = "Glucose", BLOOD_GLUCOSE(160184)},
    [WARD_PULSE_AMPLITUDE_INDEX] = {.name = "pulse_amplitude_index",
                                    .label = "Pulse amplitude",
                                    .unit = "%",
                                    .mdc = 150488,
                                    .loinc = {"61006-3"},
                                    BETWEEN(0, 0, 100)},
    [WARD_RESPIRATION_RATE] = {.name = "respiration_rate",
                               .label = "Respiration",
                               .unit = "/min",
                               .mdc = 151562,
                               .loinc = {"9279-1"},
                               BETWEEN(1, 0, 100)},
    [WARD_OXYGEN] = {.name = "oxygen", .label = "Oxygen", .unit = ""},
    [WARD_OXYGEN_FLOW] = {.name = "oxygen_flow",
                          .label = "Oxygen flow",
                          .unit = "L/min",
                          .loinc = {"3151-8"},
                          BETWEEN(0, 0, 100)},
    [WARD_CONSCIOUSNESS] = {.name = "consciousness", .label = "Consciousness", .unit = ""},
    [WARD_BATTERY] = {.name = "battery", .label = "Battery", .unit = "%", .mdc = 67996, BETWEEN(0, 0, 100)},
    [WARD_CUFF_PRESSURE] = {.name = "cuff_pressure",
                            .label = "Cuff pressure",
                            .unit = "mm[Hg]",
                            BETWEEN(0, 0, 400)},
    [WARD_ENERGY] = {.name = "energy", .label = "Energy", .unit = "kJ"},
    [WARD_BODY_HEIGHT] = {.name = "body_height",
                          .label = "Height",
                          .unit = "cm",
                          .mdc = 188740,
                          .loinc = {"8302-2"},
                          BETWEEN(20, 0, 250)},
    [WARD_BMI] = {.name = "bmi",
                  .label = "BMI",
                  .unit = "kg/m2",
                  .mdc = 188752,
                  .loinc = {"39156-5"},
                  BETWEEN(5, 0, 150)},
    [WARD_MOVEMENT] = {.name = "movement", .label = "Movement", .unit = ""},
    [WARD_GLUCOSE_CAPILLARY_PLASMA] = {.label = "Glucose (capillary plasma)", PLASMA_GLUCOSE(160188)},
    [WARD_GLUCOSE_VENOUS_BLOOD] = {.label = "Glucose (venous blood)", BLOOD_GLUCOSE(160192)},
    [WARD_GLUCOSE_VENOUS_PLASMA] = {.label = "Glucose (venous plasma)", PLASMA_GLUCOSE(160196)},
    [WARD_GLUCOSE_ARTERIAL_BLOOD] = {.label = "Glucose (arterial blood)", BLOOD_GLUCOSE(160200)},
    [WARD_GLUCOSE_ARTERIAL_PLASMA] = {.label = "Glucose (arterial plasma)", PLASMA_GLUCOSE(160204)},
    [WARD_GLUCOSE_UNDETERMINED_BLOOD] = {.label = "Glucose (blood)", BLOOD_GLUCOSE(160364)},
    [WARD_GLUCOSE_UNDETERMINED_PLASMA] = {.label = "Glucose (plasma)", PLASMA_GLUCOSE(160368)},
    [WARD_GLUCOSE_INTERSTITIAL] = {.label = "Glucose (interstitial)", GLUCOSE(160212)},
    [WARD_GLUCOSE_CONTROL] = {.label = "Control solution", GLUCOSE(160208)},
    [WARD_CONCERN] = {.name = "concern", .label = "Concern", .unit = ""},
    [WARD_NEWS2] = {.name = "news2", .label = "NEWS2", .unit = ""},
};

const struct ward_quantity_info *ward_quantity_info(uint8_t quantity)
{
    return &rows[quantity < WARD_QUANTITY_COUNT ? quantity : WARD_QUANTITY_NONE];
}

enum ward_quantity ward_quantity_by_name(const char *name)
{
    for (unsigned i = WARD_QUANTITY_NONE + 1; i < WARD_QUANTITY_COUNT; i++)
        if (rows[i].name[0] == name[0] && strcmp(rows[i].name, name) == 0)
            return (enum ward_quantity)i;
    return WARD_QUANTITY_NONE;
}

enum ward_quantity ward_quantity_by_code(const char *name, uint32_t mdc)
{
    for (unsigned i = WARD_QUANTITY_NONE + 1; i < WARD_QUANTITY_COUNT && mdc != 0; i++)
        if (rows[i].mdc == mdc && strcmp(rows[i].name, name) == 0)
            return (enum ward_quantity)i;
    return ward_quantity_by_name(name);
}

enum ward_quantity ward_quantity_by_mdc(uint32_t mdc)
{
    /* Tympanum, rectum, mouth, ear, finger, toe, armpit, gastro-intestinal tract. */
    static const uint32_t temperatures[] = {150392, 188420, 188424, 188428, 188432, 188448, 188452, 188456};

    for (size_t i = 0; i < sizeof(temperatures) / sizeof(temperatures[0]); i++)
        if (temperatures[i] == mdc)
            return WARD_BODY_TEMPERATURE;
    for (unsigned i = WARD_QUANTITY_NONE + 1; i < WARD_QUANTITY_COUNT && mdc != 0; i++)
        if (rows[i].mdc == mdc)
            return (enum ward_quantity)i;
    return WARD_QUANTITY_NONE;
}

_Static_assert(WARD_GLUCOSE_CAPILLARY_PLASMA <= 32,
               "the quantities that limits apply to are a set of 32 bits");

uint8_t ward_quantity_judged_as(uint8_t quantity)
{
    if (quantity == WARD_PULSE_RATE_CUFF)
        return WARD_PULSE_RATE;
    if (quantity >= WARD_GLUCOSE_CONTROL)
        return WARD_QUANTITY_NONE;
    if (quantity >= WARD_GLUCOSE_CAPILLARY_PLASMA && quantity < WARD_GLUCOSE_CONTROL)
        return WARD_GLUCOSE;
    return quantity;
}

bool ward_quantity_is_plausible(const struct ward_value *value)
{
    const struct ward_quantity_info *info = ward_quantity_info(value->quantity);
    int against_low;
    int against_high;

    if (!info->bounded || !ward_decimal_is_finite(&value->number))
        return true;
    return ward_decimal_compare(&value->number, &info->low, &against_low) && against_low >= 0 &&
           ward_decimal_compare(&value->number, &info->high, &against_high) && against_high <= 0;
}

static const char *const oxygen_codes[] = {"air", "oxygen", NULL};
static const char *const consciousness_codes[] = {"alert", "new_confusion", "voice",
                                                  "pain",  "unresponsive",  NULL};
static const char *const concern_codes[] = {"nurse", "carer", "patient", NULL};

static const char *const *codes_of(uint8_t quantity)
{
    if (quantity == WARD_OXYGEN)
        return oxygen_codes;
    if (quantity == WARD_CONSCIOUSNESS)
        return consciousness_codes;
    return quantity == WARD_CONCERN ? concern_codes : NULL;
}

const char *ward_quantity_code(const struct ward_value *value)
{
    const char *const *codes = codes_of(value->quantity);
    const struct ward_decimal number = ward_decimal_normalise(value->number);

    if (codes == NULL || number.special != WARD_FINITE || number.exponent != 0 || number.mantissa < 0)
        return NULL;
    for (int64_t i = 0; codes[i] != NULL; i++)
        if (i == number.mantissa)
            return codes[i];
    return NULL;
}

bool ward_quantity_code_by_name(uint8_t quantity, const char *name, struct ward_decimal *ret)
{
    const char *const *codes = codes_of(quantity);

    for (int64_t i = 0; codes != NULL && codes[i] != NULL; i++) {
        if (strcmp(codes[i], name) == 0) {
            *ret = (struct ward_decimal){.mantissa = i};
            return true;
        }
    }
    return false;
}

const char *ward_special_name(uint8_t special)
{
    static const char *const names[] = {
        [WARD_NAN] = "nan",
        [WARD_NRES] = "nres",
        [WARD_RESERVED] = "reserved",
        [WARD_POSITIVE_INFINITY] = "+inf",
        [WARD_NEGATIVE_INFINITY] = "-inf",
    };

    return special < sizeof(names) / sizeof(names[0]) ? names[special] : NULL;
}
