/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cursor.h"

#include "core/sfloat.h"

void ward_cursor_init(struct ward_cursor *cursor, const uint8_t *octets, size_t length)
{
    *cursor = (struct ward_cursor){.octets = octets, .length = length};
}

bool ward_cursor_is_ok(const struct ward_cursor *cursor)
{
    return cursor->missing_field == NULL;
}

size_t ward_cursor_left(const struct ward_cursor *cursor)
{
    return cursor->length - cursor->offset;
}

static bool has(struct ward_cursor *cursor, uint64_t count, const char *field)
{
    if (!ward_cursor_is_ok(cursor))
        return false;
    if (ward_cursor_left(cursor) >= count)
        return true;
    cursor->missing_field = field;
    cursor->missing_octets = count;
    return false;
}

static uint64_t take(struct ward_cursor *cursor, size_t count, const char *field)
{
    uint64_t value = 0;

    if (!has(cursor, count, field))
        return 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)cursor->octets[cursor->offset + i] << (8 * i);
    cursor->offset += count;
    return value;
}

uint8_t ward_cursor_u8(struct ward_cursor *cursor, const char *field)
{
    return (uint8_t)take(cursor, 1, field);
}

uint16_t ward_cursor_u16(struct ward_cursor *cursor, const char *field)
{
    return (uint16_t)take(cursor, 2, field);
}

uint32_t ward_cursor_u24(struct ward_cursor *cursor, const char *field)
{
    return (uint32_t)take(cursor, 3, field);
}

uint32_t ward_cursor_u32(struct ward_cursor *cursor, const char *field)
{
    return (uint32_t)take(cursor, 4, field);
}

uint64_t ward_cursor_u40(struct ward_cursor *cursor, const char *field)
{
    return take(cursor, 5, field);
}

uint64_t ward_cursor_u48(struct ward_cursor *cursor, const char *field)
{
    return take(cursor, 6, field);
}

const uint8_t *ward_cursor_octets(struct ward_cursor *cursor, uint64_t count, const char *field)
{
    const uint8_t *octets;

    if (cursor->octets == NULL || !has(cursor, count, field))
        return NULL;
    octets = cursor->octets + cursor->offset;
    cursor->offset += (size_t)count;
    return octets;
}

struct ward_decimal ward_cursor_sfloat(struct ward_cursor *cursor, const char *field)
{
    return ward_sfloat_decode(ward_cursor_u16(cursor, field));
}

struct ward_decimal ward_cursor_float(struct ward_cursor *cursor, const char *field)
{
    return ward_float_decode(ward_cursor_u32(cursor, field));
}
