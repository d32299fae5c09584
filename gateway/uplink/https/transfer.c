/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/https/transfer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/https/curl_handle.h"

/* All headers together: what an honest server sends is a tenth of it. */
#define HEADERS_MAX   16384
#define RETRY_S_DIGIT 9

_Static_assert(WARD_EXCHANGE_TEXT_MAX >= CURL_ERROR_SIZE, "libcurl writes as much");

/* What an answer becomes while it comes. */
struct incoming {
    struct ward_exchange_answer answer;
    struct ward_exchange_octets body;
    size_t limit, header_octets;
};

/* Returns less than came to end the transfer. */
static size_t on_body(char *data, size_t one, size_t length, void *userdata)
{
    struct incoming *incoming = userdata;

    (void)one; /* it is 1 */
    if (length > incoming->limit - incoming->body.length) {
        incoming->answer.end = WARD_EXCHANGE_TOO_LARGE;
        return 0;
    }
    ward_exchange_append(&incoming->body, data, length);
    return incoming->body.failed ? 0 : length;
}

/* Seconds; a date, which is the other form, is as good as none: the clock may be what is wrong. */
static uint32_t seconds_of(const char *text)
{
    const size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= RETRY_S_DIGIT && text[digits] == '\0' ? (uint32_t)strtoul(text, NULL, 10)
                                                                         : 0;
}

static size_t on_header(char *data, size_t one, size_t length, void *userdata)
{
    struct incoming *incoming = userdata;
    struct ward_exchange_answer *answer = &incoming->answer;
    char retry[RETRY_S_DIGIT + 2];

    (void)one;
    incoming->header_octets += length;
    if (incoming->header_octets > HEADERS_MAX) {
        answer->end = WARD_EXCHANGE_HEADERS;
        return 0;
    }
    (void)ward_curl_header_value(data, length, "Content-Type", answer->content_type,
                                 sizeof(answer->content_type));
    (void)ward_curl_header_value(data, length, "ETag", answer->etag, sizeof(answer->etag));
    if (ward_curl_header_value(data, length, "Retry-After", retry, sizeof(retry)))
        answer->retry_after_s = seconds_of(retry);
    return length;
}

/* What the server is told besides the headers. */
static CURLcode set_body(CURL *easy, const struct ward_exchange_request *request)
{
    CURLcode code = CURLE_OK;

    if (request->user) {
        code = curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
    }
    if (request->password)
        code = code ? code : curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password);
    if (request->body) {
        code = code ? code : curl_easy_setopt(easy, CURLOPT_POST, 1L);
        code = code ? code
                    : curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    }
    return code;
}

static CURLcode set_ears(CURL *easy, struct incoming *incoming)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);

    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, incoming);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, incoming);
    return code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, incoming->answer.text);
}

static enum ward_exchange_end end_of(CURLcode code)
{
    switch ((int)code) {
    case CURLE_OK: return WARD_EXCHANGE_ANSWERED;
    case CURLE_COULDNT_RESOLVE_HOST: return WARD_EXCHANGE_NO_HOST;
    case CURLE_COULDNT_CONNECT: return WARD_EXCHANGE_NO_CONNECTION;
    case CURLE_PEER_FAILED_VERIFICATION: return WARD_EXCHANGE_UNPROVED;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE: return WARD_EXCHANGE_NO_TLS;
    case CURLE_OPERATION_TIMEDOUT: return WARD_EXCHANGE_SLOW;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR: return WARD_EXCHANGE_HUNG_UP;
    case CURLE_FILESIZE_EXCEEDED: return WARD_EXCHANGE_TOO_LARGE;
    default: return WARD_EXCHANGE_FAILED;
    }
}

static CURLcode perform(CURL *easy, const struct ward_exchange_request *request, struct incoming *incoming)
{
    CURLcode code = set_body(easy, request);
    long verified = 0, status = 0;

    code = code ? code : set_ears(easy, incoming);
    code = code ? code : curl_easy_perform(easy);
    (void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    incoming->answer.verified = (uint32_t)verified;
    incoming->answer.status = (uint32_t)status;
    return code;
}

void ward_transfer(const struct ward_exchange_request *request, struct ward_exchange_answer *ret)
{
    struct incoming incoming = {.limit = request->answer_max};
    struct ward_exchange_answer *answer = &incoming.answer;
    struct curl_slist *headers = NULL;
    CURL *easy =
        ward_curl_headers(request->headers, &headers) ? ward_curl_handle_new(request, headers) : NULL;
    CURLcode code = easy ? perform(easy, request, &incoming) : CURLE_OUT_OF_MEMORY;

    ward_exchange_append(&incoming.body, "", 1); /* the NUL that does not count */
    if (code == CURLE_OK && incoming.body.failed)
        code = CURLE_OUT_OF_MEMORY;
    if (answer->end == WARD_EXCHANGE_ANSWERED) /* it has not been given up here, for a reason of ours */
        answer->end = end_of(code);
    if (answer->end != WARD_EXCHANGE_ANSWERED && !answer->text[0])
        snprintf(answer->text, sizeof(answer->text), "%s", curl_easy_strerror(code));
    answer->body = (char *)incoming.body.data;
    answer->length = incoming.body.length > 0 ? incoming.body.length - 1 : 0;
    *ret = *answer;
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
}
