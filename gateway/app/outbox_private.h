/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the outbox share; for outbox*.c alone. */
#ifndef WARD_APP_OUTBOX_PRIVATE_H
#define WARD_APP_OUTBOX_PRIVATE_H

#include "app/outbox.h"

/* Room for the text of any message. */
#define WARD_OUTBOX_TEXT_MAX WARD_LINK_FRAME_MAX

struct ward_outgoing {
    enum ward_topic topic;
    enum ward_message_class message_class;
    const char *patient; /* for the topics that have one */
    bool retain;
    uint32_t expiry_s;
    const char *payload;
    size_t length;
};

/* Signs a message and gives it to the spool. Returns false when it cannot go now. */
bool ward_outbox_hand_over(struct ward_outbox *outbox, const struct ward_outgoing *outgoing,
                           uint64_t *ret_id);

/* Keeps what a message was, until its result has come or others have taken its place. */
void ward_outbox_remember(struct ward_outbox *outbox, const struct ward_outbox_sent *sent);

void ward_outbox_pump_readings(struct ward_outbox *outbox);

#endif
