/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request over HTTPS, from beginning to end, within bounds; hides libcurl.
 *
 * It waits: call it from a thread of its own, never from the loop. It keeps to what curl_handle.h says, and no more of the
 * answer is kept, or even read, than was asked for.
 */
#ifndef WARD_UPLINK_EST_HTTPS_H
#define WARD_UPLINK_EST_HTTPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_EST_HTTPS_WHY_MAX 200

/* Texts are borrowed for the call; what is NULL is not sent. */
struct ward_est_https_request {
    const char *url;
    const char *const *headers; /* "Name: value", up to a NULL */
    const char *body;           /* POST; NULL: GET */
    size_t body_length;
    const char *user, *password;   /* HTTP Basic (RFC 7617) */
    const char *ca_pem;            /* who the server's certificate must come from, as PEM; */
    const char *crl;               /* the file of that authority's list of revoked certificates */
    bool unproved;                 /* from nobody: what comes is believed for another reason */
    const char *certificate, *key; /* PEM files of ours, for the server */
    size_t answer_max;             /* octets of the answer's body; more is a failure */
    uint32_t timeout_ms;           /* for all of it */
};

struct ward_est_https_answer {
    long status;
    char *body; /* ends with a NUL that does not count; never NULL */
    size_t length;
    char content_type[96];
    uint32_t retry_after_s; /* 0 for none, and for a date */
};

/*
 * Asks. True when an answer came, whatever its status: free it with ward_est_https_answer_done(). False with ret unchanged
 * when none came, or one beyond the bounds; ret_why then names the first thing that failed: "DNS: …", "TCP: …",
 * "TLS: …", "HTTPS: …". A host's name is in it, a password never.
 */
bool ward_est_https_ask(const struct ward_est_https_request *request, struct ward_est_https_answer *ret,
                        char ret_why[static WARD_EST_HTTPS_WHY_MAX]);

/* Overwrites the body, and frees it. */
void ward_est_https_answer_done(struct ward_est_https_answer *answer);

#endif
