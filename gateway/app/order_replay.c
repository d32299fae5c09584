/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hub that lost data asks for it again. Records: what of the range is here goes again, and the answer names what is
 * not here any more, so that the hub knows a gap that nobody can fill. Alarm events: those that are still here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"

/* A replay of records that waits to learn which of them are here. */
struct waiting {
    struct ward_gateway *gateway;
    struct ward_order order;
    struct ward_execution execution;
    struct ward_seq_range range;
};

static void replay_alarms(struct ward_execution *execution)
{
    struct ward_outbox_again_text text;
    struct ward_store_change change;

    ward_outbox_again_alarms(&execution->gateway->outbox, execution->order->command.replay.alarms_since_ms,
                             &text, &change);
    ward_execution_change(execution, &change);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    ward_execution_submit(execution);
}

static void replay_records(struct waiting *waiting, uint64_t first_here)
{
    struct ward_execution *execution = &waiting->execution;
    const struct ward_seq_range range = {first_here, waiting->range.last};
    struct ward_outbox_again_text text;
    struct ward_store_change change;
    char reason[96] = "";

    if (!ward_outbox_again_records(&execution->gateway->outbox, range, &text, &change)) {
        ward_execution_refuse(execution, "Too many ranges are asked for already. Ask again later.");
        return;
    }
    if (first_here > waiting->range.first) {
        execution->missing = (struct ward_seq_range){waiting->range.first, first_here - 1};
        snprintf(reason, sizeof(reason), "Records %" PRIu64 " to %" PRIu64 " are not here any more.",
                 execution->missing.first, execution->missing.last);
    }
    ward_execution_change(execution, &change);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, reason);
    ward_execution_submit(execution);
}

static void fetched(void *context, int error, const struct ward_record *records, size_t count)
{
    struct waiting *waiting = context;
    struct ward_execution *execution = &waiting->execution;

    if (error < 0) {
        ward_execution_conclude(execution, WARD_OUTCOME_FAILED, "The database cannot be read now.");
        ward_execution_submit(execution);
    } else if (count == 0) {
        execution->missing = waiting->range;
        ward_execution_refuse(execution, "None of these records is here any more.");
    } else {
        replay_records(waiting, records[0].reading.seq);
    }
    ward_gateway_settle(waiting->gateway);
    free(waiting);
}

/* Returns why records cannot be asked for; NULL: they can, and ret is what of the range there can be. */
static const char *why_not(const struct ward_gateway *gateway, const struct ward_command *command,
                           struct ward_seq_range *ret)
{
    if (strcmp(command->replay.epoch.text, gateway->epoch.text) != 0)
        return "The records are not of this database: their epoch is another.";
    if (command->replay.first > gateway->head_seq)
        return "There are no such records here yet.";
    *ret = (struct ward_seq_range){command->replay.first, command->replay.last};
    if (ret->last > gateway->head_seq)
        ret->last = gateway->head_seq;
    return NULL;
}

void ward_order_replay(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct waiting *waiting = malloc(sizeof(*waiting));
    const char *refusal;

    if (!waiting) {
        if (order->call)
            ward_bus_reply_error(order->call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    waiting->gateway = gateway;
    waiting->order = *order;
    ward_execution_begin(&waiting->execution, gateway, &waiting->order);
    if (order->command.replay.first == 0) {
        replay_alarms(&waiting->execution);
    } else if ((refusal = why_not(gateway, &order->command, &waiting->range))) {
        ward_execution_refuse(&waiting->execution, refusal);
    } else if (ward_store_fetch(gateway->store, waiting->range, fetched, waiting) < 0) {
        ward_execution_conclude(&waiting->execution, WARD_OUTCOME_FAILED,
                                "The database has too much to do. Try again.");
        ward_execution_submit(&waiting->execution);
    } else {
        return;
    }
    free(waiting);
}
