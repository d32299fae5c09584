/* SPDX-License-Identifier: Apache-2.0 */
/* What order*.c share, and nobody else. */
#ifndef WARD_APP_ORDER_PRIVATE_H
#define WARD_APP_ORDER_PRIVATE_H

#include "app/binding_change.h"
#include "app/commits.h"
#include "app/order.h"
#include "app/unassigned.h"
#include "core/careplan.h"
#include "core/record.h"
#include "io/store.h"

/* Counter and answer, and what the command itself changes: most of all a device that many have. */
#define WARD_EXECUTION_CHANGES_MAX (2 + WARD_BINDING_SWAP_MAX)

struct ward_watch;

/* An order while it is carried out: everything that goes into its one transaction. */
struct ward_execution {
    struct ward_gateway *gateway;
    const struct ward_order *order;
    struct ward_store_group group;
    struct ward_store_change changes[WARD_EXECUTION_CHANGES_MAX];
    struct ward_record record;
    struct ward_unassigned_text count;
    int unassigned;                        /* by so many it changes */
    const struct ward_plan_errors *errors; /* of the plan that it brought; NULL: none */
    struct ward_seq_range missing;         /* asked for and not here any more; first 0: none */
    char answer[WARD_ANSWER_TEXT_MAX];
    struct ward_commit_waiter *waiter; /* from conclude on; owned by whoever submits */
};

void ward_execution_begin(struct ward_execution *execution, struct ward_gateway *gateway,
                          const struct ward_order *order);
/* On the heap. NULL, with the order answered, when there is no memory. */
struct ward_execution *ward_execution_new(struct ward_gateway *gateway, const struct ward_order *order);

/* The watch of the patient, and of the episode when the order names one; NULL: nobody looks after such a one. */
struct ward_watch *ward_order_watch(const struct ward_gateway *gateway, const struct ward_order *order);

/* The record that it makes. */
void ward_execution_record(struct ward_execution *execution, const struct ward_record *record);
void ward_execution_change(struct ward_execution *execution, const struct ward_store_change *change);
/* What it comes to: the answer becomes part of the transaction. Once; after record and changes, before submitting. */
void ward_execution_conclude(struct ward_execution *execution, enum ward_outcome outcome, const char *reason);
void ward_execution_submit(struct ward_execution *execution);
/* The same, and what it changes counts from now on (registry.h). */
void ward_execution_submit_applied(struct ward_execution *execution);
/* Both, for what is not done: it must not be, or it cannot be now. */
void ward_execution_refuse(struct ward_execution *execution, const char *reason);
void ward_execution_fail(struct ward_execution *execution, const char *reason);

/*
 * It is under way, and concluded later by another execution of the same order. Until then, and for good if the process
 * ends before, the answer to the same command is that it failed, for this reason. Submits; nobody is answered yet.
 */
void ward_execution_promise(struct ward_execution *execution, const char *reason);

/* An order that waits for records: what it needs of them is read from the store first. */
struct ward_awaiting;
typedef void ward_awaiting_come(struct ward_awaiting *awaiting, const struct ward_record *records,
                                size_t count);
struct ward_awaiting {
    struct ward_gateway *gateway;
    struct ward_order order;
    struct ward_execution execution;
    struct ward_seq_range range;
    struct ward_id epoch;     /* of its numbers */
    ward_awaiting_come *come; /* concludes and submits the execution, whatever it finds; count may be 0 */
};

/* Begins the execution of a copy of the order. NULL, with the order answered, when there is no memory. */
struct ward_awaiting *ward_awaiting_new(struct ward_gateway *gateway, const struct ward_order *order);
struct ward_awaiting *ward_awaiting_free(struct ward_awaiting *awaiting);
/* Reads range, and then calls come; fails the order when the store cannot, or in another epoch. Owns awaiting from now on. */
void ward_awaiting_fetch(struct ward_awaiting *awaiting);

/* order_record.c: void and assign, whose record is read back first. */
void ward_order_of_record(struct ward_gateway *gateway, const struct ward_order *order);

/* order_binding.c: bind, unbind, swap */
void ward_order_of_device(struct ward_gateway *gateway, const struct ward_order *order);

/* order_technical.c: identify, restart, rotate */
void ward_order_technical(struct ward_gateway *gateway, const struct ward_order *order);

/* order_key.c: add-key, revoke-key */
void ward_order_of_key(struct ward_gateway *gateway, const struct ward_order *order);
/* order_admission.c: who is looked after. */
void ward_order_admit(struct ward_gateway *gateway, const struct ward_order *order);
void ward_order_discharge(struct ward_execution *execution, struct ward_watch *watch);

/* order_replay.c */
void ward_order_replay(struct ward_gateway *gateway, const struct ward_order *order);

#endif
