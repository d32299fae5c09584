/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t characteristics[] = {WARD_CHAR_RECORD_ACCESS_CONTROL_POINT};

    return check_frame(data, size, characteristics, sizeof(characteristics) / sizeof(characteristics[0]));
}
