/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/https/curl_handle.h"

#include <string.h>
#include <strings.h>

#include "uplink/tls.h"

static bool is_set(const char *text)
{
    return text && text[0];
}

static CURLcode set_way(CURL *easy, const char *url, struct curl_slist *headers)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);

    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, "");
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L); /* a new certificate counts */
    code = code ? code : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_USERAGENT, "wardgate-uplink/" WARD_VERSION);
    return code ? code : curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
}

static CURLcode set_bounds(CURL *easy, const struct ward_exchange_request *request)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, WARD_CURL_CONNECT_MS);

    code = code ? code : curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, WARD_CURL_SLOW_OCTETS_S);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)request->slow_s);
    return code ? code : curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->answer_max);
}

/* Built into libcurl, file and directory of the authorities would be the system's. */
static CURLcode set_trust(CURL *easy, const struct ward_exchange_request *request)
{
    struct curl_blob pem = {.flags = CURL_BLOB_NOCOPY};
    CURLcode code = curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* or later */

    code = code ? code : curl_easy_setopt(easy, CURLOPT_SSL_CIPHER_LIST, WARD_TLS_SUITES);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request->unproved ? 0L : 1L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request->unproved ? 0L : 2L);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* files are read anew */
    if (is_set(request->ca_pem)) {
        pem.data = (void *)(uintptr_t)request->ca_pem; /* it is not written, and not const all the same */
        pem.len = strlen(request->ca_pem);
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &pem);
    }
    if (is_set(request->crl_file))
        code = code ? code : curl_easy_setopt(easy, CURLOPT_CRLFILE, request->crl_file);
    if (is_set(request->certificate))
        code = code ? code : curl_easy_setopt(easy, CURLOPT_SSLCERT, request->certificate);
    if (is_set(request->key))
        code = code ? code : curl_easy_setopt(easy, CURLOPT_SSLKEY, request->key);
    return code;
}

CURL *ward_curl_handle_new(const struct ward_exchange_request *request, struct curl_slist *headers)
{
    CURL *easy = curl_easy_init();

    if (easy && set_way(easy, request->url, headers) == CURLE_OK && set_bounds(easy, request) == CURLE_OK &&
        set_trust(easy, request) == CURLE_OK)
        return easy;
    curl_easy_cleanup(easy);
    return NULL;
}

bool ward_curl_headers(const char *lines, struct curl_slist **ret)
{
    struct curl_slist *headers = NULL;
    char line[256];

    while (lines && *lines) {
        const size_t length = strcspn(lines, "\n");
        struct curl_slist *longer = NULL;

        if (length < sizeof(line)) {
            memcpy(line, lines, length);
            line[length] = '\0';
            longer = curl_slist_append(headers, line);
        }
        if (!longer) {
            curl_slist_free_all(headers);
            return false;
        }
        headers = longer;
        lines += length + (lines[length] == '\n');
    }
    *ret = headers;
    return true;
}

bool ward_curl_header_value(const char *line, size_t length, const char *name, char *ret, size_t size)
{
    const size_t skip = strlen(name);

    if (length <= skip || strncasecmp(line, name, skip) != 0 || line[skip] != ':')
        return false;
    line += skip + 1;
    length -= skip + 1;
    while (length > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        length--;
    }
    while (length > 0 && strchr(" \t\r\n", line[length - 1]))
        length--;
    ret[0] = '\0';
    if (length >= size || memchr(line, '\0', length))
        return true;
    memcpy(ret, line, length);
    ret[length] = '\0';
    return true;
}
