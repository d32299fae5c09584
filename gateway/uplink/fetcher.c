/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl says which socket it waits for and when it wants to be called again; the loop does both. Nothing of libcurl
 * is touched from within its own callbacks, so what has ended is looked for after each call.
 */
#include "uplink/fetcher.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/curl_handle.h"
#include "uplink/tls_words.h"

#define ROLE "server of the care plans"

struct ward_fetcher {
    sd_event *event;
    const struct ward_tls_files *files;
    ward_fetcher_done *done;
    void *userdata;
    CURLM *multi;
    CURL *easy; /* NULL: nothing goes on */
    struct curl_slist *headers;
    sd_event_source *timer;
    char host[256]; /* of the URL, for people */
    char curl_says[CURL_ERROR_SIZE];
    char etag[WARD_FETCH_ETAG_MAX + 1];
    bool too_large;
    size_t length;
    uint8_t body[WARD_FETCH_OCTETS];
};

static void end(struct ward_fetcher *fetcher)
{
    if (fetcher->easy) {
        curl_multi_remove_handle(fetcher->multi, fetcher->easy);
        curl_easy_cleanup(fetcher->easy);
    }
    fetcher->easy = NULL;
    curl_slist_free_all(fetcher->headers);
    fetcher->headers = NULL;
}

/* What failed, for people. */
static void explain(const struct ward_fetcher *fetcher, CURLcode code, char *text, size_t size)
{
    const struct ward_tls_peer peer = {.role = ROLE, .host = fetcher->host, .files = fetcher->files};
    char words[160];
    long verified = 0;

    if (fetcher->too_large || code == CURLE_FILESIZE_EXCEEDED) {
        snprintf(text, size, "the answer is larger than %u octets", (unsigned)WARD_FETCH_OCTETS);
        return;
    }
    (void)curl_easy_getinfo(fetcher->easy, CURLINFO_SSL_VERIFYRESULT, &verified);
    switch ((int)code) {
    case CURLE_COULDNT_RESOLVE_HOST: snprintf(text, size, "DNS: %s is not found", fetcher->host); return;
    case CURLE_COULDNT_CONNECT: snprintf(text, size, "TCP: %s", fetcher->curl_says); return;
    case CURLE_OPERATION_TIMEDOUT:
        snprintf(text, size, "the " ROLE " is too slow, or does not answer");
        return;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR: snprintf(text, size, "the " ROLE " hung up"); return;
    case CURLE_PEER_FAILED_VERIFICATION:
        /* A chain that is wrong ends the handshake, with its reason here; the name is looked at after it, and has none. */
        if (verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED)
            verified = X509_V_ERR_HOSTNAME_MISMATCH;
        (void)ward_tls_words_of_certificate(&peer, verified, NULL, 0, words, sizeof(words));
        snprintf(text, size, "TLS: %s", words);
        return;
    default:
        snprintf(text, size, "%s", fetcher->curl_says[0] ? fetcher->curl_says : curl_easy_strerror(code));
    }
}

static void look_for_the_end(struct ward_fetcher *fetcher)
{
    struct ward_fetched fetched = {.body = fetcher->body, .length = fetcher->length, .etag = fetcher->etag};
    char wrong[sizeof(fetcher->host) + CURL_ERROR_SIZE];
    const CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetcher->multi, &left)) && message->msg != CURLMSG_DONE)
        ;
    if (!message)
        return;
    (void)curl_easy_getinfo(fetcher->easy, CURLINFO_RESPONSE_CODE, &fetched.status);
    if (message->data.result != CURLE_OK) {
        explain(fetcher, message->data.result, wrong, sizeof(wrong));
        fetched.wrong = wrong;
    }
    end(fetcher);
    fetcher->done(fetcher->userdata, &fetched);
}

static int on_io(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;
    int running, what = 0;

    (void)source;
    if (events & EPOLLIN)
        what |= CURL_CSELECT_IN;
    if (events & EPOLLOUT)
        what |= CURL_CSELECT_OUT;
    if (events & (EPOLLERR | EPOLLHUP))
        what |= CURL_CSELECT_ERR;
    curl_multi_socket_action(fetcher->multi, descriptor, what, &running);
    look_for_the_end(fetcher);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;
    int running;

    (void)source;
    (void)time_us;
    curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    look_for_the_end(fetcher);
    return 0;
}

/* libcurl has one socket at a time here, but for a moment when it tries the next address. */
static int want_socket(CURL *easy, curl_socket_t socket, int what, void *userdata, void *mine)
{
    struct ward_fetcher *fetcher = userdata;
    sd_event_source *source = mine;
    const uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        sd_event_source_disable_unref(source);
        curl_multi_assign(fetcher->multi, socket, NULL);
        return 0;
    }
    if (source)
        return sd_event_source_set_io_events(source, events) < 0 ? -1 : 0;
    if (sd_event_add_io(fetcher->event, &source, socket, events, on_io, fetcher) < 0)
        return -1;
    curl_multi_assign(fetcher->multi, socket, source);
    return 0;
}

static int want_timer(CURLM *multi, long after_ms, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;

    (void)multi;
    fetcher->timer = sd_event_source_disable_unref(fetcher->timer);
    if (after_ms < 0)
        return 0;
    return sd_event_add_time_relative(fetcher->event, &fetcher->timer, CLOCK_BOOTTIME,
                                      (uint64_t)after_ms * 1000, 0, on_timer, fetcher) < 0
               ? -1
               : 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;
    const size_t length = size * count;

    if (length > sizeof(fetcher->body) - fetcher->length) {
        fetcher->too_large = true;
        return 0; /* which ends it */
    }
    memcpy(fetcher->body + fetcher->length, data, length);
    fetcher->length += length;
    return length;
}

/* What cannot be a tag is none. */
static size_t take_header(char *data, size_t size, size_t count, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;

    (void)ward_curl_header_value(data, size * count, "ETag", fetcher->etag, sizeof(fetcher->etag));
    for (const char *at = fetcher->etag; *at; at++)
        if (*at <= ' ' || *at > '~') {
            fetcher->etag[0] = 0;
            break;
        }
    return size * count;
}

int ward_fetcher_new(struct ward_fetcher **ret, sd_event *event, const struct ward_tls_files *files,
                     ward_fetcher_done *done, void *userdata)
{
    struct ward_fetcher *fetcher = calloc(1, sizeof(*fetcher));

    if (!fetcher)
        return -ENOMEM;
    fetcher->event = sd_event_ref(event);
    fetcher->files = files;
    fetcher->done = done;
    fetcher->userdata = userdata;
    fetcher->multi = curl_multi_init();
    if (!fetcher->multi) {
        ward_fetcher_free(fetcher);
        return -ENOMEM;
    }
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, want_timer);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
    *ret = fetcher;
    return 0;
}

struct ward_fetcher *ward_fetcher_free(struct ward_fetcher *fetcher)
{
    if (!fetcher)
        return NULL;
    end(fetcher);
    curl_multi_cleanup(fetcher->multi);
    sd_event_source_disable_unref(fetcher->timer);
    sd_event_unref(fetcher->event);
    free(fetcher);
    return NULL;
}

static CURL *handle_of(struct ward_fetcher *fetcher, const char *url)
{
    const struct ward_tls_files *files = fetcher->files;

    return ward_curl_handle_new(&(struct ward_curl_request){.url = url,
                                                            .headers = fetcher->headers,
                                                            .ca_file = files->ca,
                                                            .crl_file = files->crl,
                                                            .certificate = files->certificate,
                                                            .key = files->key,
                                                            .answer_max = sizeof(fetcher->body),
                                                            .timeout_ms = WARD_FETCH_TOTAL_MS,
                                                            .slow_s = WARD_FETCH_SLOW_S});
}

static CURLcode set_up(struct ward_fetcher *fetcher)
{
    CURL *easy = fetcher->easy;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);

    code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetcher);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetcher);
    return code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetcher->curl_says);
}

/* "https://HOST…" */
static void keep_host(struct ward_fetcher *fetcher, const char *url)
{
    const char *host = strstr(url, "://");

    host = host ? host + 3 : url;
    snprintf(fetcher->host, sizeof(fetcher->host), "%.*s", (int)strcspn(host, "/:?#"), host);
}

int ward_fetcher_get(struct ward_fetcher *fetcher, const char *url, const char *etag)
{
    char condition[WARD_FETCH_ETAG_MAX + 32];
    const char *const lines[] = {"Accept: application/json", etag[0] ? condition : NULL, NULL};

    if (fetcher->easy)
        return -EBUSY;
    fetcher->length = 0;
    fetcher->too_large = false;
    fetcher->etag[0] = fetcher->curl_says[0] = 0;
    keep_host(fetcher, url);
    snprintf(condition, sizeof(condition), "If-None-Match: %s", etag);
    if (ward_curl_headers(lines, &fetcher->headers))
        fetcher->easy = handle_of(fetcher, url);
    if (!fetcher->easy || set_up(fetcher) != CURLE_OK ||
        curl_multi_add_handle(fetcher->multi, fetcher->easy) != CURLM_OK) {
        end(fetcher);
        return -ENOMEM;
    }
    return 0;
}

void ward_fetcher_cancel(struct ward_fetcher *fetcher)
{
    end(fetcher);
}
