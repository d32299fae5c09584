/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/testament.h"

#include <errno.h>
#include <stdlib.h>

int ward_testament_keep(struct ward_testament *testament, const struct ward_link_frame *frame, size_t length)
{
    uint8_t *octets = malloc(length);
    struct ward_link_frame kept;

    if (!octets || ward_link_encode(frame, octets, length) != length ||
        !ward_link_decode(octets, length, &kept)) {
        free(octets);
        return -ENOMEM;
    }
    free(testament->octets);
    *testament = (struct ward_testament){.frame = kept, .octets = octets};
    return 0;
}

void ward_testament_forget(struct ward_testament *testament)
{
    free(testament->octets);
    *testament = (struct ward_testament){0};
}
