/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders, as the tests of the daemon give them: to a gateway that asks for signatures, with a clock that is trusted, and
 * with the patient of every order admitted.
 */
#ifndef WARD_TESTS_APP_ORDERS_H
#define WARD_TESTS_APP_ORDERS_H

#include "app_bench.h"

#include "app/order.h"

#define PATIENT "p-1"

int orders_set_up(void **state);
void orders_restart(struct bench *bench);
struct ward_watch *orders_watch(const struct bench *bench);

/* A reading of the patient's; and one that is committed. Returns its seq. */
void orders_tell(struct bench *bench, uint8_t quantity, int64_t value);
uint64_t orders_measure(struct bench *bench, uint8_t quantity, int64_t value);
/* One that belongs to nobody, from a device's memory. */
uint64_t orders_keep(struct bench *bench, uint8_t quantity, int64_t value, uint32_t reasons);
/* The newest record there is; good until the next call. */
const struct ward_record *orders_newest(struct bench *bench);

/* A command of its own, for the patient and episode; by dr-1. */
struct ward_order orders_make(struct bench *bench, enum ward_command_kind kind);
struct ward_order orders_about(struct bench *bench, enum ward_command_kind kind, uint64_t seq);

/* Carries it out. Returns what the ward is answered; good until the next order. */
const char *orders_give(struct bench *bench, const struct ward_order *order);
void orders_done(struct bench *bench, const struct ward_order *order);
/* The answer says refused, and has text in it. */
void orders_refused(struct bench *bench, const struct ward_order *order, const char *text);

#endif
