/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What everybody who answers for the ward must prove, whoever makes the connection: Paho (mqtt_paho.c), libcurl
 * (https/curl_handle.c) or a probe (tls_probe.c). TLS 1.2 or later with one of the suites below; a certificate that the
 * ward's own authority signed, no system store asked; for the name that was called; not revoked, where there is a
 * list of those.
 *
 * The suites are what holds the version, too: none of them exists before TLS 1.2. Paho 1.3.12 ignores the version
 * that it is given and sets the security level to 1, which the list, being read later, sets again.
 */
#ifndef WARD_UPLINK_TLS_H
#define WARD_UPLINK_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

/* Forward secrecy and authenticated encryption; of TLS 1.3 there are no others. */
#define WARD_TLS_SUITES "ECDHE+AESGCM:ECDHE+CHACHA20:@SECLEVEL=2"

#define WARD_TLS_PATH_MAX 256

/* PEM files, read anew for each connection, so that they can be replaced. Borrowed. */
struct ward_tls_files {
    const char *ca;
    const char *crl; /* the authority's list of revoked certificates; "": revocation is not checked */
    const char *certificate, *key;
};

/*
 * From here on every connection of this process, Paho's too, fails without a valid list of revoked certificates.
 * Before the first thread; never taken back. Returns 0 or -ENOMEM.
 */
int ward_tls_demand_revocation_list(void);

/*
 * One file with the authority and its list, for Paho, which takes one only: without a list it is ca itself, and *ret
 * is -1; otherwise it exists as long as the descriptor *ret is open. Returns 0 with its path in path, or a negative
 * errno with *ret_wrong naming the file that cannot be read.
 */
int ward_tls_trust_file(const struct ward_tls_files *files, int *ret, char *path, size_t size,
                        const char **ret_wrong);

/* A context for one connection. NULL, with what is wrong in the words of tls_words.h, when a file is not usable. */
SSL_CTX *ward_tls_context_new(const struct ward_tls_files *files, char *wrong, size_t size);

#endif
