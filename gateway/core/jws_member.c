/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/jws_private.h"
#include "core/reading.h"
#include "core/utc.h"

#define INTEGER_MAX ((UINT64_C(1) << 53) - 1) /* what every JSON parser holds exactly (RFC 7493 §2.2) */

static void append(char *text, size_t size, const char *more)
{
    size_t length = strlen(text);

    while (*more != '\0' && length + 1 < size) {
        text[length++] = *more++;
    }
    text[length] = '\0';
}

enum ward_jws_refusal ward_jws_refuse(const struct ward_jws_place *place, enum ward_jws_refusal refusal,
                                      const char *name, const char *text)
{
    struct ward_jws_error *error = place->error;

    *error = (struct ward_jws_error){.refusal = refusal};
    append(error->member, sizeof(error->member), place->path);
    if (name != NULL) {
        append(error->member, sizeof(error->member), place->path[0] == '\0' ? "" : ".");
        append(error->member, sizeof(error->member), name);
    }
    append(error->text, sizeof(error->text), error->member[0] == '\0' ? "the message" : error->member);
    append(error->text, sizeof(error->text), " ");
    append(error->text, sizeof(error->text), text);
    return refusal;
}

/* Brackets outside strings: jansson recurses for each, so they are counted before it sees them. */
static bool is_too_deep(const char *text, size_t length)
{
    size_t depth = 0;
    bool in_string = false;

    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > WARD_JWS_DEPTH_MAX) {
                return true;
            }
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

json_t *ward_jws_load(const char *text, size_t length, const char *path, struct ward_jws_error *error)
{
    const struct ward_jws_place place = {.path = path, .error = error};
    json_error_t json_error;

    if (is_too_deep(text, length)) {
        ward_jws_refuse(&place, WARD_JWS_TOO_DEEP, NULL, "nests too many objects and arrays");
        return NULL;
    }
    WARD_JWS_LOADED json = json_loadb(text, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &json_error);
    if (json == NULL) {
        enum json_error_code code = json_error_code(&json_error);
        bool no_memory = code == json_error_out_of_memory;
        ward_jws_refuse(&place, no_memory ? WARD_JWS_NO_MEMORY : WARD_JWS_NOT_JSON, NULL,
                        no_memory                          ? "does not fit into the memory that is left"
                        : code == json_error_duplicate_key ? "has a member twice"
                                                           : "is not JSON");
        return NULL;
    }
    if (!json_is_object(json)) {
        ward_jws_refuse(&place, WARD_JWS_NOT_OBJECT, NULL, "is not an object");
        return NULL;
    }
    return json_incref(json);
}

void ward_jws_unload(json_t **object)
{
    json_decref(*object);
}

json_t *ward_jws_member(const struct ward_jws_place *place, const char *name, json_type type)
{
    static const char *const wanted[] = {[JSON_OBJECT] = "is not an object",
                                         [JSON_ARRAY] = "is not an array",
                                         [JSON_STRING] = "is not a string",
                                         [JSON_INTEGER] = "is not an integer"};
    json_t *member = json_object_get(place->object, name);

    if (member == NULL) {
        ward_jws_refuse(place, WARD_JWS_MISSING, name, "is missing");
        return NULL;
    }
    if (json_typeof(member) != type) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name, wanted[type]);
        return NULL;
    }
    return member;
}

bool ward_jws_member_id(const struct ward_jws_place *place, const char *name, struct ward_id *ret)
{
    const json_t *member = ward_jws_member(place, name, JSON_STRING);

    if (member == NULL) {
        return false;
    }
    if (!ward_id_set(ret, json_string_value(member))) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name,
                        "is not an id of 1 to 64 letters, digits and hyphens");
        return false;
    }
    return true;
}

bool ward_jws_member_id_if(const struct ward_jws_place *place, const char *name, struct ward_id *ret)
{
    if (json_object_get(place->object, name) == NULL) {
        *ret = (struct ward_id){.text = ""};
        return true;
    }
    return ward_jws_member_id(place, name, ret);
}

bool ward_jws_uint(const json_t *value, uint64_t least, uint64_t most, uint64_t *ret)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    uint64_t number = (uint64_t)json_integer_value(value);
    if (number < least || number > most) {
        return false;
    }
    *ret = number;
    return true;
}

bool ward_jws_member_uint(const struct ward_jws_place *place, const char *name, uint64_t least, uint64_t *ret)
{
    const json_t *member = ward_jws_member(place, name, JSON_INTEGER);

    if (member == NULL) {
        return false;
    }
    if (!ward_jws_uint(member, least, INTEGER_MAX, ret)) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name, "is out of range");
        return false;
    }
    return true;
}

bool ward_jws_member_utc(const struct ward_jws_place *place, const char *name, int64_t *ret)
{
    const json_t *member = ward_jws_member(place, name, JSON_STRING);

    if (member == NULL) {
        return false;
    }
    if (!ward_utc_parse(json_string_value(member), json_string_length(member), ret)) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name, "is not a UTC time as 2026-11-22T09:00:00Z");
        return false;
    }
    return true;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool ward_jws_hex(const json_t *value, uint8_t *ret, size_t count)
{
    const char *text = json_string_value(value);

    if (text == NULL || json_string_length(value) != 2 * count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        ret[i] = (uint8_t)(16 * high + low);
    }
    return true;
}

bool ward_jws_member_hex(const struct ward_jws_place *place, const char *name, uint8_t *ret, size_t count)
{
    const json_t *member = ward_jws_member(place, name, JSON_STRING);

    if (member == NULL) {
        return false;
    }
    if (!ward_jws_hex(member, ret, count)) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name, "is not lower-case hexadecimal of the right length");
        return false;
    }
    return true;
}

bool ward_jws_member_bool_if(const struct ward_jws_place *place, const char *name, bool *ret)
{
    const json_t *member = json_object_get(place->object, name);

    if (member == NULL) {
        return true;
    }
    if (!json_is_boolean(member)) {
        ward_jws_refuse(place, WARD_JWS_MALFORMED, name, "is not true or false");
        return false;
    }
    *ret = json_is_true(member);
    return true;
}

bool ward_jws_member_is(const struct ward_jws_place *place, const char *name, const char *wanted)
{
    const json_t *member = ward_jws_member(place, name, JSON_STRING);

    if (member == NULL) {
        return false;
    }
    if (strcmp(json_string_value(member), wanted) != 0) {
        ward_jws_refuse(place, WARD_JWS_UNSUPPORTED, name, "says something that this gateway does not do");
        return false;
    }
    return true;
}
