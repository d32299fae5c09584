/* SPDX-License-Identifier: Apache-2.0 */
#include "app/inbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/order.h"
#include "app/plan_intake.h"
#include "core/message.h"
#include "core/reading.h"
#include "io/journal.h"

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

/* The newest answered command comes first, and stands last in the ring. */
static void restore_answer(struct ward_inbox *inbox, const struct ward_store_change *change)
{
    struct ward_answered *place;

    if (inbox->answered_restored == WARD_INBOX_COMMANDS_MAX)
        return;
    place = &inbox->answered[WARD_INBOX_COMMANDS_MAX - ++inbox->answered_restored];
    place->id = change->name;
    place->answer = strdup(change->document);
    place->told = true;
}

void ward_inbox_restore(struct ward_inbox *inbox, const struct ward_store_change *change)
{
    struct ward_store_counter *counter =
        change->kind == WARD_STORE_COUNTER ? counter_of(inbox, change->counter.kid) : NULL;

    if (counter)
        counter->counter = change->counter.counter;
    if (change->kind == WARD_STORE_COMMAND)
        restore_answer(inbox, change);
}

void ward_inbox_submit_again(struct ward_gateway *gateway)
{
    const struct ward_inbox *inbox = &gateway->inbox;
    struct ward_store_change *changes =
        calloc(WARD_INBOX_COUNTERS_MAX + WARD_INBOX_COMMANDS_MAX, sizeof(*changes));
    struct ward_store_group group = {.urgent = true, .changes = changes};

    if (!changes)
        return;

    for (size_t i = 0; i < inbox->counter_count; i++)
        changes[group.change_count++] =
            (struct ward_store_change){.kind = WARD_STORE_COUNTER, .counter = inbox->counters[i]};
    /* Oldest first. One that nobody was told is in a group of its own, or that was dropped with its epoch. */
    for (size_t i = 0; i < WARD_INBOX_COMMANDS_MAX; i++) {
        const struct ward_answered *place =
            &inbox->answered[(inbox->answered_next + i) % WARD_INBOX_COMMANDS_MAX];

        if (place->answer && place->told)
            changes[group.change_count++] = (struct ward_store_change){
                .kind = WARD_STORE_COMMAND, .document = place->answer, .name = place->id};
    }
    if (group.change_count > 0)
        (void)ward_gateway_submit(gateway, &group, NULL);
    free(changes);
}

/* --- judging ------------------------------------------------------------------------------------------------- */

/* One thing that arrived, on its way to being believed. */
struct arrival {
    const char *topic; /* NULL: by hand */
    const char *text;  /* the whole of it, terminated */
    bool retained;
    struct ward_bus_call *call; /* NULL: from the broker */
    struct ward_reply reply;
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
                                  WARD_ROLES(WARD_ROLE_HUB) | WARD_ROLES(WARD_ROLE_CLINICAL) |
                                      WARD_ROLES(WARD_ROLE_TECHNICAL) | WARD_ROLES(WARD_ROLE_ROOT),
                                  ret_role);
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
        return arrival->claims.type != WARD_JWS_RECEIPT ||
               refuse(arrival, "Only commands and care plans can be brought by hand.");
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
    /* It was taken in time: the broker may keep it for longer. */
    const bool was_in_time = verdict == WARD_JWS_EXPIRED && arrival->claims.type == WARD_JWS_CARE_PLAN &&
                             ward_plan_is_in_force(gateway, &arrival->claims, arrival->text);

    if (verdict != WARD_JWS_ACCEPTED && !was_in_time)
        return refuse(arrival, ward_jws_verdict_text(verdict));
    if (!topic_agrees(gateway, arrival))
        return false;
    ward_chronicle_issued(gateway, arrival->claims.issued_at_ms);
    return true;
}

/* --- answering ----------------------------------------------------------------------------------------------- */

/* Who came by hand waits for the answer. */
static bool may_tell(struct ward_gateway *gateway, const struct arrival *arrival)
{
    return arrival->call || ward_flood_tell(&gateway->inbox.flood, ward_gateway_now(gateway).boot_us);
}

static void answer_now(struct ward_gateway *gateway, const struct arrival *arrival, enum ward_outcome outcome,
                       const char *reason)
{
    const struct ward_result_message message = {
        .command = arrival->claims.id.text, .outcome = outcome, .reason = reason};
    char text[WARD_ANSWER_TEXT_MAX];

    if (arrival->retained && ward_told_before(&gateway->inbox.told, arrival->topic, message.command, reason))
        return;
    if (!may_tell(gateway, arrival))
        return;
    ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_REFUSED, "What the ward said was refused (%s): %s",
                              arrival->topic ? arrival->topic : "by hand", reason);
    if (!ward_order_write_answer(gateway, &message, text))
        return;
    if (arrival->call)
        ward_bus_reply_text(arrival->call, text);
    else
        ward_outbox_result(&gateway->outbox,
                           &(struct ward_outbox_result){.text = text, .reply = arrival->reply});
}

uint64_t ward_inbox_check(struct ward_gateway *gateway)
{
    uint64_t due_us;
    const uint32_t untold =
        ward_flood_over(&gateway->inbox.flood, ward_gateway_now(gateway).boot_us, &due_us);
    char reason[96], text[WARD_ANSWER_TEXT_MAX];
    const struct ward_result_message message = {
        .command = "", .outcome = WARD_OUTCOME_REFUSED, .reason = reason};

    if (untold == 0)
        return due_us;
    snprintf(reason, sizeof(reason), "%u more messages within a minute were refused, or were repeated.",
             untold);
    ward_journal_print_matter(LOG_WARNING, WARD_JOURNAL_REFUSED, "What the ward said was refused: %s",
                              reason);
    if (ward_order_write_answer(gateway, &message, text))
        ward_outbox_result(&gateway->outbox, &(struct ward_outbox_result){.text = text});
    return due_us;
}

static struct ward_answered *answered(struct ward_inbox *inbox, const char *id)
{
    for (size_t i = 0; i < WARD_INBOX_COMMANDS_MAX; i++)
        if (strcmp(inbox->answered[i].id.text, id) == 0)
            return &inbox->answered[i];
    return NULL;
}

const char *ward_inbox_answer(const struct ward_inbox *inbox, const char *id)
{
    for (size_t i = 0; i < WARD_INBOX_COMMANDS_MAX; i++)
        if (strcmp(inbox->answered[i].id.text, id) == 0)
            return inbox->answered[i].answer;
    return NULL;
}

static struct ward_answered *take_place(struct ward_inbox *inbox, const struct ward_id *id)
{
    struct ward_answered *place = &inbox->answered[inbox->answered_next];

    free(place->answer);
    *place = (struct ward_answered){.id = *id};
    inbox->answered_next = (inbox->answered_next + 1) % WARD_INBOX_COMMANDS_MAX;
    return place;
}

void ward_inbox_remember(struct ward_inbox *inbox, const struct ward_id *id, const char *answer)
{
    struct ward_answered *place = answered(inbox, id->text);

    if (!place)
        place = take_place(inbox, id);
    free(place->answer);
    place->answer = strdup(answer);
}

void ward_inbox_told(struct ward_inbox *inbox, const char *id, bool failed)
{
    struct ward_answered *place = answered(inbox, id);

    if (!place)
        return;
    place->told = true;
    if (failed) { /* nothing of it is on the disk: it may be said again */
        free(place->answer);
        *place = (struct ward_answered){0};
    }
}

/* The command was taken before. */
static void answer_again(struct ward_gateway *gateway, const struct arrival *arrival,
                         const struct ward_answered *before)
{
    if (arrival->call && before->told && before->answer)
        ward_bus_reply_text(arrival->call, before->answer);
    else if (arrival->call)
        ward_bus_reply_error(arrival->call, WARD_BUS_BUSY, "This command is being carried out. Try again.");
    else if (before->told && before->answer && may_tell(gateway, arrival))
        ward_outbox_result(&gateway->outbox,
                           &(struct ward_outbox_result){.text = before->answer, .reply = arrival->reply});
}

/* --- carrying out -------------------------------------------------------------------------------------------- */

static void command(struct ward_gateway *gateway, struct arrival *arrival)
{
    const struct ward_claims *claims = &arrival->claims;
    struct ward_store_counter *counter = counter_of(&gateway->inbox, arrival->jws.kid);
    const struct ward_answered *before = answered(&gateway->inbox, claims->id.text);
    struct ward_order order = {.id = claims->id,
                               .patient = claims->patient,
                               .episode = claims->episode,
                               .by = claims->by.id,
                               .command = claims->command,
                               .document = arrival->text,
                               .call = arrival->call,
                               .reply = arrival->reply};

    if (before) {
        answer_again(gateway, arrival, before);
        return;
    }
    if (!counter) {
        answer_now(gateway, arrival, WARD_OUTCOME_FAILED, "Too many keys have sent commands.");
        return;
    }
    if (claims->counter <= counter->counter) {
        answer_now(gateway, arrival, WARD_OUTCOME_REFUSED,
                   "The counter of this key is not new: it was used before.");
        return;
    }
    counter->counter = claims->counter;
    order.counter = *counter;
    (void)take_place(&gateway->inbox, &claims->id);
    ward_order_carry_out(gateway, &order);
}

static void care_plan(struct ward_gateway *gateway, const struct arrival *arrival)
{
    const struct ward_plan_arrival plan = {.claims = &arrival->claims,
                                           .document = arrival->text,
                                           .topic = arrival->topic ? arrival->topic : "",
                                           .retained = arrival->retained,
                                           .call = arrival->call};

    ward_plan_take(gateway, &plan);
}

static void take(struct ward_gateway *gateway, struct arrival *arrival, size_t length)
{
    enum ward_role role = WARD_ROLE_HUB;

    if (!signature_holds(gateway, (const uint8_t *)arrival->text, length, arrival, &role) ||
        !acceptable(gateway, arrival, role)) {
        answer_now(gateway, arrival, WARD_OUTCOME_REFUSED, arrival->refusal);
        return;
    }
    if (!gateway->restored) {
        answer_now(
            gateway, arrival, WARD_OUTCOME_FAILED,
            "The database cannot be read: what was ordered before, and whose key was revoked, is not known.");
        return;
    }
    switch (arrival->claims.type) {
    case WARD_JWS_RECEIPT: ward_receipt_take(gateway, &arrival->claims.receipt); break;
    case WARD_JWS_COMMAND: command(gateway, arrival); break;
    case WARD_JWS_CARE_PLAN: care_plan(gateway, arrival); break;
    }
}

void ward_inbox_down(struct ward_gateway *gateway, const struct ward_spool_down *down)
{
    struct arrival *arrival;
    char *text;

    if (down->payload_length == 0)
        return; /* a topic that was emptied: the broker keeps nothing there any more, and that is all it says */
    arrival = calloc(1, sizeof(*arrival));
    text = malloc(down->payload_length + 1);
    if (arrival && text) {
        memcpy(text, down->payload, down->payload_length);
        text[down->payload_length] = '\0';
        arrival->topic = down->topic;
        arrival->text = text;
        arrival->retained = down->retained;
        if (!ward_reply_of(gateway, down, &arrival->reply))
            ward_journal_print(LOG_WARNING,
                               "An answer was asked for where none is given: %s, %zu octets of correlation",
                               down->response_topic, down->correlation_length);
        take(gateway, arrival, down->payload_length);
    }
    free(text);
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
    arrival->text = jws;
    take(gateway, arrival, strlen(jws));
    free(arrival);
}
