/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   IDLE        begin → PROBES; without an uplink it is over at once
 *   PROBES      MQTT went well → PUBLISHES; a step failed, or the uplink takes too long → over
 *   PUBLISHES   there is credit: the heartbeat goes; acknowledged → CONFIRMS, or over when there is nothing to confirm;
 *               refused, given up, the link is down, or too long → over
 *   CONFIRMS    the newest record that is here goes again; a receipt covers it, there is none, or too long → over
 */
#include "app/hub_test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "app/outbox_private.h"

#define STEP_TEXT_MAX 512
#define REFUSED       0x80 /* MQTT 5 §2.4 */

static void write_step(const struct ward_hub_test_step *step, char *text, size_t size)
{
    struct ward_json json;
    size_t length;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "step", step->name);
    ward_json_key(&json, "ok");
    if (step->untried)
        ward_json_null(&json);
    else
        ward_json_bool(&json, !step->failed);
    ward_json_key(&json, "ms");
    if (step->untried)
        ward_json_null(&json);
    else
        ward_json_decimal(&json,
                          (struct ward_decimal){.mantissa = (int64_t)(step->took_us / 100), .exponent = -1});
    ward_json_member(&json, "text", step->text);
    ward_json_object_end(&json);
    if (ward_json_finish(&json, &length) != WARD_JSON_OK)
        snprintf(text, size, "{}");
}

static void finish(struct ward_hub_test *test)
{
    char texts[WARD_HUB_TEST_STEPS][STEP_TEXT_MAX];
    const char *list[WARD_HUB_TEST_STEPS];

    for (size_t i = 0; i < test->count; i++) {
        write_step(&test->steps[i], texts[i], sizeof(texts[i]));
        list[i] = texts[i];
    }
    ward_bus_reply_list(test->call, list, test->count);
    test->call = NULL;
    test->phase = WARD_HUB_TEST_IDLE;
}

static void add(struct ward_hub_test *test, const char *name, bool failed, uint64_t took_us, const char *text)
{
    struct ward_hub_test_step *step;

    if (test->count == WARD_HUB_TEST_STEPS)
        return;
    step = &test->steps[test->count++];
    *step = (struct ward_hub_test_step){.name = name, .failed = failed, .took_us = took_us};
    snprintf(step->text, sizeof(step->text), "%s", text);
}

/* The last one, of which nothing is known then. */
static void leave_untried(struct ward_hub_test *test, const char *name, const char *why)
{
    add(test, name, false, 0, why);
    test->steps[test->count - 1].untried = true;
}

/* The step that goes on, by its phase. */
static void end_step(struct ward_gateway *gateway, const char *name, bool failed, const char *text)
{
    struct ward_hub_test *test = &gateway->hub_test;

    add(test, name, failed, ward_gateway_now(gateway).boot_us - test->since_us, text);
    if (failed)
        finish(test);
}

static void enter(struct ward_gateway *gateway, enum ward_hub_test_phase phase, uint64_t patience_us)
{
    struct ward_hub_test *test = &gateway->hub_test;

    test->phase = phase;
    test->since_us = ward_gateway_now(gateway).boot_us;
    test->due_us = test->since_us + patience_us;
}

void ward_hub_test_begin(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    struct ward_hub_test *test = &gateway->hub_test;

    if (test->phase != WARD_HUB_TEST_IDLE) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "The hub is being tested already.");
        return;
    }
    test->call = call;
    test->count = 0;
    test->number++;
    enter(gateway, WARD_HUB_TEST_PROBES, WARD_HUB_TEST_PROBE_US);
    if (!gateway->spool || !ward_spool_probe(gateway->spool, test->number))
        end_step(gateway, "uplink", true, "wardgate-uplink is not running, or not connected");
}

/* --- the broker ---------------------------------------------------------------------------------------------- */

static bool send_heartbeat(struct ward_gateway *gateway, uint64_t *ret_id)
{
    struct ward_outbox *outbox = &gateway->outbox;
    char *text = malloc(WARD_OUTBOX_TEXT_MAX);
    struct ward_outgoing outgoing = {
        .topic = WARD_TOPIC_HEARTBEAT, .message_class = WARD_MESSAGE_STATE, .payload = text};
    bool sent;

    if (!text)
        return false;
    outgoing.length = ward_documents_heartbeat(gateway, outbox->heartbeats + 1, text, WARD_OUTBOX_TEXT_MAX);
    sent = outgoing.length > 0 && ward_outbox_hand_over(outbox, &outgoing, ret_id);
    outbox->heartbeats += sent;
    free(text);
    return sent;
}

void ward_hub_test_probed(struct ward_gateway *gateway, const struct ward_spool_probed *probed)
{
    static const char *const names[] = {
        [WARD_STEP_DNS] = "DNS", [WARD_STEP_TCP] = "TCP", [WARD_STEP_TLS] = "TLS", [WARD_STEP_MQTT] = "MQTT"};
    struct ward_hub_test *test = &gateway->hub_test;

    if (test->phase != WARD_HUB_TEST_PROBES || probed->number != test->number)
        return;
    add(test, names[probed->step], probed->failed, probed->took_us, probed->text);
    if (probed->failed)
        finish(test);
    else if (probed->step == WARD_STEP_MQTT) {
        test->id = 0;
        enter(gateway, WARD_HUB_TEST_PUBLISHES, WARD_HUB_TEST_ANSWER_US);
    }
}

/* --- the hub ------------------------------------------------------------------------------------------------- */

static void leave_unread(struct ward_hub_test *test)
{
    leave_untried(test, "receipt", "not tried: the database cannot be read now");
}

static void newest_read(void *context, int error, const struct ward_record *records, size_t count)
{
    struct ward_gateway *gateway = context;
    struct ward_hub_test *test = &gateway->hub_test;
    struct ward_outbox_again_text text;
    struct ward_store_change change;

    if (test->phase != WARD_HUB_TEST_CONFIRMS || test->seq != 0)
        return; /* of a test that is over */
    if (error < 0)
        leave_unread(test);
    else if (count == 0)
        leave_untried(test, "receipt", "not tried: there is no record any more that the hub could confirm");
    else if (!ward_outbox_again_records(
                 &gateway->outbox, (struct ward_seq_range){records[0].reading.seq, records[0].reading.seq},
                 &text, &change))
        add(test, "receipt", true, 0, "not tried: the ward has asked for too much again already");
    else
        test->seq = records[0].reading.seq; /* the change is not kept: after a restart nobody waits for it */
    if (test->seq == 0)
        finish(test);
}

/* The newest that is here: what an episode had is erased with it. */
static void ask_for_a_receipt(struct ward_gateway *gateway)
{
    const struct ward_store_filter newest = {.since_ms = WARD_UTC_UNKNOWN, .limit = 1};
    struct ward_hub_test *test = &gateway->hub_test;

    enter(gateway, WARD_HUB_TEST_CONFIRMS, WARD_HUB_TEST_ANSWER_US);
    test->seq = 0;
    if (gateway->config.hub.confirm == WARD_CONFIRM_BROKER)
        leave_untried(test, "receipt", "not tried: this hub sends none (confirm = broker)");
    else if (gateway->head_seq == 0)
        leave_untried(test, "receipt", "not tried: there is no record yet that the hub could confirm");
    else if (ward_store_query(gateway->store, &newest, newest_read, gateway) < 0)
        leave_untried(test, "receipt", "not tried: the database has too much to do");
    else
        return;
    finish(test);
}

void ward_hub_test_answered(struct ward_gateway *gateway, uint64_t id, uint8_t reason)
{
    struct ward_hub_test *test = &gateway->hub_test;
    char text[80];

    if (test->phase != WARD_HUB_TEST_PUBLISHES || test->id == 0 || test->id != id)
        return;
    if (reason == WARD_LINK_RESULT_GIVEN_UP)
        snprintf(text, sizeof(text), "it did not go: the connection to the broker was lost");
    else
        snprintf(text, sizeof(text), reason >= REFUSED ? "refused by the broker (0x%02x)" : "acknowledged",
                 reason);
    end_step(gateway, "publish", reason >= REFUSED, text);
    if (reason < REFUSED)
        ask_for_a_receipt(gateway);
}

void ward_hub_test_receipt(struct ward_gateway *gateway, const struct ward_receipt *receipt)
{
    struct ward_hub_test *test = &gateway->hub_test;
    char text[80];

    if (test->phase != WARD_HUB_TEST_CONFIRMS || test->seq == 0 ||
        strcmp(receipt->epoch.text, gateway->epoch.text) != 0 || !ward_receipt_covers(receipt, test->seq))
        return;
    snprintf(text, sizeof(text), "signed, of all records through %" PRIu64, receipt->through);
    end_step(gateway, "receipt", false, text);
    finish(test);
}

/* --- time ---------------------------------------------------------------------------------------------------- */

static void give_up(struct ward_gateway *gateway)
{
    switch (gateway->hub_test.phase) {
    case WARD_HUB_TEST_IDLE: return;
    case WARD_HUB_TEST_PROBES: end_step(gateway, "uplink", true, "wardgate-uplink does not answer"); return;
    case WARD_HUB_TEST_PUBLISHES:
        end_step(gateway, "publish", true,
                 gateway->hub_test.id ? "no acknowledgement of the broker" : "no room on the line");
        return;
    case WARD_HUB_TEST_CONFIRMS:
        if (gateway->hub_test.seq == 0) { /* the disk hangs: nothing was asked of the hub */
            leave_unread(&gateway->hub_test);
            finish(&gateway->hub_test);
            return;
        }
        end_step(gateway, "receipt", true,
                 "no receipt: the hub does not run, or what waits before it is much");
        return;
    }
}

uint64_t ward_hub_test_check(struct ward_gateway *gateway, uint64_t now_us)
{
    struct ward_hub_test *test = &gateway->hub_test;

    if (test->phase == WARD_HUB_TEST_PUBLISHES && !gateway->outbox.link_up)
        end_step(gateway, "publish", true, gateway->outbox.link_text);
    else if (test->phase == WARD_HUB_TEST_PUBLISHES && test->id == 0)
        (void)send_heartbeat(gateway, &test->id);
    if (test->phase != WARD_HUB_TEST_IDLE && now_us >= test->due_us)
        give_up(gateway);
    return test->phase == WARD_HUB_TEST_IDLE ? UINT64_MAX : test->due_us;
}
