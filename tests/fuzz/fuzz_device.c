/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { NO_DECODER = 0x2A99 };
    static const uint16_t characteristics[] = {WARD_CHAR_BATTERY_LEVEL,
                                               WARD_CHAR_BATTERY_LEVEL_STATUS,
                                               WARD_CHAR_BODY_SENSOR_LOCATION,
                                               WARD_CHAR_SYSTEM_ID,
                                               WARD_CHAR_MODEL_NUMBER,
                                               WARD_CHAR_SERIAL_NUMBER,
                                               WARD_CHAR_FIRMWARE_REVISION,
                                               WARD_CHAR_HARDWARE_REVISION,
                                               WARD_CHAR_SOFTWARE_REVISION,
                                               WARD_CHAR_MANUFACTURER_NAME,
                                               WARD_CHAR_REGULATORY_CERTIFICATION,
                                               WARD_CHAR_PNP_ID,
                                               NO_DECODER};

    return check_frame(data, size, characteristics, sizeof(characteristics) / sizeof(characteristics[0]));
}
