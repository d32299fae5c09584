/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the bodies of EST (RFC 7030, with the base64 of RFC 8951 §3.1): certificates come as PKCS #7 without a
 * signature, requests go as PKCS #10.
 */
#ifndef WARD_UPLINK_EST_MESSAGE_H
#define WARD_UPLINK_EST_MESSAGE_H

#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#define WARD_EST_BODY_MAX         65536
#define WARD_EST_CERTIFICATES_MAX 8

/*
 * The certificates of a body: 1 to WARD_EST_CERTIFICATES_MAX, in its order. Blanks and line ends may stand anywhere in
 * the base64, nothing else, and nothing may follow the PKCS #7. NULL when it is not so; ret_wrong then says what it is.
 * Never reads past length. Free with sk_X509_pop_free(…, X509_free).
 */
STACK_OF(X509) * ward_est_certificates(const char *body, size_t length, const char **ret_wrong);

/*
 * A certificate request for key, signed with it, in base64 that ends with a NUL: for the common name, or, if renewed is
 * given, for its subject and subjectAltName (RFC 7030 §4.2.2 wants the same). NULL for want of memory. Free with free().
 */
char *ward_est_request(EVP_PKEY *key, const char *name, X509 *renewed);

#endif
