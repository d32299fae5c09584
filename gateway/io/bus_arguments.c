/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bus_arguments.h"

#include <errno.h>
#include <string.h>

static int filter_member(sd_bus_message *message, struct ward_bus_arguments *arguments, const char *name)
{
    int flag = 0;
    int result = -EINVAL;

    if (strcmp(name, "device") == 0)
        return sd_bus_message_read(message, "v", "s", &arguments->filter.device);
    if (strcmp(name, "quantity") == 0)
        return sd_bus_message_read(message, "v", "s", &arguments->filter.quantity);
    if (strcmp(name, "patient") == 0)
        return sd_bus_message_read(message, "v", "s", &arguments->filter.patient);
    if (strcmp(name, "since") == 0)
        return sd_bus_message_read(message, "v", "x", &arguments->filter.since_ms);
    if (strcmp(name, "until") == 0)
        return sd_bus_message_read(message, "v", "x", &arguments->filter.until_ms);
    if (strcmp(name, "before") == 0)
        return sd_bus_message_read(message, "v", "t", &arguments->filter.before_seq);
    if (strcmp(name, "limit") == 0)
        return sd_bus_message_read(message, "v", "u", &arguments->filter.limit);
    if (strcmp(name, "history") == 0) {
        result = sd_bus_message_read(message, "v", "b", &flag);
        arguments->filter.history = flag != 0;
    } else if (strcmp(name, "fhir") == 0) {
        result = sd_bus_message_read(message, "v", "b", &flag);
        arguments->filter.fhir = flag != 0;
    }
    return result;
}

static int read_filter(sd_bus_message *message, struct ward_bus_arguments *arguments)
{
    int result = sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "{sv}");

    if (result < 0)
        return result;
    while ((result = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        const char *name = NULL;

        result = sd_bus_message_read(message, "s", &name);
        if (result >= 0)
            result = filter_member(message, arguments, name);
        if (result >= 0)
            result = sd_bus_message_exit_container(message);
        if (result < 0)
            return result;
    }
    return result < 0 ? result : sd_bus_message_exit_container(message);
}

int ward_bus_read_arguments(sd_bus_message *message, enum ward_bus_shape shape, uint8_t texts,
                            struct ward_bus_arguments *ret)
{
    int result = 0;

    if (shape == WARD_BUS_SHAPE_FILTER)
        return read_filter(message, ret);
    for (uint8_t i = 0; i < texts && result >= 0; i++)
        result = sd_bus_message_read(message, "s", &ret->text[i]);
    if (result >= 0 && (shape == WARD_BUS_SHAPE_NUMBER || shape == WARD_BUS_SHAPE_TEXTS_NUMBER))
        result = sd_bus_message_read(message, "u", &ret->number);
    return result;
}
