/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/certificate.h"

#include <stdio.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

bool ward_certificate_validity(const char *path, int64_t *ret_from_ms, int64_t *ret_until_ms)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    struct tm from, until;
    const bool known = certificate && ASN1_TIME_to_tm(X509_get0_notBefore(certificate), &from) == 1 &&
                       ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) == 1;

    X509_free(certificate);
    if (file)
        fclose(file);
    if (!known)
        return false;
    *ret_from_ms = (int64_t)timegm(&from) * 1000;
    *ret_until_ms = (int64_t)timegm(&until) * 1000;
    return true;
}

int64_t ward_certificate_expires_ms(const char *path)
{
    int64_t from_ms, until_ms;

    return ward_certificate_validity(path, &from_ms, &until_ms) ? until_ms : INT64_MIN;
}
