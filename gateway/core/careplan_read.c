/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a care plan, one by one, and how what is wrong with them is told. */
#include <stdlib.h>
#include <string.h>

#include "core/careplan_private.h"
#include "core/decimal.h"
#include "core/reading.h"
#include "core/reading_json.h"
#include "core/utc.h"

/* Appends to text, which has room for size octets, and cuts silently: pointers and values are for people. */
static void append(char *text, size_t size, const char *more, size_t length)
{
    size_t used = strlen(text);
    size_t room = size - 1 - used;

    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)more[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(text + used, more, length);
    text[used + length] = '\0';
}

/* RFC 6901 §3: "~" is "~0" and "/" is "~1". */
static void append_token(char *pointer, size_t size, const char *token)
{
    append(pointer, size, "/", 1);
    for (const char *at = token; *at != '\0'; at++) {
        if (*at == '~') {
            append(pointer, size, "~0", 2);
        } else if (*at == '/') {
            append(pointer, size, "~1", 2);
        } else {
            append(pointer, size, at, 1);
        }
    }
}

static void append_index(char *pointer, size_t size, size_t index)
{
    struct ward_decimal number = {.mantissa = (int64_t)index};
    char text[WARD_DECIMAL_TEXT_SIZE];

    append(pointer, size, "/", 1);
    append(pointer, size, text, ward_decimal_print(&number, text));
}

static void append_value(char *text, size_t size, const json_t *value)
{
    char *printed = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));

    if (printed != NULL) {
        append(text, size, printed, strlen(printed));
    }
    free(printed);
}

void ward_plan_fault(const struct ward_plan_object *object, const char *member, const json_t *value,
                     const char *reason)
{
    struct ward_plan_errors *errors = object->errors;
    struct ward_plan_error *error;

    errors->total++;
    if (errors->count == WARD_PLAN_ERRORS_MAX) {
        return;
    }
    error = &errors->list[errors->count++];
    memset(error, 0, sizeof(*error));
    append(error->pointer, sizeof(error->pointer), object->pointer, strlen(object->pointer));
    if (member != NULL) {
        append_token(error->pointer, sizeof(error->pointer), member);
    }
    append(error->reason, sizeof(error->reason), reason, strlen(reason));
    if (value != NULL) {
        append_value(error->value, sizeof(error->value), value);
    }
}

static void fault_parts(const struct ward_plan_object *object, const char *member, const json_t *value,
                        const char *const *parts)
{
    char reason[200] = "";

    for (; *parts != NULL; parts++) {
        append(reason, sizeof(reason), *parts, strlen(*parts));
    }
    ward_plan_fault(object, member, value, reason);
}

void ward_plan_refuse_unknown(const struct ward_plan_object *object, const char *const *names)
{
    const char *key;
    json_t *value;

    json_object_foreach(object->json, key, value)
    {
        bool known = false;

        for (const char *const *name = names; *name != NULL; name++) {
            known |= strcmp(*name, key) == 0;
        }
        if (!known) {
            ward_plan_fault(object, key, value, "this member is not known: nothing would be done for it");
        }
    }
}

static json_t *find(const struct ward_plan_object *object, const char *member,
                    enum ward_plan_presence presence)
{
    json_t *value = json_object_get(object->json, member);

    if (value == NULL && presence == WARD_PLAN_REQUIRED) {
        ward_plan_fault(object, member, NULL, "this member is missing");
    }
    return value;
}

static struct ward_plan_object step(const struct ward_plan_object *from, json_t *json)
{
    struct ward_plan_object to = *from;

    to.json = json;
    return to;
}

struct ward_plan_object ward_plan_child(const struct ward_plan_object *object, const char *member)
{
    json_t *value = find(object, member, WARD_PLAN_REQUIRED);
    struct ward_plan_object child = step(object, json_is_object(value) ? value : NULL);

    append_token(child.pointer, sizeof(child.pointer), member);
    if (value != NULL && child.json == NULL) {
        ward_plan_fault(object, member, value, "must be an object");
    }
    return child;
}

struct ward_plan_object ward_plan_list(const struct ward_plan_object *object, const char *member, size_t max)
{
    json_t *value = find(object, member, WARD_PLAN_REQUIRED);
    bool fits = json_is_array(value) && json_array_size(value) > 0 && json_array_size(value) <= max;
    struct ward_plan_object list = step(object, fits ? value : NULL);

    append_token(list.pointer, sizeof(list.pointer), member);
    if (value != NULL && !json_is_array(value)) {
        ward_plan_fault(object, member, value, "must be a list");
    } else if (value != NULL && !fits) {
        ward_plan_fault(object, member, NULL,
                        json_array_size(value) == 0 ? "must not be empty"
                                                    : "has more elements than a plan may have");
    }
    return list;
}

struct ward_plan_object ward_plan_item(const struct ward_plan_object *list, size_t index)
{
    json_t *value = json_array_get(list->json, index);
    struct ward_plan_object item = step(list, json_is_object(value) ? value : NULL);

    append_index(item.pointer, sizeof(item.pointer), index);
    if (item.json == NULL) {
        ward_plan_fault(&item, NULL, value, "must be an object");
    }
    return item;
}

bool ward_plan_text(const struct ward_plan_object *object, const char *member,
                    enum ward_plan_presence presence, char *ret, size_t size)
{
    const json_t *value = find(object, member, presence);

    if (value == NULL) {
        return false;
    }
    if (!json_is_string(value) || json_string_length(value) == 0) {
        ward_plan_fault(object, member, value, "must be a text that is not empty");
        return false;
    }
    if (json_string_length(value) >= size) {
        ward_plan_fault(object, member, value, "this text is too long");
        return false;
    }
    memset(ret, 0, size);
    memcpy(ret, json_string_value(value), json_string_length(value));
    return true;
}

bool ward_plan_id(const struct ward_plan_object *object, const char *member, struct ward_id *ret)
{
    const json_t *value = find(object, member, WARD_PLAN_REQUIRED);

    if (value == NULL) {
        return false;
    }
    if (!json_is_string(value) || !ward_id_set(ret, json_string_value(value))) {
        ward_plan_fault(object, member, value, "must be 1 to 64 letters, digits and hyphens");
        return false;
    }
    return true;
}

/* Three places and nine digits are enough for any limit, and far from where a binary fraction would round. */
static bool read_number(const json_t *value, struct ward_decimal *ret)
{
    const int64_t most = INT64_C(1000000000);
    struct ward_decimal number;

    if (!ward_json_exact(value, &number)) {
        return false;
    }
    number = ward_decimal_normalise(number);
    if (number.exponent < -3 || number.mantissa > most || number.mantissa < -most) {
        return false;
    }
    *ret = number;
    return true;
}

bool ward_plan_decimal(const struct ward_plan_object *object, const char *member,
                       enum ward_plan_presence presence, struct ward_decimal *ret)
{
    const json_t *value = find(object, member, presence);

    if (value == NULL) {
        return false;
    }
    if (!read_number(value, ret)) {
        ward_plan_fault(object, member, value, "must be a number with at most three digits after the point");
        return false;
    }
    return true;
}

bool ward_plan_date(const struct ward_plan_object *object, const char *member, int64_t *ret_end_of_day_ms)
{
    const json_t *value = find(object, member, WARD_PLAN_REQUIRED);
    char text[WARD_UTC_TEXT_SIZE] = "";

    if (value == NULL) {
        return false;
    }
    if (json_is_string(value) && json_string_length(value) == strlen("2026-11-22")) {
        append(text, sizeof(text), json_string_value(value), json_string_length(value));
        append(text, sizeof(text), "T23:59:59.999Z", strlen("T23:59:59.999Z"));
        if (ward_utc_parse(text, strlen(text), ret_end_of_day_ms)) {
            return true;
        }
    }
    ward_plan_fault(object, member, value, "must be a date like \"2026-11-22\"");
    return false;
}

static void fault_range(const struct ward_plan_object *object, const char *member, const json_t *value,
                        struct ward_plan_range range)
{
    char min[WARD_DECIMAL_TEXT_SIZE], max[WARD_DECIMAL_TEXT_SIZE];
    struct ward_decimal min_s = {.mantissa = range.min_ms / 1000};
    struct ward_decimal max_s = {.mantissa = range.max_ms / 1000};
    const char *const parts[] = {"must be whole seconds from ", min, " to ", max, NULL};

    min[ward_decimal_print(&min_s, min)] = '\0';
    max[ward_decimal_print(&max_s, max)] = '\0';
    fault_parts(object, member, value, parts);
}

bool ward_plan_seconds(const struct ward_plan_object *object, const char *member,
                       struct ward_plan_range range, uint32_t *ret_ms)
{
    const json_t *value = find(object, member, WARD_PLAN_OPTIONAL);
    json_int_t seconds = json_integer_value(value);

    if (value == NULL) {
        return false;
    }
    if (!json_is_integer(value) || seconds < range.min_ms / 1000 || seconds > range.max_ms / 1000) {
        fault_range(object, member, value, range);
        return false;
    }
    *ret_ms = (uint32_t)seconds * 1000;
    return true;
}

bool ward_plan_choice(const struct ward_plan_object *object, const char *member,
                      enum ward_plan_presence presence, const char *const *names, uint8_t *ret)
{
    const json_t *value = find(object, member, presence);
    char reason[200] = "must be one of:";

    if (value == NULL) {
        return false;
    }
    for (uint8_t i = 0; names[i] != NULL; i++) {
        if (json_is_string(value) && strcmp(names[i], json_string_value(value)) == 0) {
            *ret = i;
            return true;
        }
        append(reason, sizeof(reason), " ", 1);
        append(reason, sizeof(reason), names[i], strlen(names[i]));
    }
    ward_plan_fault(object, member, value, reason);
    return false;
}
