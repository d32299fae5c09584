/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings on their way up: core/delivery.h says which, and as many as the spool has room for go in one message, at least
 * one. Those that were committed in this turn of the loop are at hand as the texts that the commit made of them; others
 * are read back by the store. What did not fit, or could not be read, waits again.
 *
 * On a slow link the room falls below the size of a record. One then goes whenever nothing is unanswered: if it waited
 * for room it would wait for ever, since the room grows only with messages that are answered.
 */
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/outbox_private.h"
#include "io/journal.h"

/* --- as they are committed ----------------------------------------------------------------------------------- */

/* What follows the records that are kept from this turn of the loop is kept with them, as far as one message goes. */
static void keep_fresh(struct ward_outbox *outbox, const struct ward_store_commit *commit)
{
    struct ward_record_run *run;

    if (!outbox->link_up || !ward_outbox_wants_texts(outbox))
        return;
    if (!outbox->fresh)
        outbox->fresh = ward_outbox_run_new();
    if (!outbox->fresh)
        return;
    run = &outbox->fresh->run;
    for (size_t i = 0; i < commit->record_count; i++) {
        const char *text = commit->records[i].text;
        const uint64_t seq = commit->first_seq + i;

        if (!text || (run->count > 0 && run->records[run->count - 1].seq + 1 != seq) ||
            !ward_record_run_add(run, seq, text, strlen(text)))
            return;
    }
}

void ward_outbox_forget_fresh(struct ward_outbox *outbox)
{
    free(outbox->fresh);
    outbox->fresh = NULL;
}

void ward_outbox_committed(struct ward_outbox *outbox, const struct ward_store_commit *commit)
{
    const struct ward_seq_range range = {commit->first_seq, commit->first_seq + commit->record_count - 1};

    if (!ward_delivery_committed(&outbox->delivery, range, ward_gateway_now(outbox->gateway).boot_us))
        ward_journal_print(LOG_ERR, "The store's numbers have a hole before %llu",
                           (unsigned long long)range.first);
    keep_fresh(outbox, commit);
}

/* Whether these records, or the first of them, need not be read back. */
static bool is_fresh(const struct ward_outbox *outbox, struct ward_seq_range range,
                     struct ward_outbox_batch *ret)
{
    const struct ward_record_run *run = outbox->fresh ? &outbox->fresh->run : NULL;

    if (!run || run->count == 0 || range.first < run->records[0].seq ||
        range.first > run->records[run->count - 1].seq)
        return false;
    *ret = (struct ward_outbox_batch){.epoch = outbox->gateway->epoch.text,
                                      .message_class = WARD_MESSAGE_LIVE,
                                      .texts = run,
                                      .first = (size_t)(range.first - run->records[0].seq)};
    ret->count = run->count - ret->first;
    if (ret->count > range.last - range.first + 1)
        ret->count = (size_t)(range.last - range.first + 1);
    return true;
}

/* --- as they are read back ----------------------------------------------------------------------------------- */

/* Sends what there is room for of records that delivery has given out; the others wait again. False when none went. */
static bool send_range(struct ward_outbox *outbox, const struct ward_outbox_batch *batch,
                       struct ward_seq_range range)
{
    struct ward_outbox_sent sent = {0};
    const bool went = ward_outbox_send_batch(outbox, batch, &sent);

    if (went)
        ward_outbox_remember(outbox, &sent);
    ward_delivery_trim(&outbox->delivery, range.first, went ? sent.range.last : range.first - 1);
    return went;
}

static void fetched(void *context, int error, const struct ward_store_records *found)
{
    struct ward_outbox_fetch *fetch = context;
    struct ward_outbox *outbox = fetch->outbox;
    const struct ward_outbox_batch batch =
        ward_outbox_batch_of(outbox, fetch->live ? WARD_MESSAGE_LIVE : WARD_MESSAGE_BACKLOG, found);
    bool stuck = false;

    fetch->outbox = NULL;
    if (error < 0)
        ward_journal_print(LOG_WARNING, "Records %llu to %llu cannot be read: %s",
                           (unsigned long long)fetch->range.first, (unsigned long long)fetch->range.last,
                           strerror(-error));
    if (fetch->link_generation == outbox->link_generation && !send_range(outbox, &batch, fetch->range))
        stuck = ward_outbox_one_may_go(outbox->gateway->spool, batch.message_class);
    /* The disk would be asked again at once: one that fails, or any while what it gives cannot go, for want of memory. */
    if (found->count == 0 || stuck)
        outbox->read_due_us = ward_gateway_now(outbox->gateway).boot_us + WARD_OUTBOX_RETRY_US;
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

/*
 * How many records the room holds beside what is being read, at least one, if each is as long as those of the newest
 * message: what is read and does not fit is read again.
 */
static size_t budget(const struct ward_outbox *outbox)
{
    const size_t length = outbox->record_octets > 0 ? outbox->record_octets : 1;
    const size_t held = ward_spool_room(outbox->gateway->spool, WARD_MESSAGE_BACKLOG) / length;
    size_t being_read = 0;

    for (size_t i = 0; i < WARD_OUTBOX_FETCHES_MAX; i++)
        if (outbox->fetches[i].outbox)
            being_read += (size_t)(outbox->fetches[i].range.last - outbox->fetches[i].range.first + 1);
    return held > being_read + 1 ? held - being_read : 1;
}

uint64_t ward_outbox_read_due_us(const struct ward_outbox *outbox)
{
    return ward_gateway_now(outbox->gateway).boot_us < outbox->read_due_us ? outbox->read_due_us : UINT64_MAX;
}

void ward_outbox_pump_readings(struct ward_outbox *outbox)
{
    struct ward_gateway *gateway = outbox->gateway;
    struct ward_outbox_fetch *fetch;
    struct ward_outbox_batch batch;

    while ((fetch = free_fetch(outbox)) && ward_outbox_one_may_go(gateway->spool, WARD_MESSAGE_LIVE)) {
        enum ward_delivery_class class = ward_delivery_next(
            &outbox->delivery, ward_gateway_now(outbox->gateway).boot_us, budget(outbox), &fetch->range);

        if (class == WARD_DELIVERY_NOTHING)
            return;
        if (class == WARD_DELIVERY_LIVE && is_fresh(outbox, fetch->range, &batch)) {
            if (!send_range(outbox, &batch, fetch->range))
                break;
            continue;
        }
        if (ward_gateway_now(gateway).boot_us < outbox->read_due_us) {
            ward_delivery_trim(&outbox->delivery, fetch->range.first, fetch->range.first - 1);
            return;
        }
        if (class == WARD_DELIVERY_BACKLOG && !ward_outbox_one_may_go(gateway->spool, WARD_MESSAGE_BACKLOG)) {
            ward_delivery_trim(&outbox->delivery, fetch->range.first, fetch->range.first - 1);
            break;
        }
        fetch->outbox = outbox;
        fetch->live = class == WARD_DELIVERY_LIVE;
        fetch->link_generation = outbox->link_generation;
        if (ward_outbox_fetch(outbox, fetch->range, fetched, fetch) < 0) {
            fetch->outbox = NULL;
            ward_delivery_trim(&outbox->delivery, fetch->range.first, fetch->range.first - 1);
            break;
        }
    }
    ward_outbox_block(outbox); /* for want of room or of a place to read */
}

void ward_outbox_new_epoch(struct ward_outbox *outbox)
{
    ward_delivery_init(&outbox->delivery, outbox->gateway->head_seq, 0,
                       ward_gateway_now(outbox->gateway).boot_us);
    ward_outbox_forget_fresh(outbox);
    outbox->link_generation++; /* what is being read is of the epoch that ended, */
    for (size_t i = 0; i < WARD_OUTBOX_SENT_MAX; i++)
        outbox->sent[i].range.first = 0; /* and so is what was sent */
    outbox->again.record_count = 0;
    ward_outbox_again_reset(outbox);
    outbox->past.nothing = false;
    outbox->past.due_us = 0;
    outbox->state_dirty = true;
}
