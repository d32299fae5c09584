/* SPDX-License-Identifier: Apache-2.0 */
/* Whether certificates that came are those that were wanted. Nothing is believed for having come. */
#ifndef WARD_UPLINK_EST_CHECK_H
#define WARD_UPLINK_EST_CHECK_H

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#define WARD_EST_WRONG_MAX 200

/*
 * The one whose SHA-256 is fingerprint, if it may be an authority: it signs itself and says CA. NULL, with ret_wrong in
 * words, when there is none. Borrowed from certificates.
 */
X509 *ward_est_authority(STACK_OF(X509) * certificates, const uint8_t fingerprint[static 32],
                         char ret_wrong[static WARD_EST_WRONG_MAX]);

struct ward_est_wanted {
    X509 *authority;  /* the chain must end there */
    EVP_PKEY *key;    /* the certificate is for it, */
    const char *name; /* its one common name is this, */
    int64_t now_s;    /* and it is good at this second of UTC, to prove a client */
};

/* The one that is all this. NULL, with ret_wrong naming what it is not, when there is none. Borrowed from certificates. */
X509 *ward_est_own(STACK_OF(X509) * certificates, const struct ward_est_wanted *wanted,
                   char ret_wrong[static WARD_EST_WRONG_MAX]);

#endif
