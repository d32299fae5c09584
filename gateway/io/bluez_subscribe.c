/* SPDX-License-Identifier: Apache-2.0 */
/*
 * StartNotify, for every characteristic that is read of every enrolled device, once, and StopNotify never: some cuffs
 * drop their bond when they are unsubscribed. The subscription outlives disconnections for as long as our connection
 * to the bus does. (AcquireNotify refuses characteristics that can only indicate, and cuffs do.)
 */
#include "io/bluez_internal.h"

#include <string.h>

bool ward_bluez_is_read(const struct ward_bluez *bluez, const char *uuid)
{
    for (size_t i = 0; bluez->characteristics[i][0]; i++)
        if (strcmp(bluez->characteristics[i], uuid) == 0)
            return true;
    return false;
}

static struct ward_bluez_mirror_characteristic *find(struct ward_bluez *bluez, const char *path)
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    return device ? ward_bluez_mirror_find_characteristic(device, path) : NULL;
}

static void on_subscribed(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    struct ward_bluez_mirror_characteristic *characteristic = find(bluez, path);
    const char *error = ward_bluez_error_of(reply);
    if (characteristic) {
        characteristic->asked = false;
        /* InProgress and AlreadyExists: an earlier StartNotify of ours stands or is being carried out. */
        characteristic->subscribed =
            !error || strcmp(error, "InProgress") == 0 || strcmp(error, "AlreadyExists") == 0;
        if (!characteristic->subscribed) {
            const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
            struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
            bluez->counters.subscribe_failures++;
            if (node && node->connected)
                ward_bluez_link_tell(node, WARD_BLUEZ_LINK_FAULT,
                                     sd_bus_message_get_error(reply)->message
                                         ? sd_bus_message_get_error(reply)->message
                                         : "it cannot be subscribed to");
        }
    }
    if (--bluez->subscribing == 0)
        ward_bluez_start_subscribed(bluez);
}

void ward_bluez_subscribe(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device)
{
    if (!bluez->may_subscribe)
        return; /* all are subscribed to when it is time */
    for (struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next) {
        if (at->subscribed || at->asked || !at->notifies || !ward_bluez_is_read(bluez, at->uuid))
            continue;
        struct ward_bluez_request request = {
            at->path, WARD_BLUEZ_CHARACTERISTIC, "StartNotify", 0, on_subscribed, NULL};
        if (ward_bluez_call(bluez, &request, NULL) < 0)
            continue;
        at->asked = true;
        bluez->subscribing++;
    }
}

bool ward_bluez_is_subscribed(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    for (const struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (at->notifies && !at->subscribed && ward_bluez_is_read(bluez, at->uuid))
            return false;
    return ward_bluez_has_readings(bluez, device);
}

bool ward_bluez_has_readings(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    for (const struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (at->notifies && ward_bluez_is_read(bluez, at->uuid))
            return true;
    return false;
}
