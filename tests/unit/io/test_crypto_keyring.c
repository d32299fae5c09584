/* SPDX-License-Identifier: Apache-2.0; adapter: crypto */
/* What root adds to the ward's keys and revokes: who is believed then, at once and after it was put back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base64url.h"
#include "io/crypto.h"

/* The key of RFC 8037 appendix A, and what it signed. */
#define X      "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define X_ROOT "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"
#define JWK(kid, role, x)                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\",\"role\":\"" role "\",\"x\":\"" x "\"}"

static const char signed_text[] = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
static const char signature[] =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

static struct ward_keyring *keyring_of(const char *keys)
{
    char path[] = "/tmp/wardgate-keyring-XXXXXX";
    const int descriptor = mkstemp(path);
    struct ward_keyring *keyring = NULL;
    struct ward_crypto_error error;

    assert_true(descriptor >= 0);
    assert_true(dprintf(descriptor, "{\"keys\":[%s]}", keys) > 0);
    close(descriptor);
    assert_int_equal(ward_keyring_new(&keyring, path, &error), 0);
    unlink(path);
    return keyring;
}

static void octets_of(const char *x, uint8_t ret[32])
{
    size_t count;

    assert_true(ward_base64url_decode(x, strlen(x), ret, 32, &count));
    assert_int_equal(count, 32);
}

static enum ward_keyring_answer add(struct ward_keyring *keyring, const char *kid, enum ward_role role,
                                    const char *x)
{
    uint8_t octets[32];

    octets_of(x, octets);
    return ward_keyring_add(keyring, kid, role, octets);
}

static enum ward_verdict verify(const struct ward_keyring *keyring, const char *kid)
{
    struct ward_jws jws = {.signed_text = signed_text, .signed_length = strlen(signed_text)};
    enum ward_role role;
    size_t count;

    strcpy(jws.kid, kid);
    assert_true(ward_base64url_decode(signature, strlen(signature), jws.signature, 64, &count));
    return ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_CLINICAL), &role);
}

static const char *changes_of(const struct ward_keyring *keyring)
{
    static char text[WARD_KEYRING_CHANGES_MAX];
    struct ward_json json;

    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_keyring_write_changes(keyring, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    return text;
}

static void a_key_that_was_added_is_believed_until_it_is_revoked(void **state)
{
    struct ward_keyring *keyring = keyring_of(JWK("r", "root", X_ROOT));

    (void)state;
    assert_int_equal(ward_keyring_version(keyring), 0);
    assert_int_equal(verify(keyring, "a"), WARD_UNKNOWN_KID);
    assert_int_equal(add(keyring, "a", WARD_ROLE_CLINICAL, X), WARD_KEYRING_DONE);
    assert_int_equal(verify(keyring, "a"), WARD_VERIFIED);
    assert_int_equal(add(keyring, "a", WARD_ROLE_CLINICAL, X), WARD_KEYRING_ALREADY);
    assert_int_equal(add(keyring, "a", WARD_ROLE_ROOT, X), WARD_KEYRING_KID_TAKEN);
    assert_int_equal(add(keyring, "a", WARD_ROLE_CLINICAL, X_ROOT), WARD_KEYRING_KID_TAKEN);
    assert_int_equal(ward_keyring_version(keyring), 1);
    assert_int_equal(ward_keyring_revoke(keyring, "a"), WARD_KEYRING_DONE);
    assert_int_equal(verify(keyring, "a"), WARD_UNKNOWN_KID);
    assert_int_equal(ward_keyring_revoke(keyring, "a"), WARD_KEYRING_ALREADY);
    assert_int_equal(ward_keyring_revoke(keyring, "b"), WARD_KEYRING_UNKNOWN);
    assert_int_equal(add(keyring, "a", WARD_ROLE_CLINICAL, X), WARD_KEYRING_WAS_REVOKED);
    assert_int_equal(ward_keyring_version(keyring), 2);
    ward_keyring_free(keyring);
}

static void the_last_root_stays(void **state)
{
    struct ward_keyring *keyring = keyring_of(JWK("r", "root", X_ROOT) "," JWK("c", "clinical", X));

    (void)state;
    assert_int_equal(ward_keyring_revoke(keyring, "r"), WARD_KEYRING_LAST_ROOT);
    assert_int_equal(add(keyring, "r2", WARD_ROLE_ROOT, X), WARD_KEYRING_DONE);
    assert_int_equal(ward_keyring_revoke(keyring, "r"), WARD_KEYRING_DONE);
    assert_int_equal(ward_keyring_revoke(keyring, "r2"), WARD_KEYRING_LAST_ROOT);
    assert_int_equal(verify(keyring, "c"), WARD_VERIFIED); /* the others are what they were */
    ward_keyring_free(keyring);
}

static void what_was_changed_is_put_back(void **state)
{
    static char changes[WARD_KEYRING_CHANGES_MAX];
    struct ward_keyring *keyring = keyring_of(JWK("r", "root", X_ROOT) "," JWK("c", "clinical", X));
    struct ward_crypto_error error;

    (void)state;
    assert_int_equal(add(keyring, "a", WARD_ROLE_CLINICAL, X), WARD_KEYRING_DONE);
    assert_int_equal(ward_keyring_revoke(keyring, "c"), WARD_KEYRING_DONE);
    strcpy(changes, changes_of(keyring));
    ward_keyring_free(keyring);

    keyring = keyring_of(JWK("r", "root", X_ROOT) "," JWK("c", "clinical", X)); /* the file still has it */
    assert_int_equal(verify(keyring, "c"), WARD_VERIFIED);
    assert_int_equal(ward_keyring_restore(keyring, changes, &error), 0);
    assert_int_equal(verify(keyring, "c"), WARD_UNKNOWN_KID);
    assert_int_equal(verify(keyring, "a"), WARD_VERIFIED);
    assert_int_equal(ward_keyring_version(keyring), 2);
    assert_string_equal(changes_of(keyring), changes);
    ward_keyring_free(keyring);

    keyring = keyring_of(JWK("a", "root", X_ROOT)); /* the file has the kid meanwhile: it is the file's */
    assert_int_equal(ward_keyring_restore(keyring, changes, &error), 0);
    assert_int_equal(verify(keyring, "a"), WARD_WRONG_ROLE);
    ward_keyring_free(keyring);
}

static void what_cannot_be_read_is_no_change(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"version\":\"1\"}",
        "{\"version\":1,\"revoked\":[1]}",
        "{\"version\":1,\"revoked\":[\"\"]}",
        "{\"version\":1,\"keys\":[{\"kid\":\"z\"}]}",
        "{\"version\":1,\"keys\":[1]}",
    };
    struct ward_crypto_error error;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct ward_keyring *keyring = keyring_of(JWK("r", "root", X_ROOT));

        assert_int_equal(ward_keyring_restore(keyring, bad[i], &error), -EBADMSG);
        assert_true(error.text[0] != '\0');
        ward_keyring_free(keyring);
    }
}

/* As many as fit, with the longest kids: what is written of them still has room. */
static void there_is_room_for_all_that_fits(void **state)
{
    struct ward_keyring *keyring = keyring_of(JWK("r", "root", X_ROOT));
    char kid[WARD_KID_MAX + 1];

    (void)state;
    for (int i = 0; i < WARD_KEYRING_REVOKED_MAX; i++) {
        snprintf(kid, sizeof(kid), "\"\"\"\"%060d", i);
        assert_int_equal(add(keyring, kid, WARD_ROLE_TECHNICAL, X), WARD_KEYRING_DONE);
        assert_int_equal(ward_keyring_revoke(keyring, kid), WARD_KEYRING_DONE);
    }
    for (int i = 1; i < WARD_KEYRING_KEYS_MAX; i++) {
        snprintf(kid, sizeof(kid), "a%063d", i);
        assert_int_equal(add(keyring, kid, WARD_ROLE_TECHNICAL, X), WARD_KEYRING_DONE);
    }
    assert_int_equal(add(keyring, "one-more", WARD_ROLE_TECHNICAL, X), WARD_KEYRING_FULL);
    assert_int_equal(ward_keyring_revoke(keyring, kid), WARD_KEYRING_FULL);
    assert_true(strlen(changes_of(keyring)) > WARD_KEYRING_CHANGES_MAX / 3); /* and it fits */
    ward_keyring_free(keyring);
}

static void the_list_names_all_that_are_believed(void **state)
{
    struct ward_keyring *keyring = keyring_of(JWK("r", "root", X_ROOT));
    struct ward_json json;
    char text[512];

    (void)state;
    assert_int_equal(add(keyring, "a", WARD_ROLE_CLINICAL, X), WARD_KEYRING_DONE);
    ward_json_init(&json, text, sizeof(text), WARD_JSON_PRINTED);
    ward_keyring_write_list(keyring, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_string_equal(text, "[{\"kid\":\"r\",\"role\":\"root\",\"from\":\"file\"},"
                              "{\"kid\":\"a\",\"role\":\"clinical\",\"from\":\"root\"}]");
    ward_keyring_free(keyring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_that_was_added_is_believed_until_it_is_revoked),
        cmocka_unit_test(the_last_root_stays),
        cmocka_unit_test(what_was_changed_is_put_back),
        cmocka_unit_test(what_cannot_be_read_is_no_change),
        cmocka_unit_test(there_is_room_for_all_that_fits),
        cmocka_unit_test(the_list_names_all_that_are_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
