/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for every frame, whatever its octets. An input is the 16-bit UUID, most significant octet first, and the
 * frame; a target takes the characteristics of its decoder and has the fuzzer drop the others.
 */
#ifndef WARD_FUZZ_DECODE_PROPERTY_H
#define WARD_FUZZ_DECODE_PROPERTY_H

#include <stdlib.h>
#include <string.h>

#include "core/decimal.h"
#include "core/decode_json.h"
#include "core/quantity.h"
#include "core/sfloat.h"
#include "core/validate.h"

#define HOLDS(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            abort();                                                                                         \
    } while (0)

/* A value as it was sent fits the format it was sent in; one that was converted, as from kPa, need not. */
static inline bool is_as_sent(const struct ward_value *value)
{
    return value->quantity >= WARD_SPO2 && value->quantity <= WARD_PULSE_RATE_CUFF;
}

/* An observation's numbers are FLOATs. */
static inline void check_value(uint16_t characteristic, const struct ward_value *value)
{
    uint16_t bits;
    struct ward_decimal again;
    int order;

    HOLDS(ward_quantity_info(value->quantity)->name[0] != '\0');
    if (value->number.special != WARD_FINITE)
        HOLDS(value->number.mantissa == 0 && value->number.exponent == 0);
    if (!is_as_sent(value) || characteristic == WARD_CHAR_LIVE_HEALTH_OBSERVATIONS)
        return;
    HOLDS(ward_sfloat_encode(&value->number, &bits));
    again = ward_sfloat_decode(bits);
    HOLDS(again.special == value->number.special);
    HOLDS(again.special != WARD_FINITE ||
          (ward_decimal_compare(&again, &value->number, &order) && order == 0));
}

/* Only a number within its bounds, or an infinity, may be in a valid reading alone. */
static inline void check_quality(const struct ward_decoded *decoded)
{
    bool some = false;

    if (decoded->quality != WARD_VALID || !decoded->is_measurement)
        return;
    HOLDS(decoded->reasons == 0);
    for (unsigned i = 0; i < decoded->value_count; i++) {
        HOLDS(ward_quantity_is_plausible(&decoded->values[i]));
        some |= ward_decimal_is_ordered(&decoded->values[i].number);
    }
    HOLDS(some);
}

static inline void check_json(const struct ward_decoded *decoded)
{
    static char text[16384];
    struct ward_json json;

    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_decoded_write_json(decoded, &json);
    HOLDS(ward_json_finish(&json, NULL) == WARD_JSON_OK);
}

/* Member by member: between them lies what a compiler leaves there. */
static inline bool is_same(const struct ward_value *a, const struct ward_value *b)
{
    return a->quantity == b->quantity && a->number.mantissa == b->number.mantissa &&
           a->number.exponent == b->number.exponent && a->number.special == b->number.special;
}

/* Cutting off what was tolerated changes nothing, cutting off one octet more is seen. */
static inline void check_cuts(const struct ward_decoded *decoded, const uint8_t *octets, size_t length)
{
    const size_t needed = length - decoded->trailing_octets;
    struct ward_decoded cut;

    HOLDS(decoded->trailing_octets <= length);
    ward_decode(decoded->characteristic, octets, needed, &cut);
    HOLDS(cut.outcome == WARD_DECODE_OK && cut.trailing_octets == 0 &&
          cut.value_count == decoded->value_count);
    for (unsigned i = 0; i < cut.value_count; i++)
        HOLDS(is_same(&cut.values[i], &decoded->values[i]));
    if (needed == 0 || !decoded->is_measurement)
        return;
    ward_decode(decoded->characteristic, octets, needed - 1, &cut);
    HOLDS(cut.outcome == WARD_DECODE_TRUNCATED || cut.rr_count + 1 == decoded->rr_count);
}

/* The reading keeps what was sent, and of what was made of it neither more nor less. */
static inline void check_reading(const struct ward_decoded *decoded, const uint8_t *octets, size_t length)
{
    static struct ward_reading reading;

    HOLDS(ward_decode_is_known(decoded->characteristic) == (decoded->outcome != WARD_DECODE_UNKNOWN));
    HOLDS(decoded->is_measurement <= ward_decode_is_measurement(decoded->characteristic));
    ward_decoded_fill_reading(decoded, octets, length, &reading);
    HOLDS(reading.raw_length == (length < sizeof(reading.raw) ? length : sizeof(reading.raw)));
    HOLDS(length == 0 || memcmp(reading.raw, octets, reading.raw_length) == 0);
    HOLDS(reading.value_count == decoded->value_count && reading.quality == decoded->quality);
}

static inline int check_frame(const uint8_t *data, size_t size, const uint16_t *characteristics, size_t count)
{
    const uint16_t characteristic = size < 2 ? 0 : (uint16_t)(data[0] << 8 | data[1]);
    struct ward_decoded decoded;
    bool ours = false;

    for (size_t i = 0; i < count; i++)
        ours |= characteristics[i] == characteristic;
    if (!ours)
        return -1;
    /* The fuzzer's own buffer ends with the frame: a read past the end is seen by the sanitizer. */
    data += 2;
    size -= 2;
    ward_decode(characteristic, size > 0 ? data : NULL, size, &decoded);
    ward_validate(&decoded);
    check_json(&decoded);
    check_quality(&decoded);
    check_reading(&decoded, data, size);
    if (decoded.outcome != WARD_DECODE_OK) {
        HOLDS(decoded.value_count == 0 && decoded.rr_count == 0 && decoded.error[0] != '\0');
        HOLDS(decoded.quality == WARD_INVALID && decoded.reasons == WARD_REASON_UNDECODABLE);
        return 0;
    }
    HOLDS(decoded.error[0] == '\0' && decoded.value_count <= WARD_READING_VALUES_MAX);
    for (unsigned i = 0; i < decoded.value_count; i++)
        check_value(characteristic, &decoded.values[i]);
    check_cuts(&decoded, data, size);
    return 0;
}

#endif
