/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bus_value.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"

void ward_bus_kept_done(struct ward_bus_kept *value)
{
    while (value->count > 0)
        free(value->texts[--value->count]);
    free(value->texts);
    *value = (struct ward_bus_kept){0};
}

char *ward_bus_utf8(const char *text)
{
    const size_t length = text ? strlen(text) : 0;
    char *copy = calloc(1, length + 1);
    size_t taken;

    for (size_t at = 0; copy && at < length; at += taken) {
        taken = ward_json_utf8_length((const uint8_t *)text + at, length - at);
        if (taken > 0)
            memcpy(copy + at, text + at, taken);
        else
            copy[at] = '?';
        taken = taken > 0 ? taken : 1;
    }
    return copy;
}

/* The texts of what is told; none of a number. Returns how many. */
static size_t texts_of(const struct ward_bus_property *property, const struct ward_bus_value *told,
                       const char *const **ret)
{
    *ret = property->type == 's' ? &told->text : told->texts;
    return property->type == 's' ? 1 : property->type == 'a' ? told->count : 0;
}

bool ward_bus_kept_is(const struct ward_bus_kept *value, const struct ward_bus_property *property,
                      const struct ward_bus_value *told)
{
    const char *const *texts;
    const size_t count = texts_of(property, told, &texts);

    if (value->count != count || value->number != told->number)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(value->texts[i], texts[i] ? texts[i] : "") != 0)
            return false;
    return true;
}

bool ward_bus_kept_copy(const struct ward_bus_property *property, const struct ward_bus_value *told,
                        struct ward_bus_kept *ret)
{
    const char *const *texts;
    const size_t count = texts_of(property, told, &texts);

    *ret = (struct ward_bus_kept){.number = told->number};
    ret->texts = count > 0 ? calloc(count, sizeof(ret->texts[0])) : NULL;
    for (size_t i = 0; i < count && ret->texts; i++) {
        ret->texts[i] = ward_bus_utf8(texts[i]);
        if (!ret->texts[i])
            break;
        ret->count++;
    }
    if (ret->count == count)
        return true;
    ward_bus_kept_done(ret);
    return false;
}

bool ward_bus_kept_is_same(const struct ward_bus_kept *a, const struct ward_bus_kept *b)
{
    if (a->count != b->count || a->number != b->number)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->texts[i], b->texts[i]) != 0)
            return false;
    return true;
}

int ward_bus_kept_append(sd_bus_message *reply, const struct ward_bus_property *property,
                         const struct ward_bus_kept *value)
{
    int result;

    switch (property->type) {
    case 's': return sd_bus_message_append(reply, "s", value->count > 0 ? value->texts[0] : "");
    case 'b': return sd_bus_message_append(reply, "b", value->number != 0);
    case 'i': return sd_bus_message_append(reply, "i", (int32_t)value->number);
    case 't': return sd_bus_message_append(reply, "t", (uint64_t)value->number);
    case 'x': return sd_bus_message_append(reply, "x", value->number);
    default: break;
    }
    result = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "s");
    for (size_t i = 0; i < value->count && result >= 0; i++)
        result = sd_bus_message_append(reply, "s", value->texts[i]);
    return result < 0 ? result : sd_bus_message_close_container(reply);
}
