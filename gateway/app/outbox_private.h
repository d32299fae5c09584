/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the outbox share; for outbox*.c alone. */
#ifndef WARD_APP_OUTBOX_PRIVATE_H
#define WARD_APP_OUTBOX_PRIVATE_H

#include "app/outbox.h"
#include "core/record_run.h"

/* Room for the text of any message. */
#define WARD_OUTBOX_TEXT_MAX WARD_LINK_FRAME_MAX

/* The text of a message, to be signed where it is. */
struct ward_outbox_text {
    char before[WARD_TOPIC_MAX + 1];
    char octets[WARD_OUTBOX_TEXT_MAX];
};

struct ward_outgoing {
    enum ward_topic topic;
    enum ward_message_class message_class;
    const char *patient;            /* for the topics that have one */
    const struct ward_reply *reply; /* it goes there, and not to topic; NULL */
    bool retain;
    uint32_t expiry_s;
    const char *payload;
    size_t length;
    char *before; /* as ward_outbox_sign() takes it */
};

/* Something cannot go now. */
void ward_outbox_block(struct ward_outbox *outbox);

/* Signs a message and gives it to the spool. Returns false when it cannot go now. */
bool ward_outbox_hand_over(struct ward_outbox *outbox, const struct ward_outgoing *outgoing,
                           uint64_t *ret_id);

/* Keeps what a message was, until its result has come or others have taken its place. */
void ward_outbox_remember(struct ward_outbox *outbox, const struct ward_outbox_sent *sent);

/* outbox_alarms.c */
void ward_outbox_restore_alarms(struct ward_outbox *outbox, const struct ward_store_snapshot *snapshot);
void ward_outbox_pump_alarms(struct ward_outbox *outbox);
void ward_outbox_pump_missed(struct ward_outbox *outbox);
uint64_t ward_outbox_missed_due_us(const struct ward_outbox *outbox); /* UINT64_MAX: never */

void ward_outbox_pump_readings(struct ward_outbox *outbox);
uint64_t ward_outbox_read_due_us(const struct ward_outbox *outbox); /* UINT64_MAX: at any time */
/* This turn of the loop is over: what did not go is read back when it does. */
void ward_outbox_forget_fresh(struct ward_outbox *outbox);
void ward_outbox_pump_past(struct ward_outbox *outbox);
uint64_t ward_outbox_past_due_us(const struct ward_outbox *outbox); /* UINT64_MAX: never */
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

/*
 * Records of one epoch that go in one message, all of them or the first ones: as texts, or as they are where the ward gets
 * FHIR. Of records without texts those are made where they are wanted.
 */
struct ward_outbox_batch {
    const char *epoch;
    enum ward_message_class message_class;
    const struct ward_record_run *texts;      /* NULL: only records */
    size_t first, count;                      /* of texts */
    const struct ward_store_records *records; /* NULL: only texts */
};

/*
 * outbox_batch.c: hands over the first record, and as many more as there is room for, as one message. Returns whether one
 * went, with its id and, by their numbers, the first and the last record of it in ret; the rest of ret is left alone.
 */
bool ward_outbox_send_batch(struct ward_outbox *outbox, const struct ward_outbox_batch *batch,
                            struct ward_outbox_sent *ret);

/* Gives back the room for batches, here and in the store, when none is on its way. */
void ward_outbox_forget_text(struct ward_outbox *outbox);

/* Whether messages are made of texts. */
bool ward_outbox_wants_texts(const struct ward_outbox *outbox);

/* Asks the store for records in the form that they go in, and the batch of what it has found. As ward_store_fetch. */
int ward_outbox_fetch(struct ward_outbox *outbox, struct ward_seq_range range, ward_store_whole_fn *answer,
                      void *context);
struct ward_outbox_batch ward_outbox_batch_of(const struct ward_outbox *outbox,
                                              enum ward_message_class message_class,
                                              const struct ward_store_records *found);

/* Texts with room for those of any message. */
struct ward_outbox_run {
    struct ward_record_run run;
    char octets[WARD_OUTBOX_TEXT_MAX];
};
struct ward_outbox_run *ward_outbox_run_new(void); /* with none; NULL without memory */

/* Whether a record may go now. */
bool ward_outbox_one_may_go(const struct ward_spool *spool, enum ward_message_class message_class);

#endif
