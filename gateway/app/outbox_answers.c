/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes back: the hub's receipts and the broker's answers.
 *
 *                         confirm = receipt                      confirm = broker
 *   receipt               delivers what it covers                the same
 *   acknowledged          says only that the broker has it       delivers it
 *   refused, given up     again after a pause                    the same
 *
 * That a broker acknowledges what nobody has subscribed to (MQTT 5 §3.4.2.1, reason 0x10) cannot be seen: Paho 1.3.12 hands
 * it on as 0. It is one more reason why delivery is unproven there.
 */
#include <stdlib.h>

#include "app/gateway.h"
#include "app/outbox_private.h"
#include "io/journal.h"

/* MQTT 5 §2.4: reason codes from here on are failures. */
#define REASON_FAILURE 0x80

static enum ward_receipt_outcome records_delivered(struct ward_outbox *outbox, uint64_t through,
                                                   const struct ward_seq_range *ranges, size_t count)
{
    const struct ward_delivery *delivery = &outbox->delivery;
    const enum ward_receipt_outcome outcome = ward_delivery_receipt(
        &outbox->delivery, ward_gateway_now(outbox->gateway).boot_us, through, ranges, count);

    if (outcome == WARD_RECEIPT_NEWS)
        (void)ward_store_mark_records(outbox->gateway->store, delivery->through, delivery->ranges,
                                      delivery->range_count);
    return outcome;
}

static void alarm_delivered(struct ward_outbox *outbox, struct ward_alarm_key key)
{
    void *payload = ward_alarm_queue_receipt(&outbox->alarms, key);

    if (payload || outbox->missed.some ||
        outbox->missed.asked) /* it may have gone as one that was asked for again */
        (void)ward_store_mark_alarm(outbox->gateway->store, key);
    free(payload);
}

/* --- receipts ------------------------------------------------------------------------------------------------ */

enum ward_receipt_outcome ward_outbox_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt)
{
    struct ward_seq_range ranges[WARD_RECEIPT_RANGES_MAX];

    for (size_t i = 0; i < receipt->range_count; i++)
        ranges[i] = (struct ward_seq_range){receipt->ranges[i].first, receipt->ranges[i].last};
    if (!outbox->again.is_event)
        ward_outbox_again_receipt(outbox, receipt);
    return records_delivered(outbox, receipt->through, ranges, receipt->range_count);
}

void ward_outbox_alarm_receipt(struct ward_outbox *outbox, const struct ward_receipt *receipt)
{
    if (outbox->again.is_event)
        ward_outbox_again_receipt(outbox, receipt);
    for (size_t i = 0; i < receipt->alarm_count; i++)
        alarm_delivered(outbox, (struct ward_alarm_key){receipt->alarms[i].id, receipt->alarms[i].n});
}

/* --- the broker ---------------------------------------------------------------------------------------------- */

static void acknowledged(struct ward_outbox *outbox, const struct ward_outbox_sent *sent)
{
    if (outbox->gateway->config.hub.confirm != WARD_CONFIRM_BROKER)
        return;
    if (sent->alarm)
        alarm_delivered(outbox, sent->key);
    else if (sent->range.first && sent->past)
        ward_outbox_past_confirmed(outbox, &sent->range);
    else if (sent->range.first)
        (void)records_delivered(outbox, outbox->delivery.through, &sent->range, 1);
}

static void refused(struct ward_outbox *outbox, const struct ward_outbox_sent *sent)
{
    const uint64_t now_us = ward_gateway_now(outbox->gateway).boot_us;

    if (sent->alarm)
        ward_alarm_queue_refused(&outbox->alarms, sent->key, now_us);
    else if (sent->range.first && !sent->past)
        ward_delivery_refused(&outbox->delivery, sent->range.first, now_us);
}

void ward_outbox_broker_answered(struct ward_outbox *outbox, uint64_t id, uint8_t reason)
{
    if (reason >= REASON_FAILURE && reason != WARD_LINK_RESULT_GIVEN_UP) /* of that it has not heard */
        ward_journal_print(LOG_WARNING, "The broker refused a message with reason code 0x%02x", reason);
    if (id == outbox->alone_id)
        outbox->alone_until_us = outbox->alone_id = 0;
    if (ward_outbox_again_answered(outbox, id, reason < REASON_FAILURE) ||
        ward_diagnostics_answered(outbox->gateway, id) ||
        ward_departures_answered(outbox->gateway, id, reason < REASON_FAILURE))
        return;
    for (size_t i = 0; i < WARD_OUTBOX_SENT_MAX; i++) {
        if (outbox->sent[i].id != id)
            continue;
        if (reason >= REASON_FAILURE)
            refused(outbox, &outbox->sent[i]);
        else
            acknowledged(outbox, &outbox->sent[i]);
        outbox->sent[i].id = 0;
        return;
    }
}
