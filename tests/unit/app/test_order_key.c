/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ward's keys, as root changes them: what was signed with a key that was revoked is refused at once and after a
 * restart, what was signed with one that was added is taken, and only root says so.
 */
#include "app_orders.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/ward_keys.h"
#include "core/base64url.h"
#include "core/reading.h"
#include "core/utc.h"

/* A pair of keys of the ward's. */
struct pair {
    const char *kid, *role;
    EVP_PKEY *key;
    char x[64];
};

static struct pair root = {.kid = "k-root", .role = "root"}, spare = {.kid = "k-spare", .role = "root"},
                   doctor = {.kid = "k-doctor", .role = "clinical"},
                   technician = {.kid = "k-technician", .role = "technical"};
static uint64_t counter;

static void make(struct pair *pair)
{
    uint8_t octets[32];
    size_t count = sizeof(octets);

    pair->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(pair->key);
    assert_int_equal(EVP_PKEY_get_raw_public_key(pair->key, octets, &count), 1);
    pair->x[ward_base64url_encode(octets, count, pair->x)] = '\0';
}

static int print_jwk(const struct pair *pair, char *ret, size_t size)
{
    return snprintf(ret, size,
                    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%s\",\"role\":\"%s\",\"x\":\"%s\"}",
                    pair->kid, pair->role, pair->x);
}

/* The file knows root, and the doctor. */
static int set_up(void **state)
{
    struct bench *bench;
    char jwks[2][256];
    FILE *file;

    assert_int_equal(orders_set_up(state), 0);
    bench = *state;
    make(&root);
    make(&spare);
    make(&doctor);
    make(&technician);
    (void)print_jwk(&root, jwks[0], sizeof(jwks[0]));
    (void)print_jwk(&doctor, jwks[1], sizeof(jwks[1]));
    snprintf(bench->config.hub.ward_keys, sizeof(bench->config.hub.ward_keys), "%s/keys.json",
             bench->directory);
    file = fopen(bench->config.hub.ward_keys, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "{\"keys\":[%s,%s]}", jwks[0], jwks[1]) > 0);
    fclose(file);
    orders_restart(bench);
    return 0;
}

static int tear_down(void **state)
{
    struct pair *const pairs[] = {&root, &spare, &doctor, &technician};

    for (size_t i = 0; i < 4; i++)
        EVP_PKEY_free(pairs[i]->key);
    return bench_tear_down(state);
}

static void sign(const struct pair *pair, const char *claims, char *ret, size_t size)
{
    char *text = malloc(8192);
    uint8_t signature[64];
    size_t header, length, signed_length = sizeof(signature);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    char name[128], encoded[100];

    snprintf(name, sizeof(name), "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", pair->kid);
    header = ward_base64url_encode((const uint8_t *)name, strlen(name), text);
    text[header] = '.';
    length = header + 1 + ward_base64url_encode((const uint8_t *)claims, strlen(claims), text + header + 1);
    assert_int_equal(EVP_DigestSignInit(context, NULL, NULL, NULL, pair->key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &signed_length, (const uint8_t *)text, length), 1);
    EVP_MD_CTX_free(context);
    encoded[ward_base64url_encode(signature, sizeof(signature), encoded)] = '\0';
    snprintf(ret, size, "{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"%s\"}", (int)header,
             text, (int)(length - header - 1), text + header + 1, encoded);
    free(text);
}

/* Sends a command, signed with the pair's key. Returns what the ward is answered. */
static const char *send_signed(struct bench *bench, const struct pair *pair, const char *body)
{
    struct ward_outbox *outbox = &bench->gateway->outbox;
    const int64_t now_ms = (int64_t)time(NULL) * 1000;
    char from[WARD_UTC_TEXT_SIZE], until[WARD_UTC_TEXT_SIZE], claims[2048], jws[8192];
    struct ward_spool_down down = {.topic = "ward/v1/home/g-test/down/command", .response_topic = ""};

    assert_true(ward_utc_format(now_ms, from) && ward_utc_format(now_ms + 60000, until));
    counter++;
    snprintf(claims, sizeof(claims),
             "{\"type\":\"command\",\"gateway\":\"g-test\",\"patient\":\"" PATIENT
             "\",\"id\":\"k-%llu\",\"counter\":%llu,\"issued_at\":\"%s\",\"not_after\":\"%s\","
             "\"by\":{\"id\":\"somebody\",\"role\":\"%s\"},\"body\":{\"schema\":\"wardgate.command/1\",%s}}",
             (unsigned long long)counter, (unsigned long long)counter, from, until, pair->role, body);
    sign(pair, claims, jws, sizeof(jws));
    down.payload = (const uint8_t *)jws;
    down.payload_length = strlen(jws);
    ward_outbox_results_done(outbox);
    ward_inbox_down(bench->gateway, &down);
    WAIT_FOR(bench, outbox->result_count > 0);
    return outbox->results[0].text;
}

static const char *add_key(struct bench *bench, const struct pair *by, const struct pair *pair)
{
    char jwk[256], body[512];

    (void)print_jwk(pair, jwk, sizeof(jwk));
    snprintf(body, sizeof(body), "\"command\":\"add-key\",\"key\":%s", jwk);
    return send_signed(bench, by, body);
}

static const char *revoke_key(struct bench *bench, const struct pair *by, const struct pair *pair)
{
    char body[256];

    snprintf(body, sizeof(body), "\"command\":\"revoke-key\",\"kid\":\"%s\"", pair->kid);
    return send_signed(bench, by, body);
}

#define RESUME "\"command\":\"resume\""
#define REPLAY "\"command\":\"replay\",\"alarms_since\":\"2026-11-22T09:00:00Z\""

#define assert_done(answer) assert_non_null(strstr(answer, "\"outcome\":\"done\""))
static void assert_refused(const char *answer, const char *text)
{
    if (!strstr(answer, "\"outcome\":\"refused\"") || !strstr(answer, text))
        fail_msg("%s: expected to be refused with \"%s\"", answer, text);
}

static void a_key_is_added_and_counts_after_a_restart(void **state)
{
    struct bench *bench = *state;

    assert_refused(send_signed(bench, &technician, REPLAY), "no key of the ward has that kid");
    assert_done(add_key(bench, &root, &technician));
    assert_done(send_signed(bench, &technician, REPLAY));
    orders_restart(bench);
    assert_done(send_signed(bench, &technician, REPLAY));
    assert_refused(send_signed(bench, &technician, RESUME),
                   "role may not say this"); /* it has its role, and no other */
}

static void a_key_that_was_revoked_is_refused_at_once_and_for_ever(void **state)
{
    struct bench *bench = *state;

    assert_done(send_signed(bench, &doctor, RESUME));
    assert_done(revoke_key(bench, &root, &doctor));
    assert_refused(send_signed(bench, &doctor, RESUME), "no key of the ward has that kid");
    orders_restart(bench); /* although the file has it */
    assert_refused(send_signed(bench, &doctor, RESUME), "no key of the ward has that kid");
    assert_refused(add_key(bench, &root, &doctor), "was revoked");
    assert_refused(send_signed(bench, &doctor, RESUME), "no key of the ward has that kid");
}

static void only_root_changes_keys(void **state)
{
    struct bench *bench = *state;

    assert_refused(add_key(bench, &doctor, &technician), "role may not say this");
    assert_refused(revoke_key(bench, &doctor, &root), "role may not say this");
    assert_refused(send_signed(bench, &root, RESUME),
                   "role may not say this"); /* and root does nothing else */
    assert_refused(revoke_key(bench, &root, &root), "last key of the role root");
    assert_done(add_key(bench, &root, &spare));
    assert_done(revoke_key(bench, &spare, &root));
    assert_refused(add_key(bench, &root, &technician), "no key of the ward has that kid");
    assert_refused(revoke_key(bench, &spare, &spare), "last key of the role root");
    assert_refused(revoke_key(bench, &spare, &technician), "No key of the ward has that kid");
    orders_restart(bench);
    assert_refused(revoke_key(bench, &root, &spare), "no key of the ward has that kid");
    assert_done(add_key(bench, &spare, &technician));
}

/* Without a date an old command that somebody held back could let a key back in; taking one away is always right. */
static void without_a_clock_keys_are_only_taken_away(void **state)
{
    struct bench *bench = *state;

    bench_set_clock(bench, false);
    assert_refused(add_key(bench, &root, &technician), "clock of the gateway is not trusted");
    assert_done(revoke_key(bench, &root, &doctor));
}

/* Another file takes the place of a damaged one. */
static void a_fresh_file_is_told_of_the_keys(void **state)
{
    struct bench *bench = *state;
    static const uint8_t chain[32] = {0};
    const struct ward_store_replaced replaced = {
        .set_aside = "", .reason = "test", .epoch = bench->gateway->epoch, .head_chain = chain};
    const struct ward_store_listener listener = ward_commits_listener(bench->gateway);
    const struct ward_store_change forget = {.kind = WARD_STORE_SETTING, .name = {"ward-keys"}};

    assert_done(revoke_key(bench, &root, &doctor));
    assert_int_equal(ward_gateway_change(bench->gateway, &forget, 1, NULL), 0); /* as a fresh file has none */
    listener.replaced(listener.context, &replaced);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    orders_restart(bench);
    assert_refused(send_signed(bench, &doctor, RESUME), "no key of the ward has that kid");
}

/* Who was revoked is not known: then it may be anybody. */
static void what_cannot_be_read_leaves_nobody_to_be_believed(void **state)
{
    struct bench *bench = *state;
    const struct ward_store_change damaged = {
        .kind = WARD_STORE_SETTING, .name = {"ward-keys"}, .document = "{\"version\":1,\"revoked\":[7]}"};

    assert_int_equal(ward_gateway_change(bench->gateway, &damaged, 1, NULL), 0);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    orders_restart(bench);
    assert_refused(send_signed(bench, &doctor, RESUME), "No keys of the ward are known");
    assert_non_null(bench_condition(bench, PATIENT, "no-ward-keys"));
}

/* While the database cannot be read nobody is believed: the key may be one that was revoked. */
static void without_the_database_nobody_is_believed(void **state)
{
    struct bench *bench = *state;
    const char *answer;

    bench->gateway->restored = false;
    answer = send_signed(bench, &doctor, RESUME);
    assert_non_null(strstr(answer, "\"outcome\":\"failed\""));
    assert_non_null(strstr(answer, "whose key was revoked"));
    bench->gateway->restored = true;
}

#define KEY_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEY_TEST(a_key_is_added_and_counts_after_a_restart),
        KEY_TEST(a_key_that_was_revoked_is_refused_at_once_and_for_ever),
        KEY_TEST(only_root_changes_keys),
        KEY_TEST(without_a_clock_keys_are_only_taken_away),
        KEY_TEST(a_fresh_file_is_told_of_the_keys),
        KEY_TEST(what_cannot_be_read_leaves_nobody_to_be_believed),
        KEY_TEST(without_the_database_nobody_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
