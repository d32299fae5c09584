/* SPDX-License-Identifier: Apache-2.0 */
#include "core/model.h"

#include <string.h>

#include "ward/gatt.h"
#include "ward/quantity.h"

#define BIT(quantity) (UINT32_C(1) << (quantity))

static const struct ward_model models[] = {
    {"oximeter",
     "pulse oximeter",
     WARD_SERVICE_PULSE_OXIMETER,
     {WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT, WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT},
     BIT(WARD_SPO2) | BIT(WARD_PULSE_RATE)},
    {"heart-rate-strap",
     "heart-rate strap",
     WARD_SERVICE_HEART_RATE,
     {WARD_CHAR_HEART_RATE_MEASUREMENT, 0},
     BIT(WARD_HEART_RATE)},
    {"blood-pressure-cuff",
     "blood-pressure cuff",
     WARD_SERVICE_BLOOD_PRESSURE,
     {WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, 0},
     BIT(WARD_BP_SYSTOLIC) | BIT(WARD_BP_DIASTOLIC) | BIT(WARD_BP_MEAN) | BIT(WARD_PULSE_RATE_CUFF) |
         BIT(WARD_PULSE_RATE)},
    {"thermometer",
     "thermometer",
     WARD_SERVICE_HEALTH_THERMOMETER,
     {WARD_CHAR_TEMPERATURE_MEASUREMENT, 0},
     BIT(WARD_BODY_TEMPERATURE)},
    {"glucose-meter",
     "glucose meter",
     WARD_SERVICE_GLUCOSE,
     {WARD_CHAR_GLUCOSE_MEASUREMENT, 0},
     BIT(WARD_GLUCOSE)},
    {"weight-scale",
     "weight scale",
     WARD_SERVICE_WEIGHT_SCALE,
     {WARD_CHAR_WEIGHT_MEASUREMENT, 0},
     BIT(WARD_BODY_MASS) | BIT(WARD_BMI) | BIT(WARD_BODY_HEIGHT)},
};

#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

_Static_assert(2 * MODEL_COUNT <= WARD_MODEL_UUIDS_MAX, "every measurement of every model fits");

const struct ward_model *ward_models(size_t *ret_count)
{
    *ret_count = MODEL_COUNT;
    return models;
}

const struct ward_model *ward_model_by_characteristic(uint16_t characteristic)
{
    for (size_t i = 0; i < MODEL_COUNT && characteristic != 0; i++)
        if (models[i].measurements[0] == characteristic || models[i].measurements[1] == characteristic)
            return &models[i];
    return NULL;
}

const struct ward_model *ward_model_by_id(const char *id)
{
    for (size_t i = 0; i < MODEL_COUNT; i++)
        if (strcmp(models[i].id, id) == 0)
            return &models[i];
    return NULL;
}

static size_t add_once(uint16_t number, uint16_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return count;
    numbers[count] = number;
    return count + 1;
}

size_t ward_model_services(uint16_t ret[WARD_MODEL_UUIDS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < MODEL_COUNT; i++)
        count = add_once(models[i].service, ret, count);
    return count;
}

size_t ward_model_measurements(uint16_t ret[WARD_MODEL_UUIDS_MAX])
{
    size_t count = 0;

    for (size_t i = 0; i < MODEL_COUNT; i++)
        for (size_t j = 0; j < 2; j++)
            if (models[i].measurements[j] != 0)
                count = add_once(models[i].measurements[j], ret, count);
    return count;
}
