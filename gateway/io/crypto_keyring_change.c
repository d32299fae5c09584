/* SPDX-License-Identifier: Apache-2.0 */
/* What root adds to the ward's keys, and revokes of them, while the gateway runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base64url.h"
#include "io/crypto_keyring_private.h"

static bool is_revoked(const struct ward_keyring *keyring, const char *kid)
{
    for (size_t i = 0; i < keyring->revoked_count; i++) {
        if (strcmp(keyring->revoked[i], kid) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_same(const struct ward_key *key, enum ward_role role, const uint8_t *x)
{
    return key->role == role && memcmp(key->public_key, x, sizeof(key->public_key)) == 0;
}

enum ward_keyring_answer ward_keyring_add(struct ward_keyring *keyring, const char *kid, enum ward_role role,
                                          const uint8_t *x)
{
    const struct ward_key *known = ward_keyring_find(keyring, kid);
    struct ward_key key = {.role = role, .added = true};

    if (is_revoked(keyring, kid)) {
        return WARD_KEYRING_WAS_REVOKED;
    }
    if (known != NULL) {
        return is_same(known, role, x) ? WARD_KEYRING_ALREADY : WARD_KEYRING_KID_TAKEN;
    }
    if (keyring->count == WARD_KEYRING_KEYS_MAX) {
        return WARD_KEYRING_FULL;
    }
    if (!ward_key_is_sound(x)) {
        return WARD_KEYRING_BAD_KEY;
    }
    memcpy(key.public_key, x, sizeof(key.public_key));
    snprintf(key.kid, sizeof(key.kid), "%s", kid);
    keyring->keys[keyring->count++] = key;
    keyring->version++;
    return WARD_KEYRING_DONE;
}

static size_t count_roots(const struct ward_keyring *keyring)
{
    size_t count = 0;

    for (size_t i = 0; i < keyring->count; i++) {
        count += keyring->keys[i].role == WARD_ROLE_ROOT;
    }
    return count;
}

/* The key need not be there: the file may have had it once, and may have it again. */
static void forbid(struct ward_keyring *keyring, const char *kid)
{
    struct ward_key *key = ward_keyring_find(keyring, kid);

    snprintf(keyring->revoked[keyring->revoked_count++], sizeof(keyring->revoked[0]), "%s", kid);
    if (key != NULL) {
        *key = keyring->keys[--keyring->count];
    }
}

enum ward_keyring_answer ward_keyring_revoke(struct ward_keyring *keyring, const char *kid)
{
    const struct ward_key *key = ward_keyring_find(keyring, kid);

    if (is_revoked(keyring, kid)) {
        return WARD_KEYRING_ALREADY;
    }
    if (key == NULL) {
        return WARD_KEYRING_UNKNOWN;
    }
    if (key->role == WARD_ROLE_ROOT && count_roots(keyring) == 1) {
        return WARD_KEYRING_LAST_ROOT;
    }
    if (keyring->revoked_count == WARD_KEYRING_REVOKED_MAX) {
        return WARD_KEYRING_FULL;
    }
    forbid(keyring, kid);
    keyring->version++;
    return WARD_KEYRING_DONE;
}

const char *ward_keyring_answer_text(enum ward_keyring_answer answer)
{
    switch (answer) {
    case WARD_KEYRING_DONE: return "";
    case WARD_KEYRING_ALREADY: return "It was so already.";
    case WARD_KEYRING_KID_TAKEN: return "Another key has that kid.";
    case WARD_KEYRING_WAS_REVOKED: return "A key with that kid was revoked: it cannot come back.";
    case WARD_KEYRING_UNKNOWN: return "No key of the ward has that kid.";
    case WARD_KEYRING_LAST_ROOT: return "It is the last key of the role root: nobody could change the keys.";
    case WARD_KEYRING_FULL: return "No more keys fit: the file of the ward's keys has to be made anew.";
    case WARD_KEYRING_BAD_KEY: return "That is no public key on Ed25519.";
    }
    return "";
}

uint64_t ward_keyring_version(const struct ward_keyring *keyring)
{
    return keyring->version;
}

/* --- as JSON ------------------------------------------------------------------------------------------------- */

static void write_jwk(const struct ward_key *key, struct ward_json *json)
{
    char x[WARD_BASE64URL_LENGTH(sizeof(key->public_key)) + 1];

    x[ward_base64url_encode(key->public_key, sizeof(key->public_key), x)] = '\0';
    ward_json_object(json);
    ward_json_member(json, "crv", "Ed25519");
    ward_json_member(json, "kid", key->kid);
    ward_json_member(json, "kty", "OKP");
    ward_json_member(json, "role", ward_role_name(key->role));
    ward_json_member(json, "x", x);
    ward_json_object_end(json);
}

void ward_keyring_write_changes(const struct ward_keyring *keyring, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_key(json, "version");
    ward_json_uint(json, keyring->version);
    ward_json_key(json, "keys");
    ward_json_array(json);
    for (size_t i = 0; i < keyring->count; i++) {
        if (keyring->keys[i].added) {
            write_jwk(&keyring->keys[i], json);
        }
    }
    ward_json_array_end(json);
    ward_json_key(json, "revoked");
    ward_json_array(json);
    for (size_t i = 0; i < keyring->revoked_count; i++) {
        ward_json_string(json, keyring->revoked[i]);
    }
    ward_json_array_end(json);
    ward_json_object_end(json);
}

void ward_keyring_write_list(const struct ward_keyring *keyring, struct ward_json *json)
{
    ward_json_array(json);
    for (size_t i = 0; i < keyring->count; i++) {
        ward_json_object(json);
        ward_json_member(json, "kid", keyring->keys[i].kid);
        ward_json_member(json, "role", ward_role_name(keyring->keys[i].role));
        ward_json_member(json, "from", keyring->keys[i].added ? "root" : "file");
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

/* Whoever is revoked first: a key that was added and then revoked is not among those that were added. */
static int restore_revoked(struct ward_keyring *keyring, const json_t *revoked)
{
    const json_t *kid;
    size_t i;

    json_array_foreach(revoked, i, kid)
    {
        if (json_string_length(kid) == 0 || json_string_length(kid) > WARD_KID_MAX ||
            keyring->revoked_count == WARD_KEYRING_REVOKED_MAX) {
            return -EBADMSG;
        }
        forbid(keyring, json_string_value(kid));
    }
    return 0;
}

/* One that the file has got meanwhile is the file's. */
static int restore_keys(struct ward_keyring *keyring, struct ward_key_source *source, const json_t *keys)
{
    const json_t *jwk;
    int result = 0;

    json_array_foreach(keys, source->index, jwk)
    {
        const char *kid = json_string_value(json_object_get(jwk, "kid"));

        if (kid != NULL && ward_keyring_find(keyring, kid) != NULL) {
            continue;
        }
        if (keyring->count == WARD_KEYRING_KEYS_MAX) {
            snprintf(source->error->text, sizeof(source->error->text), "%s: more keys than fit",
                     source->path);
            return -EBADMSG;
        }
        if (ward_keyring_read_key(source, jwk, keyring) < 0) {
            result = -EBADMSG;
        } else {
            keyring->keys[keyring->count - 1].added = true;
        }
    }
    return result;
}

int ward_keyring_restore(struct ward_keyring *keyring, const char *changes,
                         struct ward_crypto_error *ret_error)
{
    struct ward_key_source source = {.path = "what root has changed", .error = ret_error};
    json_t *json = json_loads(changes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *version = json_object_get(json, "version");
    int result = json_is_integer(version) ? 0 : -EBADMSG;

    snprintf(ret_error->text, sizeof(ret_error->text), "%s: cannot be read", source.path);
    if (result == 0) {
        keyring->version = (uint64_t)json_integer_value(version);
        result = restore_revoked(keyring, json_object_get(json, "revoked"));
    }
    if (result == 0) {
        result = restore_keys(keyring, &source, json_object_get(json, "keys"));
    }
    json_decref(json);
    return result;
}
