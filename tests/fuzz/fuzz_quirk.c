/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of every model, with its quirks. An input is the model and the frame. A quirk never makes values out of a frame
 * that is too short, and leaves every other characteristic alone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/decode_quirk.h"
#include "core/model.h"
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);
    const struct ward_model *model;
    struct ward_decoded decoded, plain;
    uint8_t *copy;

    if (size < 1 || size > WARD_GATT_VALUE_MAX)
        return -1;
    model = &models[data[0] % model_count];
    copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    for (size_t i = 0; i < WARD_MODEL_MEASUREMENTS_MAX && model->measurements[i] != 0; i++) {
        ward_decode_as(model->quirks, model->measurements[i], copy, size - 1, &decoded);
        ward_decode(model->measurements[i], copy, size - 1, &plain);
        ward_validate(&decoded);
        check_json(&decoded);
        HOLDS(decoded.outcome == WARD_DECODE_OK || decoded.value_count == 0);
        HOLDS(decoded.outcome == plain.outcome || model->quirks != 0);
        HOLDS(plain.outcome == WARD_DECODE_OK || decoded.outcome != WARD_DECODE_OK);
    }
    free(copy);
    return 0;
}
