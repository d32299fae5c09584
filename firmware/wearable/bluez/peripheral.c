/* SPDX-License-Identifier: Apache-2.0 */
/*
 * States:   away ──adapter appears──▶ starting ──registered──▶ ready
 *             ▲                          │ refused: again in a second
 *             └──── bluetoothd or the adapter goes, from any state
 *
 * Starting is a chain of calls, each made when the one before was answered: Powered, Pairable, Alias, then
 * the application. bluetoothd calls back into the application while it registers it, so no call may be
 * waited for.
 */
#include "wearable/bluez/peripheral.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "wearable/bluez/agent.h"
#include "wearable/bluez/peripheral_part.h"

static size_t central_count(const struct ward_peripheral *peripheral)
{
    size_t count = 0;

    for (size_t i = 0; i < CENTRALS_MAX; i++)
        count += peripheral->centrals[i][0] != '\0';
    return count;
}

/* The slot that holds path; "" finds a free one. */
static char *find_central(struct ward_peripheral *peripheral, const char *path)
{
    for (size_t i = 0; i < CENTRALS_MAX; i++)
        if (strcmp(peripheral->centrals[i], path) == 0)
            return peripheral->centrals[i];
    return NULL;
}

static void set_connected(struct ward_peripheral *peripheral, const char *path, bool connected)
{
    size_t before = central_count(peripheral);
    char *slot = find_central(peripheral, path);

    if (connected == (slot != NULL))
        return;
    if (connected)
        slot = find_central(peripheral, "");
    if (!slot || strlen(path) >= PATH_LENGTH)
        return;
    snprintf(slot, PATH_LENGTH, "%s", connected ? path : "");
    if (connected)
        ward_agent_prefer(peripheral->agent);
    if ((before > 0) != (central_count(peripheral) > 0))
        peripheral->events.connected(peripheral->events.userdata, connected);
}

static int know(struct ward_peripheral *peripheral, const char *path)
{
    char(*known)[PATH_LENGTH];

    for (size_t i = 0; i < peripheral->known_count; i++)
        if (strcmp(peripheral->known[i], path) == 0)
            return 0;
    known = reallocarray(peripheral->known, peripheral->known_count + 1, sizeof(*known));
    if (!known)
        return -ENOMEM;
    peripheral->known = known;
    snprintf(known[peripheral->known_count++], PATH_LENGTH, "%s", path);
    return 0;
}

static void know_no_more(struct ward_peripheral *peripheral, const char *path)
{
    for (size_t i = 0; i < peripheral->known_count; i++)
        if (strcmp(peripheral->known[i], path) == 0) {
            memmove(peripheral->known[i], peripheral->known[--peripheral->known_count], PATH_LENGTH);
            return;
        }
}

static bool below_adapter(const struct ward_peripheral *peripheral, const char *path)
{
    size_t length = strlen(peripheral->adapter_path);

    return strncmp(path, peripheral->adapter_path, length) == 0 && path[length] == '/';
}

static void lose(struct ward_peripheral *peripheral)
{
    peripheral->pending = sd_bus_slot_unref(peripheral->pending);
    peripheral->retry = sd_event_source_disable_unref(peripheral->retry);
    peripheral->known_count = 0;
    if (!peripheral->present)
        return;
    peripheral->present = false;
    for (size_t i = 0; i < CENTRALS_MAX; i++)
        if (peripheral->centrals[i][0])
            set_connected(peripheral, peripheral->centrals[i], false);
    peripheral->events.lost(peripheral->events.userdata);
}

/* Reads a{sv} of one interface for the only property that matters: Connected of a device below the adapter. */
static int read_properties(struct ward_peripheral *peripheral, sd_bus_message *message, const char *path,
                           const char *interface)
{
    bool device = strcmp(interface, DEVICE) == 0 && below_adapter(peripheral, path);
    const char *name = NULL;
    int connected = 0;
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0 && device && strcmp(name, "Connected") == 0) {
            r = sd_bus_message_read(message, "v", "b", &connected);
            if (r >= 0)
                set_connected(peripheral, path, connected);
        } else if (r >= 0) {
            r = sd_bus_message_skip(message, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
    }
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* Reads o a{sa{sv}}, one object of InterfacesAdded or GetManagedObjects. */
static int read_object(struct ward_peripheral *peripheral, sd_bus_message *message)
{
    const char *path = NULL, *interface = NULL;
    int r = sd_bus_message_read(message, "o", &path);

    if (r >= 0)
        r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
        r = sd_bus_message_read(message, "s", &interface);
        /* the GATT manager is exported after Adapter1, and is what is needed first */
        if (r >= 0 && strcmp(interface, "org.bluez.GattManager1") == 0 &&
            strcmp(path, peripheral->adapter_path) == 0)
            r = ward_peripheral_appear(peripheral);
        if (r >= 0 && strcmp(interface, DEVICE) == 0 && below_adapter(peripheral, path))
            r = know(peripheral, path);
        if (r >= 0)
            r = read_properties(peripheral, message, path, interface);
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
    }
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int on_added(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    (void)error;
    return read_object(userdata, signal);
}

static int on_removed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    const char *path = NULL, *interface = NULL;
    int r = sd_bus_message_read(signal, "o", &path);

    (void)error;
    if (r >= 0)
        r = sd_bus_message_enter_container(signal, 'a', "s");
    while (r >= 0 && (r = sd_bus_message_read(signal, "s", &interface)) > 0) {
        if (strcmp(path, peripheral->adapter_path) == 0 && strcmp(interface, ADAPTER) == 0)
            lose(peripheral);
        else if (below_adapter(peripheral, path) && strcmp(interface, DEVICE) == 0) {
            set_connected(peripheral, path, false);
            know_no_more(peripheral, path);
        }
    }
    return r;
}

static int on_changed(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    const char *interface = NULL;
    int r = sd_bus_message_read(signal, "s", &interface);

    (void)error;
    return r < 0 ? r : read_properties(userdata, signal, sd_bus_message_get_path(signal), interface);
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    int r;

    (void)error;
    if (sd_bus_message_get_error(reply))
        return 0; /* no bluetoothd yet: its name will appear */
    r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
        r = read_object(peripheral, reply);
        if (r >= 0)
            r = sd_bus_message_exit_container(reply);
    }
    if (r >= 0 && !peripheral->present)
        fprintf(stderr, "wardgate-wearable: waiting for the adapter %s\n", peripheral->adapter_path);
    return r;
}

static int ask_objects(struct ward_peripheral *peripheral)
{
    peripheral->pending = sd_bus_slot_unref(peripheral->pending);
    return sd_bus_call_method_async(peripheral->bus, NULL, BLUEZ, "/", OBJECT_MANAGER, "GetManagedObjects",
                                    on_objects, peripheral, "");
}

static int on_owner(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
    struct ward_peripheral *peripheral = userdata;
    const char *name = NULL, *old_owner = NULL, *new_owner = NULL;
    int r = sd_bus_message_read(signal, "sss", &name, &old_owner, &new_owner);

    (void)error;
    if (r < 0)
        return r;
    lose(peripheral);
    return new_owner[0] ? ask_objects(peripheral) : 0;
}

static int add_matches(struct ward_peripheral *peripheral)
{
    char changed[256];
    int r;

    snprintf(changed, sizeof(changed),
             "type='signal',sender='" BLUEZ "',interface='" PROPERTIES
             "',member='PropertiesChanged',path_namespace='%s',arg0='" DEVICE "'",
             peripheral->adapter_path);
    r = sd_bus_match_signal(peripheral->bus, &peripheral->match_added, BLUEZ, NULL, OBJECT_MANAGER,
                            "InterfacesAdded", on_added, peripheral);
    if (r >= 0)
        r = sd_bus_match_signal(peripheral->bus, &peripheral->match_removed, BLUEZ, NULL, OBJECT_MANAGER,
                                "InterfacesRemoved", on_removed, peripheral);
    if (r >= 0)
        r = sd_bus_add_match(peripheral->bus, &peripheral->match_changed, changed, on_changed, peripheral);
    if (r >= 0)
        r = sd_bus_add_match(
            peripheral->bus, &peripheral->match_owner,
            "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" BLUEZ "'",
            on_owner, peripheral);
    return r;
}

int ward_peripheral_new(struct ward_peripheral **ret, sd_bus *bus,
                        const struct ward_peripheral_options *options,
                        const struct ward_peripheral_events *events)
{
    struct ward_peripheral *peripheral = calloc(1, sizeof(*peripheral));
    int r = -ENOMEM;

    if (!peripheral)
        return -ENOMEM;
    peripheral->bus = sd_bus_ref(bus);
    peripheral->events = *events;
    peripheral->name = strdup(options->name);
    peripheral->application_path = strdup(options->application_path);
    snprintf(peripheral->adapter_path, sizeof(peripheral->adapter_path), "/org/bluez/%s", options->adapter);
    if (peripheral->name && peripheral->application_path)
        r = ward_agent_new(&peripheral->agent, bus, peripheral->adapter_path);
    if (r >= 0)
        r = add_matches(peripheral);
    if (r >= 0)
        r = ask_objects(peripheral);
    if (r < 0) {
        ward_peripheral_free(peripheral);
        return r;
    }
    *ret = peripheral;
    return 0;
}

struct ward_peripheral *ward_peripheral_free(struct ward_peripheral *peripheral)
{
    if (!peripheral)
        return NULL;
    sd_event_source_disable_unref(peripheral->retry);
    sd_bus_slot_unref(peripheral->pending);
    sd_bus_slot_unref(peripheral->match_owner);
    sd_bus_slot_unref(peripheral->match_added);
    sd_bus_slot_unref(peripheral->match_removed);
    sd_bus_slot_unref(peripheral->match_changed);
    ward_agent_free(peripheral->agent);
    sd_bus_unref(peripheral->bus);
    free(peripheral->name);
    free(peripheral->application_path);
    free(peripheral->known);
    free(peripheral);
    return NULL;
}

int ward_peripheral_disconnect(struct ward_peripheral *peripheral)
{
    int r = 0;

    for (size_t i = 0; i < CENTRALS_MAX && r >= 0; i++)
        if (peripheral->centrals[i][0])
            r = sd_bus_call_method_async(peripheral->bus, NULL, BLUEZ, peripheral->centrals[i], DEVICE,
                                         "Disconnect", NULL, NULL, "");
    return r < 0 ? r : 0;
}

int ward_peripheral_forget_bonds(struct ward_peripheral *peripheral)
{
    int r = 0;

    for (size_t i = 0; i < peripheral->known_count && r >= 0; i++)
        r = sd_bus_call_method_async(peripheral->bus, NULL, BLUEZ, peripheral->adapter_path, ADAPTER,
                                     "RemoveDevice", NULL, NULL, "o", peripheral->known[i]);
    return r < 0 ? r : 0;
}
