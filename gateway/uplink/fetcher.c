/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/fetcher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/exchange_process.h"
#include "uplink/tls_words.h"

#define ROLE "server of the care plans"

struct ward_fetcher {
    sd_event *event;
    const struct ward_tls_files *files;
    ward_fetcher_done *done;
    void *userdata;
    struct ward_exchange_process process;
    sd_event_source *answer, *patience;
    char host[256]; /* of the URL, for people */
};

static void end(struct ward_fetcher *fetcher)
{
    fetcher->answer = sd_event_source_disable_unref(fetcher->answer);
    fetcher->patience = sd_event_source_disable_unref(fetcher->patience);
    ward_exchange_end_process(&fetcher->process);
}

/* What failed, for people. */
static void explain(const struct ward_fetcher *fetcher, const struct ward_exchange_answer *answer, char *text,
                    size_t size)
{
    const struct ward_tls_peer peer = {.role = ROLE, .host = fetcher->host, .files = fetcher->files};
    long verified = (long)answer->verified;
    char words[160];

    switch (answer->end) {
    case WARD_EXCHANGE_TOO_LARGE:
        snprintf(text, size, "the answer is larger than %u octets", (unsigned)WARD_FETCH_OCTETS);
        return;
    case WARD_EXCHANGE_HEADERS:
        snprintf(text, size, "the answer has more headers than any that is right");
        return;
    case WARD_EXCHANGE_NO_HOST: snprintf(text, size, "DNS: %s is not found", fetcher->host); return;
    case WARD_EXCHANGE_NO_CONNECTION: snprintf(text, size, "TCP: %s", answer->text); return;
    case WARD_EXCHANGE_SLOW: snprintf(text, size, "the " ROLE " is too slow, or does not answer"); return;
    case WARD_EXCHANGE_HUNG_UP: snprintf(text, size, "the " ROLE " hung up"); return;
    case WARD_EXCHANGE_UNPROVED:
        /* A chain that is wrong ends the handshake, with its reason here; the name is looked at after it, and has none. */
        if (verified == X509_V_OK || verified == X509_V_ERR_UNSPECIFIED)
            verified = X509_V_ERR_HOSTNAME_MISMATCH;
        (void)ward_tls_words_of_certificate(&peer, verified, NULL, 0, words, sizeof(words));
        snprintf(text, size, "TLS: %s", words);
        return;
    case WARD_EXCHANGE_ANSWERED:
    case WARD_EXCHANGE_NO_TLS:
    case WARD_EXCHANGE_FAILED: snprintf(text, size, "%s", answer->text); return;
    }
}

/* What cannot be a tag is none. */
static void check_tag(char *etag)
{
    for (const char *at = etag; *at; at++)
        if (*at <= ' ' || *at > '~') {
            etag[0] = '\0';
            break;
        }
}

/* The answer is whole, or there will be none. */
static void hand_on(struct ward_fetcher *fetcher, struct ward_exchange_answer *answer)
{
    char wrong[sizeof(fetcher->host) + WARD_EXCHANGE_TEXT_MAX];
    struct ward_fetched fetched = {.status = answer->status,
                                   .body = (const uint8_t *)answer->body,
                                   .length = answer->length,
                                   .etag = answer->etag};

    if (answer->end != WARD_EXCHANGE_ANSWERED) {
        explain(fetcher, answer, wrong, sizeof(wrong));
        fetched.wrong = wrong;
        fetched.alone = answer->end == WARD_EXCHANGE_TOO_LARGE || answer->end == WARD_EXCHANGE_HEADERS;
    }
    check_tag(answer->etag);
    end(fetcher);
    fetcher->done(fetcher->userdata, &fetched);
    ward_exchange_answer_done(answer);
}

static int on_answer(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;
    struct ward_exchange_answer answer;

    (void)source;
    (void)descriptor;
    (void)events;
    if (ward_exchange_hear(&fetcher->process, &answer) == 0)
        hand_on(fetcher, &answer);
    return 0;
}

static int on_no_answer(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_exchange_answer answer = {.end = WARD_EXCHANGE_SLOW};

    (void)source;
    (void)time_us;
    hand_on(userdata, &answer);
    return 0;
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
    fetcher->process = (struct ward_exchange_process){.pid = -1, .descriptor = -1};
    *ret = fetcher;
    return 0;
}

struct ward_fetcher *ward_fetcher_free(struct ward_fetcher *fetcher)
{
    if (!fetcher)
        return NULL;
    end(fetcher);
    sd_event_unref(fetcher->event);
    free(fetcher);
    return NULL;
}

/* "https://HOST…" or "https://[ADDRESS]…" */
static void keep_host(struct ward_fetcher *fetcher, const char *url)
{
    const char *host = strstr(url, "://"), *ends = "/:?#";

    host = host ? host + 3 : url;
    if (*host == '[') {
        host++;
        ends = "]";
    }
    snprintf(fetcher->host, sizeof(fetcher->host), "%.*s", (int)strcspn(host, ends), host);
}

static int await(struct ward_fetcher *fetcher)
{
    const uint64_t patience_us = (WARD_FETCH_TOTAL_MS + WARD_EXCHANGE_GRACE_MS) * 1000ULL;
    const int result = sd_event_add_io(fetcher->event, &fetcher->answer, fetcher->process.descriptor, EPOLLIN,
                                       on_answer, fetcher);

    return result < 0 ? result
                      : sd_event_add_time_relative(fetcher->event, &fetcher->patience, CLOCK_BOOTTIME,
                                                   patience_us, 0, on_no_answer, fetcher);
}

int ward_fetcher_get(struct ward_fetcher *fetcher, const char *url, const char *etag)
{
    char headers[WARD_FETCH_ETAG_MAX + 64];
    const struct ward_exchange_request request = {.url = url,
                                                  .headers = headers,
                                                  .ca_file = fetcher->files->ca,
                                                  .crl_file = fetcher->files->crl,
                                                  .certificate = fetcher->files->certificate,
                                                  .key = fetcher->files->key,
                                                  .answer_max = WARD_FETCH_OCTETS,
                                                  .timeout_ms = WARD_FETCH_TOTAL_MS,
                                                  .slow_s = WARD_FETCH_SLOW_S};
    int result;

    if (fetcher->process.descriptor >= 0)
        return -EBUSY;
    keep_host(fetcher, url);
    snprintf(headers, sizeof(headers), "Accept: application/json\n%s%s%s", etag[0] ? "If-None-Match: " : "",
             etag, etag[0] ? "\n" : "");
    result = ward_exchange_begin(&fetcher->process, &request);
    if (result == 0)
        result = await(fetcher);
    if (result < 0)
        end(fetcher);
    return result < 0 ? result : 0;
}

void ward_fetcher_cancel(struct ward_fetcher *fetcher)
{
    end(fetcher);
}
