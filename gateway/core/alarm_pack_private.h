/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields of the packed state, for the files of alarm_pack. Each function writes its field or reads it, as the pack says,
 * and after a fault does neither.
 */
#ifndef WARD_CORE_ALARM_PACK_PRIVATE_H
#define WARD_CORE_ALARM_PACK_PRIVATE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/alarm_pack.h"
#include "core/utc.h"

struct ward_pack {
    uint8_t version;   /* of what is written or read */
    uint8_t *out;      /* writing; NULL: reading */
    const uint8_t *in; /* reading */
    size_t size, at;
    bool fault; /* there was no room, something is missing, or a number is out of its range */
};

/*
 * Little-endian, in as many octets as the name says. A state has hundreds of these and is packed with each reading: so they
 * are inline, and without a loop over octets.
 */
static inline void ward_pack_uint(struct ward_pack *pack, uint64_t *value, size_t width)
{
    uint64_t octets = htole64(*value);

    if (pack->fault || pack->size - pack->at < width) {
        pack->fault = true;
        return;
    }
    if (pack->out != NULL) {
        memcpy(pack->out + pack->at, &octets, width);
    } else {
        octets = 0;
        memcpy(&octets, pack->in + pack->at, width);
        *value = le64toh(octets);
    }
    pack->at += width;
}

static inline void ward_pack_u64(struct ward_pack *pack, uint64_t *value)
{
    ward_pack_uint(pack, value, 8);
}

static inline void ward_pack_i64(struct ward_pack *pack, int64_t *value)
{
    uint64_t octets = (uint64_t)*value;

    ward_pack_uint(pack, &octets, 8);
    *value = (int64_t)octets;
}

/* A number of at most max on either side of 0: more would not stand what is reckoned with it. */
static inline void ward_pack_within(struct ward_pack *pack, int64_t *value, int64_t max)
{
    ward_pack_i64(pack, value);
    pack->fault |= *value < -max || *value > max;
}

/* A moment, or what lies between two: within the years that a calendar has, or one that stands for none. */
static inline void ward_pack_utc_or(struct ward_pack *pack, int64_t *value, int64_t none)
{
    ward_pack_i64(pack, value);
    pack->fault |= *value != none && *value != WARD_UTC_UNKNOWN &&
                   (*value < WARD_UTC_MIN_MS || *value > WARD_UTC_MAX_MS);
}

static inline void ward_pack_utc(struct ward_pack *pack, int64_t *value)
{
    ward_pack_utc_or(pack, value, WARD_UTC_UNKNOWN);
}

static inline void ward_pack_u32(struct ward_pack *pack, uint32_t *value)
{
    uint64_t octets = *value;

    ward_pack_uint(pack, &octets, 4);
    *value = (uint32_t)octets;
}

/* One octet, at most max. */
static inline void ward_pack_enum(struct ward_pack *pack, uint8_t *value, uint8_t max)
{
    uint64_t octet = *value;

    ward_pack_uint(pack, &octet, 1);
    if (octet > max) {
        pack->fault = true;
    } else {
        *value = (uint8_t)octet;
    }
}

static inline void ward_pack_bool(struct ward_pack *pack, bool *value)
{
    uint8_t octet = *value ? 1 : 0;

    ward_pack_enum(pack, &octet, 1);
    *value = octet == 1;
}

static inline void ward_pack_decimal(struct ward_pack *pack, struct ward_decimal *value)
{
    uint8_t exponent = (uint8_t)value->exponent;

    ward_pack_i64(pack, &value->mantissa);
    ward_pack_enum(pack, &exponent, UINT8_MAX);
    ward_pack_enum(pack, &value->special, WARD_NEGATIVE_INFINITY);
    value->exponent = (int8_t)exponent;
}

/* A set of `count` bits, in as many octets as it needs. */
static inline void ward_pack_set(struct ward_pack *pack, uint32_t *set, unsigned count)
{
    uint64_t octets = *set;

    ward_pack_uint(pack, &octets, (count + 7) / 8);
    if (octets >> count != 0) {
        pack->fault = true;
        return;
    }
    *set = (uint32_t)octets;
}

/* alarm_pack_field.c */
void ward_pack_octets(struct ward_pack *pack, void *octets, size_t count);
void ward_pack_text(struct ward_pack *pack, char *text, uint8_t max); /* its length, then itself */
void ward_pack_id(struct ward_pack *pack, struct ward_id *id);

/* alarm_pack_input.c */
void ward_pack_condition(struct ward_pack *pack, struct ward_alarm_condition *condition);
bool ward_pack_is_at_rest(const struct ward_alarm_condition *condition);
void ward_pack_input(struct ward_pack *pack, struct ward_alarm_input_state *input);

/* alarm_pack_memory.c: from version 4 on, behind everything else of the quantity; before the window of the source. */
void ward_pack_memory(struct ward_pack *pack, struct ward_alarm_input_state *input);
void ward_pack_vital_memory(struct ward_pack *pack, struct ward_alarm_vital *vital);

#endif
