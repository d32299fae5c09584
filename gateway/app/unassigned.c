/* SPDX-License-Identifier: Apache-2.0 */
#include "app/unassigned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"

#define SETTING "unassigned"

struct count_text {
    char text[24];
};

/* The change that keeps the count; text must live as long as it. */
static struct ward_store_change count_change(const struct ward_gateway *gateway, struct count_text *text)
{
    snprintf(text->text, sizeof(text->text), "%" PRIu64, gateway->unassigned.count);
    return (struct ward_store_change){.kind = WARD_STORE_SETTING, .name = {SETTING}, .document = text->text};
}

void ward_unassigned_store(struct ward_gateway *gateway, const struct ward_arrival *arrival)
{
    struct ward_store_group group = ward_arrival_group(arrival, true);
    struct ward_store_change changes[2];
    struct count_text text = {""};

    gateway->unassigned.count++;
    changes[0] = count_change(gateway, &text);
    changes[1] = arrival->known;
    group.changes = changes;
    group.change_count = arrival->named ? 2 : 1;
    (void)ward_gateway_submit(gateway, &group, ward_commit_waiter_of(arrival));
    ward_technical_set(gateway, WARD_TECHNICAL_READING_WITHOUT_PATIENT, true);
    ward_outbox_state_changed(&gateway->outbox);
}

void ward_unassigned_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    if (row->kind != WARD_STORE_SETTING || strcmp(row->name.text, SETTING) != 0)
        return;
    gateway->unassigned.count = strtoull(row->document, NULL, 10);
    gateway->technical.active[WARD_TECHNICAL_READING_WITHOUT_PATIENT] = gateway->unassigned.count > 0;
}

void ward_unassigned_submit_again(struct ward_gateway *gateway)
{
    struct count_text text = {""};
    const struct ward_store_change change = count_change(gateway, &text);
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    (void)ward_gateway_submit(gateway, &group, NULL);
}
