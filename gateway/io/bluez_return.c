/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls devices without a bond that stay away: the hands of bluez_recall.c.
 *
 * One that bluetoothd has no object for cannot be called; that counts as a call, so that it is looked for as often.
 */
#include "io/bluez_internal.h"

static bool is_busy(const struct ward_bluez *bluez)
{
    size_t connected = 0;
    for (const struct ward_bluez_node *node = bluez->nodes; node; node = node->next)
        connected += node->connected;
    return bluez->calling || connected >= bluez->connections_max || bluez->discovery.held ||
           bluez->discovery.scanning || bluez->discovery.enrolling ||
           bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_CLOSED;
}

static void on_called(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    (void)path;
    (void)reply; /* that it is not there is no error: it is waited for now */
    bluez->calling = false;
    ward_bluez_returns_changed(bluez);
}

static void call(struct ward_bluez_node *node)
{
    struct ward_bluez *bluez = node->bluez;
    const struct ward_bluez_mirror_device *device =
        ward_bluez_mirror_find_address(&bluez->mirror, node->device.address);
    ward_bluez_recall_called(&node->recall, ward_bluez_now());
    if (device && ward_bluez_connect(bluez, device->path, on_called) >= 0) {
        bluez->calling = true;
        bluez->counters.recalls++;
    }
}

static int on_due(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez *bluez = userdata;
    struct ward_bluez_absence absences[WARD_BLUEZ_DEVICES_MAX];
    struct ward_bluez_node *node = bluez->nodes;
    size_t count = 0;
    (void)source;
    (void)usec;
    bluez->returns_due = sd_event_source_disable_unref(bluez->returns_due);
    ward_bluez_reap(bluez);
    if (bluez->start != WARD_BLUEZ_START_READY)
        return 0;
    for (; node; node = node->next)
        absences[count++] = (struct ward_bluez_absence){.open = node->device.security != WARD_BLUEZ_BONDED,
                                                        .connected = node->connected,
                                                        .resting = node->resting,
                                                        .due_us = node->recall.due_us};
    const struct ward_bluez_recall_choice choice =
        ward_bluez_recall_choose(absences, count, is_busy(bluez), ward_bluez_now());
    if (choice.look_again_us != UINT64_MAX)
        (void)sd_event_add_time(bluez->event, &bluez->returns_due, CLOCK_BOOTTIME, choice.look_again_us, 0,
                                on_due, bluez);
    if (choice.call == count)
        return 0;
    node = bluez->nodes;
    for (size_t i = 0; i < choice.call; i++)
        node = node->next;
    call(node);
    ward_bluez_returns_changed(bluez);
    return 0;
}

void ward_bluez_returns_changed(struct ward_bluez *bluez)
{
    bluez->returns_due = sd_event_source_disable_unref(bluez->returns_due);
    (void)sd_event_add_time_relative(bluez->event, &bluez->returns_due, CLOCK_BOOTTIME, 0, 0, on_due, bluez);
}

void ward_bluez_returns_expect(struct ward_bluez *bluez)
{
    for (struct ward_bluez_node *node = bluez->nodes; node; node = node->next)
        ward_bluez_recall_ready(&node->recall, ward_bluez_now());
    ward_bluez_returns_changed(bluez);
}
