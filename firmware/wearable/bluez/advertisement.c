/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/bluez/advertisement.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wearable/bluez/server.h"

#define PATH    "/org/wardgate/wearable_advertisement"
#define MANAGER "org.bluez.LEAdvertisingManager1"

/*
 * Between two advertisements: quick enough that a scan of a second hears one, as a cuff that just woke
 * does.
 */
#define INTERVAL_MINIMUM_MS 100
#define INTERVAL_MAXIMUM_MS 150

struct ward_advertisement {
    sd_bus *bus;
    sd_bus_slot *slot;
    sd_bus_slot *pending; /* call in flight; answers to earlier ones do not matter any more */
    char *adapter_path;
    char *name;
    const struct ward_wearable_profile *profile;
    bool on;
};

static int get_type(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
    return sd_bus_message_append(reply, "s", "peripheral");
}

static int get_services(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_advertisement *advertisement = userdata;
    char uuid[WARD_UUID_TEXT_LENGTH + 1];

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    ward_server_print_uuid(advertisement->profile, advertisement->profile->service, uuid);
    return sd_bus_message_append(reply, "as", 1, uuid);
}

static int get_name(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_advertisement *advertisement = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "s", advertisement->name);
}

static int get_appearance(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_advertisement *advertisement = userdata;

    (void)bus, (void)path, (void)interface, (void)property, (void)error;
    return sd_bus_message_append(reply, "q", advertisement->profile->appearance);
}

static int get_discoverable(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)property, (void)userdata, (void)error;
    return sd_bus_message_append(reply, "b", 1);
}

static int get_interval(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)bus, (void)path, (void)interface, (void)userdata, (void)error;
    return sd_bus_message_append(
        reply, "u", strcmp(property, "MinInterval") == 0 ? INTERVAL_MINIMUM_MS : INTERVAL_MAXIMUM_MS);
}

/* bluetoothd has dropped the advertisement by itself. */
static int method_release(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
    (void)userdata, (void)error;
    return sd_bus_reply_method_return(call, "");
}

static const sd_bus_vtable advertisement_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Type", "s", get_type, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("ServiceUUIDs", "as", get_services, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("LocalName", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Appearance", "q", get_appearance, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Discoverable", "b", get_discoverable, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("MinInterval", "u", get_interval, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("MaxInterval", "u", get_interval, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Release", "", "", method_release, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int ward_advertisement_new(struct ward_advertisement **ret, sd_bus *bus, const char *adapter_path,
                           const struct ward_wearable_profile *profile, const char *name)
{
    struct ward_advertisement *advertisement = calloc(1, sizeof(*advertisement));
    int r = -ENOMEM;

    if (!advertisement)
        return -ENOMEM;
    advertisement->bus = sd_bus_ref(bus);
    advertisement->profile = profile;
    advertisement->adapter_path = strdup(adapter_path);
    advertisement->name = strdup(name);
    if (advertisement->adapter_path && advertisement->name)
        r = sd_bus_add_object_vtable(bus, &advertisement->slot, PATH, "org.bluez.LEAdvertisement1",
                                     advertisement_vtable, advertisement);
    if (r < 0) {
        ward_advertisement_free(advertisement);
        return r;
    }
    *ret = advertisement;
    return 0;
}

struct ward_advertisement *ward_advertisement_free(struct ward_advertisement *advertisement)
{
    if (!advertisement)
        return NULL;
    sd_bus_slot_unref(advertisement->pending);
    sd_bus_slot_unref(advertisement->slot);
    sd_bus_unref(advertisement->bus);
    free(advertisement->adapter_path);
    free(advertisement->name);
    free(advertisement);
    return NULL;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    const struct ward_advertisement *advertisement = userdata;
    const sd_bus_error *refusal = sd_bus_message_get_error(reply);

    (void)error;
    if (refusal && advertisement->on)
        fprintf(stderr, "wardgate-wearable: bluetoothd does not advertise on %s: %s\n",
                advertisement->adapter_path, refusal->message);
    return 0;
}

static int ask(struct ward_advertisement *advertisement, const char *method, const char *types)
{
    sd_bus_message *call = NULL;
    int r = sd_bus_message_new_method_call(advertisement->bus, &call, "org.bluez",
                                           advertisement->adapter_path, MANAGER, method);

    advertisement->pending = sd_bus_slot_unref(advertisement->pending);
    if (r >= 0)
        r = sd_bus_message_append(call, types, PATH, 0);
    if (r >= 0)
        r = sd_bus_call_async(advertisement->bus, &advertisement->pending, call, on_answer, advertisement, 0);
    sd_bus_message_unref(call);
    return r < 0 ? r : 0;
}

int ward_advertisement_set(struct ward_advertisement *advertisement, bool on)
{
    if (advertisement->on == on)
        return 0;
    advertisement->on = on;
    return on ? ask(advertisement, "RegisterAdvertisement", "oa{sv}")
              : ask(advertisement, "UnregisterAdvertisement", "o");
}

int ward_advertisement_renew(struct ward_advertisement *advertisement)
{
    return advertisement->on ? ask(advertisement, "RegisterAdvertisement", "oa{sv}") : 0;
}
