/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Undelivered alarm events, in the order in which they happened: what to send next, and what the ward has.
 *
 * An event is unsent, or sent on this connection and waiting for its receipt until due_us, when it goes again. Unsent
 * events go before resends; only a receipt removes one. Nothing here allocates; the entries are the caller's storage.
 * Times are boot-time microseconds of the caller.
 */
#ifndef WARD_CORE_ALARM_QUEUE_H
#define WARD_CORE_ALARM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/alarm.h"

struct ward_alarm_key {
    struct ward_alarm_id id;
    uint32_t n;
};

struct ward_alarm_entry {
    struct ward_alarm_key key;
    void *payload; /* the caller's */
    uint64_t queued_us, first_sent_us, due_us;
    uint32_t attempts; /* 0: not sent on this connection */
};

/* The first wait of an alarm event for its receipt; doubled up to the longest. */
#define WARD_ALARM_RESEND_US     (5 * UINT64_C(1000000))
#define WARD_ALARM_RESEND_MAX_US (60 * UINT64_C(1000000))

struct ward_alarm_queue {
    struct ward_alarm_entry *entries;
    size_t capacity, count;
};

/* entries: room for as many, the caller's. */
void ward_alarm_queue_init(struct ward_alarm_queue *queue, struct ward_alarm_entry *entries, size_t capacity);

/* Returns false, unchanged, when the queue is full or already holds the key. The payload stays the caller's. */
bool ward_alarm_queue_push(struct ward_alarm_queue *queue, struct ward_alarm_key key, void *payload,
                           uint64_t now_us);

bool ward_alarm_queue_has(struct ward_alarm_queue *queue, struct ward_alarm_key key);

/* A receipt covers the key: removes it. Returns its payload for the caller to free, or NULL when it is not there. */
void *ward_alarm_queue_receipt(struct ward_alarm_queue *queue, struct ward_alarm_key key);

/*
 * The oldest event that was not sent on this connection, else the oldest that is due again; it counts as sent from
 * now on. NULL when there is none. The entry is valid until the next push or receipt.
 */
const struct ward_alarm_entry *ward_alarm_queue_next(struct ward_alarm_queue *queue, uint64_t now_us);

/* It could not be handed over after all (no credit): it waits again at its place. */
void ward_alarm_queue_put_back(struct ward_alarm_queue *queue, struct ward_alarm_key key);

/* The broker refused it, or gave it up: it goes again after a pause. */
void ward_alarm_queue_refused(struct ward_alarm_queue *queue, struct ward_alarm_key key, uint64_t now_us);

/* A connection came up or went away: everything is to be sent again, in order. */
void ward_alarm_queue_reset(struct ward_alarm_queue *queue);

/* When next may have more to say without a push; UINT64_MAX for never, 0 when something was not sent yet. */
uint64_t ward_alarm_queue_due_us(const struct ward_alarm_queue *queue);

/* When the oldest undelivered event was queued. Returns false for none. */
bool ward_alarm_queue_oldest_us(const struct ward_alarm_queue *queue, uint64_t *ret_us);

#endif
