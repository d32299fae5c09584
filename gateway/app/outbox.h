/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox: what goes up, in which order, and what the ward has got of it.
 *
 * pump() is the whole of it: alarm events, then state, then live readings, then backlog, as far as the spool has
 * room. It runs after everything that may have made something ready: an alarm, a commit, a receipt, credit, a link
 * that came up, a deadline. When the link goes away everything undelivered waits again, alarms first.
 */
#ifndef WARD_APP_OUTBOX_H
#define WARD_APP_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "app/reply.h"
#include "core/alarm_queue.h"
#include "core/delivery.h"
#include "core/jws.h"
#include "core/message.h"
#include "io/crypto.h"
#include "io/spool.h"
#include "io/store.h"

#define WARD_OUTBOX_ALARMS_MAX   1024
#define WARD_OUTBOX_RESULTS_MAX  16
#define WARD_OUTBOX_SENT_MAX     128
#define WARD_OUTBOX_FETCHES_MAX  2
#define WARD_OUTBOX_HEARTBEAT_US (30 * UINT64_C(1000000))
#define WARD_OUTBOX_ACTIVE_US    (60 * UINT64_C(1000000))
#define WARD_OUTBOX_RETRY_US     (5 * UINT64_C(1000000))

struct ward_gateway;
struct ward_outbox_run;
struct ward_outbox_text;

/* An answer that waits to go. */
struct ward_outbox_result {
    char *text; /* JSON */
    struct ward_reply reply;
    bool fresh; /* of a command that was carried out now; anything else counts less */
    bool told;  /* on up/result; only the reply is left */
};

/* What a message on the spool was, so that its result finds its way. */
struct ward_outbox_sent {
    uint64_t id;
    bool alarm;
    struct ward_alarm_key key;   /* of an alarm */
    struct ward_seq_range range; /* of a batch of readings; first 0: nothing follows from the result */
    bool past;                   /* the batch is of outbox.past.epoch */
    bool result;                 /* the answer to a command */
};

struct ward_outbox_fetch {
    struct ward_outbox *outbox; /* NULL: not in use */
    struct ward_seq_range range;
    bool live;
    uint32_t link_generation;
};

/* What the ward may not have of epochs that ended: one batch at a time, behind everything else. */
struct ward_outbox_past {
    bool asked;           /* the store was, and has not answered yet */
    bool more;            /* it was reading then, which may have come to its end behind the answer */
    uint32_t generation;  /* of the link, then */
    bool nothing;         /* there was none when it was asked last */
    uint32_t sent;        /* times in a row without a receipt */
    uint64_t due_us;      /* when it goes again, or is asked again */
    struct ward_id epoch; /* of the batch that was sent last */
};

#define WARD_OUTBOX_AGAIN_MAX 16

/* What the ward has lost and asked for again: behind everything else, each message confirmed before the next. */
struct ward_outbox_again {
    struct ward_seq_range records[WARD_OUTBOX_AGAIN_MAX]; /* of the present epoch, still to go */
    size_t record_count;
    bool alarms;                    /* alarm events too: */
    int64_t alarms_ms;              /* those told since then, UTC, */
    uint64_t alarms_after;          /* behind that position of the history */
    bool asked;                     /* the store was, and has not answered yet */
    uint32_t generation;            /* link_generation when it was */
    uint64_t id;                    /* of the message on its way; 0: none */
    bool is_event;                  /* what it carries, and */
    uint64_t sent_last;             /* its last record, or the position of the event */
    struct ward_alarm_key sent_key; /* of the event */
    uint64_t due_us;                /* when it may go on; 0: at any time */
};

/* Alarm events of which only the database knows, since the queue was full (outbox_alarms.c). */
struct ward_outbox_missed {
    bool some;
    bool asked;      /* the store was, and has not answered yet */
    uint64_t due_us; /* when it may be asked */
};

struct ward_outbox {
    struct ward_gateway *gateway;
    struct ward_delivery delivery;
    struct ward_alarm_queue alarms;
    struct ward_alarm_entry alarm_entries[WARD_OUTBOX_ALARMS_MAX];
    uint64_t lost_alarms; /* events that found no place; they are in the database, and come from there: */
    struct ward_outbox_missed missed;
    struct ward_outbox_sent sent[WARD_OUTBOX_SENT_MAX];
    size_t sent_next;
    struct ward_outbox_fetch fetches[WARD_OUTBOX_FETCHES_MAX];
    uint64_t read_due_us; /* records could not be read back: they are not tried before */
    /* Room for the next batch, kept while batches are on their way; NULL for none. */
    struct ward_outbox_text *text;
    size_t record_octets;          /* of a record in the newest batch */
    struct ward_outbox_run *fresh; /* texts of records that were just committed; NULL for none */
    struct ward_outbox_past past;
    struct ward_outbox_again again;
    struct ward_outbox_result results[WARD_OUTBOX_RESULTS_MAX];
    size_t result_count;
    uint64_t next_id, heartbeats;
    uint64_t heartbeat_due_us, active_due_us;
    /* The way is left to an alarm event until the broker has answered the newest, or until then; 0: it is free. */
    uint64_t alone_until_us, alone_id;
    uint32_t link_generation; /* rises each time that the link comes up or goes away */
    bool link_up, state_dirty;
    /* Of those that tell the state, the next to go: 1 up/state, from 2 on up/active; 0: none. */
    size_t document;
    bool others_turn; /* they have gone, and heartbeat and results not since */
    /* The last pump stopped for want of credit, room or memory. Each event lets it try again, and when none comes, that
     * time does. */
    bool blocked;
    uint64_t retry_due_us;
    char link_text[WARD_LINK_TEXT_MAX + 1];
    int64_t certificate_expires_ms;
};

/* The outbox is all zeroes before, as fresh memory is. */
void ward_outbox_init(struct ward_outbox *outbox, struct ward_gateway *gateway);
/* Takes over what the store remembers: the undelivered alarm events and the marks. */
void ward_outbox_restore(struct ward_outbox *outbox, const struct ward_store_snapshot *snapshot);
void ward_outbox_done(struct ward_outbox *outbox);

/* An alarm event, as JSON: it is queued, and goes at once when there is room. The text is copied. */
void ward_outbox_alarm(struct ward_outbox *outbox, const struct ward_alarm_event *event, const char *json,
                       size_t length);
/* Records were committed, at least one. */
void ward_outbox_committed(struct ward_outbox *outbox, const struct ward_store_commit *commit);
/* The answer to a command: text is copied. One is dropped when too many wait (outbox_results.c). */
void ward_outbox_result(struct ward_outbox *outbox, const struct ward_outbox_result *result);
/* Whether none waits, and the broker has answered to all that went. */
bool ward_outbox_results_told(const struct ward_outbox *outbox);
/* Drops them all. */
void ward_outbox_results_done(struct ward_outbox *outbox);
/* Something that up/state or up/active tells has changed. */
void ward_outbox_state_changed(struct ward_outbox *outbox);

/* A receipt whose signature holds: what it says of alarm events, whatever its epoch. */
void ward_outbox_alarm_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt);
/* And of records of the present epoch. Returns what became of it. */
enum ward_receipt_outcome ward_outbox_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt);

/*
 * Fills in kid and signature (of which the room is the caller's) over topic and payload. before: WARD_TOPIC_MAX + 1 octets
 * that end where the payload begins, so that it is signed where it is; NULL: there are none, and it is copied.
 */
bool ward_outbox_sign(struct ward_outbox *outbox, struct ward_message *message, char *before,
                      char signature[WARD_SIGNATURE_MAX + 1]);

/* A receipt of an epoch that ended. */
void ward_outbox_past_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt);

/*
 * What the ward asks for again. Records of the present epoch, or alarm events that were told at that time or later; the
 * change belongs into the transaction of the command, so that it is not forgotten, and borrows ret_text. False, with
 * nothing changed, when too much waits already.
 */
struct ward_outbox_again_text {
    char text[WARD_OUTBOX_AGAIN_MAX * 44 + WARD_ID_MAX + 1];
};
bool ward_outbox_again_records(struct ward_outbox *outbox, struct ward_seq_range range,
                               struct ward_outbox_again_text *ret_text, struct ward_store_change *ret);
void ward_outbox_again_alarms(struct ward_outbox *outbox, int64_t since_ms,
                              struct ward_outbox_again_text *ret_text, struct ward_store_change *ret);
/* One row of the snapshot; others than these two are ignored. */
void ward_outbox_again_restore(struct ward_outbox *outbox, const struct ward_store_change *row);

/* The database was replaced: it gets what waits here. Its numbers begin again; alarm events stay. */
void ward_outbox_submit_again(struct ward_outbox *outbox);
void ward_outbox_new_epoch(struct ward_outbox *outbox);

/* From the spool's listener. */
void ward_outbox_link(struct ward_outbox *outbox, bool up, const char *text, int64_t certificate_expires_ms);
void ward_outbox_broker_answered(struct ward_outbox *outbox, uint64_t id, uint8_t reason);

void ward_outbox_pump(struct ward_outbox *outbox);
/* When pump has something to do by itself, in boot-time microseconds. */
uint64_t ward_outbox_due_us(const struct ward_outbox *outbox);

/* Whether an alarm event has waited for its receipt for so long that whoever is in the room has to be told. */
bool ward_outbox_alarm_undelivered(const struct ward_outbox *outbox, uint64_t now_us, uint64_t *ret_due_us);
/* When the oldest that has none was queued, but for those that tell just that. Returns false for none. */
bool ward_outbox_alarm_unconfirmed_us(const struct ward_outbox *outbox, uint64_t *ret_us);

#endif
