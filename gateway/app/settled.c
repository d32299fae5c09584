/* SPDX-License-Identifier: Apache-2.0 */
#include "app/settled.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX WARD_STORE_OF_RECORD

static const char *const names[] = {
    [WARD_FATE_NONE] = NULL, [WARD_FATE_VOIDED] = "voided", [WARD_FATE_ASSIGNED] = "assigned"};

static struct ward_settled_record *find(const struct ward_settled *settled, uint64_t seq)
{
    for (size_t i = 0; i < settled->count; i++)
        if (settled->list[i].seq == seq)
            return &settled->list[i];
    return NULL;
}

enum ward_fate ward_settled_fate(const struct ward_settled *settled, uint64_t seq)
{
    const struct ward_settled_record *record = find(settled, seq);

    return record ? record->fate : WARD_FATE_NONE;
}

static bool put(struct ward_settled *settled, uint64_t seq, enum ward_fate fate)
{
    struct ward_settled_record *place = find(settled, seq);

    if (!place) {
        struct ward_settled_record *list = reallocarray(settled->list, settled->count + 1, sizeof(*list));

        if (!list)
            return false;
        settled->list = list;
        place = &list[settled->count++];
    }
    *place = (struct ward_settled_record){seq, fate};
    return true;
}

bool ward_settled_set(struct ward_settled *settled, uint64_t seq, enum ward_fate fate,
                      struct ward_store_change *ret)
{
    if (!put(settled, seq, fate))
        return false;
    *ret = (struct ward_store_change){.kind = WARD_STORE_SETTING, .document = names[fate]};
    snprintf(ret->name.text, sizeof(ret->name.text), PREFIX "%" PRIu64, seq);
    return true;
}

void ward_settled_restore(struct ward_settled *settled, const struct ward_store_change *row)
{
    if (row->kind != WARD_STORE_SETTING || strncmp(row->name.text, PREFIX, strlen(PREFIX)) != 0)
        return;
    for (unsigned fate = WARD_FATE_VOIDED; fate <= WARD_FATE_ASSIGNED; fate++)
        if (strcmp(row->document, names[fate]) == 0)
            (void)put(settled, strtoull(row->name.text + strlen(PREFIX), NULL, 10), (enum ward_fate)fate);
}

void ward_settled_forget(struct ward_settled *settled)
{
    free(settled->list);
    *settled = (struct ward_settled){0};
}
