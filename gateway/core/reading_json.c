/* SPDX-License-Identifier: Apache-2.0 */
#include "core/reading_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/decimal.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/utc.h"

bool ward_json_exact(const json_t *value, struct ward_decimal *ret)
{
    char *text;
    bool good;

    if (json_is_integer(value)) {
        *ret = (struct ward_decimal){.mantissa = json_integer_value(value)};
        return true;
    }
    if (!json_is_real(value)) {
        return false;
    }
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    good = text != NULL && ward_decimal_parse(text, strlen(text), ret);
    free(text);
    return good;
}

static bool read_special(const json_t *item, struct ward_decimal *ret)
{
    const char *name = json_string_value(json_object_get(item, "special"));

    for (unsigned special = WARD_NAN; special <= WARD_NEGATIVE_INFINITY; special++) {
        if (name != NULL && strcmp(name, ward_special_name((uint8_t)special)) == 0) {
            *ret = (struct ward_decimal){.special = (uint8_t)special};
            return true;
        }
    }
    *ret = (struct ward_decimal){.special = WARD_NAN};
    return name == NULL;
}

/* An oximeter's pulse and a cuff's have one name and two codes; glucose has one for every kind of sample. */
static uint8_t quantity_of(const json_t *item, const char *name)
{
    const json_int_t mdc = json_integer_value(json_object_get(item, "mdc"));

    return (uint8_t)ward_quantity_by_code(name, mdc > 0 && mdc <= UINT32_MAX ? (uint32_t)mdc : 0);
}

static const char *add_value(const struct ward_value *value, struct ward_reading *reading)
{
    if (reading->value_count == WARD_READING_VALUES_MAX) {
        return "there are more values than a reading can have";
    }
    reading->values[reading->value_count++] = *value;
    return NULL;
}

static const char *read_value(const json_t *item, struct ward_reading *reading)
{
    const char *name = json_string_value(json_object_get(item, "quantity"));
    const json_t *number = json_object_get(item, "value");
    const char *unit = json_string_value(json_object_get(item, "unit"));
    struct ward_value value = {0};

    if (name == NULL) {
        return "a value has no quantity";
    }
    value.quantity = quantity_of(item, name);
    if (json_is_string(number) &&
        ward_quantity_code_by_name(value.quantity, json_string_value(number), &value.number)) {
        return add_value(&value, reading);
    }
    if (value.quantity == WARD_QUANTITY_NONE) {
        return NULL;
    }
    if (json_is_string(number)) {
        return "a value is a text that its quantity has no code for";
    }
    if (unit != NULL && strcmp(unit, ward_quantity_info(value.quantity)->unit) != 0) {
        return "a value has another unit than its quantity is kept in: % /min mm[Hg] Cel kg mmol/L cm L/min";
    }
    if (json_is_number(number)
            ? !ward_json_exact(number, &value.number)
            : (number != NULL && !json_is_null(number)) || !read_special(item, &value.number)) {
        return "a value is neither a number nor a known special value";
    }
    return add_value(&value, reading);
}

/* Whether the member is absent, null or a moment; ret is set for the last. */
static bool read_moment(const json_t *object, const char *member, int64_t *ret)
{
    const json_t *value = json_object_get(object, member);

    if (value == NULL || json_is_null(value)) {
        return true;
    }
    return json_is_string(value) && ward_utc_parse(json_string_value(value), json_string_length(value), ret);
}

static bool read_id(const json_t *object, const char *member, struct ward_id *ret)
{
    const json_t *value = json_object_get(object, member);

    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && ward_id_set(ret, json_string_value(value)));
}

static const char *read_reasons(const json_t *object, struct ward_reading *reading)
{
    const json_t *reasons = json_object_get(object, "reasons");

    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *name = json_string_value(json_array_get(reasons, i));
        uint32_t bit = 0;

        if (name == NULL || !ward_reason_by_name(name, &bit)) {
            return "a reason is not known; there are: no-value implausible no-contact poor-signal "
                   "measurement-ongoing questionable-status sensor-fault motion not-clinical link-unproved "
                   "undecodable invalidated-by-device disagreement";
        }
        reading->reasons |= bit;
    }
    return NULL;
}

/* [first, last] of the stream that a spot reading was derived from. */
static void read_derived_from(const json_t *object, struct ward_reading *reading)
{
    const json_t *range = json_object_get(object, "derived_from");

    if (json_array_size(range) == 2) {
        reading->derived_first = (uint64_t)json_integer_value(json_array_get(range, 0));
        reading->derived_last = (uint64_t)json_integer_value(json_array_get(range, 1));
    }
}

static const char *read_head(const json_t *object, struct ward_reading *reading)
{
    const char *kind = json_string_value(json_object_get(object, "kind"));
    const char *quality = json_string_value(json_object_get(object, "quality"));

    reading->measured_at_ms = reading->received_at_ms = WARD_UTC_UNKNOWN;
    reading->seq = (uint64_t)json_integer_value(json_object_get(object, "seq"));
    reading->late = json_is_true(json_object_get(object, "late"));
    reading->unassigned = json_is_true(json_object_get(object, "unassigned"));
    read_derived_from(object, reading);
    if (kind != NULL && !ward_record_kind_by_name(kind, &reading->kind)) {
        return "kind is not known; there are: spot continuous stored entry gap void clock unmonitored";
    }
    if (quality != NULL && !ward_quality_by_name(quality, &reading->quality)) {
        return "quality is not known; there are: valid questionable invalid";
    }
    if (!read_moment(object, "measured_at", &reading->measured_at_ms) ||
        !read_moment(object, "received_at", &reading->received_at_ms)) {
        return "measured_at or received_at is not a moment like 2026-11-22T09:00:00.000Z";
    }
    if (!read_id(object, "patient", &reading->patient) || !read_id(object, "episode", &reading->episode) ||
        !read_id(object, "device", &reading->device)) {
        return "patient, episode or device is not an id";
    }
    return read_reasons(object, reading);
}

const char *ward_reading_from_json(const json_t *object, struct ward_reading *ret)
{
    const json_t *values = json_object_get(object, "values");
    const char *wrong;

    memset(ret, 0, sizeof(*ret));
    if (!json_is_object(object)) {
        return "is not a JSON object";
    }
    wrong = read_head(object, ret);
    if (values != NULL && !json_is_array(values)) {
        return "values is not a list";
    }
    for (size_t i = 0; i < json_array_size(values) && wrong == NULL; i++) {
        wrong = read_value(json_array_get(values, i), ret);
    }
    if (wrong == NULL && ret->kind < WARD_RECORD_GAP && values == NULL) {
        return "has no values";
    }
    return wrong;
}
