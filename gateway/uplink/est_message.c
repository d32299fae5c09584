/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/est_message.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>

#define NO_DIGIT 64

static uint8_t digit_of(char character)
{
    if (character >= 'A' && character <= 'Z')
        return (uint8_t)(character - 'A');
    if (character >= 'a' && character <= 'z')
        return (uint8_t)(character - 'a' + 26);
    if (character >= '0' && character <= '9')
        return (uint8_t)(character - '0' + 52);
    return character == '+' ? 62 : character == '/' ? 63 : NO_DIGIT;
}

/* ret has room for three quarters of length. Returns the octets, 0 for what is no base64 (RFC 4648 §4). */
static size_t decode(const char *text, size_t length, uint8_t *ret)
{
    size_t octets = 0, digits = 0, padding = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < length; i++) {
        if (strchr(" \t\r\n", text[i]) && text[i] != '\0')
            continue;
        if (text[i] == '=') {
            padding++;
            continue;
        }
        if (padding > 0 || digit_of(text[i]) == NO_DIGIT)
            return 0;
        bits = (bits << 6 | digit_of(text[i])) & 0xFFFFFF;
        if (digits++ % 4 > 0)
            ret[octets++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    return padding < 3 && (digits + padding) % 4 == 0 ? octets : 0;
}

static STACK_OF(X509) * take_certificates(PKCS7 *message, const char **ret_wrong)
{
    STACK_OF(X509) *certificates =
        PKCS7_type_is_signed(message) && message->d.sign ? message->d.sign->cert : NULL;
    const int count = certificates ? sk_X509_num(certificates) : 0;

    *ret_wrong = "a PKCS #7 without certificates";
    if (count < 1)
        return NULL;
    *ret_wrong = "a PKCS #7 with too many certificates";
    if (count > WARD_EST_CERTIFICATES_MAX)
        return NULL;
    return X509_chain_up_ref(certificates);
}

STACK_OF(X509) * ward_est_certificates(const char *body, size_t length, const char **ret_wrong)
{
    uint8_t *octets = malloc(length / 4 * 3 + 3);
    const uint8_t *at = octets;
    STACK_OF(X509) *certificates = NULL;
    PKCS7 *message = NULL;
    size_t size;

    *ret_wrong = "too large";
    size = octets && length <= WARD_EST_BODY_MAX ? decode(body, length, octets) : 0;
    if (length <= WARD_EST_BODY_MAX)
        *ret_wrong = "no base64";
    if (size > 0) {
        *ret_wrong = "no PKCS #7";
        message = d2i_PKCS7(NULL, &at, (long)size);
    }
    if (message && at == octets + size)
        certificates = take_certificates(message, ret_wrong);
    PKCS7_free(message);
    free(octets);
    ERR_clear_error();
    return certificates;
}

static bool set_subject(X509_REQ *request, const char *name, X509 *renewed)
{
    X509_NAME *subject = X509_NAME_new();
    bool set;

    if (renewed)
        set = X509_REQ_set_subject_name(request, X509_get_subject_name(renewed)) == 1;
    else
        set = subject &&
              X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_ASC, (const unsigned char *)name,
                                         -1, -1, 0) == 1 &&
              X509_REQ_set_subject_name(request, subject) == 1;
    X509_NAME_free(subject);
    return set;
}

/* True when there is nothing to take over. */
static bool set_alternatives(X509_REQ *request, X509 *renewed)
{
    const int at = renewed ? X509_get_ext_by_NID(renewed, NID_subject_alt_name, -1) : -1;
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    bool set = true;

    if (at >= 0)
        set = X509v3_add_ext(&extensions, X509_get_ext(renewed, at), -1) &&
              X509_REQ_add_extensions(request, extensions) == 1;
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return set;
}

static char *encode(X509_REQ *request)
{
    uint8_t *octets = NULL;
    const int size = i2d_X509_REQ(request, &octets);
    char *text = size > 0 ? malloc((size_t)size / 3 * 4 + 5) : NULL;

    if (text)
        EVP_EncodeBlock((unsigned char *)text, octets, size);
    OPENSSL_free(octets);
    return text;
}

char *ward_est_request(EVP_PKEY *key, const char *name, X509 *renewed)
{
    X509_REQ *request = X509_REQ_new();
    char *text = NULL;

    if (request && set_subject(request, name, renewed) && set_alternatives(request, renewed) &&
        X509_REQ_set_pubkey(request, key) == 1 && X509_REQ_sign(request, key, EVP_sha256()) > 0)
        text = encode(request);
    X509_REQ_free(request);
    return text;
}
