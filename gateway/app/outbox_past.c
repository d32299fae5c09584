/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of epochs that ended, as the store salvaged them. They go one message at a time and only while nothing of the
 * present epoch waits, under the epoch and the numbers that they had, so that a ward that has them keeps them once. The
 * store forgets what a receipt covers; what none covers goes again, later each time. While the disk is full it cannot forget,
 * and they wait: they would go again with each receipt.
 */
#include <stdio.h>
#include <string.h>

#include "app/gateway.h"
#include "app/outbox_private.h"
#include "io/journal.h"

/* While a file is being read there may soon be more. */
#define LOOK_AGAIN_US (5 * UINT64_C(1000000))

static uint64_t pause_us(uint32_t sent)
{
    uint64_t pause = WARD_DELIVERY_RESEND_US;

    for (uint32_t i = 1; i < sent && pause < WARD_DELIVERY_RESEND_MAX_US; i++)
        pause *= 2;
    return pause < WARD_DELIVERY_RESEND_MAX_US ? pause : WARD_DELIVERY_RESEND_MAX_US;
}

/* What the broker says late of an epoch before is not said of the next. */
static void forget_sent(struct ward_outbox *outbox)
{
    for (size_t i = 0; i < WARD_OUTBOX_SENT_MAX; i++)
        if (outbox->sent[i].past)
            outbox->sent[i].range.first = 0;
}

static void send(struct ward_outbox *outbox, const struct ward_outbox_batch *batch)
{
    struct ward_outbox_sent sent = {.past = true};

    if (strcmp(outbox->past.epoch.text, batch->epoch) != 0)
        forget_sent(outbox);
    if (ward_outbox_send_batch(outbox, batch, &sent)) {
        snprintf(outbox->past.epoch.text, sizeof(outbox->past.epoch.text), "%s", batch->epoch);
        ward_outbox_remember(outbox, &sent);
        outbox->past.sent++;
    }
}

static void fetched(void *context, int error, const struct ward_id *epoch, const struct ward_record *records,
                    size_t count)
{
    struct ward_outbox *outbox = context;
    struct ward_outbox_past *past = &outbox->past;
    const struct ward_store_records found = {.records = records, .count = count};
    const struct ward_outbox_batch batch = {
        .epoch = epoch->text, .message_class = WARD_MESSAGE_BACKLOG, .records = &found};
    const uint64_t now_us = ward_gateway_now(outbox->gateway).boot_us;

    past->asked = false;
    past->due_us = now_us + LOOK_AGAIN_US;
    if (error < 0) {
        ward_journal_print(LOG_WARNING, "What is left of an earlier database cannot be read now");
    } else if (count == 0) {
        past->nothing = !past->more && past->generation == outbox->link_generation;
    } else if (outbox->link_up) {
        send(outbox, &batch);
        past->due_us = now_us + pause_us(past->sent);
    }
    ward_gateway_settle(outbox->gateway);
}

static void ask(struct ward_outbox *outbox)
{
    struct ward_store *store = outbox->gateway->store;
    struct ward_outbox_past *past = &outbox->past;
    struct ward_store_counters counters;

    ward_store_counters(store, &counters);
    past->more = counters.salvaging;
    past->generation = outbox->link_generation;
    past->asked = ward_store_fetch_past(store, fetched, outbox) == 0;
}

void ward_outbox_pump_past(struct ward_outbox *outbox)
{
    struct ward_outbox_past *past = &outbox->past;
    const struct ward_delivery *delivery = &outbox->delivery;

    const uint64_t now_us = ward_gateway_now(outbox->gateway).boot_us;

    if (past->asked || past->nothing || now_us < past->due_us)
        return;
    past->due_us = now_us + LOOK_AGAIN_US;
    if (!outbox->gateway->restored)
        return; /* nor does the store know yet whether it will read anything */
    if (ward_delivery_undelivered(delivery) > 0 && delivery->in_flight_count == 0)
        return; /* the present epoch has something to send, and it goes first */
    if (outbox->gateway->technical.active[WARD_TECHNICAL_STORAGE_FULL])
        return;
    if (!ward_outbox_one_may_go(outbox->gateway->spool, WARD_MESSAGE_BACKLOG))
        return;
    ask(outbox);
}

/* While the store reads, and when there is nothing, no time is waited for: it would be a time that has gone by. */
uint64_t ward_outbox_past_due_us(const struct ward_outbox *outbox)
{
    const struct ward_outbox_past *past = &outbox->past;

    return past->asked || past->nothing ? UINT64_MAX : past->due_us;
}

void ward_outbox_past_confirmed(struct ward_outbox *outbox, const struct ward_seq_range *range)
{
    if (ward_store_past_delivered(outbox->gateway->store, &outbox->past.epoch, 0, range, 1) < 0)
        return; /* it goes again */
    outbox->past.sent = 0;
    outbox->past.due_us = 0;
}

void ward_outbox_past_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt)
{
    struct ward_seq_range ranges[WARD_DELIVERY_RANGES_MAX];
    size_t done = 0;

    if (outbox->past.nothing)
        return; /* of an epoch that we know nothing of, or have delivered */
    do {
        size_t count = 0;

        for (; count < WARD_DELIVERY_RANGES_MAX && done < receipt->range_count; count++, done++)
            ranges[count] = (struct ward_seq_range){receipt->ranges[done].first, receipt->ranges[done].last};
        if (ward_store_past_delivered(outbox->gateway->store, &receipt->epoch, receipt->through, ranges,
                                      count) < 0)
            return; /* it goes again, and so does its receipt */
    } while (done < receipt->range_count);
    outbox->past.sent = 0;
    outbox->past.due_us = 0;
}
