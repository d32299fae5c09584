/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Laying the way, in this order, and each time from the start:
 *
 *   matches (once) → GetManagedObjects → RegisterAgent, RequestDefaultAgent → RegisterApplication (bluetoothd calls
 *   back into us) → StartNotify wherever it is possible → radio on: READY
 *
 *   WAITING   for bluetoothd or the adapter; a signal tells of either
 *   LAYING    one step is out
 *   READY     the radio is on and everything is heard
 *   FAILED    a step was refused, or somebody switched the radio off: again after 1 s, 2 s, 4 s … 32 s
 *
 * Invariant: the radio is switched on in LAYING, after the last answer to StartNotify, and nowhere else; when LAYING
 * fails it is switched off. A radio that is found on, because bluetoothd was killed and came back, stays on while the
 * way is laid: known devices are connecting at that very moment. To cut them off would gain half a second, after which
 * their first contact is just as deaf (their characteristics are not exported before it; such a link is told as a
 * possible gap), and kernel 6.1.192 has been seen to crash in bluetoothd (hci_chan_del) when links that are being made
 * lose their radio.
 */
#include "io/bluez_internal.h"

#include <string.h>

#define RESTART_US          UINT64_C(1000000)
#define RESTART_SHIFT_MAX   5
#define POWER_OFF_US        (8 * UINT64_C(1000000)) /* the kernel ends every link first, and waits for each */
#define REGISTER_TIMEOUT_US (30 * UINT64_C(1000000))
#define CAPABILITY          "NoInputNoOutput" /* nobody is there to compare numbers, so none are pretended to be */

static void tell_radio(struct ward_bluez *bluez, enum ward_bluez_radio state, const char *reason)
{
    bluez->listener.radio(state, reason, bluez->userdata);
}

static int on_restart(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    bluez->restart = sd_event_source_disable_unref(bluez->restart);
    ward_bluez_start(bluez);
    return 0;
}

static void restart_after(struct ward_bluez *bluez, uint64_t delay_us)
{
    bluez->restart = sd_event_source_disable_unref(bluez->restart);
    (void)sd_event_add_time_relative(bluez->event, &bluez->restart, CLOCK_BOOTTIME, delay_us, 0, on_restart,
                                     bluez);
}

/* Nobody would hear what a radio that is on confirms. */
static void silence(struct ward_bluez *bluez)
{
    struct ward_bluez_request request = {bluez->adapter, WARD_BLUEZ_ADAPTER, NULL, 0, NULL, NULL};
    if (bluez->adapter[0] && bluez->adapter_powered)
        (void)ward_bluez_set_flag(bluez, &request, "Powered", false);
}

void ward_bluez_start_power_cycle(struct ward_bluez *bluez)
{
    bluez->adapter_powered = true; /* whatever it says: it is told to go off */
    silence(bluez);
    bluez->adapter_powered = false;
    if (bluez->start == WARD_BLUEZ_START_READY)
        ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_FAILED,
                              "the Bluetooth adapter is switched off and on again");
}

void ward_bluez_start_lost(struct ward_bluez *bluez, enum ward_bluez_radio state, const char *reason)
{
    if (state == WARD_BLUEZ_RADIO_FAILED)
        silence(bluez);
    bluez->start = WARD_BLUEZ_START_WAITING;
    ward_bluez_forget_lost(bluez);
    ward_bluez_calls_drop(bluez);
    ward_bluez_identity_drop(bluez);
    bluez->subscribing = 0;
    bluez->awaits_subscriptions = bluez->may_subscribe = bluez->calling = false;
    ward_bluez_discovery_lost(bluez);
    ward_bluez_enrolment_event(bluez, WARD_BLUEZ_ENROL_RADIO_LOST);
    for (struct ward_bluez_node *node = bluez->nodes; node; node = node->next)
        ward_bluez_link_ended(node);
    ward_bluez_mirror_done(&bluez->mirror);
    ward_bluez_calls_drop(bluez); /* nobody waits for what the enrolment wanted undone */
    bluez->adapter[0] = '\0';
    bluez->adapter_powered = false;
    bluez->restart = sd_event_source_disable_unref(bluez->restart);
    if (state == WARD_BLUEZ_RADIO_FAILED) {
        bluez->start = WARD_BLUEZ_START_FAILED;
        restart_after(bluez, RESTART_US << (bluez->start_failures < RESTART_SHIFT_MAX ? bluez->start_failures
                                                                                      : RESTART_SHIFT_MAX));
        bluez->start_failures++;
    }
    tell_radio(bluez, state, reason);
}

static void failed(struct ward_bluez *bluez, enum ward_bluez_trouble trouble, const char *reason)
{
    bluez->counters.start_failures++;
    ward_bluez_ladder_trouble(bluez, trouble, reason);
    ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_FAILED, reason);
}

/* Ends the attempt when the reply is an error other than `fine`. Returns whether to go on. */
static bool may_go_on(struct ward_bluez *bluez, sd_bus_message *reply, const char *fine)
{
    const char *error = ward_bluez_error_of(reply);
    if (!error || (fine && strcmp(error, fine) == 0))
        return true;
    if (strcmp(error, SD_BUS_ERROR_SERVICE_UNKNOWN) == 0 ||
        strcmp(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) == 0) {
        bluez->serves = false;
        ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_ABSENT, "the Bluetooth service is not running");
        return false;
    }
    char reason[256];
    const char *text = sd_bus_message_get_error(reply)->message;
    strncpy(reason, text && text[0] ? text : error, sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    failed(bluez,
           strcmp(error, SD_BUS_ERROR_NO_REPLY) == 0 ? WARD_BLUEZ_TROUBLE_HANGS
                                                     : WARD_BLUEZ_TROUBLE_PREPARING,
           reason);
    return false;
}

/* Sends the next step; a request that cannot even be sent ends the attempt. */
static void go_on(struct ward_bluez *bluez, int r)
{
    if (r >= 0)
        return;
    failed(bluez, WARD_BLUEZ_TROUBLE_PREPARING, strerror(-r));
}

static void on_powered(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    if (!may_go_on(bluez, reply, NULL))
        return;
    bluez->start = WARD_BLUEZ_START_READY;
    bluez->adapter_powered = true;
    bluez->start_failures = 0;
    ward_bluez_returns_expect(bluez);
    tell_radio(bluez, WARD_BLUEZ_RADIO_READY, "");
    ward_bluez_links_expect(bluez);
}

void ward_bluez_start_subscribed(struct ward_bluez *bluez)
{
    if (!bluez->awaits_subscriptions)
        return;
    bluez->awaits_subscriptions = false;
    struct ward_bluez_request request = {bluez->adapter, WARD_BLUEZ_ADAPTER, NULL, 0, on_powered, NULL};
    go_on(bluez, ward_bluez_set_flag(bluez, &request, "Powered", true));
}

static void on_application(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    if (!may_go_on(bluez, reply, "AlreadyExists"))
        return;
    bluez->awaits_subscriptions = bluez->may_subscribe = true;
    for (struct ward_bluez_mirror_device *at = bluez->mirror.devices; at; at = at->next)
        if (ward_bluez_node_find(bluez, at->facts.address))
            ward_bluez_subscribe(bluez, at);
    if (bluez->subscribing == 0)
        ward_bluez_start_subscribed(bluez);
}

static void on_default_agent(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    if (!may_go_on(bluez, reply, NULL))
        return;
    struct ward_bluez_request request = {bluez->adapter,      "org.bluez.GattManager1", "RegisterApplication",
                                         REGISTER_TIMEOUT_US, on_application,           NULL};
    go_on(bluez, ward_bluez_call(bluez, &request, "oa{sv}", WARD_BLUEZ_APPLICATION_PATH, 0));
}

static void on_agent(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    if (!may_go_on(bluez, reply, "AlreadyExists"))
        return;
    struct ward_bluez_request request = {
        "/org/bluez", "org.bluez.AgentManager1", "RequestDefaultAgent", 0, on_default_agent, NULL};
    go_on(bluez, ward_bluez_call(bluez, &request, "o", WARD_BLUEZ_AGENT_PATH));
}

static void register_agent(struct ward_bluez *bluez)
{
    struct ward_bluez_request not_pairable = {bluez->adapter, WARD_BLUEZ_ADAPTER, NULL, 0, NULL, NULL};
    (void)ward_bluez_set_flag(bluez, &not_pairable, "Pairable", false); /* the agent would refuse as well */
    struct ward_bluez_request request = {
        "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent", 0, on_agent, NULL};
    go_on(bluez, ward_bluez_call(bluez, &request, "os", WARD_BLUEZ_AGENT_PATH, CAPABILITY));
}

static void on_objects(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    if (!may_go_on(bluez, reply, NULL))
        return;
    bluez->serves = true;
    int r = ward_bluez_take_objects(bluez, reply);
    if (r < 0) {
        go_on(bluez, r);
        return;
    }
    if (!bluez->adapter[0]) {
        ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_ABSENT, "there is no Bluetooth adapter");
        return;
    }
    register_agent(bluez);
}

void ward_bluez_start(struct ward_bluez *bluez)
{
    bluez->restart = sd_event_source_disable_unref(bluez->restart);
    if (bluez->start == WARD_BLUEZ_START_LAYING || bluez->start == WARD_BLUEZ_START_READY)
        return;
    bluez->start = WARD_BLUEZ_START_LAYING;
    tell_radio(bluez, WARD_BLUEZ_RADIO_PREPARING, "");
    struct ward_bluez_request request = {
        "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", 0, on_objects, NULL};
    go_on(bluez, ward_bluez_call(bluez, &request, NULL));
}

/* "hci0" is the last part of "/org/bluez/hci0". Without a wish it is the first by name. */
static bool is_chosen(const struct ward_bluez *bluez, const char *path)
{
    const char *name = strrchr(path, '/');
    if (!name || strlen(path) >= sizeof bluez->adapter)
        return false;
    if (bluez->adapter_wanted)
        return strcmp(name + 1, bluez->adapter_wanted) == 0;
    return !bluez->adapter[0] ||
           (bluez->start == WARD_BLUEZ_START_LAYING && strcmp(path, bluez->adapter) < 0);
}

void ward_bluez_start_adapter(struct ward_bluez *bluez, const char *path,
                              const struct ward_bluez_adapter_facts *facts)
{
    if (bluez->start == WARD_BLUEZ_START_WAITING && is_chosen(bluez, path)) {
        restart_after(bluez, 0);
        return;
    }
    if (bluez->start == WARD_BLUEZ_START_LAYING && !bluez->mirror.devices && is_chosen(bluez, path))
        strcpy(bluez->adapter, path);
    if (strcmp(path, bluez->adapter) != 0 || !facts->powered_known)
        return;
    bluez->adapter_powered = facts->powered;
    if (bluez->start == WARD_BLUEZ_START_READY && !facts->powered) {
        bluez->counters.power_losses++;
        ward_bluez_start_lost(bluez, WARD_BLUEZ_RADIO_FAILED, "the Bluetooth adapter was switched off");
        ward_bluez_ladder_trouble(bluez, WARD_BLUEZ_TROUBLE_PREPARING,
                                  "The Bluetooth adapter was switched off again.");
    }
}

void ward_bluez_start_power_off(struct ward_bluez *bluez)
{
    sd_bus_message *message = NULL;
    if (!bluez->adapter[0] || !bluez->adapter_powered)
        return;
    bluez->adapter_powered = false;
    int r = sd_bus_message_new_method_call(bluez->bus, &message, WARD_BLUEZ_SERVICE, bluez->adapter,
                                           WARD_BLUEZ_PROPERTIES, "Set");
    if (r >= 0)
        r = sd_bus_message_append(message, "ssv", WARD_BLUEZ_ADAPTER, "Powered", "b", 0);
    if (r >= 0)
        (void)sd_bus_call(bluez->bus, message, POWER_OFF_US, NULL,
                          NULL); /* else the unit's ExecStopPost= does it */
    sd_bus_message_unref(message);
}
