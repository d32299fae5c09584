/* SPDX-License-Identifier: Apache-2.0 */
#include "app/plan_intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "io/journal.h"

#define ANSWER_MAX 49152 /* octets; as many errors as fit */
#define REASON_MAX 160

/* A plan on its way to being in force. */
struct intake {
    struct ward_gateway *gateway;
    const struct ward_plan_arrival *arrival;
    struct ward_watch *watch;
    struct ward_care_plan plan;
    struct ward_plan_errors errors;
    char reason[REASON_MAX];
};

static bool refuse(struct intake *intake, const char *why)
{
    snprintf(intake->reason, sizeof(intake->reason), "%s", why);
    return false;
}

/* --- judging ------------------------------------------------------------------------------------------------- */

static struct ward_watch *watch_of(const struct ward_gateway *gateway, const struct ward_claims *claims)
{
    struct ward_watch *watch = ward_gateway_watch(gateway, claims->patient.text);

    return watch && strcmp(watch->episode.text, claims->episode.text) == 0 ? watch : NULL;
}

static bool is_same_plan(const struct ward_watch *watch, const struct ward_claims *claims,
                         const char *document)
{
    return watch && watch->has_plan && watch->plan_signed && watch->plan.version == claims->version &&
           ward_care_plan_is_same(watch->plan_document, document);
}

bool ward_plan_is_in_force(const struct ward_gateway *gateway, const struct ward_claims *claims,
                           const char *document)
{
    return is_same_plan(watch_of(gateway, claims), claims, document);
}

static bool is_valid(struct intake *intake)
{
    const char *document = intake->arrival->document;

    if (!ward_care_plan_parse(document, strlen(document), &intake->plan, &intake->errors)) {
        snprintf(intake->reason, sizeof(intake->reason), "The care plan is not valid: %zu error%s.",
                 intake->errors.total, intake->errors.total == 1 ? "" : "s");
        return false;
    }
    if (intake->plan.version == intake->arrival->claims->version)
        return true;
    intake->errors.count = intake->errors.total = 1;
    snprintf(intake->errors.list[0].pointer, sizeof(intake->errors.list[0].pointer), "/version");
    snprintf(intake->errors.list[0].reason, sizeof(intake->errors.list[0].reason),
             "is not the version of the claims, which is %" PRIu64, intake->arrival->claims->version);
    snprintf(intake->errors.list[0].value, sizeof(intake->errors.list[0].value), "%" PRIu32,
             intake->plan.version);
    return refuse(intake, "The care plan is not valid: it has two versions.");
}

static bool is_newer(struct intake *intake)
{
    const struct ward_watch *watch = intake->watch;

    if (!watch->has_plan || !watch->plan_signed || intake->plan.version > watch->plan.version)
        return true;
    snprintf(intake->reason, sizeof(intake->reason),
             "The version is not new: %s, version %" PRIu32 ", is in force for this patient.",
             watch->plan.id.text, watch->plan.version);
    return false;
}

static bool may_be_put_in_force(struct intake *intake)
{
    const struct ward_watch *watch = intake->watch;
    const struct ward_time now = ward_gateway_now(intake->gateway);
    const bool dated = now.utc_ms != WARD_UTC_UNKNOWN && now.clock != WARD_CLOCK_UNSYNCED;

    if (!watch)
        return refuse(intake, "No such patient and episode is looked after here.");
    if (!is_valid(intake) || !is_newer(intake))
        return false;
    if (!dated && ward_care_plan_is_quieter(watch->has_plan ? &watch->plan : NULL, &intake->plan))
        return refuse(intake, "The plan may make alarms quieter, and the clock of the gateway is not "
                              "trusted now: nobody can say whether it is in time.");
    return true;
}

/* --- answering ----------------------------------------------------------------------------------------------- */

/* On the heap; NULL when there is no memory. The list of errors is cut to what fits. */
static char *write_answer(const struct intake *intake, enum ward_outcome outcome)
{
    const struct ward_gateway *gateway = intake->gateway;
    struct ward_result_message message = {.origin = ward_documents_origin(gateway),
                                          .now = ward_gateway_now(gateway),
                                          .command = intake->arrival->claims->id.text,
                                          .outcome = outcome,
                                          .reason = intake->reason,
                                          .errors = intake->errors.list,
                                          .error_count = intake->errors.count};
    char *text = malloc(ANSWER_MAX);
    struct ward_json json;

    for (bool fits = false; text && !fits; message.error_count /= 2) {
        ward_json_init(&json, text, ANSWER_MAX, WARD_JSON_PRINTED);
        ward_result_write_json(&message, &json);
        fits = ward_json_finish(&json, NULL) == WARD_JSON_OK;
        if (!fits && message.error_count == 0)
            break;
    }
    return text;
}

static void answer(const struct intake *intake, enum ward_outcome outcome)
{
    const struct ward_plan_arrival *arrival = intake->arrival;
    char *text = write_answer(intake, outcome);

    if (arrival->call && text)
        ward_bus_reply_text(arrival->call, text);
    else if (arrival->call)
        ward_bus_reply_error(arrival->call, WARD_BUS_FAILED, "Out of memory.");
    else if (text)
        ward_outbox_result(&intake->gateway->outbox, &(struct ward_outbox_result){.text = text});
    free(text);
}

/* Whether what was kept by the broker has got this answer already; it has from now on. */
static bool is_told(const struct intake *intake)
{
    const struct ward_plan_arrival *arrival = intake->arrival;

    return arrival->retained && ward_told_before(&intake->gateway->inbox.told, arrival->topic,
                                                 arrival->claims->id.text, intake->reason);
}

static void tell_refused(const struct intake *intake, enum ward_outcome outcome)
{
    const struct ward_claims *claims = intake->arrival->claims;

    if (is_told(intake))
        return;
    ward_journal_print_with(LOG_WARNING, "WARD_COMMAND", claims->id.text,
                            "care plan by %s for %s refused: %s", claims->by.id.text, claims->patient.text,
                            intake->reason);
    for (size_t i = 0; i < intake->errors.count; i++) {
        const struct ward_plan_error *error = &intake->errors.list[i];

        /* What was found there is told to whoever signed the plan, and not here: it may name somebody. */
        ward_journal_print_with(LOG_WARNING, "WARD_COMMAND", claims->id.text, "%s: %s",
                                error->pointer[0] ? error->pointer : "plan", error->reason);
    }
    answer(intake, outcome);
}

/* Who is answered that it is done when something is stored. NULL when there is no memory. */
static struct ward_commit_waiter *waiter_of(const struct intake *intake)
{
    struct ward_commit_waiter *waiter = ward_commit_waiter_new(NULL, 0);

    if (!waiter)
        return NULL;
    waiter->call = intake->arrival->call;
    waiter->to_ward = !intake->arrival->call;
    waiter->answer = write_answer(intake, WARD_OUTCOME_DONE);
    if (!waiter->answer) {
        free(waiter);
        return NULL;
    }
    return waiter;
}

/* The plan in force has come again. That it is done is said when it is on the disk, and not before. */
static void answer_again(struct intake *intake)
{
    struct ward_gateway *gateway = intake->gateway;
    struct ward_store_group behind = {.urgent = true};
    struct ward_commit_waiter *waiter;

    if (is_told(intake))
        return;
    if (intake->watch->plan_token <= gateway->committed_token) {
        answer(intake, WARD_OUTCOME_DONE);
        return;
    }
    waiter = waiter_of(intake);
    if (waiter)
        (void)ward_gateway_submit(gateway, &behind, waiter);
    else
        answer(intake, WARD_OUTCOME_FAILED);
}

static void put_in_force(struct intake *intake)
{
    const struct ward_plan_arrival *arrival = intake->arrival;
    const struct ward_claims *claims = arrival->claims;
    struct ward_watch *watch = intake->watch;
    const struct ward_store_change change = {.kind = WARD_STORE_PLAN,
                                             .document = arrival->document,
                                             .plan = {watch->patient, intake->plan.version}};
    const struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};
    struct ward_commit_waiter *waiter = waiter_of(intake);

    if (!waiter || !ward_watch_take_plan(watch, &intake->plan, arrival->document, &group, waiter)) {
        if (waiter)
            free(waiter->answer);
        free(waiter);
        (void)refuse(intake, "Out of memory.");
        tell_refused(intake, WARD_OUTCOME_FAILED);
        return;
    }
    (void)is_told(intake); /* from now on it is: the answer follows the commit */
    ward_technical_plan(watch);
    ward_gateway_tell_priorities(intake->gateway);
    ward_outbox_state_changed(&intake->gateway->outbox);
    ward_journal_print_with(LOG_NOTICE, "WARD_COMMAND", claims->id.text,
                            "care plan by %s for %s: %s, version %" PRIu32 ", is in force",
                            claims->by.id.text, claims->patient.text, intake->plan.id.text,
                            intake->plan.version);
}

void ward_plan_take(struct ward_gateway *gateway, const struct ward_plan_arrival *arrival)
{
    struct intake *intake = calloc(1, sizeof(*intake));

    if (!intake) {
        if (arrival->call)
            ward_bus_reply_error(arrival->call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    intake->gateway = gateway;
    intake->arrival = arrival;
    intake->watch = watch_of(gateway, arrival->claims);
    if (!gateway->restored) {
        (void)refuse(intake, "The database cannot be read: who is looked after is not known.");
        tell_refused(intake, WARD_OUTCOME_FAILED);
    } else if (is_same_plan(intake->watch, arrival->claims, arrival->document)) {
        answer_again(intake);
    } else if (may_be_put_in_force(intake)) {
        put_in_force(intake);
    } else {
        tell_refused(intake, WARD_OUTCOME_REFUSED);
    }
    free(intake);
}
