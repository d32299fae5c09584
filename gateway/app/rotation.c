/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rotation.h"

#include <stdlib.h>

#include "app/gateway.h"
#include "app/order_private.h"

const char *ward_rotation_begin(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_rotation *rotation = &gateway->rotation;

    if (rotation->id != 0)
        return "The uplink is making a new key already.";
    if (!gateway->spool || !ward_spool_task(gateway->spool, rotation->last_id + 1, WARD_LINK_TASK_ROTATE))
        return "The uplink is not there.";
    rotation->id = ++rotation->last_id;
    rotation->due_us = ward_gateway_now(gateway).boot_us + WARD_ROTATION_PATIENCE_US;
    rotation->order = *order;
    return NULL;
}

static void conclude(struct ward_gateway *gateway, enum ward_outcome outcome, const char *text)
{
    struct ward_rotation *rotation = &gateway->rotation;
    struct ward_execution *execution = ward_execution_new(gateway, &rotation->order);

    rotation->id = 0;
    if (!execution)
        return;
    ward_execution_conclude(execution, outcome, text);
    ward_execution_submit(execution);
    free(execution);
}

void ward_rotation_outcome(struct ward_gateway *gateway, uint64_t id, bool done, const char *text)
{
    if (id == 0 || id != gateway->rotation.id)
        return;
    conclude(gateway, done ? WARD_OUTCOME_DONE : WARD_OUTCOME_FAILED,
             done || text[0] ? text : "The uplink has a new key, or not: it did not say.");
}

uint64_t ward_rotation_check(struct ward_gateway *gateway)
{
    const struct ward_rotation *rotation = &gateway->rotation;

    if (rotation->id == 0)
        return UINT64_MAX;
    if (ward_gateway_now(gateway).boot_us < rotation->due_us)
        return rotation->due_us;
    conclude(gateway, WARD_OUTCOME_FAILED, "The uplink did not say what came of it.");
    return UINT64_MAX;
}

void ward_rotation_done(struct ward_gateway *gateway)
{
    struct ward_rotation *rotation = &gateway->rotation;

    if (rotation->id != 0 && rotation->order.call)
        ward_bus_reply_error(rotation->order.call, WARD_BUS_FAILED,
                             "The core ends before the uplink has said.");
    rotation->id = 0;
}
