/* SPDX-License-Identifier: Apache-2.0 */
/*
 * StartNotify, for every characteristic that is read of every enrolled device, once, and StopNotify never (nor is a CCC
 * written otherwise; bluetoothd would not let us): some cuffs
 * drop their bond when they are unsubscribed. The subscription outlives disconnections for as long as our connection
 * to the bus does, but for one: bluetoothd (5.66) renews it on each link, drops it when the link does not outlive that, says
 * nothing, and from then on confirms what nobody hears. So each is asked for again when a link has ended; bluetoothd
 * answers "in progress" where it stands. (AcquireNotify refuses characteristics that can only indicate, and cuffs do.)
 */
#include "io/bluez_internal.h"

#include <string.h>

static bool in_options(const struct ward_bluez *bluez, const char *service, const char *uuid)
{
    size_t i = 0, j = 0;
    while (bluez->services[i] && strcmp(bluez->services[i], service) != 0)
        i++;
    while (bluez->characteristics[j][0] && strcmp(bluez->characteristics[j], uuid) != 0)
        j++;
    return bluez->services[i] && bluez->characteristics[j][0];
}

bool ward_bluez_is_read(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                        const struct ward_bluez_mirror_characteristic *characteristic)
{
    const struct ward_bluez_mirror_service *service =
        characteristic->properties & WARD_BLUEZ_CAN_NOTIFY
            ? ward_bluez_mirror_service_of(device, characteristic)
            : NULL;
    return service && in_options(bluez, service->uuid, characteristic->uuid);
}

static struct ward_bluez_mirror_characteristic *find(struct ward_bluez *bluez, const char *path)
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    return device ? ward_bluez_mirror_find_characteristic(device, path) : NULL;
}

static void note_refusal(struct ward_bluez *bluez, const char *path, const sd_bus_error *error)
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    struct ward_bluez_node *node = ward_bluez_node_find(bluez, device->facts.address);
    bluez->counters.subscribe_failures++;
    if (node && node->connected)
        ward_bluez_link_tell(node, WARD_BLUEZ_LINK_FAULT,
                             error->message ? error->message : "it cannot be subscribed to");
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
        characteristic->refused = !characteristic->subscribed;
        if (characteristic->refused)
            note_refusal(bluez, path, sd_bus_message_get_error(reply));
    }
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    struct ward_bluez_node *node = device ? ward_bluez_node_find(bluez, device->facts.address) : NULL;
    if (node)
        ward_bluez_link_settle(node);
    if (--bluez->subscribing == 0)
        ward_bluez_start_subscribed(bluez);
}

static void ask(struct ward_bluez *bluez, struct ward_bluez_mirror_characteristic *characteristic)
{
    struct ward_bluez_request request = {
        characteristic->path, WARD_BLUEZ_CHARACTERISTIC, "StartNotify", 0, on_subscribed, NULL};
    characteristic->refused = ward_bluez_call(bluez, &request, NULL) < 0;
    if (characteristic->refused)
        return;
    characteristic->asked = true;
    bluez->subscribing++;
}

void ward_bluez_subscribe(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device)
{
    if (!bluez->may_subscribe)
        return; /* all are subscribed to when it is time */
    for (struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (!at->subscribed && !at->asked && ward_bluez_is_read(bluez, device, at))
            ask(bluez, at);
}

void ward_bluez_subscribe_anew(struct ward_bluez *bluez, struct ward_bluez_mirror_device *device)
{
    if (!bluez->may_subscribe)
        return;
    for (struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (!at->asked && ward_bluez_is_read(bluez, device, at))
            ask(bluez, at);
}

bool ward_bluez_is_subscribed(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    for (const struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (!at->subscribed && ward_bluez_is_read(bluez, device, at))
            return false;
    return ward_bluez_has_readings(bluez, device);
}

bool ward_bluez_has_readings(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    for (const struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (ward_bluez_is_read(bluez, device, at))
            return true;
    return false;
}

bool ward_bluez_is_settled(const struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    for (const struct ward_bluez_mirror_characteristic *at = device->characteristics; at; at = at->next)
        if (!at->subscribed && !at->refused && ward_bluez_is_read(bluez, device, at))
            return false;
    return ward_bluez_has_readings(bluez, device);
}
