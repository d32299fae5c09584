/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: what the ward says. Nothing of it is believed, or even parsed, before its signature holds.
 *
 *   envelope ─▶ signature and role of the key ─▶ claims ─▶ for us? in time? new? ─▶ carried out (order.h) ─▶ result
 *
 * Every refusal is answered on up/result and logged, once each: of what the broker keeps and brings again, once in a run
 * (told.h), and of what is not believed within bounds (flood.h). A command that comes again, which the broker may do, gets the answer
 * that it got, also after a restart; while it is being carried out the answer is on its way and nothing more is said.
 */
#ifndef WARD_APP_INBOX_H
#define WARD_APP_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/flood.h"
#include "app/receipt.h"
#include "app/told.h"
#include "core/jws.h"
#include "io/bus.h"
#include "io/crypto.h"
#include "io/spool.h"
#include "io/store_types.h"

/* Every key that is believed, and every one that was revoked, has one: so there is always room for the next. */
#define WARD_INBOX_COUNTERS_MAX (WARD_KEYRING_KEYS_MAX + WARD_KEYRING_REVOKED_MAX)
#define WARD_INBOX_COMMANDS_MAX 64

struct ward_gateway;

/* A command that was taken, kept so that the same command gives the same answer and is not carried out twice. */
struct ward_answered {
    struct ward_id id;
    char *answer; /* NULL: it is being carried out */
    bool told;    /* the answer is on the disk and was given */
};

struct ward_inbox {
    struct ward_jws_work *work;
    struct ward_store_counter counters[WARD_INBOX_COUNTERS_MAX];
    size_t counter_count;
    struct ward_answered answered[WARD_INBOX_COMMANDS_MAX];
    size_t answered_next, answered_restored;
    struct ward_receipts receipts;
    struct ward_told told;
    struct ward_flood flood;
};

int ward_inbox_init(struct ward_inbox *inbox);
void ward_inbox_done(struct ward_inbox *inbox);

/* Puts back a counter or an answered command that the store remembers; other changes are ignored. */
void ward_inbox_restore(struct ward_inbox *inbox, const struct ward_store_change *change);

/* A fresh file knows nothing of them: without the counters an old command would count again. */
void ward_inbox_submit_again(struct ward_gateway *gateway);

/* The command has come to this answer, which is being stored; then, that it was stored (failed: it was not). */
void ward_inbox_remember(struct ward_inbox *inbox, const struct ward_id *id, const char *answer);
void ward_inbox_told(struct ward_inbox *inbox, const char *id, bool failed);

/* Tells what was refused without a word, when it is time. Returns when to be called again, in boot-time microseconds. */
uint64_t ward_inbox_check(struct ward_gateway *gateway);
/* The answer that a command got, or NULL; good until another command is taken. */
const char *ward_inbox_answer(const struct ward_inbox *inbox, const char *id);

/* Something arrived from the broker. */
void ward_inbox_down(struct ward_gateway *gateway, const struct ward_spool_down *down);

/* A signed command that somebody brought by hand; the call gets the result. */
void ward_inbox_by_hand(struct ward_gateway *gateway, struct ward_bus_call *call, const char *jws);

#endif
