/* SPDX-License-Identifier: Apache-2.0 */
/* What a stranger needs: --help, and a script for each profile that is played when none is given. */
#ifndef WEARABLE_BLUEZ_GUIDE_H
#define WEARABLE_BLUEZ_GUIDE_H

#include <stdio.h>

#include "wearable/core/profile.h"

void ward_guide_print_help(FILE *file);

/* The script of a profile, static. */
const char *ward_guide_script(const struct ward_wearable_profile *profile);

#endif
