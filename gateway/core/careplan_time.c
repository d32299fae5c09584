/* SPDX-License-Identifier: Apache-2.0 */
/* Times of day and days of the week in a care plan. */
#include <string.h>

#include "core/careplan_private.h"

#define DAY_MIN 1440

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "07:30" to "23:59"; "24:00" as the end of a span. */
static bool parse_minute(const json_t *value, bool is_end, uint16_t *ret)
{
    const char *text = json_string_value(value);
    unsigned minute;

    if (text == NULL || strlen(text) != 5 || !is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' ||
        !is_digit(text[3]) || !is_digit(text[4]) || text[3] > '5') {
        return false;
    }
    minute = (unsigned)((text[0] - '0') * 10 + text[1] - '0') * 60 +
             (unsigned)((text[3] - '0') * 10 + text[4] - '0');
    if (minute >= DAY_MIN && !(is_end && minute == DAY_MIN)) {
        return false;
    }
    *ret = (uint16_t)minute;
    return true;
}

bool ward_plan_minute(const struct ward_plan_object *object, const char *member, bool is_end, uint16_t *ret)
{
    const json_t *value = json_object_get(object->json, member);

    if (value == NULL) {
        ward_plan_fault(object, member, NULL, "this member is missing");
        return false;
    }
    if (!parse_minute(value, is_end, ret)) {
        ward_plan_fault(object, member, value, "must be a time of day like \"07:30\"");
        return false;
    }
    return true;
}

bool ward_plan_minutes(const struct ward_plan_object *object, const char *member,
                       struct ward_plan_schedule *ret)
{
    const struct ward_plan_object list = ward_plan_list(object, member, WARD_PLAN_TIMES_MAX);
    bool good = list.json != NULL;

    for (size_t i = 0; i < json_array_size(list.json); i++) {
        const json_t *value = json_array_get(list.json, i);
        uint16_t minute = 0;

        if (!parse_minute(value, false, &minute)) {
            ward_plan_fault_item(&list, i, value, "must be a time of day like \"07:30\"");
            good = false;
        } else if (i > 0 && good && minute <= ret->at_min[i - 1]) {
            ward_plan_fault_item(&list, i, value, "must be later than the time before it");
            good = false;
        }
        ret->at_min[i] = minute;
    }
    ret->time_count = good ? (uint8_t)json_array_size(list.json) : 0;
    return good;
}

bool ward_plan_days(const struct ward_plan_object *object, uint8_t *ret)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", NULL};
    struct ward_plan_object list;
    uint8_t days = 0;
    bool good = true;

    if (json_object_get(object->json, "days") == NULL) {
        return true;
    }
    list = ward_plan_list(object, "days", 7);
    for (size_t i = 0; i < json_array_size(list.json); i++) {
        const char *name = json_string_value(json_array_get(list.json, i));
        unsigned day = 0;

        while (names[day] != NULL && (name == NULL || strcmp(names[day], name) != 0)) {
            day++;
        }
        if (names[day] == NULL || (days & (1u << day)) != 0) {
            ward_plan_fault_item(&list, i, json_array_get(list.json, i),
                                 "must be one of mon tue wed thu fri sat sun, each once");
            good = false;
        } else {
            days = (uint8_t)(days | (1u << day));
        }
    }
    if (list.json == NULL || !good) {
        return false;
    }
    *ret = days;
    return true;
}

bool ward_plan_hours(const struct ward_plan_object *object, struct ward_plan_hours *ret)
{
    struct ward_plan_hours hours = *ret;
    bool from = ward_plan_minute(object, "from", false, &hours.from_min);
    bool until = ward_plan_minute(object, "until", true, &hours.until_min);
    bool days = ward_plan_days(object, &hours.days);

    if (!from || !until || !days) {
        return false;
    }
    hours.until_min = (uint16_t)(hours.until_min % DAY_MIN);
    *ret = hours;
    return true;
}
