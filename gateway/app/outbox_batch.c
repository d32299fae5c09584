/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of records: in Wardgate's own form, of texts that the commit or the store has made already, or as FHIR.
 */
#include <stdlib.h>

#include "app/bundles.h"
#include "app/gateway.h"
#include "app/outbox_private.h"

bool ward_outbox_wants_texts(const struct ward_outbox *outbox)
{
    return outbox->gateway->config.hub.format != WARD_FORMAT_FHIR;
}

int ward_outbox_fetch(struct ward_outbox *outbox, struct ward_seq_range range, ward_store_whole_fn *answer,
                      void *context)
{
    return (ward_outbox_wants_texts(outbox) ? ward_store_fetch_texts : ward_store_fetch_whole)(
        outbox->gateway->store, range, answer, context);
}

struct ward_outbox_batch ward_outbox_batch_of(const struct ward_outbox *outbox,
                                              enum ward_message_class message_class,
                                              const struct ward_store_records *found)
{
    return (struct ward_outbox_batch){.epoch = outbox->gateway->epoch.text,
                                      .message_class = message_class,
                                      .texts = found->texts,
                                      .count = found->texts ? found->count : 0,
                                      .records = found};
}

/* --- of texts ------------------------------------------------------------------------------------------------- */

struct ward_outbox_run *ward_outbox_run_new(void)
{
    struct ward_outbox_run *made = malloc(sizeof(*made));

    if (made)
        ward_record_run_init(&made->run, made->octets, sizeof(made->octets));
    return made;
}

/* Where the texts of a batch begin, and end with its first count records. */
static size_t begin_of(const struct ward_outbox_batch *batch)
{
    return batch->first > 0 ? batch->texts->records[batch->first - 1].end + 1 : 0;
}

static size_t length_of(const struct ward_outbox_batch *batch, size_t count)
{
    return batch->texts->records[batch->first + count - 1].end - begin_of(batch);
}

static size_t write_texts(struct ward_gateway *gateway, const struct ward_outbox_batch *batch, size_t room,
                          char *text, size_t *ret_length)
{
    const struct ward_readings_message message = {
        .origin = {.gateway = gateway->config.gateway.id, .epoch = batch->epoch},
        .sent_at_ms = ward_gateway_now(gateway).utc_ms,
        .backlog = batch->message_class == WARD_MESSAGE_BACKLOG};
    size_t count = batch->count;
    struct ward_json json;

    if (count == 0)
        return 0;
    while (count > 1 && WARD_READINGS_OVERHEAD_MAX + length_of(batch, count) > room)
        count--;
    ward_json_init(&json, text, WARD_OUTBOX_TEXT_MAX, WARD_JSON_CANONICAL);
    ward_readings_begin(&message, &json);
    ward_json_raw(&json, batch->texts->octets + begin_of(batch), length_of(batch, count));
    ward_readings_end(&json);
    return ward_json_finish(&json, ret_length) == WARD_JSON_OK ? count : 0;
}

/* --- in either form ------------------------------------------------------------------------------------------- */

static size_t write_bundle(struct ward_gateway *gateway, const struct ward_outbox_batch *batch, size_t room,
                           char *text, size_t *ret_length)
{
    const struct ward_bundle_of of = {.epoch = batch->epoch,
                                      .backlog = batch->message_class == WARD_MESSAGE_BACKLOG,
                                      .records = batch->records->records,
                                      .count = batch->records->count,
                                      .voided = batch->records->voided,
                                      .voided_count = batch->records->voided_count};

    return ward_bundles_write(gateway, &of, true, text, room, WARD_OUTBOX_TEXT_MAX, ret_length);
}

static uint64_t seq_of(const struct ward_outbox_batch *batch, size_t index)
{
    return batch->texts ? batch->texts->records[batch->first + index].seq
                        : batch->records->records[index].reading.seq;
}

static bool send(struct ward_outbox *outbox, const struct ward_outbox_batch *batch,
                 struct ward_outbox_sent *ret)
{
    const size_t room = ward_spool_room(outbox->gateway->spool, batch->message_class);
    struct ward_outgoing outgoing = {.topic = batch->texts ? WARD_TOPIC_READINGS : WARD_TOPIC_FHIR,
                                     .message_class = batch->message_class};
    size_t written = 0;
    bool went = false;

    if (!outbox->text)
        outbox->text = malloc(sizeof(*outbox->text));
    if (outbox->text) {
        outgoing.before = outbox->text->before;
        outgoing.payload = outbox->text->octets;
        written = (batch->texts ? write_texts : write_bundle)(outbox->gateway, batch, room,
                                                              outbox->text->octets, &outgoing.length);
    }
    if (written > 0)
        went = ward_outbox_hand_over(outbox, &outgoing, &ret->id);
    if (went) {
        ret->range = (struct ward_seq_range){seq_of(batch, 0), seq_of(batch, written - 1)};
        outbox->record_octets = outgoing.length / written;
    }
    return went;
}

void ward_outbox_forget_text(struct ward_outbox *outbox)
{
    if (!outbox->text || outbox->delivery.in_flight_count > 0)
        return;
    free(outbox->text);
    outbox->text = NULL;
    if (outbox->gateway->store)
        ward_store_forget_texts(outbox->gateway->store);
}

bool ward_outbox_send_batch(struct ward_outbox *outbox, const struct ward_outbox_batch *batch,
                            struct ward_outbox_sent *ret)
{
    struct ward_outbox_batch as_texts = *batch;
    struct ward_outbox_run *made;
    bool went;

    if (batch->texts || !ward_outbox_wants_texts(outbox))
        return send(outbox, batch, ret);
    made = ward_outbox_run_new();
    if (!made)
        return false;
    while (made->run.count < batch->records->count &&
           ward_record_run_write(&made->run, batch->epoch, &batch->records->records[made->run.count]))
        ;
    as_texts.texts = &made->run;
    as_texts.count = made->run.count;
    went = send(outbox, &as_texts, ret);
    free(made);
    return went;
}
