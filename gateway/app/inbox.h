/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: what the ward says. Nothing of it is believed, or even parsed, before its signature holds.
 *
 *   envelope ─▶ signature and role of the key ─▶ claims ─▶ for us? in time? new? ─▶ carried out ─▶ result
 *
 * Every refusal is answered on up/result and logged.
 */
#ifndef WARD_APP_INBOX_H
#define WARD_APP_INBOX_H

#include <stddef.h>
#include <stdint.h>

#include "core/jws.h"
#include "io/bus.h"
#include "io/spool.h"
#include "io/store_types.h"

#define WARD_INBOX_COUNTERS_MAX 32
#define WARD_INBOX_COMMANDS_MAX 64

struct ward_gateway;

/* An answered command, kept so that the same command gives the same answer and is not carried out twice. */
struct ward_answered {
    struct ward_id id;
    char *answer;
};

struct ward_inbox {
    struct ward_jws_work *work;
    struct ward_store_counter counters[WARD_INBOX_COUNTERS_MAX];
    size_t counter_count;
    struct ward_answered answered[WARD_INBOX_COMMANDS_MAX];
    size_t answered_next;
};

int ward_inbox_init(struct ward_inbox *inbox);
void ward_inbox_done(struct ward_inbox *inbox);

/* Puts back a counter or an answered command that the store remembers; other changes are ignored. */
void ward_inbox_restore(struct ward_inbox *inbox, const struct ward_store_change *change);

/* Something arrived from the broker. */
void ward_inbox_down(struct ward_gateway *gateway, const struct ward_spool_down *down);

/* A signed command that somebody brought by hand; the call gets the result. */
void ward_inbox_by_hand(struct ward_gateway *gateway, struct ward_bus_call *call, const char *jws);

/* A receipt whose signature holds. One of records that this database never had says that it was put back. */
void ward_inbox_receipt(struct ward_gateway *gateway, const struct ward_receipt *receipt);

#endif
