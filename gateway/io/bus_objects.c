/* SPDX-License-Identifier: Apache-2.0 */
#include "io/bus_objects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/bus_value.h"

#define DEVICE_INTERFACE "org.wardgate.Device1"

#define PROPERTIES_MAX                                                                                       \
    ((int)WARD_BUS_GATEWAY_PROPERTIES > (int)WARD_BUS_DEVICE_PROPERTIES ? (int)WARD_BUS_GATEWAY_PROPERTIES   \
                                                                        : (int)WARD_BUS_DEVICE_PROPERTIES)

static const struct ward_bus_property gateway_properties[WARD_BUS_GATEWAY_PROPERTIES] = {
    [WARD_BUS_VERSION] = {"Version", 's', 0, true},
    [WARD_BUS_GATEWAY] = {"Gateway", 's', 0, true},
    [WARD_BUS_SITE] = {"Site", 's', 0, true},
    [WARD_BUS_EPOCH] = {"Epoch", 's', 0, false},
    [WARD_BUS_MONITORING] = {"Monitoring", 's', 0, false},
    [WARD_BUS_REASONS] = {"Reasons", 'a', 0, false},
    [WARD_BUS_WATCHED] = {"WatchedPatients", 'a', 0, false},
    [WARD_BUS_PRIORITY] = {"Priority", 's', 0, false},
    [WARD_BUS_SILENCED] = {"Silenced", 'b', 0, false},
    [WARD_BUS_UNDELIVERED] = {"Undelivered", 'b', 0, false},
    [WARD_BUS_TEXT] = {"Text", 's', 0, false},
    [WARD_BUS_QUEUE_DEPTH] = {"QueueDepth", 't', 0, false},
    [WARD_BUS_QUEUED_ALARMS] = {"QueuedAlarms", 't', 0, false},
    [WARD_BUS_HUB_CONNECTED] = {"HubConnected", 'b', 0, false},
    [WARD_BUS_HUB_REASON] = {"HubReason", 's', 0, false},
    [WARD_BUS_CERTIFICATE_EXPIRES] = {"CertificateExpires", 'x', 0, false},
    [WARD_BUS_CLOCK_TRUSTED] = {"ClockTrusted", 'b', 0, false},
    [WARD_BUS_CLOCK] = {"Clock", 's', 0, false},
    [WARD_BUS_RADIO] = {"Radio", 's', 0, false},
    [WARD_BUS_STORAGE] = {"Storage", 's', 0, false},
};

static const struct ward_bus_property device_properties[WARD_BUS_DEVICE_PROPERTIES] = {
    [WARD_BUS_DEVICE] = {"Device", 's', 0, true},
    [WARD_BUS_NAME] = {"Name", 's', 0, false},
    [WARD_BUS_MODEL] = {"Model", 's', 0, false},
    [WARD_BUS_KIND] = {"Kind", 's', 0, false},
    [WARD_BUS_QUANTITIES] = {"Quantities", 'a', 0, false},
    [WARD_BUS_MANUFACTURER] = {"Manufacturer", 's', 0, false},
    [WARD_BUS_MODEL_NUMBER] = {"ModelNumber", 's', 0, false},
    [WARD_BUS_SERIAL_NUMBER] = {"SerialNumber", 's', 0, false},
    [WARD_BUS_FIRMWARE] = {"Firmware", 's', 0, false},
    [WARD_BUS_FIRMWARE_TRUSTED] = {"FirmwareTrusted", 'b', 0, false},
    [WARD_BUS_ADDRESS] = {"Address", 's', 0, false},
    [WARD_BUS_SECURITY] = {"Security", 's', 0, false},
    [WARD_BUS_PATIENTS_BOUND] = {"Patients", 'a', 0, false},
    [WARD_BUS_SHARED] = {"Shared", 'b', 0, false},
    [WARD_BUS_CLAIMED_BY] = {"ClaimedBy", 's', 0, false},
    [WARD_BUS_CONNECTED] = {"Connected", 'b', 0, false},
    [WARD_BUS_NEEDS_PAIRING] = {"NeedsPairing", 'b', 0, false},
    [WARD_BUS_LAST_SEEN] = {"LastSeen", 'x', WARD_BUS_LAST_SEEN_STEP_MS, false},
    [WARD_BUS_BATTERY] = {"Battery", 'i', 0, false},
    [WARD_BUS_DEVICE_CLOCK] = {"Clock", 's', 0, false},
    [WARD_BUS_ENROLLED_AT] = {"EnrolledAt", 'x', 0, false},
};

struct object {
    struct object *next; /* of the devices */
    sd_bus_slot *slot;   /* NULL: of the gateway, whose interface is exported elsewhere */
    char *path;
    const char *interface;
    const struct ward_bus_property *properties;
    size_t count;
    bool told; /* since the last ward_bus_objects_told */
    struct ward_bus_kept values[PROPERTIES_MAX];
};

struct ward_bus_objects {
    sd_bus *bus;
    sd_bus_slot *manager;
    struct object gateway;
    struct object *devices;
};

/* --- reading ------------------------------------------------------------------------------------------------- */

static int get(const struct object *object, const char *name, sd_bus_message *reply)
{
    for (size_t i = 0; i < object->count; i++)
        if (strcmp(object->properties[i].name, name) == 0)
            return ward_bus_kept_append(reply, &object->properties[i], &object->values[i]);
    return -ENOENT;
}

int ward_bus_objects_get(sd_bus *bus, const char *path, const char *interface, const char *name,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    struct ward_bus_objects *const *objects = userdata;

    (void)bus;
    (void)path;
    (void)interface;
    (void)error;
    return get(&(*objects)->gateway, name, reply);
}

static int get_device(sd_bus *bus, const char *path, const char *interface, const char *name,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
    (void)bus;
    (void)path;
    (void)interface;
    (void)error;
    return get(userdata, name, reply);
}

static const sd_bus_vtable device_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("Device", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Name", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Model", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Kind", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Quantities", "as", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Manufacturer", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("ModelNumber", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("SerialNumber", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Firmware", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("FirmwareTrusted", "b", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Address", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Security", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Patients", "as", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Shared", "b", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("ClaimedBy", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Connected", "b", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("NeedsPairing", "b", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("LastSeen", "x", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Battery", "i", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("Clock", "s", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_PROPERTY("EnrolledAt", "x", get_device, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
    SD_BUS_VTABLE_END,
};

/* --- telling ------------------------------------------------------------------------------------------------- */

static bool moved_by_less(const struct ward_bus_property *property, const struct ward_bus_kept *from,
                          const struct ward_bus_kept *to)
{
    const int64_t low = from->number < to->number ? from->number : to->number;
    const int64_t high = from->number < to->number ? to->number : from->number;

    return property->step > 0 && low != 0 && high - low < property->step;
}

/*
 * Whether a value differs from the one that is kept; ret is its copy, empty when it does not differ. Most do not, and cost
 * no memory.
 */
static bool differs_from_kept(const struct object *object, size_t i, const struct ward_bus_value *told,
                              struct ward_bus_kept *ret, int *ret_error)
{
    if (ward_bus_kept_is(&object->values[i], &object->properties[i], told))
        return false;
    if (!ward_bus_kept_copy(&object->properties[i], told, ret)) {
        *ret_error = -ENOMEM;
        return false;
    }
    if (!ward_bus_kept_is_same(&object->values[i], ret))
        return true;
    ward_bus_kept_done(ret);
    return false;
}

/*
 * Takes over what differs, when some of it is told by itself. Returns whether there is something to signal: ret_names,
 * ended by NULL.
 */
static bool take_over(struct object *object, const struct ward_bus_value *values,
                      const char *ret_names[PROPERTIES_MAX + 1], int *ret_error)
{
    struct ward_bus_kept copies[PROPERTIES_MAX] = {0};
    bool differs[PROPERTIES_MAX], news = false;
    size_t count = 0;

    for (size_t i = 0; i < object->count; i++) {
        differs[i] = differs_from_kept(object, i, &values[i], &copies[i], ret_error);
        news = news || (differs[i] && !moved_by_less(&object->properties[i], &object->values[i], &copies[i]));
    }
    for (size_t i = 0; i < object->count; i++) {
        if (!differs[i])
            continue;
        if (news) {
            const struct ward_bus_kept old = object->values[i];

            object->values[i] = copies[i];
            copies[i] = old;
            if (!object->properties[i].constant)
                ret_names[count++] = object->properties[i].name;
        }
        ward_bus_kept_done(&copies[i]);
    }
    ret_names[count] = NULL;
    return count > 0;
}

static int tell(struct ward_bus_objects *objects, struct object *object, const struct ward_bus_value *values)
{
    const char *names[PROPERTIES_MAX + 1];
    int error = 0, result = 0;

    if (take_over(object, values, names, &error))
        result = sd_bus_emit_properties_changed_strv(objects->bus, object->path, object->interface,
                                                     (char **)(uintptr_t)names);
    return error ? error : result < 0 ? result : 0;
}

int ward_bus_objects_tell(struct ward_bus_objects *objects,
                          const struct ward_bus_value values[static WARD_BUS_GATEWAY_PROPERTIES])
{
    return tell(objects, &objects->gateway, values);
}

static struct object *device_free(struct object *device)
{
    for (size_t i = 0; i < device->count; i++)
        ward_bus_kept_done(&device->values[i]);
    sd_bus_slot_unref(device->slot);
    free(device->path);
    free(device);
    return NULL;
}

/* With all its values, then added to the list and told of. */
static int add_device(struct ward_bus_objects *objects, const struct ward_bus_value *values)
{
    struct object *device = calloc(1, sizeof(*device));
    const char *names[PROPERTIES_MAX + 1];
    int error = 0, result;

    if (!device)
        return -ENOMEM;
    device->interface = DEVICE_INTERFACE;
    device->properties = device_properties;
    device->count = WARD_BUS_DEVICE_PROPERTIES;
    device->told = true;
    (void)take_over(device, values, names, &error);
    result = error ? error
                   : sd_bus_path_encode(WARD_BUS_DEVICES_PATH, values[WARD_BUS_DEVICE].text, &device->path);
    if (result >= 0)
        result = sd_bus_add_object_vtable(objects->bus, &device->slot, device->path, DEVICE_INTERFACE,
                                          device_vtable, device);
    if (result < 0) {
        device_free(device);
        return result;
    }
    device->next = objects->devices;
    objects->devices = device;
    result = sd_bus_emit_object_added(objects->bus, device->path);
    return result < 0 ? result : 0;
}

int ward_bus_objects_tell_device(struct ward_bus_objects *objects,
                                 const struct ward_bus_value values[static WARD_BUS_DEVICE_PROPERTIES])
{
    struct object *device = objects->devices;

    while (device && strcmp(device->values[WARD_BUS_DEVICE].texts[0], values[WARD_BUS_DEVICE].text) != 0)
        device = device->next;
    if (!device)
        return add_device(objects, values);
    device->told = true;
    return tell(objects, device, values);
}

void ward_bus_objects_told(struct ward_bus_objects *objects, bool every)
{
    struct object **place = &objects->devices;

    while (*place) {
        struct object *device = *place;

        if (device->told || !every) {
            device->told = false;
            place = &device->next;
            continue;
        }
        *place = device->next;
        (void)sd_bus_emit_object_removed(objects->bus, device->path); /* it looks what stands there still */
        device_free(device);
    }
}

/* --- the whole ----------------------------------------------------------------------------------------------- */

int ward_bus_objects_new(struct ward_bus_objects **ret, sd_bus *bus)
{
    struct ward_bus_objects *made = calloc(1, sizeof(*made));
    int result;

    if (!made)
        return -ENOMEM;
    made->bus = sd_bus_ref(bus);
    made->gateway.interface = WARD_BUS_INTERFACE;
    made->gateway.properties = gateway_properties;
    made->gateway.count = WARD_BUS_GATEWAY_PROPERTIES;
    made->gateway.path = strdup(WARD_BUS_PATH);
    result = made->gateway.path ? sd_bus_add_object_manager(bus, &made->manager, WARD_BUS_PATH) : -ENOMEM;
    if (result < 0) {
        ward_bus_objects_free(made);
        return result;
    }
    *ret = made;
    return 0;
}

struct ward_bus_objects *ward_bus_objects_free(struct ward_bus_objects *objects)
{
    if (!objects)
        return NULL;
    while (objects->devices) {
        struct object *device = objects->devices;

        objects->devices = device->next;
        device_free(device);
    }
    for (size_t i = 0; i < WARD_BUS_GATEWAY_PROPERTIES; i++)
        ward_bus_kept_done(&objects->gateway.values[i]);
    free(objects->gateway.path);
    sd_bus_slot_unref(objects->manager);
    sd_bus_unref(objects->bus);
    free(objects);
    return NULL;
}
