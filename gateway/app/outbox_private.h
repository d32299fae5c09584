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
    const char *patient;            /* for the topics that have one */
    const struct ward_reply *reply; /* it goes there, and not to topic; NULL */
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
void ward_outbox_pump_past(struct ward_outbox *outbox);
/* The batch of an epoch that ended is the ward's. */
void ward_outbox_past_confirmed(struct ward_outbox *outbox, const struct ward_seq_range *range);

/* outbox_results.c */
void ward_outbox_pump_results(struct ward_outbox *outbox);

/* outbox_again.c */
void ward_outbox_pump_again(struct ward_outbox *outbox);
void ward_outbox_again_reset(struct ward_outbox *outbox);
/* A receipt may name what was sent last. */
void ward_outbox_again_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt);
uint64_t ward_outbox_again_due_us(const struct ward_outbox *outbox);
/* Whether the answer was to one of its messages. */
bool ward_outbox_again_answered(struct ward_outbox *outbox, uint64_t id, bool good);

/* A message of readings of one epoch. */
struct ward_outbox_batch {
    const char *epoch;
    bool backlog;
    const struct ward_record *records;
    size_t count;
    const struct ward_record *voided; /* io/store.h */
    size_t voided_count;
};

/* Where it goes, by the configured format. */
enum ward_topic ward_outbox_batch_topic(const struct ward_gateway *gateway);

/*
 * Writes the first record, and as many more as fit into room, into text of WARD_OUTBOX_TEXT_MAX octets. Returns how
 * many; the text is complete for those.
 */
size_t ward_outbox_write_batch(struct ward_gateway *gateway, const struct ward_outbox_batch *batch,
                               char *text, size_t room, size_t *ret_length);

/* Whether a record may go now. */
bool ward_outbox_one_may_go(const struct ward_spool *spool, enum ward_message_class message_class);

#endif
