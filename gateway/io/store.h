/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: one SQLite file, one connection, one thread of its own. The loop never waits for the disk.
 *
 *   loop                                             store thread
 *   submit: copy into the bounded queue ───────────▶ wait for an urgent group or the end of the commit window
 *   mark, fetch, query: the same                     one transaction for all that waits: records, alarm events,
 *                                                    alarm state, changes, delivery marks; COMMIT with a flush
 *   dispatch (the descriptor is readable) ◀───────── results, in order
 *
 * Invariants
 *   1. seq is given by a commit that succeeded; it is contiguous over all records of an epoch.
 *   2. What a listener was told is committed is on the disk. What was submitted and not told to be dropped is told to
 *      be committed in the end, in order, or waits while the disk is in trouble.
 *   3. A full queue makes the oldest routine group go; it is told, and counted in a gap record. A group that is
 *      urgent or carries events or changes is never refused for lack of room. The alarm state of a routine group goes
 *      with it: that of the next group takes its place.
 *   4. A file that is no database, or is damaged, is renamed (store_kept.h), and a fresh one begins a new epoch. What
 *      the ward may not have of the old one is salvaged as far as its chain holds, and keeps its numbers
 *      (store_salvage.h). So it is with a file that cannot be read or written again and again.
 *   5. A record that does not fit into the chain any more is told to nobody: it is damage in the file.
 *
 * All functions are for the thread of the loop. Pointers given to them are borrowed for the call.
 */
#ifndef WARD_IO_STORE_H
#define WARD_IO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/delivery.h"
#include "core/record.h"
#include "core/record_run.h"
#include "io/store_types.h"

struct ward_store;

#define WARD_STORE_COMMIT_WINDOW_MS 10000
#define WARD_STORE_QUEUE_RECORDS    4096
#define WARD_STORE_LOG_PAGES        1000
#define WARD_STORE_RETRY_MS         200

/* What the commit made of a record. */
struct ward_store_committed {
    uint8_t chain[32];
    struct ward_seq_range derived; /* the seqs that it was derived from, or 0 */
    char *text; /* as it is published, and no other; NULL when there was no memory for it */
};

/* Told to the loop by ward_store_dispatch, in the order in which it happened. Every member must be set. */
struct ward_store_commit {
    uint64_t token;     /* 0: a gap record that the store made by itself */
    uint64_t first_seq; /* of the group's records; 0 when it has none */
    size_t record_count;
    const struct ward_store_committed *records; /* valid for the call */
};

struct ward_store_trouble {
    int error;            /* negative errno; 0: it is over */
    const char *text;     /* what SQLite or the system says */
    uint32_t attempts;    /* in a row */
    uint32_t retry_in_ms; /* the next one */
};

/*
 * A fresh file took the place of one that could not be used, or was put back: patients, plans, devices must be submitted
 * again, since what could be salvaged of them may be less than is known.
 */
struct ward_store_replaced {
    const char *set_aside; /* where the old file is now */
    const char *reason;
    bool put_back;
    struct ward_id epoch;
    uint64_t head_seq; /* of what has got a number in the new epoch already */
    const uint8_t *head_chain;
};

struct ward_store_listener {
    void (*committed)(void *context, const struct ward_store_commit *commit);
    /* record_count 0: it spoke of a record by its number, and another epoch has begun: it is not committed. */
    void (*dropped)(void *context, uint64_t token, size_t record_count);
    void (*trouble)(void *context, const struct ward_store_trouble *trouble);
    void (*replaced)(void *context, const struct ward_store_replaced *replaced);
    /* So many records, up to that one, made room although the ward does not have them: they are never delivered. */
    void (*given_up)(void *context, uint64_t through, uint64_t count);
    /* A file that was set aside, or kept in an earlier format, made room (store_kept.h). */
    void (*removed)(void *context, const char *path, uint64_t octets);
    /*
     * The file had been removed while it was open, or another one lay in its place, which is set_aside now (NULL: nothing lay
     * there). It is there again with all that it held.
     */
    void (*in_place_again)(void *context, const char *set_aside);
    /* The store was opened without a snapshot, and this is it; valid for the call. */
    void (*opened)(void *context, const struct ward_store_snapshot *snapshot);
    void *context;
};

struct ward_store_options {
    const char *path;
    uint32_t commit_window_ms; /* 0: WARD_STORE_COMMIT_WINDOW_MS */
    size_t queue_records;      /* 0: WARD_STORE_QUEUE_RECORDS */
    uint32_t log_pages;        /* 0: WARD_STORE_LOG_PAGES; so many are moved into the file together */
    uint32_t retry_ms;         /* 0: WARD_STORE_RETRY_MS; the first pause after a failure, then doubled */
    uint64_t quota_octets;     /* store_purge.h; 0: none */
    uint64_t ballast_octets;   /* 0: none */
    struct ward_store_listener listener;
};

/*
 * Opens or makes the file, brings its schema up to date, reads the snapshot and starts the thread. A disk that cannot be
 * written, or is not there, is no failure: trouble is told, the thread tries again by itself, and what is submitted waits
 * as it does when the disk fails later. The snapshot is then what can be read of the file as it is, or NULL: what it holds
 * is told (opened) before anything is committed. Returns 0, or with nothing started and ret_error saying what and where:
 *   -EPROTONOSUPPORT  the file is of a newer version (it is left as it is)
 *   -EBUSY            another process has it open
 *   -EINVAL, -ENAMETOOLONG, -ENOMEM
 */
int ward_store_open(const struct ward_store_options *options, struct ward_store **ret_store,
                    struct ward_store_snapshot **ret_snapshot, char ret_error[static WARD_STORE_TEXT_MAX]);
struct ward_store_snapshot *ward_store_snapshot_free(struct ward_store_snapshot *snapshot);

/* Commits what waits (one attempt), ends the thread, closes the file. Nothing is told any more. Returns NULL. */
struct ward_store *ward_store_free(struct ward_store *store);

/* Readable when there is something to dispatch. Owned by the store. */
int ward_store_fd(const struct ward_store *store);

/* Tells the listener and answers requests; may be called at any time, from the loop, never from a callback. */
void ward_store_dispatch(struct ward_store *store);

/* One transaction, or a part of a larger one; never split. */
struct ward_store_group {
    uint64_t token;      /* not 0; comes back in committed or dropped */
    bool urgent;         /* commit at once. Groups with events or changes are urgent by themselves */
    struct ward_id boot; /* with now: kept as the moment of the last commit */
    struct ward_time now;
    const struct ward_record *records; /* seq and chain are given by the commit */
    size_t record_count;
    const struct ward_store_event *events; /* an (id, n) that is stored already is left as it is */
    size_t event_count;
    const struct ward_store_alarm_state *states;
    size_t state_count;
    const struct ward_store_change *changes;
    size_t change_count;
};

/*
 * Returns 0, -EINVAL for a record, id or change that is not well formed, or -ENOMEM; nothing is queued then. Records for
 * which there was no memory are counted in a gap record.
 */
int ward_store_submit(struct ward_store *store, const struct ward_store_group *group);

/*
 * The ward's receipts, written with the next group, or alone after a minute without one: a lost mark only makes the
 * same record go twice. Marks replace older ones that still wait; through never goes back. Returns 0 or -ENOMEM.
 */
int ward_store_mark_records(struct ward_store *store, uint64_t through, const struct ward_seq_range *ranges,
                            size_t count);
int ward_store_mark_alarm(struct ward_store *store, struct ward_alarm_key key);

/*
 * What a receipt says of this very file. agreed: the ward's chain is ours up to that record. put_back: the ward has
 * other records than we have, from differs_at on (0: not known where), and of what we had when the file was opened (or
 * agreed) all up to through; the file is replaced, and what came since gets new numbers. What is said of a file that was
 * replaced already, before that is told, says nothing.
 */
int ward_store_agreed(struct ward_store *store, uint64_t seq);
void ward_store_put_back(struct ward_store *store, uint64_t through, uint64_t differs_at);

/* How long a routine group may wait for others: 10 s, or 1 s while a condition is present or somebody watches. */
void ward_store_set_commit_window(struct ward_store *store, uint32_t window_ms);

/*
 * What is submitted while held is committed in one transaction when it is not held any more: after a kill all of it is
 * there, or nothing. For a short while only.
 */
void ward_store_hold(struct ward_store *store, bool held);

/* error: 0 or negative errno, then count is 0. Records carry seq and chain. Valid for the call. */
typedef void ward_store_records_fn(void *context, int error, const struct ward_record *records, size_t count);
typedef void ward_store_events_fn(void *context, int error, const struct ward_store_event *events,
                                  size_t count);

/*
 * Answered through dispatch. Each returns 0, -EBUSY when too many requests wait, or -ENOMEM; the callback is not
 * called then, nor after ward_store_free. fetch: seq rising, at most WARD_DELIVERY_BATCH_MAX records from
 * range.first on. query and alarm_history: newest first.
 */
int ward_store_fetch(struct ward_store *store, struct ward_seq_range range, ward_store_records_fn *answer,
                     void *context);
int ward_store_query(struct ward_store *store, const struct ward_store_filter *filter,
                     ward_store_records_fn *answer, void *context);
int ward_store_alarm_history(struct ward_store *store, const struct ward_store_filter *filter,
                             ward_store_events_fn *answer, void *context);

/*
 * The same two, with the records that `void` records among those found take back, where they are still there and not
 * among them themselves. fetch_texts: of a range the texts as they are published, and as many as one message may hold.
 * found is never NULL; its records and texts are none on an error.
 */
struct ward_store_records {
    const struct ward_record *records, *voided;
    const struct ward_record_run *texts; /* fetch_texts: in place of records; NULL on an error */
    size_t count, voided_count;          /* count: of texts too */
};
#define WARD_STORE_TEXTS_MAX 65536 /* octets of texts */
typedef void ward_store_whole_fn(void *context, int error, const struct ward_store_records *found);
int ward_store_fetch_whole(struct ward_store *store, struct ward_seq_range range, ward_store_whole_fn *answer,
                           void *context);
int ward_store_fetch_texts(struct ward_store *store, struct ward_seq_range range, ward_store_whole_fn *answer,
                           void *context);
/* No texts will be fetched for a while: the room that was kept for them is given back. */
void ward_store_forget_texts(struct ward_store *store);
int ward_store_query_whole(struct ward_store *store, const struct ward_store_filter *filter,
                           ward_store_whole_fn *answer, void *context);

/*
 * The chain at that record, 32 octets valid for the call; at 0, where the chain of this epoch begins. NULL with error 0:
 * there is none, since it made room or never was.
 */
typedef void ward_store_chain_fn(void *context, int error, const uint8_t *chain);
int ward_store_chain(struct ward_store *store, uint64_t seq, ward_store_chain_fn *answer, void *context);

/*
 * Holds records against the chain from `from` on, or from the oldest that is there in the end, in steps between other work:
 * as many as WARD_STORE_VERIFY_MAX. last is the last that holds, first - 1 when none does; error -EUCLEAN: the next does not,
 * and the file is replaced.
 */
#define WARD_STORE_VERIFY_MAX 16384
typedef void ward_store_verified_fn(void *context, int error, uint64_t first, uint64_t last);
int ward_store_verify(struct ward_store *store, uint64_t from, ward_store_verified_fn *answer, void *context);

/*
 * What the ward may not have of epochs that ended: of the oldest of them, at most WARD_DELIVERY_BATCH_MAX records, seq
 * rising; count 0 when there is none (yet: salvaging may go on). They are there until a receipt of their epoch, given
 * to past_delivered, covers them.
 */
typedef void ward_store_past_fn(void *context, int error, const struct ward_id *epoch,
                                const struct ward_record *records, size_t count);
int ward_store_fetch_past(struct ward_store *store, ward_store_past_fn *answer, void *context);
int ward_store_past_delivered(struct ward_store *store, const struct ward_id *epoch, uint64_t through,
                              const struct ward_seq_range *ranges, size_t count);

/*
 * Erases what the file has of an episode, in steps between other work (store_erase.h), or only counts it. Nothing of it may
 * still be wanted: the ward has it. When it is answered without an error, no octet of it is left in the file, its log, or a
 * copy beside it. Doing it again is safe. patient "": only the log and the copies.
 */
typedef void ward_store_erased_fn(void *context, int error, const struct ward_store_erased *erased);
int ward_store_erase(struct ward_store *store, const struct ward_store_erasure *erasure,
                     ward_store_erased_fn *answer, void *context);

/* The audit trail, newest first: since_ms, until_ms, patient and limit of filter; what has no date is within all dates. */
typedef void ward_store_audit_fn(void *context, int error, const struct ward_store_audit *rows, size_t count);
int ward_store_audit(struct ward_store *store, const struct ward_store_filter *filter,
                     ward_store_audit_fn *answer, void *context);

/* The room on the file system of the database, for whoever is not root. 0 or a negative errno, ret unchanged. */
struct ward_store_space {
    uint64_t free_octets, total_octets;
};
int ward_store_space(const char *path, struct ward_store_space *ret);

void ward_store_counters(struct ward_store *store, struct ward_store_counters *ret);

#endif
