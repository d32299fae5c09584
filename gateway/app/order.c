/* SPDX-License-Identifier: Apache-2.0 */
#include "app/order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/order_private.h"
#include "core/clinical.h"
#include "core/reading.h"
#include "io/journal.h"

bool ward_order_write_answer(const struct ward_gateway *gateway, const struct ward_result_message *answer,
                             char ret[WARD_ANSWER_TEXT_MAX])
{
    struct ward_result_message message = *answer;
    struct ward_json json;

    message.origin = ward_documents_origin(gateway);
    message.now = ward_gateway_now(gateway);
    for (;; message.error_count /= 2) {
        ward_json_init(&json, ret, WARD_ANSWER_TEXT_MAX, WARD_JSON_PRINTED);
        ward_result_write_json(&message, &json);
        if (ward_json_finish(&json, NULL) == WARD_JSON_OK)
            return true;
        if (message.error_count == 0)
            return false;
    }
}

/* --- one transaction ----------------------------------------------------------------------------------------- */

void ward_execution_begin(struct ward_execution *execution, struct ward_gateway *gateway,
                          const struct ward_order *order)
{
    *execution = (struct ward_execution){.gateway = gateway, .order = order};
    execution->group = (struct ward_store_group){.urgent = true, .changes = execution->changes};
    if (order->counter.kid[0])
        execution->changes[execution->group.change_count++] =
            (struct ward_store_change){.kind = WARD_STORE_COUNTER, .counter = order->counter};
}

void ward_execution_record(struct ward_execution *execution, const struct ward_record *record)
{
    execution->record = *record;
    execution->group.records = &execution->record;
    execution->group.record_count = 1;
}

void ward_execution_change(struct ward_execution *execution, const struct ward_store_change *change)
{
    execution->changes[execution->group.change_count++] = *change;
}

static void audit(const struct ward_order *order, enum ward_outcome outcome, const char *reason)
{
    static const char *const outcomes[] = {
        [WARD_OUTCOME_DONE] = "done", [WARD_OUTCOME_REFUSED] = "refused", [WARD_OUTCOME_FAILED] = "failed"};

    ward_journal_print_with(outcome == WARD_OUTCOME_DONE ? LOG_NOTICE : LOG_WARNING, "WARD_COMMAND",
                            order->id.text, "%s by %s%s%s: %s%s%s", ward_command_name(order->command.kind),
                            order->by.text, order->patient.text[0] ? " for " : "", order->patient.text,
                            outcomes[outcome], reason[0] ? ", " : "", reason);
}

void ward_execution_conclude(struct ward_execution *execution, enum ward_outcome outcome, const char *reason)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_order *order = execution->order;
    struct ward_store_change answered = {
        .kind = WARD_STORE_COMMAND, .document = execution->answer, .name = order->id};
    const struct ward_result_message message = {
        .command = order->id.text,
        .outcome = outcome,
        .reason = reason,
        .missing = {execution->missing.first, execution->missing.last},
        .errors = execution->errors ? execution->errors->list : NULL,
        .error_count = execution->errors ? execution->errors->count : 0};

    audit(order, outcome, reason);
    if (!ward_order_write_answer(gateway, &message, execution->answer))
        snprintf(execution->answer, sizeof(execution->answer), "{}");
    if (order->id.text[0]) {
        ward_execution_change(execution, &answered);
        ward_inbox_remember(&gateway->inbox, &order->id, execution->answer);
    }
    execution->waiter = ward_commit_waiter_new(execution->group.records, execution->group.record_count);
    if (!execution->waiter) {
        if (order->call)
            ward_bus_reply_error(order->call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    execution->waiter->call = order->call;
    execution->waiter->to_ward = !order->call;
    execution->waiter->reply = order->reply;
    execution->waiter->command = order->id;
    execution->waiter->unassigned = execution->unassigned;
    execution->waiter->answer = strdup(execution->answer);
}

void ward_execution_promise(struct ward_execution *execution, const char *reason)
{
    const struct ward_order *order = execution->order;
    const struct ward_store_change answered = {
        .kind = WARD_STORE_COMMAND, .document = execution->answer, .name = order->id};
    const struct ward_result_message message = {
        .command = order->id.text, .outcome = WARD_OUTCOME_FAILED, .reason = reason};

    if (order->id.text[0] && ward_order_write_answer(execution->gateway, &message, execution->answer))
        ward_execution_change(execution, &answered);
    if (execution->group.change_count > 0)
        (void)ward_gateway_submit(execution->gateway, &execution->group, NULL);
}

void ward_execution_submit(struct ward_execution *execution)
{
    (void)ward_gateway_submit(execution->gateway, &execution->group, execution->waiter);
}

void ward_execution_submit_applied(struct ward_execution *execution)
{
    if (ward_gateway_submit(execution->gateway, &execution->group, execution->waiter) >= 0)
        ward_gateway_apply(execution->gateway, execution->changes, execution->group.change_count);
}

void ward_execution_refuse(struct ward_execution *execution, const char *reason)
{
    ward_execution_conclude(execution, WARD_OUTCOME_REFUSED, reason);
    ward_execution_submit(execution);
}

void ward_execution_fail(struct ward_execution *execution, const char *reason)
{
    ward_execution_conclude(execution, WARD_OUTCOME_FAILED, reason);
    ward_execution_submit(execution);
}

/* --- what needs nothing but the patient ---------------------------------------------------------------------- */

/* The id of an alarm is of one episode already; what names an episode must name the right one. */
struct ward_watch *ward_order_watch(const struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_watch *watch = ward_gateway_watch(gateway, order->patient.text);
    const bool right =
        watch && (!order->episode.text[0] || strcmp(watch->episode.text, order->episode.text) == 0);

    return right ? watch : NULL;
}

static struct ward_commit_waiter *acknowledged(void *context, enum ward_alarm_answer answer)
{
    struct ward_execution *execution = context;
    enum ward_outcome outcome = WARD_OUTCOME_REFUSED;
    const char *reason = "";

    switch (answer) {
    case WARD_ALARM_DONE: outcome = WARD_OUTCOME_DONE; break;
    case WARD_ALARM_ALREADY:
        outcome = WARD_OUTCOME_DONE;
        reason = "It was acknowledged already.";
        break;
    case WARD_ALARM_NOT_FOUND: reason = "No alarm of that id is present."; break;
    case WARD_ALARM_CLINICAL:
        reason = "This must be signed by a clinician here: the order is brought as a file, with --signed.";
        break;
    }
    ward_execution_conclude(execution, outcome, reason);
    return execution->waiter;
}

/* Where nothing need be signed, who says it is taken for a clinician. */
static void acknowledge(struct ward_execution *execution, struct ward_watch *watch)
{
    const struct ward_order *order = execution->order;
    const struct ward_watch_acknowledgement acknowledgement = {
        .id = order->command.alarm,
        .by = order->by,
        .clinician = order->id.text[0] || !execution->gateway->config.plan.require_signature,
        .concluded = acknowledged,
        .context = execution};

    (void)ward_watch_acknowledge(watch, &acknowledgement, &execution->group);
}

static void enter(struct ward_execution *execution, struct ward_watch *watch)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_time now = ward_gateway_now(gateway);
    struct ward_record record = {.reading = execution->order->command.entry,
                                 .note = {.by = execution->order->by}};
    struct ward_reading *reading = &record.reading;

    reading->patient = watch->patient;
    reading->episode = watch->episode;
    reading->boot = gateway->boot;
    reading->mono_us = now.boot_us;
    reading->clock = now.clock;
    reading->measured_at_ms = reading->received_at_ms = now.utc_ms;
    ward_execution_record(execution, &record);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    ward_watch_record(watch, &execution->group, execution->waiter);
}

static struct ward_commit_waiter *suspended(void *context, bool done)
{
    struct ward_execution *execution = context;

    ward_execution_conclude(execution, done ? WARD_OUTCOME_DONE : WARD_OUTCOME_FAILED,
                            done ? "" : "Monitoring cannot be suspended now.");
    return execution->waiter;
}

/* Why monitoring cannot be suspended until then; NULL: it can, for *ret_ms. */
static const char *why_not_suspend(const struct ward_time *now, int64_t until_ms, uint32_t *ret_ms)
{
    const int64_t most_ms = (int64_t)WARD_ALARM_SUSPEND_MAX_MS;

    if (now->utc_ms == WARD_UTC_UNKNOWN || now->clock == WARD_CLOCK_UNSYNCED)
        return "The clock of the gateway is not trusted now: nobody could end it.";
    if (until_ms <= now->utc_ms)
        return "The end of the suspension has passed already.";
    if (until_ms > now->utc_ms + most_ms)
        return "Monitoring can be suspended for 24 hours at most.";
    *ret_ms = (uint32_t)(until_ms - now->utc_ms);
    return NULL;
}

static void suspend(struct ward_execution *execution, struct ward_watch *watch)
{
    const struct ward_command *command = &execution->order->command;
    const struct ward_time now = ward_gateway_now(execution->gateway);
    struct ward_alarm_suspension suspension = {.by = execution->order->by, .why = command->why};
    const char *refusal = why_not_suspend(&now, command->suspend_until_ms, &suspension.duration_ms);

    if (refusal)
        ward_execution_refuse(execution, refusal);
    else
        ward_watch_suspend(watch, &suspension, &execution->group, suspended, execution);
}

static void resume(struct ward_execution *execution, struct ward_watch *watch)
{
    const bool was = ward_alarm_is_suspended(&watch->state);

    ward_execution_conclude(execution, WARD_OUTCOME_DONE, was ? "" : "Monitoring was not suspended.");
    ward_watch_resume(watch, &execution->order->by, &execution->group, execution->waiter);
}

struct ward_execution *ward_execution_new(struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_execution *execution = malloc(sizeof(*execution));

    if (execution)
        ward_execution_begin(execution, gateway, order);
    else if (order->call)
        ward_bus_reply_error(order->call, WARD_BUS_FAILED, "Out of memory.");
    return execution;
}

static void of_patient(struct ward_gateway *gateway, const struct ward_order *order,
                       void (*carry_out)(struct ward_execution *execution, struct ward_watch *watch))
{
    struct ward_watch *watch = ward_order_watch(gateway, order);
    struct ward_execution *execution = ward_execution_new(gateway, order);

    if (!execution)
        return;
    if (watch)
        carry_out(execution, watch);
    else
        ward_execution_refuse(execution, "No such patient and episode is looked after here.");
    free(execution);
}

void ward_order_carry_out(struct ward_gateway *gateway, const struct ward_order *order)
{
    switch (order->command.kind) {
    case WARD_COMMAND_ACKNOWLEDGE: of_patient(gateway, order, acknowledge); break;
    case WARD_COMMAND_ENTRY: of_patient(gateway, order, enter); break;
    case WARD_COMMAND_SUSPEND: of_patient(gateway, order, suspend); break;
    case WARD_COMMAND_RESUME: of_patient(gateway, order, resume); break;
    case WARD_COMMAND_VOID:
    case WARD_COMMAND_ASSIGN: ward_order_of_record(gateway, order); break;
    case WARD_COMMAND_REPLAY: ward_order_replay(gateway, order); break;
    case WARD_COMMAND_BIND:
    case WARD_COMMAND_UNBIND:
    case WARD_COMMAND_SWAP: ward_order_of_device(gateway, order); break;
    case WARD_COMMAND_ADD_KEY:
    case WARD_COMMAND_REVOKE_KEY: ward_order_of_key(gateway, order); break;
    case WARD_COMMAND_IDENTIFY:
    case WARD_COMMAND_RESTART:
    case WARD_COMMAND_ROTATE: ward_order_technical(gateway, order); break;
    case WARD_COMMAND_ASK: ward_ask_order(gateway, order); break;
    case WARD_COMMAND_DIAGNOSTICS: ward_diagnostics_order(gateway, order); break;
    case WARD_COMMAND_ADMIT: ward_order_admit(gateway, order); break;
    case WARD_COMMAND_DISCHARGE: of_patient(gateway, order, ward_order_discharge); break;
    }
}
