/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TLS handshake for its own sake: nothing is said after it. Paho and libcurl make theirs without saying why one
 * failed; this one tells, from the event loop.
 */
#ifndef WARD_UPLINK_TLS_PROBE_H
#define WARD_UPLINK_TLS_PROBE_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "uplink/tls_words.h"

struct ward_tls_probe;

/*
 * wrong: what failed, for people ("the certificate of the broker was revoked"), or NULL when nothing did. matter: of what
 * is wrong.
 */
typedef void ward_tls_probe_done(void *userdata, enum ward_journal_matter matter, const char *wrong);

struct ward_tls_probe_options {
    sd_event *event;
    int socket; /* connected, non-blocking; borrowed until the probe is freed */
    struct ward_tls_peer peer;
    uint64_t handshake_us; /* how long that may take */
    /* With TLS 1.3 a peer looks at our certificate when the handshake is over for us: how long to listen for a
     * refusal. 0: not at all. */
    uint64_t listen_us;
    ward_tls_probe_done *done;
    void *userdata;
};

/* Begins; done is called once, from the loop. Returns 0 or a negative errno. */
int ward_tls_probe_new(struct ward_tls_probe **ret, const struct ward_tls_probe_options *options);

/* Gives it up, or cleans up after done, from which it may be called. Takes NULL; returns NULL. */
struct ward_tls_probe *ward_tls_probe_free(struct ward_tls_probe *probe);

/* Once the handshake is over: "TLSv1.3, broker.example until 2027-01-31 (63 days)", for people. */
void ward_tls_probe_describe(const struct ward_tls_probe *probe, char *text, size_t size);

#endif
