/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/certificate.h"

#include <stdio.h>
#include <time.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

int64_t ward_certificate_expires_ms(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;
    int64_t expires_ms = INT64_MIN;
    struct tm time;

    if (certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1)
        expires_ms = (int64_t)timegm(&time) * 1000;
    X509_free(certificate);
    if (file)
        fclose(file);
    return expires_ms;
}
