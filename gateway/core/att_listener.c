/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the outside in: a packet of HCI is an event (connections come and go) or data (a fragment); a whole frame of L2CAP
 * on the channel of ATT is one PDU; a PDU teaches a name, or holds values.
 *
 *   fragment            nothing open              something open
 *   begins, whole       a frame                   what was open is lost; a frame
 *   begins              open                      what was open is lost; open
 *   goes on             ignored                   add; a frame when its length is reached; lost when beyond
 */
#include "core/att_listener.h"

#include <string.h>

#include "core/cursor.h"

enum {
    EVENT_DISCONNECTION_COMPLETE = 0x05,
    EVENT_LE_META = 0x3E,
    LE_CONNECTION_COMPLETE = 0x01,
    LE_ENHANCED_CONNECTION_COMPLETE = 0x0A,
    LE_ENHANCED_CONNECTION_COMPLETE_V2 = 0x29,
    CONNECTION_HANDLE_MASK = 0x0FFF,
    BOUNDARY_SHIFT = 12,
    BOUNDARY_GOES_ON = 1,
    L2CAP_HEADER_LENGTH = 4,
    CHANNEL_ATT = 4,
};

enum {
    ATT_FIND_INFORMATION_RESPONSE = 0x05,
    ATT_READ_BY_TYPE_REQUEST = 0x08,
    ATT_READ_BY_TYPE_RESPONSE = 0x09,
    ATT_NOTIFICATION = 0x1B,
    ATT_INDICATION = 0x1D,
    ATT_MANY_NOTIFICATIONS = 0x23,
};

void ward_att_listener_init(struct ward_att_listener *listener)
{
    memset(listener, 0, sizeof(*listener));
}

/* --- connections ------------------------------------------------------------------------------------------------ */

static struct ward_att_connection *find_connection(struct ward_att_listener *listener, uint16_t adapter,
                                                   uint16_t handle)
{
    for (size_t i = 0; i < WARD_ATT_CONNECTIONS_MAX; i++) {
        struct ward_att_connection *connection = &listener->connections[i];

        if (connection->is_used && connection->adapter == adapter && connection->handle == handle)
            return connection;
    }
    return NULL;
}

static bool is_connected(const struct ward_att_listener *listener, const struct ward_att_device *device)
{
    for (size_t i = 0; i < WARD_ATT_CONNECTIONS_MAX; i++)
        if (listener->connections[i].is_used && listener->connections[i].device == device)
            return true;
    return false;
}

/* The device of this address, NULL for none; else a new one, in the place of the one that was away for longest. */
static struct ward_att_device *device_of(struct ward_att_listener *listener, const uint8_t *address)
{
    struct ward_att_device *oldest = NULL;

    for (size_t i = 0; i < WARD_ATT_DEVICES_MAX; i++) {
        struct ward_att_device *device = &listener->devices[i];

        if (address != NULL && device->has_address &&
            memcmp(device->address, address, WARD_ATT_ADDRESS_SIZE) == 0)
            return device;
        if (!is_connected(listener, device) && (oldest == NULL || device->session < oldest->session))
            oldest = device;
    }
    /* There are more places for devices than for connections. */
    memset(oldest, 0, sizeof(*oldest));
    oldest->has_address = address != NULL;
    if (address != NULL)
        memcpy(oldest->address, address, WARD_ATT_ADDRESS_SIZE);
    return oldest;
}

/* One that is free, else the oldest. */
static struct ward_att_connection *place_for_one(struct ward_att_listener *listener)
{
    struct ward_att_connection *place = &listener->connections[0];

    for (size_t i = 0; i < WARD_ATT_CONNECTIONS_MAX && place->is_used; i++) {
        struct ward_att_connection *connection = &listener->connections[i];

        if (!connection->is_used || connection->session < place->session)
            place = connection;
    }
    return place;
}

static struct ward_att_connection *open_connection(struct ward_att_listener *listener, uint16_t adapter,
                                                   uint16_t handle, const uint8_t *address)
{
    struct ward_att_connection *place = find_connection(listener, adapter, handle);

    if (place == NULL)
        place = place_for_one(listener);
    memset(place, 0, sizeof(*place));
    place->device = device_of(listener, address);
    place->is_used = true;
    place->adapter = adapter;
    place->handle = handle;
    place->session = ++listener->sessions;
    place->device->session = place->session;
    return place;
}

static void hear_event(struct ward_att_listener *listener, const struct ward_hci_packet *packet)
{
    struct ward_att_connection *connection;
    struct ward_cursor cursor;
    const uint8_t *address;
    uint8_t event, kind, status;
    uint16_t handle;

    ward_cursor_init(&cursor, packet->octets, packet->length);
    event = ward_cursor_u8(&cursor, "event");
    (void)ward_cursor_u8(&cursor, "length");
    kind = event == EVENT_LE_META ? ward_cursor_u8(&cursor, "kind") : 0;
    status = ward_cursor_u8(&cursor, "status");
    handle = ward_cursor_u16(&cursor, "connection") & CONNECTION_HANDLE_MASK;
    if (!ward_cursor_is_ok(&cursor) || status != 0)
        return;
    if (event == EVENT_DISCONNECTION_COMPLETE) {
        connection = find_connection(listener, packet->adapter, handle);
        if (connection != NULL)
            connection->is_used = false;
    } else if (kind == LE_CONNECTION_COMPLETE || kind == LE_ENHANCED_CONNECTION_COMPLETE ||
               kind == LE_ENHANCED_CONNECTION_COMPLETE_V2) {
        (void)ward_cursor_u16(&cursor, "role and kind of the address");
        address = ward_cursor_octets(&cursor, WARD_ATT_ADDRESS_SIZE, "address");
        if (address != NULL)
            (void)open_connection(listener, packet->adapter, handle, address);
    }
}

/* --- values ----------------------------------------------------------------------------------------------------- */

/* An answer comes from the side that serves; the question went the other way. */
static const char *question_to(const struct ward_att_connection *connection, enum ward_att_side side)
{
    return connection->pipes[side == WARD_ATT_OURS ? WARD_ATT_THEIRS : WARD_ATT_OURS].asked;
}

static void hear_pdu(struct ward_att_listener *listener, struct ward_att_connection *connection,
                     enum ward_att_side side, struct ward_cursor *pdu)
{
    const uint8_t opcode = ward_cursor_u8(pdu, "opcode");

    switch (opcode) {
    case ATT_READ_BY_TYPE_REQUEST:
        (void)ward_cursor_u32(pdu, "range of handles");
        ward_att_read_uuid(pdu, connection->pipes[side].asked);
        break;
    case ATT_READ_BY_TYPE_RESPONSE:
        ward_att_learn_types(&connection->device->names, side, question_to(connection, side), pdu);
        break;
    case ATT_FIND_INFORMATION_RESPONSE:
        ward_att_learn_information(&connection->device->names, side, pdu);
        break;
    case ATT_NOTIFICATION:
    case ATT_INDICATION:
    case ATT_MANY_NOTIFICATIONS:
        listener->speaker = connection;
        listener->side = side;
        listener->has_many = opcode == ATT_MANY_NOTIFICATIONS;
        listener->left = pdu->octets + pdu->offset;
        listener->left_length = ward_cursor_left(pdu);
        break;
    default: break;
    }
}

bool ward_att_next(struct ward_att_listener *listener, struct ward_att_value *ret)
{
    const struct ward_att_connection *connection = listener->speaker;
    struct ward_att_value value = {0};
    struct ward_cursor cursor;

    if (connection == NULL)
        return false;
    ward_cursor_init(&cursor, listener->left, listener->left_length);
    value.handle = ward_cursor_u16(&cursor, "handle");
    value.length = listener->has_many ? ward_cursor_u16(&cursor, "length") : ward_cursor_left(&cursor);
    value.octets = ward_cursor_octets(&cursor, value.length, "value");
    if (!ward_cursor_is_ok(&cursor)) {
        listener->lost++;
        listener->speaker = NULL;
        return false;
    }
    value.slot = (unsigned)(connection - listener->connections);
    value.session = connection->session;
    value.side = (uint8_t)listener->side;
    value.has_address = connection->device->has_address;
    memcpy(value.address, connection->device->address, WARD_ATT_ADDRESS_SIZE);
    value.uuid = ward_att_name(&connection->device->names, listener->side, value.handle);
    listener->left += cursor.offset;
    listener->left_length -= cursor.offset;
    if (listener->left_length == 0)
        listener->speaker = NULL;
    *ret = value;
    return true;
}

/* --- data ------------------------------------------------------------------------------------------------------- */

static bool is_for_att(const uint8_t *l2cap)
{
    return l2cap[2] == CHANNEL_ATT && l2cap[3] == 0;
}

static void hear_frame(struct ward_att_listener *listener, struct ward_att_connection *connection,
                       enum ward_att_side side)
{
    const struct ward_att_pipe *pipe = &connection->pipes[side];
    struct ward_cursor pdu;

    if (!is_for_att(pipe->octets))
        return;
    ward_cursor_init(&pdu, pipe->octets + L2CAP_HEADER_LENGTH, pipe->length - L2CAP_HEADER_LENGTH);
    hear_pdu(listener, connection, side, &pdu);
}

static void hear_fragment(struct ward_att_listener *listener, struct ward_att_connection *connection,
                          enum ward_att_side side, struct ward_cursor *data)
{
    struct ward_att_pipe *pipe = &connection->pipes[side];
    const size_t count = ward_cursor_left(data);
    size_t whole = L2CAP_HEADER_LENGTH;

    pipe->is_open = count <= sizeof(pipe->octets) - pipe->length;
    if (!pipe->is_open) {
        listener->lost++;
        return;
    }
    if (count > 0)
        memcpy(pipe->octets + pipe->length, ward_cursor_octets(data, count, "fragment"), count);
    pipe->length += count;
    if (pipe->length < L2CAP_HEADER_LENGTH)
        return;
    whole += pipe->octets[0] | (size_t)pipe->octets[1] << 8;
    if (pipe->length < whole && whole <= sizeof(pipe->octets))
        return;
    pipe->is_open = false;
    if (pipe->length == whole)
        hear_frame(listener, connection, side);
    else
        listener->lost += is_for_att(pipe->octets);
}

/* Too short for a header it may be; of another channel it is of no interest. */
static bool may_be_for_att(const struct ward_cursor *data)
{
    return ward_cursor_left(data) < L2CAP_HEADER_LENGTH || is_for_att(data->octets + data->offset);
}

/* The connection of data that begin a frame; one that is not known is opened by a frame that is ATT's for sure. */
static struct ward_att_connection *connection_of(struct ward_att_listener *listener, uint16_t adapter,
                                                 uint16_t handle, const struct ward_cursor *data)
{
    struct ward_att_connection *connection = find_connection(listener, adapter, handle);

    if (connection == NULL && ward_cursor_left(data) >= L2CAP_HEADER_LENGTH && may_be_for_att(data))
        connection = open_connection(listener, adapter, handle, NULL);
    return connection;
}

static void hear_data(struct ward_att_listener *listener, const struct ward_hci_packet *packet)
{
    const enum ward_att_side side = packet->is_received ? WARD_ATT_THEIRS : WARD_ATT_OURS;
    struct ward_att_connection *connection;
    struct ward_cursor data;
    uint16_t header, handle, length;

    ward_cursor_init(&data, packet->octets, packet->length);
    header = ward_cursor_u16(&data, "connection");
    length = ward_cursor_u16(&data, "length");
    if (!ward_cursor_is_ok(&data) || ward_cursor_left(&data) != length)
        return;
    handle = header & CONNECTION_HANDLE_MASK;
    if ((header >> BOUNDARY_SHIFT & 3) == BOUNDARY_GOES_ON) {
        connection = find_connection(listener, packet->adapter, handle);
        if (connection != NULL && connection->pipes[side].is_open)
            hear_fragment(listener, connection, side, &data);
        return;
    }
    connection = connection_of(listener, packet->adapter, handle, &data);
    if (connection == NULL)
        return;
    listener->lost += connection->pipes[side].is_open;
    connection->pipes[side].is_open = false;
    connection->pipes[side].length = 0;
    if (may_be_for_att(&data))
        hear_fragment(listener, connection, side, &data);
}

void ward_att_hear(struct ward_att_listener *listener, const struct ward_hci_packet *packet)
{
    listener->speaker = NULL;
    listener->has_many = false;
    if (packet->kind == WARD_HCI_EVENT)
        hear_event(listener, packet);
    else if (packet->kind == WARD_HCI_DATA)
        hear_data(listener, packet);
}
