/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader of little-endian fields that cannot leave its octets.
 *
 * A field that does not fit whole reads as zero, and the cursor remembers the first such field; from then on
 * every read gives zero. So a decoder reads straight through and asks once, at the end, whether the frame was
 * long enough.
 */
#ifndef WARD_CORE_CURSOR_H
#define WARD_CORE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"

struct ward_cursor {
    const uint8_t *octets; /* borrowed */
    size_t length;
    size_t offset;             /* of the next octet; stays at the first field that did not fit */
    const char *missing_field; /* the name of that field, NULL while everything fitted */
    uint64_t missing_octets;   /* how long that field is */
};

void ward_cursor_init(struct ward_cursor *cursor, const uint8_t *octets, size_t length);

/* field is a static text that names what is read: "pulse rate". */
uint8_t ward_cursor_u8(struct ward_cursor *cursor, const char *field);
uint16_t ward_cursor_u16(struct ward_cursor *cursor, const char *field);
uint32_t ward_cursor_u24(struct ward_cursor *cursor, const char *field);
uint32_t ward_cursor_u32(struct ward_cursor *cursor, const char *field);
uint64_t ward_cursor_u40(struct ward_cursor *cursor, const char *field);
uint64_t ward_cursor_u48(struct ward_cursor *cursor, const char *field);
struct ward_decimal ward_cursor_sfloat(struct ward_cursor *cursor, const char *field);
struct ward_decimal ward_cursor_float(struct ward_cursor *cursor, const char *field);

/*
 * Passes over count octets that stay where they are: the result points into the cursor's octets. Returns NULL when they
 * do not fit, and may when count is 0.
 */
const uint8_t *ward_cursor_octets(struct ward_cursor *cursor, uint64_t count, const char *field);

/* Octets not read yet. */
size_t ward_cursor_left(const struct ward_cursor *cursor);

/* Whether every field so far fitted. */
bool ward_cursor_is_ok(const struct ward_cursor *cursor);

#endif
