/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders about a record: it is read back from the store, and then
 *
 *   void     a reading of this patient    is taken back: a `void` record, and the engine judges what remains
 *            that was assigned            the same; the unassigned one that it was waits for a patient again
 *            of an episode that ended     the same, unless it is being erased: the record is waited for like the others
 *            an unassigned reading        is ended: a `void` record without a patient; it waits no longer
 *   assign   an unassigned reading        a record of its own with the values and whose it is, evaluated as late
 */
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"
#include "core/reading.h"

static bool settle(struct ward_execution *execution, uint64_t seq, enum ward_fate fate)
{
    struct ward_store_change change;
    const bool good = ward_settled_set(&execution->gateway->settled, seq, fate, &change);

    if (good)
        ward_execution_change(execution, &change);
    return good;
}

static void count(struct ward_execution *execution, int by)
{
    const uint64_t before = execution->gateway->unassigned.count;
    const struct ward_store_change change = ward_unassigned_count(execution->gateway, by, &execution->count);

    execution->unassigned = (int)((int64_t)execution->gateway->unassigned.count - (int64_t)before);
    ward_execution_change(execution, &change);
}

/* --- void ---------------------------------------------------------------------------------------------------- */

static void make_void(struct ward_execution *execution, const struct ward_reading *reading)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_time now = ward_gateway_now(gateway);
    const struct ward_record record = {.reading = {.kind = WARD_RECORD_VOID,
                                                   .patient = reading->patient,
                                                   .episode = reading->episode,
                                                   .boot = gateway->boot,
                                                   .mono_us = now.boot_us,
                                                   .measured_at_ms = WARD_UTC_UNKNOWN,
                                                   .received_at_ms = now.utc_ms,
                                                   .clock = now.clock,
                                                   .security = WARD_LINK_NONE},
                                       .note = {.reason = execution->order->command.reason,
                                                .by = execution->order->by,
                                                .subject = reading->seq}};

    ward_execution_record(execution, &record);
}

/* Why it cannot be taken back; NULL: it can. */
static const char *why_not_void(const struct ward_execution *execution, const struct ward_reading *reading)
{
    const struct ward_order *order = execution->order;

    if (reading->kind >= WARD_RECORD_GAP)
        return "That record is no reading: only readings are taken back.";
    if (ward_settled_fate(&execution->gateway->settled, reading->seq) == WARD_FATE_ASSIGNED)
        return "That reading was given to a patient: take back the record that it has become.";
    if (reading->unassigned)
        return order->patient.text[0] ? "That reading belongs to nobody, and not to this patient." : NULL;
    if (strcmp(order->patient.text, reading->patient.text) != 0 ||
        (order->episode.text[0] && strcmp(order->episode.text, reading->episode.text) != 0))
        return "That reading is not one of this patient and episode.";
    return NULL;
}

static void take_back(struct ward_execution *execution, const struct ward_record *record)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_reading *reading = &record->reading;
    struct ward_watch *watch = ward_gateway_watch(gateway, reading->patient.text);
    const char *refusal = why_not_void(execution, reading);
    const bool is_void = ward_settled_fate(&gateway->settled, reading->seq) == WARD_FATE_VOIDED;

    if (refusal) {
        ward_execution_refuse(execution, refusal);
        return;
    }
    if (is_void) {
        ward_execution_conclude(execution, WARD_OUTCOME_DONE, "It was taken back already.");
        ward_execution_submit(execution);
        return;
    }
    if (reading->patient.text[0] && !ward_departure_admits_record(gateway, reading->patient.text)) {
        ward_execution_refuse(execution, "That episode has ended, and is being erased.");
        return;
    }
    if (!settle(execution, reading->seq, WARD_FATE_VOIDED) ||
        (record->assigned && !settle(execution, record->note.subject, WARD_FATE_NONE))) {
        ward_execution_refuse(execution, "Out of memory.");
        return;
    }
    if (ward_unassigned_waits(reading))
        count(execution, -1);
    else if (record->assigned)
        count(execution, 1);
    make_void(execution, reading);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    if (watch && strcmp(watch->episode.text, reading->episode.text) == 0)
        ward_watch_take_back(watch, reading, &execution->group, execution->waiter);
    else
        ward_execution_submit(execution);
    ward_unassigned_tell(gateway);
}

/* --- assign -------------------------------------------------------------------------------------------------- */

static const char *why_not_assign(const struct ward_execution *execution, const struct ward_watch *watch,
                                  const struct ward_reading *reading)
{
    if (!watch || strcmp(watch->episode.text, execution->order->episode.text) != 0)
        return "No such patient and episode is looked after here.";
    if (reading->kind >= WARD_RECORD_GAP || !reading->unassigned)
        return "That record is no reading that waits for a patient.";
    if (!ward_unassigned_waits(reading))
        return "That reading is of a test or a demonstration, and of no patient.";
    switch (ward_settled_fate(&execution->gateway->settled, reading->seq)) {
    case WARD_FATE_VOIDED: return "That reading was taken back.";
    case WARD_FATE_ASSIGNED: return "That reading was given to a patient already.";
    case WARD_FATE_NONE: break;
    }
    return NULL;
}

static void assign(struct ward_execution *execution, const struct ward_record *record)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_order *order = execution->order;
    struct ward_watch *watch = ward_gateway_watch(gateway, order->patient.text);
    const char *refusal = why_not_assign(execution, watch, &record->reading);
    struct ward_record assigned = *record;
    struct ward_reading *reading = &assigned.reading;

    if (!refusal && !settle(execution, record->reading.seq, WARD_FATE_ASSIGNED))
        refusal = "Out of memory.";
    if (refusal) {
        ward_execution_refuse(execution, refusal);
        return;
    }
    reading->seq = 0;
    reading->kind = WARD_READING_STORED;
    reading->late = true;
    reading->unassigned = false;
    reading->derived_first = reading->derived_last = 0;
    reading->patient = watch->patient;
    reading->episode = watch->episode;
    assigned.assigned = true;
    assigned.note = (struct ward_record_note){.by = order->by,
                                              .subject = record->reading.seq,
                                              .from_ms = ward_gateway_now(gateway).utc_ms,
                                              .to_ms = WARD_UTC_UNKNOWN};
    count(execution, -1);
    ward_execution_record(execution, &assigned);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    ward_watch_record(watch, &execution->group, execution->waiter);
    ward_unassigned_tell(gateway);
}

/* --- reading it back ----------------------------------------------------------------------------------------- */

static void come(struct ward_awaiting *awaiting, const struct ward_record *records, size_t count)
{
    if (count == 0)
        ward_execution_refuse(&awaiting->execution, "There is no such record here.");
    else if (awaiting->order.command.kind == WARD_COMMAND_VOID)
        take_back(&awaiting->execution, &records[0]);
    else
        assign(&awaiting->execution, &records[0]);
}

void ward_order_of_record(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_awaiting *awaiting = ward_awaiting_new(gateway, order);
    const uint64_t seq = order->command.record.seq;
    const char *refusal = NULL;

    if (!awaiting)
        return;
    if (strcmp(order->command.record.epoch.text, gateway->epoch.text) != 0)
        refusal = "The record is not of this database: its epoch is another.";
    else if (seq > gateway->head_seq)
        refusal = "There is no such record here.";
    if (refusal) {
        ward_execution_refuse(&awaiting->execution, refusal);
        ward_awaiting_free(awaiting);
        return;
    }
    awaiting->range = (struct ward_seq_range){seq, seq};
    awaiting->come = come;
    ward_awaiting_fetch(awaiting);
}
