/* SPDX-License-Identifier: Apache-2.0 */
/* An uplink that the test plays, beside a gateway with a patient (app_orders.h): what the core says, and what is answered. */
#ifndef WARD_TESTS_APP_UPLINK_H
#define WARD_TESTS_APP_UPLINK_H

#include "app_orders.h"

#include "ward/link.h"

struct uplink {
    int socket;
    uint8_t packet[WARD_LINK_FRAME_MAX];
    struct ward_link_frame frame; /* the newest; points into packet */
    uint64_t found;               /* id of the message that was looked for */
};

extern struct uplink uplink;

/* Fixtures: orders_set_up(), and nobody has joined. */
int uplink_set_up(void **state);
int uplink_tear_down(void **state);

void uplink_join(struct bench *bench);
void uplink_open_link(void);

void uplink_tell(const struct ward_link_frame *frame);
/* Takes what is there, until there is a frame of that type; false: there is none. */
bool uplink_has_come(enum ward_link_type type);
bool uplink_topic_is(const char *topic);
bool uplink_payload_has(const char *text);
/* A message on that topic; all others are taken, and answered as a broker does. */
bool uplink_has_published(const char *topic);
/* To the message that was found. */
void uplink_answer(void);

#endif
