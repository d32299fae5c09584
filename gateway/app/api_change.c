/* SPDX-License-Identifier: Apache-2.0 */
/* The methods that change what counts for a patient, without a signature: where the configuration allows that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/api_private.h"
#include "app/gateway.h"
#include "app/order.h"
#include "core/careplan.h"
#include "core/entry.h"
#include "core/reading.h"
#include "io/journal.h"

#define PLAN_ERROR_MAX 8192

/* with and waiter as for ward_watch_apply_plan. False: the call is answered, and the waiter is the caller's. */
static bool apply_plan(struct ward_gateway *gateway, struct ward_bus_call *call, struct ward_watch *watch,
                       const char *document, const struct ward_store_change *with,
                       struct ward_commit_waiter *waiter)
{
    char error[PLAN_ERROR_MAX];

    if (gateway->config.plan.require_signature || (watch->has_plan && watch->plan_signed)) {
        ward_bus_reply_error(
            call, WARD_BUS_REFUSED,
            gateway->config.plan.require_signature
                ? "A care plan must be signed here (require_signature in wardgate.conf): the ward sends it, or "
                  "it is brought as a file, with --signed."
                : "The plan in force is signed: only a signed one can take its place.");
        return false;
    }
    /* Nobody has looked at its signature, and it would be stored as if somebody had. */
    if (ward_care_plan_is_signed(document, strlen(document))) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, "This plan is signed: apply it with --signed.");
        return false;
    }
    if (!ward_watch_apply_plan(watch, document, with, waiter, error, sizeof(error))) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, error);
        return false;
    }
    ward_technical_plan(watch);
    ward_gateway_tell_priorities(gateway);
    return true;
}

/* As a signed admission has it, too: what is printed beside `monitoring` must not be able to hide it. */
static bool is_line(const char *text, size_t size)
{
    if (strlen(text) >= size)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7F)
            return false;
    return true;
}

void ward_api_admit(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *texts)
{
    struct ward_store_change change = {.kind = WARD_STORE_PATIENT};
    struct ward_store_patient *patient = &change.patient;
    struct ward_commit_waiter *waiter;
    struct ward_watch *watch;

    if (!ward_id_set(&patient->id, texts[0]) || !ward_id_set(&patient->episode, texts[1])) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                             "The ids of patient and episode are 1 to 64 letters, digits and hyphens.");
        return;
    }
    if (ward_gateway_watch(gateway, texts[0])) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, "This patient is admitted already.");
        return;
    }
    if (ward_departure_of(gateway, texts[0])) {
        ward_bus_reply_error(
            call, WARD_BUS_REFUSED,
            "This patient was discharged, and not everything of that episode is erased yet.");
        return;
    }
    if (!is_line(texts[2], sizeof(patient->label)) || !is_line(texts[3], sizeof(patient->check_word))) {
        ward_bus_reply_error(
            call, WARD_BUS_INVALID_ARGUMENT,
            "A label has at most 64 octets, a check word at most 32, and neither has control characters.");
        return;
    }
    if (gateway->config.plan.require_signature) {
        ward_bus_reply_error(
            call, WARD_BUS_REFUSED,
            "Admission must be signed here (require_signature in wardgate.conf): the ward orders it, "
            "or its order is brought as a file, with --signed.");
        return;
    }
    watch = ward_gateway_look_after(gateway, &patient->id, &patient->episode);
    if (!watch) {
        ward_bus_reply_error(call, WARD_BUS_FAILED, "No more patients fit on this gateway.");
        return;
    }
    waiter = ward_commit_waiter_new(NULL, 0);
    if (!waiter) {
        ward_gateway_leave(gateway, watch);
        ward_bus_reply_error(call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    waiter->call = call;
    snprintf(patient->label, sizeof(patient->label), "%s", texts[2]);
    snprintf(patient->check_word, sizeof(patient->check_word), "%s", texts[3]);
    patient->admitted_at_ms = ward_gateway_now(gateway).utc_ms;
    /* In one transaction: without its patient a plan would wait for whoever is admitted by that id next. */
    if (!apply_plan(gateway, call, watch, texts[4], &change, waiter)) {
        ward_gateway_leave(gateway, watch);
        free(waiter);
        return;
    }
    ward_journal_print(LOG_NOTICE, "%s admitted, episode %s, by uid %u", texts[0], texts[1],
                       ward_bus_call_uid(call));
    ward_gateway_apply(gateway, &change, 1);
    ward_technical_tell(gateway, watch);
}

void ward_api_change_plan(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient,
                          const char *document)
{
    struct ward_watch *watch = ward_gateway_watch(gateway, patient);
    struct ward_commit_waiter *waiter;

    if (!watch) {
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No such patient is admitted here.");
        return;
    }
    waiter = ward_commit_waiter_new(NULL, 0);
    if (!waiter) {
        ward_bus_reply_error(call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    waiter->call = call;
    if (!apply_plan(gateway, call, watch, document, NULL, waiter))
        free(waiter);
}

void ward_api_silence(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient)
{
    struct ward_watch *watch = ward_gateway_watch(gateway, patient);
    struct ward_id by;

    snprintf(by.text, sizeof(by.text), "uid-%u", ward_bus_call_uid(call));
    if (!watch)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No such patient is admitted here.");
    else if (ward_watch_silence(watch, &by) == 0)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No alarm of this patient is sounding.");
    else
        ward_bus_reply(call);
}

/* Who says it; without a name the user of this computer. Returns false, with the call answered, for no id. */
static bool say_who(struct ward_bus_call *call, const char *by, struct ward_id *ret)
{
    if (by[0] == '\0') {
        snprintf(ret->text, sizeof(ret->text), "uid-%u", ward_bus_call_uid(call));
        return true;
    }
    if (ward_id_set(ret, by))
        return true;
    ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                         "The id of a person is 1 to 64 letters, digits and hyphens.");
    return false;
}

/* What is answered to the ward, or changes whom of it we believe. */
static bool is_for_signed_commands(enum ward_command_kind kind)
{
    return kind == WARD_COMMAND_ASK || kind == WARD_COMMAND_DIAGNOSTICS || kind == WARD_COMMAND_ADD_KEY ||
           kind == WARD_COMMAND_REVOKE_KEY;
}

/*
 * A clinician's order without a signature. Where the ward signs what it orders there is none; but that somebody is worried
 * may be said by anybody who may change something here, and so may a technical alarm be acknowledged: of which kind one is
 * shows when it is found.
 */
static bool may_order(struct ward_gateway *gateway, struct ward_bus_call *call,
                      const struct ward_command *command)
{
    const bool concern = command->kind == WARD_COMMAND_ENTRY && ward_entry_is_concern(&command->entry);

    if (is_for_signed_commands(command->kind)) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, "This is only done for a signed command of the ward.");
        return false;
    }
    if (!gateway->config.plan.require_signature || concern || command->kind == WARD_COMMAND_ACKNOWLEDGE)
        return true;
    ward_bus_reply_error(
        call, WARD_BUS_REFUSED,
        "This must be signed by a clinician here (require_signature in wardgate.conf): the ward orders it, "
        "or its order is brought as a file, with --signed.");
    return false;
}

void ward_api_order(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *texts)
{
    struct ward_order order = {.call = call};
    struct ward_jws_error error;

    if (texts[0][0] != '\0' && !ward_id_set(&order.patient, texts[0]))
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, "That is no id of a patient.");
    else if (ward_command_parse(texts[2], strlen(texts[2]), &order.command, &error) != WARD_JWS_OK)
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, error.text);
    else if (may_order(gateway, call, &order.command) && say_who(call, texts[1], &order.by)) {
        const struct ward_watch *watch = ward_gateway_watch(gateway, order.patient.text);

        if (watch)
            order.episode = watch->episode;
        ward_order_carry_out(gateway, &order);
    }
}
