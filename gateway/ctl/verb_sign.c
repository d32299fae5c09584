/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wardctl sign: a command, or claims as JSON, become what the gateway believes, a flattened JWS (RFC 7515) with Ed25519
 * (RFC 8037). What the gateway would refuse for its form is refused here, with the member at fault.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64url.h"
#include "core/jws.h"
#include "ctl/file.h"
#include "ctl/sign_command.h"
#include "ctl/verbs.h"

#define HEADER_MAX  256
#define KEY_OCTETS  32
#define SIGN_MAX    64
#define COUNTER_MAX ((UINT64_C(1) << 53) - 1)
#define VALID_S     3600
#define VALID_MAX_S (UINT64_C(31) * 86400)

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

static int sign(const char *key_file, const char *kid, const char *claims)
{
    char own[WARD_KID_MAX + 1] = "";
    EVP_PKEY *key = NULL;
    int status = check(claims);

    if (status == WARD_CTL_DONE) {
        key = load_key(key_file);
        status = key != NULL ? WARD_CTL_DONE : WARD_CTL_FAILED;
    }
    if (status == WARD_CTL_DONE && kid == NULL && !thumbprint(key, own))
        status = ward_ctl_fail("%s: its thumbprint cannot be made", key_file);
    if (status == WARD_CTL_DONE)
        status = print_jws(key, kid != NULL ? kid : own, claims);
    EVP_PKEY_free(key);
    return status;
}

/* It goes into the header as it is. */
static bool is_kid(const char *kid)
{
    const size_t length = strlen(kid);
    json_t *text = json_string(kid); /* NULL for what is no UTF-8 */
    bool good = text != NULL && length > 0 && length <= WARD_KID_MAX && strpbrk(kid, "\"\\\x7f") == NULL;

    for (size_t i = 0; i < length; i++)
        good = good && (unsigned char)kid[i] >= ' ';
    json_decref(text);
    return good;
}

static bool read_number(const char *text, uint64_t most, uint64_t *ret)
{
    char *end;
    unsigned long long number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number == 0 || number > most)
        return false;
    *ret = number;
    return true;
}

struct choice {
    const char *key, *kid;
    struct ward_sign_request request;
};

/* Returns an exit status. */
static int take_option(int option, struct choice *choice)
{
    uint64_t number;

    switch (option) {
    case 'k': choice->key = optarg; return WARD_CTL_DONE;
    case 'i': choice->kid = optarg; return WARD_CTL_DONE;
    case 'g': choice->request.gateway = optarg; return WARD_CTL_DONE;
    case 'b': choice->request.by = optarg; return WARD_CTL_DONE;
    case 'p': choice->request.patient = optarg; return WARD_CTL_DONE;
    case 'e': choice->request.episode = optarg; return WARD_CTL_DONE;
    case 'c':
        if (!read_number(optarg, COUNTER_MAX, &choice->request.counter))
            return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no counter", optarg);
        return WARD_CTL_DONE;
    case 'v':
        if (!read_number(optarg, VALID_MAX_S, &number))
            return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no time in seconds, a month at most", optarg);
        choice->request.valid_s = (uint32_t)number;
        return WARD_CTL_DONE;
    }
    return WARD_CTL_USAGE;
}

/* A command by its words, or a file of claims. */
static int claims_of(const struct choice *choice, char **ret)
{
    const bool by_words = choice->request.gateway != NULL || choice->request.by != NULL;

    if (by_words)
        return ward_sign_claims(&choice->request, ret);
    if (choice->request.count != 1)
        return ward_ctl_usage(&ward_verb_sign,
                              "one file with claims, or --gateway, --by and a command are needed");
    return ward_file_read(choice->request.words[0], ret);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"key", required_argument, NULL, 'k'},     {"kid", required_argument, NULL, 'i'},
        {"gateway", required_argument, NULL, 'g'}, {"by", required_argument, NULL, 'b'},
        {"patient", required_argument, NULL, 'p'}, {"episode", required_argument, NULL, 'e'},
        {"counter", required_argument, NULL, 'c'}, {"valid", required_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'j'},          {NULL, 0, NULL, 0}};
    struct choice choice = {.request = {.valid_s = VALID_S}};
    char *claims = NULL;
    int option, status;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no option, or lacks its value",
                                  argv[optind - 1]);
        if (option != 'j' && (status = take_option(option, &choice)) != WARD_CTL_DONE)
            return status;
    }
    choice.request.count = argc - optind;
    choice.request.words = argv + optind;
    if (choice.key == NULL || choice.request.count == 0)
        return ward_ctl_usage(&ward_verb_sign, "--key and one file with claims, or a command, are needed");
    if (choice.kid != NULL && !is_kid(choice.kid))
        return ward_ctl_usage(&ward_verb_sign, "\"%s\" is no kid", choice.kid);
    status = claims_of(&choice, &claims);
    if (status == WARD_CTL_DONE)
        status = sign(choice.key, choice.kid, claims);
    free(claims);
    return status;
}

const struct ward_verb ward_verb_sign = {
    .name = "sign",
    .usage =
        "sign --key FILE [--kid KID] [--json] CLAIMS\n"
        "sign --key FILE [--kid KID] --gateway ID --by PERSON [--patient PATIENT] [--episode EPISODE] [--counter N] "
        "[--valid SECONDS] [--json] COMMAND [MEMBER=VALUE]...\n",
    .summary = "Signs what the ward orders, without the gateway",
    .help =
        "  CLAIMS     a file with the claims as JSON (docs/mqtt/schemas/claims.json), - for standard input\n"
        "  COMMAND    one of those below, with what it is about\n"
        "  --key      the private Ed25519 key, PEM\n"
        "  --kid      the key's name in the ward's key set; without it the key's thumbprint (RFC 7638)\n"
        "  --gateway  the id of the gateway that it is for\n"
        "  --by       the id of who orders it\n"
        "  --patient, --episode\n"
        "             whom it is about\n"
        "  --counter  higher than any that this key has used; without it the time in milliseconds\n"
        "  --valid    how long it may be on its way, in seconds: 3600 unless it is said, a month at most\n"
        "  --json     changes nothing: what is printed is JSON\n"
        "\n"
        "Commands (docs/mqtt/schemas/command.json), a MOMENT as 2026-11-22T09:00:00Z:\n" WARD_SIGN_COMMANDS
        "\n"
        "Prints a flattened JWS, as `wardctl alarms ack --signed`, `readings void --signed` and `entry --signed`\n"
        "take it, and as the ward sends it to T/down/command. Claims that the gateway would refuse for their form\n"
        "are not signed.\n",
    .run = run,
};
