/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hub that lost data asks for it again. Records: what of the range is here goes again, and the answer names what is
 * not here any more, so that the hub knows a gap that nobody can fill. Alarm events: those that are still here.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"

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

static void replay_records(struct ward_awaiting *awaiting, uint64_t first_here)
{
    struct ward_execution *execution = &awaiting->execution;
    const struct ward_seq_range range = {first_here, awaiting->range.last};
    struct ward_outbox_again_text text;
    struct ward_store_change change;
    char reason[96] = "";

    if (!ward_outbox_again_records(&execution->gateway->outbox, range, &text, &change)) {
        ward_execution_refuse(execution, "Too many ranges are asked for already. Ask again later.");
        return;
    }
    if (first_here > awaiting->range.first) {
        execution->missing = (struct ward_seq_range){awaiting->range.first, first_here - 1};
        snprintf(reason, sizeof(reason), "Records %" PRIu64 " to %" PRIu64 " are not here any more.",
                 execution->missing.first, execution->missing.last);
    }
    ward_execution_change(execution, &change);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, reason);
    ward_execution_submit(execution);
}

static void come(struct ward_awaiting *awaiting, const struct ward_record *records, size_t count)
{
    if (count > 0) {
        replay_records(awaiting, records[0].reading.seq);
        return;
    }
    awaiting->execution.missing = awaiting->range;
    ward_execution_refuse(&awaiting->execution, "None of these records is here any more.");
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
    struct ward_awaiting *awaiting = ward_awaiting_new(gateway, order);
    const char *refusal;

    if (!awaiting)
        return;
    if (order->command.replay.first == 0) {
        replay_alarms(&awaiting->execution);
    } else if ((refusal = why_not(gateway, &order->command, &awaiting->range))) {
        ward_execution_refuse(&awaiting->execution, refusal);
    } else {
        awaiting->come = come;
        ward_awaiting_fetch(awaiting);
        return;
    }
    ward_awaiting_free(awaiting);
}
