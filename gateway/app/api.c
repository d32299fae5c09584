/* SPDX-License-Identifier: Apache-2.0 */
#include "app/api.h"

#include <stdlib.h>
#include <string.h>

#include "app/api_private.h"
#include "app/documents.h"
#include "app/gateway.h"
#include "core/careplan.h"

#define DOCUMENT_MAX     ((size_t)65536)
#define DOCUMENT_LARGEST (64 * DOCUMENT_MAX)

typedef size_t single_document(const struct ward_gateway *gateway, char *text, size_t size);

/* That of a full house, with every device and what stands for each patient, is several times that of a home. */
static void reply_document(struct ward_gateway *gateway, struct ward_bus_call *call, single_document *write)
{
    bool written = false;
    char *text = NULL;

    for (size_t size = DOCUMENT_MAX; !written && size <= DOCUMENT_LARGEST; size *= 4) {
        free(text);
        text = malloc(size);
        written = text && write(gateway, text, size) > 0;
    }
    if (written)
        ward_bus_reply_text(call, text);
    else
        ward_bus_reply_error(call, WARD_BUS_FAILED, "The answer does not fit.");
    free(text);
}

/* A list of texts on the heap, for an answer of many documents. */
static void patients(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    struct ward_api_list list = {0};
    char *text = malloc(DOCUMENT_MAX);

    for (size_t i = 0; i < gateway->watch_count && text; i++)
        if (ward_documents_patient(gateway, gateway->watches[i], text, DOCUMENT_MAX) > 0)
            (void)ward_api_list_add(&list, text);
    for (size_t i = 0; i < gateway->departures.count && text; i++) {
        const struct ward_departure *departure = gateway->departures.list[i];

        if (departure->patient.text[0] &&
            ward_documents_departure(gateway, departure, text, DOCUMENT_MAX) > 0)
            (void)ward_api_list_add(&list, text);
    }
    free(text);
    ward_api_reply_list(call, &list);
}

static void devices(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    struct ward_api_list list = {0};
    char text[WARD_DOCUMENTS_DEVICE_MAX];

    for (size_t i = 0; i < gateway->registry.device_count; i++)
        if (ward_documents_device(gateway, i, text, sizeof(text)) > 0)
            (void)ward_api_list_add(&list, text);
    ward_api_reply_list(call, &list);
}

static void alarms_present(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient)
{
    struct ward_api_list list = {0};
    char *text = malloc(DOCUMENT_MAX);

    for (size_t i = 0; i < gateway->watch_count && text; i++) {
        const struct ward_watch *watch = gateway->watches[i];

        if (patient && strcmp(patient, watch->patient.text) != 0)
            continue;
        for (size_t at = 0; ward_documents_condition(watch, at, text, DOCUMENT_MAX) > 0; at++)
            (void)ward_api_list_add(&list, text);
    }
    free(text);
    ward_api_reply_list(call, &list);
}

static void reply_plan(struct ward_bus_call *call, const struct ward_watch *watch)
{
    char *plain = watch->plan_signed ? ward_care_plan_plain(watch->plan_document) : NULL;

    if (watch->plan_signed && !plain)
        ward_bus_reply_error(call, WARD_BUS_FAILED, "Out of memory.");
    else
        ward_bus_reply_text(call, plain ? plain : watch->plan_document);
    free(plain);
}

static void plan_of(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient)
{
    const struct ward_watch *watch = ward_gateway_watch(gateway, patient);

    if (!watch)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No such patient is admitted here.");
    else if (!watch->has_plan)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "This patient has no care plan.");
    else
        reply_plan(call, watch);
}

static void follow(struct ward_bus_call *call)
{
    if (ward_bus_call_follow(call) < 0)
        ward_bus_reply_error(call, WARD_BUS_FAILED, "The bus cannot tell when you leave it.");
    else
        ward_bus_reply(call);
}

/* Until it is known what the database holds, an answer would be wrong and a change could contradict it. */
static bool must_wait(const struct ward_gateway *gateway, enum ward_bus_method method)
{
    return !gateway->restored && method != WARD_BUS_STATUS && method != WARD_BUS_QUEUE &&
           method != WARD_BUS_HUB && method != WARD_BUS_FOLLOW && method != WARD_BUS_PROVISION &&
           method != WARD_BUS_TEST_HUB;
}

void ward_api_call(void *userdata, enum ward_bus_method method, struct ward_bus_call *call,
                   const struct ward_bus_arguments *arguments)
{
    struct ward_gateway *gateway = userdata;
    const char *const *text = arguments->text;

    if (must_wait(gateway, method)) {
        ward_bus_reply_error(
            call, WARD_BUS_FAILED,
            "The database cannot be read, and nothing can be changed: `wardctl status` says more.");
        return;
    }
    switch (method) {
    case WARD_BUS_STATUS: reply_document(gateway, call, ward_documents_status); break;
    case WARD_BUS_VERIFY: ward_api_verify(gateway, call, arguments->text[0]); break;
    case WARD_BUS_QUEUE: reply_document(gateway, call, ward_documents_queue); break;
    case WARD_BUS_HUB: reply_document(gateway, call, ward_documents_hub); break;
    case WARD_BUS_FOLLOW: follow(call); break;
    case WARD_BUS_TEST_HUB: ward_hub_test_begin(gateway, call); break;
    case WARD_BUS_PATIENTS: patients(gateway, call); break;
    case WARD_BUS_DEVICES: devices(gateway, call); break;
    case WARD_BUS_AUDIT:
    case WARD_BUS_READINGS: ward_api_from_store(gateway, method, call, arguments); break;
    case WARD_BUS_ALARMS:
        if (arguments->filter.history)
            ward_api_from_store(gateway, method, call, arguments);
        else
            alarms_present(gateway, call, arguments->filter.patient);
        break;
    case WARD_BUS_PLAN: plan_of(gateway, call, text[0]); break;
    case WARD_BUS_ADMIT: ward_api_admit(gateway, call, text); break;
    case WARD_BUS_APPLY_PLAN: ward_api_change_plan(gateway, call, text[0], text[1]); break;
    case WARD_BUS_SCAN: ward_enrolment_scan(gateway, call, arguments->number); break;
    case WARD_BUS_PAIR: ward_enrolment_pair(gateway, call, text, arguments->number); break;
    case WARD_BUS_TEST_DEVICE: ward_trial_begin(gateway, call, text[0], arguments->number); break;
    case WARD_BUS_BIND: ward_binding_bind(gateway, call, arguments); break;
    case WARD_BUS_UNBIND: ward_binding_unbind(gateway, call, text[0], text[1]); break;
    case WARD_BUS_RENAME: ward_binding_rename(gateway, call, text[0], text[1]); break;
    case WARD_BUS_MEASURE: ward_binding_measure(gateway, call, text[0], text[1], arguments->number); break;
    case WARD_BUS_FORGET: ward_enrolment_forget(gateway, call, text[0]); break;
    case WARD_BUS_SILENCE: ward_api_silence(gateway, call, text[0]); break;
    case WARD_BUS_COMMAND: ward_inbox_by_hand(gateway, call, text[0]); break;
    case WARD_BUS_ORDER: ward_api_order(gateway, call, text); break;
    case WARD_BUS_PROVISION: ward_provisioning_call(gateway, call, text[0], text[1]); break;
    case WARD_BUS_EXPLAIN: ward_api_explain(gateway, call, text[0]); break;
    case WARD_BUS_METHOD_COUNT: break;
    }
    ward_gateway_settle(gateway);
}
