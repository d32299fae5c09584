/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly. An input is: which driver, into how many octets notifications are cut, and the octets. */
#include "vendor_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count;
    const struct ward_vendor_driver *const *drivers = ward_vendor_drivers(&count);

    if (size < 2 || data[0] >= count || data[1] == 0)
        return -1;
    check_streams(drivers[data[0]], data + 2, size - 2, data[1]);
    return 0;
}
