/* SPDX-License-Identifier: Apache-2.0 */
/* A frame that is taken must be written again octet for octet; nothing else may happen to any octets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ward/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ward_link_frame frame;
    uint8_t *again;

    if (!ward_link_decode(data, size, &frame))
        return 0;
    again = malloc(size);
    if (!again)
        abort();
    if (ward_link_encode(&frame, again, size) != size || memcmp(again, data, size) != 0)
        abort();
    free(again);
    return 0;
}
