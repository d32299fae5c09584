/* SPDX-License-Identifier: Apache-2.0 */
/* The keyring, for crypto_keyring*.c alone. */
#ifndef WARD_IO_CRYPTO_KEYRING_PRIVATE_H
#define WARD_IO_CRYPTO_KEYRING_PRIVATE_H

#include <jansson.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>

#include "io/crypto.h"

struct ward_key {
    char kid[WARD_KID_MAX + 1];
    enum ward_role role;
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    bool added; /* by root; otherwise it is of the file */
};

struct ward_keyring {
    size_t count;
    struct ward_key keys[WARD_KEYRING_KEYS_MAX];
    uint64_t version; /* of what root has changed; 0: nothing yet */
    size_t revoked_count;
    char revoked[WARD_KEYRING_REVOKED_MAX][WARD_KID_MAX + 1];
};

/* What is being read, for the error. */
struct ward_key_source {
    const char *path;
    size_t index;
    struct ward_crypto_error *error;
};

/* Adds one JWK. Returns 0, or -EBADMSG with the keyring as it was and the error filled. */
int ward_keyring_read_key(const struct ward_key_source *source, const json_t *jwk,
                          struct ward_keyring *keyring);

/* Whether these octets are a point that a signature can be checked with: on the curve, and of its large group. */
bool ward_key_is_sound(const uint8_t x[static crypto_sign_PUBLICKEYBYTES]);

/* NULL: it has no such key. */
struct ward_key *ward_keyring_find(const struct ward_keyring *keyring, const char *kid);

#endif
