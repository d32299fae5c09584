/* SPDX-License-Identifier: Apache-2.0 */
#include "app/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/outbox_private.h"
#include "core/clinical.h"
#include "io/journal.h"

static uint64_t now_us(const struct ward_outbox *outbox)
{
    return ward_gateway_now(outbox->gateway).boot_us;
}

void ward_outbox_init(struct ward_outbox *outbox, struct ward_gateway *gateway)
{
    outbox->gateway = gateway;
    outbox->next_id = 1;
    /* Above all those of this boot, also of a core that was killed: none is told more often than once a millisecond. */
    outbox->heartbeats = ward_gateway_now(gateway).boot_us / 1000;
    outbox->certificate_expires_ms = WARD_UTC_UNKNOWN;
    snprintf(outbox->link_text, sizeof(outbox->link_text), "not connected yet");
    ward_delivery_init(&outbox->delivery, 0, 0, ward_gateway_now(gateway).boot_us);
    ward_alarm_queue_init(&outbox->alarms, outbox->alarm_entries, WARD_OUTBOX_ALARMS_MAX);
}

void ward_outbox_restore(struct ward_outbox *outbox, const struct ward_store_snapshot *snapshot)
{
    const struct ward_time now = ward_gateway_now(outbox->gateway);
    uint64_t oldest_us = now.boot_us;

    if (snapshot->oldest_undelivered_ms != WARD_UTC_UNKNOWN && now.utc_ms != WARD_UTC_UNKNOWN &&
        now.utc_ms > snapshot->oldest_undelivered_ms) {
        uint64_t age_us = (uint64_t)(now.utc_ms - snapshot->oldest_undelivered_ms) * 1000;

        oldest_us = age_us < now.boot_us ? now.boot_us - age_us : 0;
    }
    ward_delivery_init(&outbox->delivery, snapshot->head_seq, snapshot->through, oldest_us);
    ward_delivery_init_ranges(&outbox->delivery, snapshot->ranges, snapshot->range_count);
    if (outbox->gateway->config.hub.confirm == WARD_CONFIRM_RECEIPT && snapshot->head_seq > 0 &&
        !snapshot->set_aside[0])
        ward_delivery_await(&outbox->delivery, now.boot_us);
    outbox->state_dirty = true;
    ward_outbox_restore_alarms(outbox, snapshot);
}

void ward_outbox_done(struct ward_outbox *outbox)
{
    for (size_t i = 0; i < outbox->alarms.count; i++)
        free(outbox->alarm_entries[i].payload);
    outbox->alarms.count = 0;
    ward_outbox_results_done(outbox);
    ward_outbox_forget_fresh(outbox);
    ward_delivery_reset(&outbox->delivery, false, now_us(outbox));
    ward_outbox_forget_text(outbox);
}

/* --- handing one message to the spool ------------------------------------------------------------------------ */

void ward_outbox_block(struct ward_outbox *outbox)
{
    outbox->blocked = true;
    outbox->retry_due_us = now_us(outbox) + WARD_OUTBOX_RETRY_US;
}

/* With the topic right before the payload, as both are signed. */
static int sign_in_place(const struct ward_signer *signer, const struct ward_message *message, char *before,
                         char signature[WARD_SIGNATURE_MAX + 1])
{
    const size_t topic_size = strlen(message->topic) + 1;
    const char *begin = memcpy(before + WARD_TOPIC_MAX + 1 - topic_size, message->topic, topic_size);

    return ward_signer_sign_in_place(signer, (const uint8_t *)begin, topic_size + message->payload_length,
                                     signature);
}

bool ward_outbox_sign(struct ward_outbox *outbox, struct ward_message *message, char *before,
                      char signature[WARD_SIGNATURE_MAX + 1])
{
    struct ward_signer *signer = outbox->gateway->signer;

    message->kid = ward_signer_kid(signer);
    message->signature = signature;
    return (before ? sign_in_place(signer, message, before, signature)
                   : ward_signer_sign(signer, message->topic, message->payload, message->payload_length,
                                      signature)) == 0;
}

bool ward_outbox_hand_over(struct ward_outbox *outbox, const struct ward_outgoing *outgoing, uint64_t *ret_id)
{
    struct ward_gateway *gateway = outbox->gateway;
    char topic[WARD_TOPIC_MAX + 1], signature[WARD_SIGNATURE_MAX + 1];
    struct ward_message message = {.id = outbox->next_id,
                                   .message_class = (uint8_t)outgoing->message_class,
                                   .qos = 1,
                                   .retain = outgoing->retain,
                                   .expiry_s = outgoing->expiry_s,
                                   .topic = topic,
                                   .payload = (const uint8_t *)outgoing->payload,
                                   .payload_length = outgoing->length};

    if (outgoing->reply) {
        strcpy(topic, outgoing->reply->topic);
        message.correlation = outgoing->reply->correlation;
        message.correlation_length = outgoing->reply->correlation_length;
    } else if (ward_topic_write(outgoing->topic, gateway->config.gateway.site, gateway->config.gateway.id,
                                outgoing->patient, topic) == 0) {
        ward_outbox_block(outbox);
        return false;
    }
    if (!ward_outbox_sign(outbox, &message, outgoing->before, signature) ||
        ward_spool_publish(gateway->spool, &message) != WARD_SPOOL_SENT) {
        ward_outbox_block(outbox);
        return false;
    }
    *ret_id = outbox->next_id++;
    return true;
}

void ward_outbox_remember(struct ward_outbox *outbox, const struct ward_outbox_sent *sent)
{
    outbox->sent[outbox->sent_next] = *sent;
    outbox->sent_next = (outbox->sent_next + 1) % WARD_OUTBOX_SENT_MAX;
}

/* --- state, active, heartbeat, results ----------------------------------------------------------------------- */

/* What cannot be written, for want of memory, is tried again like what cannot go: not at once. */
static bool send_document(struct ward_outbox *outbox, enum ward_topic topic, const struct ward_watch *watch)
{
    struct ward_outgoing outgoing = {.topic = topic, .message_class = WARD_MESSAGE_STATE};
    char *text = malloc(WARD_OUTBOX_TEXT_MAX);
    uint64_t id;

    if (!text) {
        ward_outbox_block(outbox);
        return false;
    }
    if (topic == WARD_TOPIC_STATE)
        outgoing.length = ward_documents_state(outbox->gateway, text, WARD_OUTBOX_TEXT_MAX);
    else if (topic == WARD_TOPIC_ACTIVE)
        outgoing.length = ward_documents_active(outbox->gateway, watch, text, WARD_OUTBOX_TEXT_MAX);
    else
        outgoing.length =
            ward_documents_heartbeat(outbox->gateway, outbox->heartbeats + 1, text, WARD_OUTBOX_TEXT_MAX);
    outgoing.payload = text;
    outgoing.patient = watch ? watch->patient.text : NULL;
    outgoing.retain = topic != WARD_TOPIC_HEARTBEAT;
    outgoing.expiry_s = topic == WARD_TOPIC_ACTIVE ? WARD_ACTIVE_EXPIRY_S : 0;
    const bool sent = outgoing.length > 0 && ward_outbox_hand_over(outbox, &outgoing, &id);
    if (!sent)
        ward_outbox_block(outbox);
    free(text);
    return sent;
}

static bool others_wait(const struct ward_outbox *outbox, uint64_t now)
{
    return now >= outbox->heartbeat_due_us || outbox->result_count > 0;
}

/*
 * up/state and then up/active of each patient. On a slow link there is room for one of them at a time: what has gone does
 * not go again before the others have, heartbeat and results too, or they would never go.
 */
static bool pump_documents(struct ward_outbox *outbox, uint64_t now)
{
    struct ward_gateway *gateway = outbox->gateway;

    if (outbox->document == 0 && (outbox->state_dirty || now >= outbox->active_due_us) &&
        !(outbox->others_turn && others_wait(outbox, now))) {
        outbox->state_dirty = false;
        outbox->active_due_us = now + WARD_OUTBOX_ACTIVE_US;
        outbox->document = 1;
    }
    while (outbox->document > 0) {
        const size_t patient = outbox->document - 1; /* counted from 1; 0 is the gateway */

        if (patient > gateway->watch_count) {
            outbox->document = 0;
            outbox->others_turn = true;
            break;
        }
        if (!send_document(outbox, patient ? WARD_TOPIC_ACTIVE : WARD_TOPIC_STATE,
                           patient ? gateway->watches[patient - 1] : NULL))
            return false;
        outbox->document++;
    }
    return true;
}

static void pump_state(struct ward_outbox *outbox)
{
    const uint64_t now = now_us(outbox);

    if (!pump_documents(outbox, now))
        return;
    if (now >= outbox->heartbeat_due_us && send_document(outbox, WARD_TOPIC_HEARTBEAT, NULL)) {
        outbox->heartbeats++;
        outbox->heartbeat_due_us = now + WARD_OUTBOX_HEARTBEAT_US;
    }
    ward_outbox_pump_results(outbox);
    outbox->others_turn = outbox->others_turn && others_wait(outbox, now);
}

void ward_outbox_state_changed(struct ward_outbox *outbox)
{
    outbox->state_dirty = true;
}

/* --- the way to the ward ------------------------------------------------------------------------------------- */

void ward_outbox_link(struct ward_outbox *outbox, bool up, const char *text, int64_t certificate_expires_ms)
{
    if (up && !outbox->link_up)
        ward_journal_print(LOG_INFO, "The way to the ward is open: %s", text);
    if (!up && outbox->link_up)
        ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_WAY_CLOSED, "The way to the ward is closed: %s",
                                  text);
    outbox->link_up = up;
    outbox->link_generation++;
    ward_outbox_forget_fresh(outbox);
    strncpy(outbox->link_text, text, WARD_LINK_TEXT_MAX);
    outbox->certificate_expires_ms = certificate_expires_ms;
    memset(outbox->sent, 0, sizeof(outbox->sent));
    outbox->document = 0;
    outbox->others_turn = false;
    outbox->alone_until_us = outbox->alone_id = 0;
    ward_delivery_reset(&outbox->delivery, up, now_us(outbox));
    ward_outbox_forget_text(outbox);
    outbox->past.sent = 0;
    outbox->past.due_us = 0;
    ward_outbox_again_reset(outbox);
    ward_diagnostics_reset(outbox->gateway);
    ward_departures_link(outbox->gateway);
    ward_alarm_queue_reset(&outbox->alarms);
    outbox->state_dirty = true;
    outbox->heartbeat_due_us = 0;
}

/* --- the order ----------------------------------------------------------------------------------------------- */

void ward_outbox_pump(struct ward_outbox *outbox)
{
    const uint64_t now = now_us(outbox);

    if (!outbox->gateway->spool)
        return; /* what is raised while the past is restored waits until everything stands */
    if (outbox->link_up) {
        outbox->blocked = false;
        ward_outbox_pump_alarms(outbox);
    }
    ward_spool_urgent(outbox->gateway->spool, outbox->alarms.count > 0);
    if (!outbox->link_up || now < outbox->alone_until_us)
        return;
    outbox->alone_until_us = 0;
    pump_state(outbox);
    ward_departures_pump(outbox->gateway);
    ward_outbox_pump_readings(outbox);
    ward_outbox_forget_fresh(outbox);
    ward_outbox_pump_missed(outbox);
    ward_outbox_pump_past(outbox);
    ward_outbox_pump_again(outbox);
    ward_outbox_forget_text(outbox);
    ward_diagnostics_pump(outbox->gateway);
}

uint64_t ward_outbox_due_us(const struct ward_outbox *outbox)
{
    const uint64_t alarm_us = ward_alarm_queue_due_us(&outbox->alarms);
    const uint64_t others[] = {outbox->heartbeat_due_us,
                               outbox->active_due_us,
                               ward_delivery_due_us(&outbox->delivery),
                               ward_outbox_past_due_us(outbox),
                               ward_outbox_again_due_us(outbox),
                               ward_outbox_missed_due_us(outbox),
                               ward_outbox_read_due_us(outbox)};
    uint64_t due = alarm_us;

    if (!outbox->gateway->spool || !outbox->link_up)
        return UINT64_MAX; /* nothing goes before there is a key, and a way */
    if (outbox->blocked)
        return outbox->retry_due_us;
    if (outbox->alone_until_us > 0)
        return alarm_us < outbox->alone_until_us ? alarm_us : outbox->alone_until_us;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        due = others[i] < due ? others[i] : due;
    return due;
}
