/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hub that lost data asks for a range of records, or for alarm events since a time. They go as they went the first
 * time, behind everything else and one message at a time; that they arrived is the hub's to see, and to ask once more.
 * What is still to go is kept with the database, so that a restart forgets nothing of it.
 *
 *   pump ─▶ asked (the store reads) ─▶ on its way ─▶ acknowledged: the next, when a receipt names it, or after a while
 *                  │ nothing is left of it: the next        └ refused: the same, after a pause
 *   the link comes up or goes away: the same, from what was acknowledged last
 *
 * Without that wait, what is live would stand behind all of it in the line of a hub that is slower than its broker.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/outbox_private.h"
#include "io/journal.h"

#define RECORDS_SETTING "again-records" /* EPOCH FIRST-LAST... */
#define ALARMS_SETTING  "again-alarms"  /* milliseconds of UTC */
#define PAUSE_US        WARD_DELIVERY_RESEND_US
#define UNCONFIRMED_US  (2 * UINT64_C(1000000))

static struct ward_store_change setting(const char *name, const char *text)
{
    struct ward_store_change change = {.kind = WARD_STORE_SETTING, .document = text};

    snprintf(change.name.text, sizeof(change.name.text), "%s", name);
    return change;
}

static struct ward_store_change records_setting(const struct ward_outbox *outbox,
                                                struct ward_outbox_again_text *ret_text)
{
    const struct ward_outbox_again *again = &outbox->again;
    int used = snprintf(ret_text->text, sizeof(ret_text->text), "%s", outbox->gateway->epoch.text);

    for (size_t i = 0; i < again->record_count; i++)
        used += snprintf(ret_text->text + used, sizeof(ret_text->text) - (size_t)used,
                         " %" PRIu64 "-%" PRIu64, again->records[i].first, again->records[i].last);
    return setting(RECORDS_SETTING, again->record_count ? ret_text->text : NULL);
}

bool ward_outbox_again_records(struct ward_outbox *outbox, struct ward_seq_range range,
                               struct ward_outbox_again_text *ret_text, struct ward_store_change *ret)
{
    struct ward_outbox_again *again = &outbox->again;

    if (again->record_count == WARD_OUTBOX_AGAIN_MAX)
        return false;
    again->records[again->record_count++] = range;
    *ret = records_setting(outbox, ret_text);
    return true;
}

void ward_outbox_again_alarms(struct ward_outbox *outbox, int64_t since_ms,
                              struct ward_outbox_again_text *ret_text, struct ward_store_change *ret)
{
    struct ward_outbox_again *again = &outbox->again;

    again->alarms_ms = again->alarms && again->alarms_ms < since_ms ? again->alarms_ms : since_ms;
    again->alarms_after = 0;
    again->alarms = true;
    /* What is being read, or on its way, counts for the order before this one. */
    again->generation = outbox->link_generation - 1;
    again->id = again->is_event ? 0 : again->id;
    snprintf(ret_text->text, sizeof(ret_text->text), "%" PRId64, again->alarms_ms);
    *ret = setting(ALARMS_SETTING, ret_text->text);
}

/* Reads " FIRST-LAST". Returns what follows; NULL: there is none. */
static const char *read_range(const char *text, struct ward_seq_range *ret)
{
    char *end;

    ret->first = strtoull(text, &end, 10);
    if (end == text || *end != '-')
        return NULL;
    text = end + 1;
    ret->last = strtoull(text, &end, 10);
    return end != text && ret->first > 0 && ret->first <= ret->last ? end : NULL;
}

/* Of another epoch there is nothing to send: its records went, or go, as what an earlier database owes the ward. */
static void restore_records(struct ward_outbox *outbox, const char *text)
{
    const char *epoch = outbox->gateway->epoch.text;
    struct ward_outbox_again *again = &outbox->again;
    struct ward_seq_range range;

    if (strncmp(text, epoch, strlen(epoch)) != 0)
        return;
    text += strlen(epoch);
    while (again->record_count < WARD_OUTBOX_AGAIN_MAX && (text = read_range(text, &range)))
        again->records[again->record_count++] = range;
}

void ward_outbox_again_restore(struct ward_outbox *outbox, const struct ward_store_change *row)
{
    if (row->kind != WARD_STORE_SETTING)
        return;
    if (strcmp(row->name.text, RECORDS_SETTING) == 0) {
        restore_records(outbox, row->document);
    } else if (strcmp(row->name.text, ALARMS_SETTING) == 0) {
        outbox->again.alarms_ms = strtoll(row->document, NULL, 10);
        outbox->again.alarms = true;
    }
}

/* --- what is done -------------------------------------------------------------------------------------------- */

static void keep(struct ward_outbox *outbox, const struct ward_store_change *change)
{
    struct ward_store_group group = {.urgent = true, .changes = change, .change_count = 1};

    (void)ward_gateway_submit(outbox->gateway, &group, NULL);
}

/* Records up to that one went. A range that went whole is forgotten; a part of one goes again after a restart. */
static void records_went(struct ward_outbox *outbox, uint64_t last)
{
    struct ward_outbox_again *again = &outbox->again;
    struct ward_outbox_again_text text;
    struct ward_store_change change;

    again->records[0].first = last + 1;
    if (again->records[0].first <= again->records[0].last)
        return;
    again->record_count--;
    memmove(again->records, again->records + 1, again->record_count * sizeof(again->records[0]));
    change = records_setting(outbox, &text);
    keep(outbox, &change);
}

static void alarms_went(struct ward_outbox *outbox)
{
    const struct ward_store_change change = setting(ALARMS_SETTING, NULL);

    outbox->again.alarms = false;
    keep(outbox, &change);
}

bool ward_outbox_again_answered(struct ward_outbox *outbox, uint64_t id, bool good)
{
    struct ward_outbox_again *again = &outbox->again;

    if (again->id == 0 || again->id != id)
        return false;
    again->id = 0;
    again->due_us = ward_gateway_now(outbox->gateway).boot_us + (good ? UNCONFIRMED_US : PAUSE_US);
    if (!good)
        return true;
    if (!again->is_event)
        records_went(outbox, again->sent_last);
    else
        again->alarms_after = again->sent_last;
    return true;
}

static bool names(const struct ward_receipt *receipt, const struct ward_alarm_key *key)
{
    for (size_t i = 0; i < receipt->alarm_count; i++)
        if (receipt->alarms[i].n == key->n && memcmp(&receipt->alarms[i].id, &key->id, sizeof(key->id)) == 0)
            return true;
    return false;
}

void ward_outbox_again_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt)
{
    struct ward_outbox_again *again = &outbox->again;

    if (again->is_event ? names(receipt, &again->sent_key) : ward_receipt_covers(receipt, again->sent_last))
        again->due_us = 0;
}

void ward_outbox_again_reset(struct ward_outbox *outbox)
{
    outbox->again.id = 0;
    outbox->again.due_us = 0;
}

/* --- what goes ----------------------------------------------------------------------------------------------- */

static void try_later(struct ward_outbox *outbox)
{
    ward_journal_print(LOG_WARNING, "What the ward asked for again cannot be read now");
    outbox->again.due_us = ward_gateway_now(outbox->gateway).boot_us + PAUSE_US;
}

/* What was read does not go, for want of memory, say: the store would be asked again at once. */
static void pause_sending(struct ward_outbox *outbox)
{
    outbox->again.due_us = ward_gateway_now(outbox->gateway).boot_us + WARD_OUTBOX_RETRY_US;
}

static void send_records(struct ward_outbox *outbox, const struct ward_store_records *found)
{
    const struct ward_outbox_batch batch = ward_outbox_batch_of(outbox, WARD_MESSAGE_BACKLOG, found);
    struct ward_outbox_sent sent;

    if (ward_outbox_send_batch(outbox, &batch, &sent)) {
        outbox->again.id = sent.id;
        outbox->again.is_event = false;
        outbox->again.sent_last = sent.range.last;
    } else {
        pause_sending(outbox);
    }
}

static void records_read(void *context, int error, const struct ward_store_records *found)
{
    struct ward_outbox *outbox = context;
    struct ward_outbox_again *again = &outbox->again;

    again->asked = false;
    if (error < 0)
        try_later(outbox);
    else if (again->generation == outbox->link_generation && found->count > 0)
        send_records(outbox, found);
    else if (again->generation == outbox->link_generation)
        records_went(outbox, again->records[0].last); /* they made room meanwhile */
    ward_gateway_settle(outbox->gateway);
}

static void events_read(void *context, int error, const struct ward_store_event *events, size_t count)
{
    struct ward_outbox *outbox = context;
    const struct ward_outgoing outgoing = {.topic = WARD_TOPIC_ALARMS,
                                           .message_class = WARD_MESSAGE_BACKLOG,
                                           .payload = count ? events[0].payload : NULL,
                                           .length = count ? events[0].payload_length : 0};
    const bool is_wanted = outbox->again.generation == outbox->link_generation;

    outbox->again.asked = false;
    if (error < 0)
        try_later(outbox);
    else if (is_wanted && count == 0)
        alarms_went(outbox);
    else if (is_wanted && ward_outbox_hand_over(outbox, &outgoing, &outbox->again.id)) {
        outbox->again.is_event = true;
        outbox->again.sent_key = events[0].key;
        outbox->again.sent_last = events[0].position;
    } else if (is_wanted) {
        pause_sending(outbox);
    }
    ward_gateway_settle(outbox->gateway);
}

/* There is something, and nothing of it is under way. */
static bool waits(const struct ward_outbox_again *again)
{
    return (again->record_count > 0 || again->alarms) && !again->asked && again->id == 0;
}

void ward_outbox_pump_again(struct ward_outbox *outbox)
{
    struct ward_outbox_again *again = &outbox->again;
    struct ward_store *store = outbox->gateway->store;
    const struct ward_store_filter filter = {
        .since_ms = again->alarms_ms, .published = true, .after = again->alarms_after, .limit = 1};
    const uint64_t now_us = ward_gateway_now(outbox->gateway).boot_us;

    if (!waits(again) || now_us < again->due_us)
        return;
    again->due_us = 0;
    if (again->record_count > 0 && !ward_delivery_may_go(&outbox->delivery, now_us))
        return; /* the receipt, or the next file, begins another turn */
    if (!ward_outbox_one_may_go(outbox->gateway->spool, WARD_MESSAGE_BACKLOG))
        return;
    again->generation = outbox->link_generation;
    if (again->record_count > 0)
        again->asked = ward_outbox_fetch(outbox, again->records[0], records_read, outbox) == 0;
    else
        again->asked = ward_store_alarm_history(store, &filter, events_read, outbox) == 0;
    if (!again->asked)
        try_later(outbox);
}

uint64_t ward_outbox_again_due_us(const struct ward_outbox *outbox)
{
    return waits(&outbox->again) && outbox->again.due_us ? outbox->again.due_us : UINT64_MAX;
}
