/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames of models that do not write them as their standard says. A quirk turns such a frame into the one that the
 * standard asks for; then the one decoder of the characteristic reads it. Which model has which is in model_rows.c.
 */
#ifndef WARD_CORE_DECODE_QUIRK_H
#define WARD_CORE_DECODE_QUIRK_H

#include <stddef.h>
#include <stdint.h>

#include "core/decode.h"

/* A set, as bits. */
enum ward_decode_quirk {
    /* 2A35: pulse rate and measurement status have their high octet first. */
    WARD_QUIRK_BIG_ENDIAN_TAIL = 1 << 0,
    /* 2A35: a user id is there, after the pulse rate, although flag bit 3 says that none is. */
    WARD_QUIRK_UNFLAGGED_USER = 1 << 1,
    /* 2A18: a month of 13 stands for a clock that was not set: the date is not known. */
    WARD_QUIRK_MONTH_13 = 1 << 2,
    /* 2A18: a concentration of FFFF stands for no value. */
    WARD_QUIRK_FFFF_IS_NO_VALUE = 1 << 3,
};

/* As ward_decode(), for a device with these quirks. */
void ward_decode_as(uint32_t quirks, uint16_t characteristic, const uint8_t *octets, size_t length,
                    struct ward_decoded *ret);

#endif
