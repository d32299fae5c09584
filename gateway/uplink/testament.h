/* SPDX-License-Identifier: Apache-2.0 */
/* A message that the core has left with us, to be published when it cannot ask any more. */
#ifndef WARD_UPLINK_TESTAMENT_H
#define WARD_UPLINK_TESTAMENT_H

#include <stddef.h>
#include <stdint.h>

#include "ward/link.h"

struct ward_testament {
    struct ward_link_frame frame; /* points into octets */
    uint8_t *octets;              /* NULL: nothing left */
};

/* Keeps a copy of frame, of length octets, in place of the old one. Returns 0, or -ENOMEM with the old one
 * kept. */
int ward_testament_keep(struct ward_testament *testament, const struct ward_link_frame *frame, size_t length);

void ward_testament_forget(struct ward_testament *testament);

#endif
