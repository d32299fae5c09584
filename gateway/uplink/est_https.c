/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/est_https.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "uplink/tls.h"

/* All headers together: what an honest server sends is a tenth of it. */
#define HEADERS_MAX   16384
#define CONNECT_MS    10000L
#define RETRY_S_DIGIT 9

/* What an answer becomes while it comes. */
struct incoming {
    struct ward_est_https_answer answer;
    size_t size, limit, header_octets;
    const char *overrun; /* what there was too much of; NULL so far */
};

int ward_est_https_start(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

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

/* Copies the value of "NAME: value\r\n", if it is that header and its value fits. */
static void take_header(const char *line, size_t length, const char *name, char *ret, size_t size)
{
    const size_t skip = strlen(name);

    if (length < skip || strncasecmp(line, name, skip) != 0)
        return;
    line += skip;
    length -= skip;
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    while (length > 0 && strchr(" \t\r\n", line[length - 1]))
        length--;
    ret[0] = '\0';
    if (length >= size || memchr(line, '\0', length))
        return;
    memcpy(ret, line, length);
    ret[length] = '\0';
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
    char retry[RETRY_S_DIGIT + 2] = "";

    (void)one;
    incoming->header_octets += length;
    if (incoming->header_octets > HEADERS_MAX) {
        incoming->overrun = "the answer has more headers than any that is right";
        return 0;
    }
    take_header(data, length, "content-type:", incoming->answer.content_type,
                sizeof(incoming->answer.content_type));
    take_header(data, length, "retry-after:", retry, sizeof(retry));
    if (retry[0])
        incoming->answer.retry_after_s = seconds_of(retry);
    return length;
}

static CURLcode set_bounds(CURL *curl, const struct ward_est_https_request *request)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, request->url);

    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, WARD_TLS_SUITES);
    /* the rest cannot fail: they are numbers */
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->answer_max);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    return code;
}

/* Neither the system's authorities nor its directory of them count. */
static CURLcode set_trust(CURL *curl, const struct ward_est_https_request *request)
{
    struct curl_blob blob = {.flags = CURL_BLOB_COPY};
    CURLcode code = curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);

    if (code == CURLE_OK)
        code = curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
    if (code == CURLE_OK && request->crl)
        code = curl_easy_setopt(curl, CURLOPT_CRLFILE, request->crl);
    if (code == CURLE_OK && request->ca_pem) {
        memcpy(&blob.data, &request->ca_pem,
               sizeof(blob.data)); /* it is copied, and not const all the same */
        blob.len = strlen(request->ca_pem);
        code = curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
    }
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, request->unproved ? 0L : 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, request->unproved ? 0L : 2L);
    if (code == CURLE_OK && request->certificate)
        code = curl_easy_setopt(curl, CURLOPT_SSLCERT, request->certificate);
    if (code == CURLE_OK && request->key)
        code = curl_easy_setopt(curl, CURLOPT_SSLKEY, request->key);
    return code;
}

static CURLcode set_body(CURL *curl, const struct ward_est_https_request *request, struct curl_slist *headers)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);

    if (code == CURLE_OK && request->user) {
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

static bool headers_of(const struct ward_est_https_request *request, struct curl_slist **ret)
{
    for (const char *const *header = request->headers; header && *header; header++) {
        struct curl_slist *longer = curl_slist_append(*ret, *header);

        if (!longer)
            return false;
        *ret = longer;
    }
    return true;
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
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (grow(incoming, 0)) {
        incoming->answer.body[0] = '\0';
        if (headers_of(request, &headers))
            code = set_bounds(curl, request);
    }
    if (code == CURLE_OK)
        code = set_trust(curl, request);
    if (code == CURLE_OK)
        code = set_body(curl, request, headers);
    if (code == CURLE_OK) {
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, incoming);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, incoming);
        code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &incoming->answer.status);
    }
    curl_slist_free_all(headers);
    return code;
}

bool ward_est_https_ask(const struct ward_est_https_request *request, struct ward_est_https_answer *ret,
                        char ret_why[static WARD_EST_HTTPS_WHY_MAX])
{
    struct incoming incoming = {.limit = request->answer_max};
    char text[CURL_ERROR_SIZE] = "";
    CURL *curl = curl_easy_init();
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (curl) {
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
        code = perform(curl, request, &incoming);
        curl_easy_cleanup(curl);
    }
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
