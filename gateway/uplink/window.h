/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on its way to the broker, and what the core may send more. Pure: the caller brings the time.
 *
 *   granted    credit that the core has not used yet
 *   in flight  messages that the broker has not answered yet
 *
 * Invariant: granted + in flight frames never exceed the window, max(1, min(Receive Maximum, WARD_WINDOW_CAP)
 * − 1). It stays below the Receive Maximum because Paho sleeps for up to a second when it reaches that, and
 * because the testament of a silent core goes beside the window. Octets are not held so strictly: the core
 * may overdraw them by one frame (link.h).
 *
 * The octets of the window follow the round trip time: they grow while answers come soon and halve when the
 * line fills, so that an alarm never stands behind more than about WARD_WINDOW_DELAY_US of backlog. Of a broker that
 * takes no packet as large as the core makes its batches they stay below the largest that it takes: the core makes no batch
 * larger than its credit, and one that the broker refuses for its size would be refused each time.
 */
#ifndef WARD_UPLINK_WINDOW_H
#define WARD_UPLINK_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define WARD_WINDOW_CAP        64
#define WARD_WINDOW_SLOTS      (WARD_WINDOW_CAP - 1)
#define WARD_WINDOW_OCTETS_MIN 1024
#define WARD_WINDOW_OCTETS_MAX (384 * 1024) /* Paho holds a copy of each message until its answer */
#define WARD_WINDOW_DELAY_US   125000

struct ward_window_slot {
    uint64_t id;
    uint64_t since_us;
    uint32_t octets;
    bool used;
    bool orphan; /* sent on credit that is void: the core does not wait for its answer */
};

struct ward_window {
    uint32_t frames; /* 0: closed */
    uint32_t octets, octets_max;
    uint32_t granted_frames;
    int64_t granted_octets;
    uint32_t in_flight_frames;
    uint32_t in_flight_octets;
    uint64_t shortest_us;  /* round trip of this connection; 0: none yet */
    uint64_t shrunk_at_us; /* the octets were halved last; what was sent before does not halve them again */
    struct ward_window_slot slots[WARD_WINDOW_SLOTS];
};

/*
 * A new connection to the broker: nothing in flight, nothing granted. receive_maximum: MQTT 5 §3.2.2.3.3, not 0;
 * packet_maximum: §3.2.2.3.6, UINT32_MAX for none.
 */
void ward_window_open(struct ward_window *window, uint32_t receive_maximum, uint32_t packet_maximum);

/* The connection is gone, with everything on it. */
void ward_window_close(struct ward_window *window);

/* The core's credit is void, but the connection stands: what is in flight goes on, as orphans. */
void ward_window_void(struct ward_window *window);

/* Grants what may be granted now. Returns false, with nothing granted, when there is nothing to give. */
bool ward_window_grant(struct ward_window *window, uint32_t *ret_frames, uint32_t *ret_octets);

/* A message of the core, in a frame of octets, goes out. Returns its slot, or -1: it has no credit. */
int ward_window_take(struct ward_window *window, uint64_t id, uint32_t octets, uint64_t now_us);

/* It could not go out after all. */
void ward_window_return(struct ward_window *window, int slot);

/* The broker answered. Returns true with the core's id in ret_id when the core waits for it. */
bool ward_window_answer(struct ward_window *window, int slot, uint64_t now_us, uint64_t *ret_id);

/* When the oldest message in flight was sent; UINT64_MAX when there is none. */
uint64_t ward_window_oldest_us(const struct ward_window *window);

#endif
