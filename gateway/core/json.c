/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every open level knows what it may be followed by:
 *
 *     level          a name        a value           an end
 *     TOP            misused       → TOP_DONE        –
 *     TOP_DONE       misused       misused           –
 *     ARRAY_EMPTY    misused       → ARRAY           of an array
 *     ARRAY          misused       "," stays         of an array
 *     OBJECT_EMPTY   → MEMBER      misused           of an object
 *     OBJECT         "," → MEMBER  misused           of an object
 *     MEMBER         misused       → OBJECT          misused
 */
#include "core/json.h"

#include <string.h>

#include "core/json_private.h"
#include "core/utc.h"

void ward_json_init(struct ward_json *json, char *buffer, size_t size, enum ward_json_numbers numbers)
{
    *json = (struct ward_json){
        .buffer = buffer, .size = size, .numbers = (uint8_t)numbers, .levels = {LEVEL_TOP}};
}

bool ward_json_takes_comma(struct ward_json *json)
{
    uint8_t *level = &json->levels[json->depth];

    if (json->in_string) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
        return false;
    }
    switch ((enum level) * level) {
    case LEVEL_TOP: *level = LEVEL_TOP_DONE; return false;
    case LEVEL_ARRAY_EMPTY: *level = LEVEL_ARRAY; return false;
    case LEVEL_ARRAY: return true;
    case LEVEL_MEMBER: *level = LEVEL_OBJECT; return false;
    case LEVEL_TOP_DONE:
    case LEVEL_OBJECT_EMPTY:
    case LEVEL_OBJECT: ward_json_set_fault(json, WARD_JSON_MISUSED); break;
    }
    return false;
}

void ward_json_value(struct ward_json *json)
{
    if (ward_json_takes_comma(json)) {
        ward_json_put(json, ",", 1);
    }
}

static void begin(struct ward_json *json, const char *bracket, enum level level)
{
    ward_json_value(json);
    ward_json_put(json, bracket, 1);
    if (json->depth == WARD_JSON_DEPTH_MAX) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
        return;
    }
    json->levels[++json->depth] = (uint8_t)level;
}

static void end(struct ward_json *json, const char *bracket, enum level level)
{
    uint8_t open = json->levels[json->depth];

    if (json->in_string ||
        (open != level && open != (level == LEVEL_ARRAY ? LEVEL_ARRAY_EMPTY : LEVEL_OBJECT_EMPTY))) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
        return;
    }
    json->depth--;
    ward_json_put(json, bracket, 1);
}

void ward_json_object(struct ward_json *json)
{
    begin(json, "{", LEVEL_OBJECT_EMPTY);
}

void ward_json_object_end(struct ward_json *json)
{
    end(json, "}", LEVEL_OBJECT);
}

void ward_json_array(struct ward_json *json)
{
    begin(json, "[", LEVEL_ARRAY_EMPTY);
}

void ward_json_array_end(struct ward_json *json)
{
    end(json, "]", LEVEL_ARRAY);
}

/* In one piece, since every member of everything that goes out has one. */
void ward_json_key_n(struct ward_json *json, const char *name, size_t length)
{
    uint8_t *level = &json->levels[json->depth];
    const size_t comma = *level == LEVEL_OBJECT;
    char *at;

    if (json->in_string || (*level != LEVEL_OBJECT_EMPTY && *level != LEVEL_OBJECT)) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
        return;
    }
    *level = LEVEL_MEMBER;
    at = ward_json_room(json, comma + length + 3);
    if (at == NULL) {
        return;
    }
    *at = ',';
    at += comma;
    *at++ = '"';
    memcpy(at, name, length);
    at[length] = '"';
    at[length + 1] = ':';
}

void ward_json_null(struct ward_json *json)
{
    ward_json_raw(json, "null", 4);
}

void ward_json_bool(struct ward_json *json, bool value)
{
    ward_json_raw(json, value ? "true" : "false", value ? 4 : 5);
}

void ward_json_raw(struct ward_json *json, const char *text, size_t length)
{
    ward_json_value(json);
    ward_json_put(json, text, length);
}

void ward_json_utc(struct ward_json *json, int64_t utc_ms)
{
    char text[WARD_UTC_TEXT_SIZE];

    if (ward_utc_format(utc_ms, text)) {
        ward_json_string(json, text);
    } else {
        ward_json_null(json);
    }
}

void ward_json_device_time(struct ward_json *json, const struct ward_device_time *time)
{
    char text[WARD_DEVICE_TIME_TEXT_SIZE];

    if (ward_device_time_format(time, text)) {
        ward_json_string(json, text);
    } else {
        ward_json_null(json);
    }
}

void ward_json_member_if(struct ward_json *json, const char *name, const char *text)
{
    if (text[0] != '\0') {
        ward_json_member(json, name, text);
    }
}

enum ward_json_fault ward_json_finish(struct ward_json *json, size_t *ret_length)
{
    if (json->in_string || json->depth > 0 || json->levels[0] != LEVEL_TOP_DONE) {
        ward_json_set_fault(json, WARD_JSON_MISUSED);
    }
    if (json->fault != WARD_JSON_OK) {
        return json->fault;
    }
    json->buffer[json->length] = '\0';
    if (ret_length != NULL) {
        *ret_length = json->length;
    }
    return WARD_JSON_OK;
}

const char *ward_json_fault_text(enum ward_json_fault fault)
{
    switch (fault) {
    case WARD_JSON_OK: return "no fault";
    case WARD_JSON_OVERFLOW: return "the JSON text is larger than its buffer";
    case WARD_JSON_MISUSED: return "the JSON writer was given parts that do not make one value";
    case WARD_JSON_INEXACT: return "a number has more digits than canonical JSON can carry";
    }
    return "unknown fault";
}
