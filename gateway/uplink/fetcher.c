/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread asks (exchange_process.h) and hands what came of it over through a socket: to begin a process waits for the disk
 * that its program is on, and so does the end of one that waits for that disk, and an alarm must wait for neither. One thread
 * at a time: where one hangs, what is asked for next waits for it as long as for any answer.
 */
#include "uplink/fetcher.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uplink/exchange_process.h"
#include "uplink/tls_words.h"

#define ROLE         "server of the care plans"
#define LAST_WORD_MS 1000

/* The thread's own until it has handed itself over. */
struct job {
    struct ward_exchange_octets request;
    struct ward_exchange_answer answer;
    int socket; /* our end of it is shut down: nobody waits any more */
};

/* The only thing that a thread says, when it has nothing more to do. */
struct word {
    struct job *job;
};

struct ward_fetcher {
    sd_event *event;
    const struct ward_tls_files *files;
    ward_fetcher_done *done;
    void *userdata;
    int thread;                       /* the socket to the thread that is at work; -1: none is */
    bool given_up;                    /* nobody waits for what it will say */
    struct ward_exchange_octets next; /* what is asked for when that has ended; no data: nothing */
    sd_event_source *answer, *patience;
    char host[256]; /* of the URL, for people */
};

static void job_free(struct job *job)
{
    if (!job)
        return;
    ward_exchange_octets_done(&job->request);
    ward_exchange_answer_done(&job->answer);
    free(job);
}

static void *run(void *data)
{
    struct job *job = data;
    const struct word last = {job};
    const int socket = job->socket;
    struct ward_exchange_request request;

    if (ward_exchange_read_request(&job->request, &request))
        ward_exchange_ask(&request, socket, &job->answer);
    if (send(socket, &last, sizeof(last), MSG_NOSIGNAL) != (ssize_t)sizeof(last))
        job_free(job); /* the fetcher is gone */
    close(socket);
    return NULL;
}

static void end(struct ward_fetcher *fetcher)
{
    fetcher->patience = sd_event_source_disable_unref(fetcher->patience);
    ward_exchange_octets_done(&fetcher->next);
    fetcher->given_up = true;
    if (fetcher->thread >= 0)
        (void)shutdown(fetcher->thread, SHUT_WR);
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

static int start(struct ward_fetcher *fetcher);

/* What the thread has handed over, or NULL: there is nothing yet, or it has ended, for want of memory, without a word. */
static struct job *take_job(struct ward_fetcher *fetcher)
{
    struct word last = {NULL};

    if (recv(fetcher->thread, &last, sizeof(last), MSG_DONTWAIT) < 0)
        return NULL;
    fetcher->answer = sd_event_source_disable_unref(fetcher->answer);
    close(fetcher->thread);
    fetcher->thread = -1;
    return last.job;
}

static int on_answer(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_fetcher *fetcher = userdata;
    struct ward_exchange_answer failed = {.end = WARD_EXCHANGE_FAILED,
                                          .text = "wardgate-https: its answer is lost"};
    struct job *job = take_job(fetcher);
    int result = 0;

    (void)source;
    (void)descriptor;
    (void)events;
    if (fetcher->thread >= 0)
        return 0;
    if (!fetcher->given_up)
        hand_on(fetcher, job ? &job->answer : &failed);
    else if (fetcher->next.data)
        result = start(fetcher);
    job_free(job);
    if (result < 0) {
        snprintf(failed.text, sizeof(failed.text), "wardgate-https: %s", strerror(-result));
        hand_on(fetcher, &failed);
    }
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
    fetcher->thread = -1;
    *ret = fetcher;
    return 0;
}

/* With its last word it has ended the process that it began, which is at once unless it waits for the disk. */
static void let_thread_end(struct ward_fetcher *fetcher)
{
    struct pollfd word = {.fd = fetcher->thread, .events = POLLIN};

    (void)poll(&word, 1, LAST_WORD_MS);
    (void)shutdown(fetcher->thread, SHUT_RDWR); /* what it has not handed over by now it frees itself */
    job_free(take_job(fetcher));
}

struct ward_fetcher *ward_fetcher_free(struct ward_fetcher *fetcher)
{
    if (!fetcher)
        return NULL;
    end(fetcher);
    if (fetcher->thread >= 0)
        let_thread_end(fetcher);
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

static int start_thread(struct job *job)
{
    pthread_attr_t attributes;
    pthread_t thread;
    int result = pthread_attr_init(&attributes);

    if (result != 0)
        return -result;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    result = pthread_create(&thread, &attributes, run, job);
    pthread_attr_destroy(&attributes);
    return -result;
}

/* Asks for what is next. Takes that over in any case. */
static int start(struct ward_fetcher *fetcher)
{
    struct job *job = calloc(1, sizeof(*job));
    int ends[2] = {-1, -1}, result = job ? 0 : -ENOMEM;

    if (job) {
        *job = (struct job){.request = fetcher->next, .answer.end = WARD_EXCHANGE_FAILED};
        fetcher->next = (struct ward_exchange_octets){0};
    }
    if (result == 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        result = -errno;
    if (result == 0)
        result = sd_event_add_io(fetcher->event, &fetcher->answer, ends[0], EPOLLIN, on_answer, fetcher);
    if (result >= 0) {
        job->socket = ends[1];
        result = start_thread(job);
    }
    if (result == 0) {
        fetcher->thread = ends[0];
        fetcher->given_up = false;
        return 0;
    }
    fetcher->answer = sd_event_source_disable_unref(fetcher->answer);
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    ward_exchange_octets_done(&fetcher->next);
    job_free(job);
    return result;
}

static int await(struct ward_fetcher *fetcher)
{
    const uint64_t patience_us = (WARD_FETCH_TOTAL_MS + WARD_EXCHANGE_GRACE_MS) * 1000ULL;

    return sd_event_add_time_relative(fetcher->event, &fetcher->patience, CLOCK_BOOTTIME, patience_us, 0,
                                      on_no_answer, fetcher);
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

    if (fetcher->patience)
        return -EBUSY;
    keep_host(fetcher, url);
    snprintf(headers, sizeof(headers), "Accept: application/json\n%s%s%s", etag[0] ? "If-None-Match: " : "",
             etag, etag[0] ? "\n" : "");
    ward_exchange_write_request(&request, &fetcher->next);
    result = fetcher->next.failed ? -ENOMEM : await(fetcher);
    if (result >= 0 && fetcher->thread < 0)
        result = start(fetcher);
    if (result < 0)
        end(fetcher);
    return result < 0 ? result : 0;
}

void ward_fetcher_cancel(struct ward_fetcher *fetcher)
{
    end(fetcher);
}
