/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/alarm_pack_private.h"
#include "core/reading.h"

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
