/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commits: what is given to the store, and who is told when it is on the disk.
 */
#ifndef WARD_APP_COMMITS_H
#define WARD_APP_COMMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/reply.h"
#include "core/record.h"
#include "io/bus.h"
#include "io/store.h"

struct ward_gateway;

/* Which measurement of which conversation a record came from. */
struct ward_talk_place {
    struct ward_id device;
    uint32_t connection;
    uint32_t number; /* of struct ward_exchange_measurement; 0: of none that has to be told of */
    bool has_record;
    uint16_t record;
    uint64_t digest; /* of that record (core/duplicate.h) */
};

/* A record on its way to the store. What makes it known when it comes again goes into the same transaction. */
struct ward_arrival {
    struct ward_record record;
    bool has_key; /* known has its key: it has a name (core/duplicate.h) */
    bool named;   /* it is known from now on, by known */
    struct ward_store_change known;
    struct ward_talk_place place; /* that is told when it is durable */
};

/* The group that stores it; borrows from arrival. */
struct ward_store_group ward_arrival_group(const struct ward_arrival *arrival, bool urgent);

/* Who waits for a commit: records that are told with their seqs, a call or a command that is answered. */
struct ward_commit_waiter {
    struct ward_commit_waiter *next;
    uint64_t token;
    struct ward_talk_place place; /* number 0 and no record: none */
    struct ward_bus_call *call;   /* NULL for none */
    struct ward_id answer_device; /* the call is answered with this device's document */
    char *answer;                 /* JSON for the call, and for the ward when to_ward is set; NULL for none */
    bool to_ward;
    struct ward_reply reply;                                 /* where else it goes */
    struct ward_id command;                                  /* that is answered; "" for none */
    void (*then)(struct ward_gateway *gateway, bool failed); /* NULL for none */
    int unassigned;                                          /* so many more wait for a patient by it */
    bool failed;                                             /* it could not be submitted */
    size_t record_count;                                     /* as many as the group has, or none */
    struct ward_record records[];
};

/* The waiter of an arrival's group. NULL when there is no memory. */
struct ward_commit_waiter *ward_commit_waiter_of(const struct ward_arrival *arrival);

/* A waiter that owns a copy of the records of its group (or has none). NULL when there is no memory. */
struct ward_commit_waiter *ward_commit_waiter_new(const struct ward_record *records, size_t count);

/*
 * Submits a group, filling in token, boot and time. waiter may be NULL; it is owned by the gateway from now on, told
 * of the commit or, from ward_commits_finish_failed, of a failure, and not freed before that. Returns 0 or negative
 * errno after logging why: then nothing of it is stored, its records are not known, and storage-failing stands until none
 * has failed for a minute.
 */
int ward_gateway_submit(struct ward_gateway *gateway, struct ward_store_group *group,
                        struct ward_commit_waiter *waiter);

/* Takes changes that were submitted into the registry, and tells who has to know. */
void ward_gateway_apply(struct ward_gateway *gateway, const struct ward_store_change *changes, size_t count);

/* Takes changes into the registry and stores them in one transaction. As ward_gateway_submit. */
int ward_gateway_change(struct ward_gateway *gateway, const struct ward_store_change *changes, size_t count,
                        struct ward_commit_waiter *waiter);

/* Answers those whose group could not be submitted. */
void ward_commits_finish_failed(struct ward_gateway *gateway);
/* Answers all that still wait, at the end. */
void ward_commits_done(struct ward_gateway *gateway);

/* What the store tells; its context is the gateway. */
struct ward_store_listener ward_commits_listener(struct ward_gateway *gateway);

#endif
