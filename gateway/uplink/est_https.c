/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/est_https.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/curl_handle.h"

/* All headers together: what an honest server sends is a tenth of it. */
#define HEADERS_MAX   16384
#define RETRY_S_DIGIT 9

/* What an answer becomes while it comes. */
struct incoming {
    struct ward_est_https_answer answer;
    size_t size, limit, header_octets;
    const char *overrun; /* what there was too much of; NULL so far */
};

static bool grow(struct incoming *incoming, size_t length)
{
    const size_t wanted = incoming->answer.length + length + 1;
    char *grown;

    if (wanted <= incoming->size)
        return true;
    grown = malloc(2 * wanted);
    if (!grown)
        return false;
    if (incoming->answer.body) {
        memcpy(grown, incoming->answer.body, incoming->answer.length);
        explicit_bzero(incoming->answer.body, incoming->size);
    }
    free(incoming->answer.body);
    incoming->answer.body = grown;
    incoming->size = 2 * wanted;
    return true;
}

/* Returns less than came to end the transfer. */
static size_t on_body(char *data, size_t one, size_t length, void *userdata)
{
    struct incoming *incoming = userdata;

    (void)one; /* it is 1 */
    if (length > incoming->limit - incoming->answer.length) {
        incoming->overrun = "the answer is larger than any that is right";
        return 0;
    }
    if (!grow(incoming, length))
        return 0;
    memcpy(incoming->answer.body + incoming->answer.length, data, length);
    incoming->answer.length += length;
    incoming->answer.body[incoming->answer.length] = '\0';
    return length;
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
    char retry[RETRY_S_DIGIT + 2];

    (void)one;
    incoming->header_octets += length;
    if (incoming->header_octets > HEADERS_MAX) {
        incoming->overrun = "the answer has more headers than any that is right";
        return 0;
    }
    (void)ward_curl_header_value(data, length, "Content-Type", incoming->answer.content_type,
                                 sizeof(incoming->answer.content_type));
    if (ward_curl_header_value(data, length, "Retry-After", retry, sizeof(retry)))
        incoming->answer.retry_after_s = seconds_of(retry);
    return length;
}

/* What the server is told besides the headers. */
static CURLcode set_body(CURL *curl, const struct ward_est_https_request *request)
{
    CURLcode code = CURLE_OK;

    if (request->user) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        code = curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
    }
    if (code == CURLE_OK && request->password)
        code = curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    if (code == CURLE_OK && request->body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
        code = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    return code;
}

static CURL *handle_of(const struct ward_est_https_request *request, struct curl_slist *headers)
{
    /* Not slow_s: a server may think before it signs. */
    return ward_curl_handle_new(&(struct ward_curl_request){.url = request->url,
                                                            .headers = headers,
                                                            .ca_pem = request->ca_pem,
                                                            .unproved = request->unproved,
                                                            .crl_file = request->crl,
                                                            .certificate = request->certificate,
                                                            .key = request->key,
                                                            .answer_max = request->answer_max,
                                                            .timeout_ms = request->timeout_ms});
}

/* Which part of the way fails, before what curl says of it. */
static const char *part_of(CURLcode code)
{
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return "DNS";
    if (code == CURLE_COULDNT_CONNECT)
        return "TCP";
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
        code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_CIPHER ||
        code == CURLE_SSL_ISSUER_ERROR || code == CURLE_SSL_CRL_BADFILE)
        return "TLS";
    return "HTTPS";
}

static void explain(CURLcode code, const struct incoming *incoming, const char *text,
                    char ret_why[static WARD_EST_HTTPS_WHY_MAX])
{
    if (code == CURLE_FILESIZE_EXCEEDED)
        snprintf(ret_why, WARD_EST_HTTPS_WHY_MAX, "HTTPS: the answer is larger than any that is right");
    else if (incoming->overrun)
        snprintf(ret_why, WARD_EST_HTTPS_WHY_MAX, "HTTPS: %s", incoming->overrun);
    else
        snprintf(ret_why, WARD_EST_HTTPS_WHY_MAX, "%s: %s", part_of(code),
                 text[0] ? text : curl_easy_strerror(code));
}

static CURLcode perform(CURL *curl, const struct ward_est_https_request *request, struct incoming *incoming)
{
    CURLcode code = set_body(curl, request);

    if (code == CURLE_OK) {
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, incoming);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, incoming);
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &incoming->answer.status);
    }
    return code;
}

bool ward_est_https_ask(const struct ward_est_https_request *request, struct ward_est_https_answer *ret,
                        char ret_why[static WARD_EST_HTTPS_WHY_MAX])
{
    struct incoming incoming = {.limit = request->answer_max};
    struct curl_slist *headers = NULL;
    char text[CURL_ERROR_SIZE] = "";
    CURL *curl = ward_curl_headers(request->headers, &headers) ? handle_of(request, headers) : NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (curl && grow(&incoming, 0)) {
        incoming.answer.body[0] = '\0';
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
        code = perform(curl, request, &incoming);
    }
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    if (code == CURLE_OK) {
        *ret = incoming.answer;
        return true;
    }
    explain(code, &incoming, text, ret_why);
    ward_est_https_answer_done(&incoming.answer);
    return false;
}

void ward_est_https_answer_done(struct ward_est_https_answer *answer)
{
    if (answer->body)
        explicit_bzero(answer->body, answer->length);
    free(answer->body);
    *answer = (struct ward_est_https_answer){0};
}
