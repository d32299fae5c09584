/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bluetoothd tells. Everything goes into the mirror first and from there to the parts, one device at a time:
 * devices before their characteristics, the end of a connection before the start of the next.
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <string.h>

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define OTHERS_MAX     (WARD_BLUEZ_CHARACTERISTICS_MAX - 32)

/* The passes over a reply to GetManagedObjects, whose order is no order: each needs what the one before took. */
enum pass {
    PASS_ADAPTERS = 1,
    PASS_DEVICES = 2,
    PASS_SERVICES = 4,
    PASS_CHARACTERISTICS = 8,
    PASS_ALL = 15,
};

static bool on_our_adapter(const struct ward_bluez *bluez, const char *path)
{
    size_t length = strlen(bluez->adapter);
    return length > 0 && strncmp(path, bluez->adapter, length) == 0 && path[length] == '/';
}

/* A device's facts changed: everyone who is concerned hears of it, the enrolment last since it may end. */
static void device_changed(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device,
                           uint32_t changed)
{
    char path[WARD_BLUEZ_PATH_SIZE];
    strcpy(path, device->path);
    if (changed & WARD_BLUEZ_FACT_CONNECTED)
        ward_bluez_identity_cancel(bluez, path);
    if (changed & (WARD_BLUEZ_FACT_RSSI | WARD_BLUEZ_FACT_NAME | WARD_BLUEZ_FACT_SERVICES))
        ward_bluez_discovery_seen(bluez, device, changed);
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    if (node)
        ward_bluez_link_changed(node, device, changed);
    device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (device && ward_bluez_enrolment_is_of(bluez, device))
        ward_bluez_enrolment_changed(bluez, device, changed);
}

static void recheck(struct ward_bluez *bluez, const char *path);

/* A device of ours needs a place and a crowd of strangers has them all: one that was told already loses its own. */
static struct ward_bluez_mirror_device *put_ours(struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_mirror_device *device = bluez->mirror.devices;
    while (device && ward_bluez_is_ours(bluez, device->path, device->facts.address))
        device = device->next;
    if (device)
        ward_bluez_mirror_remove(&bluez->mirror, device->path);
    return ward_bluez_mirror_put(&bluez->mirror, path);
}

/*
 * Its services are known, or it sends, and nothing was said of a connection: bluetoothd does not always say it. It is
 * asked; what it answers of the services is news then.
 */
static void ask_anew(struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (!device)
        return;
    device->facts.resolved = false;
    recheck(bluez, device->path);
}

/*
 * A value began a connection, and now the end of one is told: "on, off" was folded, or it was short. What was asked for
 * says nothing of it: it may be older than the connection.
 */
static bool ends_implied(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                         const struct ward_bluez_facts *facts)
{
    const struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    return node && node->implied && (facts->known & WARD_BLUEZ_FACT_CONNECTED) && !facts->connected;
}

static int take_device(struct ward_bluez *bluez, const char *path, sd_bus_message *message,
                       bool told_by_signal)
{
    struct ward_bluez_facts facts;
    int r = ward_bluez_read_device(message, bluez->services, &facts);
    if (r < 0)
        return r;
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (!device) {
        if (!on_our_adapter(bluez, path) || !ward_bluez_is_wanted(bluez, path, facts.address))
            return 0;
        device = ward_bluez_mirror_put(&bluez->mirror, path);
        if (!device && ward_bluez_is_ours(bluez, path, facts.address))
            device = put_ours(bluez, path);
        if (!device)
            return 0; /* the table is full: a stranger more or less */
    }
    bool again = told_by_signal && facts.connected && device->facts.connected;
    uint32_t changed = ward_bluez_mirror_apply(device, &facts, told_by_signal);
    bool unsaid = told_by_signal && (changed & WARD_BLUEZ_FACT_RESOLVED) && device->facts.resolved &&
                  !device->facts.connected;
    if (told_by_signal && ends_implied(bluez, device, &facts))
        changed |= WARD_BLUEZ_FACT_CONNECTED; /* the mirror knew of no connection */
    if (changed)
        device_changed(bluez, device, changed);
    if (again)
        recheck(bluez, path);
    if (unsaid)
        ask_anew(bluez, path);
    device = ward_bluez_mirror_find(&bluez->mirror, path);
    struct ward_bluez_node *node = device ? ward_bluez_node_find(bluez, device->facts.address) : NULL;
    /* It tells 127 when a device connects: that is no advertisement. */
    if (node && told_by_signal && (facts.known & WARD_BLUEZ_FACT_RSSI) &&
        facts.rssi != WARD_BLUEZ_RSSI_UNKNOWN) {
        node->signal.advertisements++;
        node->signal.rssi = facts.rssi;
    }
    if (node && (facts.known & WARD_BLUEZ_FACT_TRUSTED))
        ward_bluez_rest_trusted(node, device);
    return 0;
}

static void on_rechecked(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    if (!ward_bluez_error_of(reply))
        (void)take_device(bluez, path, reply, false); /* unreadable: the link stays unproved */
}

/*
 * "Connected" came twice. It is taken for a new connection, whose ServicesResolved may have been told already:
 * bluetoothd folds changes that follow each other closely, and under load says the same twice. So it is asked; its
 * answer comes after every signal that it had pending.
 */
static void recheck(struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_request request = {path, WARD_BLUEZ_PROPERTIES, "GetAll", 0, on_rechecked, NULL};
    (void)ward_bluez_call(bluez, &request, "s", WARD_BLUEZ_DEVICE);
}

static int take_service(struct ward_bluez *bluez, const char *path, sd_bus_message *message)
{
    char uuid[WARD_BLUEZ_UUID_SIZE];
    int r = ward_bluez_read_service(message, uuid);
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (r >= 0 && device && uuid[0])
        (void)ward_bluez_mirror_put_service(device, path, uuid); /* a stranger service more or less */
    return r;
}

static bool is_information(uint16_t uuid)
{
    return uuid >= WARD_CHAR_SYSTEM_ID && uuid <= WARD_CHAR_MANUFACTURER_NAME;
}

/* A characteristic was exported, after its service. Those that are not read leave some room to those that are. */
static int take_characteristic(struct ward_bluez *bluez, const char *path, sd_bus_message *message)
{
    struct ward_bluez_characteristic_facts facts;
    int r = ward_bluez_read_characteristic(message, &facts);
    if (r < 0)
        return r;
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (!device || !facts.uuid[0])
        return 0;
    bool is_new = !ward_bluez_mirror_find_characteristic(device, path);
    struct ward_bluez_mirror_characteristic *characteristic =
        ward_bluez_mirror_put_characteristic(device, path, facts.uuid);
    if (!characteristic)
        return 0;
    characteristic->properties = facts.properties;
    if (is_new && device->characteristic_count > OTHERS_MAX && !is_information(characteristic->short_uuid) &&
        !ward_bluez_is_read(bluez, device, characteristic)) {
        ward_bluez_mirror_remove(&bluez->mirror, path);
        return 0;
    }
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    if (node) {
        ward_bluez_subscribe(bluez, device);
        ward_bluez_link_settle(node);
    }
    if (is_information(characteristic->short_uuid))
        ward_bluez_identity_shown(bluez, device);
    return 0;
}

static int take_battery(struct ward_bluez *bluez, const char *path, sd_bus_message *message)
{
    int percent;
    int r = ward_bluez_read_battery(message, &percent);
    if (r < 0)
        return r;
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    const struct ward_bluez_node *node = device ? ward_bluez_node_find(bluez, device->facts.address) : NULL;
    if (node && percent >= 0)
        bluez->listener.battery(&node->device, (uint8_t)percent, ward_bluez_now(), bluez->userdata);
    return 0;
}

static int take_adapter(struct ward_bluez *bluez, const char *path, sd_bus_message *message)
{
    struct ward_bluez_adapter_facts facts;
    int r = ward_bluez_read_adapter(message, &facts);
    if (r >= 0)
        ward_bluez_start_adapter(bluez, path, &facts);
    return r;
}

/* One interface of an object that exists now, with its properties next in the message. */
static int take_interface(struct ward_bluez *bluez, sd_bus_message *message, const char *path,
                          unsigned passes)
{
    const char *interface;
    int r = sd_bus_message_read(message, "s", &interface);
    if (r < 0)
        return r;
    if (passes == PASS_ALL && strcmp(interface, WARD_BLUEZ_DEVICE) == 0)
        ward_bluez_ladder_heard(bluez);
    if ((passes & PASS_ADAPTERS) && strcmp(interface, WARD_BLUEZ_ADAPTER) == 0)
        return take_adapter(bluez, path, message);
    if ((passes & PASS_DEVICES) && strcmp(interface, WARD_BLUEZ_DEVICE) == 0)
        return take_device(bluez, path, message, false);
    if ((passes & PASS_SERVICES) && strcmp(interface, WARD_BLUEZ_GATT_SERVICE) == 0)
        return take_service(bluez, path, message);
    if ((passes & PASS_CHARACTERISTICS) && strcmp(interface, WARD_BLUEZ_CHARACTERISTIC) == 0)
        return take_characteristic(bluez, path, message);
    if ((passes & PASS_CHARACTERISTICS) && strcmp(interface, WARD_BLUEZ_BATTERY) == 0)
        return take_battery(bluez, path, message);
    return sd_bus_message_skip(message, "a{sv}");
}

/* An object path and its interfaces, as in InterfacesAdded and in each entry of GetManagedObjects. */
static int take_object(struct ward_bluez *bluez, sd_bus_message *message, unsigned passes)
{
    const char *path;
    int r = sd_bus_message_read(message, "o", &path);
    if (r >= 0)
        r = sd_bus_message_enter_container(message, 'a', "{sa{sv}}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(message, 'e', "sa{sv}")) > 0) {
        r = take_interface(bluez, message, path, passes);
        if (r >= 0)
            r = sd_bus_message_exit_container(message);
        if (r < 0)
            return r;
    }
    return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int take_pass(struct ward_bluez *bluez, sd_bus_message *reply, unsigned pass)
{
    int r = sd_bus_message_rewind(reply, true);
    if (r >= 0)
        r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
    if (r < 0)
        return r;
    while ((r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
        r = take_object(bluez, reply, pass);
        if (r >= 0)
            r = sd_bus_message_exit_container(reply);
        if (r < 0)
            return r;
    }
    return r;
}

int ward_bluez_take_objects(struct ward_bluez *bluez, sd_bus_message *reply)
{
    int r = 0;
    for (unsigned pass = PASS_ADAPTERS; pass <= PASS_CHARACTERISTICS && r >= 0; pass <<= 1)
        r = take_pass(bluez, reply, pass);
    return r < 0 ? r : 0;
}

static void on_refreshed(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    if (ward_bluez_error_of(reply) || ward_bluez_take_objects(bluez, reply) < 0)
        return; /* what it did not take is told again by signals */
    ward_bluez_links_expect(bluez);
}

bool ward_bluez_is_refreshing(const struct ward_bluez *bluez)
{
    return ward_bluez_calls_wait(bluez, on_refreshed);
}

void ward_bluez_refresh(struct ward_bluez *bluez)
{
    const struct ward_bluez_request request = {
        .path = "/", .interface = OBJECT_MANAGER, .member = "GetManagedObjects", .done = on_refreshed};

    if (bluez->adapter[0])
        (void)ward_bluez_call(bluez, &request, NULL);
}

static int on_interfaces_added(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez *bluez = userdata;
    (void)ret_error;
    ward_bluez_reap(bluez);
    (void)take_object(bluez, message, PASS_ALL); /* a message that cannot be read is no news */
    return 0;
}

static void device_gone(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device)
{
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    bool enrolling = ward_bluez_enrolment_is_of(bluez, device);
    ward_bluez_identity_cancel(bluez, device->path);
    ward_bluez_mirror_remove(&bluez->mirror, device->path);
    if (node)
        ward_bluez_link_ended(node);
    if (enrolling)
        ward_bluez_enrolment_event(bluez, WARD_BLUEZ_ENROL_GONE);
}

static int on_interfaces_removed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez *bluez = userdata;
    const char *path, *interface;
    (void)ret_error;
    ward_bluez_reap(bluez);
    if (sd_bus_message_read(message, "o", &path) < 0 || sd_bus_message_enter_container(message, 'a', "s") < 0)
        return 0;
    while (sd_bus_message_read(message, "s", &interface) > 0) {
        struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
        if (strcmp(interface, WARD_BLUEZ_ADAPTER) == 0 && strcmp(path, bluez->adapter) == 0)
            ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_ABSENT, "the Bluetooth adapter was removed");
        else if (device && strcmp(interface, WARD_BLUEZ_DEVICE) == 0)
            device_gone(bluez, device);
        else if (device && (strcmp(interface, WARD_BLUEZ_CHARACTERISTIC) == 0 ||
                            strcmp(interface, WARD_BLUEZ_GATT_SERVICE) == 0))
            ward_bluez_mirror_remove(&bluez->mirror, path);
    }
    return 0;
}

static void take_value(struct ward_bluez *bluez, const char *path, sd_bus_message *message)
{
    struct ward_bluez_characteristic_facts facts;
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (!device || ward_bluez_read_characteristic(message, &facts) < 0 || !facts.value)
        return;
    const struct ward_bluez_mirror_characteristic *characteristic =
        ward_bluez_mirror_find_characteristic(device, path);
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    if (!characteristic || !node || !ward_bluez_is_read(bluez, device, characteristic))
        return;
    bool unsaid = !node->connected;
    ward_bluez_link_value(node, device, characteristic, &facts);
    if (unsaid)
        ask_anew(bluez, path);
}

static int on_properties_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez *bluez = userdata;
    const char *interface, *path = sd_bus_message_get_path(message);
    (void)ret_error;
    ward_bluez_reap(bluez);
    if (sd_bus_message_read_basic(message, 's', &interface) < 0)
        return 0;
    if (strcmp(interface, WARD_BLUEZ_CHARACTERISTIC) == 0 || strcmp(interface, WARD_BLUEZ_DEVICE) == 0)
        ward_bluez_ladder_heard(bluez);
    if (strcmp(interface, WARD_BLUEZ_CHARACTERISTIC) == 0)
        take_value(bluez, path, message);
    else if (strcmp(interface, WARD_BLUEZ_DEVICE) == 0 && ward_bluez_mirror_find(&bluez->mirror, path))
        (void)take_device(bluez, path, message, true);
    else if (strcmp(interface, WARD_BLUEZ_BATTERY) == 0)
        (void)take_battery(bluez, path, message);
    else if (strcmp(interface, WARD_BLUEZ_ADAPTER) == 0)
        (void)take_adapter(bluez, path, message);
    return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez *bluez = userdata;
    const char *name, *old_owner, *new_owner;
    (void)ret_error;
    ward_bluez_reap(bluez);
    if (sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner) < 0)
        return 0;
    bluez->serves = new_owner[0] != '\0';
    if (old_owner[0]) {
        bluez->counters.daemon_restarts++;
        ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_ABSENT, "the Bluetooth service went away");
    }
    if (new_owner[0])
        ward_bluez_start(bluez);
    return 0;
}

int ward_bluez_signals_watch(struct ward_bluez *bluez)
{
    static const struct {
        const char *rule;
        sd_bus_message_handler_t handler;
    } matches[] = {
        {"type='signal',sender='org.bluez',interface='org.freedesktop.DBus.Properties',"
         "member='PropertiesChanged',path_namespace='/org/bluez'",
         on_properties_changed},
        {"type='signal',sender='org.bluez',interface='" OBJECT_MANAGER "',member='InterfacesAdded'",
         on_interfaces_added},
        {"type='signal',sender='org.bluez',interface='" OBJECT_MANAGER "',member='InterfacesRemoved'",
         on_interfaces_removed},
        {"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
         "path='/org/freedesktop/DBus',arg0='org.bluez'",
         on_owner_changed},
    };
    for (size_t i = 0; i < sizeof matches / sizeof matches[0]; i++) {
        int r = sd_bus_add_match_async(bluez->bus, &bluez->slots[bluez->slot_count], matches[i].rule,
                                       matches[i].handler, NULL, bluez);
        if (r < 0)
            return r;
        bluez->slot_count++;
    }
    return 0;
}
