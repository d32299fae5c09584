/* SPDX-License-Identifier: Apache-2.0 */
/* What order*.c share, and nobody else. */
#ifndef WARD_APP_ORDER_PRIVATE_H
#define WARD_APP_ORDER_PRIVATE_H

#include "app/commits.h"
#include "app/order.h"
#include "app/unassigned.h"
#include "core/record.h"
#include "io/store.h"

#define WARD_EXECUTION_CHANGES_MAX 6

/* An order while it is carried out: everything that goes into its one transaction. */
struct ward_execution {
    struct ward_gateway *gateway;
    const struct ward_order *order;
    struct ward_store_group group;
    struct ward_store_change changes[WARD_EXECUTION_CHANGES_MAX];
    struct ward_record record;
    struct ward_unassigned_text count;
    struct ward_seq_range missing; /* asked for and not here any more; first 0: none */
    char answer[WARD_ANSWER_TEXT_MAX];
    struct ward_commit_waiter *waiter; /* from conclude on; owned by whoever submits */
};

void ward_execution_begin(struct ward_execution *execution, struct ward_gateway *gateway,
                          const struct ward_order *order);
/* The record that it makes. */
void ward_execution_record(struct ward_execution *execution, const struct ward_record *record);
void ward_execution_change(struct ward_execution *execution, const struct ward_store_change *change);
/* What it comes to: the answer becomes part of the transaction. Once; after record and changes, before submitting. */
void ward_execution_conclude(struct ward_execution *execution, enum ward_outcome outcome, const char *reason);
void ward_execution_submit(struct ward_execution *execution);
/* Both, for what is not done. */
void ward_execution_refuse(struct ward_execution *execution, const char *reason);

/* order_record.c: void and assign, whose record is read back first. */
void ward_order_of_record(struct ward_gateway *gateway, const struct ward_order *order);

/* order_replay.c */
void ward_order_replay(struct ward_gateway *gateway, const struct ward_order *order);

#endif
