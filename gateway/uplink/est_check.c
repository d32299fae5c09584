/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/est_check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

/*
 * Seconds of UTC. OpenSSL compares with a time_t, which is not the one of this code where Debian's libraries have 32 bits
 * for it. Of the two forms only those of RFC 5280 (4.1.2.5) have these lengths.
 */
static bool seconds_of(const ASN1_TIME *time, int64_t *ret_s)
{
    const int length = ASN1_STRING_type(time) == V_ASN1_UTCTIME ? 13 : 15;
    struct tm tm;

    if (ASN1_STRING_length(time) != length || ASN1_TIME_to_tm(time, &tm) != 1)
        return false;
    *ret_s = (int64_t)timegm(&tm);
    return true;
}

/* As OpenSSL would say of this certificate. */
static int wrong_with_its_time(const X509 *certificate, int64_t now_s)
{
    int64_t from_s, until_s;

    if (!seconds_of(X509_get0_notBefore(certificate), &from_s))
        return X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD;
    if (!seconds_of(X509_get0_notAfter(certificate), &until_s))
        return X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD;
    if (from_s > now_s)
        return X509_V_ERR_CERT_NOT_YET_VALID;
    return until_s < now_s ? X509_V_ERR_CERT_HAS_EXPIRED : X509_V_OK;
}

static const char *words_of_time(int result)
{
    switch (result) {
    case X509_V_OK: return NULL;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return "the certificate is not valid yet: is the time of this hub right?";
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return "the certificate has run out already: is the time of this hub right?";
    default: return "the certificate does not say from when until when it is good";
    }
}

static int wrong_with_any_time(const STACK_OF(X509) * chain, int64_t now_s)
{
    int result = X509_V_OK;

    for (int i = 0; result == X509_V_OK && i < sk_X509_num(chain); i++)
        result = wrong_with_its_time(sk_X509_value(chain, i), now_s);
    return result;
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
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
        result = X509_verify_cert(context) == 1
                     ? wrong_with_any_time(X509_STORE_CTX_get0_chain(context), wanted->now_s)
                     : X509_STORE_CTX_get_error(context);
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
        wrong = words_of_time(wrong_with_its_time(certificate, wanted->now_s));
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
