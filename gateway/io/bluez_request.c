/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes. A request belongs to the connection that it was made in: it is answered by bluetoothd, or by the
 * end of that connection, whichever comes first, and what bluetoothd says after that is not heard. (It says nothing
 * when the link drops under a request, until its own time is up.)
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/bluez_error.h"

/* ATT gives a device 30 s and then ends the link (Core 5.3, Vol 3, Part F, §3.3.3); bluetoothd may tell of that. */
#define REQUEST_TIMEOUT_US (35 * UINT64_C(1000000))

struct ward_bluez_asked {
    struct ward_bluez_asked *next;
    struct ward_bluez_node *node;
    sd_bus_slot *slot;
    bool writes;
    uint32_t connection;
    char service[WARD_BLUEZ_UUID_SIZE], uuid[WARD_BLUEZ_UUID_SIZE];
};

static void asked_free(struct ward_bluez_asked *asked)
{
    sd_bus_slot_unref(asked->slot);
    free(asked);
}

static void unlink_asked(struct ward_bluez_asked *asked)
{
    struct ward_bluez_asked **at = &asked->node->bluez->asked;
    while (*at != asked)
        at = &(*at)->next;
    *at = asked->next;
}

/* Takes it off the list and tells its answer; it is freed before, so that the callback may ask again. */
static void answer(struct ward_bluez_asked *asked, const struct ward_bluez_answer *what)
{
    struct ward_bluez *bluez = asked->node->bluez;
    struct ward_bluez_asked copy = *asked;
    struct ward_bluez_answer told = *what;
    unlink_asked(asked);
    asked_free(asked);
    told.device = &copy.node->device;
    told.uuid = copy.uuid;
    told.service_uuid = copy.service;
    told.characteristic = ward_bluez_uuid_short(copy.uuid);
    told.service = ward_bluez_uuid_short(copy.service);
    told.receipt_us = ward_bluez_now();
    told.connection = copy.connection;
    if (told.error < 0)
        bluez->counters.request_failures++;
    (copy.writes ? bluez->listener.write_done : bluez->listener.read_done)(&told, bluez->userdata);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    struct ward_bluez_asked *asked = userdata;
    const sd_bus_error *error = sd_bus_message_get_error(reply);
    struct ward_bluez_failure failure = {.text = ""};
    const void *octets = NULL;
    size_t length = 0;
    (void)ret_error;
    ward_bluez_reap(asked->node->bluez);
    if (error)
        failure = ward_bluez_failure(error->name, error->message);
    else if (!asked->writes &&
             (sd_bus_message_read_array(reply, 'y', &octets, &length) < 0 || length > WARD_GATT_VALUE_MAX))
        failure = (struct ward_bluez_failure){-EIO, 0, "The Bluetooth service gave an answer that is none."};
    bool is_read = !asked->writes && failure.error == 0;
    answer(asked, &(struct ward_bluez_answer){
                      .octets = is_read ? (length ? octets : (const uint8_t *)"") : NULL,
                      .length = is_read ? length : 0,
                      .error = failure.error,
                      .att_error = failure.att_error,
                      .text = failure.text,
                  });
    return 0;
}

static struct ward_bluez_asked *of_node(const struct ward_bluez_node *node)
{
    struct ward_bluez_asked *asked = node->bluez->asked;
    while (asked && asked->node != node)
        asked = asked->next;
    return asked;
}

void ward_bluez_requests_end(struct ward_bluez_node *node)
{
    struct ward_bluez_asked *asked;
    while ((asked = of_node(node)))
        answer(asked, &(struct ward_bluez_answer){.error = -ENOTCONN,
                                                  .text = "The link ended before the device answered."});
}

void ward_bluez_requests_drop(struct ward_bluez_node *node)
{
    struct ward_bluez_asked *asked;
    while ((asked = of_node(node))) {
        unlink_asked(asked);
        asked_free(asked);
    }
}

static size_t count_of_node(const struct ward_bluez_node *node)
{
    size_t count = 0;
    for (const struct ward_bluez_asked *at = node->bluez->asked; at; at = at->next)
        count += at->node == node;
    return count;
}

/* The names in the one form in which they are compared, the UUIDs in ret. False: one of them is none. */
static bool normalise(const char *address, const char *service, const char *uuid,
                      char ret_address[static WARD_BLUEZ_ADDRESS_SIZE], struct ward_bluez_asked *ret)
{
    return ward_bluez_address_normalise(address, ret_address) &&
           ward_bluez_uuid_normalise(service, ret->service) && ward_bluez_uuid_normalise(uuid, ret->uuid);
}

bool ward_bluez_has(const struct ward_bluez *bluez, const char *address, const char *service,
                    const char *characteristic)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE];
    struct ward_bluez_asked names;
    if (!normalise(address, service, characteristic, normal, &names))
        return false;
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find_address(&bluez->mirror, normal);
    return device && device->facts.connected && device->facts.resolved &&
           ward_bluez_mirror_look_up(device, names.service, names.uuid);
}

static int new_message(struct ward_bluez *bluez, const struct ward_bluez_mirror_characteristic *of,
                       const uint8_t *octets, size_t length, sd_bus_message **ret)
{
    sd_bus_message *message = NULL;
    int r = sd_bus_message_new_method_call(bluez->bus, &message, WARD_BLUEZ_SERVICE, of->path,
                                           WARD_BLUEZ_CHARACTERISTIC, octets ? "WriteValue" : "ReadValue");
    const char *type = of->properties & WARD_BLUEZ_CAN_WRITE ? "request" : "command";
    if (r >= 0 && octets)
        r = sd_bus_message_append_array(message, 'y', octets, length);
    if (r >= 0)
        r = octets ? sd_bus_message_append(message, "a{sv}", 1, "type", "s", type)
                   : sd_bus_message_append(message, "a{sv}", 0);
    if (r < 0)
        sd_bus_message_unref(message);
    else
        *ret = message;
    return r;
}

static int send(const struct ward_bluez_asked *what, sd_bus_message *message)
{
    struct ward_bluez *bluez = what->node->bluez;
    struct ward_bluez_asked *asked = malloc(sizeof *asked);
    if (!asked)
        return -ENOMEM;
    *asked = *what;
    asked->connection = what->node->connection;
    int r = sd_bus_call_async(bluez->bus, &asked->slot, message, on_answer, asked, REQUEST_TIMEOUT_US);
    if (r < 0) {
        asked_free(asked);
        return r;
    }
    struct ward_bluez_asked **end = &bluez->asked;
    while (*end)
        end = &(*end)->next;
    *end = asked; /* of one device they are answered in their order when its link ends */
    what->node->used_us = ward_bluez_now();
    return 0;
}

/* octets is NULL for a read. */
static int ask(struct ward_bluez *bluez, const char *address, const char *service, const char *uuid,
               const uint8_t *octets, size_t length)
{
    char normal[WARD_BLUEZ_ADDRESS_SIZE];
    struct ward_bluez_asked what = {.writes = octets != NULL};
    sd_bus_message *message = NULL;
    if (!normalise(address, service, uuid, normal, &what))
        return -EINVAL;
    what.node = ward_bluez_node_find(bluez, normal);
    if (!what.node)
        return -ENOENT;
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find_address(&bluez->mirror, normal);
    if (!what.node->resolved || !device)
        return -ENOTCONN;
    const struct ward_bluez_mirror_characteristic *characteristic =
        ward_bluez_mirror_look_up(device, what.service, what.uuid);
    if (!characteristic)
        return -ENODATA;
    const unsigned needed = octets ? WARD_BLUEZ_CAN_WRITE | WARD_BLUEZ_CAN_COMMAND : WARD_BLUEZ_CAN_READ;
    /* What is read is signalled as a value, too: of one that is subscribed to it would be heard twice. */
    if (!(characteristic->properties & needed) || (!octets && characteristic->subscribed))
        return -EOPNOTSUPP;
    if (count_of_node(what.node) >= WARD_BLUEZ_REQUESTS_MAX)
        return -EBUSY;
    int r = new_message(bluez, characteristic, octets, length, &message);
    if (r >= 0)
        r = send(&what, message);
    sd_bus_message_unref(message);
    return r < 0 ? r : 0;
}

int ward_bluez_read(struct ward_bluez *bluez, const char *address, const char *service,
                    const char *characteristic)
{
    return ask(bluez, address, service, characteristic, NULL, 0);
}

int ward_bluez_write(struct ward_bluez *bluez, const char *address, const char *service,
                     const char *characteristic, const uint8_t *octets, size_t length)
{
    if (!octets || length > WARD_GATT_VALUE_MAX)
        return -EINVAL;
    return ask(bluez, address, service, characteristic, octets, length);
}
