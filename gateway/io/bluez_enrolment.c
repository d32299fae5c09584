/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enrolment with hands: carries out what the machine of bluez_enrol.c decides, and turns what bluetoothd tells of
 * the device into the machine's events. Once the device is identified it is an enrolled one like any other, and its
 * events come from bluez_link.c.
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void take_event(struct ward_bluez *bluez, enum ward_bluez_enrol_event event, const char *text);

static void tell(struct ward_bluez *bluez, enum ward_bluez_step step, const char *text)
{
    struct ward_bluez_enrolment enrolment = {
        .step = step,
        .address = bluez->enrolment.address,
        .text = text,
        .device = bluez->enrolment.node ? &bluez->enrolment.node->device : NULL,
    };
    bluez->listener.enrolment(&enrolment, bluez->userdata);
}

bool ward_bluez_enrolment_is_of(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    if (bluez->enrolment.machine.state == WARD_BLUEZ_ENROL_CLOSED)
        return false;
    if (bluez->enrolment.path[0])
        return strcmp(bluez->enrolment.path, device->path) == 0;
    return strcmp(bluez->enrolment.address, device->facts.address) == 0;
}

static struct ward_bluez_mirror_device *target(struct ward_bluez *bluez)
{
    return bluez->enrolment.path[0] ? ward_bluez_mirror_find(&bluez->mirror, bluez->enrolment.path) : NULL;
}

static void set_pairable(struct ward_bluez *bluez, bool pairable)
{
    struct ward_bluez_request request = {bluez->adapter, WARD_BLUEZ_ADAPTER, NULL, 0, NULL, NULL};
    if (bluez->adapter[0])
        (void)ward_bluez_set_flag(bluez, &request, "Pairable", pairable); /* if not: Pair fails and says so */
}

static void on_cleaned(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    (void)reply; /* DoesNotExist is as good */
    bluez->enrolment.path[0] = '\0';
    take_event(bluez, WARD_BLUEZ_ENROL_CLEANED, NULL);
}

static void on_joined(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    (void)path;
    ward_bluez_discovery_hold(bluez, false);
    enum ward_bluez_enrol_event event =
        ward_bluez_enrol_join_result(error ? error->name : NULL, error ? error->message : NULL);
    if (event == WARD_BLUEZ_ENROL_JOIN_AGAIN)
        bluez->counters.connect_retries++;
    char text[200];
    snprintf(text, sizeof text, "It could not be connected: %s.",
             error && error->message ? error->message : "no reason");
    take_event(bluez, event, event == WARD_BLUEZ_ENROL_JOIN_FAILED ? text : NULL);
}

/* Pair connects by itself. Returns false when the device is not there any more. */
static bool join(struct ward_bluez *bluez)
{
    const struct ward_bluez_mirror_device *device = target(bluez);
    bool bonding = bluez->enrolment.machine.security == WARD_BLUEZ_BONDED;
    if (!device)
        return false;
    tell(bluez, bonding ? WARD_BLUEZ_STEP_BONDING : WARD_BLUEZ_STEP_CONNECTING,
         bonding ? "Pairing with it." : "Connecting to it, without a bond.");
    struct ward_bluez_request request = {device->path,
                                         WARD_BLUEZ_DEVICE,
                                         bonding ? "Pair" : "Connect",
                                         WARD_BLUEZ_CONNECT_TIMEOUT_US,
                                         on_joined,
                                         NULL};
    if (ward_bluez_call(bluez, &request, NULL) < 0)
        return false;
    ward_bluez_discovery_hold(bluez, true);
    return true;
}

/* The services may have been resolved before Pair was answered. */
static void on_trusted(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    if (ward_bluez_error_of(reply))
        take_event(bluez, WARD_BLUEZ_ENROL_UNWANTED, "The Bluetooth service does not let it be trusted.");
    else if (device)
        ward_bluez_enrolment_changed(bluez, device, WARD_BLUEZ_FACT_RESOLVED);
}

static void trust(struct ward_bluez *bluez)
{
    struct ward_bluez_request request = {bluez->enrolment.path, WARD_BLUEZ_DEVICE, NULL, 0, on_trusted, NULL};
    (void)ward_bluez_set_flag(bluez, &request, "Trusted", true);
}

static void on_identity(struct ward_bluez *bluez, const char *path,
                        const struct ward_bluez_identity *identity, bool left)
{
    struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    struct ward_bluez_node *node = NULL;
    (void)left;
    if (!device || !identity) {
        take_event(bluez, WARD_BLUEZ_ENROL_UNIDENTIFIED, NULL);
        return;
    }
    if (!ward_bluez_has_readings(bluez, device)) {
        bluez->counters.incomplete_links++;
        take_event(bluez, WARD_BLUEZ_ENROL_INCOMPLETE, NULL);
        return;
    }
    const char *refusal = ward_bluez_admit(bluez, device, identity, &node);
    if (refusal) {
        take_event(bluez, WARD_BLUEZ_ENROL_UNWANTED, refusal);
        return;
    }
    bluez->enrolment.node = node;
    take_event(bluez, WARD_BLUEZ_ENROL_IDENTIFIED, NULL);
    if (device->facts.connected)
        ward_bluez_link_adopt(node, device);
    else
        take_event(bluez, WARD_BLUEZ_ENROL_DISCONNECTED, NULL);
}

static void identify(struct ward_bluez *bluez)
{
    const struct ward_bluez_mirror_device *device = target(bluez);
    if (!device || ward_bluez_identity_read(bluez, device, NULL, on_identity) < 0)
        take_event(bluez, WARD_BLUEZ_ENROL_UNIDENTIFIED, NULL);
}

static void remove_device(struct ward_bluez *bluez, const char *path,
                          void (*done)(struct ward_bluez *bluez, const char *subject, sd_bus_message *reply))
{
    struct ward_bluez_request request = {bluez->adapter, WARD_BLUEZ_ADAPTER, "RemoveDevice", 0, done, NULL};
    (void)ward_bluez_call(bluez, &request, "o", path);
}

static void clean(struct ward_bluez *bluez)
{
    if (!bluez->enrolment.path[0])
        ward_bluez_path_of(bluez, bluez->enrolment.address, bluez->enrolment.path);
    remove_device(bluez, bluez->enrolment.path, on_cleaned);
}

static void undo(struct ward_bluez *bluez)
{
    struct ward_bluez_node *node = bluez->enrolment.node;
    if (bluez->enrolment.path[0] && bluez->adapter[0])
        remove_device(bluez, bluez->enrolment.path, NULL);
    bluez->enrolment.node = NULL;
    if (node && node->enrolling) {
        ward_bluez_link_ended(node);
        ward_bluez_node_remove(node);
    }
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    (void)source;
    (void)usec;
    bluez->enrolment.timer = sd_event_source_disable_unref(bluez->enrolment.timer);
    take_event(bluez, WARD_BLUEZ_ENROL_TIMER, NULL);
    return 0;
}

static void arm(struct ward_bluez *bluez, uint32_t timer_ms)
{
    bluez->enrolment.timer = sd_event_source_disable_unref(bluez->enrolment.timer);
    if (timer_ms)
        (void)sd_event_add_time_relative(bluez->event, &bluez->enrolment.timer, CLOCK_BOOTTIME,
                                         timer_ms * UINT64_C(1000), 0, on_timer, bluez);
}

/* The bond that it had went with the beginning, whatever ended it: it would stay away, and nobody would know why. */
static void tell_unpaired(struct ward_bluez *bluez, const char *address)
{
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, address);
    if (node)
        ward_bluez_link_needs_pairing(node, "It was enrolled, and a pairing that failed has taken its bond.");
}

/* The last word. The window is shut before it is said, so that the next one can be opened from the callback. */
static void close_window(struct ward_bluez *bluez, enum ward_bluez_step step, const char *text)
{
    struct ward_bluez_node *node = bluez->enrolment.node;
    char address[WARD_BLUEZ_ADDRESS_SIZE];
    memcpy(address, bluez->enrolment.address, sizeof address);
    ward_bluez_enrolment_done(bluez);
    set_pairable(bluez, false);
    bluez->enrolment.node = NULL;
    bluez->enrolment.path[0] = bluez->enrolment.address[0] = '\0';
    if (node)
        node->enrolling = false;
    ward_bluez_sweep(bluez);
    if (step == WARD_BLUEZ_STEP_FAILED)
        tell_unpaired(bluez, address);
    struct ward_bluez_enrolment last = {step, address, text, node ? &node->device : NULL};
    bluez->listener.enrolment(&last, bluez->userdata);
}

/* What may call back into the machine comes last: an action that fails at once is an event of the next state. */
static void carry_out(struct ward_bluez *bluez, const struct ward_bluez_enrol_outcome *outcome,
                      const char *text)
{
    uint32_t actions = outcome->actions;
    if (outcome->moved)
        arm(bluez, outcome->timer_ms);
    if (actions & WARD_BLUEZ_DO_UNDO)
        undo(bluez);
    bool last =
        outcome->says && (outcome->step == WARD_BLUEZ_STEP_PAIRED || outcome->step == WARD_BLUEZ_STEP_FAILED);
    if (outcome->says && !last)
        tell(bluez, outcome->step, text);
    if (actions & WARD_BLUEZ_DO_CLEAN)
        clean(bluez);
    if (actions & WARD_BLUEZ_DO_TRUST)
        trust(bluez);
    bool joined = !(actions & WARD_BLUEZ_DO_JOIN) || join(bluez);
    if (actions & (WARD_BLUEZ_DO_STOP_LOOK | WARD_BLUEZ_DO_LOOK))
        ward_bluez_discovery_want(bluez, (actions & WARD_BLUEZ_DO_LOOK) != 0);
    if (actions & WARD_BLUEZ_DO_LEAVE)
        ward_bluez_disconnect(bluez, bluez->enrolment.path);
    if (last)
        close_window(bluez, outcome->step, text);
    else if (!joined)
        take_event(bluez, WARD_BLUEZ_ENROL_GONE, NULL);
    else if (actions & WARD_BLUEZ_DO_IDENTIFY)
        identify(bluez);
}

static void take_event(struct ward_bluez *bluez, enum ward_bluez_enrol_event event, const char *text)
{
    if (event == WARD_BLUEZ_ENROL_GONE && bluez->enrolment.machine.state < WARD_BLUEZ_ENROL_RESOLVING)
        bluez->enrolment.path[0] = '\0'; /* it may come back under another */
    struct ward_bluez_enrol_outcome outcome = ward_bluez_enrol_step(&bluez->enrolment.machine, event);
    carry_out(bluez, &outcome, text ? text : outcome.text);
}

void ward_bluez_enrolment_event(struct ward_bluez *bluez, enum ward_bluez_enrol_event event)
{
    take_event(bluez, event, NULL);
}

void ward_bluez_enrolment_changed(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device,
                                  uint32_t changed)
{
    const struct ward_bluez_facts *facts = &device->facts;
    if (bluez->enrolment.node)
        return; /* bluez_link.c tells the events of an identified device */
    if (bluez->enrolment.machine.state == WARD_BLUEZ_ENROL_LOOKING &&
        (changed & (WARD_BLUEZ_FACT_ADDRESS | WARD_BLUEZ_FACT_RSSI))) {
        strcpy(bluez->enrolment.path, device->path);
        take_event(bluez, WARD_BLUEZ_ENROL_FOUND, NULL);
        return;
    }
    if ((changed & WARD_BLUEZ_FACT_CONNECTED) && !facts->connected) {
        take_event(bluez, WARD_BLUEZ_ENROL_DISCONNECTED, NULL);
        return;
    }
    bool bonded = facts->known & WARD_BLUEZ_FACT_BONDED ? facts->bonded : facts->paired;
    bool known = facts->connected && facts->resolved &&
                 (bonded || bluez->enrolment.machine.security != WARD_BLUEZ_BONDED);
    if (known && (changed & (WARD_BLUEZ_FACT_RESOLVED | WARD_BLUEZ_FACT_BONDED | WARD_BLUEZ_FACT_PAIRED)))
        take_event(bluez, WARD_BLUEZ_ENROL_RESOLVED, NULL);
}

static int on_window_over(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    take_event(userdata, WARD_BLUEZ_ENROL_WINDOW_OVER, NULL);
    return 0;
}

static int on_cancel(sd_event_source *source, void *userdata)
{
    (void)source;
    take_event(userdata, WARD_BLUEZ_ENROL_CANCELLED, NULL);
    return 0;
}

int ward_bluez_pair(struct ward_bluez *bluez, const char *address, enum ward_bluez_security security,
                    unsigned timeout_s)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE];
    if (!ward_bluez_address_normalise(address, normal) || timeout_s < 10 || timeout_s > 600)
        return -EINVAL;
    if (bluez->start != WARD_BLUEZ_START_READY)
        return -ENETDOWN;
    /* held: the last one was cancelled, and its Pair is still to be answered */
    if (bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_CLOSED || bluez->discovery.held)
        return -EBUSY;
    int r = sd_event_add_time_relative(bluez->event, &bluez->enrolment.window, CLOCK_BOOTTIME,
                                       timeout_s * UINT64_C(1000000), 0, on_window_over, bluez);
    if (r < 0)
        return r;
    memcpy(bluez->enrolment.address, normal, sizeof normal);
    bluez->enrolment.machine.security = security;
    bluez->enrolment.path[0] = '\0';
    set_pairable(bluez, true);
    take_event(bluez, WARD_BLUEZ_ENROL_OPEN, NULL);
    ward_bluez_slots_changed(bluez);
    return 0;
}

void ward_bluez_enrolment_take_reading(struct ward_bluez *bluez)
{
    const bool has_reading = bluez->enrolment.has_reading;
    bluez->enrolment.has_reading = false;
    bluez->enrolment.reading = sd_event_source_disable_unref(bluez->enrolment.reading);
    if (has_reading)
        take_event(bluez, WARD_BLUEZ_ENROL_VALUE, NULL);
}

static int on_reading(sd_event_source *source, void *userdata)
{
    (void)source;
    ward_bluez_enrolment_take_reading(userdata);
    return 0;
}

int ward_bluez_pair_reading(struct ward_bluez *bluez, const char *address)
{
    const struct ward_bluez_node *node = bluez->enrolment.node;
    if (bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_READING || !node ||
        strcmp(node->device.address, address) != 0)
        return -ENOENT;
    bluez->enrolment.has_reading = true;
    if (bluez->enrolment.reading)
        return 0;
    int r = sd_event_add_defer(bluez->event, &bluez->enrolment.reading, on_reading, bluez);
    return r < 0 ? r : 0;
}

int ward_bluez_pair_cancel(struct ward_bluez *bluez)
{
    if (bluez->enrolment.machine.state == WARD_BLUEZ_ENROL_CLOSED)
        return -ENOENT;
    if (bluez->enrolment.cancel)
        return 0;
    int r = sd_event_add_defer(bluez->event, &bluez->enrolment.cancel, on_cancel, bluez);
    return r < 0 ? r : 0;
}

void ward_bluez_enrolment_done(struct ward_bluez *bluez)
{
    bluez->enrolment.timer = sd_event_source_disable_unref(bluez->enrolment.timer);
    bluez->enrolment.window = sd_event_source_disable_unref(bluez->enrolment.window);
    bluez->enrolment.cancel = sd_event_source_disable_unref(bluez->enrolment.cancel);
    bluez->enrolment.reading = sd_event_source_disable_unref(bluez->enrolment.reading);
}
