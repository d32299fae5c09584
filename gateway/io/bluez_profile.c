/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org.bluez.GattProfile1: the services that are read. bluetoothd puts known devices that have one of them on the
 * kernel's accept list, and they are connected the moment they advertise. It learns of the profile by calling
 * GetManagedObjects on us, before it answers RegisterApplication.
 */
#include "io/bluez_internal.h"

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    const struct ward_bluez *bluez = userdata;
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)ret_error;
    return sd_bus_message_append_strv(reply, bluez->services);
}

static int released(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    (void)userdata;
    (void)ret_error;
    return sd_bus_reply_method_return(call, NULL); /* bluetoothd is going; its name tells when it is back */
}

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUIDs", "as", get_uuids, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_METHOD("Release", NULL, NULL, released, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

int ward_bluez_profile_export(struct ward_bluez *bluez)
{
    int r =
        sd_bus_add_object_manager(bluez->bus, &bluez->slots[bluez->slot_count], WARD_BLUEZ_APPLICATION_PATH);
    if (r < 0)
        return r;
    bluez->slot_count++;
    r = sd_bus_add_object_vtable(bluez->bus, &bluez->slots[bluez->slot_count],
                                 WARD_BLUEZ_APPLICATION_PATH "/profile", "org.bluez.GattProfile1", vtable,
                                 bluez);
    if (r < 0)
        return r;
    bluez->slot_count++;
    return 0;
}
