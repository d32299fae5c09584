/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/zone_file.h"

#include <stdio.h>
#include <stdlib.h>

bool ward_zone_file_read(const char *name, struct ward_zone *ret)
{
    char path[256];
    uint8_t *octets = malloc(WARD_ZONE_FILE_MAX);
    FILE *file = NULL;
    bool good = false;

    if (octets != NULL && snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name) < (int)sizeof(path))
        file = fopen(path, "re");
    if (file != NULL) {
        good = ward_zone_parse(octets, fread(octets, 1, WARD_ZONE_FILE_MAX, file), ret);
        (void)fclose(file);
    }
    free(octets);
    return good;
}
