/* SPDX-License-Identifier: Apache-2.0 */
#include "core/gatt_name.h"

#include <stddef.h>
#include <string.h>

#define UUID_LENGTH   36
#define NUMBER_OFFSET 4 /* of "XXXX" in "0000XXXX-" */
#define NUMBER_DIGITS 4
#define TAIL_OFFSET   8

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* 0 for a UUID that is no 16-bit one. */
static uint16_t number_of(const char *uuid)
{
    unsigned number = 0;

    if (memcmp(uuid, "0000", NUMBER_OFFSET) != 0 || strcmp(uuid + TAIL_OFFSET, WARD_GATT_BASE_UUID_TAIL) != 0)
        return 0;
    for (const char *at = uuid + NUMBER_OFFSET; at < uuid + NUMBER_OFFSET + NUMBER_DIGITS; at++) {
        if (digit_value(*at) < 0)
            return 0;
        number = number << 4 | (unsigned)digit_value(*at);
    }
    return (uint16_t)number;
}

struct ward_gatt_name ward_gatt_name(const char *uuid)
{
    uint16_t number;

    if (uuid == NULL || strlen(uuid) != UUID_LENGTH)
        return (struct ward_gatt_name){0};
    number = number_of(uuid);
    return number != 0 ? WARD_GATT_NUMBER(number) : (struct ward_gatt_name){.uuid = uuid};
}

bool ward_gatt_name_equal(struct ward_gatt_name a, struct ward_gatt_name b)
{
    if (a.number != 0 || b.number != 0)
        return a.number == b.number;
    if (a.uuid == NULL || b.uuid == NULL)
        return a.uuid == b.uuid;
    return strcmp(a.uuid, b.uuid) == 0;
}

bool ward_gatt_place_equal(struct ward_gatt_place a, struct ward_gatt_place b)
{
    const struct ward_gatt_name none = {0};

    return ward_gatt_name_equal(a.characteristic, b.characteristic) &&
           (ward_gatt_name_equal(a.service, b.service) || ward_gatt_name_equal(a.service, none) ||
            ward_gatt_name_equal(b.service, none));
}
