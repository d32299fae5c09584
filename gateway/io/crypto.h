/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cryptography: the gateway's own Ed25519 key that signs everything that goes up, the ward's public keys that everything
 * coming down is checked with (both by libsodium), SHA-256 (by libgcrypt) and random octets (by the kernel).
 *
 * The private key is made by the gateway, on first start, and never leaves its state directory.
 */
#ifndef WARD_IO_CRYPTO_H
#define WARD_IO_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "core/jws.h"
#include "ward/message.h"

/* A sentence for the log that names the file and what in it is at fault. */
struct ward_crypto_error {
    char text[512];
};

/* Fills ret with count <= 256 unpredictable octets. Returns 0, or a negative errno with ret's content undefined: then
 * make no id. */
int ward_random(void *ret, size_t count);

/* SHA-256 (FIPS 180-4). */
void ward_sha256(const void *octets, size_t length, uint8_t ret[static 32]);

struct ward_signer;

#define WARD_SIGNER_FILE "gateway-key.pem"

/*
 * Loads the key from WARD_SIGNER_FILE (PEM, PKCS#8) in the directory, or makes one there when there is no such file:
 * mode 0600, written aside, flushed and renamed, so that a power cut leaves a whole key or none. A file that cannot be
 * read or is no Ed25519 key is never replaced. Returns 0 and the signer, to be freed, or a negative errno (-EBADMSG for
 * a file that is not such a key) with *ret unchanged and *ret_error filled.
 */
int ward_signer_new(struct ward_signer **ret, const char *directory, struct ward_crypto_error *ret_error);

/* Takes NULL; returns NULL. */
struct ward_signer *ward_signer_free(struct ward_signer *signer);

/* The key's RFC 7638 thumbprint, 43 characters; lives as long as the signer. */
const char *ward_signer_kid(const struct ward_signer *signer);

/* The public key as one JWK object (RFC 8037 §2): crv, kid, kty, x. */
void ward_signer_write_jwk(const struct ward_signer *signer, struct ward_json *json);

/*
 * Signs topic, one NUL octet, payload, as the user property "sig" carries it: 86 characters of base64url and a NUL.
 * Returns 0, -EMSGSIZE when topic or payload are larger than a message may be, or -EIO; ret is unchanged on failure.
 */
int ward_signer_sign(struct ward_signer *signer, const char *topic, const uint8_t *payload, size_t length,
                     char ret[WARD_SIGNATURE_MAX + 1]);

/* The same of a message that lies as it is signed, and stays there: topic, NUL and payload, length octets in all. */
int ward_signer_sign_in_place(const struct ward_signer *signer, const uint8_t *message, size_t length,
                              char ret[WARD_SIGNATURE_MAX + 1]);

struct ward_keyring;

#define WARD_KEYRING_KEYS_MAX 64

/*
 * Loads the ward's public keys: a JWK set (RFC 7517 §5) of OKP keys on Ed25519, each with "kid", unique in the file,
 * and "role" (core/jws.h). Other members are ignored. One key at fault refuses the file as a whole: a ward that lost
 * half of its keys must hear of it. Returns 0 and the keyring, to be freed, or a negative errno (-EBADMSG for content)
 * with *ret unchanged and *ret_error naming file, key and member.
 */
int ward_keyring_new(struct ward_keyring **ret, const char *path, struct ward_crypto_error *ret_error);

/* Takes NULL; returns NULL. */
struct ward_keyring *ward_keyring_free(struct ward_keyring *keyring);

size_t ward_keyring_count(const struct ward_keyring *keyring);

/*
 * What root changes while the gateway runs. It is kept by the caller: ward_keyring_write_changes as one JSON object, and
 * restored into the keyring of the file. Who was revoked stays so, whatever the file says later.
 */
#define WARD_KEYRING_REVOKED_MAX 128

enum ward_keyring_answer {
    WARD_KEYRING_DONE,
    WARD_KEYRING_ALREADY,     /* it is so */
    WARD_KEYRING_KID_TAKEN,   /* another key has that kid */
    WARD_KEYRING_WAS_REVOKED, /* for ever: a key that comes back has a new kid */
    WARD_KEYRING_UNKNOWN,     /* there is no such key */
    WARD_KEYRING_LAST_ROOT,   /* nobody could change the keys any more */
    WARD_KEYRING_FULL,
    WARD_KEYRING_BAD_KEY,
};

/* Anything but WARD_KEYRING_DONE leaves the keyring as it was. x: 32 octets. */
enum ward_keyring_answer ward_keyring_add(struct ward_keyring *keyring, const char *kid, enum ward_role role,
                                          const uint8_t *x);
enum ward_keyring_answer ward_keyring_revoke(struct ward_keyring *keyring, const char *kid);

/* A sentence for the answer; "" for WARD_KEYRING_DONE. */
const char *ward_keyring_answer_text(enum ward_keyring_answer answer);

/* Rises by one with each change. */
uint64_t ward_keyring_version(const struct ward_keyring *keyring);

/* {"version", "keys": [JWK with role, …], "revoked": [kid, …]}: the keys that were added, and those that were revoked. */
#define WARD_KEYRING_CHANGES_MAX ((size_t)49152) /* for kids without control characters */
void ward_keyring_write_changes(const struct ward_keyring *keyring, struct ward_json *json);

/*
 * Puts back what ward_keyring_write_changes wrote; for a keyring in which nothing was changed yet. Returns 0, or -EBADMSG
 * with *ret_error filled and only those changes made that could be read.
 */
int ward_keyring_restore(struct ward_keyring *keyring, const char *changes,
                         struct ward_crypto_error *ret_error);

/* One array of all keys that are believed now: [{"kid", "role", "from": "file" or "root"}, …] */
void ward_keyring_write_list(const struct ward_keyring *keyring, struct ward_json *json);

enum ward_verdict {
    WARD_VERIFIED,
    WARD_UNKNOWN_KID,
    WARD_WRONG_ROLE,
    WARD_BAD_SIGNATURE,
};

/* A set of roles: WARD_ROLES(WARD_ROLE_CLINICAL) | WARD_ROLES(WARD_ROLE_TECHNICAL). */
#define WARD_ROLES(role) (1u << (role))

/*
 * Does the signature of a parsed JWS hold, by a key of one of these roles? For WARD_VERIFIED *ret_role is the role of
 * the key that it was; unchanged otherwise. A role is looked at before the signature is.
 */
enum ward_verdict ward_keyring_verify(const struct ward_keyring *keyring, const struct ward_jws *jws,
                                      unsigned roles, enum ward_role *ret_role);

/* A sentence for the log and the answer; never NULL. */
const char *ward_verdict_text(enum ward_verdict verdict);

#endif
