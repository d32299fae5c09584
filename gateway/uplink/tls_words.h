/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What OpenSSL means, for whoever stands beside the gateway: which certificate, what is wrong, what to look at; and which
 * entry of the journal's catalog says what to do.
 */
#ifndef WARD_UPLINK_TLS_WORDS_H
#define WARD_UPLINK_TLS_WORDS_H

#include <stddef.h>

#include <openssl/x509.h>

#include "ward/journal.h"

#include "uplink/tls.h"

/* Who was called, and with what. */
struct ward_tls_peer {
    const char *role; /* "broker", "server of the care plans" */
    const char *host;
    const struct ward_tls_files *files;
};

/*
 * The peer's certificate was refused with result (X509_V_ERR_…). certificate: the one that is wrong, depth its place
 * in the chain, 0 the peer's own; NULL when not known.
 */
enum ward_journal_matter ward_tls_words_of_certificate(const struct ward_tls_peer *peer, long result,
                                                       X509 *certificate, int depth, char *text, size_t size);

/*
 * The handshake failed with error, of OpenSSL's queue; 0: the peer hung up. A refusal of this gateway's certificate
 * names the day on which it ends when that is past.
 */
enum ward_journal_matter ward_tls_words_of_handshake(const struct ward_tls_peer *peer, unsigned long error,
                                                     char *text, size_t size);

#endif
