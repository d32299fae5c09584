/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that are always present, sent away for a while: because they are not worn (the application says so; a link
 * keeps some rings awake for ever), or because one that matters more needs their connection (bluez_slots.c).
 *
 *   rest      Trusted=false, Disconnect: bluetoothd connects a trusted device again at once, and takes an untrusted one
 *             off the kernel's list
 *   its end   Trusted=true, Connect: that alone puts it on the list again, and whether it is there now does not matter.
 *             It waits while the radio is not ready, and while an enrolment has it
 *
 * Trusted outlives bluetoothd and us. So whenever it is told and is not as it should be it is set again, and when it is
 * false of one that does not rest, a rest of an earlier life is ended.
 */
#include "io/bluez_internal.h"

#include <errno.h>

#include "io/bluez_slots.h"

#define IDLE_AFTER_US UINT64_C(10000000)
#define SLOT_REST_S   60
#define END_AGAIN_US  UINT64_C(2000000)

static int on_rest_end(sd_event_source *source, uint64_t usec, void *userdata);

static int arm(struct ward_bluez_node *node, uint64_t delay_us)
{
    node->rest_end = sd_event_source_disable_unref(node->rest_end);
    return sd_event_add_time_relative(node->bluez->event, &node->rest_end, CLOCK_BOOTTIME, delay_us, 0,
                                      on_rest_end, node);
}

static const struct ward_bluez_mirror_device *mirror_of(const struct ward_bluez_node *node)
{
    return ward_bluez_mirror_find_address(&node->bluez->mirror, node->device.address);
}

static void set_trusted(struct ward_bluez *bluez, const char *path, bool trusted)
{
    struct ward_bluez_request request = {path, WARD_BLUEZ_DEVICE, NULL, 0, NULL, NULL};
    (void)ward_bluez_set_flag(bluez, &request, "Trusted",
                              trusted); /* if not: it is set when it is told again */
}

static void end_rest(struct ward_bluez_node *node)
{
    struct ward_bluez *bluez = node->bluez;
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    if (bluez->start != WARD_BLUEZ_START_READY || bluez->discovery.held ||
        bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_CLOSED) {
        (void)arm(node, END_AGAIN_US);
        return;
    }
    node->rest_end = sd_event_source_disable_unref(node->rest_end);
    node->resting = false;
    if (device)
        set_trusted(bluez, device->path, true);
    if (device && !device->facts.connected && node->device.presence == WARD_BLUEZ_ALWAYS)
        (void)ward_bluez_connect(bluez, device->path, NULL);
    ward_bluez_recall_dropped(&node->recall, ward_bluez_now());
    ward_bluez_slots_changed(bluez);
    ward_bluez_returns_changed(bluez);
}

static int on_rest_end(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    end_rest(userdata);
    return 0;
}

void ward_bluez_rest_begin(struct ward_bluez_node *node, unsigned seconds)
{
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    if (arm(node, seconds * UINT64_C(1000000)) < 0)
        return; /* a rest that would not end */
    node->resting = true;
    if (!device)
        return;
    set_trusted(node->bluez, device->path, false);
    ward_bluez_disconnect(node->bluez, device->path);
}

void ward_bluez_rest_trusted(struct ward_bluez_node *node, const struct ward_bluez_mirror_device *device)
{
    if (device->facts.trusted != node->resting || ward_bluez_enrolment_is_of(node->bluez, device))
        return;
    if (node->resting)
        set_trusted(node->bluez, device->path, false);
    else if (!node->rest_end)
        (void)arm(node, 0);
}

/* The enrolled device with this address, or NULL with *ret_error set. */
static struct ward_bluez_node *enrolled(const struct ward_bluez *bluez, const char *address, int *ret_error)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE];
    *ret_error = -EINVAL;
    if (!ward_bluez_address_normalise(address, normal))
        return NULL;
    *ret_error = -ENOENT;
    return ward_bluez_node_find(bluez, normal);
}

int ward_bluez_rest(struct ward_bluez *bluez, const char *address, unsigned seconds)
{
    int error;
    struct ward_bluez_node *node = enrolled(bluez, address, &error);
    if (!node || seconds > WARD_BLUEZ_REST_MAX_S)
        return node ? -EINVAL : error;
    if (node->device.presence != WARD_BLUEZ_ALWAYS)
        return -EOPNOTSUPP;
    if (node == bluez->enrolment.node)
        return -EBUSY;
    if (seconds)
        ward_bluez_rest_begin(node, seconds);
    else if (node->resting)
        end_rest(node);
    return 0;
}

int ward_bluez_disconnect_device(struct ward_bluez *bluez, const char *address)
{
    int error;
    struct ward_bluez_node *node = enrolled(bluez, address, &error);
    if (!node)
        return error;
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    if (!device || !node->connected)
        return -ENOTCONN;
    ward_bluez_disconnect(bluez, device->path);
    return 0;
}

/* --- the budget of connections ------------------------------------------------------------------------------ */

static struct ward_bluez_slot slot_of(const struct ward_bluez_node *node)
{
    return (struct ward_bluez_slot){
        .priority = node->priority,
        .connected = node->connected,
        .resting = node->resting,
        .may_rest = node->device.presence == WARD_BLUEZ_ALWAYS && node != node->bluez->enrolment.node,
        .busy_until_us = node->used_us + IDLE_AFTER_US,
    };
}

static int on_slots_due(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    struct ward_bluez_slot slots[WARD_BLUEZ_DEVICES_MAX + 1];
    struct ward_bluez_node *node = bluez->nodes;
    size_t count = 0;
    (void)source;
    (void)usec;
    bluez->slots_due = sd_event_source_disable_unref(bluez->slots_due);
    ward_bluez_reap(bluez);
    for (; node; node = node->next)
        slots[count++] = slot_of(node);
    if (bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_CLOSED && !bluez->enrolment.node)
        slots[count++] = (struct ward_bluez_slot){.priority = UINT8_MAX}; /* a person waits for it */
    const struct ward_bluez_slots_choice choice =
        ward_bluez_slots_choose(slots, count, bluez->connections_max, ward_bluez_now());
    if (choice.look_again_us != UINT64_MAX)
        (void)sd_event_add_time(bluez->event, &bluez->slots_due, CLOCK_BOOTTIME, choice.look_again_us, 0,
                                on_slots_due, bluez);
    if (choice.rest == count)
        return 0;
    node = bluez->nodes;
    for (size_t i = 0; i < choice.rest; i++)
        node = node->next;
    bluez->counters.rests_for_slots++;
    ward_bluez_rest_begin(node, SLOT_REST_S);
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_RESTING,
                         "Sent away for a minute: a device that matters more needs its connection.");
    return 0;
}

void ward_bluez_slots_changed(struct ward_bluez *bluez)
{
    bluez->slots_due = sd_event_source_disable_unref(bluez->slots_due);
    (void)sd_event_add_time_relative(bluez->event, &bluez->slots_due, CLOCK_BOOTTIME, 0, 0, on_slots_due,
                                     bluez);
}

int ward_bluez_set_priority(struct ward_bluez *bluez, const char *address, uint8_t priority)
{
    int error;
    struct ward_bluez_node *node = enrolled(bluez, address, &error);
    if (!node)
        return error;
    node->priority = priority;
    ward_bluez_slots_changed(bluez);
    return 0;
}
