/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   IDLE      no names
 *   WAITING   the timer is set; it fires → ASKING, where the last round ended
 *   ASKING    the fetcher is at work; an answer → the next name, or the end of the round → WAITING;
 *             none, perhaps for want of a server → the end of the round, behind that name → WAITING
 *   HOLDING   a document that the core has no room for; go_on() → as after ASKING
 *
 * New names in any state but IDLE give up what goes on and begin a round; none → IDLE.
 */
#include "uplink/https.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "uplink/backoff.h"

#define FIRST_US  5000000ULL /* until the first round, at most */
#define BASE_US   2000000ULL
#define UNCHANGED 12 /* times that a document is found unchanged until it is asked for as a whole */
#define URL_MAX   1024

struct name {
    char text[65];
    char etag[WARD_FETCH_ETAG_MAX + 1]; /* of what was handed on last; "": nothing */
    unsigned unchanged;
};

struct ward_https {
    struct ward_https_options options;
    struct ward_fetcher *fetcher;
    struct ward_backoff backoff;
    sd_event_source *timer;
    struct name names[WARD_HTTPS_NAMES];
    size_t count, at, left;             /* at: the name that is asked for; left: in this round, with that */
    char wrong[WARD_LINK_TEXT_MAX + 1]; /* the first thing in this round; "": nothing */
    struct {
        bool waits;
        char etag[WARD_FETCH_ETAG_MAX + 1];
        size_t length;
        uint8_t body[WARD_FETCH_OCTETS];
    } held;
};

static uint64_t random_below(uint64_t limit)
{
    uint64_t number = 0;
    ssize_t length = getrandom(&number, sizeof(number), GRND_NONBLOCK);

    (void)length; /* early in boot there may be none: no jitter then */
    return limit > 0 ? number % limit : 0;
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *userdata);

static void wait_for_round(struct ward_https *https, uint64_t after_us)
{
    https->timer = sd_event_source_disable_unref(https->timer);
    if (sd_event_add_time_relative(https->options.event, &https->timer, CLOCK_BOOTTIME, after_us, 0, on_timer,
                                   https) < 0)
        sd_event_exit(https->options.event,
                      EXIT_FAILURE); /* nothing would ever be asked again: be started anew */
}

static void complain(struct ward_https *https, const char *wrong)
{
    if (!https->wrong[0])
        snprintf(https->wrong, sizeof(https->wrong), "%s: %.*s", https->names[https->at].text,
                 WARD_LINK_TEXT_MAX - (int)sizeof(https->names[0].text) - 2, wrong);
}

static void end_round(struct ward_https *https)
{
    const uint64_t interval_us = https->options.interval_ms * 1000ULL;

    https->options.round(https->options.userdata, https->wrong[0] ? https->wrong : NULL);
    if (https->wrong[0]) {
        wait_for_round(https, ward_backoff_next(&https->backoff, interval_us, random_below(UINT64_MAX)));
        return;
    }
    ward_backoff_reset(&https->backoff);
    wait_for_round(https, interval_us * 3 / 4 + random_below(interval_us / 2));
}

static void go_to_next(struct ward_https *https)
{
    https->at = (https->at + 1) % https->count;
}

/* Whether it is the server or this name is not known: nothing more is asked of it now, and others come first then. */
static void give_up(struct ward_https *https, const char *wrong)
{
    complain(https, wrong);
    go_to_next(https);
    end_round(https);
}

/* The template's {gateway} and {patient}, and nothing else, are replaced: what they become needs no escaping. */
static bool write_url(const struct ward_https *https, const char *name, char *url, size_t size)
{
    size_t length = 0;

    for (const char *at = https->options.url; *at;) {
        const char *piece = at;
        size_t taken = 1, count = 1;

        if (strncmp(at, "{gateway}", strlen("{gateway}")) == 0) {
            piece = https->options.gateway;
            taken = strlen("{gateway}");
            count = strlen(piece);
        } else if (strncmp(at, "{patient}", strlen("{patient}")) == 0) {
            piece = name;
            taken = strlen("{patient}");
            count = strlen(piece);
        }
        if (count >= size - length)
            return false;
        memcpy(url + length, piece, count);
        length += count;
        at += taken;
    }
    url[length] = 0;
    return true;
}

static void ask(struct ward_https *https)
{
    struct name *name = &https->names[https->at];
    char url[URL_MAX], wrong[80];
    int result;

    if (name->unchanged >= UNCHANGED) {
        name->etag[0] = 0;
        name->unchanged = 0;
    }
    if (write_url(https, name->text, url, sizeof(url))) {
        result = ward_fetcher_get(https->fetcher, url, name->etag);
        if (result == 0)
            return;
        snprintf(wrong, sizeof(wrong), "wardgate-https: %s", strerror(-result));
        give_up(https, wrong);
    } else
        give_up(https, "the URL is too long");
}

static void ask_next(struct ward_https *https)
{
    go_to_next(https);
    if (--https->left > 0)
        ask(https);
    else
        end_round(https);
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_https *https = userdata;

    (void)source;
    (void)time_us;
    https->timer = sd_event_source_disable_unref(https->timer);
    https->left = https->count;
    https->wrong[0] = 0;
    ask(https);
    return 0;
}

static bool hand_on(struct ward_https *https, const char *etag, const uint8_t *body, size_t length)
{
    struct name *name = &https->names[https->at];

    if (!https->options.document(https->options.userdata, name->text, body, length))
        return false;
    snprintf(name->etag, sizeof(name->etag), "%s", etag);
    name->unchanged = 0;
    return true;
}

static void take_answer(struct ward_https *https, const struct ward_fetched *fetched)
{
    char wrong[80];

    if (fetched->status == 304 && https->names[https->at].etag[0]) {
        https->names[https->at].unchanged++;
        return;
    }
    if (fetched->status != 200) {
        snprintf(wrong, sizeof(wrong), "the server answered %u%s", fetched->status,
                 fetched->status / 100 == 3 ? ", and redirects are not followed" : "");
        complain(https, wrong);
        return;
    }
    if (fetched->length == 0) {
        complain(https, "the document is empty");
        return;
    }
    if (hand_on(https, fetched->etag, fetched->body, fetched->length))
        return;
    https->held.waits = true;
    https->held.length = fetched->length;
    memcpy(https->held.body, fetched->body, fetched->length);
    snprintf(https->held.etag, sizeof(https->held.etag), "%s", fetched->etag);
}

/* What keeps one document away before it comes, such as a wrong certificate, mostly keeps them all. */
static void on_fetched(void *userdata, const struct ward_fetched *fetched)
{
    struct ward_https *https = userdata;

    if (fetched->wrong && !fetched->alone) {
        give_up(https, fetched->wrong);
        return;
    }
    if (fetched->wrong)
        complain(https, fetched->wrong);
    else
        take_answer(https, fetched);
    if (!https->held.waits)
        ask_next(https);
}

int ward_https_new(struct ward_https **ret, const struct ward_https_options *options)
{
    struct ward_https *https = calloc(1, sizeof(*https));
    int result;

    if (!https)
        return -ENOMEM;
    https->options = *options;
    https->backoff.base_us = BASE_US;
    result = ward_fetcher_new(&https->fetcher, options->event, options->files, on_fetched, https);
    if (result < 0) {
        free(https);
        return result;
    }
    sd_event_ref(options->event);
    *ret = https;
    return 0;
}

struct ward_https *ward_https_free(struct ward_https *https)
{
    if (!https)
        return NULL;
    ward_fetcher_free(https->fetcher);
    sd_event_source_disable_unref(https->timer);
    sd_event_unref(https->options.event);
    free(https);
    return NULL;
}

static bool is_name(const char *text, size_t length)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

    return length >= 1 && length < sizeof(((struct name *)NULL)->text) && strspn(text, allowed) >= length;
}

/* The earlier entry of the name, with its tag, or a new one. */
static struct name entry_of(const struct ward_https *https, const char *text, size_t length)
{
    struct name entry = {.text = ""};

    for (size_t i = 0; i < https->count; i++)
        if (strlen(https->names[i].text) == length && memcmp(https->names[i].text, text, length) == 0)
            return https->names[i];
    memcpy(entry.text, text, length);
    return entry;
}

void ward_https_names(struct ward_https *https, const char *names, size_t length)
{
    const uint64_t interval_us = https->options.interval_ms * 1000ULL;
    struct name list[WARD_HTTPS_NAMES] = {0};
    size_t count = 0;

    ward_fetcher_cancel(https->fetcher);
    https->held.waits = false;
    https->timer = sd_event_source_disable_unref(https->timer);
    for (const char *space; count < WARD_HTTPS_NAMES && (space = memchr(names, ' ', length));) {
        const size_t size = (size_t)(space - names);

        if (is_name(names, size))
            list[count++] = entry_of(https, names, size);
        names += size + 1;
        length -= size + 1;
    }
    memcpy(https->names, list, count * sizeof(list[0]));
    https->count = count;
    https->at = 0;
    ward_backoff_reset(&https->backoff);
    if (count > 0)
        wait_for_round(https, random_below(interval_us < FIRST_US ? interval_us : FIRST_US));
}

void ward_https_go_on(struct ward_https *https)
{
    if (!https->held.waits || !hand_on(https, https->held.etag, https->held.body, https->held.length))
        return;
    https->held.waits = false;
    ask_next(https);
}
