/* SPDX-License-Identifier: Apache-2.0 */
/* Orders that need what is in the store: the loop does not wait for it. */
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"

struct ward_awaiting *ward_awaiting_new(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_awaiting *awaiting = malloc(sizeof(*awaiting));

    if (!awaiting) {
        if (order->call)
            ward_bus_reply_error(order->call, WARD_BUS_FAILED, "Out of memory.");
        return NULL;
    }
    awaiting->gateway = gateway;
    awaiting->order = *order;
    ward_execution_begin(&awaiting->execution, gateway, &awaiting->order);
    return awaiting;
}

struct ward_awaiting *ward_awaiting_free(struct ward_awaiting *awaiting)
{
    free(awaiting);
    return NULL;
}

static void fetched(void *context, int error, const struct ward_record *records, size_t count)
{
    struct ward_awaiting *awaiting = context;

    if (error < 0)
        ward_execution_fail(&awaiting->execution, "The database cannot be read now.");
    else if (strcmp(awaiting->epoch.text, awaiting->gateway->epoch.text) != 0)
        ward_execution_fail(&awaiting->execution, WARD_TEXT_REPLACED_MEANWHILE);
    else
        awaiting->come(awaiting, records, count);
    ward_gateway_settle(awaiting->gateway);
    ward_awaiting_free(awaiting);
}

void ward_awaiting_fetch(struct ward_awaiting *awaiting)
{
    awaiting->epoch = awaiting->gateway->epoch;
    if (ward_store_fetch(awaiting->gateway->store, awaiting->range, fetched, awaiting) == 0)
        return;
    ward_execution_fail(&awaiting->execution, "The database has too much to do. Try again.");
    ward_awaiting_free(awaiting);
}
