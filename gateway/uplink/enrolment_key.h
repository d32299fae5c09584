/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the hub's private key is, by URI. This is the one place that makes keys and loads them: one in a TPM or behind
 * PKCS #11 would be another scheme here (docs/provisioning.md says how).
 *
 *   file:/ABSOLUTE/PATH   PEM, PKCS #8, readable by its owner alone
 */
#ifndef WARD_UPLINK_ENROLMENT_KEY_H
#define WARD_UPLINK_ENROLMENT_KEY_H

#include <stdbool.h>

#include <openssl/evp.h>

/*
 * The key at uri; with make, one that is not there is made (EC P-256), its file synced. Returns 0, or
 * a negative errno with ret unchanged: -ENOENT when it is not there, -EPROTONOSUPPORT for a scheme that is not known,
 * -EBADMSG for a file that holds no such key. Free with EVP_PKEY_free().
 */
int ward_key_by_uri(const char *uri, bool make, EVP_PKEY **ret);

#endif
