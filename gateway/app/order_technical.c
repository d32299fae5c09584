/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a technician orders of the gateway itself.
 *
 *   identify   the light flashes, at once and for a bounded time; never while an alarm has the light
 *   restart    core, uplink or both; answered before it happens (restart.h)
 *   rotate     the uplink makes itself a new key (rotation.h)
 */
#include <stdlib.h>

#include "app/gateway.h"
#include "app/order_private.h"

static void identify(struct ward_execution *execution)
{
    struct ward_annunciator *annunciator = execution->gateway->annunciator;

    if (ward_annunciator_identify(annunciator, execution->order->command.seconds))
        ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    else
        ward_execution_conclude(execution, WARD_OUTCOME_FAILED,
                                ward_annunciator_check(annunciator).light
                                    ? "An alarm is shown: the light is not free."
                                    : "There is no light that works.");
    ward_execution_submit(execution);
}

static void restart(struct ward_execution *execution)
{
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    ward_execution_submit(execution);
    ward_restart_order(execution->gateway, execution->order->command.programs);
}

static void rotate(struct ward_execution *execution)
{
    const char *failure = ward_rotation_begin(execution->gateway, execution->order);

    if (failure)
        ward_execution_fail(execution, failure);
    else
        ward_execution_promise(execution,
                               "The gateway was started anew meanwhile: what came of it is not known.");
}

void ward_order_technical(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_execution *execution = ward_execution_new(gateway, order);

    if (!execution)
        return;
    if (order->command.kind == WARD_COMMAND_IDENTIFY)
        identify(execution);
    else if (order->command.kind == WARD_COMMAND_RESTART)
        restart(execution);
    else
        rotate(execution);
    free(execution);
}
