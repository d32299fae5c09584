/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings on their way up: core/delivery.h says which, the store reads them back, and as many as the spool has room
 * for go in one message, at least one. What did not fit, or could not be read, waits again.
 *
 * On a slow link the room falls below the size of a record. One then goes whenever nothing is unanswered: if it waited
 * for room it would wait for ever, since the room grows only with messages that are answered.
 */
#include <stdlib.h>
#include <string.h>

#include "app/bundles.h"
#include "app/documents.h"
#include "app/gateway.h"
#include "app/outbox_private.h"
#include "core/record.h"
#include "io/journal.h"

static size_t write_readings(struct ward_gateway *gateway, const struct ward_outbox_batch *batch, char *text,
                             size_t room, size_t *ret_length)
{
    const struct ward_readings_message message = {
        .origin = {.gateway = gateway->config.gateway.id, .epoch = batch->epoch},
        .sent_at_ms = ward_gateway_now(gateway).utc_ms,
        .backlog = batch->backlog};
    char *record_text = malloc(WARD_RECORD_TEXT_MAX);
    size_t used = WARD_READINGS_OVERHEAD_MAX, written = 0;
    struct ward_json json;

    ward_json_init(&json, text, WARD_OUTBOX_TEXT_MAX, WARD_JSON_CANONICAL);
    ward_readings_begin(&message, &json);
    while (record_text && written < batch->count) {
        struct ward_json record_json;
        size_t length = 0;

        ward_json_init(&record_json, record_text, WARD_RECORD_TEXT_MAX, WARD_JSON_CANONICAL);
        ward_record_write(&record_json, batch->epoch, &batch->records[written], true);
        if (ward_json_finish(&record_json, &length) != WARD_JSON_OK ||
            (written > 0 && used + length + 1 > room))
            break;
        ward_json_raw(&json, record_text, length);
        used += length + 1;
        written++;
    }
    free(record_text);
    ward_readings_end(&json);
    return ward_json_finish(&json, ret_length) == WARD_JSON_OK ? written : 0;
}

enum ward_topic ward_outbox_batch_topic(const struct ward_gateway *gateway)
{
    return gateway->config.hub.format == WARD_FORMAT_FHIR ? WARD_TOPIC_FHIR : WARD_TOPIC_READINGS;
}

size_t ward_outbox_write_batch(struct ward_gateway *gateway, const struct ward_outbox_batch *batch,
                               char *text, size_t room, size_t *ret_length)
{
    const struct ward_bundle_of of = {.epoch = batch->epoch,
                                      .backlog = batch->backlog,
                                      .records = batch->records,
                                      .count = batch->count,
                                      .voided = batch->voided,
                                      .voided_count = batch->voided_count};

    if (ward_outbox_batch_topic(gateway) == WARD_TOPIC_FHIR)
        return ward_bundles_write(gateway, &of, true, text, room, WARD_OUTBOX_TEXT_MAX, ret_length);
    return write_readings(gateway, batch, text, room, ret_length);
}

static void fetched(void *context, int error, const struct ward_store_records *found)
{
    struct ward_outbox_fetch *fetch = context;
    struct ward_outbox *outbox = fetch->outbox;
    const enum ward_message_class message_class = fetch->live ? WARD_MESSAGE_LIVE : WARD_MESSAGE_BACKLOG;
    const struct ward_outbox_batch batch = {.epoch = outbox->gateway->epoch.text,
                                            .backlog = !fetch->live,
                                            .records = found->records,
                                            .count = found->count,
                                            .voided = found->voided,
                                            .voided_count = found->voided_count};
    char *text = malloc(WARD_OUTBOX_TEXT_MAX);
    size_t written = 0, length = 0;
    uint64_t id;

    fetch->outbox = NULL;
    if (error < 0)
        ward_journal_print(LOG_WARNING, "Records %llu to %llu cannot be read: %s",
                           (unsigned long long)fetch->range.first, (unsigned long long)fetch->range.last,
                           strerror(-error));
    if (text && outbox->link_up && fetch->link_generation == outbox->link_generation)
        written = ward_outbox_write_batch(outbox->gateway, &batch, text,
                                          ward_spool_room(outbox->gateway->spool, message_class), &length);
    if (written > 0) {
        const struct ward_outgoing outgoing = {.topic = ward_outbox_batch_topic(outbox->gateway),
                                               .message_class = message_class,
                                               .payload = text,
                                               .length = length};

        if (ward_outbox_hand_over(outbox, &outgoing, &id))
            ward_outbox_remember(
                outbox, &(struct ward_outbox_sent){
                            .id = id, .range = {fetch->range.first, fetch->range.first + written - 1}});
        else
            written = 0;
    }
    if (fetch->link_generation == outbox->link_generation)
        ward_delivery_trim(&outbox->delivery, fetch->range.first, fetch->range.first + written - 1);
    free(text);
    ward_gateway_settle(outbox->gateway);
}

static struct ward_outbox_fetch *free_fetch(struct ward_outbox *outbox)
{
    for (size_t i = 0; i < WARD_OUTBOX_FETCHES_MAX; i++)
        if (!outbox->fetches[i].outbox)
            return &outbox->fetches[i];
    return NULL;
}

bool ward_outbox_one_may_go(const struct ward_spool *spool, enum ward_message_class message_class)
{
    return ward_spool_room(spool, message_class) > WARD_RECORD_TEXT_MAX || ward_spool_idle(spool);
}

void ward_outbox_pump_readings(struct ward_outbox *outbox)
{
    struct ward_gateway *gateway = outbox->gateway;
    struct ward_outbox_fetch *fetch;

    while ((fetch = free_fetch(outbox)) && ward_outbox_one_may_go(gateway->spool, WARD_MESSAGE_LIVE)) {
        enum ward_delivery_class class =
            ward_delivery_next(&outbox->delivery, ward_gateway_now(outbox->gateway).boot_us,
                               WARD_DELIVERY_BATCH_MAX, &fetch->range);

        if (class == WARD_DELIVERY_NOTHING)
            return;
        if (class == WARD_DELIVERY_BACKLOG && !ward_outbox_one_may_go(gateway->spool, WARD_MESSAGE_BACKLOG)) {
            ward_delivery_trim(&outbox->delivery, fetch->range.first, fetch->range.first - 1);
            break;
        }
        fetch->outbox = outbox;
        fetch->live = class == WARD_DELIVERY_LIVE;
        fetch->link_generation = outbox->link_generation;
        if (ward_store_fetch_whole(gateway->store, fetch->range, fetched, fetch) < 0) {
            fetch->outbox = NULL;
            ward_delivery_trim(&outbox->delivery, fetch->range.first, fetch->range.first - 1);
            break;
        }
    }
    outbox->blocked = true; /* for want of room or of a place to read: credit or an answer lets it go on */
}

void ward_outbox_new_epoch(struct ward_outbox *outbox)
{
    ward_delivery_init(&outbox->delivery, outbox->gateway->head_seq, 0,
                       ward_gateway_now(outbox->gateway).boot_us);
    outbox->link_generation++; /* what is being read is of the epoch that ended, */
    for (size_t i = 0; i < WARD_OUTBOX_SENT_MAX; i++)
        outbox->sent[i].range.first = 0; /* and so is what was sent */
    outbox->again.record_count = 0;
    ward_outbox_again_reset(outbox);
    outbox->past.nothing = false;
    outbox->past.due_us = 0;
    outbox->state_dirty = true;
}

void ward_outbox_committed(struct ward_outbox *outbox, struct ward_seq_range range)
{
    if (!ward_delivery_committed(&outbox->delivery, range, ward_gateway_now(outbox->gateway).boot_us))
        ward_journal_print(LOG_ERR, "The store's numbers have a hole before %llu",
                           (unsigned long long)range.first);
}
