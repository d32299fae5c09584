/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/units.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SYSTEMD     "org.freedesktop.systemd1"
#define PATIENCE_US UINT64_C(5000000)

static const char *const units[] = {
    "wardgated.service",
    "wardgate-uplink.service",
    "bluetooth.service",
    "dbus.service",
    "wardgate-recover-bluetooth.path",
    "wardgate-recover-usb.path",
    "systemd-timesyncd.service",
};

static int read_text(sd_bus *bus, const char *path, const char *name, json_t *unit, const char *member)
{
    char *text = NULL;
    const int result = sd_bus_get_property_string(bus, SYSTEMD, path, SYSTEMD ".Unit", name, NULL, &text);

    if (result >= 0)
        (void)json_object_set_new(unit, member, json_string(text));
    free(text);
    return result;
}

static json_t *read_unit(sd_bus *bus, const char *name)
{
    json_t *unit = json_pack("{ss}", "unit", name);
    char *path = NULL;
    uint32_t restarts;
    int result = sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, &path);

    if (result >= 0)
        result = read_text(bus, path, "LoadState", unit, "load");
    if (result >= 0)
        result = read_text(bus, path, "ActiveState", unit, "active");
    if (result >= 0)
        result = read_text(bus, path, "SubState", unit, "sub");
    if (result >= 0 && strstr(name, ".service") != NULL &&
        sd_bus_get_property_trivial(bus, SYSTEMD, path, SYSTEMD ".Service", "NRestarts", NULL, 'u',
                                    &restarts) >= 0)
        (void)json_object_set_new(unit, "restarts", json_integer(restarts));
    free(path);
    if (result >= 0)
        return unit;
    json_decref(unit);
    return NULL;
}

/* Whether somebody is there at all: where nobody is, each question would be one to start it. */
static bool has_systemd(sd_bus *bus)
{
    sd_bus_message *reply = NULL;
    int there = 0;
    int result = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                    "org.freedesktop.DBus", "NameHasOwner", NULL, &reply, "s", SYSTEMD);

    if (result >= 0)
        result = sd_bus_message_read(reply, "b", &there);
    sd_bus_message_unref(reply);
    return result >= 0 && there != 0;
}

json_t *ward_units_read(sd_bus *bus)
{
    json_t *list = json_array();

    (void)sd_bus_set_method_call_timeout(bus, PATIENCE_US);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && has_systemd(bus); i++) {
        json_t *unit = read_unit(bus, units[i]);

        if (unit == NULL)
            break;
        (void)json_array_append_new(list, unit);
    }
    return list;
}
