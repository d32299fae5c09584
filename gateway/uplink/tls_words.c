/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/tls_words.h"

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "uplink/certificate.h"

#define DAY_SIZE 32

/* "on 2026-11-01 12:00 UTC"; otherwise, when it is not known. */
static const char *day_of(const ASN1_TIME *time, const char *otherwise, char *text)
{
    struct tm tm;

    if (!time || ASN1_TIME_to_tm(time, &tm) != 1 ||
        strftime(text, DAY_SIZE, "on %Y-%m-%d %H:%M UTC", &tm) == 0)
        snprintf(text, DAY_SIZE, "%s", otherwise);
    return text;
}

/* The first name that the certificate is for. */
static void name_of(X509 *certificate, char *text, size_t size)
{
    GENERAL_NAMES *names =
        certificate ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL) : NULL;
    const ASN1_STRING *name = NULL;

    for (int i = 0; !name && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *candidate = sk_GENERAL_NAME_value(names, i);

        if (candidate->type == GEN_DNS)
            name = candidate->d.dNSName;
    }
    snprintf(text, size, "%s", "another host");
    if (name)
        snprintf(text, size, "%.*s", ASN1_STRING_length(name), (const char *)ASN1_STRING_get0_data(name));
    else if (certificate)
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text, (int)size);
    for (char *at = text; *at; at++) /* it is a stranger's, and goes to a terminal */
        if (*at < ' ' || *at > '~')
            *at = '?';
    GENERAL_NAMES_free(names);
}

enum ward_journal_matter ward_tls_words_of_certificate(const struct ward_tls_peer *peer, long result,
                                                       X509 *certificate, int depth, char *text, size_t size)
{
    const char *role = peer->role, *crl = peer->files->crl, *whose = depth > 0 ? "'s authority" : "";
    const ASN1_TIME *from = certificate ? X509_get0_notBefore(certificate) : NULL;
    const ASN1_TIME *until = certificate ? X509_get0_notAfter(certificate) : NULL;
    char name[80];

    switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        snprintf(text, size, "the certificate of the %s%s ended %s", role, whose,
                 day_of(until, "before now", name));
        return WARD_JOURNAL_TLS_FAILS;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        snprintf(text, size,
                 "the certificate of the %s%s begins %s: it is not valid yet, or the clock here is wrong",
                 role, whose, day_of(from, "after now", name));
        return WARD_JOURNAL_TLS_FAILS;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        snprintf(text, size, "the certificate of the %s is signed by nobody but itself", role);
        return WARD_JOURNAL_TLS_FAILS;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        snprintf(text, size, "the certificate of the %s is from another authority than %s", role,
                 peer->files->ca);
        return WARD_JOURNAL_TLS_FAILS;
    case X509_V_ERR_CERT_REVOKED:
        snprintf(text, size, "the certificate of the %s%s was revoked", role, whose);
        return WARD_JOURNAL_TLS_FAILS;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        name_of(certificate, name, sizeof(name));
        snprintf(text, size, "the certificate of the %s is for %s, not for %s", role, name, peer->host);
        return WARD_JOURNAL_TLS_FAILS;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        snprintf(text, size, "%s has no list of the authority that signed for the %s", crl, role);
        return WARD_JOURNAL_TLS_FILES;
    case X509_V_ERR_CRL_HAS_EXPIRED:
        snprintf(text, size, "the list of revoked certificates is out of date: %s", crl);
        return WARD_JOURNAL_TLS_FILES;
    default:
        snprintf(text, size, "the certificate of the %s%s: %s", role, whose,
                 X509_verify_cert_error_string(result));
        return WARD_JOURNAL_TLS_FAILS;
    }
}

/* What a peer says that does not take this gateway's certificate. */
static const struct refusal {
    int reason;
    const char *why;
    enum ward_journal_matter matter;
} refusals[] = {
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "it has ended", WARD_JOURNAL_CERTIFICATE_ENDED},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "it was revoked", WARD_JOURNAL_CERTIFICATE_REVOKED},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, "it is from an authority unknown there", WARD_JOURNAL_CERTIFICATE_REFUSED},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "it got none", WARD_JOURNAL_CERTIFICATE_REFUSED},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "it is not accepted there", WARD_JOURNAL_CERTIFICATE_REFUSED},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "it is not accepted there", WARD_JOURNAL_CERTIFICATE_REFUSED},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "it is not accepted there", WARD_JOURNAL_CERTIFICATE_REFUSED},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, "it is not accepted there", WARD_JOURNAL_CERTIFICATE_REFUSED},
};

static enum ward_journal_matter words_of_refusal(const struct ward_tls_peer *peer,
                                                 const struct refusal *refusal, char *text, size_t size)
{
    const int64_t ends_ms = ward_certificate_expires_ms(peer->files->certificate);
    const time_t ends = (time_t)(ends_ms / 1000);
    char day[DAY_SIZE] = "";
    struct tm tm;

    if (ends_ms != INT64_MIN && ends < time(NULL) && gmtime_r(&ends, &tm))
        (void)strftime(day, sizeof(day), "%Y-%m-%d %H:%M UTC", &tm);
    snprintf(text, size, "the %s refuses this gateway's certificate: %s%s", peer->role,
             day[0] ? "it ended on " : refusal->why, day);
    return day[0] ? WARD_JOURNAL_CERTIFICATE_ENDED : refusal->matter;
}

enum ward_journal_matter ward_tls_words_of_handshake(const struct ward_tls_peer *peer, unsigned long error,
                                                     char *text, size_t size)
{
    const char *role = peer->role, *reason = ERR_reason_error_string(error);

    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (refusals[i].reason == ERR_GET_REASON(error))
            return words_of_refusal(peer, &refusals[i], text, size);
    switch (ERR_GET_REASON(error)) {
    case 0:
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: snprintf(text, size, "the %s hung up", role); break;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW: snprintf(text, size, "the %s speaks neither TLS 1.2 nor later", role); break;
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST: snprintf(text, size, "what answers as the %s does not speak TLS", role); break;
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
        snprintf(text, size, "the %s has no cipher suite that is strong enough", role);
        break;
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
    case SSL_R_DH_KEY_TOO_SMALL:
        snprintf(text, size, "the certificate or key of the %s is too weak: %s", role, reason);
        break;
    default: snprintf(text, size, "%s", reason ? reason : "the handshake failed");
    }
    return WARD_JOURNAL_TLS_FAILS;
}
