/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's own key. What is signed is assembled in an area that is taken once, at start: signing an alarm asks
 * for no memory of ours.
 */
#include "io/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base64url.h"
#include "io/crypto_private.h"
#include "ward/link.h"

#define THUMBPRINT_LENGTH 43 /* base64url of SHA-256 */
#define X_LENGTH          43 /* base64url of a public key */

struct ward_signer {
    EVP_PKEY *key;
    EVP_MD_CTX *context;
    char kid[THUMBPRINT_LENGTH + 1];
    char x[X_LENGTH + 1];
    uint8_t message[WARD_TOPIC_MAX + 1 + WARD_LINK_FRAME_MAX];
};

int ward_random(void *ret, size_t count)
{
    return count <= INT_MAX && RAND_bytes(ret, (int)count) == 1 ? 0 : -EIO;
}

int ward_sha256(const void *octets, size_t length, uint8_t ret[32])
{
    return EVP_Digest(octets, length, ret, NULL, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

static void key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void file_close(FILE **file)
{
    if (*file != NULL) {
        fclose(*file);
    }
}

static void descriptor_close(int *descriptor)
{
    if (*descriptor >= 0) {
        close(*descriptor);
    }
}

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Asks nobody for a passphrase, whatever the file says. */
static int no_passphrase(char *buffer, int size, int writing, void *userdata)
{
    (void)buffer, (void)size, (void)writing, (void)userdata;
    return -1;
}

/* Opens a file of the directory as a private stream. Returns 0 or a negative errno. */
static int open_stream(int directory, const char *name, int flags, FILE **ret)
{
    int descriptor = openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);

    /* A key that others could read, after a copy by hand, is made private again rather than refused. */
    if (descriptor < 0) {
        return -errno;
    }
    FILE *file = fchmod(descriptor, S_IRUSR | S_IWUSR) < 0
                     ? NULL
                     : fdopen(descriptor, (flags & O_ACCMODE) == O_RDONLY ? "r" : "w");
    if (file == NULL) {
        int result = -errno;
        close(descriptor);
        return result;
    }
    *ret = file;
    return 0;
}

static int load_key(int directory, EVP_PKEY **ret)
{
    CLEANUP(file_close) FILE *file = NULL;
    int result = open_stream(directory, WARD_SIGNER_FILE, O_RDONLY, &file);

    if (result < 0) {
        return result;
    }
    EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        return -EBADMSG;
    }
    *ret = key;
    return 0;
}

/* The file is complete and on the disk before it has its name. */
static int store_key(int directory, EVP_PKEY *key)
{
    static const char aside[] = WARD_SIGNER_FILE ".new";
    CLEANUP(file_close) FILE *file = NULL;

    if (unlinkat(directory, aside, 0) < 0 && errno != ENOENT) {
        return -errno;
    }
    int result = open_stream(directory, aside, O_WRONLY | O_CREAT | O_EXCL, &file);
    if (result < 0) {
        return result;
    }
    if (PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1) {
        return -EIO;
    }
    if (fflush(file) != 0 || fsync(fileno(file)) < 0) {
        return -errno;
    }
    return renameat(directory, aside, directory, WARD_SIGNER_FILE) < 0 || fsync(directory) < 0 ? -errno : 0;
}

static int load_or_make_key(const char *directory, EVP_PKEY **ret)
{
    CLEANUP(descriptor_close) int opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return -errno;
    }
    int result = load_key(opened, ret);
    if (result != -ENOENT) {
        return result;
    }
    CLEANUP(key_free) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (key == NULL) {
        return -EIO;
    }
    result = store_key(opened, key);
    if (result == 0) {
        *ret = key;
        key = NULL;
    }
    return result;
}

/* RFC 7638 §3: SHA-256 over the required members, in order of their names, without white space. */
static int name_key(struct ward_signer *signer)
{
    uint8_t public_key[WARD_ED25519_KEY_OCTETS], digest[SHA256_DIGEST_LENGTH];
    size_t count = sizeof(public_key);
    char jwk[128];

    if (EVP_PKEY_get_raw_public_key(signer->key, public_key, &count) != 1 || count != sizeof(public_key)) {
        return -EIO;
    }
    ward_base64url_encode(public_key, count, signer->x);
    int length = snprintf(jwk, sizeof(jwk), "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", signer->x);
    if (EVP_Q_digest(NULL, "SHA256", NULL, jwk, (size_t)length, digest, &count) != 1) {
        return -EIO;
    }
    ward_base64url_encode(digest, count, signer->kid);
    return 0;
}

int ward_signer_new(struct ward_signer **ret, const char *directory, struct ward_crypto_error *ret_error)
{
    struct ward_signer *signer;
    int result;

    /* Its texts for errors, 60 kB as it keeps them: nothing here asks for one. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
    signer = calloc(1, sizeof(*signer));
    result = signer == NULL ? -ENOMEM : load_or_make_key(directory, &signer->key);
    if (result == 0) {
        signer->context = EVP_MD_CTX_new();
        result = signer->context == NULL ? -ENOMEM : name_key(signer);
    }
    if (result < 0) {
        snprintf(ret_error->text, sizeof(ret_error->text), "%s/" WARD_SIGNER_FILE ": %s", directory,
                 result == -EBADMSG ? "is not an Ed25519 private key in PEM" : strerror(-result));
        ward_signer_free(signer);
        return result;
    }
    *ret = signer;
    return 0;
}

struct ward_signer *ward_signer_free(struct ward_signer *signer)
{
    if (signer != NULL) {
        EVP_MD_CTX_free(signer->context);
        EVP_PKEY_free(signer->key);
        free(signer);
    }
    return NULL;
}

const char *ward_signer_kid(const struct ward_signer *signer)
{
    return signer->kid;
}

void ward_signer_write_jwk(const struct ward_signer *signer, struct ward_json *json)
{
    ward_json_object(json);
    ward_json_member(json, "crv", "Ed25519");
    ward_json_member(json, "kid", signer->kid);
    ward_json_member(json, "kty", "OKP");
    ward_json_member(json, "x", signer->x);
    ward_json_object_end(json);
}

int ward_signer_sign(struct ward_signer *signer, const char *topic, const uint8_t *payload, size_t length,
                     char ret[WARD_SIGNATURE_MAX + 1])
{
    uint8_t signature[WARD_ED25519_SIGNATURE_OCTETS];
    size_t topic_size = strlen(topic) + 1; /* its NUL is the octet between */
    size_t count = sizeof(signature);

    if (topic_size > WARD_TOPIC_MAX + 1 || length > sizeof(signer->message) - topic_size) {
        return -EMSGSIZE;
    }
    memcpy(signer->message, topic, topic_size);
    if (length > 0) {
        memcpy(signer->message + topic_size, payload, length);
    }
    if (EVP_MD_CTX_reset(signer->context) != 1 ||
        EVP_DigestSignInit(signer->context, NULL, NULL, NULL, signer->key) != 1 ||
        EVP_DigestSign(signer->context, signature, &count, signer->message, topic_size + length) != 1 ||
        count != sizeof(signature)) {
        return -EIO;
    }
    ret[ward_base64url_encode(signature, count, ret)] = '\0';
    return 0;
}
