/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64url.h"
#include "core/jws.h"

static struct ward_jws_work work;
static struct ward_jws jws;
static struct ward_jws_error error;
static struct ward_claims claims;

/* RFC 8037 appendix A.4, in flattened form and with a kid in a header of our own. */
#define PAYLOAD   "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define SIGNATURE "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static const char *envelope_of(const char *header, const char *payload, const char *signature,
                               const char *more)
{
    static char text[4096];
    char encoded[1024];
    size_t length = ward_base64url_encode((const uint8_t *)header, strlen(header), encoded);

    snprintf(text, sizeof(text), "{\"protected\":\"%.*s\",\"payload\":\"%s\",\"signature\":\"%s\"%s}",
             (int)length, encoded, payload, signature, more);
    return text;
}

static enum ward_jws_refusal parse(const char *text)
{
    return ward_jws_parse((const uint8_t *)text, strlen(text), &work, &jws, &error);
}

static void a_good_envelope(void **state)
{
    static const char header[] = "{\"alg\":\"EdDSA\",\"kid\":\"hub-1\",\"typ\":\"JOSE\"}";
    char wanted[256];

    (void)state;
    assert_int_equal(parse(envelope_of(header, PAYLOAD, SIGNATURE, ",\"note\":1")), WARD_JWS_OK);
    assert_string_equal(jws.kid, "hub-1");
    assert_int_equal(jws.payload_length, strlen("Example of Ed25519 signing"));
    assert_memory_equal(jws.payload, "Example of Ed25519 signing", jws.payload_length);
    assert_int_equal(jws.signature[0], 0x86);
    assert_int_equal(jws.signature[63], 0x02);
    size_t length = ward_base64url_encode((const uint8_t *)header, strlen(header), wanted);
    memcpy(wanted + length, "." PAYLOAD, sizeof("." PAYLOAD));
    assert_int_equal(jws.signed_length, strlen(wanted));
    assert_memory_equal(jws.signed_text, wanted, jws.signed_length);
}

#define GOOD "{\"alg\":\"EdDSA\",\"kid\":\"hub-1\"}"

static void expect_refusal(const char *text, enum ward_jws_refusal refusal, const char *member)
{
    struct ward_jws before = jws;

    if (parse(text) != refusal || strcmp(error.member, member) != 0) {
        fail_msg("%s: %s: %s", ward_jws_refusal_name(error.refusal), error.text, text);
    }
    assert_int_equal(error.refusal, refusal);
    assert_true(strlen(error.text) > 0);
    assert_memory_equal(&before, &jws, sizeof(jws));
}

static void headers_that_are_refused(void **state)
{
    static const struct {
        const char *header;
        enum ward_jws_refusal refusal;
        const char *member;
    } bad[] = {
        {"{\"alg\":\"none\",\"kid\":\"a\"}", WARD_JWS_UNSUPPORTED, "protected.alg"},
        {"{\"alg\":\"HS256\",\"kid\":\"a\"}", WARD_JWS_UNSUPPORTED, "protected.alg"},
        {"{\"alg\":\"eddsa\",\"kid\":\"a\"}", WARD_JWS_UNSUPPORTED, "protected.alg"},
        {"{\"alg\":1,\"kid\":\"a\"}", WARD_JWS_MALFORMED, "protected.alg"},
        {"{\"kid\":\"a\"}", WARD_JWS_MISSING, "protected.alg"},
        {"{\"alg\":\"EdDSA\"}", WARD_JWS_MISSING, "protected.kid"},
        {"{\"alg\":\"EdDSA\",\"kid\":\"\"}", WARD_JWS_MALFORMED, "protected.kid"},
        {"{\"alg\":\"EdDSA\",\"kid\":7}", WARD_JWS_MALFORMED, "protected.kid"},
        {"{\"alg\":\"EdDSA\",\"kid\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         WARD_JWS_MALFORMED, "protected.kid"},
        {"{\"alg\":\"EdDSA\",\"kid\":\"a\\u0000b\"}", WARD_JWS_NOT_JSON, "protected"},
        {"{\"alg\":\"EdDSA\",\"kid\":\"a\",\"crit\":[\"b64\"],\"b64\":false}", WARD_JWS_UNSUPPORTED,
         "protected.crit"},
        {"{\"alg\":\"none\",\"alg\":\"EdDSA\",\"kid\":\"a\"}", WARD_JWS_NOT_JSON, "protected"},
        {"[]", WARD_JWS_NOT_OBJECT, "protected"},
        {"", WARD_JWS_NOT_JSON, "protected"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect_refusal(envelope_of(bad[i].header, PAYLOAD, SIGNATURE, ""), bad[i].refusal, bad[i].member);
    }
}

static void envelopes_that_are_refused(void **state)
{
    (void)state;
    expect_refusal("", WARD_JWS_NOT_JSON, "");
    expect_refusal("17", WARD_JWS_NOT_OBJECT, "");
    expect_refusal("{}", WARD_JWS_MISSING, "protected");
    expect_refusal("{\"protected\":{}}", WARD_JWS_MALFORMED, "protected");
    expect_refusal("{\"protected\":\"****\"}", WARD_JWS_MALFORMED, "protected");
    expect_refusal("{\"a\":1} x", WARD_JWS_NOT_JSON, "");
    expect_refusal(envelope_of(GOOD, PAYLOAD "=", SIGNATURE, ""), WARD_JWS_MALFORMED, "payload");
    expect_refusal(envelope_of(GOOD, "Zh", SIGNATURE, ""), WARD_JWS_MALFORMED, "payload");
    expect_refusal(envelope_of(GOOD, PAYLOAD, "", ""), WARD_JWS_MALFORMED, "signature");
    expect_refusal(envelope_of(GOOD, PAYLOAD, SIGNATURE "AAAA", ""), WARD_JWS_MALFORMED, "signature");
    expect_refusal(envelope_of(GOOD, PAYLOAD, SIGNATURE, ",\"payload\":\"\""), WARD_JWS_NOT_JSON, "");
    expect_refusal(envelope_of(GOOD, PAYLOAD, SIGNATURE, ",\"header\":{}"), WARD_JWS_UNSUPPORTED, "header");
    expect_refusal(envelope_of(GOOD, PAYLOAD, SIGNATURE, ",\"a\":[[[[[[[[[[[[]]]]]]]]]]]]"),
                   WARD_JWS_TOO_DEEP, "");
    assert_int_equal(parse(envelope_of(GOOD, PAYLOAD, SIGNATURE, ",\"a\":\"\\\"[[[[[[[[[[[[[[\"")),
                     WARD_JWS_OK);
}

static void too_large_is_refused_unread(void **state)
{
    (void)state;
    assert_int_equal(ward_jws_parse(NULL, WARD_JWS_SIZE_MAX + 1, &work, &jws, &error), WARD_JWS_TOO_LARGE);
}

#define RECEIPT_BODY                                                                                         \
    "\"body\":{\"schema\":\"wardgate.receipt/1\",\"gateway\":\"g-1\",\"epoch\":\"e-01\",\"records\":"        \
    "{\"through\":17,\"ranges\":[[19,20],[25,25]]},\"alarms\":[[\"9c1e00010000000000000000000000ff\",2]],"   \
    "\"head\":\"ab000000000000000000000000000000000000000000000000000000000000cd\"}"
#define COMMAND_BODY                                                                                         \
    "\"counter\":4,\"body\":{\"schema\":\"wardgate.command/1\",\"command\":\"acknowledge\","                 \
    "\"alarm\":\"9c1e00010000000000000000000000ff\"}"
#define CLAIMS_OF(type, role)                                                                                \
    "\"type\":\"" type "\",\"gateway\":\"g-1\",\"id\":\"r-1\",\"issued_at\":\"2026-11-22T09:00:00Z\","       \
    "\"not_after\":\"2026-11-23T09:00:00Z\",\"by\":{\"id\":\"c-1\",\"role\":\"" role "\"},"
#define RECEIPT "{" CLAIMS_OF("receipt", "hub") RECEIPT_BODY "}"
#define COMMAND "{" CLAIMS_OF("command", "clinical") COMMAND_BODY "}"

static enum ward_jws_refusal parse_claims(const char *text)
{
    return ward_claims_parse((const uint8_t *)text, strlen(text), &claims, &error);
}

static void a_receipt(void **state)
{
    (void)state;
    assert_int_equal(parse_claims(RECEIPT), WARD_JWS_OK);
    assert_int_equal(claims.type, WARD_JWS_RECEIPT);
    assert_string_equal(claims.gateway.text, "g-1");
    assert_string_equal(claims.id.text, "r-1");
    assert_string_equal(claims.patient.text, "");
    assert_true(claims.issued_at_ms == INT64_C(1795338000000));
    assert_true(claims.not_after_ms == INT64_C(1795424400000));
    assert_string_equal(claims.by.id.text, "c-1");
    assert_int_equal(claims.by.role, WARD_ROLE_HUB);
    assert_string_equal(claims.receipt.epoch.text, "e-01");
    assert_true(claims.receipt.through == 17);
    assert_int_equal(claims.receipt.range_count, 2);
    assert_true(claims.receipt.ranges[0].first == 19 && claims.receipt.ranges[0].last == 20);
    assert_true(claims.receipt.ranges[1].first == 25 && claims.receipt.ranges[1].last == 25);
    assert_int_equal(claims.receipt.alarm_count, 1);
    assert_int_equal(claims.receipt.alarms[0].id.octets[0], 0x9c);
    assert_int_equal(claims.receipt.alarms[0].id.octets[15], 0xff);
    assert_int_equal(claims.receipt.alarms[0].n, 2);
    assert_true(claims.receipt.has_head);
    assert_int_equal(claims.receipt.head[31], 0xcd);
}

static void a_receipt_of_nothing_needs_no_head(void **state)
{
    (void)state;
    assert_int_equal(
        parse_claims("{" CLAIMS_OF(
            "receipt",
            "hub") "\"body\":{\"schema\":\"wardgate.receipt/1\","
                   "\"gateway\":\"g-1\",\"epoch\":\"e-01\",\"records\":{\"through\":0,\"ranges\":[]},"
                   "\"alarms\":[]}}"),
        WARD_JWS_OK);
    assert_false(claims.receipt.has_head);
}

/* A good text with one piece of it replaced. */
static const char *with(const char *text, const char *piece, const char *other)
{
    static char changed[4096];
    const char *at = strstr(text, piece);

    assert_non_null(at);
    snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text), text, other, at + strlen(piece));
    return changed;
}

static void an_acknowledgement(void **state)
{
    (void)state;
    assert_int_equal(parse_claims(COMMAND), WARD_JWS_OK);
    assert_int_equal(claims.type, WARD_JWS_COMMAND);
    assert_true(claims.counter == 4);
    assert_int_equal(claims.by.role, WARD_ROLE_CLINICAL);
    assert_int_equal(claims.command.kind, WARD_COMMAND_ACKNOWLEDGE);
    assert_int_equal(claims.command.alarm.octets[0], 0x9c);
}

/* A command with this body. */
static const char *command_of(const char *body)
{
    static char text[4096];

    snprintf(
        text, sizeof(text),
        "{" CLAIMS_OF("command", "clinical") "\"counter\":4,\"body\":{\"schema\":\"wardgate.command/1\",%s}}",
        body);
    return text;
}

#define ENTRY                                                                                                \
    "\"command\":\"entry\",\"values\":{\"respiration_rate\":18,\"body_temperature\":36.4,\"oxygen\":\"air\"}"
#define CONCERN "\"command\":\"entry\",\"values\":{\"concern\":\"nurse\"}"
#define VOID    "\"command\":\"void\",\"epoch\":\"e-01\",\"seq\":17,\"reason\":\"wrong-finger\""
#define ASSIGN  "\"command\":\"assign\",\"epoch\":\"e-01\",\"seq\":17"
#define SUSPEND                                                                                              \
    "\"command\":\"suspend\",\"until\":\"2026-11-22T10:00:00Z\",\"reason\":\"bath, nurse with her\""
#define RESUME        "\"command\":\"resume\""
#define REPLAY        "\"command\":\"replay\",\"epoch\":\"e-01\",\"first\":17,\"last\":90"
#define REPLAY_ALARMS "\"command\":\"replay\",\"alarms_since\":\"2026-11-22T10:00:00Z\""

static void an_entry(void **state)
{
    const struct ward_reading *entry = &claims.command.entry;

    (void)state;
    assert_int_equal(parse_claims(command_of(ENTRY)), WARD_JWS_OK);
    assert_int_equal(claims.command.kind, WARD_COMMAND_ENTRY);
    assert_int_equal(entry->kind, WARD_READING_ENTRY);
    assert_int_equal(entry->quality, WARD_VALID);
    assert_int_equal(entry->value_count, 3);
    assert_int_equal(entry->values[0].quantity, WARD_RESPIRATION_RATE);
    assert_int_equal(entry->values[0].number.mantissa, 18);
    assert_int_equal(entry->values[1].quantity, WARD_BODY_TEMPERATURE);
    assert_int_equal(entry->values[1].number.mantissa, 364); /* the exact decimal, not the double */
    assert_int_equal(entry->values[1].number.exponent, -1);
    assert_int_equal(entry->values[2].quantity, WARD_OXYGEN);
    assert_int_equal(entry->values[2].number.mantissa, 0);
}

static void what_names_a_record(void **state)
{
    (void)state;
    assert_int_equal(parse_claims(command_of(VOID)), WARD_JWS_OK);
    assert_int_equal(claims.command.kind, WARD_COMMAND_VOID);
    assert_string_equal(claims.command.record.epoch.text, "e-01");
    assert_int_equal(claims.command.record.seq, 17);
    assert_string_equal(claims.command.reason.text, "wrong-finger");
    assert_int_equal(parse_claims(command_of(ASSIGN)), WARD_JWS_OK);
    assert_int_equal(claims.command.kind, WARD_COMMAND_ASSIGN);
    assert_int_equal(claims.command.record.seq, 17);
}

static void a_suspension(void **state)
{
    (void)state;
    assert_int_equal(parse_claims(command_of(SUSPEND)), WARD_JWS_OK);
    assert_int_equal(claims.command.kind, WARD_COMMAND_SUSPEND);
    assert_true(claims.command.suspend_until_ms == INT64_C(1795341600000));
    assert_string_equal(claims.command.why, "bath, nurse with her");
    assert_int_equal(parse_claims(command_of(RESUME)), WARD_JWS_OK);
    assert_int_equal(claims.command.kind, WARD_COMMAND_RESUME);
}

/* The same, said with a key of the role technical. */
#define TECHNICAL(body)                                                                                      \
    "{" CLAIMS_OF("command", "technical") "\"counter\":4,\"body\":{\"schema\":\"wardgate.command/1\"," body  \
                                          "}}"

static void a_replay(void **state)
{
    (void)state;
    assert_int_equal(parse_claims(command_of(REPLAY)), WARD_JWS_OK);
    assert_int_equal(claims.command.kind, WARD_COMMAND_REPLAY);
    assert_string_equal(claims.command.replay.epoch.text, "e-01");
    assert_int_equal(claims.command.replay.first, 17);
    assert_int_equal(claims.command.replay.last, 90);
    assert_int_equal(parse_claims(command_of(REPLAY_ALARMS)), WARD_JWS_OK);
    assert_int_equal(claims.command.replay.first, 0);
    assert_true(claims.command.replay.alarms_since_ms == INT64_C(1795341600000));
}

static void a_body_by_itself(void **state)
{
    static const char good[] = "{\"schema\":\"wardgate.command/1\"," VOID "}";
    struct ward_command command;

    (void)state;
    assert_int_equal(ward_command_parse(good, strlen(good), &command, &error), WARD_JWS_OK);
    assert_int_equal(command.kind, WARD_COMMAND_VOID);
    assert_string_equal(ward_command_name(command.kind), "void");
    assert_int_equal(ward_command_parse("{}", 2, &command, &error), WARD_JWS_MISSING);
    assert_string_equal(error.member, "body.schema");
    assert_int_equal(ward_command_parse("x", 1, &command, &error), WARD_JWS_NOT_JSON);
    assert_int_equal(ward_command_parse(good, WARD_JWS_PAYLOAD_MAX + 1, &command, &error),
                     WARD_JWS_TOO_LARGE);
}

static void bodies_of_commands_that_are_refused(void **state)
{
    static const struct {
        const char *body, *piece, *other;
        const char *member;
    } bad[] = {
        {ENTRY, "18", "500", "payload.body.values"}, /* not plausible */
        {ENTRY, "18", "\"often\"", "payload.body.values"},
        {ENTRY, "18", "[18]", "payload.body.values"},
        {ENTRY, "18", "true", "payload.body.values"},
        {ENTRY, "\"air\"", "\"water\"", "payload.body.values"},
        {ENTRY, "\"air\"", "\"air oxygen_flow=2\"", "payload.body.values"}, /* one word is one value */
        {ENTRY, "respiration_rate", "mood", "payload.body.values"},
        {ENTRY, "\"values\"", "\"value\"", "payload.body.values"},
        {CONCERN, "\"concern\":\"nurse\"", "", "payload.body.values"},
        {VOID, "\"seq\":17", "\"seq\":0", "payload.body.seq"},
        {VOID, "\"epoch\":\"e-01\",", "", "payload.body.epoch"},
        {VOID, "wrong-finger", "wrong finger", "payload.body.reason"},
        {VOID, ",\"reason\":\"wrong-finger\"", "", "payload.body.reason"},
        {ASSIGN, "\"seq\":17", "\"seq\":\"17\"", "payload.body.seq"},
        {REPLAY, "\"first\":17", "\"first\":0", "payload.body.first"},
        {REPLAY, "\"last\":90", "\"last\":16", "payload.body.last"},
        {REPLAY, ",\"last\":90", "", "payload.body.last"},
        {REPLAY, ",\"last\":90", ",\"alarms_since\":\"2026-11-22T10:00:00Z\"", "payload.body.alarms_since"},
        {REPLAY_ALARMS, "22T10", "22 10", "payload.body.alarms_since"},
        {SUSPEND, "22T10:00:00Z", "22T10:00", "payload.body.until"},
        {SUSPEND, "\"until\":\"2026-11-22T10:00:00Z\",", "", "payload.body.until"},
        {SUSPEND, "bath, nurse with her", "", "payload.body.reason"},
        {SUSPEND, "bath, nurse with her", "a\\nb", "payload.body.reason"},
        {SUSPEND, "bath, nurse with her",
         "123456789012345678901234567890123456789012345678901234567890123456789012345678901",
         "payload.body.reason"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *text = with(command_of(bad[i].body), bad[i].piece, bad[i].other);
        if (parse_claims(text) == WARD_JWS_OK || strcmp(error.member, bad[i].member) != 0) {
            fail_msg("%s: %s: %s", ward_jws_refusal_name(error.refusal), error.text, text);
        }
    }
}

static void a_care_plan_has_patient_episode_and_version(void **state)
{
    (void)state;
    assert_int_equal(parse_claims("{" CLAIMS_OF("care-plan", "clinical") "\"patient\":\"p-1\","
                                                                         "\"episode\":\"s-1\","
                                                                         "\"version\":3,\"body\":{}}"),
                     WARD_JWS_OK);
    assert_true(claims.version == 3);
    assert_string_equal(claims.patient.text, "p-1");
    assert_string_equal(claims.episode.text, "s-1");
    assert_int_equal(parse_claims("{" CLAIMS_OF("care-plan", "clinical") "\"version\":3,\"body\":{}}"),
                     WARD_JWS_MISSING);
    assert_string_equal(error.member, "payload.patient");
    assert_int_equal(parse_claims("{" CLAIMS_OF("care-plan", "clinical") "\"patient\":\"p-1\",\"version\":3,"
                                                                         "\"body\":{}}"),
                     WARD_JWS_MISSING);
    assert_string_equal(error.member, "payload.episode");
}

static void every_fault_names_its_member(void **state)
{
    static const struct {
        const char *text, *piece, *other;
        enum ward_jws_refusal refusal;
        const char *member;
    } bad[] = {
        {RECEIPT, "\"id\":\"r-1\"", "\"i\":1", WARD_JWS_MISSING, "payload.id"},
        {RECEIPT, "\"id\":\"r-1\"", "\"id\":\"r 1\"", WARD_JWS_MALFORMED, "payload.id"},
        {RECEIPT, "\"id\":\"r-1\"", "\"id\":\"\"", WARD_JWS_MALFORMED, "payload.id"},
        {RECEIPT, "\"type\":\"receipt\"", "\"type\":\"reset\"", WARD_JWS_UNSUPPORTED, "payload.type"},
        {RECEIPT, "\"gateway\":\"g-1\",\"id\"", "\"id\"", WARD_JWS_MISSING, "payload.gateway"},
        {RECEIPT, "\"id\":\"r-1\"", "\"id\":\"r-1\",\"patient\":\"p/1\"", WARD_JWS_MALFORMED,
         "payload.patient"},
        {RECEIPT, "\"id\":\"r-1\"", "\"id\":\"r-1\",\"episode\":null", WARD_JWS_MALFORMED, "payload.episode"},
        {RECEIPT, "22T09:00:00Z", "22T09:00:00", WARD_JWS_MALFORMED, "payload.issued_at"},
        {RECEIPT, "23T09:00:00Z", "31T09:00:00Z", WARD_JWS_MALFORMED, "payload.not_after"},
        {RECEIPT, "23T09:00:00Z", "21T09:00:00Z", WARD_JWS_MALFORMED, "payload.not_after"},
        {RECEIPT, "\"role\":\"hub\"", "\"role\":\"king\"", WARD_JWS_UNSUPPORTED, "payload.by.role"},
        {RECEIPT, "\"role\":\"hub\"", "\"roles\":[]", WARD_JWS_MISSING, "payload.by.role"},
        {RECEIPT, "\"id\":\"c-1\"", "\"id\":1", WARD_JWS_MALFORMED, "payload.by.id"},
        {RECEIPT, "\"body\"", "\"boddy\"", WARD_JWS_MISSING, "payload.body"},
        {RECEIPT, "wardgate.receipt/1", "wardgate.receipt/2", WARD_JWS_UNSUPPORTED, "payload.body.schema"},
        {RECEIPT, "\"gateway\":\"g-1\",\"epoch\"", "\"gateway\":\"g-2\",\"epoch\"", WARD_JWS_MALFORMED,
         "payload.body.gateway"},
        {RECEIPT, "\"epoch\":\"e-01\",", "", WARD_JWS_MISSING, "payload.body.epoch"},
        {RECEIPT, "\"through\":17", "\"through\":-1", WARD_JWS_MALFORMED, "payload.body.records.through"},
        {RECEIPT, "\"through\":17", "\"through\":17.0", WARD_JWS_MALFORMED, "payload.body.records.through"},
        {RECEIPT, "\"through\":17", "\"through\":9007199254740992", WARD_JWS_MALFORMED,
         "payload.body.records.through"},
        {RECEIPT, "\"through\":17", "\"through\":\"17\"", WARD_JWS_MALFORMED, "payload.body.records.through"},
        {RECEIPT, "\"through\":17", "\"through\":17,\"through\":18", WARD_JWS_NOT_JSON, "payload"},
        {RECEIPT, "[19,20]", "[20,19]", WARD_JWS_MALFORMED, "payload.body.records.ranges"},
        {RECEIPT, "[19,20]", "[0,20]", WARD_JWS_MALFORMED, "payload.body.records.ranges"},
        {RECEIPT, "[19,20]", "[19]", WARD_JWS_MALFORMED, "payload.body.records.ranges"},
        {RECEIPT, "[19,20]", "19", WARD_JWS_MALFORMED, "payload.body.records.ranges"},
        {RECEIPT, "ff\",2]", "ff\",0]", WARD_JWS_MALFORMED, "payload.body.alarms"},
        {RECEIPT, "ff\",2]", "ff\",4294967296]", WARD_JWS_MALFORMED, "payload.body.alarms"},
        {RECEIPT, "ff\",2]", "FF\",2]", WARD_JWS_MALFORMED, "payload.body.alarms"},
        {RECEIPT, "ff\",2]", "\",2]", WARD_JWS_MALFORMED, "payload.body.alarms"},
        {RECEIPT, "cd\"", "cg\"", WARD_JWS_MALFORMED, "payload.body.head"},
        {RECEIPT, "\"head\"", "\"hat\"", WARD_JWS_MISSING, "payload.body.head"},
        {COMMAND, "\"counter\":4,", "", WARD_JWS_MISSING, "payload.counter"},
        {COMMAND, "\"counter\":4", "\"counter\":0", WARD_JWS_MALFORMED, "payload.counter"},
        {COMMAND, "acknowledge", "explode", WARD_JWS_UNSUPPORTED, "payload.body.command"},
        {COMMAND, "wardgate.command/1", "wardgate.receipt/1", WARD_JWS_UNSUPPORTED, "payload.body.schema"},
        {COMMAND, "\"9c1e", "\"9C1E", WARD_JWS_MALFORMED, "payload.body.alarm"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *text = with(bad[i].text, bad[i].piece, bad[i].other);
        if (parse_claims(text) != bad[i].refusal || strcmp(error.member, bad[i].member) != 0) {
            fail_msg("%s: %s: %s", ward_jws_refusal_name(error.refusal), error.text, text);
        }
    }
}

static void a_refusal_can_still_be_answered(void **state)
{
    (void)state;
    assert_int_equal(parse_claims(with(COMMAND, "acknowledge", "explode")), WARD_JWS_UNSUPPORTED);
    assert_string_equal(claims.id.text, "r-1");
    assert_string_equal(error.text, "payload.body.command is none that this gateway knows");
    assert_int_equal(parse_claims("{"), WARD_JWS_NOT_JSON);
    assert_string_equal(claims.id.text, "");
}

static void lists_have_their_bounds(void **state)
{
    char ranges[8192] = "\"ranges\":[[19,20]";
    char alarms[16384] = "\"alarms\":[[\"9c1e00010000000000000000000000ff\",2]";
    char text[32768];

    (void)state;
    for (int i = 1; i < WARD_RECEIPT_RANGES_MAX; i++) {
        strcat(ranges, ",[19,20]");
        strcat(alarms, ",[\"9c1e00010000000000000000000000ff\",2]");
    }
    snprintf(
        text, sizeof(text),
        "{" CLAIMS_OF("receipt", "hub") "\"body\":{\"schema\":\"wardgate.receipt/1\",\"gateway\":\"g-1\","
                                        "\"epoch\":\"e-01\",\"records\":{\"through\":0,%s]},%s]}}",
        ranges, alarms);
    assert_int_equal(parse_claims(text), WARD_JWS_OK);
    assert_int_equal(claims.receipt.range_count, WARD_RECEIPT_RANGES_MAX);
    assert_int_equal(claims.receipt.alarm_count, WARD_RECEIPT_ALARMS_MAX);
    strcat(ranges, ",[19,20]");
    snprintf(
        text, sizeof(text),
        "{" CLAIMS_OF("receipt", "hub") "\"body\":{\"schema\":\"wardgate.receipt/1\",\"gateway\":\"g-1\","
                                        "\"epoch\":\"e-01\",\"records\":{\"through\":0,%s]},%s]}}",
        ranges, alarms);
    assert_int_equal(parse_claims(text), WARD_JWS_MALFORMED);
    assert_string_equal(error.member, "payload.body.records.ranges");
    strcat(alarms, ",[\"9c1e00010000000000000000000000ff\",2]");
    snprintf(
        text, sizeof(text),
        "{" CLAIMS_OF("receipt", "hub") "\"body\":{\"schema\":\"wardgate.receipt/1\",\"gateway\":\"g-1\","
                                        "\"epoch\":\"e-01\",\"records\":{\"through\":0,\"ranges\":[]},%s]}}",
        alarms);
    assert_int_equal(parse_claims(text), WARD_JWS_MALFORMED);
    assert_string_equal(error.member, "payload.body.alarms");
}

static void a_payload_beyond_the_envelope_is_refused(void **state)
{
    (void)state;
    assert_int_equal(ward_claims_parse(NULL, WARD_JWS_PAYLOAD_MAX + 1, &claims, &error), WARD_JWS_TOO_LARGE);
}

static enum ward_jws_verdict judge(const char *text, enum ward_role role, int64_t utc_ms, uint8_t clock)
{
    struct ward_jws_context context = {
        .gateway = "g-1", .key_role = role, .now = {.utc_ms = utc_ms, .clock = clock}};

    assert_int_equal(parse_claims(text), WARD_JWS_OK);
    return ward_claims_judge(&claims, &context);
}

#define ISSUED    INT64_C(1795338000000)
#define NOT_AFTER INT64_C(1795424400000)

static void who_may_say_what_and_when(void **state)
{
    const uint8_t synced = WARD_CLOCK_SYNCED;

    (void)state;
    assert_int_equal(judge(RECEIPT, WARD_ROLE_HUB, ISSUED, synced), WARD_JWS_ACCEPTED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, NOT_AFTER, synced), WARD_JWS_ACCEPTED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, ISSUED - WARD_JWS_SKEW_MS, synced),
                     WARD_JWS_ACCEPTED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, NOT_AFTER + 1, synced), WARD_JWS_EXPIRED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, ISSUED - WARD_JWS_SKEW_MS - 1, synced),
                     WARD_JWS_NOT_YET);
    assert_int_equal(judge(COMMAND, WARD_ROLE_HUB, ISSUED, synced), WARD_JWS_OTHER_ROLE);
    assert_int_equal(judge(RECEIPT, WARD_ROLE_CLINICAL, ISSUED, synced), WARD_JWS_OTHER_ROLE);
    assert_int_equal(
        judge("{" CLAIMS_OF("receipt", "clinical") RECEIPT_BODY "}", WARD_ROLE_CLINICAL, ISSUED, synced),
        WARD_JWS_ROLE_NOT_ALLOWED);
    assert_int_equal(judge("{" CLAIMS_OF("command", "root") COMMAND_BODY "}", WARD_ROLE_ROOT, ISSUED, synced),
                     WARD_JWS_ROLE_NOT_ALLOWED);
    assert_int_equal(judge(TECHNICAL(REPLAY), WARD_ROLE_TECHNICAL, ISSUED, synced), WARD_JWS_ACCEPTED);
    assert_int_equal(judge(TECHNICAL(RESUME), WARD_ROLE_TECHNICAL, ISSUED, synced),
                     WARD_JWS_ROLE_NOT_ALLOWED);
    assert_int_equal(judge(command_of(REPLAY), WARD_ROLE_CLINICAL, ISSUED, synced),
                     WARD_JWS_ROLE_NOT_ALLOWED);
    assert_int_equal(judge(with(COMMAND, "g-1", "g-2"), WARD_ROLE_CLINICAL, ISSUED, synced),
                     WARD_JWS_OTHER_GATEWAY);
}

/* A time that is carried on may be one that was ahead: the hub's receipts hold all the same, and nothing else does. */
static void a_receipt_does_not_expire_by_a_time_that_is_carried_on(void **state)
{
    (void)state;
    assert_int_equal(judge(RECEIPT, WARD_ROLE_HUB, NOT_AFTER + 1, WARD_CLOCK_ESTIMATED), WARD_JWS_ACCEPTED);
    assert_int_equal(judge(RECEIPT, WARD_ROLE_HUB, NOT_AFTER + 1, WARD_CLOCK_SYNCED), WARD_JWS_EXPIRED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, NOT_AFTER + 1, WARD_CLOCK_ESTIMATED),
                     WARD_JWS_EXPIRED);
}

static void without_a_clock_nothing_gets_quieter(void **state)
{
    static const char *const louder[] = {CONCERN, ASSIGN, RESUME}, *const quieter[] = {ENTRY, VOID, SUSPEND};

    (void)state;
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, ISSUED, WARD_CLOCK_UNSYNCED),
                     WARD_JWS_CLOCK_UNTRUSTED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, WARD_UTC_UNKNOWN, WARD_CLOCK_SYNCED),
                     WARD_JWS_CLOCK_UNTRUSTED);
    assert_int_equal(judge(RECEIPT, WARD_ROLE_HUB, NOT_AFTER + 1, WARD_CLOCK_UNSYNCED), WARD_JWS_ACCEPTED);
    assert_int_equal(judge(COMMAND, WARD_ROLE_CLINICAL, ISSUED, WARD_CLOCK_ESTIMATED), WARD_JWS_ACCEPTED);
    for (size_t i = 0; i < sizeof(louder) / sizeof(louder[0]); i++) {
        assert_int_equal(judge(command_of(louder[i]), WARD_ROLE_CLINICAL, ISSUED, WARD_CLOCK_UNSYNCED),
                         WARD_JWS_ACCEPTED);
    }
    for (size_t i = 0; i < sizeof(quieter) / sizeof(quieter[0]); i++) {
        assert_int_equal(judge(command_of(quieter[i]), WARD_ROLE_CLINICAL, ISSUED, WARD_CLOCK_UNSYNCED),
                         WARD_JWS_CLOCK_UNTRUSTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_envelope),
        cmocka_unit_test(headers_that_are_refused),
        cmocka_unit_test(envelopes_that_are_refused),
        cmocka_unit_test(too_large_is_refused_unread),
        cmocka_unit_test(a_receipt),
        cmocka_unit_test(a_receipt_of_nothing_needs_no_head),
        cmocka_unit_test(an_acknowledgement),
        cmocka_unit_test(an_entry),
        cmocka_unit_test(what_names_a_record),
        cmocka_unit_test(a_suspension),
        cmocka_unit_test(a_replay),
        cmocka_unit_test(a_body_by_itself),
        cmocka_unit_test(bodies_of_commands_that_are_refused),
        cmocka_unit_test(a_care_plan_has_patient_episode_and_version),
        cmocka_unit_test(every_fault_names_its_member),
        cmocka_unit_test(a_refusal_can_still_be_answered),
        cmocka_unit_test(lists_have_their_bounds),
        cmocka_unit_test(a_payload_beyond_the_envelope_is_refused),
        cmocka_unit_test(who_may_say_what_and_when),
        cmocka_unit_test(a_receipt_does_not_expire_by_a_time_that_is_carried_on),
        cmocka_unit_test(without_a_clock_nothing_gets_quieter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
