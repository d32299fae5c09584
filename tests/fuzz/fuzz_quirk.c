/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of every model, with its quirks, and with each quirk by itself. An input is the model and the frame. A quirk
 * never makes values out of a frame that is too short, and leaves every other characteristic alone.
 */
#include <stdlib.h>
#include <string.h>

#include "core/decode_quirk.h"
#include "core/model.h"
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t quirks_of_frames[] = {WARD_QUIRK_BIG_ENDIAN_TAIL, WARD_QUIRK_UNFLAGGED_USER,
                                            WARD_QUIRK_MONTH_13, WARD_QUIRK_FFFF_IS_NO_VALUE};

static void check_quirks(uint32_t quirks, uint16_t characteristic, const uint8_t *frame, size_t length)
{
    struct ward_decoded decoded, plain;

    ward_decode_as(quirks, characteristic, frame, length, &decoded);
    ward_decode(characteristic, frame, length, &plain);
    ward_validate(&decoded);
    check_json(&decoded);
    HOLDS(decoded.outcome == WARD_DECODE_OK || decoded.value_count == 0);
    HOLDS(decoded.outcome == plain.outcome || quirks != 0);
    HOLDS(plain.outcome == WARD_DECODE_OK || decoded.outcome != WARD_DECODE_OK);
}

static void check_others(const uint8_t *frame, size_t length)
{
    struct ward_decoded decoded, plain;

    ward_decode_as(UINT32_MAX, WARD_CHAR_WEIGHT_MEASUREMENT, frame, length, &decoded);
    ward_decode(WARD_CHAR_WEIGHT_MEASUREMENT, frame, length, &plain);
    HOLDS(decoded.outcome == plain.outcome && decoded.value_count == plain.value_count);
    for (unsigned i = 0; i < plain.value_count; i++)
        HOLDS(is_same(&decoded.values[i], &plain.values[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);
    const struct ward_model *model;
    uint8_t *copy;

    if (size < 1 || size > WARD_GATT_VALUE_MAX)
        return -1;
    model = &models[data[0] % model_count];
    copy = malloc(size);
    memcpy(copy, data + 1, size - 1);
    for (size_t i = 0; i < WARD_MODEL_MEASUREMENTS_MAX && model->measurements[i] != 0; i++) {
        check_quirks(model->quirks, model->measurements[i], copy, size - 1);
        for (size_t j = 0; j < sizeof(quirks_of_frames) / sizeof(quirks_of_frames[0]); j++)
            check_quirks(quirks_of_frames[j], model->measurements[i], copy, size - 1);
    }
    check_others(copy, size - 1);
    free(copy);
    return 0;
}
