/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is looked after: a patient exists here between two orders.
 *
 *   admit      the patient, and the plan if there is one, in one transaction. Without a plan nothing is monitored, which is
 *              said (no-plan), until one comes (plan_intake.h). Admitted already in that episode: done, and nothing happens;
 *              refused when it brings another plan than that in force, which it does not replace
 *   discharge  evaluation ends, every condition is cleared as discharged, plan, state and bindings go; what follows is a
 *              departure (departure.h). The answer says that the episode has ended, not yet that it is erased
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"
#include "io/crypto.h"

#define REASON_MAX 160

struct admission {
    struct ward_execution execution;
    struct ward_care_plan plan;
    struct ward_plan_errors errors;
    char reason[REASON_MAX];
};

/* Why not; NULL: the patient may be admitted. */
static const char *why_not_admit(struct admission *admission, const struct ward_gateway *gateway,
                                 const struct ward_order *order)
{
    const struct ward_watch *watch = ward_gateway_watch(gateway, order->patient.text);

    if (!order->patient.text[0] || !order->episode.text[0])
        return "Admission needs a patient and an episode.";
    if (watch)
        return "This patient is admitted with another episode, which must end first.";
    if (ward_departure_of(gateway, order->patient.text))
        return "This patient was discharged, and not everything of that episode is erased yet.";
    if (gateway->watch_count == WARD_PATIENTS_MAX)
        return "No more patients fit on this gateway.";
    if (!order->command.admission.has_plan)
        return NULL;
    if (!order->document)
        return "A plan that comes with an admission must be signed with it.";
    if (ward_care_plan_parse(order->document, strlen(order->document), &admission->plan, &admission->errors))
        return NULL;
    admission->execution.errors = &admission->errors;
    snprintf(admission->reason, sizeof(admission->reason), "The care plan is not valid: %zu error%s.",
             admission->errors.total, admission->errors.total == 1 ? "" : "s");
    return admission->reason;
}

/* In that episode. Done would say that its plan is in force. */
static void admitted_already(struct admission *admission, const struct ward_order *order,
                             const struct ward_watch *watch)
{
    const bool same =
        !order->command.admission.has_plan ||
        (order->document && watch->has_plan && ward_care_plan_is_same(watch->plan_document, order->document));

    if (same)
        ward_execution_conclude(&admission->execution, WARD_OUTCOME_DONE,
                                "This patient is admitted already.");
    else
        ward_execution_conclude(
            &admission->execution, WARD_OUTCOME_REFUSED,
            "This patient is admitted already, and the plan of this admission is not the one in force: send "
            "it as a care plan.");
    ward_execution_submit(&admission->execution);
}

static void admit(struct admission *admission, struct ward_gateway *gateway, const struct ward_order *order)
{
    struct ward_execution *execution = &admission->execution;
    struct ward_watch *watch = ward_gateway_look_after(gateway, &order->patient, &order->episode);
    struct ward_store_change patient = {
        .kind = WARD_STORE_PATIENT,
        .patient = {order->patient, order->episode, "", "", ward_gateway_now(gateway).utc_ms}};
    const struct ward_store_change plan = {.kind = WARD_STORE_PLAN,
                                           .document = order->document,
                                           .plan = {order->patient, admission->plan.version}};

    if (!watch) {
        ward_execution_refuse(execution, "Out of memory.");
        return;
    }
    snprintf(patient.patient.label, sizeof(patient.patient.label), "%s", order->command.admission.label);
    snprintf(patient.patient.check_word, sizeof(patient.patient.check_word), "%s",
             order->command.admission.check_word);
    ward_execution_change(execution, &patient);
    (void)ward_registry_apply(&gateway->registry, &patient);
    if (order->command.admission.has_plan)
        ward_execution_change(execution, &plan);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    if (!order->command.admission.has_plan ||
        !ward_watch_take_plan(watch, &admission->plan, order->document, &execution->group, execution->waiter))
        ward_execution_submit(execution);
    ward_technical_tell(gateway, watch);
    ward_gateway_tell_sources(gateway);
    ward_watch_tick(watch);
    ward_outbox_state_changed(&gateway->outbox);
}

void ward_order_admit(struct ward_gateway *gateway, const struct ward_order *order)
{
    const struct ward_watch *watch = ward_gateway_watch(gateway, order->patient.text);
    struct admission *admission = calloc(1, sizeof(*admission));
    const char *refusal;

    if (!admission) {
        if (order->call)
            ward_bus_reply_error(order->call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    ward_execution_begin(&admission->execution, gateway, order);
    if (watch && strcmp(watch->episode.text, order->episode.text) == 0) {
        admitted_already(admission, order, watch);
    } else if ((refusal = why_not_admit(admission, gateway, order))) {
        ward_execution_refuse(&admission->execution, refusal);
    } else {
        admit(admission, gateway, order);
    }
    free(admission);
}

/* --- discharge ----------------------------------------------------------------------------------------------- */

/* The certificate goes by an id; an order that was not signed has none. */
static struct ward_id id_of(const struct ward_order *order)
{
    struct ward_id id = order->id;
    uint64_t random = 0;

    if (!id.text[0]) {
        (void)ward_random(&random, sizeof(random));
        snprintf(id.text, sizeof(id.text), "local-%016" PRIx64, random);
    }
    return id;
}

void ward_order_discharge(struct ward_execution *execution, struct ward_watch *watch)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_id id = id_of(execution->order);
    struct ward_departure_text text;
    struct ward_store_change setting;
    struct ward_store_change removed = {.kind = WARD_STORE_PATIENT_REMOVED,
                                        .patient = {.id = watch->patient,
                                                    .episode = watch->episode,
                                                    .admitted_at_ms = ward_gateway_now(gateway).utc_ms}};

    if (!ward_departure_begin(gateway, &watch->patient, &watch->episode, &id, &text, &setting)) {
        ward_execution_refuse(execution,
                              "Out of memory, or too many episodes that ended are not erased yet.");
        return;
    }
    ward_binding_left(gateway, watch->patient.text);
    ward_execution_change(execution, &removed);
    ward_execution_change(execution, &setting);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "");
    ward_watch_discharge(watch, &execution->group, execution->waiter);
    free(text.text);
    (void)ward_registry_apply(&gateway->registry, &removed);
    ward_binding_counted(gateway);
    ward_enrolment_discharged(gateway, watch->patient.text);
    ward_gateway_leave(gateway, watch);
    ward_gateway_tell_sources(gateway);
    (void)ward_gateway_annunciate(gateway);
    gateway->outbox.document = 0; /* the list of patients has changed under it */
    ward_outbox_state_changed(&gateway->outbox);
}
