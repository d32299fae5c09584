/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t characteristics[] = {
        WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT, WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE,
        WARD_CHAR_BLOOD_PRESSURE_FEATURE, WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT,
        WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE};

    return check_frame(data, size, characteristics, sizeof(characteristics) / sizeof(characteristics[0]));
}
