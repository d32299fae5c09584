/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: RFC 8032 §7.1 (tests 1 to 3) and RFC 8037 appendix A (the same key as test 1, as JWK and JWS). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base64url.h"
#include "io/crypto.h"

#define X_1 "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define X_2 "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"
#define X_3 "_FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU"
/* The neutral element, with which anything would verify, and a y that is of no point of the curve (RFC 8032 §5.1.3). */
#define X_NEUTRAL   "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define X_OFF_CURVE "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static char directory[64];
static char path[128];
static struct ward_crypto_error error;

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/wardgate-crypto-XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/%s", directory, WARD_SIGNER_FILE);
    memset(&error, 0, sizeof(error));
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    chmod(directory, S_IRWXU);
    unlink(path);
    return rmdir(directory);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* RFC 8032 test 1 as PKCS#8 (RFC 8410 §7). */
static const char pem_1[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                            "-----END PRIVATE KEY-----\n";

static void the_jwk_and_its_thumbprint(void **state)
{
    struct ward_signer *signer = NULL;
    struct ward_json json;
    char text[256];

    (void)state;
    write_file(pem_1);
    assert_int_equal(ward_signer_new(&signer, directory, &error), 0);
    assert_string_equal(ward_signer_kid(signer), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_signer_write_jwk(signer, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_string_equal(text, "{\"crv\":\"Ed25519\",\"kid\":\"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\","
                              "\"kty\":\"OKP\",\"x\":\"" X_1 "\"}");
    assert_null(ward_signer_free(signer));
}

static struct ward_keyring *keyring_of(const char *jwks)
{
    struct ward_keyring *keyring = NULL;

    write_file(jwks);
    if (ward_keyring_new(&keyring, path, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return keyring;
}

#define JWK(kid, role, x)                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\",\"role\":\"" role "\",\"x\":\"" x "\"}"
#define JWKS(keys) "{\"keys\":[" keys "]}"

/* A key that is made signs what the same key, loaded again, is the name of. */
static void a_key_is_made_once_and_kept(void **state)
{
    struct ward_signer *made = NULL, *loaded = NULL;
    struct stat status;
    char first[WARD_SIGNATURE_MAX + 1], second[WARD_SIGNATURE_MAX + 1];

    (void)state;
    assert_int_equal(ward_signer_new(&made, directory, &error), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(ward_signer_new(&loaded, directory, &error), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_string_equal(ward_signer_kid(made), ward_signer_kid(loaded));
    assert_int_equal(ward_signer_sign(made, "a/b", (const uint8_t *)"x", 1, first), 0);
    assert_int_equal(ward_signer_sign(loaded, "a/b", (const uint8_t *)"x", 1, second), 0);
    assert_string_equal(first, second);
    ward_signer_free(made);
    ward_signer_free(loaded);
}

static void what_an_interrupted_start_left_is_replaced(void **state)
{
    struct ward_signer *signer = NULL;
    char aside[160];

    (void)state;
    snprintf(aside, sizeof(aside), "%s.new", path);
    FILE *file = fopen(aside, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(ward_signer_new(&signer, directory, &error), 0);
    assert_int_equal(access(aside, F_OK), -1);
    ward_signer_free(signer);
}

/* What it writes is what any other program calls that key: of the seed of RFC 8032's test 1 it would be pem_1. */
static void a_key_is_written_as_pkcs_8(void **state)
{
    struct ward_signer *signer = NULL;
    char text[256] = "";

    (void)state;
    assert_int_equal(ward_signer_new(&signer, directory, &error), 0);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, sizeof(text) - 1, file), sizeof(pem_1) - 1);
    fclose(file);
    /* all that is before the seed: 16 octets are 21 characters and a third of one */
    assert_memory_equal(text, pem_1, sizeof("-----BEGIN PRIVATE KEY-----\n") - 1 + 21);
    assert_non_null(strstr(text, "\n-----END PRIVATE KEY-----\n"));
    ward_signer_free(signer);
}

/* As it may come from another program or through an editor of another system. */
static void a_key_is_read_with_what_stands_around_it(void **state)
{
    struct ward_signer *signer = NULL;

    (void)state;
    write_file("a comment\r\n-----BEGIN PRIVATE KEY-----\r\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK\r\n"
               "9JLsLMREScVpezJpGXA7rAMcrn9g\r\n-----END PRIVATE KEY-----\r\n");
    assert_int_equal(ward_signer_new(&signer, directory, &error), 0);
    assert_string_equal(ward_signer_kid(signer), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    ward_signer_free(signer);
}

static void a_file_that_is_no_key_is_never_replaced(void **state)
{
    /* An EC key on P-256: a private key, but not ours to use. */
    static const char *const bad[] = {
        "",
        "not a key\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n",
        /* X25519, of the same length */
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        "-----END PRIVATE KEY-----\n",
        "-----BEGIN EC PRIVATE KEY-----\n"
        "MHcCAQEEILJ5ZROhYzwsQzukfxUaG1ms4+cOqm2M7ISF+XxE4GAzoAoGCCqGSM49\n"
        "AwEHoUQDQgAEBllLD/Glkd8xMemXFjxoFfxxMWhQlwrZITPygqvGmh7ApJbneYWq\n"
        "DzDaKE93YfEwOq3FIFeZh6lXaVu4IemU1w==\n"
        "-----END EC PRIVATE KEY-----\n",
    };
    struct ward_signer *signer = NULL;
    char text[1024] = "", wanted[256];

    (void)state;
    snprintf(wanted, sizeof(wanted), "%s: is not an Ed25519 private key in PEM", path);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_file(bad[i]);
        assert_int_equal(ward_signer_new(&signer, directory, &error), -EBADMSG);
        assert_null(signer);
        assert_string_equal(error.text, wanted);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
        assert_string_equal(text, bad[i]);
    }
}

static void a_directory_that_is_not_there_is_named(void **state)
{
    struct ward_signer *signer = NULL;

    (void)state;
    assert_int_equal(ward_signer_new(&signer, "/nonexistent/state", &error), -ENOENT);
    assert_non_null(strstr(error.text, "/nonexistent/state/gateway-key.pem: No such file"));
}

static void topic_and_payload_are_signed_with_a_nul_between(void **state)
{
    struct ward_signer *signer = NULL;
    char text[WARD_SIGNATURE_MAX + 1];
    size_t count;

    (void)state;
    write_file(pem_1);
    assert_int_equal(ward_signer_new(&signer, directory, &error), 0);
    assert_int_equal(ward_signer_sign(signer, "ward/v1/home/g-1/up/state", (const uint8_t *)"{}", 2, text),
                     0);

    struct ward_keyring *keyring = keyring_of(JWKS(JWK("k", "hub", X_1)));
    static const char message[] = "ward/v1/home/g-1/up/state\0{}";
    struct ward_jws jws = {.kid = "k", .signed_text = message, .signed_length = sizeof(message) - 1};
    enum ward_role role = WARD_ROLE_ROOT;
    assert_int_equal(strlen(text), WARD_SIGNATURE_MAX);
    assert_true(ward_base64url_decode(text, strlen(text), jws.signature, sizeof(jws.signature), &count));
    assert_int_equal(ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_HUB), &role), WARD_VERIFIED);
    assert_int_equal(role, WARD_ROLE_HUB);

    char same[WARD_SIGNATURE_MAX + 1]; /* as every signature of Ed25519 over the same octets is */
    assert_int_equal(ward_signer_sign_in_place(signer, (const uint8_t *)message, sizeof(message) - 1, same),
                     0);
    assert_string_equal(same, text);
    ward_keyring_free(keyring);
    ward_signer_free(signer);
}

static void what_no_message_may_be_is_not_signed(void **state)
{
    static uint8_t payload[70000];
    struct ward_signer *signer = NULL;
    char text[WARD_SIGNATURE_MAX + 1] = "unchanged";
    char topic[WARD_TOPIC_MAX + 2] = "";

    (void)state;
    assert_int_equal(ward_signer_new(&signer, directory, &error), 0);
    assert_int_equal(ward_signer_sign(signer, "a", payload, sizeof(payload), text), -EMSGSIZE);
    memset(topic, 'a', WARD_TOPIC_MAX + 1);
    assert_int_equal(ward_signer_sign(signer, topic, payload, 1, text), -EMSGSIZE);
    assert_int_equal(ward_signer_sign_in_place(signer, payload, sizeof(payload), text), -EMSGSIZE);
    assert_string_equal(text, "unchanged");
    assert_int_equal(ward_signer_sign(signer, "a", NULL, 0, text), 0); /* an emptied retained topic */
    ward_signer_free(signer);
}

static const struct {
    const char *kid, *message;
    size_t length;
    const char *signature;
} rfc_8032[] = {
    {"1", "", 0,
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
     "d25bf5f0595bbe24655141438e7a100b"},
    {"2", "\x72", 1,
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
     "387b2eaeb4302aeeb00d291612bb0c00"},
    {"3", "\xaf\x82", 2,
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
     "4a7c15e9716ed28dc027beceea1ec40a"},
};

static void from_hex(const char *text, uint8_t *ret)
{
    for (size_t i = 0; text[2 * i] != '\0'; i++) {
        unsigned octet;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &octet), 1);
        ret[i] = (uint8_t)octet;
    }
}

static void the_vectors_of_rfc_8032(void **state)
{
    struct ward_keyring *keyring =
        keyring_of(JWKS(JWK("1", "hub", X_1) "," JWK("2", "clinical", X_2) "," JWK("3", "technical", X_3)));
    const unsigned all =
        WARD_ROLES(WARD_ROLE_HUB) | WARD_ROLES(WARD_ROLE_CLINICAL) | WARD_ROLES(WARD_ROLE_TECHNICAL);

    (void)state;
    assert_int_equal(ward_keyring_count(keyring), 3);
    for (size_t i = 0; i < 3; i++) {
        struct ward_jws jws = {.signed_text = rfc_8032[i].message, .signed_length = rfc_8032[i].length};
        enum ward_role role = WARD_ROLE_ROOT;
        strcpy(jws.kid, rfc_8032[i].kid);
        from_hex(rfc_8032[i].signature, jws.signature);
        assert_int_equal(ward_keyring_verify(keyring, &jws, all, &role), WARD_VERIFIED);
        assert_int_equal(role, (enum ward_role)i);
        jws.signature[7] ^= 1;
        role = WARD_ROLE_ROOT;
        assert_int_equal(ward_keyring_verify(keyring, &jws, all, &role), WARD_BAD_SIGNATURE);
        assert_int_equal(role, WARD_ROLE_ROOT);
    }
    ward_keyring_free(keyring);
}

static void the_jws_of_rfc_8037(void **state)
{
    struct ward_keyring *keyring = keyring_of(JWKS(JWK("a", "hub", X_1) "," JWK("b", "root", X_2)));
    static const char text[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    static const char signature[] =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    struct ward_jws jws = {.kid = "a", .signed_text = text, .signed_length = strlen(text)};
    enum ward_role role = WARD_ROLE_ROOT;
    size_t count;

    (void)state;
    assert_true(ward_base64url_decode(signature, strlen(signature), jws.signature, 64, &count));
    assert_int_equal(ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_HUB), &role), WARD_VERIFIED);
    assert_int_equal(ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_CLINICAL), &role),
                     WARD_WRONG_ROLE);
    jws.signed_length--;
    assert_int_equal(ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_HUB), &role),
                     WARD_BAD_SIGNATURE);
    strcpy(jws.kid, "b");
    assert_int_equal(ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_ROOT), &role),
                     WARD_BAD_SIGNATURE);
    strcpy(jws.kid, "c");
    assert_int_equal(ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_HUB), &role), WARD_UNKNOWN_KID);
    ward_keyring_free(keyring);
}

static void a_bad_key_refuses_the_file_and_is_named(void **state)
{
    static const struct {
        const char *jwks, *wanted;
    } bad[] = {
        {"", ":1:0: "},
        {"[]", ": keys: is missing"},
        {"{\"keys\":{}}", ": keys: is missing"},
        {"{\"keys\":[],\"keys\":[]}", "duplicate object key"},
        {JWKS("1"), ": keys[0].kty: the key is not an object"},
        {JWKS("{}"), ": keys[0].kty: is missing"},
        {JWKS("{\"kty\":\"RSA\"}"), ": keys[0].kty: is not \"OKP\""},
        {JWKS("{\"kty\":\"OKP\",\"crv\":\"X25519\"}"), ": keys[0].crv: is not \"Ed25519\""},
        {JWKS("{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}"), ": keys[0].kid: is missing"},
        {JWKS("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":3}"), ": keys[0].kid: is not a string"},
        {JWKS(JWK("a", "hub", X_1) "," JWK("", "hub", X_1)), ": keys[1].kid: is not 1 to 64"},
        {JWKS(JWK("a", "hub", X_1) "," JWK("a", "hub", X_2)), ": keys[1].kid: is the same as an earlier"},
        {JWKS(JWK("a", "queen", X_1)), ": keys[0].role: is not hub"},
        {JWKS("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":\"" X_1 "\"}"),
         ": keys[0].role: is missing"},
        {JWKS(JWK("a", "hub", "AAAA")), ": keys[0].x: is not 32 octets"},
        {JWKS(JWK("a", "hub", X_1 "=")), ": keys[0].x: is not 32 octets"},
        {JWKS(JWK("a", "hub", X_NEUTRAL)), ": keys[0].x: is not a public key on Ed25519"},
        {JWKS(JWK("a", "hub", X_1) "," JWK("b", "hub", X_OFF_CURVE)),
         ": keys[1].x: is not a public key on Ed25519"},
        {JWKS("{\"kty\":\"OKP\",\"d\":\"x\"}"), ": keys[0].d: is a private key"},
    };
    struct ward_keyring *keyring = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_file(bad[i].jwks);
        assert_int_equal(ward_keyring_new(&keyring, path, &error), -EBADMSG);
        assert_null(keyring);
        if (strncmp(error.text, path, strlen(path)) != 0 || strstr(error.text, bad[i].wanted) == NULL) {
            fail_msg("%s, wanted %s", error.text, bad[i].wanted);
        }
    }
}

static void what_is_no_key_is_not_added(void **state)
{
    struct ward_keyring *keyring = keyring_of(JWKS(JWK("a", "root", X_1)));
    static const uint8_t neutral[32] = {1};

    (void)state;
    assert_int_equal(ward_keyring_add(keyring, "b", WARD_ROLE_CLINICAL, neutral), WARD_KEYRING_BAD_KEY);
    assert_int_equal(ward_keyring_count(keyring), 1);
    assert_int_equal(ward_keyring_version(keyring), 0);
    ward_keyring_free(keyring);
}

static void files_that_cannot_be_a_keyring(void **state)
{
    struct ward_keyring *keyring = NULL;
    static char large[70000];
    static char many[16384] = "{\"keys\":[{}";

    (void)state;
    assert_int_equal(ward_keyring_new(&keyring, "/nonexistent/keys.json", &error), -ENOENT);
    assert_non_null(strstr(error.text, "/nonexistent/keys.json: No such file"));
    memset(large, ' ', sizeof(large) - 1);
    write_file(large);
    assert_int_equal(ward_keyring_new(&keyring, path, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "larger than 64 KiB"));
    for (int i = 0; i < WARD_KEYRING_KEYS_MAX; i++) {
        strcat(many, ",{}");
    }
    write_file(strcat(many, "]}"));
    assert_int_equal(ward_keyring_new(&keyring, path, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "more than 64 keys"));
}

static void an_empty_keyring_trusts_nobody(void **state)
{
    struct ward_keyring *keyring = keyring_of("{\"keys\":[]}");
    struct ward_jws jws = {.kid = "a", .signed_text = ""};
    enum ward_role role;

    (void)state;
    assert_int_equal(ward_keyring_verify(keyring, &jws, ~0u, &role), WARD_UNKNOWN_KID);
    assert_null(ward_keyring_free(keyring));
}

static void random_octets_differ(void **state)
{
    uint8_t first[16] = {0}, second[16] = {0};

    (void)state;
    assert_int_equal(ward_random(first, sizeof(first)), 0);
    assert_int_equal(ward_random(second, sizeof(second)), 0);
    assert_memory_not_equal(first, second, sizeof(first));
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIRECTORY(the_jwk_and_its_thumbprint),
        IN_DIRECTORY(a_key_is_made_once_and_kept),
        IN_DIRECTORY(what_an_interrupted_start_left_is_replaced),
        IN_DIRECTORY(a_key_is_written_as_pkcs_8),
        IN_DIRECTORY(a_key_is_read_with_what_stands_around_it),
        IN_DIRECTORY(a_file_that_is_no_key_is_never_replaced),
        IN_DIRECTORY(a_directory_that_is_not_there_is_named),
        IN_DIRECTORY(topic_and_payload_are_signed_with_a_nul_between),
        IN_DIRECTORY(what_no_message_may_be_is_not_signed),
        IN_DIRECTORY(the_vectors_of_rfc_8032),
        IN_DIRECTORY(the_jws_of_rfc_8037),
        IN_DIRECTORY(a_bad_key_refuses_the_file_and_is_named),
        IN_DIRECTORY(what_is_no_key_is_not_added),
        IN_DIRECTORY(files_that_cannot_be_a_keyring),
        IN_DIRECTORY(an_empty_keyring_trusts_nobody),
        cmocka_unit_test(random_octets_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
