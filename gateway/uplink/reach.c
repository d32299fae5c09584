/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread shares nothing with us: it gets its own copy of the question and writes one fixed-size answer
 * into a pipe. When nobody waits any more the pipe is closed, and the answer goes nowhere.
 */
#include "uplink/reach.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ward/link.h"

#include "uplink/name.h"
#include "uplink/system.h"
#include "uplink/tls_probe.h"

#define CONNECT_TIMEOUT_US 5000000ULL
#define TLS_TIMEOUT_US     10000000ULL
#define TLS_LISTEN_US      500000ULL

struct question {
    char host[256];
    char port[8];
    int answer_to;
};

struct answer {
    int error; /* of getaddrinfo() */
    int error_number;
    struct sockaddr_storage address;
    socklen_t address_length;
};

struct ward_reach {
    sd_event *event;
    ward_reach_stepped *stepped;
    ward_reach_done *done;
    void *userdata;
    bool connect;
    const struct ward_tls_files *tls;
    char host[256];
    uint64_t since_us; /* the step began */
    int answer_from;
    int probe;
    struct ward_tls_probe *tls_probe;
    sd_event_source *answer_source;
    sd_event_source *probe_source;
    sd_event_source *timer;
};

static void stepped(struct ward_reach *reach, enum ward_reach_step step, const char *about)
{
    const uint64_t now = ward_system_now_us();

    if (reach->stepped)
        reach->stepped(reach->userdata, step, now - reach->since_us, about);
    reach->since_us = now;
}

/* The one that Paho will take: of several the first of IPv4. A try of another would keep it from one that is there. */
static const struct addrinfo *choose(const struct addrinfo *found)
{
    const struct addrinfo *chosen = found;

    while (chosen->ai_family != AF_INET && chosen->ai_next)
        chosen = chosen->ai_next;
    return chosen->ai_family == AF_INET ? chosen : found;
}

static void *look_up(void *data)
{
    struct question *question = data;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct answer answer = {.error = ward_name_look_up(question->host, question->port, &hints, &found)};
    ssize_t written;

    answer.error_number = errno;
    if (answer.error == 0) {
        const struct addrinfo *chosen = choose(found);

        memcpy(&answer.address, chosen->ai_addr, chosen->ai_addrlen);
        answer.address_length = chosen->ai_addrlen;
        freeaddrinfo(found);
    }
    written = write(question->answer_to, &answer, sizeof(answer)); /* fails when nobody waits any more */
    (void)written;
    close(question->answer_to);
    free(question);
    return NULL;
}

static int start_look_up(const struct ward_reach_options *options, int answer_to)
{
    struct question *question = calloc(1, sizeof(*question));
    pthread_attr_t attributes;
    pthread_t thread;
    int result;

    if (!question)
        return -ENOMEM;
    snprintf(question->host, sizeof(question->host), "%s", options->host);
    snprintf(question->port, sizeof(question->port), "%u", options->port);
    question->answer_to = answer_to;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    result = pthread_create(&thread, &attributes, look_up, question);
    pthread_attr_destroy(&attributes);
    if (result != 0)
        free(question);
    return -result;
}

static int on_timeout(sd_event_source *source, uint64_t now_us, void *userdata)
{
    struct ward_reach *reach = userdata;

    (void)source;
    (void)now_us;
    reach->done(reach->userdata, WARD_JOURNAL_BROKER_NOT_REACHED, "TCP: no answer");
    return 0;
}

static void on_tls(void *userdata, enum ward_journal_matter matter, const char *wrong)
{
    struct ward_reach *reach = userdata;
    char text[WARD_LINK_TEXT_MAX + 1];

    snprintf(text, sizeof(text), "TLS: %s", wrong ? wrong : "");
    if (!wrong) {
        char about[160];

        ward_tls_probe_describe(reach->tls_probe, about, sizeof(about));
        stepped(reach, WARD_REACH_TLS, about);
    }
    reach->done(reach->userdata, matter, wrong ? text : NULL);
}

static int start_tls(struct ward_reach *reach)
{
    const struct ward_tls_probe_options options = {
        .event = reach->event,
        .socket = reach->probe,
        .peer = {.role = "broker", .host = reach->host, .files = reach->tls},
        .handshake_us = TLS_TIMEOUT_US,
        .listen_us = reach->stepped ? 0 : TLS_LISTEN_US, /* it would count as the handshake */
        .done = on_tls,
        .userdata = reach,
    };

    return ward_tls_probe_new(&reach->tls_probe, &options);
}

static int on_probe(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_reach *reach = userdata;
    int error = 0;
    socklen_t size = sizeof(error);
    char text[100];

    (void)events;
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    reach->timer = sd_event_source_disable_unref(reach->timer);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    if (error == 0)
        stepped(reach, WARD_REACH_TCP, "");
    if (error == 0 && reach->tls) {
        reach->probe_source = sd_event_source_disable_unref(reach->probe_source);
        error = -start_tls(reach);
        if (error == 0)
            return 0;
    }
    snprintf(text, sizeof(text), "TCP: %s", strerror(error));
    reach->done(reach->userdata, WARD_JOURNAL_BROKER_NOT_REACHED, error ? text : NULL);
    return 0;
}

static int start_probe(struct ward_reach *reach, const struct answer *answer)
{
    int result;

    reach->probe = socket(answer->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (reach->probe < 0)
        return -errno;
    if (connect(reach->probe, (const struct sockaddr *)&answer->address, answer->address_length) < 0 &&
        errno != EINPROGRESS)
        return -errno;
    result = sd_event_add_io(reach->event, &reach->probe_source, reach->probe, EPOLLOUT, on_probe, reach);
    if (result < 0)
        return result;
    return sd_event_add_time_relative(reach->event, &reach->timer, CLOCK_MONOTONIC, CONNECT_TIMEOUT_US, 0,
                                      on_timeout, reach);
}

static int on_answer(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_reach *reach = userdata;
    struct answer answer = {.error = EAI_SYSTEM, .error_number = EIO};
    ssize_t length = read(descriptor, &answer, sizeof(answer));
    enum ward_journal_matter matter = WARD_JOURNAL_NAME_NOT_FOUND;
    char text[100] = "";
    int result;

    (void)events;
    (void)length; /* a pipe takes and gives so few octets whole, or none when the thread could not answer */
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    if (answer.error != 0)
        snprintf(text, sizeof(text), "DNS: %s",
                 answer.error == EAI_SYSTEM ? strerror(answer.error_number) : gai_strerror(answer.error));
    else {
        char about[INET6_ADDRSTRLEN] = "";

        ward_name_found(reach->host, &answer.address, answer.address_length);
        (void)getnameinfo((const struct sockaddr *)&answer.address, answer.address_length, about,
                          sizeof(about), NULL, 0, NI_NUMERICHOST);
        stepped(reach, WARD_REACH_DNS, about);
    }
    if (!text[0] && reach->connect) {
        result = start_probe(reach, &answer);
        if (result >= 0)
            return 0;
        matter = WARD_JOURNAL_BROKER_NOT_REACHED;
        snprintf(text, sizeof(text), "TCP: %s", strerror(-result));
    }
    reach->done(reach->userdata, matter, text[0] ? text : NULL);
    return 0;
}

int ward_reach_new(struct ward_reach **ret, const struct ward_reach_options *options)
{
    struct ward_reach *reach = calloc(1, sizeof(*reach));
    int ends[2], result;

    if (!reach)
        return -ENOMEM;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        result = -errno;
        free(reach);
        return result;
    }
    *reach = (struct ward_reach){.event = sd_event_ref(options->event),
                                 .stepped = options->stepped,
                                 .done = options->done,
                                 .userdata = options->userdata,
                                 .connect = options->connect,
                                 .tls = options->tls,
                                 .since_us = ward_system_now_us(),
                                 .answer_from = ends[0],
                                 .probe = -1};
    snprintf(reach->host, sizeof(reach->host), "%s", options->host);
    result =
        sd_event_add_io(reach->event, &reach->answer_source, reach->answer_from, EPOLLIN, on_answer, reach);
    if (result >= 0)
        result = start_look_up(options, ends[1]);
    if (result < 0) {
        close(ends[1]);
        ward_reach_free(reach);
        return result;
    }
    *ret = reach;
    return 0;
}

struct ward_reach *ward_reach_free(struct ward_reach *reach)
{
    if (!reach)
        return NULL;
    sd_event_source_disable_unref(reach->answer_source);
    sd_event_source_disable_unref(reach->probe_source);
    sd_event_source_disable_unref(reach->timer);
    ward_tls_probe_free(reach->tls_probe);
    close(reach->answer_from);
    if (reach->probe >= 0)
        close(reach->probe);
    sd_event_unref(reach->event);
    free(reach);
    return NULL;
}
