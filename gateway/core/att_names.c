/* SPDX-License-Identifier: Apache-2.0 */
#include "core/att_names.h"

#include <string.h>

#include "ward/gatt.h"

enum {
    FORMAT_UUID_16 = 1,
    UUID_16_LENGTH = 2,
    UUID_128_LENGTH = 16,
};

#define DECLARATION_UUID "00002803" WARD_GATT_BASE_UUID_TAIL

void ward_att_read_uuid(struct ward_cursor *pdu, char ret[WARD_ATT_UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    const size_t length = ward_cursor_left(pdu);
    const uint8_t *octets;
    char *out = ret;

    ret[0] = '\0';
    if (!ward_cursor_is_ok(pdu) || (length != UUID_16_LENGTH && length != UUID_128_LENGTH))
        return;
    octets = ward_cursor_octets(pdu, length, "UUID");
    if (length == UUID_16_LENGTH) {
        memcpy(ret, "0000xxxx" WARD_GATT_BASE_UUID_TAIL, WARD_ATT_UUID_SIZE);
        out = ret + 4;
    } else {
        ret[WARD_ATT_UUID_SIZE - 1] = '\0';
    }
    for (size_t i = length; i-- > 0;) {
        *out++ = digits[octets[i] >> 4];
        *out++ = digits[octets[i] & 0xF];
        if (length == UUID_128_LENGTH && (i == 12 || i == 10 || i == 8 || i == 6))
            *out++ = '-';
    }
}

static const struct ward_att_handle *find(const struct ward_att_names *names, enum ward_att_side side,
                                          uint16_t handle)
{
    for (unsigned i = 0; i < names->count; i++)
        if (names->handles[i].handle == handle && names->handles[i].side == side)
            return &names->handles[i];
    return NULL;
}

const char *ward_att_name(const struct ward_att_names *names, enum ward_att_side side, uint16_t handle)
{
    const struct ward_att_handle *known = find(names, side, handle);

    return known != NULL ? known->uuid : "";
}

/* Not so 2800 to 280F, declarations, and 2900 to 29FF, descriptors. */
static bool is_of_a_value(const char *uuid)
{
    return strcmp(uuid + 8, WARD_GATT_BASE_UUID_TAIL) != 0 ||
           (strncmp(uuid, "0000280", 7) != 0 && strncmp(uuid, "000029", 6) != 0);
}

static void learn(struct ward_att_names *names, enum ward_att_side side, uint16_t handle, const char *uuid)
{
    const struct ward_att_handle *known = find(names, side, handle);
    struct ward_att_handle *place =
        &names->handles[known != NULL ? (size_t)(known - names->handles) : names->count];

    if (uuid[0] == '\0' || !is_of_a_value(uuid) || (known == NULL && names->count == WARD_ATT_HANDLES_MAX))
        return;
    names->count += known == NULL;
    place->handle = handle;
    place->side = (uint8_t)side;
    memcpy(place->uuid, uuid, WARD_ATT_UUID_SIZE);
}

/* The next so many octets of the PDU as a cursor of its own; false when fewer are left. */
static bool take_item(struct ward_cursor *pdu, size_t length, struct ward_cursor *ret)
{
    if (!ward_cursor_is_ok(pdu) || length == 0 || ward_cursor_left(pdu) < length)
        return false;
    ward_cursor_init(ret, ward_cursor_octets(pdu, length, "item"), length);
    return true;
}

void ward_att_learn_information(struct ward_att_names *names, enum ward_att_side side,
                                struct ward_cursor *pdu)
{
    const uint8_t format = ward_cursor_u8(pdu, "format");
    const size_t length = 2 + (format == FORMAT_UUID_16 ? UUID_16_LENGTH : UUID_128_LENGTH);
    char uuid[WARD_ATT_UUID_SIZE];
    struct ward_cursor item;

    while (take_item(pdu, length, &item)) {
        const uint16_t handle = ward_cursor_u16(&item, "handle");

        ward_att_read_uuid(&item, uuid);
        learn(names, side, handle, uuid);
    }
}

/* A declaration has its own handle, properties, the handle of the value, and what the value is. */
void ward_att_learn_types(struct ward_att_names *names, enum ward_att_side side, const char *asked,
                          struct ward_cursor *pdu)
{
    const size_t length = ward_cursor_u8(pdu, "length of an item");
    char uuid[WARD_ATT_UUID_SIZE];
    struct ward_cursor item;

    while (take_item(pdu, length, &item)) {
        uint16_t handle = ward_cursor_u16(&item, "handle");

        if (strcmp(asked, DECLARATION_UUID) == 0) {
            (void)ward_cursor_u8(&item, "properties");
            handle = ward_cursor_u16(&item, "handle of the value");
            ward_att_read_uuid(&item, uuid);
            learn(names, side, handle, uuid);
        } else if (ward_cursor_is_ok(&item)) {
            learn(names, side, handle, asked);
        }
    }
}
