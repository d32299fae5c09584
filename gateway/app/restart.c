/* SPDX-License-Identifier: Apache-2.0 */
#include "app/restart.h"

#include "app/gateway.h"
#include "io/journal.h"

void ward_restart_order(struct ward_gateway *gateway, unsigned programs)
{
    struct ward_restart *restart = &gateway->restart;

    if (restart->programs == 0)
        restart->due_us = ward_gateway_now(gateway).boot_us + WARD_RESTART_PATIENCE_US;
    restart->programs |= programs;
}

/* An answer waits for its commit, or for the broker. */
static bool is_being_answered(const struct ward_gateway *gateway)
{
    for (const struct ward_commit_waiter *waiter = gateway->waiters; waiter; waiter = waiter->next)
        if (waiter->answer && !waiter->failed)
            return true;
    return !ward_outbox_results_told(&gateway->outbox);
}

uint64_t ward_restart_check(struct ward_gateway *gateway)
{
    struct ward_restart *restart = &gateway->restart;
    const unsigned programs = restart->programs;

    if (programs == 0)
        return UINT64_MAX;
    if (is_being_answered(gateway) && ward_gateway_now(gateway).boot_us < restart->due_us)
        return restart->due_us;
    restart->programs = 0;
    ward_journal_print(LOG_NOTICE, "Starting anew, as ordered");
    if ((programs & WARD_PROGRAM_UPLINK) && gateway->spool &&
        !ward_spool_task(gateway->spool, 0, WARD_LINK_TASK_RESTART))
        ward_journal_print(LOG_WARNING, "The uplink is not connected, and cannot be told to start anew");
    if (programs & WARD_PROGRAM_CORE)
        (void)sd_event_exit(gateway->event, 0);
    return UINT64_MAX;
}
