/* SPDX-License-Identifier: Apache-2.0 */
#include <endian.h>
#include <string.h>

#include "core/alarm_pack_private.h"
#include "core/reading.h"

/* Little-endian. A state has hundreds of these and is packed with each reading: inline, and without a loop over octets. */
static inline void pack_uint(struct ward_pack *pack, uint64_t *value, size_t width)
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

void ward_pack_u64(struct ward_pack *pack, uint64_t *value)
{
    pack_uint(pack, value, 8);
}

void ward_pack_i64(struct ward_pack *pack, int64_t *value)
{
    uint64_t octets = (uint64_t)*value;

    pack_uint(pack, &octets, 8);
    *value = (int64_t)octets;
}

void ward_pack_u32(struct ward_pack *pack, uint32_t *value)
{
    uint64_t octets = *value;

    pack_uint(pack, &octets, 4);
    *value = (uint32_t)octets;
}

/* A number of an enum, at most max. */
void ward_pack_enum(struct ward_pack *pack, uint8_t *value, uint8_t max)
{
    uint64_t octet = *value;

    pack_uint(pack, &octet, 1);
    if (octet > max) {
        pack->fault = true;
    } else {
        *value = (uint8_t)octet;
    }
}

void ward_pack_bool(struct ward_pack *pack, bool *value)
{
    uint8_t octet = *value ? 1 : 0;

    ward_pack_enum(pack, &octet, 1);
    *value = octet == 1;
}

void ward_pack_octets(struct ward_pack *pack, void *octets, size_t count)
{
    if (pack->fault || pack->size - pack->at < count) {
        pack->fault = true;
        return;
    }
    if (pack->out != NULL) {
        memcpy(pack->out + pack->at, octets, count);
    } else {
        memcpy(octets, pack->in + pack->at, count);
    }
    pack->at += count;
}

void ward_pack_text(struct ward_pack *pack, char *text, uint8_t max)
{
    uint8_t length = pack->out != NULL ? (uint8_t)strlen(text) : 0;

    ward_pack_enum(pack, &length, max);
    if (pack->fault) {
        return;
    }
    if (pack->out == NULL) {
        memset(text, 0, (size_t)max + 1);
    }
    ward_pack_octets(pack, text, length);
    if (pack->out == NULL && strlen(text) != length) {
        pack->fault = true;
    }
}

void ward_pack_id(struct ward_pack *pack, struct ward_id *id)
{
    ward_pack_text(pack, id->text, WARD_ID_MAX);
    if (id->text[0] != '\0' && !ward_id_is_valid(id->text)) {
        pack->fault = true;
    }
}

void ward_pack_decimal(struct ward_pack *pack, struct ward_decimal *value)
{
    uint8_t exponent = (uint8_t)value->exponent;

    ward_pack_i64(pack, &value->mantissa);
    ward_pack_enum(pack, &exponent, UINT8_MAX);
    ward_pack_enum(pack, &value->special, WARD_NEGATIVE_INFINITY);
    value->exponent = (int8_t)exponent;
}

void ward_pack_set(struct ward_pack *pack, uint32_t *set, unsigned count)
{
    uint64_t octets = *set;

    pack_uint(pack, &octets, (count + 7) / 8);
    if (octets >> count != 0) {
        pack->fault = true;
        return;
    }
    *set = (uint32_t)octets;
}
