/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handle of libcurl as every request over HTTPS has it here, whoever drives it. https:// and nothing else; TLS as tls.h
 * says, with no authority of the system's; no redirect is followed, no proxy asked, no cookie kept, no connection used
 * twice; and bounds of time, speed and size.
 */
#ifndef WARD_UPLINK_CURL_HANDLE_H
#define WARD_UPLINK_CURL_HANDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

/* How long connecting may take, and how many octets a second an answer has at least where it may not be slower. */
#define WARD_CURL_CONNECT_MS    10000L
#define WARD_CURL_SLOW_OCTETS_S 100L

/* Texts are copied, but for ca_pem and headers, which must outlive the handle; NULL and "" are none. */
struct ward_curl_request {
    const char *url;
    struct curl_slist *headers;
    const char *ca_file, *ca_pem;  /* who the server's certificate must come from: the one or the other */
    bool unproved;                 /* from nobody: what comes is believed for another reason */
    const char *crl_file;          /* that authority's list of revoked certificates */
    const char *certificate, *key; /* PEM files of ours, for the server; read anew for each connection */
    size_t answer_max;             /* octets of the answer's body, as far as it tells them beforehand */
    uint32_t timeout_ms;           /* for all of it */
    uint32_t slow_s;               /* so long it may be slower than that; 0: up to timeout_ms */
};

/* NULL without memory. Free it with curl_easy_cleanup(). */
CURL *ward_curl_handle_new(const struct ward_curl_request *request);

/* The lines "Name: value", up to a NULL. False, with nothing to be freed, without memory. */
bool ward_curl_headers(const char *const *lines, struct curl_slist **ret);

/*
 * The value of the line "NAME: value\r\n", as libcurl gives them, if it is that header: whole, or "" when it does not fit
 * or has a NUL in it. False, and ret unchanged, for any other line.
 */
bool ward_curl_header_value(const char *line, size_t length, const char *name, char *ret, size_t size);

#endif
