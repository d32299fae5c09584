/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes from an EST server before anything is believed of it, and what a person types. The first octet says which:
 * 'c' an enrolment code, anything else the body of an answer. What is taken must be what it was taken for.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "uplink/est_check.h"
#include "uplink/est_message.h"
#include "ward/enrolment.h"

#include "est_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key, *requesting;
static X509 *authority;

static void load(void)
{
    BIO *pem = BIO_new_mem_buf(est_key, -1);

    key = PEM_read_bio_PUBKEY(pem, NULL, NULL, NULL);
    BIO_free(pem);
    pem = BIO_new_mem_buf(est_authority, -1);
    authority = PEM_read_bio_X509(pem, NULL, NULL, NULL);
    BIO_free(pem);
    requesting = EVP_EC_gen("P-256");
    if (!key || !authority || !requesting)
        abort();
}

/* In capitals it is the same code. */
static void check_code(const char *text, size_t length)
{
    struct ward_enrolment_code code, again;
    char fault[WARD_ENROLMENT_FAULT_MAX] = "", *capitals;

    if (!ward_enrolment_code_read(text, length, &code, fault)) {
        if (fault[0] == '\0' || !memchr(fault, '\0', sizeof(fault)))
            abort();
        return;
    }
    if (code.host[0] == '\0' || code.port == 0 || strlen(code.secret) != WARD_ENROLMENT_SECRET_MAX)
        abort();
    capitals = malloc(length);
    if (!capitals)
        abort();
    for (size_t i = 0; i < length; i++)
        capitals[i] = (char)toupper((unsigned char)text[i]);
    if (!ward_enrolment_code_read(capitals, length, &again, fault) || strcmp(again.host, code.host) != 0 ||
        again.port != code.port || strcmp(again.secret, code.secret) != 0 ||
        memcmp(again.fingerprint, code.fingerprint, sizeof(code.fingerprint)) != 0)
        abort();
    free(capitals);
}

static void check_certificates(STACK_OF(X509) * certificates)
{
    const struct ward_est_wanted wanted = {
        .authority = authority, .key = key, .name = "g-1", .now_s = EST_NOW};
    char wrong[WARD_EST_WRONG_MAX] = "";
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    X509 *own = ward_est_own(certificates, &wanted, wrong), *root;
    char *request;

    if (own ? EVP_PKEY_eq(X509_get0_pubkey(own), key) != 1 : wrong[0] == '\0')
        abort();
    if (X509_digest(sk_X509_value(certificates, 0), EVP_sha256(), digest, &length) != 1)
        abort();
    root = ward_est_authority(certificates, digest, wrong);
    if (root && X509_check_ca(root) != 1)
        abort();
    request = ward_est_request(requesting, "g-1", sk_X509_value(certificates, 0));
    free(request);
    request = ward_est_request(requesting, "g-1", NULL);
    if (!request)
        abort();
    free(request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    STACK_OF(X509) * certificates;
    const char *wrong = NULL;

    if (!key)
        load();
    if (size == 0)
        return 0;
    if (data[0] == 'c') {
        check_code((const char *)data + 1, size - 1);
        return 0;
    }
    certificates = ward_est_certificates((const char *)data + 1, size - 1, &wrong);
    if (!certificates) {
        if (!wrong)
            abort();
        return 0;
    }
    if (sk_X509_num(certificates) < 1 || sk_X509_num(certificates) > WARD_EST_CERTIFICATES_MAX)
        abort();
    check_certificates(certificates);
    sk_X509_pop_free(certificates, X509_free);
    return 0;
}
