/* SPDX-License-Identifier: Apache-2.0 */
#include "bluez_fake.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADAPTER_PATH        "/org/bluez/hci0"
#define DEVICE_PATH         ADAPTER_PATH "/dev_C0_FF_EE_00_00_01"
#define MEASUREMENT_PATH    DEVICE_PATH "/service0010/char0011"
#define SERIAL_PATH         DEVICE_PATH "/service0020/char0021"
#define CHARACTERISTIC      "org.bluez.GattCharacteristic1"
#define DEADLINE_US         (60 * UINT64_C(1000000))
#define OFFSET(type, field) offsetof(struct type, field)

static void tell(struct fake *fake, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct fake *fake, const char *format, ...)
{
    size_t length = strlen(fake->story);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fake->story + length, sizeof fake->story - length, format, arguments);
    va_end(arguments);
}

size_t fake_mark(const struct fake *fake)
{
    return strlen(fake->story);
}

bool fake_has(const struct fake *fake, size_t since, const char *text)
{
    return strstr(fake->story + since, text) != NULL;
}

void fake_wait(struct fake *fake, size_t since, const char *text)
{
    uint64_t now, end;
    assert_true(sd_event_now(fake->event, CLOCK_MONOTONIC, &now) >= 0);
    end = now + DEADLINE_US;
    while (!fake_has(fake, since, text)) {
        assert_true(sd_event_run(fake->event, 100000) >= 0);
        assert_true(sd_event_now(fake->event, CLOCK_MONOTONIC, &now) >= 0);
        if (now > end)
            fail_msg("waited in vain for '%s'; the story: %s", text, fake->story + since);
    }
}

/* What the adapter under test tells. */

static void on_value(const struct ward_bluez_value *value, void *userdata)
{
    tell(userdata, "value=%u,%s,%u ", value->octets[0], value->proved ? "proved" : "unproved",
         value->connection);
}

static void on_link(const struct ward_bluez_link *link, void *userdata)
{
    static const char *const names[] = {"connected",     "proved",   "disconnected",
                                        "needs-pairing", "impostor", "fault"};
    tell(userdata, "%s=%u%s ", names[link->state], link->connection, link->possible_gap ? ",gap" : "");
}

static void on_battery(const struct ward_bluez_device *device, uint8_t percent, uint64_t receipt_us,
                       void *userdata)
{
    (void)device;
    (void)receipt_us;
    tell(userdata, "battery=%u ", percent);
}

static void on_radio(enum ward_bluez_radio state, const char *reason, void *userdata)
{
    static const char *const names[] = {"absent", "preparing", "ready", "failed"};
    (void)reason;
    tell(userdata, "%s ", names[state]);
}

static void on_found(const struct ward_bluez_found *found, void *userdata)
{
    tell(userdata, "found=%s ", found->address);
}

static void on_scan_ended(int error, void *userdata)
{
    tell(userdata, "scan-ended=%d ", error);
}

static void on_enrolment(const struct ward_bluez_enrolment *enrolment, void *userdata)
{
    static const char *const names[] = {"looking",  "discovered", "bonding", "connecting",  "bonded",
                                        "identity", "return",     "reading", "step-paired", "step-failed"};
    tell(userdata, "%s ", names[enrolment->step]);
}

static int on_identified(struct ward_bluez_device *device, void *userdata)
{
    tell(userdata, "identified=%s ", device->identity.serial_number);
    strcpy(device->id.text, "d-1");
    return 0;
}

static void on_forgotten(const char *address, int error, void *userdata)
{
    (void)address;
    tell(userdata, "forgotten=%d ", error);
}

static void on_recovery(const struct ward_bluez_recovering *recovering, void *userdata)
{
    static const char *const names[] = {"none", "discovery", "power", "restart", "reset"};
    tell(userdata, "rung=%s,%d ", names[recovering->rung], recovering->error);
}

/* What the fake is asked. The member's name is the story. */

static int note(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    (void)ret_error;
    tell(userdata, "%s ", sd_bus_message_get_member(call));
    return sd_bus_reply_method_return(call, NULL);
}

static int start_discovery(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    tell(fake, "StartDiscovery ");
    if (fake->busy_scans == 0)
        return sd_bus_reply_method_return(call, NULL);
    fake->busy_scans--;
    return sd_bus_error_set(ret_error, "org.bluez.Error.InProgress", "Operation already in progress");
}

static int register_application(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    tell(fake, "RegisterApplication ");
    if (!fake->refuses_application)
        return sd_bus_reply_method_return(call, NULL);
    fake->refuses_application = false;
    return sd_bus_error_set(ret_error, "org.bluez.Error.Failed", "No object received");
}

static int join(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    struct fake *fake = userdata;
    tell(fake, "%s ", sd_bus_message_get_member(call));
    if (fake->join_error)
        return sd_bus_error_set(ret_error, fake->join_error, fake->join_message);
    sd_bus_reply_method_return(call, NULL);
    return 1;
}

static int read_serial(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
    const struct fake *fake = userdata;
    sd_bus_message *reply = NULL;
    (void)ret_error;
    int r = sd_bus_message_new_method_return(call, &reply);
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', fake->serial, strlen(fake->serial));
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r < 0 ? r : 1;
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

/* Powered is told with its value, the others are of no interest. */
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
        tell(fake, "Powered=%d ", new_value);
        return sd_bus_emit_properties_changed(bus, path, interface, property, NULL);
    }
    return 0;
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)bus;
    (void)interface;
    (void)userdata;
    (void)ret_error;
    if (strcmp(property, "Address") == 0)
        return sd_bus_message_append(reply, "s", FAKE_ADDRESS);
    if (strcmp(property, "AddressType") == 0)
        return sd_bus_message_append(reply, "s", "public");
    bool measurement = strcmp(path, MEASUREMENT_PATH) == 0;
    return sd_bus_message_append(reply, "s",
                                 measurement ? "00002a35-0000-1000-8000-00805f9b34fb"
                                             : "00002a25-0000-1000-8000-00805f9b34fb");
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)bus;
    (void)interface;
    (void)property;
    (void)userdata;
    (void)ret_error;
    return sd_bus_message_append(reply, "as", 1, strcmp(path, MEASUREMENT_PATH) == 0 ? "indicate" : "read");
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
    SD_BUS_METHOD("RemoveDevice", "o", NULL, note, OPEN_TO_ALL),
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
    SD_BUS_PROPERTY("RSSI", "n", get_rssi, 0, CHANGES),
    SD_BUS_PROPERTY("Connected", "b", get_flag, OFFSET(fake, connected), CHANGES),
    SD_BUS_PROPERTY("ServicesResolved", "b", get_flag, OFFSET(fake, resolved), CHANGES),
    SD_BUS_PROPERTY("Paired", "b", get_flag, OFFSET(fake, paired), CHANGES),
    SD_BUS_PROPERTY("Bonded", "b", get_flag, OFFSET(fake, paired), CHANGES),
    SD_BUS_WRITABLE_PROPERTY("Trusted", "b", get_flag, set_flag, OFFSET(fake, trusted),
                             CHANGES | OPEN_TO_ALL),
    SD_BUS_VTABLE_END,
};
static const sd_bus_vtable characteristic_vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("StartNotify", NULL, NULL, note, OPEN_TO_ALL),
    SD_BUS_METHOD("ReadValue", "a{sv}", "ay", read_serial, OPEN_TO_ALL),
    SD_BUS_PROPERTY("UUID", "s", get_text, 0, 0),
    SD_BUS_PROPERTY("Flags", "as", get_flags, 0, 0),
    SD_BUS_VTABLE_END,
};

static void add(struct fake *fake, sd_bus_slot **slot, const char *path, const char *interface,
                const sd_bus_vtable *vtable)
{
    assert_true(sd_bus_add_object_vtable(fake->side, slot, path, interface, vtable, fake) >= 0);
}

void fake_export(struct fake *fake)
{
    static const char *const paths[] = {DEVICE_PATH, SERIAL_PATH, MEASUREMENT_PATH};
    size_t count = fake->shows_measurement ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        const char *interface = i == 0 ? "org.bluez.Device1" : CHARACTERISTIC;
        add(fake, &fake->device_slots[i], paths[i], interface,
            i == 0 ? device_vtable : characteristic_vtable);
        assert_true(sd_bus_emit_object_added(fake->side, paths[i]) >= 0);
    }
}

void fake_withdraw(struct fake *fake)
{
    static const char *const paths[] = {DEVICE_PATH, SERIAL_PATH, MEASUREMENT_PATH};
    for (size_t i = 3; i-- > 0;) {
        if (!fake->device_slots[i])
            continue;
        assert_true(sd_bus_emit_object_removed(fake->side, paths[i]) >= 0);
        fake->device_slots[i] = sd_bus_slot_unref(fake->device_slots[i]);
    }
    fake->connected = fake->resolved = fake->paired = false;
}

void fake_appear(struct fake *fake)
{
    assert_true(sd_bus_request_name(fake->side, "org.bluez", 0) >= 0);
}

void fake_vanish(struct fake *fake)
{
    assert_true(sd_bus_release_name(fake->side, "org.bluez") >= 0);
}

void fake_set(struct fake *fake, bool *flag, bool value)
{
    const char *interface = "org.bluez.Device1", *path = DEVICE_PATH, *property = "Paired";
    *flag = value;
    if (flag == &fake->connected)
        property = "Connected";
    if (flag == &fake->resolved)
        property = "ServicesResolved";
    if (flag == &fake->powered) {
        property = "Powered";
        interface = "org.bluez.Adapter1";
        path = ADAPTER_PATH;
    }
    const char *second = flag == &fake->paired ? "Bonded" : NULL;
    assert_true(sd_bus_emit_properties_changed(fake->side, path, interface, property, second, NULL) >= 0);
}

void fake_value(struct fake *fake, uint8_t octet)
{
    sd_bus_message *signal = NULL;
    assert_true(sd_bus_message_new_signal(fake->side, &signal, MEASUREMENT_PATH,
                                          "org.freedesktop.DBus.Properties", "PropertiesChanged") >= 0);
    assert_true(sd_bus_message_append(signal, "sa{sv}as", CHARACTERISTIC, 1, "Value", "ay", 1, octet, 0) >=
                0);
    assert_true(sd_bus_send(fake->side, signal, NULL) >= 0);
    sd_bus_message_unref(signal);
}

static void start_bus(struct fake *fake, char *address, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fake->daemon = fork();
    assert_true(fake->daemon >= 0);
    if (fake->daemon == 0) {
        char print[32];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(print, sizeof print, "--print-address=%d", ends[1]);
        execlp("dbus-daemon", "dbus-daemon", "--session", "--nofork", "--nopidfile", print, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *stream = fdopen(ends[0], "r");
    assert_non_null(stream);
    assert_non_null(fgets(address, (int)size, stream));
    address[strcspn(address, "\n")] = '\0';
    fclose(stream);
}

static sd_bus *connect_to(struct fake *fake, const char *address)
{
    sd_bus *bus = NULL;
    assert_true(sd_bus_new(&bus) >= 0);
    assert_true(sd_bus_set_address(bus, address) >= 0);
    assert_true(sd_bus_set_bus_client(bus, true) >= 0);
    assert_true(sd_bus_start(bus) >= 0);
    assert_true(sd_bus_attach_event(bus, fake->event, SD_EVENT_PRIORITY_NORMAL) >= 0);
    return bus;
}

void fake_begin(struct fake *fake, const struct ward_bluez_device *enrolled)
{
    static const char *const services[] = {"1810", NULL}, *const characteristics[] = {"2a35", NULL};
    static const struct ward_bluez_listener listener = {
        on_value,      on_link,      on_battery,    on_radio,     on_found,
        on_scan_ended, on_enrolment, on_identified, on_forgotten, on_recovery};
    struct ward_bluez_options options = {"hci0", services, characteristics, NULL};
    char address[256];

    start_bus(fake, address, sizeof address);
    assert_true(sd_event_new(&fake->event) >= 0);
    fake->side = connect_to(fake, address);
    fake->bus = connect_to(fake, address);
    fake->shows_measurement = true;
    if (!fake->serial)
        fake->serial = "C1";
    assert_true(sd_bus_add_object_manager(fake->side, &fake->slots[0], "/") >= 0);
    add(fake, &fake->slots[1], "/org/bluez", "org.bluez.AgentManager1", agent_manager_vtable);
    add(fake, &fake->slots[2], ADAPTER_PATH, "org.bluez.GattManager1", gatt_manager_vtable);
    add(fake, &fake->slots[3], ADAPTER_PATH, "org.bluez.Adapter1", adapter_vtable);
    if (fake->exported)
        fake_export(fake);
    fake_appear(fake);
    assert_int_equal(ward_bluez_new(&fake->bluez, fake->event, fake->bus, &options, &listener, fake), 0);
    if (enrolled)
        assert_int_equal(ward_bluez_add(fake->bluez, enrolled), 0);
    fake_wait(fake, 0, "ready ");
}

void fake_end(struct fake *fake)
{
    /* The last call of the adapter waits for its answer, and nobody in this loop would give it. */
    size_t mark = fake_mark(fake);
    fake_vanish(fake);
    fake_wait(fake, mark, "absent ");
    ward_bluez_free(fake->bluez);
    fake_withdraw(fake);
    for (size_t i = 0; i < 8; i++)
        sd_bus_slot_unref(fake->slots[i]);
    sd_bus_flush_close_unref(fake->bus);
    sd_bus_flush_close_unref(fake->side);
    sd_event_unref(fake->event);
    kill(fake->daemon, SIGKILL);
    waitpid(fake->daemon, NULL, 0);
}
