/* SPDX-License-Identifier: Apache-2.0 */
#include "app/api.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bundles.h"
#include "app/documents.h"
#include "app/gateway.h"
#include "app/order.h"
#include "core/alarm_names.h"
#include "core/careplan.h"
#include "core/entry.h"
#include "core/json.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/record.h"
#include "io/journal.h"

#define DOCUMENT_MAX   65536
#define PLAN_ERROR_MAX 8192

typedef size_t single_document(const struct ward_gateway *gateway, char *text, size_t size);

static void reply_document(struct ward_gateway *gateway, struct ward_bus_call *call, single_document *write)
{
    char *text = malloc(DOCUMENT_MAX);

    if (text && write(gateway, text, DOCUMENT_MAX) > 0)
        ward_bus_reply_text(call, text);
    else
        ward_bus_reply_error(call, WARD_BUS_FAILED, "The answer does not fit.");
    free(text);
}

/* A list of texts on the heap, for an answer of many documents. */
struct list {
    char **texts;
    size_t count;
};

static bool list_add(struct list *list, const char *text)
{
    char **grown = realloc(list->texts, (list->count + 1) * sizeof(*grown));

    if (!grown)
        return false;
    list->texts = grown;
    grown[list->count] = strdup(text);
    return grown[list->count] && ++list->count;
}

static void list_free(struct list *list)
{
    while (list->count > 0)
        free(list->texts[--list->count]);
    free(list->texts);
}

static void reply_list(struct ward_bus_call *call, struct list *list)
{
    ward_bus_reply_list(call, (const char *const *)list->texts, list->count);
    list_free(list);
}

static void patients(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    struct list list = {0};
    char *text = malloc(DOCUMENT_MAX);

    for (size_t i = 0; i < gateway->watch_count && text; i++)
        if (ward_documents_patient(gateway, gateway->watches[i], text, DOCUMENT_MAX) > 0)
            (void)list_add(&list, text);
    for (size_t i = 0; i < gateway->departures.count && text; i++) {
        const struct ward_departure *departure = gateway->departures.list[i];

        if (departure->patient.text[0] &&
            ward_documents_departure(gateway, departure, text, DOCUMENT_MAX) > 0)
            (void)list_add(&list, text);
    }
    free(text);
    reply_list(call, &list);
}

static void devices(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    struct list list = {0};
    char text[4096];

    for (size_t i = 0; i < gateway->registry.device_count; i++)
        if (ward_documents_device(gateway, i, text, sizeof(text)) > 0)
            (void)list_add(&list, text);
    reply_list(call, &list);
}

/* --- what is read from the store, and so answered later ------------------------------------------------------ */

struct pending {
    struct ward_gateway *gateway;
    struct ward_bus_call *call;
};

static void answer_readings(void *context, int error, const struct ward_record *records, size_t count)
{
    struct pending *pending = context;
    struct list list = {0};
    char *text = malloc(WARD_RECORD_TEXT_MAX);

    for (size_t i = 0; i < count && text; i++) {
        struct ward_json json;

        ward_json_init(&json, text, WARD_RECORD_TEXT_MAX, WARD_JSON_CANONICAL);
        ward_record_write(&json, pending->gateway->epoch.text, &records[i], true);
        if (ward_json_finish(&json, NULL) == WARD_JSON_OK)
            (void)list_add(&list, text);
    }
    free(text);
    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
        list_free(&list);
    } else {
        reply_list(pending->call, &list);
    }
    free(pending);
}

/* As they go up with format = fhir, rising: as many in a Bundle as go in one message. */
static void list_bundles(struct ward_gateway *gateway, const struct ward_store_records *found,
                         struct list *list)
{
    struct ward_record *rising = calloc(found->count + 1, sizeof(*rising));
    char *text = malloc(WARD_LINK_FRAME_MAX);
    struct ward_bundle_of of = {.epoch = gateway->epoch.text,
                                .backlog = true,
                                .records = rising,
                                .voided = found->voided,
                                .voided_count = found->voided_count};
    size_t written = 1, length;

    for (size_t i = 0; rising && i < found->count; i++)
        rising[i] = found->records[found->count - 1 - i];
    for (size_t left = found->count; rising && text && left > 0 && written > 0; left -= written) {
        of.records = rising + (found->count - left);
        of.count = left < WARD_READINGS_RECORDS_MAX ? left : WARD_READINGS_RECORDS_MAX;
        written =
            ward_bundles_write(gateway, &of, false, text, WARD_LINK_FRAME_MAX, WARD_LINK_FRAME_MAX, &length);
        if (written > 0)
            (void)list_add(list, text);
    }
    free(text);
    free(rising);
}

static void answer_bundles(void *context, int error, const struct ward_store_records *found)
{
    struct pending *pending = context;
    struct list list = {0};

    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        list_bundles(pending->gateway, found, &list);
        reply_list(pending->call, &list);
    }
    free(pending);
}

static void answer_alarms(void *context, int error, const struct ward_store_event *events, size_t count)
{
    struct pending *pending = context;
    struct list list = {0};

    if (error < 0) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        for (size_t i = 0; i < count; i++) {
            char *text = strndup(events[i].payload, events[i].payload_length);

            if (text)
                (void)list_add(&list, text);
            free(text);
        }
        reply_list(pending->call, &list);
    }
    free(pending);
}

/* Fills the store's filter. Returns NULL, or a sentence that says what is wrong. */
static const char *fill_filter(const struct ward_bus_arguments *arguments, struct ward_store_filter *filter)
{
    *filter = (struct ward_store_filter){.since_ms = arguments->filter.since_ms ? arguments->filter.since_ms
                                                                                : WARD_UTC_UNKNOWN,
                                         .until_ms = arguments->filter.until_ms,
                                         .limit = arguments->filter.limit};
    if (arguments->filter.device && !ward_id_set(&filter->device, arguments->filter.device))
        return "That is no id of a device.";
    if (arguments->filter.patient && !ward_id_set(&filter->patient, arguments->filter.patient))
        return "That is no id of a patient.";
    if (arguments->filter.quantity) {
        filter->quantity = (uint8_t)ward_quantity_by_name(arguments->filter.quantity);
        if (filter->quantity == WARD_QUANTITY_NONE)
            return "That is no quantity. Known are spo2, pulse_rate, heart_rate, bp_systolic and so on.";
    }
    return NULL;
}

static void from_store(struct ward_gateway *gateway, enum ward_bus_method method, struct ward_bus_call *call,
                       const struct ward_bus_arguments *arguments)
{
    struct ward_store_filter filter;
    const char *fault = fill_filter(arguments, &filter);
    struct pending *pending = malloc(sizeof(*pending));
    int result = -ENOMEM;

    if (fault) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, fault);
        free(pending);
        return;
    }
    if (pending) {
        *pending = (struct pending){gateway, call};
        if (method != WARD_BUS_READINGS)
            result = ward_store_alarm_history(gateway->store, &filter, answer_alarms, pending);
        else if (arguments->filter.fhir)
            result = ward_store_query_whole(gateway->store, &filter, answer_bundles, pending);
        else
            result = ward_store_query(gateway->store, &filter, answer_readings, pending);
    }
    if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The database has too much to do. Try again.");
        free(pending);
    }
}

static void answer_verified(void *context, int error, uint64_t first, uint64_t last)
{
    struct pending *pending = context;
    char text[256];
    struct ward_json json;

    if (error < 0 && error != -EUCLEAN) {
        ward_bus_reply_error(pending->call, WARD_BUS_FAILED, "The database cannot be read now.");
    } else {
        ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
        ward_json_object(&json);
        ward_json_member(&json, "epoch", pending->gateway->epoch.text);
        ward_json_key(&json, "first");
        ward_json_uint(&json, first);
        ward_json_key(&json, "last");
        ward_json_uint(&json, last);
        ward_json_key(&json, "head");
        ward_json_uint(&json, pending->gateway->head_seq);
        ward_json_key(&json, "damaged");
        ward_json_bool(&json, error == -EUCLEAN);
        ward_json_object_end(&json);
        (void)ward_json_finish(&json, NULL); /* no number is too long for the room */
        ward_bus_reply_text(pending->call, text);
    }
    free(pending);
}

static void begin_verify(struct ward_gateway *gateway, struct ward_bus_call *call, const char *from)
{
    struct pending *pending = malloc(sizeof(*pending));
    int result = -ENOMEM;

    if (pending) {
        *pending = (struct pending){gateway, call};
        result = ward_store_verify(gateway->store, strtoull(from, NULL, 10), answer_verified, pending);
    }
    if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The database has too much to do. Try again.");
        free(pending);
    }
}

/* "EPOCH:SEQ", or "SEQ" of this database. Returns 0 for anything else. */
static uint64_t parse_seq(const struct ward_gateway *gateway, const char *text)
{
    const char *colon = strchr(text, ':'), *digits = colon ? colon + 1 : text;
    char *end;

    if (colon && (strncmp(text, gateway->epoch.text, (size_t)(colon - text)) != 0 ||
                  gateway->epoch.text[colon - text] != '\0'))
        return 0;
    if (*digits < '1' || *digits > '9' || strlen(digits) > 18)
        return 0;
    const uint64_t seq = strtoull(digits, &end, 10);
    return *end == '\0' ? seq : 0;
}

/* What is stored of an alarm or of a reading; what it means is for whoever asks. */
static void explain(struct ward_gateway *gateway, struct ward_bus_call *call, const char *what)
{
    struct ward_store_filter filter = {.since_ms = WARD_UTC_UNKNOWN};
    const uint64_t seq = parse_seq(gateway, what);
    struct pending *pending;
    int result = -ENOMEM;

    filter.of_occurrence = seq == 0 && ward_alarm_id_parse(what, &filter.occurrence);
    if (seq == 0 && !filter.of_occurrence) {
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND,
                             "That is neither the id of an alarm (32 hexadecimal digits) nor the number of a "
                             "record of this database (SEQ or EPOCH:SEQ).");
        return;
    }
    pending = malloc(sizeof(*pending));
    if (pending) {
        *pending = (struct pending){gateway, call};
        result = seq > 0 ? ward_store_fetch(gateway->store, (struct ward_seq_range){seq, seq},
                                            answer_readings, pending)
                         : ward_store_alarm_history(gateway->store, &filter, answer_alarms, pending);
    }
    if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The database has too much to do. Try again.");
        free(pending);
    }
}

static void alarms_present(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient)
{
    struct list list = {0};
    char *text = malloc(DOCUMENT_MAX);

    for (size_t i = 0; i < gateway->watch_count && text; i++) {
        const struct ward_watch *watch = gateway->watches[i];

        if (patient && strcmp(patient, watch->patient.text) != 0)
            continue;
        for (size_t at = 0; ward_documents_condition(watch, at, text, DOCUMENT_MAX) > 0; at++)
            (void)list_add(&list, text);
    }
    free(text);
    reply_list(call, &list);
}

/* --- what changes something ---------------------------------------------------------------------------------- */

static bool apply_plan(struct ward_gateway *gateway, struct ward_bus_call *call, struct ward_watch *watch,
                       const char *document)
{
    char error[PLAN_ERROR_MAX];

    if (gateway->config.plan.require_signature || (watch->has_plan && watch->plan_signed)) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED,
                             gateway->config.plan.require_signature
                                 ? "A care plan must be signed here (require_signature in wardgate.conf)."
                                 : "The plan in force is signed: only a signed one can take its place.");
        return false;
    }
    /* Nobody has looked at its signature, and it would be stored as if somebody had. */
    if (ward_care_plan_is_signed(document, strlen(document))) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, "This plan is signed: apply it with --signed.");
        return false;
    }
    if (!ward_watch_apply_plan(watch, document, false, error, sizeof(error))) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, error);
        return false;
    }
    ward_technical_plan(watch);
    ward_gateway_tell_priorities(gateway);
    return true;
}

static void admit(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *texts)
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
    if (strlen(texts[2]) >= sizeof(patient->label) || strlen(texts[3]) >= sizeof(patient->check_word)) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                             "A label has at most 64 octets, a check word at most 32.");
        return;
    }
    if (gateway->config.plan.require_signature) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED,
                             "Admission needs a signed command here (require_signature in wardgate.conf).");
        return;
    }
    watch = ward_gateway_look_after(gateway, &patient->id, &patient->episode);
    if (!watch) {
        ward_bus_reply_error(call, WARD_BUS_FAILED, "No more patients fit on this gateway.");
        return;
    }
    /* The plan is tried first: a patient with a bad plan is not admitted half. */
    if (!apply_plan(gateway, call, watch, texts[4])) {
        ward_gateway_leave(gateway, watch);
        return;
    }
    snprintf(patient->label, sizeof(patient->label), "%s", texts[2]);
    snprintf(patient->check_word, sizeof(patient->check_word), "%s", texts[3]);
    patient->admitted_at_ms = ward_gateway_now(gateway).utc_ms;
    ward_journal_print(LOG_NOTICE, "%s admitted, episode %s, by uid %u", texts[0], texts[1],
                       ward_bus_call_uid(call));
    waiter = ward_commit_waiter_new(NULL, 0);
    if (waiter)
        waiter->call = call;
    else
        ward_bus_reply_error(call, WARD_BUS_FAILED, "Out of memory.");
    (void)ward_gateway_change(gateway, &change, 1, waiter);
    ward_technical_tell(gateway, watch);
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

static void change_plan(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient,
                        const char *document)
{
    struct ward_watch *watch = ward_gateway_watch(gateway, patient);

    if (!watch)
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, "No such patient is admitted here.");
    else if (apply_plan(gateway, call, watch, document))
        ward_bus_reply(call);
}

static void silence(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient)
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
 * may be said by anybody who may change something here.
 */
static bool may_order(struct ward_gateway *gateway, struct ward_bus_call *call,
                      const struct ward_command *command)
{
    const bool concern = command->kind == WARD_COMMAND_ENTRY && ward_entry_is_concern(&command->entry);

    if (is_for_signed_commands(command->kind)) {
        ward_bus_reply_error(call, WARD_BUS_REFUSED, "This is only done for a signed command of the ward.");
        return false;
    }
    if (!gateway->config.plan.require_signature || concern)
        return true;
    ward_bus_reply_error(call, WARD_BUS_REFUSED,
                         "This must be signed by a clinician here (require_signature in wardgate.conf).");
    return false;
}

static void order(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *texts)
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

/* Until it is known what the database holds, an answer would be wrong and a change could contradict it. */
static bool must_wait(const struct ward_gateway *gateway, enum ward_bus_method method)
{
    return !gateway->restored && method != WARD_BUS_STATUS && method != WARD_BUS_QUEUE &&
           method != WARD_BUS_HUB && method != WARD_BUS_PROVISION && method != WARD_BUS_TEST_HUB;
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
    case WARD_BUS_VERIFY: begin_verify(gateway, call, arguments->text[0]); break;
    case WARD_BUS_QUEUE: reply_document(gateway, call, ward_documents_queue); break;
    case WARD_BUS_HUB: reply_document(gateway, call, ward_documents_hub); break;
    case WARD_BUS_TEST_HUB: ward_hub_test_begin(gateway, call); break;
    case WARD_BUS_PATIENTS: patients(gateway, call); break;
    case WARD_BUS_DEVICES: devices(gateway, call); break;
    case WARD_BUS_READINGS: from_store(gateway, method, call, arguments); break;
    case WARD_BUS_ALARMS:
        if (arguments->filter.history)
            from_store(gateway, method, call, arguments);
        else
            alarms_present(gateway, call, arguments->filter.patient);
        break;
    case WARD_BUS_PLAN: plan_of(gateway, call, text[0]); break;
    case WARD_BUS_ADMIT: admit(gateway, call, text); break;
    case WARD_BUS_APPLY_PLAN: change_plan(gateway, call, text[0], text[1]); break;
    case WARD_BUS_SCAN: ward_enrolment_scan(gateway, call, arguments->number); break;
    case WARD_BUS_PAIR: ward_enrolment_pair(gateway, call, text, arguments->number); break;
    case WARD_BUS_TEST_DEVICE: ward_trial_begin(gateway, call, text[0], arguments->number); break;
    case WARD_BUS_BIND: ward_binding_bind(gateway, call, arguments); break;
    case WARD_BUS_UNBIND: ward_binding_unbind(gateway, call, text[0], text[1]); break;
    case WARD_BUS_RENAME: ward_binding_rename(gateway, call, text[0], text[1]); break;
    case WARD_BUS_MEASURE: ward_binding_measure(gateway, call, text[0], text[1], arguments->number); break;
    case WARD_BUS_FORGET: ward_enrolment_forget(gateway, call, text[0]); break;
    case WARD_BUS_SILENCE: silence(gateway, call, text[0]); break;
    case WARD_BUS_COMMAND: ward_inbox_by_hand(gateway, call, text[0]); break;
    case WARD_BUS_ORDER: order(gateway, call, text); break;
    case WARD_BUS_PROVISION: ward_provisioning_call(gateway, call, text[0], text[1]); break;
    case WARD_BUS_EXPLAIN: explain(gateway, call, text[0]); break;
    case WARD_BUS_METHOD_COUNT: break;
    }
    ward_gateway_settle(gateway);
}
