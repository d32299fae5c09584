/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JSON writer share with each other, and with nobody else. */
#ifndef WARD_CORE_JSON_PRIVATE_H
#define WARD_CORE_JSON_PRIVATE_H

#include <string.h>

#include "core/json.h"

/* What an open level may be followed by: the table that opens json.c. */
enum level {
    LEVEL_TOP,
    LEVEL_TOP_DONE,
    LEVEL_ARRAY_EMPTY,
    LEVEL_ARRAY,
    LEVEL_OBJECT_EMPTY,
    LEVEL_OBJECT,
    LEVEL_MEMBER
};

static inline void ward_json_set_fault(struct ward_json *json, enum ward_json_fault fault)
{
    if (json->fault == WARD_JSON_OK) {
        json->fault = (uint8_t)fault;
    }
}

/* The place for so many octets, which count as written; NULL after a fault, or when one octet would not be left for the NUL. */
static inline char *ward_json_room(struct ward_json *json, size_t length)
{
    char *at = json->buffer + json->length;

    if (json->fault != WARD_JSON_OK) {
        return NULL;
    }
    if (json->size == 0 || length > json->size - 1 - json->length) {
        ward_json_set_fault(json, WARD_JSON_OVERFLOW);
        return NULL;
    }
    json->length += length;
    return at;
}

/* Appends octets as they are. Does nothing after a fault. */
static inline void ward_json_put(struct ward_json *json, const char *text, size_t length)
{
    char *at = ward_json_room(json, length);

    if (at != NULL) {
        memcpy(at, text, length);
    }
}

/* Marks the place of a value as taken. Returns whether it needs a comma. */
bool ward_json_takes_comma(struct ward_json *json);

/* The same, and puts the comma. */
void ward_json_value(struct ward_json *json);

#endif
