/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WARD_CTL_ZONE_FILE_H
#define WARD_CTL_ZONE_FILE_H

#include <stdbool.h>

#include "core/zone.h"

/* The time zone of that name, from this machine's zoneinfo. Returns false, with ret unchanged, when it has none. */
bool ward_zone_file_read(const char *name, struct ward_zone *ret);

#endif
