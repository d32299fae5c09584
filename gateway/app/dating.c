/* SPDX-License-Identifier: Apache-2.0 */
#include "app/dating.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "core/reading.h"

#define FROM_SETTING  "undated-from" /* BOOT SEQ */
#define BOOTS_SETTING "dated-boots"  /* BOOT OFFSET BOOT OFFSET … */

static void keep_from(struct ward_gateway *gateway)
{
    char text[WARD_ID_MAX + 24];
    const struct ward_store_change change = {
        .kind = WARD_STORE_SETTING, .name = {FROM_SETTING}, .document = text};
    struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};

    snprintf(text, sizeof(text), "%s %" PRIu64, gateway->boot.text, gateway->dating.from);
    (void)ward_gateway_submit(gateway, &group, NULL);
}

void ward_dating_begin(struct ward_gateway *gateway)
{
    if (gateway->dating.from > 0)
        return;
    gateway->dating.from = gateway->head_seq + 1;
    keep_from(gateway);
}

void ward_dating_sent(struct ward_gateway *gateway, uint64_t seq)
{
    struct ward_dating *dating = &gateway->dating;

    if (dating->from > 0 && seq >= dating->from && seq > dating->sent)
        dating->sent = seq;
}

static void add(struct ward_dating *dating, const struct ward_dated_boot *boot)
{
    if (dating->count == WARD_DATED_BOOTS_MAX)
        memmove(dating->boots, dating->boots + 1, --dating->count * sizeof(dating->boots[0]));
    dating->boots[dating->count++] = *boot;
}

struct ward_store_change ward_dating_known(struct ward_gateway *gateway, const struct ward_record *clock,
                                           struct ward_dating_text *text, struct ward_seq_range *ret_range)
{
    struct ward_dating *dating = &gateway->dating;
    size_t used = 0;

    add(dating, &(struct ward_dated_boot){clock->reading.boot, clock->note.offset_ms});
    text->boots[0] = '\0';
    for (size_t i = 0; i < dating->count; i++)
        used += (size_t)snprintf(text->boots + used, sizeof(text->boots) - used, "%s%s %" PRId64,
                                 i ? " " : "", dating->boots[i].boot.text, dating->boots[i].offset_ms);
    *ret_range = (struct ward_seq_range){0, 0};
    if (dating->sent > 0)
        *ret_range = (struct ward_seq_range){dating->from, dating->sent};
    dating->from = dating->sent = 0;
    return (struct ward_store_change){
        .kind = WARD_STORE_SETTING, .name = {BOOTS_SETTING}, .document = text->boots};
}

bool ward_dating_offset(const struct ward_dating *dating, const char *boot, int64_t *ret_offset_ms)
{
    for (size_t i = dating->count; i > 0; i--) {
        if (strcmp(dating->boots[i - 1].boot.text, boot) != 0)
            continue;
        *ret_offset_ms = dating->boots[i - 1].offset_ms;
        return true;
    }
    return false;
}

/* Reads "BOOT NUMBER". Returns what follows, NULL when it is something else. */
static const char *read_boot(const char *text, struct ward_id *ret_boot, int64_t *ret_number)
{
    const size_t length = strcspn(text, " ");
    char id[WARD_ID_MAX + 1] = "", *end;

    if (length > WARD_ID_MAX || text[length] != ' ')
        return NULL;
    memcpy(id, text, length);
    *ret_number = strtoll(text + length + 1, &end, 10);
    return end != text + length + 1 && ward_id_set(ret_boot, id) ? end : NULL;
}

/* What went up of it before a restart is not known: all that there is then may have. */
static void restore_from(struct ward_gateway *gateway, const char *text)
{
    struct ward_id boot;
    int64_t from;

    if (!read_boot(text, &boot, &from) || strcmp(boot.text, gateway->boot.text) != 0 ||
        ward_dating_offset(&gateway->dating, boot.text, &(int64_t){0}))
        return; /* of a boot that ended undated nothing will ever be known; this one is dated */
    gateway->dating.from = (uint64_t)from;
    gateway->dating.sent = gateway->head_seq >= gateway->dating.from ? gateway->head_seq : 0;
}

void ward_dating_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    struct ward_dated_boot boot;
    const char *text = row->document;

    if (row->kind != WARD_STORE_SETTING)
        return;
    if (strcmp(row->name.text, FROM_SETTING) == 0)
        restore_from(gateway, text);
    if (strcmp(row->name.text, BOOTS_SETTING) != 0)
        return;
    while ((text = read_boot(text, &boot.boot, &boot.offset_ms)) != NULL) {
        add(&gateway->dating, &boot);
        text += *text == ' ';
    }
}

void ward_dating_new_epoch(struct ward_gateway *gateway)
{
    if (gateway->dating.from == 0)
        return;
    gateway->dating.from = 1;
    gateway->dating.sent = 0;
    keep_from(gateway);
}
