/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the fake, and how bluetoothd 5.66 answers. Every call is printed, "called MEMBER PATH …", before it
 * is answered. A fault that stands for its member is answered instead.
 */
#include "fake_bluez.h"

#include <stdio.h>
#include <string.h>

#define ERROR "org.bluez.Error."

typedef void answer_function(struct fake *fake, sd_bus_message *call, struct fake_device *device);

static void answer(sd_bus_message *call)
{
    fake_must(sd_bus_reply_method_return(call, NULL), "reply");
}

static void refuse(sd_bus_message *call, const char *name, const char *message)
{
    const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(name, message);

    fake_must(sd_bus_reply_method_error(call, &error), "reply");
}

/* --- ObjectManager and Properties -------------------------------------------------------------------------------- */

static void get_objects(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    sd_bus_message *reply = NULL;

    (void)device;
    fake_must(sd_bus_message_new_method_return(call, &reply), "GetManagedObjects");
    fake_must(fake_append_objects(fake, reply), "GetManagedObjects");
    fake_must(sd_bus_send(NULL, reply, NULL), "GetManagedObjects");
    sd_bus_message_unref(reply);
}

static void get_all(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    const char *path = sd_bus_message_get_path(call), *interface;
    sd_bus_message *reply = NULL;

    fake_must(sd_bus_message_read(call, "s", &interface), "GetAll");
    if (strcmp(interface, FAKE_ADAPTER1) == 0 ? !fake->adapter : !device || !device->exported) {
        refuse(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such object");
        return;
    }
    fake_must(sd_bus_message_new_method_return(call, &reply), "GetAll");
    fake_must(fake_append_interface(fake, reply, path, interface), "GetAll");
    fake_must(sd_bus_send(NULL, reply, NULL), "GetAll");
    sd_bus_message_unref(reply);
}

static void set(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    const char *interface, *property;
    int value;

    fake_must(sd_bus_message_read(call, "ssv", &interface, &property, "b", &value), "Set");
    printf("set %s %s %s\n", property, value ? "on" : "off", sd_bus_message_get_path(call));
    if (strcmp(property, "Powered") == 0)
        fake_set_powered(fake, value != 0);
    else if (strcmp(property, "Pairable") == 0)
        fake->pairable = value != 0;
    else if (device)
        device->trusted = value != 0;
    answer(call);
}

/* --- Adapter1 ---------------------------------------------------------------------------------------------------- */

static void start_discovery(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    (void)device;
    if (!fake->powered) {
        refuse(call, ERROR "NotReady", "Resource Not Ready");
        return;
    }
    fake->discovering = true;
    answer(call);
    fake_tell(fake, FAKE_ADAPTER, FAKE_ADAPTER1, "Discovering", "b", 1);
    for (size_t i = 0; i < fake->device_count; i++)
        if (fake->devices[i].advertises)
            fake_heard(fake, &fake->devices[i]);
}

static void stop_discovery(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    (void)device;
    if (!fake->discovering) {
        refuse(call, ERROR "Failed", "No discovery started");
        return;
    }
    fake->discovering = false;
    answer(call);
    fake_tell(fake, FAKE_ADAPTER, FAKE_ADAPTER1, "Discovering", "b", 0);
}

static void remove_device(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    const char *path;

    fake_must(sd_bus_message_read(call, "o", &path), "RemoveDevice");
    device = fake_find_path(fake, path);
    if (!device || !device->exported) {
        refuse(call, ERROR "DoesNotExist", "Does Not Exist");
        return;
    }
    fake_disconnect(fake, device);
    device->bonded = device->trusted = false;
    fake_withdraw(fake, device);
    answer(call);
}

/* --- Device1, GattCharacteristic1 -------------------------------------------------------------------------------- */

static void pair(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    if (device->bonded) {
        refuse(call, ERROR "AlreadyExists", "Already Exists");
        return;
    }
    fake_connect(fake, device);
    device->bonded = true;
    fake_tell(fake, device->path, FAKE_DEVICE1, "Paired", "b", 1);
    fake_tell(fake, device->path, FAKE_DEVICE1, "Bonded", "b", 1);
    answer(call);
    fake_resolve(fake, device);
}

static void connect_device(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    fake_connect(fake, device);
    answer(call);
    fake_resolve(fake, device);
}

static void disconnect_device(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    answer(call);
    fake_disconnect(fake, device);
}

static void read_value(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    const struct fake_characteristic *characteristic =
        fake_find_characteristic_at(device, sd_bus_message_get_path(call));
    sd_bus_message *reply = NULL;

    (void)fake;
    if (!device->connected || !characteristic) {
        refuse(call, ERROR "Failed", "Not connected");
        return;
    }
    fake_must(sd_bus_message_new_method_return(call, &reply), "ReadValue");
    fake_must(sd_bus_message_append_array(reply, 'y', characteristic->octets, characteristic->length),
              "ReadValue");
    fake_must(sd_bus_send(NULL, reply, NULL), "ReadValue");
    sd_bus_message_unref(reply);
}

/* What is written is what is read. */
static void write_value(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    struct fake_characteristic *characteristic =
        fake_find_characteristic_at(device, sd_bus_message_get_path(call));
    const void *octets;
    size_t length;

    (void)fake;
    fake_must(sd_bus_message_read_array(call, 'y', &octets, &length), "WriteValue");
    if (!device->connected || !characteristic || length > sizeof(characteristic->octets)) {
        refuse(call, ERROR "Failed", "Not connected");
        return;
    }
    memcpy(characteristic->octets, octets, length);
    characteristic->length = length;
    answer(call);
}

static void just_answer(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    (void)fake;
    (void)device;
    answer(call);
}

/* --- GattManager1: bluetoothd looks at what is to be registered -------------------------------------------------- */

static int on_application(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    sd_bus_message *call = userdata;
    const char *path, *interface;
    bool profile = false;

    (void)ret_error;
    if (!sd_bus_message_is_method_error(reply, NULL) &&
        sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}") > 0)
        while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
            fake_must(sd_bus_message_read(reply, "o", &path), "the application");
            fake_must(sd_bus_message_enter_container(reply, 'a', "{sa{sv}}"), "the application");
            while (sd_bus_message_enter_container(reply, 'e', "sa{sv}") > 0) {
                fake_must(sd_bus_message_read(reply, "s", &interface), "the application");
                profile = profile || strcmp(interface, "org.bluez.GattProfile1") == 0;
                fake_must(sd_bus_message_skip(reply, "a{sv}"), "the application");
                fake_must(sd_bus_message_exit_container(reply), "the application");
            }
            fake_must(sd_bus_message_exit_container(reply), "the application");
            fake_must(sd_bus_message_exit_container(reply), "the application");
        }
    if (profile)
        answer(call);
    else
        refuse(call, ERROR "Failed", "No object received");
    sd_bus_message_unref(call);
    return 0;
}

static void register_application(struct fake *fake, sd_bus_message *call, struct fake_device *device)
{
    const char *path;

    (void)device;
    fake_must(sd_bus_message_read(call, "o", &path), "RegisterApplication");
    fake_must(sd_bus_call_method_async(fake->bus, NULL, sd_bus_message_get_sender(call), path,
                                       FAKE_OBJECT_MANAGER, "GetManagedObjects", on_application,
                                       sd_bus_message_ref(call), NULL),
              "RegisterApplication");
}

/* --- the table, and the faults ----------------------------------------------------------------------------------- */

static const struct {
    const char *interface, *member;
    bool of_device; /* exported, else UnknownObject */
    answer_function *answer;
} methods[] = {
    {FAKE_OBJECT_MANAGER, "GetManagedObjects", false, get_objects},
    {FAKE_PROPERTIES, "GetAll", false, get_all},
    {FAKE_PROPERTIES, "Set", false, set},
    {"org.bluez.AgentManager1", "RegisterAgent", false, just_answer},
    {"org.bluez.AgentManager1", "RequestDefaultAgent", false, just_answer},
    {"org.bluez.GattManager1", "RegisterApplication", false, register_application},
    {FAKE_ADAPTER1, "SetDiscoveryFilter", false, just_answer},
    {FAKE_ADAPTER1, "StartDiscovery", false, start_discovery},
    {FAKE_ADAPTER1, "StopDiscovery", false, stop_discovery},
    {FAKE_ADAPTER1, "RemoveDevice", false, remove_device},
    {FAKE_DEVICE1, "Pair", true, pair},
    {FAKE_DEVICE1, "Connect", true, connect_device},
    {FAKE_DEVICE1, "Disconnect", true, disconnect_device},
    {FAKE_CHARACTERISTIC1, "StartNotify", true, just_answer},
    {FAKE_CHARACTERISTIC1, "StopNotify", true, just_answer},
    {FAKE_CHARACTERISTIC1, "ReadValue", true, read_value},
    {FAKE_CHARACTERISTIC1, "WriteValue", true, write_value},
};

static void carry_out(struct fake *fake, sd_bus_message *call)
{
    const char *path = sd_bus_message_get_path(call);
    struct fake_device *device = fake_find_path(fake, path);

    if (strncmp(path, FAKE_ADAPTER, strlen(FAKE_ADAPTER)) == 0 && !fake->adapter) {
        refuse(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such object");
        return;
    }
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (!sd_bus_message_is_method_call(call, methods[i].interface, methods[i].member))
            continue;
        if (methods[i].of_device && (!device || !device->exported))
            refuse(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such object");
        else
            methods[i].answer(fake, call, device);
        return;
    }
    refuse(call, SD_BUS_ERROR_UNKNOWN_METHOD, "no such method");
}

static struct fake_fault *fault_of(struct fake *fake, const char *member)
{
    for (size_t i = 0; i < fake->fault_count; i++)
        if (strcmp(fake->faults[i].member, member) == 0 && fake->faults[i].times > 0)
            return &fake->faults[i];
    return NULL;
}

void fake_release(struct fake *fake, const char *member)
{
    size_t kept = 0;

    for (size_t i = 0; i < fake->fault_count; i++)
        if (strcmp(fake->faults[i].member, member) == 0)
            fake->faults[i].times = 0;
    for (size_t i = 0; i < fake->held_count; i++) {
        sd_bus_message *call = fake->held[i];

        if (strcmp(sd_bus_message_get_member(call), member) != 0) {
            fake->held[kept++] = call;
            continue;
        }
        carry_out(fake, call);
        sd_bus_message_unref(call);
    }
    fake->held_count = kept;
}

void fake_drop_held(struct fake *fake)
{
    while (fake->held_count > 0)
        sd_bus_message_unref(fake->held[--fake->held_count]);
}

int fake_on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    struct fake_fault *fault;
    uint8_t type;

    (void)ret_error;
    fake_must(sd_bus_message_get_type(message, &type), "type");
    if (type != SD_BUS_MESSAGE_METHOD_CALL || !sd_bus_message_get_member(message))
        return 0;
    printf("called %s %s\n", sd_bus_message_get_member(message), sd_bus_message_get_path(message));
    fault = fault_of(fake, sd_bus_message_get_member(message));
    if (fault && fault->times != UINT32_MAX)
        fault->times--;
    if (!fault)
        carry_out(fake, message);
    else if (!fault->holds)
        refuse(message, fault->error, fault->message);
    else if (fake->held_count < FAKE_HELD_MAX)
        fake->held[fake->held_count++] = sd_bus_message_ref(message);
    fflush(stdout);
    return 1;
}
