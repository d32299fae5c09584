/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A handle of libcurl as every request over HTTPS has it here. https:// and nothing else; TLS as tls.h
 * says, with no authority of the system's; no redirect is followed, no proxy asked, no cookie kept, no connection used
 * twice; and bounds of time, speed and size.
 */
#ifndef WARD_UPLINK_HTTPS_CURL_HANDLE_H
#define WARD_UPLINK_HTTPS_CURL_HANDLE_H

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "uplink/exchange.h"

/* How long connecting may take, and how many octets a second an answer has at least where it may not be slower. */
#define WARD_CURL_CONNECT_MS    10000L
#define WARD_CURL_SLOW_OCTETS_S 100L

/*
 * NULL without memory. Free it with curl_easy_cleanup(). Of what is borrowed ca_pem and the headers must outlive it. The
 * request's body, user and password are not its business. The files are read when it connects.
 */
CURL *ward_curl_handle_new(const struct ward_exchange_request *request, struct curl_slist *headers);

/* Of lines "Name: value\n", or NULL. False, with nothing to be freed, without memory. */
bool ward_curl_headers(const char *lines, struct curl_slist **ret);

/*
 * The value of the line "NAME: value\r\n", as libcurl gives them, if it is that header: whole, or "" when it does not fit
 * or has a NUL in it. False, and ret unchanged, for any other line.
 */
bool ward_curl_header_value(const char *line, size_t length, const char *name, char *ret, size_t size);

#endif
