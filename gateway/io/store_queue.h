/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What travels between the loop and the store thread: groups, marks, requests, notices. Private to the store.
 *
 * Whatever is needed to tell the outcome is allocated when a thing is submitted, by the loop, where a lack of memory
 * can be answered; the store thread only passes it back.
 */
#ifndef WARD_IO_STORE_QUEUE_H
#define WARD_IO_STORE_QUEUE_H

#include "io/store.h"
#include "io/store_database.h"
#include "io/store_kept.h"

/* A record as it waits: its columns and its packed body. */
struct ward_queued_record {
    struct ward_queued_record *next;
    struct ward_id patient, episode, device, boot;
    uint64_t mono_us, derived_since_us;
    int64_t measured_at_ms, received_at_ms;
    uint8_t kind;
    uint16_t length;
    uint8_t body[];
};

enum ward_item_kind {
    WARD_ITEM_GROUP,
    WARD_ITEM_REQUEST,
    WARD_ITEM_NOTICE,
};

/* First member of all that can stand in a queue. */
struct ward_item {
    struct ward_item *next;
    uint8_t kind; /* enum ward_item_kind */
};

struct ward_queue {
    struct ward_item *first, *last;
    size_t count;
};

/* Records that make room (store_purge.h). */
struct ward_purged {
    uint64_t records;
    uint64_t undelivered; /* of those, what the ward does not have */
    uint64_t through;     /* the last of them; what is given up counts as delivered up to here */
};

struct ward_group {
    struct ward_item item;
    uint64_t token; /* 0: the store's own gap record */
    bool routine;   /* neither urgent nor with events or changes: may be dropped */
    bool dropped;   /* routine: for want of room; otherwise it names a record of an epoch that has ended */
    int64_t past;   /* not 0: a row of `past`, of which the record tells what was lost */
    struct ward_purged purged; /* through is not 0: they go with the commit, and the record tells of them */
    struct ward_id boot;
    struct ward_time now;
    struct ward_queued_record *records;
    size_t record_count;
    uint64_t first_seq;
    struct ward_store_committed *committed; /* record_count of them, filled by the commit */
    struct ward_store_event *events;
    size_t event_count;
    struct ward_store_alarm_state *states; /* without octets where the transaction has a newer one */
    size_t state_count;
    struct ward_store_change *changes;
    size_t change_count;
};

/* Receipts that wait for a transaction. */
struct ward_marks {
    bool agreed; /* the ward's chain was found to be ours */
    bool records;
    uint64_t through;
    struct ward_seq_range ranges[WARD_DELIVERY_RANGES_MAX];
    size_t range_count;
    struct ward_alarm_key *alarms;
    size_t alarm_count, alarm_capacity;
};

enum ward_request_kind {
    WARD_REQUEST_FETCH,
    WARD_REQUEST_TEXTS,
    WARD_REQUEST_QUERY,
    WARD_REQUEST_HISTORY,
    WARD_REQUEST_VERIFY,
    WARD_REQUEST_CHAIN,
    WARD_REQUEST_PAST,
    WARD_REQUEST_PAST_DELIVERED, /* nobody waits for the answer */
    WARD_REQUEST_ERASE,
    WARD_REQUEST_AUDIT,
};

struct ward_request {
    struct ward_item item;
    uint8_t kind; /* enum ward_request_kind */
    struct ward_seq_range range;
    struct ward_store_filter filter;
    uint64_t next_seq; /* query: where the scan goes on, downwards; UINT64_MAX: not begun */
    ward_store_records_fn *answer_records;
    ward_store_whole_fn *answer_whole; /* in place of answer_records: voided_count more stand behind count */
    ward_store_events_fn *answer_events;
    ward_store_verified_fn *answer_verified;
    ward_store_past_fn *answer_past;
    ward_store_chain_fn *answer_chain;
    ward_store_erased_fn *answer_erased;
    ward_store_audit_fn *answer_audit;
    struct ward_store_erasure erasure;
    struct ward_store_erased erased;
    uint8_t chain[32];    /* at range.first; count is 0 when there is none */
    struct ward_id epoch; /* past */
    struct ward_marks delivered;
    void *context;
    int error;
    struct ward_record *records;
    struct ward_store_event *events;
    struct ward_text_run *texts;
    struct ward_store_audit *audit;
    size_t count, capacity, voided_count;
};

/* Texts with their room. */
struct ward_text_run {
    struct ward_record_run run;
    char octets[WARD_STORE_TEXTS_MAX];
};

struct ward_notice {
    struct ward_item item;
    struct ward_store_snapshot *opened; /* not NULL: what the file holds, at last */
    bool replaced;                      /* otherwise trouble */
    struct ward_kept_removed removed;   /* its path is not empty: nothing else */
    bool in_place_again;                /* the file; aside is what lay there */
    bool put_back;
    uint64_t head_seq;
    uint8_t head_chain[32];
    int error;
    uint32_t attempts, retry_in_ms;
    struct ward_id epoch;
    struct ward_set_aside aside;
    char text[WARD_STORE_TEXT_MAX];
};

void ward_queue_push(struct ward_queue *queue, struct ward_item *item);
struct ward_item *ward_queue_pop(struct ward_queue *queue);

/* Moves all of source to the end of queue. */
void ward_queue_append(struct ward_queue *queue, struct ward_queue *source);

/* Copies a group. Returns 0, -EINVAL for what is not well formed, or -ENOMEM. */
int ward_group_new(const struct ward_store_group *group, struct ward_group **ret);
struct ward_group *ward_group_free(struct ward_group *group);
/* Whether it takes back a record of its epoch, or says whose one is: elsewhere that number is another record's. */
bool ward_group_names_record(const struct ward_group *group);
/* Without what it says of WARD_STORE_BEGUN: it is of another epoch than the file that it will be in. */
void ward_group_keep_begun(struct ward_group *group);

void ward_item_free(struct ward_item *item);
void ward_queue_clear(struct ward_queue *queue);

/* The record as it will be read back, without seq and chain. Returns false for a body that is damaged. */
bool ward_queued_record_unpack(const struct ward_queued_record *queued, struct ward_record *ret);

/* Copies of everything an event or a change points to. Each returns false, with nothing left behind, without memory. */
bool ward_event_copy(const struct ward_store_event *event, struct ward_store_event *ret);
void ward_event_done(struct ward_store_event *event);

/* Adds marks to those that wait; newer ones win. Returns 0 or -ENOMEM. */
int ward_marks_merge(struct ward_marks *marks, const struct ward_marks *newer);
void ward_marks_done(struct ward_marks *marks);
/* Another epoch has begun: what is left says nothing of its records. */
void ward_marks_forget_records(struct ward_marks *marks);
bool ward_marks_empty(const struct ward_marks *marks);

#endif
