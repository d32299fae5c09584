/* SPDX-License-Identifier: Apache-2.0 */
/* How well a device is heard, for people. */
#ifndef WARD_CTL_STRENGTH_H
#define WARD_CTL_STRENGTH_H

#include <jansson.h>

#include "ctl/document.h"

/* "▂▄▆  -60 dBm, good" of the rssi of a document; "-" where none is told. In ASCII "###-". */
struct ward_cell ward_strength(const json_t *found);

#endif
