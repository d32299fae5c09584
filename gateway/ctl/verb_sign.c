/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl sign: claims as JSON become what the gateway believes, a flattened JWS (RFC 7515) with Ed25519 (RFC 8037). What
 * the gateway would refuse for its form is refused here, with the member at fault.
 */
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "core/jws.h"
#include "ctl/file.h"
#include "ctl/verbs.h"

#define HEADER_MAX 256
#define KEY_OCTETS 32
#define SIGN_MAX   64

/* The kid is the thumbprint (RFC 7638), unless the ward calls its key otherwise. */
static bool thumbprint(const EVP_PKEY *key, char ret[WARD_KID_MAX + 1])
{
    uint8_t octets[KEY_OCTETS], digest[EVP_MAX_MD_SIZE];
    char x[2 * KEY_OCTETS] = "", jwk[HEADER_MAX];
    size_t length = sizeof(octets);
    unsigned digest_length = 0;

    if (EVP_PKEY_get_raw_public_key(key, octets, &length) != 1 || length != KEY_OCTETS)
        return false;
    x[ward_base64url_encode(octets, length, x)] = '\0';
    snprintf(jwk, sizeof(jwk), "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    if (EVP_Digest(jwk, strlen(jwk), digest, &digest_length, EVP_sha256(), NULL) != 1)
        return false;
    ret[ward_base64url_encode(digest, digest_length, ret)] = '\0';
    return true;
}

static EVP_PKEY *load_key(const char *path)
{
    FILE *file = fopen(path, "re");
    EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

    if (file != NULL)
        fclose(file);
    if (key != NULL && EVP_PKEY_is_a(key, "ED25519"))
        return key;
    (void)ward_ctl_fail("%s: not a private Ed25519 key in PEM that can be read", path);
    EVP_PKEY_free(key);
    return NULL;
}

static bool sign_text(EVP_PKEY *key, const char *text, size_t length, uint8_t ret[SIGN_MAX])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signed_length = SIGN_MAX;
    const bool good = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                      EVP_DigestSign(context, ret, &signed_length, (const uint8_t *)text, length) == 1 &&
                      signed_length == SIGN_MAX;

    EVP_MD_CTX_free(context);
    return good;
}

static int print_jws(EVP_PKEY *key, const char *kid, const char *claims)
{
    const size_t length = strlen(claims);
    char header[HEADER_MAX], signature[2 * SIGN_MAX] = "";
    char *text = malloc(2 * (HEADER_MAX + length) + 2);
    uint8_t octets[SIGN_MAX];
    size_t header_length, used;

    if (text == NULL)
        return ward_ctl_fail("out of memory");
    snprintf(header, sizeof(header), "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", kid);
    header_length = ward_base64url_encode((const uint8_t *)header, strlen(header), text);
    text[header_length] = '.';
    used = header_length + 1;
    used += ward_base64url_encode((const uint8_t *)claims, length, text + used);
    if (!sign_text(key, text, used, octets)) {
        free(text);
        return ward_ctl_fail("the key cannot sign");
    }
    signature[ward_base64url_encode(octets, sizeof(octets), signature)] = '\0';
    printf("{\"protected\":\"%.*s\",\"payload\":\"%.*s\",\"signature\":\"%s\"}\n", (int)header_length, text,
           (int)(used - header_length - 1), text + header_length + 1, signature);
    free(text);
    return WARD_CTL_DONE;
}

static int check(const char *claims)
{
    struct ward_claims *parsed = malloc(sizeof(*parsed));
    struct ward_jws_error error;
    int status = WARD_CTL_DONE;

    if (parsed == NULL)
        return ward_ctl_fail("out of memory");
    if (ward_claims_parse((const uint8_t *)claims, strlen(claims), parsed, &error) != WARD_JWS_OK)
        status = ward_ctl_fail("the gateway would refuse this: %s", error.text);
    free(parsed);
    return status;
}

static int sign(const char *key_file, const char *kid, const char *claims_file)
{
    char own[WARD_KID_MAX + 1] = "";
    char *claims = NULL;
    EVP_PKEY *key = NULL;
    int status = ward_file_read(claims_file, &claims);

    if (status == WARD_CTL_DONE)
        status = check(claims);
    if (status == WARD_CTL_DONE) {
        key = load_key(key_file);
        status = key != NULL ? WARD_CTL_DONE : WARD_CTL_FAILED;
    }
    if (status == WARD_CTL_DONE && kid == NULL && !thumbprint(key, own))
        status = ward_ctl_fail("%s: its thumbprint cannot be made", key_file);
    if (status == WARD_CTL_DONE)
        status = print_jws(key, kid != NULL ? kid : own, claims);
    EVP_PKEY_free(key);
    free(claims);
    return status;
}

/* It goes into the header as it is. */
static bool is_kid(const char *kid)
{
    const size_t length = strlen(kid);

    return length > 0 && length <= WARD_KID_MAX && strpbrk(kid, "\"\\") == NULL;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'}, {"kid", required_argument, NULL, 'i'}, {NULL, 0, NULL, 0}};
    const char *key = NULL, *kid = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'k')
            key = optarg;
        else if (option == 'i')
            kid = optarg;
        else
            return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
    }
    if (key == NULL || argc - optind != 1)
        return ward_ctl_usage(&ward_verb_sign, "--key and one file with claims are needed");
    if (kid != NULL && !is_kid(kid))
        return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no kid", kid);
    return sign(key, kid, argv[optind]);
}

const struct ward_verb ward_verb_sign = {
    .name = "sign",
    .usage = "sign --key FILE [--kid KID] CLAIMS\n",
    .summary = "Signs what a clinician orders, without the gateway",
    .help =
        "  CLAIMS  a file with the claims as JSON (docs/mqtt/schemas/claims.json), - for standard input\n"
        "  --key   the private Ed25519 key, PEM\n"
        "  --kid   the key's name in the ward's key set; without it the key's thumbprint (RFC 7638)\n"
        "\n"
        "Prints a flattened JWS, as `wardctl alarms ack --signed`, `readings void --signed` and `entry --signed`\n"
        "take it, and as the ward sends it to T/down/command. Claims that the gateway would refuse for their form\n"
        "are not signed.\n",
    .run = run,
};
