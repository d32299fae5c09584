/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to send next, and what the ward has.
 *
 * Records are a run of sequence numbers 1 .. head without a hole. Each is in exactly one state:
 *
 *   delivered   a receipt covers it: through is a watermark, ranges lie above it. Never goes back
 *   in flight   part of a batch that was sent; waits for a receipt until due_us, then goes again, later each time
 *   waiting     to be sent: live from live_first on (committed since the connection came up, and of those the newest
 *               WARD_DELIVERY_LIVE_MAX), backlog below
 *
 * next: a live batch that is due again, new live, a backlog batch that is due again, new backlog (lowest first), of
 * which no more is in flight than the ward confirms at once (core/pace.h).
 * reset (a connection came up or went away): nothing is in flight, everything undelivered is backlog. Of what was live the
 * oldest record is remembered until the ward confirms something, with how long it has waited while there was a connection:
 * a hub that does not confirm shows on a line that goes every few minutes, too.
 *
 * Records of a database that may have been put back are not sent before the ward's receipt has shown that it was not (await),
 * since the ward would take them for others, or twice. A ward that says nothing is not waited for longer than
 * WARD_DELIVERY_AWAIT_US after each connection. Once a receipt shows that it was, none goes any more: they are to get numbers
 * of a new epoch.
 *
 * Alarm events keep their own queue, in order, by (id, n): core/alarm_queue.h.
 *
 * Nothing here allocates. Times are boot-time microseconds of the caller.
 */
#ifndef WARD_CORE_DELIVERY_H
#define WARD_CORE_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/pace.h"

#define WARD_DELIVERY_BATCH_MAX     100
#define WARD_DELIVERY_RANGES_MAX    64
#define WARD_DELIVERY_IN_FLIGHT_MAX 32
#define WARD_DELIVERY_STAMPS_MAX    32
#define WARD_DELIVERY_LIVE_MAX      500
/* Batches in flight that the backlog may hold at once, so that a live reading always finds a place. */
#define WARD_DELIVERY_BACKLOG_MAX 24
/* The first wait for a receipt; doubled at each resend up to the longest. */
#define WARD_DELIVERY_RESEND_US     (15 * UINT64_C(1000000))
#define WARD_DELIVERY_RESEND_MAX_US (300 * UINT64_C(1000000))
/* The receipt is retained: it comes as soon as the connection for what comes down is open, which may be after the other. */
#define WARD_DELIVERY_AWAIT_US (10 * UINT64_C(1000000))

struct ward_seq_range {
    uint64_t first, last;
};

struct ward_delivery_batch {
    struct ward_seq_range range;
    uint64_t first_sent_us, due_us;
    uint32_t attempts;
    bool live;
};

/* From seq on, records were committed at at_us or later; kept so that the oldest undelivered age has a bound. */
struct ward_delivery_stamp {
    uint64_t seq;
    uint64_t at_us;
};

struct ward_delivery {
    uint64_t head;                                          /* newest committed seq, 0 for none */
    uint64_t through;                                       /* 1 .. through are delivered */
    uint64_t live_first;                                    /* from here on: live */
    struct ward_seq_range ranges[WARD_DELIVERY_RANGES_MAX]; /* delivered above through: rising, apart */
    size_t range_count;
    struct ward_delivery_batch in_flight[WARD_DELIVERY_IN_FLIGHT_MAX];
    size_t in_flight_count;
    struct ward_delivery_stamp stamps[WARD_DELIVERY_STAMPS_MAX];
    size_t stamp_count;
    bool has_left;    /* a record went live on a connection that ended, and no receipt has told news since: */
    uint64_t left_us; /* for so long it waited on those that ended, */
    uint64_t opened_us; /* and on this one since then; UINT64_MAX: there is none */
    bool awaits;        /* a receipt, before anything goes; but no longer than */
    uint64_t awaits_us; /* until then; 0: no longer, on this connection */
    bool put_back;      /* nothing goes */
    struct ward_pace pace;
};

enum ward_delivery_class {
    WARD_DELIVERY_NOTHING, /* nothing waits, or all places in flight are taken */
    WARD_DELIVERY_LIVE,
    WARD_DELIVERY_BACKLOG,
};

enum ward_receipt_outcome {
    WARD_RECEIPT_NEWS,    /* something became delivered: write the marks */
    WARD_RECEIPT_OLD,     /* says nothing new */
    WARD_RECEIPT_INVALID, /* a range is not one: nothing was taken over */
    WARD_RECEIPT_PUT_BACK, /* speaks of records beyond head: our database was put back. Nothing is taken over, nothing goes */
};

/*
 * Starts from what the store remembers. oldest_us is when the oldest undelivered record was committed, as far as is
 * known. Ranges that do not fit or are not rising above through are forgotten: their records are only sent again.
 */
void ward_delivery_init(struct ward_delivery *delivery, uint64_t head, uint64_t through, uint64_t oldest_us);
void ward_delivery_init_ranges(struct ward_delivery *delivery, const struct ward_seq_range *ranges,
                               size_t count);

/* After init: whose file it is has to be shown by a receipt. */
void ward_delivery_await(struct ward_delivery *delivery, uint64_t now_us);
/* A receipt has shown that the file was put back. */
void ward_delivery_is_put_back(struct ward_delivery *delivery);
/* Whether records may go now. */
bool ward_delivery_may_go(const struct ward_delivery *delivery, uint64_t now_us);

/* Records first .. last were committed; first is head + 1. Returns false, unchanged, when it is not. */
bool ward_delivery_committed(struct ward_delivery *delivery, struct ward_seq_range range, uint64_t now_us);

/* Takes over a receipt. Ranges may come in any order and overlap; what does not fit above is sent again. */
enum ward_receipt_outcome ward_delivery_receipt(struct ward_delivery *delivery, uint64_t now_us,
                                                uint64_t through, const struct ward_seq_range *ranges,
                                                size_t count);

/* Those up to that one made room: they go no more, and the ward has confirmed nothing. */
void ward_delivery_given_up(struct ward_delivery *delivery, uint64_t now_us, uint64_t through);

/* A connection came up (also: another one, or the same anew) or went away. */
void ward_delivery_reset(struct ward_delivery *delivery, bool up, uint64_t now_us);

/*
 * The next batch of at most budget (and WARD_DELIVERY_BATCH_MAX) records. It is in flight from now on: the caller
 * sends it, or trims it. ret_range is unchanged for WARD_DELIVERY_NOTHING.
 */
enum ward_delivery_class ward_delivery_next(struct ward_delivery *delivery, uint64_t now_us, size_t budget,
                                            struct ward_seq_range *ret_range);

/*
 * Of the batch that begins at first only records up to last were sent; the rest waits again. last < first: nothing
 * was sent. Unknown batches (a receipt or a reset came first) are ignored.
 */
void ward_delivery_trim(struct ward_delivery *delivery, uint64_t first, uint64_t last);

/* The broker refused the batch that begins at first, or gave it up: it goes again after a pause. */
void ward_delivery_refused(struct ward_delivery *delivery, uint64_t first, uint64_t now_us);

/* When next may have more to say without a new commit or receipt; UINT64_MAX: not before one. */
uint64_t ward_delivery_due_us(const struct ward_delivery *delivery);

/* How many are committed and not delivered. */
uint64_t ward_delivery_undelivered(const struct ward_delivery *delivery);

/* When the oldest undelivered record was committed, never later than it was. Returns false for none. */
bool ward_delivery_oldest_us(const struct ward_delivery *delivery, uint64_t *ret_us);

/*
 * Since when the oldest that went live is without a receipt ("hub not confirming"), as if the time without a connection had
 * not been. False for none, and without a connection.
 */
bool ward_delivery_unconfirmed_us(const struct ward_delivery *delivery, uint64_t *ret_us);

#endif
