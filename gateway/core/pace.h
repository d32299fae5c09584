/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of the backlog may be on its way to the ward at once.
 *
 * What was handed to the broker stands in one line with what comes after it, and nothing overtakes there. A hub that
 * takes a second for a hundred records would therefore hear of an alarm as late as the backlog before it is long. So the
 * room for backlog is what the ward confirms within about a second, measured by how long its receipts take beyond the
 * quickest one:
 *
 *   prompt   within WARD_PACE_PROMPT_US of the quickest, and the room was used: twice the room
 *   late     WARD_PACE_LATE_US beyond the quickest: half of it
 *   missed   no receipt in time at all: the least
 *
 * With the least room nothing of ours is in the way: what a receipt takes then is the quickest there is now, up to
 * WARD_PACE_WAY_US, so that a way that has become longer is not taken for a hub that is slow.
 */
#ifndef WARD_CORE_PACE_H
#define WARD_CORE_PACE_H

#include <stddef.h>
#include <stdint.h>

#define WARD_PACE_ROOM_MIN 20
#define WARD_PACE_ROOM_MAX 2400

#define WARD_PACE_PROMPT_US UINT64_C(500000)
#define WARD_PACE_LATE_US   UINT64_C(1000000)
#define WARD_PACE_WAY_US    UINT64_C(3000000)

struct ward_pace {
    size_t room; /* records */
    uint64_t quickest_us;
};

/* A connection begins: nothing is known of it. */
void ward_pace_init(struct ward_pace *pace);

/* Something came back took_us after it was sent; live or backlog. */
void ward_pace_heard(struct ward_pace *pace, uint64_t took_us);

/* Of the backlog something came back, took_us after it was sent, when used records of it were on their way. */
void ward_pace_backlog_heard(struct ward_pace *pace, uint64_t took_us, size_t used);

/* Something of the backlog did not come back in time. */
void ward_pace_missed(struct ward_pace *pace);

#endif
