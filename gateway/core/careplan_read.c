/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a care plan, one by one. */
#include <stdlib.h>
#include <string.h>

#include "core/careplan_private.h"
#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/reading_json.h"
#include "core/utc.h"

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

    ward_plan_append_token(child.pointer, sizeof(child.pointer), member);
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

    ward_plan_append_token(list.pointer, sizeof(list.pointer), member);
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

    ward_plan_append_index(item.pointer, sizeof(item.pointer), index);
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
        const struct ward_decimal most = {.mantissa = (int64_t)size - 1};
        char text[WARD_DECIMAL_TEXT_SIZE];
        const char *const parts[] = {"is too long: at most ", text, " octets of UTF-8", NULL};

        text[ward_decimal_print(&most, text)] = '\0';
        ward_plan_fault_parts(object, member, value, parts);
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
        ward_plan_append(text, sizeof(text), json_string_value(value), json_string_length(value));
        ward_plan_append(text, sizeof(text), "T23:59:59.999Z", strlen("T23:59:59.999Z"));
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
    ward_plan_fault_parts(object, member, value, parts);
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
        ward_plan_append(reason, sizeof(reason), " ", 1);
        ward_plan_append(reason, sizeof(reason), names[i], strlen(names[i]));
    }
    ward_plan_fault(object, member, value, reason);
    return false;
}

bool ward_plan_integer(const struct ward_plan_object *object, const char *member,
                       enum ward_plan_presence presence, int64_t min, int64_t max, uint8_t *ret)
{
    const struct ward_decimal low = {.mantissa = min}, high = {.mantissa = max};
    const json_t *value = find(object, member, presence);
    char low_text[WARD_DECIMAL_TEXT_SIZE], high_text[WARD_DECIMAL_TEXT_SIZE];
    const char *const parts[] = {"must be a whole number from ", low_text, " to ", high_text, NULL};

    if (value == NULL) {
        return false;
    }
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
        low_text[ward_decimal_print(&low, low_text)] = '\0';
        high_text[ward_decimal_print(&high, high_text)] = '\0';
        ward_plan_fault_parts(object, member, value, parts);
        return false;
    }
    *ret = (uint8_t)json_integer_value(value);
    return true;
}

bool ward_plan_flag(const struct ward_plan_object *object, const char *member, bool *ret)
{
    const json_t *value = find(object, member, WARD_PLAN_OPTIONAL);

    if (value == NULL) {
        return false;
    }
    if (!json_is_boolean(value)) {
        ward_plan_fault(object, member, value, "must be true or false");
        return false;
    }
    *ret = json_is_true(value);
    return true;
}

uint8_t ward_plan_quantity(const struct ward_plan_object *object)
{
    const json_t *value = find(object, "quantity", WARD_PLAN_REQUIRED);
    uint8_t quantity = (uint8_t)(json_is_string(value) ? ward_quantity_by_name(json_string_value(value))
                                                       : WARD_QUANTITY_NONE);

    if (value != NULL && ward_clinical_quantity(quantity) == NULL) {
        ward_plan_fault(object, "quantity", value, "is not a quantity that a plan can watch");
        return WARD_QUANTITY_NONE;
    }
    return quantity;
}

/* The patient reads it in distress. */
static bool has_many_words(const char *text)
{
    size_t words = 0;
    bool inside = false;

    for (; *text != '\0'; text++) {
        const bool blank = (unsigned char)*text <= ' '; /* also the end of a line */

        words += !blank && !inside ? 1 : 0;
        inside = !blank;
    }
    return words > 15;
}

void ward_plan_patient_text(const struct ward_plan_object *object, const char *member, char *ret)
{
    if (ward_plan_text(object, member, WARD_PLAN_OPTIONAL, ret, WARD_ALARM_TEXT_MAX + 1) &&
        has_many_words(ret)) {
        ward_plan_fault(object, member, json_object_get(object->json, member),
                        "a text for the patient has at most 15 words");
    }
}
