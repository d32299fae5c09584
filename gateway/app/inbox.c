/* SPDX-License-Identifier: Apache-2.0 */
#include "app/inbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "core/message.h"
#include "core/reading.h"

#define ANSWER_MAX   1024
#define SENTENCE_MAX 256

int ward_inbox_init(struct ward_inbox *inbox)
{
    memset(inbox, 0, sizeof(*inbox));
    inbox->work = malloc(sizeof(*inbox->work));
    return inbox->work ? 0 : -ENOMEM;
}

void ward_inbox_done(struct ward_inbox *inbox)
{
    for (size_t i = 0; i < WARD_INBOX_COMMANDS_MAX; i++)
        free(inbox->answered[i].answer);
    free(inbox->work);
    inbox->work = NULL;
}

/* --- counters: a signed command counts once ------------------------------------------------------------------ */

static struct ward_store_counter *counter_of(struct ward_inbox *inbox, const char *kid)
{
    for (size_t i = 0; i < inbox->counter_count; i++)
        if (strcmp(inbox->counters[i].kid, kid) == 0)
            return &inbox->counters[i];
    if (inbox->counter_count == WARD_INBOX_COUNTERS_MAX)
        return NULL;
    inbox->counters[inbox->counter_count] = (struct ward_store_counter){0};
    snprintf(inbox->counters[inbox->counter_count].kid, sizeof(inbox->counters[0].kid), "%s", kid);
    return &inbox->counters[inbox->counter_count++];
}

void ward_inbox_restore(struct ward_inbox *inbox, const struct ward_store_change *change)
{
    struct ward_store_counter *counter =
        change->kind == WARD_STORE_COUNTER ? counter_of(inbox, change->counter.kid) : NULL;

    if (counter)
        counter->counter = change->counter.counter;
}

/* --- judging ------------------------------------------------------------------------------------------------- */

/* One thing that arrived, on its way to being believed. */
struct arrival {
    const char *topic; /* NULL: by hand */
    bool retained;
    struct ward_bus_call *call; /* NULL: from the broker */
    struct ward_jws jws;
    struct ward_claims claims;
    char refusal[SENTENCE_MAX];
};

static bool refuse(struct arrival *arrival, const char *why)
{
    snprintf(arrival->refusal, sizeof(arrival->refusal), "%s", why);
    return false;
}

static bool signature_holds(struct ward_gateway *gateway, const uint8_t *text, size_t length,
                            struct arrival *arrival, enum ward_role *ret_role)
{
    struct ward_jws_error error;
    enum ward_verdict verdict;

    if (ward_jws_parse(text, length, gateway->inbox.work, &arrival->jws, &error) != WARD_JWS_OK)
        return refuse(arrival, error.text);
    if (!gateway->keyring)
        return refuse(arrival, "No keys of the ward are known here ([hub] ward_keys in wardgate.conf).");
    verdict = ward_keyring_verify(gateway->keyring, &arrival->jws,
                                  WARD_ROLES(WARD_ROLE_HUB) | WARD_ROLES(WARD_ROLE_CLINICAL), ret_role);
    if (verdict != WARD_VERIFIED)
        return refuse(arrival, ward_verdict_text(verdict));
    if (ward_claims_parse(arrival->jws.payload, arrival->jws.payload_length, &arrival->claims, &error) !=
        WARD_JWS_OK)
        return refuse(arrival, error.text);
    return true;
}

static bool topic_agrees(const struct ward_gateway *gateway, struct arrival *arrival)
{
    enum ward_topic topic;
    struct ward_id patient;
    bool agrees = false;

    if (!arrival->topic)
        return arrival->claims.type == WARD_JWS_COMMAND ||
               refuse(arrival, "Only commands can be brought by hand.");
    if (!ward_topic_parse_down(arrival->topic, gateway->config.gateway.site, gateway->config.gateway.id,
                               &topic, &patient))
        return refuse(arrival, "The topic is none of this gateway's.");
    if (arrival->claims.type == WARD_JWS_RECEIPT)
        agrees = topic == WARD_TOPIC_RECEIPT;
    else if (arrival->claims.type == WARD_JWS_COMMAND)
        agrees = topic == WARD_TOPIC_COMMAND;
    else
        agrees = topic == WARD_TOPIC_CARE_PLAN && strcmp(patient.text, arrival->claims.patient.text) == 0;
    if (!agrees)
        return refuse(arrival, "The topic and what was signed do not agree.");
    if (topic == WARD_TOPIC_COMMAND && arrival->retained)
        return refuse(arrival, "A retained command is refused: it may be an old one.");
    return true;
}

/* For us, by somebody who may say it, in time, and where it may be said. */
static bool acceptable(struct ward_gateway *gateway, struct arrival *arrival, enum ward_role role)
{
    const struct ward_jws_context context = {
        .gateway = gateway->config.gateway.id, .key_role = role, .now = ward_gateway_now(gateway)};
    const enum ward_jws_verdict verdict = ward_claims_judge(&arrival->claims, &context);

    if (verdict != WARD_JWS_ACCEPTED)
        return refuse(arrival, ward_jws_verdict_text(verdict));
    if (!topic_agrees(gateway, arrival))
        return false;
    ward_clock_raise_floor(gateway->clock, arrival->claims.issued_at_ms);
    return true;
}

/* --- answering ----------------------------------------------------------------------------------------------- */

static bool write_answer(struct ward_gateway *gateway, const struct arrival *arrival,
                         enum ward_outcome outcome, const char *reason, char ret[ANSWER_MAX])
{
    const struct ward_result_message message = {.origin = ward_documents_origin(gateway),
                                                .now = ward_gateway_now(gateway),
                                                .command = arrival->claims.id.text,
                                                .outcome = outcome,
                                                .reason = reason};
    struct ward_json json;

    ward_json_init(&json, ret, ANSWER_MAX, WARD_JSON_PRINTED);
    ward_result_write_json(&message, &json);
    return ward_json_finish(&json, NULL) == WARD_JSON_OK;
}

static void answer_now(struct ward_gateway *gateway, const struct arrival *arrival, enum ward_outcome outcome,
                       const char *reason)
{
    char text[ANSWER_MAX];

    if (outcome != WARD_OUTCOME_DONE)
        sd_journal_print(LOG_WARNING, "What the ward said was refused (%s): %s",
                         arrival->topic ? arrival->topic : "by hand", reason);
    if (!write_answer(gateway, arrival, outcome, reason, text))
        return;
    if (arrival->call)
        ward_bus_reply_text(arrival->call, text);
    else
        ward_outbox_result(&gateway->outbox, text);
}

static struct ward_answered *answered(struct ward_inbox *inbox, const char *id)
{
    for (size_t i = 0; i < WARD_INBOX_COMMANDS_MAX; i++)
        if (inbox->answered[i].answer && strcmp(inbox->answered[i].id.text, id) == 0)
            return &inbox->answered[i];
    return NULL;
}

static void remember_answer(struct ward_inbox *inbox, const struct ward_id *id, const char *answer)
{
    struct ward_answered *place = &inbox->answered[inbox->answered_next];

    free(place->answer);
    place->id = *id;
    place->answer = strdup(answer);
    inbox->answered_next = (inbox->answered_next + 1) % WARD_INBOX_COMMANDS_MAX;
}

/* --- carrying out -------------------------------------------------------------------------------------------- */

void ward_inbox_receipt(struct ward_gateway *gateway, const struct ward_receipt *receipt)
{
    if (strcmp(receipt->epoch.text, gateway->epoch.text) != 0) {
        sd_journal_print(LOG_INFO, "A receipt is of another epoch, %s", receipt->epoch.text);
        return;
    }
    if (receipt->has_head && receipt->through == gateway->head_seq &&
        memcmp(receipt->head, gateway->head_chain, sizeof(receipt->head)) != 0) {
        sd_journal_print(LOG_CRIT, "The ward's chain differs from ours at record %llu",
                         (unsigned long long)receipt->through);
        ward_technical_set(gateway, WARD_TECHNICAL_DATABASE_PUT_BACK, true);
        return;
    }
    if (ward_outbox_receipt(&gateway->outbox, receipt) == WARD_RECEIPT_PUT_BACK) {
        sd_journal_print(LOG_CRIT, "The ward has records up to %llu, this database up to %llu",
                         (unsigned long long)receipt->through, (unsigned long long)gateway->head_seq);
        ward_technical_set(gateway, WARD_TECHNICAL_DATABASE_PUT_BACK, true);
    }
}

/* The id of an alarm is of one episode already; a command that names an episode must name the right one. */
static struct ward_watch *watch_with(const struct ward_gateway *gateway, const struct ward_claims *claims)
{
    struct ward_watch *watch = ward_gateway_watch(gateway, claims->patient.text);
    const bool right =
        watch && (!claims->episode.text[0] || strcmp(watch->episode.text, claims->episode.text) == 0);

    return right ? watch : NULL;
}

static void acknowledge(struct ward_gateway *gateway, struct arrival *arrival,
                        struct ward_store_counter *counter)
{
    const struct ward_claims *claims = &arrival->claims;
    const struct ward_watch_order order = {
        .id = claims->command.alarm, .by = claims->by.id, .clinician = true};
    struct ward_store_change change = {.kind = WARD_STORE_COUNTER};
    const struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};
    struct ward_watch *watch = watch_with(gateway, claims);
    struct ward_commit_waiter *waiter;
    char text[ANSWER_MAX];
    enum ward_outcome outcome = WARD_OUTCOME_REFUSED;
    const char *reason = "";

    if (!watch) {
        answer_now(gateway, arrival, WARD_OUTCOME_REFUSED,
                   "No such patient and episode is looked after here.");
        return;
    }
    waiter = ward_commit_waiter_new(NULL, 0);
    if (!waiter) {
        answer_now(gateway, arrival, WARD_OUTCOME_FAILED, "Out of memory.");
        return;
    }
    counter->counter = claims->counter;
    change.counter = *counter;
    waiter->call = arrival->call;
    waiter->to_ward = !arrival->call;
    /* The answer follows the commit, so it is filled in before the waiter can be told of one: from the loop only. */
    switch (ward_watch_acknowledge(watch, &order, &group, waiter)) {
    case WARD_ALARM_DONE: outcome = WARD_OUTCOME_DONE; break;
    case WARD_ALARM_ALREADY:
        outcome = WARD_OUTCOME_DONE;
        reason = "It was acknowledged already.";
        break;
    case WARD_ALARM_NOT_FOUND: reason = "No alarm of that id is present."; break;
    case WARD_ALARM_CLINICAL: reason = "Only a clinician may acknowledge it."; break;
    }
    if (write_answer(gateway, arrival, outcome, reason, text)) {
        waiter->answer = strdup(text);
        remember_answer(&gateway->inbox, &claims->id, text);
    }
}

static void command(struct ward_gateway *gateway, struct arrival *arrival)
{
    const struct ward_claims *claims = &arrival->claims;
    struct ward_store_counter *counter = counter_of(&gateway->inbox, arrival->jws.kid);
    const struct ward_answered *before = answered(&gateway->inbox, claims->id.text);

    if (before) {
        if (arrival->call)
            ward_bus_reply_text(arrival->call, before->answer);
        else
            ward_outbox_result(&gateway->outbox, before->answer);
        return;
    }
    if (!counter)
        answer_now(gateway, arrival, WARD_OUTCOME_FAILED, "Too many keys have sent commands.");
    else if (claims->counter <= counter->counter)
        answer_now(gateway, arrival, WARD_OUTCOME_REFUSED,
                   "The counter of this key is not new: it was used before.");
    else
        acknowledge(gateway, arrival, counter);
}

static void take(struct ward_gateway *gateway, struct arrival *arrival, const uint8_t *text, size_t length)
{
    enum ward_role role = WARD_ROLE_HUB;

    if (!signature_holds(gateway, text, length, arrival, &role) || !acceptable(gateway, arrival, role)) {
        answer_now(gateway, arrival, WARD_OUTCOME_REFUSED, arrival->refusal);
        return;
    }
    switch (arrival->claims.type) {
    case WARD_JWS_RECEIPT: ward_inbox_receipt(gateway, &arrival->claims.receipt); break;
    case WARD_JWS_COMMAND: command(gateway, arrival); break;
    case WARD_JWS_CARE_PLAN:
        answer_now(gateway, arrival, WARD_OUTCOME_REFUSED, "Care plans are not taken from the broker yet.");
        break;
    }
}

void ward_inbox_down(struct ward_gateway *gateway, const struct ward_spool_down *down)
{
    struct arrival *arrival = calloc(1, sizeof(*arrival));

    if (!arrival)
        return;
    arrival->topic = down->topic;
    arrival->retained = down->retained;
    take(gateway, arrival, down->payload, down->payload_length);
    free(arrival);
}

void ward_inbox_by_hand(struct ward_gateway *gateway, struct ward_bus_call *call, const char *jws)
{
    struct arrival *arrival = calloc(1, sizeof(*arrival));

    if (!arrival) {
        ward_bus_reply_error(call, WARD_BUS_FAILED, "Out of memory.");
        return;
    }
    arrival->call = call;
    take(gateway, arrival, (const uint8_t *)jws, strlen(jws));
    free(arrival);
}
