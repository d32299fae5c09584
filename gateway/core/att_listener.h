/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listens to what hosts and controllers said, as a capture has it, for the values that devices notified and indicated
 * (Core 5.3: Vol 4 Part E, HCI; Vol 3 Part A, L2CAP; Vol 3 Part F, ATT over its fixed channel).
 *
 *   data        put together from its fragments, per connection and direction; what does not fit together is lost
 *   discovery   tells which characteristic a handle is: the answers to Read By Type and Find Information
 *   values      Handle Value Notification and Indication, Multiple Handle Value Notification
 *
 * What was discovered is kept for the device's address: one that comes back, its services known to the host, is not asked
 * again. A connection that began before the capture has no address; it is known by what is discovered in it alone.
 * Enhanced bearers, whose channels are dynamic, are not followed.
 *
 * Bounded: WARD_ATT_CONNECTIONS_MAX connections, the oldest of which makes room; as many devices and half as many again;
 * for each so many handles. No heap, no clock.
 */
#ifndef WARD_CORE_ATT_LISTENER_H
#define WARD_CORE_ATT_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/att_names.h"
#include "core/btsnoop.h"

#define WARD_ATT_CONNECTIONS_MAX 8
#define WARD_ATT_DEVICES_MAX     12
#define WARD_ATT_PDU_MAX         517 /* the largest ATT_MTU in use: a value of 512 octets and what stands before it */
#define WARD_ATT_ADDRESS_SIZE    6

struct ward_att_device {
    bool has_address;
    uint8_t address[WARD_ATT_ADDRESS_SIZE]; /* as sent: the last octet is printed first */
    uint32_t session;                       /* of its newest connection */
    struct ward_att_names names;
};

/* One direction of a connection. */
struct ward_att_pipe {
    uint8_t octets[4 + WARD_ATT_PDU_MAX]; /* a frame of L2CAP, header first */
    size_t length;
    bool is_open;                   /* more is to come */
    char asked[WARD_ATT_UUID_SIZE]; /* by the last Read By Type Request that went this way, "" for none */
};

struct ward_att_connection {
    bool is_used;
    uint16_t adapter;
    uint16_t handle;
    uint32_t session; /* counts connections: a new one has a new number */
    struct ward_att_device *device;
    struct ward_att_pipe pipes[2]; /* by enum ward_att_side: who speaks */
};

struct ward_att_value {
    unsigned slot; /* below WARD_ATT_CONNECTIONS_MAX: the place of its connection */
    uint32_t session;
    bool has_address;
    uint8_t address[WARD_ATT_ADDRESS_SIZE]; /* as sent */
    uint16_t handle;
    uint8_t side;     /* enum ward_att_side: who told it */
    const char *uuid; /* "" where the capture does not show what is at the handle; until the next packet */
    const uint8_t *octets; /* until the next packet */
    size_t length;
};

struct ward_att_listener {
    struct ward_att_connection connections[WARD_ATT_CONNECTIONS_MAX];
    struct ward_att_device devices[WARD_ATT_DEVICES_MAX];
    uint32_t sessions;
    uint64_t lost; /* frames that could not be put together, or end within a value */

    /* Values of the packet that was heard last. */
    const struct ward_att_connection *speaker;
    const uint8_t *left;
    size_t left_length;
    enum ward_att_side side;
    bool has_many; /* each with its length */
};

/* About 120 KiB: for the heap. */
void ward_att_listener_init(struct ward_att_listener *listener);

/* Takes the next packet of the capture. Its octets must live until its values were taken. */
void ward_att_hear(struct ward_att_listener *listener, const struct ward_hci_packet *packet);

/* The values that the packet heard last completed, one a call. Returns false, with ret unchanged, when there is none. */
bool ward_att_next(struct ward_att_listener *listener, struct ward_att_value *ret);

#endif
