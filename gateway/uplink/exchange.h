/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request over HTTPS and what comes of it, and how both are written down: the uplink asks, wardgate-https
 * (uplink/https/main.c) does it, in a process of its own. Nothing here does anything.
 */
#ifndef WARD_UPLINK_EXCHANGE_H
#define WARD_UPLINK_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are borrowed; what is NULL is not sent. */
struct ward_exchange_request {
    const char *url;
    const char *headers; /* "Name: value", each with a line feed behind it */
    const char *body;    /* POST; NULL: GET */
    size_t body_length;
    const char *user, *password;   /* HTTP Basic (RFC 7617) */
    const char *ca_file, *ca_pem;  /* who the server's certificate must come from: the one or the other */
    bool unproved;                 /* from nobody: what comes is believed for another reason */
    const char *crl_file;          /* that authority's list of revoked certificates */
    const char *certificate, *key; /* PEM files of ours, for the server */
    uint32_t answer_max;           /* octets of the answer's body; more is a failure */
    uint32_t timeout_ms;           /* for all of it */
    uint32_t slow_s; /* so long it may be slower than WARD_CURL_SLOW_OCTETS_S; 0: up to timeout_ms */
};

enum ward_exchange_end {
    WARD_EXCHANGE_ANSWERED, /* whatever the status is */
    WARD_EXCHANGE_NO_HOST,
    WARD_EXCHANGE_NO_CONNECTION,
    WARD_EXCHANGE_UNPROVED, /* the server's certificate is not one to be believed: verified says why */
    WARD_EXCHANGE_NO_TLS,
    WARD_EXCHANGE_SLOW,
    WARD_EXCHANGE_HUNG_UP,
    WARD_EXCHANGE_TOO_LARGE,
    WARD_EXCHANGE_HEADERS, /* more of them than any that is right */
    WARD_EXCHANGE_FAILED,
};
#define WARD_EXCHANGE_ENDS (WARD_EXCHANGE_FAILED + 1)

#define WARD_EXCHANGE_TEXT_MAX 256
#define WARD_EXCHANGE_WHY_MAX  (WARD_EXCHANGE_TEXT_MAX + 16)

struct ward_exchange_answer {
    enum ward_exchange_end end;
    /* What the library says of an end that is not an answer; never with a password. */
    char text[WARD_EXCHANGE_TEXT_MAX];
    uint32_t verified; /* X509_V_…, of WARD_EXCHANGE_UNPROVED */
    /* the rest is of WARD_EXCHANGE_ANSWERED */
    uint32_t status;
    uint32_t retry_after_s; /* 0 for none, and for a date */
    char content_type[96];
    char etag[128]; /* "" for none, and for one that is longer */
    char *body;     /* ends with a NUL that does not count; never NULL */
    size_t length;
};

/* Octets that grow. Begin with {0}; failed is for want of memory, and stays. */
struct ward_exchange_octets {
    uint8_t *data;
    size_t length, size;
    bool failed;
};

void ward_exchange_append(struct ward_exchange_octets *octets, const void *data, size_t length);

/* Overwrites them, and frees them. */
void ward_exchange_octets_done(struct ward_exchange_octets *octets);

void ward_exchange_write_request(const struct ward_exchange_request *request,
                                 struct ward_exchange_octets *ret);
void ward_exchange_write_answer(const struct ward_exchange_answer *answer, struct ward_exchange_octets *ret);

/* What was written, and nothing else. False, with ret undefined, for anything else. The texts are those in octets. */
bool ward_exchange_read_request(const struct ward_exchange_octets *octets, struct ward_exchange_request *ret);

/* As above, also for want of memory; free the answer with ward_exchange_answer_done(). */
bool ward_exchange_read_answer(const struct ward_exchange_octets *octets, struct ward_exchange_answer *ret);

/* Overwrites the body, and frees it. */
void ward_exchange_answer_done(struct ward_exchange_answer *answer);

/*
 * The first thing that failed, for people: "DNS: …", "TCP: …", "TLS: …", "HTTPS: …". Not for WARD_EXCHANGE_ANSWERED. A
 * host's name may be in it, a password never.
 */
void ward_exchange_why(const struct ward_exchange_answer *answer, char ret[static WARD_EXCHANGE_WHY_MAX]);

#endif
