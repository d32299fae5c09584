/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The links of enrolled devices.
 *
 *   what bluetoothd tells            the node
 *   Connected=true                   a new connection, unproved, also when one stood: "off, on" may be folded
 *   a value while not connected      a new connection, implied: its Connected=true is still to come and starts none; a
 *                                    Connected=false that comes in its place ends it
 *   ServicesResolved=true            bonded: proved if the bond stands, else needs pairing (again, by a person)
 *                                    open: its identity is read and compared; proved, or an impostor and sent away;
 *                                    one that does not show it is sent away too, and is no impostor
 *   ... proved, and StartNotify      RESOLVED, once: it can be talked to
 *       answered wherever needed
 *   ... without what it must have,   sent away, so that it comes anew (bluez_services.c)
 *       or none in time
 *   Connected=true while it rests    sent away again: a bluetoothd that was restarted connects also those
 *   Connected=false, object gone     over, and so is every request. Ended unproved 3 times in a row: it has probably lost its bond, said once
 *   the radio is ready, or all       needs pairing, of a bonded one that has no object: it would stay away, and nobody
 *       objects were asked for       would know why
 *
 * Values are delivered at once, proved or not. bluetoothd goes on connecting a device that needs pairing: the verdict
 * can be wrong (a weak signal looks the same), and a link that is proved after all takes it back.
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <string.h>

#define UNPROVED_DROPS_MAX 3

struct ward_bluez_node *ward_bluez_node_find(const struct ward_bluez *bluez, const char *address)
{
    struct ward_bluez_node *node = bluez->nodes;
    while (node && strcmp(node->device.address, address) != 0)
        node = node->next;
    return node;
}

static struct ward_bluez_mirror_device *mirror_of(const struct ward_bluez_node *node)
{
    return ward_bluez_mirror_find_address(&node->bluez->mirror, node->device.address);
}

static void tell(struct ward_bluez_node *node, const struct ward_bluez_link *what)
{
    struct ward_bluez_link link = *what;
    link.device = &node->device;
    link.connection = node->connection;
    link.receipt_us = ward_bluez_now();
    node->bluez->listener.link(&link, node->bluez->userdata);
}

void ward_bluez_link_tell(struct ward_bluez_node *node, enum ward_bluez_link_state state, const char *text)
{
    tell(node, &(struct ward_bluez_link){.state = state, .text = text});
}

static void tell_enrolment(struct ward_bluez_node *node, enum ward_bluez_enrol_event event)
{
    if (node == node->bluez->enrolment.node)
        ward_bluez_enrolment_event(node->bluez, event);
}

void ward_bluez_disconnect(struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_request request = {path, WARD_BLUEZ_DEVICE, "Disconnect", 0, NULL, NULL};
    (void)ward_bluez_call(bluez, &request,
                          NULL); /* when it cannot be sent the bus is gone, and with it the link */
}

int ward_bluez_connect(struct ward_bluez *bluez, const char *path,
                       void (*done)(struct ward_bluez *bluez, const char *path, sd_bus_message *reply))
{
    struct ward_bluez_request request = {
        path, WARD_BLUEZ_DEVICE, "Connect", WARD_BLUEZ_CONNECT_TIMEOUT_US, done, NULL};
    return ward_bluez_call(bluez, &request, NULL);
}

static bool in_enrolment(const struct ward_bluez_node *node)
{
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    return node == node->bluez->enrolment.node || (device && ward_bluez_enrolment_is_of(node->bluez, device));
}

static void begin(struct ward_bluez_node *node, bool possible_gap)
{
    node->connected = true;
    node->proved = node->resolved = false;
    node->connection++;
    node->used_us = ward_bluez_now();
    ward_bluez_services_await(node);
    tell(node, &(struct ward_bluez_link){
                   .state = WARD_BLUEZ_LINK_CONNECTED, .possible_gap = possible_gap, .text = ""});
    tell_enrolment(node, WARD_BLUEZ_ENROL_CONNECTED);
    ward_bluez_slots_changed(node->bluez);
}

void ward_bluez_link_settle(struct ward_bluez_node *node)
{
    const struct ward_bluez_mirror_device *device = mirror_of(node);
    if (!device || !node->connected || !node->proved || node->resolved || !device->facts.resolved ||
        !ward_bluez_is_settled(node->bluez, device))
        return;
    node->resolved = true;
    ward_bluez_recall_resolved(&node->recall);
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_RESOLVED, "");
}

static void prove(struct ward_bluez_node *node)
{
    node->proved = true;
    node->unproved_drops = 0;
    node->needs_pairing = false;
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_PROVED, "");
    tell_enrolment(node, WARD_BLUEZ_ENROL_PROVED);
    ward_bluez_link_settle(node);
}

void ward_bluez_link_needs_pairing(struct ward_bluez_node *node, const char *text)
{
    if (node->needs_pairing)
        return;
    node->needs_pairing = true;
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_NEEDS_PAIRING, text);
}

/* It has no object before it is found. */
static bool is_being_paired(const struct ward_bluez_node *node)
{
    const struct ward_bluez *bluez = node->bluez;
    return bluez->enrolment.machine.state != WARD_BLUEZ_ENROL_CLOSED &&
           (node == bluez->enrolment.node || strcmp(bluez->enrolment.address, node->device.address) == 0);
}

/* The next that would stay away; NULL: none, or that is not known, since the objects are still asked for. */
static struct ward_bluez_node *next_unknown(const struct ward_bluez *bluez)
{
    struct ward_bluez_node *node = bluez->nodes;
    if (bluez->start != WARD_BLUEZ_START_READY || ward_bluez_is_refreshing(bluez))
        return NULL;
    while (node && (node->device.security != WARD_BLUEZ_BONDED || node->needs_pairing || mirror_of(node) ||
                    is_being_paired(node)))
        node = node->next;
    return node;
}

/* Whoever is told may remove devices, or add some. */
void ward_bluez_links_expect(struct ward_bluez *bluez)
{
    struct ward_bluez_node *node;
    while ((node = next_unknown(bluez)))
        ward_bluez_link_needs_pairing(node, "The Bluetooth service does not know it any more.");
}

void ward_bluez_link_ended(struct ward_bluez_node *node)
{
    struct ward_bluez *bluez = node->bluez;
    node->services = sd_event_source_disable_unref(node->services);
    if (!node->connected)
        return;
    node->connected = node->implied = false;
    struct ward_bluez_mirror_device *device = mirror_of(node);
    if (device)
        ward_bluez_subscribe_anew(bluez, device);
    bool counts = !node->proved && node->device.security == WARD_BLUEZ_BONDED && !in_enrolment(node);
    if (!node->resolved)
        ward_bluez_recall_dropped(&node->recall, ward_bluez_now());
    node->proved = node->resolved = false;
    ward_bluez_requests_end(node);
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_DISCONNECTED, "");
    if (counts) {
        bluez->counters.unproved_drops++;
        if (++node->unproved_drops >= UNPROVED_DROPS_MAX)
            ward_bluez_link_needs_pairing(
                node, "It connects and drops again before it proves who it is: it may have lost its bond.");
    }
    ward_bluez_enrolment_take_reading(bluez);
    tell_enrolment(node, WARD_BLUEZ_ENROL_DISCONNECTED);
    ward_bluez_slots_changed(bluez);
    ward_bluez_returns_changed(bluez);
}

/* What an open device told of itself is what it told when it was enrolled. */
static bool is_itself(const struct ward_bluez_device *device, const struct ward_bluez_identity *identity)
{
    return ward_bluez_identity_equal(identity, &device->identity) &&
           ward_bluez_identity_is_told(identity) == (device->security == WARD_BLUEZ_OPEN);
}

/* The identity of an open device was read over the connection that stands, or over the one that ended just now. */
static void on_identity(struct ward_bluez *bluez, const char *path,
                        const struct ward_bluez_identity *identity, bool left)
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, path);
    struct ward_bluez_node *node = device ? ward_bluez_node_find(bluez, device->facts.address) : NULL;
    if (!node || !node->connected || node->proved)
        return;
    if (!identity && left)
        return; /* to send it away would hit the connection that it may have made meanwhile */
    if (!identity) {
        ward_bluez_link_tell(node, WARD_BLUEZ_LINK_FAULT,
                             "Its identity could not be read; it is disconnected.");
        ward_bluez_disconnect(bluez, path);
        return;
    }
    if (is_itself(&node->device, identity)) {
        prove(node);
        return;
    }
    if (ward_bluez_identity_lacks(identity, &node->device.identity)) {
        ward_bluez_link_tell(
            node, WARD_BLUEZ_LINK_FAULT,
            "It does not show the serial number or system id that it was enrolled with; it is "
            "disconnected to try again.");
        ward_bluez_disconnect(bluez, path);
        return;
    }
    ward_bluez_link_tell(node, WARD_BLUEZ_LINK_IMPOSTOR,
                         "Its serial number and system id are not those of the device that was enrolled.");
    ward_bluez_disconnect(bluez, path);
}

static bool bond_stands(const struct ward_bluez_mirror_device *device)
{
    return device->facts.known & WARD_BLUEZ_FACT_BONDED ? device->facts.bonded : device->facts.paired;
}

static void seek_proof(struct ward_bluez_node *node, const struct ward_bluez_mirror_device *device)
{
    if (node->proved || !node->connected || !device->facts.resolved)
        return;
    bool enrolling = in_enrolment(node);
    if (node->device.security != WARD_BLUEZ_BONDED) {
        int r = ward_bluez_identity_read(node->bluez, device, &node->device.identity, on_identity);
        if (r < 0 && r != -EBUSY && !enrolling)
            ward_bluez_link_tell(node, WARD_BLUEZ_LINK_FAULT, "Its identity could not be asked for.");
    } else if (bond_stands(device)) {
        prove(node);
    } else if (!enrolling) {
        ward_bluez_link_needs_pairing(node, "Its bond is not known here any more.");
    }
}

void ward_bluez_link_changed(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device,
                             uint32_t changed)
{
    const struct ward_bluez_facts *facts = &device->facts;
    if ((changed & WARD_BLUEZ_FACT_CONNECTED) && !facts->connected) {
        ward_bluez_link_ended(node);
    } else if ((changed & WARD_BLUEZ_FACT_CONNECTED) && node->implied) {
        node->implied = false;
    } else if (changed & WARD_BLUEZ_FACT_CONNECTED) {
        ward_bluez_link_ended(node);
        begin(node, !ward_bluez_is_subscribed(node->bluez, device));
    }
    if ((changed & WARD_BLUEZ_FACT_RESOLVED) && facts->resolved && node->connected)
        ward_bluez_services_known(node, device);
    if (changed & (WARD_BLUEZ_FACT_RESOLVED | WARD_BLUEZ_FACT_PAIRED | WARD_BLUEZ_FACT_BONDED))
        seek_proof(node, device);
    ward_bluez_link_settle(node);
    if ((changed & WARD_BLUEZ_FACT_CONNECTED) && node->connected && node->resting)
        ward_bluez_disconnect(node->bluez, device->path);
}

void ward_bluez_link_adopt(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device)
{
    if (!node->connected)
        begin(node, false); /* it was never asked for a value before: there is none to miss */
    if (!node->proved)
        prove(node);
    ward_bluez_services_known(node, device);
    ward_bluez_link_settle(node);
}

void ward_bluez_link_value(struct ward_bluez_node *node, struct ward_bluez_mirror_device *device,
                           const struct ward_bluez_mirror_characteristic *characteristic,
                           const struct ward_bluez_characteristic_facts *facts)
{
    struct ward_bluez *bluez = node->bluez;
    if (!node->connected) {
        node->implied = true;
        begin(node, !ward_bluez_is_subscribed(bluez, device));
    }
    const struct ward_bluez_mirror_service *service = ward_bluez_mirror_service_of(device, characteristic);
    node->used_us = ward_bluez_now();
    bluez->counters.values++;
    if (!node->proved)
        bluez->counters.values_unproved++;
    struct ward_bluez_value value = {
        .device = &node->device,
        .uuid = characteristic->uuid,
        .service_uuid = service->uuid, /* it has one, or it would not be read */
        .characteristic = characteristic->short_uuid,
        .service = service->short_uuid,
        .octets = facts->value,
        .length = facts->value_length,
        .receipt_us = node->used_us,
        .connection = node->connection,
        .proved = node->proved,
        .enrolling = node->enrolling,
    };
    bluez->listener.value(&value, bluez->userdata);
    tell_enrolment(node, WARD_BLUEZ_ENROL_HEARD);
    if (bluez->enrolment.awaits_reading)
        ward_bluez_enrolment_take_reading(bluez);
    else
        tell_enrolment(node, WARD_BLUEZ_ENROL_VALUE);
}
