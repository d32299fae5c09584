/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link without its services is none, and bluetoothd says nothing of it; so it is ended, and the device comes anew.
 *
 *   no ServicesResolved in 20 s      bluetoothd has refused the link's ATT channel: the one before was not closed yet, or the
 *                                    link was encrypted before it asked for that. Twice as long after the first
 *                                    time in a row, and again after the second: it may be slow
 *   ServicesResolved, but in 3 s     its cache of them is not whole. At most 3 times in a row
 *   none of what is to be read
 */
#include "io/bluez_internal.h"

#define UNRESOLVED_US   (20 * UINT64_C(1000000))
#define DOUBLINGS_MAX   2
#define COMPLETENESS_US (3 * UINT64_C(1000000)) /* characteristics may be told after ServicesResolved */
#define INCOMPLETE_MAX  3

static struct ward_bluez_mirror_device *mirror_of(const struct ward_bluez_node *node)
{
    return ward_bluez_mirror_find_address(&node->bluez->mirror, node->device.address);
}

static int on_unresolved(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez_node *node = userdata;
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    (void)source;
    (void)usec;
    node->services = sd_event_source_disable_unref(node->services);
    if (!device || !node->connected || device->facts.resolved)
        return 0;
    node->bluez->counters.incomplete_links++;
    node->unresolved++;
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_FAULT,
                         "It is connected and does not answer; it is disconnected to try again.");
    ward_bluez_disconnect(node->bluez, device->path);
    return 0;
}

void ward_bluez_services_await(struct ward_bluez_node *node)
{
    const unsigned doublings = node->unresolved < DOUBLINGS_MAX ? node->unresolved : DOUBLINGS_MAX;
    node->services = sd_event_source_disable_unref(node->services);
    (void)sd_event_add_time_relative(node->bluez->event, &node->services, CLOCK_BOOTTIME,
                                     UNRESOLVED_US << doublings, 0, on_unresolved, node);
}

static int on_completeness(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez_node *node = userdata;
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    (void)source;
    (void)usec;
    node->services = sd_event_source_disable_unref(node->services);
    if (!device || !node->connected || ward_bluez_has_readings(node->bluez, device))
        return 0;
    node->bluez->counters.incomplete_links++;
    bool again = ++node->incomplete <= INCOMPLETE_MAX;
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_FAULT,
                         again
                             ? "It shows none of the measurements it should; it is disconnected to try again."
                             : "It shows none of the measurements it should. Forget it and pair it again.");
    if (again)
        ward_bluez_disconnect(node->bluez, device->path);
    return 0;
}

void ward_bluez_services_known(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device)
{
    node->unresolved = 0;
    ward_bluez_subscribe(node->bluez, device); /* what could not be subscribed while it was away */
    if (ward_bluez_has_readings(node->bluez, device)) {
        node->incomplete = 0;
        return;
    }
    node->services = sd_event_source_disable_unref(node->services);
    (void)sd_event_add_time_relative(node->bluez->event, &node->services, CLOCK_BOOTTIME, COMPLETENESS_US, 0,
                                     on_completeness, node);
}
