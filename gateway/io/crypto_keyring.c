/* SPDX-License-Identifier: Apache-2.0 */
/* The ward's public keys, and the check of what they signed. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base64url.h"
#include "io/crypto.h"
#include "io/crypto_keyring_private.h"

#define FILE_SIZE_MAX 65536

static int refuse_key(const struct ward_key_source *source, const char *member, const char *text)
{
    snprintf(source->error->text, sizeof(source->error->text), "%s: keys[%zu].%s: %s", source->path,
             source->index, member, text);
    return -EBADMSG;
}

/* The text of a member; NULL after the error was filled. */
static const char *text_of(const struct ward_key_source *source, const json_t *jwk, const char *member)
{
    const json_t *value = json_object_get(jwk, member);

    if (value == NULL) {
        refuse_key(source, member, "is missing");
    } else if (!json_is_string(value)) {
        refuse_key(source, member, "is not a string");
    }
    return json_string_value(value);
}

static int expect_text(const struct ward_key_source *source, const json_t *jwk, const char *member,
                       const char *wanted)
{
    char text[64];
    const char *value = text_of(source, jwk, member);

    if (value == NULL) {
        return -EBADMSG;
    }
    if (strcmp(value, wanted) != 0) {
        snprintf(text, sizeof(text), "is not \"%s\"", wanted);
        return refuse_key(source, member, text);
    }
    return 0;
}

bool ward_key_is_sound(const uint8_t x[static crypto_sign_PUBLICKEYBYTES])
{
    return crypto_core_ed25519_is_valid_point(x) == 1;
}

struct ward_key *ward_keyring_find(const struct ward_keyring *keyring, const char *kid)
{
    for (size_t i = 0; i < keyring->count; i++) {
        if (strcmp(keyring->keys[i].kid, kid) == 0) {
            return (struct ward_key *)(uintptr_t)&keyring->keys[i];
        }
    }
    return NULL;
}

static int read_kid(const struct ward_key_source *source, const json_t *jwk,
                    const struct ward_keyring *keyring, struct ward_key *ret)
{
    const char *kid = text_of(source, jwk, "kid");

    if (kid == NULL) {
        return -EBADMSG;
    }
    if (kid[0] == '\0' || strlen(kid) > WARD_KID_MAX) {
        return refuse_key(source, "kid", "is not 1 to 64 octets long");
    }
    if (ward_keyring_find(keyring, kid) != NULL) {
        return refuse_key(source, "kid", "is the same as an earlier key's");
    }
    memcpy(ret->kid, kid, strlen(kid) + 1);
    return 0;
}

static int read_public_key(const struct ward_key_source *source, const json_t *jwk, struct ward_key *ret)
{
    size_t count = 0;
    const char *x = text_of(source, jwk, "x");

    if (x == NULL) {
        return -EBADMSG;
    }
    if (!ward_base64url_decode(x, strlen(x), ret->public_key, sizeof(ret->public_key), &count) ||
        count != sizeof(ret->public_key)) {
        return refuse_key(source, "x", "is not 32 octets in base64url without padding");
    }
    return ward_key_is_sound(ret->public_key) ? 0 : refuse_key(source, "x", "is not a public key on Ed25519");
}

int ward_keyring_read_key(const struct ward_key_source *source, const json_t *jwk,
                          struct ward_keyring *keyring)
{
    struct ward_key *key = &keyring->keys[keyring->count];
    const char *role;

    if (!json_is_object(jwk)) {
        return refuse_key(source, "kty", "the key is not an object");
    }
    if (json_object_get(jwk, "d") != NULL) {
        return refuse_key(source, "d", "is a private key, which must not be here");
    }
    if (expect_text(source, jwk, "kty", "OKP") < 0 || expect_text(source, jwk, "crv", "Ed25519") < 0 ||
        read_kid(source, jwk, keyring, key) < 0) {
        return -EBADMSG;
    }
    role = text_of(source, jwk, "role");
    if (role == NULL) {
        return -EBADMSG;
    }
    if (!ward_role_by_name(role, &key->role)) {
        return refuse_key(source, "role", "is not hub, clinical, technical or root");
    }
    if (read_public_key(source, jwk, key) < 0) {
        return -EBADMSG;
    }
    keyring->count++;
    return 0;
}

static int refuse_file(const struct ward_key_source *source, int result, const char *text)
{
    snprintf(source->error->text, sizeof(source->error->text), "%s: %s", source->path, text);
    return result;
}

static int read_set(struct ward_key_source *source, const json_t *set, struct ward_keyring *keyring)
{
    const json_t *keys = json_object_get(set, "keys");

    if (!json_is_array(keys)) {
        return refuse_file(source, -EBADMSG, "keys: is missing or not an array (a JWK set is wanted)");
    }
    if (json_array_size(keys) > WARD_KEYRING_KEYS_MAX) {
        return refuse_file(source, -EBADMSG, "keys: more than 64 keys");
    }
    for (source->index = 0; source->index < json_array_size(keys); source->index++) {
        int result = ward_keyring_read_key(source, json_array_get(keys, source->index), keyring);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

static void descriptor_close(int *descriptor)
{
    if (*descriptor >= 0) {
        close(*descriptor);
    }
}

/* Returns the octets read into a buffer of FILE_SIZE_MAX + 1, or a negative errno. */
static ssize_t read_file(const char *path, char *buffer)
{
    __attribute__((cleanup(descriptor_close))) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;

    if (descriptor < 0) {
        return -errno;
    }
    for (;;) {
        ssize_t count = read(descriptor, buffer + length, FILE_SIZE_MAX + 1 - length);
        if (count < 0 && errno != EINTR) {
            return -errno;
        }
        if (count == 0 || (count > 0 && (length += (size_t)count) > FILE_SIZE_MAX)) {
            return (ssize_t)length;
        }
    }
}

static int load(struct ward_key_source *source, struct ward_keyring *keyring, char *buffer)
{
    json_error_t json_error;
    ssize_t length = read_file(source->path, buffer);

    if (length < 0) {
        return refuse_file(source, (int)length, strerror((int)-length));
    }
    if (length > FILE_SIZE_MAX) {
        return refuse_file(source, -EBADMSG, "larger than 64 KiB");
    }
    json_t *set = json_loadb(buffer, (size_t)length, JSON_REJECT_DUPLICATES, &json_error);
    if (set == NULL) {
        snprintf(source->error->text, sizeof(source->error->text), "%s:%d:%d: %s", source->path,
                 json_error.line, json_error.column, json_error.text);
        return -EBADMSG;
    }
    int result = read_set(source, set, keyring);
    json_decref(set);
    return result;
}

int ward_keyring_new(struct ward_keyring **ret, const char *path, struct ward_crypto_error *ret_error)
{
    struct ward_key_source source = {.path = path, .error = ret_error};
    struct ward_keyring *keyring = calloc(1, sizeof(*keyring));
    char *buffer = malloc(FILE_SIZE_MAX + 1);
    int result = keyring == NULL || buffer == NULL || sodium_init() < 0
                     ? refuse_file(&source, -ENOMEM, strerror(ENOMEM))
                     : load(&source, keyring, buffer);

    free(buffer);
    if (result < 0) {
        ward_keyring_free(keyring);
        return result;
    }
    *ret = keyring;
    return 0;
}

struct ward_keyring *ward_keyring_free(struct ward_keyring *keyring)
{
    free(keyring);
    return NULL;
}

size_t ward_keyring_count(const struct ward_keyring *keyring)
{
    return keyring->count;
}

enum ward_verdict ward_keyring_verify(const struct ward_keyring *keyring, const struct ward_jws *jws,
                                      unsigned roles, enum ward_role *ret_role)
{
    const struct ward_key *key = ward_keyring_find(keyring, jws->kid);

    if (key == NULL) {
        return WARD_UNKNOWN_KID;
    }
    if ((roles & WARD_ROLES(key->role)) == 0) {
        return WARD_WRONG_ROLE;
    }
    if (crypto_sign_verify_detached(jws->signature, (const uint8_t *)jws->signed_text, jws->signed_length,
                                    key->public_key) != 0) {
        return WARD_BAD_SIGNATURE;
    }
    *ret_role = key->role;
    return WARD_VERIFIED;
}

const char *ward_verdict_text(enum ward_verdict verdict)
{
    switch (verdict) {
    case WARD_VERIFIED: return "the signature holds";
    case WARD_UNKNOWN_KID: return "no key of the ward has that kid";
    case WARD_WRONG_ROLE: return "the key's role may not say this";
    case WARD_BAD_SIGNATURE: return "the signature does not hold";
    }
    return "the signature does not hold";
}
