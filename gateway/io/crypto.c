/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway's own key. What is signed is assembled in an area that is taken once, at start: signing an alarm asks
 * for no memory of ours.
 */
#include "io/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <gcrypt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base64url.h"
#include "ward/link.h"

#define THUMBPRINT_LENGTH 43 /* base64url of SHA-256 */
#define X_LENGTH          43 /* base64url of a public key */

/* What the file holds but for its two lines that say what it is: PKCS#8 of a key without attributes (RFC 8410 §7). */
#define PKCS8_PREFIX_OCTETS 16
#define PKCS8_OCTETS        (PKCS8_PREFIX_OCTETS + crypto_sign_SEEDBYTES)
#define PKCS8_TEXT_SIZE     sodium_base64_ENCODED_LEN(PKCS8_OCTETS, sodium_base64_VARIANT_ORIGINAL)
#define PEM_BEGIN           "-----BEGIN PRIVATE KEY-----"
#define PEM_END             "-----END PRIVATE KEY-----"
#define PEM_SIZE_MAX        1024

/* SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING of 32 } } up to those 32. */
static const uint8_t pkcs8_prefix[PKCS8_PREFIX_OCTETS] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                                          0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

struct ward_signer {
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES]; /* seed and public key */
    char kid[THUMBPRINT_LENGTH + 1];
    char x[X_LENGTH + 1];
    uint8_t message[WARD_TOPIC_MAX + 1 + WARD_LINK_FRAME_MAX];
};

int ward_random(void *ret, size_t count)
{
    return getentropy(ret, count) == 0 ? 0 : -errno;
}

void ward_sha256(const void *octets, size_t length, uint8_t ret[static 32])
{
    gcry_check_version(NULL); /* it has to be asked before anything else is */
    gcry_md_hash_buffer(GCRY_MD_SHA256, ret, octets, length);
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

/* The seed of a key from the text of its file, which ends with a NUL. */
static bool read_pem(const char *text, uint8_t ret_seed[static crypto_sign_SEEDBYTES])
{
    uint8_t octets[PKCS8_OCTETS];
    const char *begin = strstr(text, PEM_BEGIN), *end;
    size_t count = 0;

    if (begin == NULL) {
        return false;
    }
    begin += strlen(PEM_BEGIN);
    bool good = sodium_base642bin(octets, sizeof(octets), begin, strlen(begin), " \t\r\n", &count, &end,
                                  sodium_base64_VARIANT_ORIGINAL) == 0 &&
                count == sizeof(octets) && strncmp(end, PEM_END, strlen(PEM_END)) == 0 &&
                memcmp(octets, pkcs8_prefix, sizeof(pkcs8_prefix)) == 0;
    if (good) {
        memcpy(ret_seed, octets + PKCS8_PREFIX_OCTETS, crypto_sign_SEEDBYTES);
    }
    sodium_memzero(octets, sizeof(octets));
    return good;
}

static int load_seed(int directory, uint8_t ret_seed[static crypto_sign_SEEDBYTES])
{
    CLEANUP(file_close) FILE *file = NULL;
    char text[PEM_SIZE_MAX + 1];
    int result = open_stream(directory, WARD_SIGNER_FILE, O_RDONLY, &file);

    if (result < 0) {
        return result;
    }
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    result = ferror(file) ? -EIO : read_pem(text, ret_seed) ? 0 : -EBADMSG;
    sodium_memzero(text, sizeof(text));
    return result;
}

static int print_pem(FILE *file, const uint8_t seed[static crypto_sign_SEEDBYTES])
{
    uint8_t octets[PKCS8_OCTETS];
    char text[PKCS8_TEXT_SIZE];

    memcpy(octets, pkcs8_prefix, sizeof(pkcs8_prefix));
    memcpy(octets + PKCS8_PREFIX_OCTETS, seed, crypto_sign_SEEDBYTES);
    sodium_bin2base64(text, sizeof(text), octets, sizeof(octets), sodium_base64_VARIANT_ORIGINAL);
    int printed = fprintf(file, PEM_BEGIN "\n%s\n" PEM_END "\n", text);
    sodium_memzero(octets, sizeof(octets));
    sodium_memzero(text, sizeof(text));
    return printed < 0 ? -EIO : 0;
}

/* The file is complete and on the disk before it has its name. */
static int store_seed(int directory, const uint8_t seed[static crypto_sign_SEEDBYTES])
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
    result = print_pem(file, seed);
    if (result < 0) {
        return result;
    }
    if (fflush(file) != 0 || fsync(fileno(file)) < 0) {
        return -errno;
    }
    return renameat(directory, aside, directory, WARD_SIGNER_FILE) < 0 || fsync(directory) < 0 ? -errno : 0;
}

static int load_or_make_seed(const char *directory, uint8_t ret_seed[static crypto_sign_SEEDBYTES])
{
    CLEANUP(descriptor_close) int opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return -errno;
    }
    int result = load_seed(opened, ret_seed);
    if (result != -ENOENT) {
        return result;
    }
    result = ward_random(ret_seed, crypto_sign_SEEDBYTES);
    return result < 0 ? result : store_seed(opened, ret_seed);
}

/* RFC 7638 §3: SHA-256 over the required members, in order of their names, without white space. */
static void name_key(struct ward_signer *signer, const uint8_t public_key[static crypto_sign_PUBLICKEYBYTES])
{
    uint8_t digest[32];
    char jwk[128];

    ward_base64url_encode(public_key, crypto_sign_PUBLICKEYBYTES, signer->x);
    int length = snprintf(jwk, sizeof(jwk), "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", signer->x);
    ward_sha256(jwk, (size_t)length, digest);
    ward_base64url_encode(digest, sizeof(digest), signer->kid);
}

static int prepare(struct ward_signer *signer, const char *directory)
{
    uint8_t seed[crypto_sign_SEEDBYTES], public_key[crypto_sign_PUBLICKEYBYTES];
    int result = sodium_init() < 0 ? -EIO : load_or_make_seed(directory, seed);

    if (result == 0) {
        crypto_sign_seed_keypair(public_key, signer->secret_key, seed);
        name_key(signer, public_key);
    }
    sodium_memzero(seed, sizeof(seed));
    return result;
}

int ward_signer_new(struct ward_signer **ret, const char *directory, struct ward_crypto_error *ret_error)
{
    struct ward_signer *signer = calloc(1, sizeof(*signer));
    int result = signer == NULL ? -ENOMEM : prepare(signer, directory);

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
        sodium_memzero(signer->secret_key, sizeof(signer->secret_key));
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

int ward_signer_sign_in_place(const struct ward_signer *signer, const uint8_t *message, size_t length,
                              char ret[WARD_SIGNATURE_MAX + 1])
{
    uint8_t signature[crypto_sign_BYTES];

    if (length > sizeof(signer->message)) {
        return -EMSGSIZE;
    }
    if (crypto_sign_detached(signature, NULL, message, length, signer->secret_key) != 0) {
        return -EIO;
    }
    ret[ward_base64url_encode(signature, sizeof(signature), ret)] = '\0';
    return 0;
}

int ward_signer_sign(struct ward_signer *signer, const char *topic, const uint8_t *payload, size_t length,
                     char ret[WARD_SIGNATURE_MAX + 1])
{
    size_t topic_size = strlen(topic) + 1; /* its NUL is the octet between */

    if (topic_size > WARD_TOPIC_MAX + 1 || length > sizeof(signer->message) - topic_size) {
        return -EMSGSIZE;
    }
    memcpy(signer->message, topic, topic_size);
    if (length > 0) {
        memcpy(signer->message + topic_size, payload, length);
    }
    return ward_signer_sign_in_place(signer, signer->message, topic_size + length, ret);
}
