/* SPDX-License-Identifier: Apache-2.0 */
/* The fake's objects: what it is asked, and what it answers. */
#include "bluez_fake.h"

#include <stdio.h>
#include <string.h>

#define ADAPTER_PATH        "/org/bluez/hci0"
#define DEVICE_PATH         ADAPTER_PATH "/dev_C0_FF_EE_00_00_01"
#define DEVICE              "org.bluez.Device1"
#define SERVICE             "org.bluez.GattService1"
#define CHARACTERISTIC      "org.bluez.GattCharacteristic1"
#define OFFSET(type, field) offsetof(struct type, field)

#define LONG(short) "0000" short "-0000-1000-8000-00805f9b34fb"

/* When an object is exported. */
enum when { ALWAYS, WITH_SERIAL, WITH_MEASUREMENT, WHEN_IT_CONVERSES };

static const struct object {
    enum when when;
    const char *interface, *path, *uuid;
    const char *flags[2];
} objects[FAKE_OBJECTS] = {
    {ALWAYS, DEVICE, DEVICE_PATH, NULL, {NULL}},
    {WITH_SERIAL, SERVICE, DEVICE_PATH "/service0020", LONG("180a"), {NULL}},
    {WITH_SERIAL, CHARACTERISTIC, DEVICE_PATH "/service0020/char0021", LONG("2a25"), {"read"}},
    {ALWAYS, SERVICE, DEVICE_PATH "/service0010", LONG("1810"), {NULL}},
    {WITH_MEASUREMENT, CHARACTERISTIC, DEVICE_PATH "/service0010/char0011", LONG("2a35"), {"indicate"}},
    {WHEN_IT_CONVERSES,
     CHARACTERISTIC,
     DEVICE_PATH "/service0010/char0014",
     LONG("2a52"),
     {"write", "indicate"}},
    {WHEN_IT_CONVERSES, CHARACTERISTIC, DEVICE_PATH "/service0010/char0017", LONG("2a08"), {"read", "write"}},
    {WHEN_IT_CONVERSES, SERVICE, DEVICE_PATH "/service0030", FAKE_VENDOR, {NULL}},
    {WHEN_IT_CONVERSES,
     CHARACTERISTIC,
     DEVICE_PATH "/service0030/char0031",
     LONG("ff02"),
     {"notify", "read"}},
    {WHEN_IT_CONVERSES,
     CHARACTERISTIC,
     DEVICE_PATH "/service0030/char0034",
     LONG("ff01"),
     {"write-without-response"}},
    /* Another vendor's, with the same UUIDs inside. */
    {WHEN_IT_CONVERSES, SERVICE, DEVICE_PATH "/service0040", LONG("fff0"), {NULL}},
    {WHEN_IT_CONVERSES, CHARACTERISTIC, DEVICE_PATH "/service0040/char0041", LONG("ff02"), {"notify"}},
};

static const struct object *object_at(const char *path)
{
    size_t i = 0;
    while (i + 1 < FAKE_OBJECTS && strcmp(objects[i].path, path) != 0)
        i++;
    return &objects[i];
}

/* "char0011" */
static const char *name_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* What the fake is asked. The member's name is the story. */

static int note(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    (void)ret_error;
    fake_tell(userdata, "%s ", sd_bus_message_get_member(call));
    return sd_bus_reply_method_return(call, NULL);
}

static int start_notify(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    fake_tell(fake, "StartNotify ");
    if (!fake->refuses_notify)
        return sd_bus_reply_method_return(call, NULL);
    return sd_bus_error_set(ret_error, "org.bluez.Error.NotPermitted", "Not paired");
}

static int start_discovery(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    fake_tell(fake, "StartDiscovery ");
    if (fake->busy_scans == 0)
        return sd_bus_reply_method_return(call, NULL);
    fake->busy_scans--;
    return sd_bus_error_set(ret_error, "org.bluez.Error.InProgress", "Operation already in progress");
}

static int register_application(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    fake_tell(fake, "RegisterApplication ");
    if (!fake->refuses_application)
        return sd_bus_reply_method_return(call, NULL);
    fake->refuses_application = false;
    return sd_bus_error_set(ret_error, "org.bluez.Error.Failed", "No object received");
}

static int remove_device(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    fake_tell(fake, "RemoveDevice ");
    if (!fake->remove_error)
        return sd_bus_reply_method_return(call, NULL);
    return sd_bus_error_set(ret_error, fake->remove_error, "It was not removed");
}

static int join(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    fake_tell(fake, "%s ", sd_bus_message_get_member(call));
    if (fake->join_error)
        return sd_bus_error_set(ret_error, fake->join_error, fake->join_message);
    sd_bus_reply_method_return(call, NULL);
    return 1;
}

/* The answer to a read or a write: what the test says. */
static int answer(struct fake *fake, sd_bus_message *call, const void *octets, size_t length)
{
    sd_bus_message *reply = NULL;
    int r = fake->request_error ? sd_bus_message_new_method_errorf(call, &reply, fake->request_error, "%s",
                                                                   fake->request_message)
                                : sd_bus_message_new_method_return(call, &reply);
    if (r >= 0 && octets && !fake->request_error)
        r = sd_bus_message_append_array(reply, 'y', octets, length);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r < 0 ? r : 1;
}

static int read_value(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    static const uint8_t clock[] = {0xEA, 0x07, 11, 28, 14, 30, 0};
    struct fake *fake = userdata;
    const char *path = sd_bus_message_get_path(call);
    (void)ret_error;
    if (strcmp(object_at(path)->uuid, LONG("2a25")) == 0)
        return answer(&(struct fake){0}, call, fake->serial, strlen(fake->serial));
    fake_tell(fake, "ReadValue-%s ", name_of(path));
    if (fake->holds_answers) {
        sd_bus_message_unref(fake->held);
        fake->held = sd_bus_message_ref(call);
        return 1;
    }
    return answer(fake, call, clock, sizeof clock);
}

static int write_value(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    const uint8_t *octets;
    const void *array;
    const char *option, *type;
    size_t length;
    (void)ret_error;
    assert_true(sd_bus_message_read_array(call, 'y', &array, &length) >= 0);
    assert_true(sd_bus_message_read(call, "a{sv}", 1, &option, "s", &type) >= 0);
    assert_string_equal(option, "type");
    octets = array;
    fake_tell(fake, "WriteValue-%s,%s", name_of(sd_bus_message_get_path(call)), type);
    for (size_t i = 0; i < length; i++)
        fake_tell(fake, ",%02x", octets[i]);
    fake_tell(fake, " ");
    if (fake->holds_answers) {
        sd_bus_message_unref(fake->held);
        fake->held = sd_bus_message_ref(call);
        return 1;
    }
    return answer(fake, call, NULL, 0);
}

void fake_release(struct fake *fake)
{
    assert_non_null(fake->held);
    const char *octets = sd_bus_message_is_method_call(fake->held, CHARACTERISTIC, "ReadValue") ? "" : NULL;
    assert_true(answer(fake, fake->held, octets, 0) > 0);
    fake->held = sd_bus_message_unref(fake->held);
}

static int get_flag(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    const bool *flag = userdata;
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)ret_error;
    return sd_bus_message_append(reply, "b", (int)*flag);
}

/* Powered and Trusted are told with their values, the others are of no interest. */
static int set_flag(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *value, void *userdata, sd_bus_error *ret_error)
{
    bool *flag = userdata;
    int new_value;
    (void)interface;
    (void)ret_error;
    int r = sd_bus_message_read(value, "b", &new_value);
    if (r < 0)
        return r;
    *flag = new_value != 0;
    if (strcmp(property, "Powered") == 0) {
        /* `powered` is where userdata points to. */
        struct fake *fake = (struct fake *)(void *)((char *)flag - OFFSET(fake, powered));
        fake_tell(fake, "Powered=%d ", new_value);
        return sd_bus_emit_properties_changed(bus, path, interface, property, NULL);
    }
    if (strcmp(property, "Trusted") == 0) {
        struct fake *fake = (struct fake *)(void *)((char *)flag - OFFSET(fake, trusted));
        fake_tell(fake, "Trusted=%d ", new_value);
        return sd_bus_emit_properties_changed(bus, path, interface, property, NULL);
    }
    return 0;
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    const struct fake *fake = userdata;
    (void)bus;
    (void)interface;
    (void)ret_error;
    if (strcmp(property, "Address") == 0)
        return sd_bus_message_append(reply, "s", fake->address ? fake->address : FAKE_ADDRESS);
    if (strcmp(property, "AddressType") == 0)
        return sd_bus_message_append(reply, "s", fake->address_type ? fake->address_type : "public");
    return sd_bus_message_append(reply, "s", object_at(path)->uuid);
}

static int get_services(sd_bus *bus, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    const struct fake *fake = userdata;
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)ret_error;
    return fake->converses ? sd_bus_message_append(reply, "as", 2, LONG("1810"), FAKE_VENDOR)
                           : sd_bus_message_append(reply, "as", 1, LONG("1810"));
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)bus;
    (void)interface;
    (void)property;
    (void)userdata;
    (void)ret_error;
    const struct object *object = object_at(path);
    return object->flags[1] ? sd_bus_message_append(reply, "as", 2, object->flags[0], object->flags[1])
                            : sd_bus_message_append(reply, "as", 1, object->flags[0]);
}

static int get_rssi(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)bus;
    (void)path;
    (void)interface;
    (void)property;
    (void)userdata;
    (void)ret_error;
    return sd_bus_message_append(reply, "n", -60);
}

#define OPEN_TO_ALL SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES     SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable agent_manager_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterAgent", "os", NULL, note, OPEN_TO_ALL),
    SD_BUS_METHOD("RequestDefaultAgent", "o", NULL, note, OPEN_TO_ALL),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable gatt_manager_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("RegisterApplication", "oa{sv}", NULL, register_application, OPEN_TO_ALL),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable adapter_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("SetDiscoveryFilter", "a{sv}", NULL, note, OPEN_TO_ALL),
    SD_BUS_METHOD("StartDiscovery", NULL, NULL, start_discovery, OPEN_TO_ALL),
    SD_BUS_METHOD("StopDiscovery", NULL, NULL, note, OPEN_TO_ALL),
    SD_BUS_METHOD("RemoveDevice", "o", NULL, remove_device, OPEN_TO_ALL),
    SD_BUS_WRITABLE_PROPERTY("Powered", "b", get_flag, set_flag, OFFSET(fake, powered),
                             CHANGES | OPEN_TO_ALL),
    SD_BUS_WRITABLE_PROPERTY("Pairable", "b", get_flag, set_flag, OFFSET(fake, pairable),
                             CHANGES | OPEN_TO_ALL),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable device_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Pair", NULL, NULL, join, OPEN_TO_ALL),
    SD_BUS_METHOD("Connect", NULL, NULL, join, OPEN_TO_ALL),
    SD_BUS_METHOD("Disconnect", NULL, NULL, note, OPEN_TO_ALL),
    SD_BUS_PROPERTY("Address", "s", get_text, 0, 0),
    SD_BUS_PROPERTY("AddressType", "s", get_text, 0, 0),
    SD_BUS_PROPERTY("UUIDs", "as", get_services, 0, CHANGES),
    SD_BUS_PROPERTY("RSSI", "n", get_rssi, 0, CHANGES),
    SD_BUS_PROPERTY("Connected", "b", get_flag, OFFSET(fake, connected), CHANGES),
    SD_BUS_PROPERTY("ServicesResolved", "b", get_flag, OFFSET(fake, resolved), CHANGES),
    SD_BUS_PROPERTY("Paired", "b", get_flag, OFFSET(fake, paired), CHANGES),
    SD_BUS_PROPERTY("Bonded", "b", get_flag, OFFSET(fake, paired), CHANGES),
    SD_BUS_WRITABLE_PROPERTY("Trusted", "b", get_flag, set_flag, OFFSET(fake, trusted),
                             CHANGES | OPEN_TO_ALL),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable service_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_PROPERTY("UUID", "s", get_text, 0, 0),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable characteristic_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StartNotify", NULL, NULL, start_notify, OPEN_TO_ALL),
    SD_BUS_METHOD("StopNotify", NULL, NULL, note, OPEN_TO_ALL),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", read_value, OPEN_TO_ALL),
    SD_BUS_METHOD("WriteValue", "aya{sv}", NULL, write_value, OPEN_TO_ALL),
    SD_BUS_PROPERTY("UUID", "s", get_text, 0, 0),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, 0),
    SD_BUS_VTABLE_END,
};

static void add(struct fake *fake, sd_bus_slot **slot, const char *path, const char *interface,
                const sd_bus_vtable *vtable)
{
    assert_true(sd_bus_add_object_vtable(fake->side, slot, path, interface, vtable, fake) >= 0);
}

static bool is_exported(const struct fake *fake, const struct object *object)
{
    switch (object->when) {
    case ALWAYS: return true;
    case WITH_SERIAL: return fake->serial[0] != '\0';
    case WITH_MEASUREMENT: return fake->shows_measurement;
    case WHEN_IT_CONVERSES: return fake->converses;
    }
    return false;
}

static void export_object(struct fake *fake, size_t i)
{
    const char *interface = objects[i].interface;
    add(fake, &fake->device_slots[i], objects[i].path, interface,
        strcmp(interface, DEVICE) == 0    ? device_vtable
        : strcmp(interface, SERVICE) == 0 ? service_vtable
                                          : characteristic_vtable);
    assert_true(sd_bus_emit_object_added(fake->side, objects[i].path) >= 0);
}

void fake_export(struct fake *fake)
{
    for (size_t i = 0; i < FAKE_OBJECTS; i++)
        if (is_exported(fake, &objects[i]))
            export_object(fake, i);
}

void fake_show_serial(struct fake *fake, const char *serial)
{
    fake->serial = serial;
    for (size_t i = 0; i < FAKE_OBJECTS; i++)
        if (objects[i].when == WITH_SERIAL)
            export_object(fake, i);
}

void fake_withdraw(struct fake *fake)
{
    for (size_t i = FAKE_OBJECTS; i-- > 0;) {
        if (!fake->device_slots[i])
            continue;
        assert_true(sd_bus_emit_object_removed(fake->side, objects[i].path) >= 0);
        fake->device_slots[i] = sd_bus_slot_unref(fake->device_slots[i]);
    }
    fake->connected = fake->resolved = fake->paired = false;
}

void fake_set(struct fake *fake, bool *flag, bool value)
{
    const char *interface = "org.bluez.Device1", *path = DEVICE_PATH, *property = "Paired";
    *flag = value;
    if (flag == &fake->connected)
        property = "Connected";
    if (flag == &fake->resolved)
        property = "ServicesResolved";
    if (flag == &fake->trusted)
        property = "Trusted";
    if (flag == &fake->powered) {
        property = "Powered";
        interface = "org.bluez.Adapter1";
        path = ADAPTER_PATH;
    }
    const char *second = flag == &fake->paired ? "Bonded" : NULL;
    assert_true(sd_bus_emit_properties_changed(fake->side, path, interface, property, second, NULL) >= 0);
}

void fake_value_of(struct fake *fake, const char *below, uint8_t octet)
{
    char path[sizeof DEVICE_PATH + 64];
    sd_bus_message *signal = NULL;
    snprintf(path, sizeof path, DEVICE_PATH "/%s", below);
    assert_true(sd_bus_message_new_signal(fake->side, &signal, path, "org.freedesktop.DBus.Properties",
                                          "PropertiesChanged") >= 0);
    assert_true(sd_bus_message_append(signal, "sa{sv}as", CHARACTERISTIC, 1, "Value", "ay", 1, octet, 0) >=
                0);
    assert_true(sd_bus_send(fake->side, signal, NULL) >= 0);
    sd_bus_message_unref(signal);
}

void fake_value(struct fake *fake, uint8_t octet)
{
    fake_value_of(fake, "service0010/char0011", octet);
}

void fake_serve(struct fake *fake)
{
    assert_true(sd_bus_add_object_manager(fake->side, &fake->slots[0], "/") >= 0);
    add(fake, &fake->slots[1], "/org/bluez", "org.bluez.AgentManager1", agent_manager_vtable);
    add(fake, &fake->slots[2], ADAPTER_PATH, "org.bluez.GattManager1", gatt_manager_vtable);
    add(fake, &fake->slots[3], ADAPTER_PATH, "org.bluez.Adapter1", adapter_vtable);
}
