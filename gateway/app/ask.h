/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a clinician has asked to be measured now. The room hears it and reads the text of the plan, at once and twice more,
 * also in quiet hours, since somebody waits for it. It ends when a valid reading of that quantity comes that is of now,
 * when its time is over, or with a reboot; then the command gets its second and last answer, which takes the place of the
 * first. What is asked is kept in the database, so that a restart of the program forgets nothing.
 */
#ifndef WARD_APP_ASK_H
#define WARD_APP_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "app/reply.h"
#include "io/store_types.h"
#include "ward/alarm.h"

#define WARD_ASKS_MAX 8
/* The setting that they are kept in. */
#define WARD_ASKS_TEXT_MAX ((size_t)WARD_ASKS_MAX * 320)

struct ward_gateway;
struct ward_order;
struct ward_watch;

struct ward_ask {
    struct ward_id command, patient, by;
    uint8_t quantity;           /* enum ward_quantity */
    uint64_t from_us, until_us; /* boot time */
    unsigned prompts;           /* given */
    struct ward_reply reply;    /* not kept over a restart */
    char text[WARD_ALARM_TEXT_MAX + 1];
};

struct ward_asks {
    struct ward_ask list[WARD_ASKS_MAX];
    size_t count;
};

/* Carries out the command `ask` (order.h). */
void ward_ask_order(struct ward_gateway *gateway, const struct ward_order *order);

/* A reading of a patient was evaluated. */
void ward_ask_heard(struct ward_gateway *gateway, const struct ward_reading *reading);

/* How the room is asked for a quantity: the words of the patient's plan, otherwise ours. watch may be NULL. */
void ward_ask_words(const struct ward_watch *watch, uint8_t quantity, char *ret, size_t size);

/* The text for the room; NULL: nothing is asked. */
const char *ward_ask_text(const struct ward_gateway *gateway);

/* Prompts again, and ends what took too long. Returns when to be called again, in boot-time microseconds. */
uint64_t ward_ask_check(struct ward_gateway *gateway);

/* One row of the snapshot; others are ignored. */
void ward_ask_restore(struct ward_gateway *gateway, const struct ward_store_change *row);
/* The plans are restored too: the room can be told what is asked. */
void ward_ask_restored(struct ward_gateway *gateway);
/* A fresh file knows nothing of them. */
void ward_ask_submit_again(struct ward_gateway *gateway);

#endif
