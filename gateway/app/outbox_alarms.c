/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarm events on their way, in the order in which they were told. One that finds all places taken is in the database
 * alone, and comes from there once half of the places are free again:
 *
 *   no place ─▶ missed ─▶ what was submitted is on the disk ─▶ the store reads what the ward does not have ─▶ queued
 *                  ▲                                              │ there is more than places, or it cannot be read
 *                  └──────────────────────────────────────────────┘
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/outbox_private.h"
#include "core/clinical.h"
#include "io/journal.h"

/*
 * For so long what follows an alarm event waits for the broker's answer to it: up/state and up/active tell of it too, and
 * on a board with one processor their signatures would be made before the uplink gets a turn to pass the alarm on.
 */
#define ALONE_US (100 * UINT64_C(1000))
#define PAUSE_US WARD_DELIVERY_RESEND_US
/* Events that are submitted together. */
#define TOGETHER 32

struct text {
    struct ward_id patient;
    bool of_itself; /* it tells that the ward does not confirm, or does again */
    int64_t at_ms;
    size_t length;
    char octets[];
};

static bool is_of_itself(const struct ward_store_event *event)
{
    char member[64];
    const int length = snprintf(member, sizeof(member), "\"condition\":\"%s\"",
                                ward_technical_name(WARD_TECHNICAL_HUB_NOT_CONFIRMING));

    return memmem(event->payload, event->payload_length, member, (size_t)length) != NULL;
}

/* Queues a copy. Returns whether it is queued, now or already. */
static bool take(struct ward_outbox *outbox, const struct ward_store_event *event)
{
    const uint64_t now_us = ward_gateway_now(outbox->gateway).boot_us;
    struct text *text;

    if (ward_alarm_queue_has(&outbox->alarms, event->key))
        return true;
    text = malloc(sizeof(*text) + event->payload_length);
    if (text) {
        text->patient = event->patient;
        text->of_itself = is_of_itself(event);
        text->at_ms = event->at_ms;
        text->length = event->payload_length;
        memcpy(text->octets, event->payload, event->payload_length);
    }
    if (text && ward_alarm_queue_push(&outbox->alarms, event->key, text, now_us))
        return true;
    free(text);
    return false;
}

static bool take_or_miss(struct ward_outbox *outbox, const struct ward_store_event *event)
{
    const bool taken = take(outbox, event);

    outbox->lost_alarms += !taken;
    outbox->missed.some |= !taken;
    return taken;
}

void ward_outbox_restore_alarms(struct ward_outbox *outbox, const struct ward_store_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->event_count; i++)
        (void)take_or_miss(outbox, &snapshot->events[i]);
}

void ward_outbox_alarm(struct ward_outbox *outbox, const struct ward_alarm_event *event, const char *json,
                       size_t length)
{
    const struct ward_store_event told = {.key = {event->id, event->n},
                                          .patient = event->patient,
                                          .at_ms = event->at.utc_ms,
                                          .payload = json,
                                          .payload_length = length};

    if (!take_or_miss(outbox, &told))
        ward_journal_print(LOG_CRIT,
                           "The alarm queue is full: %s waits in the database, and stays in up/active",
                           event->condition.text);
    ward_outbox_pump(outbox);
}

void ward_outbox_pump_alarms(struct ward_outbox *outbox)
{
    const uint64_t now_us = ward_gateway_now(outbox->gateway).boot_us;
    const struct ward_alarm_entry *entry;

    while ((entry = ward_alarm_queue_next(&outbox->alarms, now_us))) {
        const struct text *text = entry->payload;
        const struct ward_alarm_key key = entry->key;
        const struct ward_outgoing outgoing = {.topic = WARD_TOPIC_ALARMS,
                                               .message_class = WARD_MESSAGE_ALARM,
                                               .payload = text->octets,
                                               .length = text->length};
        uint64_t id;

        if (!ward_outbox_hand_over(outbox, &outgoing, &id)) {
            ward_alarm_queue_put_back(&outbox->alarms, key);
            return;
        }
        ward_outbox_remember(outbox, &(struct ward_outbox_sent){.id = id, .alarm = true, .key = key});
        outbox->alone_id = id;
        if (outbox->alone_until_us == 0)
            outbox->alone_until_us = now_us + ALONE_US;
    }
}

bool ward_outbox_alarm_undelivered(const struct ward_outbox *outbox, uint64_t now, uint64_t *ret_due_us)
{
    uint64_t oldest;

    if (!ward_alarm_queue_oldest_us(&outbox->alarms, &oldest))
        return false;
    if (now - oldest >= WARD_UNDELIVERED_US)
        return true;
    *ret_due_us = oldest + WARD_UNDELIVERED_US;
    return false;
}

bool ward_outbox_alarm_unconfirmed_us(const struct ward_outbox *outbox, uint64_t *ret_us)
{
    for (size_t i = 0; i < outbox->alarms.count; i++) {
        const struct ward_alarm_entry *entry = &outbox->alarms.entries[i];

        if (((const struct text *)entry->payload)->of_itself)
            continue;
        *ret_us = entry->queued_us;
        return true;
    }
    return false;
}

void ward_outbox_submit_again(struct ward_outbox *outbox)
{
    struct ward_store_event events[TOGETHER];
    struct ward_store_group group = {.urgent = true, .events = events};

    for (size_t i = 0; i < outbox->alarms.count; i++) {
        const struct ward_alarm_entry *entry = &outbox->alarms.entries[i];
        const struct text *text = entry->payload;

        events[group.event_count++] = (struct ward_store_event){.key = entry->key,
                                                                .patient = text->patient,
                                                                .at_ms = text->at_ms,
                                                                .payload = text->octets,
                                                                .payload_length = text->length};
        if (group.event_count < TOGETHER && i + 1 < outbox->alarms.count)
            continue;
        (void)ward_gateway_submit(outbox->gateway, &group, NULL);
        group.event_count = 0;
    }
}

/* --- what found no place ------------------------------------------------------------------------------------- */

static void try_later(struct ward_outbox *outbox)
{
    outbox->missed.some = true;
    outbox->missed.due_us = ward_gateway_now(outbox->gateway).boot_us + PAUSE_US;
}

static void missed_read(void *context, int error, const struct ward_store_event *events, size_t count)
{
    struct ward_outbox *outbox = context;
    size_t taken = 0;

    outbox->missed.asked = false;
    while (taken < count && take(outbox, &events[taken]))
        taken++;
    if (error < 0 || taken < count)
        try_later(outbox);
    else if (count == WARD_STORE_QUERY_MAX) /* there may be more */
        outbox->missed.some = true;
    ward_gateway_settle(outbox->gateway);
}

static void missed_are_stored(struct ward_gateway *gateway, bool failed)
{
    const struct ward_store_filter filter = {
        .since_ms = WARD_UTC_UNKNOWN, .undelivered = true, .limit = WARD_STORE_QUERY_MAX};

    if (!failed && ward_store_alarm_history(gateway->store, &filter, missed_read, &gateway->outbox) == 0)
        return;
    gateway->outbox.missed.asked = false;
    try_later(&gateway->outbox);
}

void ward_outbox_pump_missed(struct ward_outbox *outbox)
{
    struct ward_outbox_missed *missed = &outbox->missed;
    struct ward_commit_waiter *waiter;

    if (ward_gateway_now(outbox->gateway).boot_us < ward_outbox_missed_due_us(outbox))
        return;
    waiter = ward_commit_waiter_new(NULL, 0);
    if (!waiter) {
        try_later(outbox);
        return;
    }
    waiter->then = missed_are_stored;
    missed->some = false; /* until one more finds no place */
    missed->asked = true;
    missed->due_us = 0;
    (void)ward_gateway_submit(outbox->gateway, &(struct ward_store_group){.urgent = true}, waiter);
}

uint64_t ward_outbox_missed_due_us(const struct ward_outbox *outbox)
{
    const struct ward_outbox_missed *missed = &outbox->missed;
    const bool is_room = outbox->alarms.count <= WARD_OUTBOX_ALARMS_MAX / 2;

    return missed->some && !missed->asked && is_room ? missed->due_us : UINT64_MAX;
}
