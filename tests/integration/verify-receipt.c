/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of the contract: the gateway's code against the hub's.
 *
 *   verify-receipt receipt WARD-KEYS JWS       checks a receipt as the gateway does and prints what it says
 *   verify-receipt sign STATE-DIR TOPIC FILE   signs a payload: prints the public JWK, then the signature
 *
 * Exit status: 0 it holds, 1 it was refused (why is on standard error), 2 usage.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/jws.h"
#include "io/crypto.h"

static struct ward_jws_work work;

static int refuse(const char *text)
{
    fprintf(stderr, "%s\n", text);
    return 1;
}

static size_t read_file(const char *path, uint8_t *buffer, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t length = file != NULL ? fread(buffer, 1, size, file) : 0;

    if (file != NULL) {
        fclose(file);
    }
    return length;
}

static void print_receipt(const struct ward_receipt *receipt)
{
    printf("epoch %s through %" PRIu64, receipt->epoch.text, receipt->through);
    for (size_t i = 0; i < receipt->range_count; i++) {
        printf(" %" PRIu64 "-%" PRIu64, receipt->ranges[i].first, receipt->ranges[i].last);
    }
    for (size_t i = 0; i < receipt->alarm_count; i++) {
        printf(" ");
        for (size_t k = 0; k < sizeof(receipt->alarms[i].id.octets); k++) {
            printf("%02x", receipt->alarms[i].id.octets[k]);
        }
        printf(":%" PRIu32, receipt->alarms[i].n);
    }
    printf(" head ");
    for (size_t k = 0; receipt->has_head && k < sizeof(receipt->head); k++) {
        printf("%02x", receipt->head[k]);
    }
    printf("\n");
}

static int check_receipt(const char *keys, const char *path)
{
    static uint8_t text[WARD_JWS_SIZE_MAX + 1];
    struct ward_crypto_error crypto_error;
    struct ward_keyring *keyring;
    struct ward_jws_error error;
    struct ward_jws jws;
    static struct ward_claims claims;
    enum ward_role role;

    if (ward_keyring_new(&keyring, keys, &crypto_error) < 0) {
        return refuse(crypto_error.text);
    }
    if (ward_jws_parse(text, read_file(path, text, sizeof(text)), &work, &jws, &error) != WARD_JWS_OK) {
        ward_keyring_free(keyring);
        return refuse(error.text);
    }
    enum ward_verdict verdict = ward_keyring_verify(keyring, &jws, WARD_ROLES(WARD_ROLE_HUB), &role);
    ward_keyring_free(keyring);
    if (verdict != WARD_VERIFIED) {
        return refuse(ward_verdict_text(verdict));
    }
    if (ward_claims_parse(jws.payload, jws.payload_length, &claims, &error) != WARD_JWS_OK) {
        return refuse(error.text);
    }
    if (claims.type != WARD_JWS_RECEIPT || claims.by.role != role) {
        return refuse("it is no receipt of a hub");
    }
    print_receipt(&claims.receipt);
    return 0;
}

static int sign(const char *directory, const char *topic, const char *path)
{
    static uint8_t payload[65536];
    char signature[WARD_SIGNATURE_MAX + 1], jwk[256];
    struct ward_crypto_error error;
    struct ward_signer *signer;
    struct ward_json json;

    if (ward_signer_new(&signer, directory, &error) < 0) {
        return refuse(error.text);
    }
    ward_json_init(&json, jwk, sizeof(jwk), WARD_JSON_PRINTED);
    ward_signer_write_jwk(signer, &json);
    int result =
        ward_signer_sign(signer, topic, payload, read_file(path, payload, sizeof(payload)), signature);
    ward_signer_free(signer);
    if (result < 0 || ward_json_finish(&json, NULL) != WARD_JSON_OK) {
        return refuse("could not sign");
    }
    printf("%s\n%s\n", jwk, signature);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "receipt") == 0) {
        return check_receipt(argv[2], argv[3]);
    }
    if (argc == 5 && strcmp(argv[1], "sign") == 0) {
        return sign(argv[2], argv[3], argv[4]);
    }
    fprintf(stderr, "usage: verify-receipt receipt WARD-KEYS JWS | sign STATE-DIR TOPIC FILE\n");
    return 2;
}
