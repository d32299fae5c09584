/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bluez_uuid.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ward/gatt.h"

/* Every character of text is as pattern says: 'x' a hex digit, anything else itself; and it ends there. */
static bool looks_like(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++) {
        if (*pattern == 'x' ? !isxdigit((unsigned char)*text) : *text != *pattern)
            return false;
    }
    return *text == '\0';
}

bool ward_bluez_uuid_normalise(const char *text, char ret[static WARD_BLUEZ_UUID_SIZE])
{
    if (looks_like(text, "xxxx"))
        snprintf(ret, WARD_BLUEZ_UUID_SIZE, "0000%s" WARD_GATT_BASE_UUID_TAIL, text);
    else if (looks_like(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"))
        memcpy(ret, text, WARD_BLUEZ_UUID_SIZE);
    else
        return false;
    for (char *at = ret; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return true;
}

uint16_t ward_bluez_uuid_short(const char *uuid)
{
    if (strlen(uuid) != WARD_BLUEZ_UUID_SIZE - 1 || strncmp(uuid, "0000", 4) != 0 ||
        strcmp(uuid + 8, WARD_GATT_BASE_UUID_TAIL) != 0)
        return 0;
    return (uint16_t)strtoul(uuid + 4, NULL, 16); /* stops at the dash */
}

bool ward_bluez_address_normalise(const char *text, char ret[static WARD_BLUEZ_ADDRESS_SIZE])
{
    if (!text || !looks_like(text, "xx:xx:xx:xx:xx:xx"))
        return false;
    for (size_t i = 0; i < WARD_BLUEZ_ADDRESS_SIZE; i++)
        ret[i] = (char)toupper((unsigned char)text[i]);
    return true;
}

bool ward_bluez_address_is_lasting(const char *address, uint8_t type)
{
    return type == WARD_BLUEZ_ADDRESS_PUBLIC || strchr("CDEF", address[0]) != NULL;
}
