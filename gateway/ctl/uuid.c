/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/uuid.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ward/gatt.h"

#define UUID_DIGITS 32

/* Where the hyphens stand, counted in digits: 8-4-4-4-12. */
static bool hyphen_after(size_t digits)
{
    return digits == 8 || digits == 12 || digits == 16 || digits == 20;
}

/* The digits of text in lower case. Hyphens either all in their places, or none. Returns their count, 0 when wrong. */
static size_t digits_of(const char *text, char digits[UUID_DIGITS + 1])
{
    const bool hyphens = strchr(text, '-') != NULL;
    size_t count = 0;

    while (*text != '\0') {
        if (!isxdigit((unsigned char)*text) || count == UUID_DIGITS)
            return 0;
        digits[count++] = (char)tolower((unsigned char)*text++);
        if (hyphens && hyphen_after(count) && *text++ != '-')
            return 0;
    }
    digits[count] = '\0';
    return hyphens && count != UUID_DIGITS ? 0 : count;
}

bool ward_uuid_parse(const char *text, struct ward_uuid *ret)
{
    static const char tail[] = WARD_GATT_BASE_UUID_TAIL;
    char digits[UUID_DIGITS + 1];
    struct ward_uuid uuid = {0};
    char *out = uuid.text;
    size_t count;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    count = digits_of(text, digits);
    if (count == UUID_DIGITS) {
        for (size_t i = 0; i < UUID_DIGITS; i++) {
            *out++ = digits[i];
            if (hyphen_after(i + 1))
                *out++ = '-';
        }
    } else if (count == 4 || count == 8) {
        memcpy(uuid.text, "00000000", 8);
        memcpy(uuid.text + 8 - count, digits, count);
        memcpy(uuid.text + 8, tail, sizeof(tail));
    } else {
        return false;
    }
    if (strncmp(uuid.text, "0000", 4) == 0 && strcmp(uuid.text + 8, tail) == 0) {
        uuid.is_short = true;
        uuid.short_number = (uint16_t)strtoul(
            (char[]){uuid.text[4], uuid.text[5], uuid.text[6], uuid.text[7], '\0'}, NULL, 16);
    }
    *ret = uuid;
    return true;
}
