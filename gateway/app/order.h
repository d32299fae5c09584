/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ward orders, carried out (core/jws.h lists it). Whether it may be believed was decided before (inbox.h), or no
 * signature is asked for here (api.c).
 *
 *   order ─▶ [void, assign: the record is read back] ─▶ fits? ─▶ engine, annunciator, alarms to the ward
 *                                                         │            └▶ one transaction: effects, counter, answer
 *                                                         └ refused ─────▶ one transaction: counter, answer
 *
 * The answer, to up/result or to the call, follows the commit. Each order is in the journal with who and whom.
 */
#ifndef WARD_APP_ORDER_H
#define WARD_APP_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "app/reply.h"
#include "core/jws.h"
#include "core/message.h"
#include "io/store_types.h"

struct ward_bus_call;
struct ward_gateway;

struct ward_order {
    struct ward_id id;                 /* of the command; "": it is not signed, and is not known again */
    struct ward_store_counter counter; /* that it has used up; kid "": none */
    struct ward_id patient, episode;   /* "": not said */
    struct ward_id by;
    struct ward_command command;
    const char *document;       /* what it came in, signed; NULL: it is not signed */
    struct ward_bus_call *call; /* answered exactly once; NULL: the answer is for the ward */
    struct ward_reply reply;    /* where else it goes */
};

void ward_order_carry_out(struct ward_gateway *gateway, const struct ward_order *order);

#define WARD_ANSWER_TEXT_MAX 8192

/* Why an order about a record is not carried out in another epoch: that number is another record's there. */
#define WARD_TEXT_REPLACED_MEANWHILE "The database was replaced meanwhile: its epoch is another."

/* The answer to a command as JSON; origin and now are filled in, and of errors as many as fit. False: it does not fit. */
bool ward_order_write_answer(const struct ward_gateway *gateway, const struct ward_result_message *answer,
                             char ret[WARD_ANSWER_TEXT_MAX]);

#endif
