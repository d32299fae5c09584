/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/est_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

X509 *ward_est_authority(STACK_OF(X509) * certificates, const uint8_t fingerprint[static 32],
                         char ret_wrong[static WARD_EST_WRONG_MAX])
{
    snprintf(ret_wrong, WARD_EST_WRONG_MAX, "the server's authority is not the one that the code names");
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        X509 *certificate = sk_X509_value(certificates, i);
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;

        if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1 ||
            memcmp(digest, fingerprint, 32) != 0)
            continue;
        if (X509_check_ca(certificate) == 1 && X509_self_signed(certificate, 1) == 1)
            return certificate;
        snprintf(ret_wrong, WARD_EST_WRONG_MAX,
                 "the certificate that the code names is of no root authority");
    }
    ERR_clear_error();
    return NULL;
}

static X509 *for_key(STACK_OF(X509) * certificates, EVP_PKEY *key)
{
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        const EVP_PKEY *public_key = X509_get0_pubkey(sk_X509_value(certificates, i));

        if (public_key && EVP_PKEY_eq(public_key, key) == 1)
            return sk_X509_value(certificates, i);
    }
    return NULL;
}

/* The subject has one common name, and it is that, octet for octet. */
static bool is_named(X509 *certificate, const char *name)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    unsigned char *text = NULL;
    int length;
    bool named;

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0)
        return false;
    length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    named = length >= 0 && (size_t)length == strlen(name) && memcmp(text, name, (size_t)length) == 0;
    OPENSSL_free(text);
    return named;
}

static const char *wrong_with_its_time(X509 *certificate, time_t now)
{
    if (X509_cmp_time(X509_get0_notAfter(certificate), &now) != 1)
        return "the certificate has run out already: is the time of this hub right?";
    if (X509_cmp_time(X509_get0_notBefore(certificate), &now) != -1)
        return "the certificate is not valid yet: is the time of this hub right?";
    return NULL;
}

/* Returns what is wrong, X509_V_OK for nothing. */
static int verify(X509 *certificate, STACK_OF(X509) * others, const struct ward_est_wanted *wanted)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    int result = X509_V_ERR_OUT_OF_MEM;

    if (store && context && X509_STORE_add_cert(store, wanted->authority) == 1 &&
        X509_STORE_CTX_init(context, store, certificate, others) == 1 &&
        X509_STORE_CTX_set_default(context, "ssl_client") == 1) {
        X509_STORE_CTX_set_time(context, 0, wanted->now);
        result = X509_verify_cert(context) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return result;
}

X509 *ward_est_own(STACK_OF(X509) * certificates, const struct ward_est_wanted *wanted,
                   char ret_wrong[static WARD_EST_WRONG_MAX])
{
    X509 *certificate = for_key(certificates, wanted->key);
    const char *wrong = NULL;
    int result = X509_V_OK;

    if (!certificate)
        wrong = "the certificate is for another key than this hub's";
    else if (!is_named(certificate, wanted->name))
        wrong = "the certificate is for another name than this hub's";
    else
        wrong = wrong_with_its_time(certificate, wanted->now);
    if (!wrong)
        result = verify(certificate, certificates, wanted);
    ERR_clear_error();
    if (wrong)
        snprintf(ret_wrong, WARD_EST_WRONG_MAX, "%s", wrong);
    else if (result != X509_V_OK)
        snprintf(ret_wrong, WARD_EST_WRONG_MAX, "the certificate does not prove this hub to the ward: %s",
                 X509_verify_cert_error_string(result));
    return wrong || result != X509_V_OK ? NULL : certificate;
}
