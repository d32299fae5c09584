/* SPDX-License-Identifier: Apache-2.0 */
#include "app/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "app/order_private.h"
#include "core/careplan.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "io/journal.h"

#define SETTING "asks"
/* "COMMAND PATIENT BY QUANTITY FROM UNTIL BOOT", a line each. */

/* --- what is kept -------------------------------------------------------------------------------------------- */

/* ret_text holds WARD_ASKS_TEXT_MAX octets, and is borrowed by what is returned. */
static struct ward_store_change change_of(const struct ward_gateway *gateway, char *ret_text)
{
    const struct ward_asks *asks = &gateway->asks;
    size_t used = 0;

    ret_text[0] = '\0';
    for (size_t i = 0; i < asks->count; i++) {
        const struct ward_ask *ask = &asks->list[i];

        used +=
            (size_t)snprintf(ret_text + used, WARD_ASKS_TEXT_MAX - used,
                             "%s %s %s %u %" PRIu64 " %" PRIu64 " %s\n", ask->command.text, ask->patient.text,
                             ask->by.text, ask->quantity, ask->from_us, ask->until_us, gateway->boot.text);
    }
    return (struct ward_store_change){
        .kind = WARD_STORE_SETTING, .name = {SETTING}, .document = asks->count > 0 ? ret_text : NULL};
}

void ward_ask_words(const struct ward_watch *watch, uint8_t quantity, char *ret, size_t size)
{
    const struct ward_plan_schedule *schedule =
        watch && watch->has_plan ? ward_care_plan_schedule(&watch->plan, quantity) : NULL;

    if (schedule && schedule->prompt_text[0])
        snprintf(ret, size, "%s", schedule->prompt_text);
    else
        snprintf(ret, size, "Please measure now: %s.", ward_quantity_info(quantity)->label);
}

static void set_text(const struct ward_gateway *gateway, struct ward_ask *ask)
{
    ward_ask_words(ward_gateway_watch(gateway, ask->patient.text), ask->quantity, ask->text,
                   sizeof(ask->text));
}

/* The next word of a line is an id, or a number; *at stands behind it then. */
static bool take_id(const char **at, struct ward_id *ret)
{
    const size_t length = strcspn(*at, " \n");
    char text[WARD_ID_MAX + 1];

    if (length > WARD_ID_MAX)
        return false;
    memcpy(text, *at, length);
    text[length] = '\0';
    *at += length + ((*at)[length] == ' ');
    return ward_id_set(ret, text);
}

static bool take_number(const char **at, uint64_t *ret)
{
    char *end;

    *ret = strtoull(*at, &end, 10);
    if (end == *at || *end != ' ')
        return false;
    *at = end + 1;
    return true;
}

/* Of an earlier boot nobody knows how long ago it was: it is over at the first check. */
static bool read_line(const struct ward_gateway *gateway, const char *line, struct ward_ask *ret)
{
    struct ward_ask ask = {.prompts = WARD_PROMPTS_MAX};
    struct ward_id boot;
    uint64_t quantity;

    if (!take_id(&line, &ask.command) || !take_id(&line, &ask.patient) || !take_id(&line, &ask.by) ||
        !take_number(&line, &quantity) || !take_number(&line, &ask.from_us) ||
        !take_number(&line, &ask.until_us) || !take_id(&line, &boot))
        return false;
    ask.quantity = ward_quantity_judged_as((uint8_t)quantity);
    if (strcmp(boot.text, gateway->boot.text) != 0)
        ask.until_us = 0;
    *ret = ask;
    return true;
}

void ward_ask_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    struct ward_asks *asks = &gateway->asks;
    const char *line;

    if (row->kind != WARD_STORE_SETTING || strcmp(row->name.text, SETTING) != 0)
        return;
    for (line = row->document; *line && asks->count < WARD_ASKS_MAX; line += *line == '\n') {
        asks->count += read_line(gateway, line, &asks->list[asks->count]);
        line += strcspn(line, "\n");
    }
}

void ward_ask_restored(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->asks.count; i++)
        set_text(gateway, &gateway->asks.list[i]);
}

void ward_ask_submit_again(struct ward_gateway *gateway)
{
    char text[WARD_ASKS_TEXT_MAX];
    const struct ward_store_change change = change_of(gateway, text);
    const struct ward_store_group group = {.urgent = true, .changes = &change, .change_count = 1};
    struct ward_store_group submitted = group;

    if (gateway->asks.count > 0)
        (void)ward_gateway_submit(gateway, &submitted, NULL);
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static uint64_t next_prompt_us(const struct ward_ask *ask)
{
    return ask->prompts >= WARD_PROMPTS_MAX
               ? UINT64_MAX
               : ask->from_us + (ask->until_us - ask->from_us) / WARD_PROMPTS_MAX * ask->prompts;
}

static void prompt(struct ward_gateway *gateway, struct ward_ask *ask)
{
    ask->prompts++;
    ward_journal_print(LOG_INFO, "%s: asked by %s, prompt %u for %s", ask->patient.text, ask->by.text,
                       ask->prompts, ward_quantity_info(ask->quantity)->name);
    (void)ward_annunciator_answer(gateway->annunciator, WARD_ANSWER_REPEAT);
}

static const struct ward_ask *find(const struct ward_gateway *gateway, const char *patient, uint8_t quantity)
{
    for (size_t i = 0; i < gateway->asks.count; i++)
        if (gateway->asks.list[i].quantity == quantity &&
            strcmp(gateway->asks.list[i].patient.text, patient) == 0)
            return &gateway->asks.list[i];
    return NULL;
}

/* Why it cannot be asked for; NULL: it can. */
static const char *why_not(const struct ward_gateway *gateway, const struct ward_order *order,
                           uint8_t quantity)
{
    if (!order->patient.text[0] || !ward_order_watch(gateway, order))
        return "No such patient and episode is looked after here.";
    if (quantity == WARD_QUANTITY_NONE)
        return "That is nothing that can be measured.";
    if (find(gateway, order->patient.text, quantity))
        return "That is asked for already.";
    if (gateway->asks.count == WARD_ASKS_MAX)
        return "Too much is asked for already: wait until something of it has come.";
    return NULL;
}

static void ask(struct ward_execution *execution, uint8_t quantity)
{
    struct ward_gateway *gateway = execution->gateway;
    const struct ward_order *order = execution->order;
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;
    struct ward_ask *place = &gateway->asks.list[gateway->asks.count++];
    char text[WARD_ASKS_TEXT_MAX];
    struct ward_store_change change;

    *place = (struct ward_ask){.command = order->id,
                               .patient = order->patient,
                               .by = order->by,
                               .quantity = quantity,
                               .from_us = now_us,
                               .until_us = now_us + order->command.seconds * UINT64_C(1000000),
                               .reply = order->reply};
    set_text(gateway, place);
    prompt(gateway, place);
    change = change_of(gateway, text);
    ward_execution_change(execution, &change);
    ward_execution_conclude(execution, WARD_OUTCOME_DONE, "The patient is asked.");
    ward_execution_submit(execution);
    (void)ward_gateway_annunciate(gateway);
}

void ward_ask_order(struct ward_gateway *gateway, const struct ward_order *order)
{
    const uint8_t quantity = ward_quantity_judged_as(order->command.quantity);
    struct ward_execution *execution = ward_execution_new(gateway, order);
    const char *refusal = why_not(gateway, order, quantity);

    if (!execution)
        return;
    if (refusal)
        ward_execution_refuse(execution, refusal);
    else
        ask(execution, quantity);
    free(execution);
}

/* --- its end ------------------------------------------------------------------------------------------------- */

static void end(struct ward_gateway *gateway, size_t at, enum ward_outcome outcome, const char *reason)
{
    struct ward_asks *asks = &gateway->asks;
    const struct ward_ask over = asks->list[at];
    const struct ward_order order = {.id = over.command,
                                     .patient = over.patient,
                                     .by = over.by,
                                     .reply = over.reply,
                                     .command = {.kind = WARD_COMMAND_ASK}};
    struct ward_execution *execution = ward_execution_new(gateway, &order);
    char text[WARD_ASKS_TEXT_MAX];
    struct ward_store_change change;

    asks->list[at] = asks->list[--asks->count];
    if (execution) {
        change = change_of(gateway, text);
        ward_execution_change(execution, &change);
        ward_execution_conclude(execution, outcome, reason);
        ward_execution_submit(execution);
    }
    free(execution);
    (void)ward_gateway_annunciate(gateway);
}

/* In a quantity that is taken at times, the samples of a stream are no measurement: what is derived of them is one. */
static bool is_measurement(const struct ward_gateway *gateway, const struct ward_reading *reading,
                           uint8_t quantity)
{
    const struct ward_watch *watch = ward_gateway_watch(gateway, reading->patient.text);
    const struct ward_plan_quantity *row =
        watch && watch->has_plan ? ward_care_plan_quantity(&watch->plan, quantity) : NULL;

    return reading->kind != WARD_READING_CONTINUOUS || !row || row->mode == WARD_MODE_STREAM;
}

static bool answers(const struct ward_gateway *gateway, const struct ward_ask *ask,
                    const struct ward_reading *reading)
{
    if (strcmp(reading->patient.text, ask->patient.text) != 0 ||
        !is_measurement(gateway, reading, ask->quantity))
        return false;
    for (size_t i = 0; i < reading->value_count; i++)
        if (ward_quantity_judged_as(reading->values[i].quantity) == ask->quantity)
            return true;
    return false;
}

void ward_ask_heard(struct ward_gateway *gateway, const struct ward_reading *reading)
{
    if (reading->quality != WARD_VALID || reading->late)
        return;
    for (size_t i = gateway->asks.count; i-- > 0;)
        if (answers(gateway, &gateway->asks.list[i], reading))
            end(gateway, i, WARD_OUTCOME_DONE, "A valid reading came.");
}

const char *ward_ask_text(const struct ward_gateway *gateway)
{
    return gateway->asks.count > 0 ? gateway->asks.list[0].text : NULL;
}

uint64_t ward_ask_check(struct ward_gateway *gateway)
{
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;
    uint64_t due_us = UINT64_MAX;

    for (size_t i = gateway->asks.count; i-- > 0 && gateway->restored;) {
        struct ward_ask *ask = &gateway->asks.list[i];
        const uint64_t prompt_us = next_prompt_us(ask);

        if (now_us >= ask->until_us || !ward_gateway_watch(gateway, ask->patient.text)) {
            end(gateway, i, WARD_OUTCOME_FAILED, "No valid reading came in time.");
            continue;
        }
        if (now_us >= prompt_us)
            prompt(gateway, ask);
        due_us = ask->until_us < due_us ? ask->until_us : due_us;
        due_us = next_prompt_us(ask) < due_us ? next_prompt_us(ask) : due_us;
    }
    return due_us;
}
