/* SPDX-License-Identifier: Apache-2.0 */
#include "app/unassigned.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"

#define SETTING "unassigned"

bool ward_unassigned_waits(const struct ward_reading *reading)
{
    return reading->unassigned && (reading->reasons & WARD_REASON_NOT_CLINICAL) == 0;
}

struct ward_store_change ward_unassigned_count(struct ward_gateway *gateway, int by,
                                               struct ward_unassigned_text *text)
{
    if (by > 0 || gateway->unassigned.count > 0)
        gateway->unassigned.count = (uint64_t)((int64_t)gateway->unassigned.count + by);
    snprintf(text->text, sizeof(text->text), "%" PRIu64, gateway->unassigned.count);
    return (struct ward_store_change){.kind = WARD_STORE_SETTING, .name = {SETTING}, .document = text->text};
}

void ward_unassigned_tell(struct ward_gateway *gateway)
{
    ward_technical_set(gateway, WARD_TECHNICAL_READING_WITHOUT_PATIENT, gateway->unassigned.count > 0);
    ward_outbox_state_changed(&gateway->outbox);
}

void ward_unassigned_store(struct ward_gateway *gateway, const struct ward_arrival *arrival)
{
    struct ward_store_group group = ward_arrival_group(arrival, true);
    struct ward_unassigned_text text = {""};
    struct ward_store_change changes[2];

    group.change_count = 0;
    group.changes = changes;
    if (ward_unassigned_waits(&arrival->record.reading))
        changes[group.change_count++] = ward_unassigned_count(gateway, 1, &text);
    if (arrival->named)
        changes[group.change_count++] = arrival->known;
    if (ward_gateway_submit(gateway, &group, ward_commit_waiter_of(arrival)) < 0) {
        ward_talk_lost(gateway, &arrival->place);
        if (ward_unassigned_waits(&arrival->record.reading))
            (void)ward_unassigned_count(gateway, -1, &text);
    }
    ward_unassigned_tell(gateway);
}

void ward_unassigned_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    if (row->kind != WARD_STORE_SETTING || strcmp(row->name.text, SETTING) != 0)
        return;
    gateway->unassigned.count = strtoull(row->document, NULL, 10);
    gateway->technical.active[WARD_TECHNICAL_READING_WITHOUT_PATIENT] = gateway->unassigned.count > 0;
}

void ward_unassigned_undo(struct ward_gateway *gateway, int by)
{
    (void)ward_unassigned_count(gateway, -by, &(struct ward_unassigned_text){""});
    ward_unassigned_submit_again(gateway);
    ward_unassigned_tell(gateway);
}

void ward_unassigned_submit_again(struct ward_gateway *gateway)
{
    struct ward_unassigned_text text = {""};
    const struct ward_store_change change = ward_unassigned_count(gateway, 0, &text);
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    (void)ward_gateway_submit(gateway, &group, NULL);
}
