/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTPS GET at a time, beside the event loop (exchange_process.h): the server must prove who it is, and gets our
 * certificate and no second chance; an answer that is too large, too slow or never ends is given up.
 */
#ifndef WARD_UPLINK_FETCHER_H
#define WARD_UPLINK_FETCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "ward/link.h"

#include "uplink/tls.h"

#define WARD_FETCH_ETAG_MAX 127
#define WARD_FETCH_OCTETS   WARD_LINK_PAYLOAD_MAX /* what the spool takes */
/* How long everything may take, and how long an answer may be slow. */
#define WARD_FETCH_TOTAL_MS 60000
#define WARD_FETCH_SLOW_S   5

struct ward_fetcher;

struct ward_fetched {
    const char *wrong;   /* what failed, for people, or NULL: the server answered, whatever */
    bool alone;          /* what is wrong is this document; the next one may be had at once */
    uint32_t status;     /* of HTTP, if it did */
    const uint8_t *body; /* whole; borrowed for the call */
    size_t length;
    const char *etag; /* as it came, with its quotes; "": none, or one longer than WARD_FETCH_ETAG_MAX */
};

typedef void ward_fetcher_done(void *userdata, const struct ward_fetched *fetched);

/* files and what they name are borrowed. Returns 0 or a negative errno. */
int ward_fetcher_new(struct ward_fetcher **ret, sd_event *event, const struct ward_tls_files *files,
                     ward_fetcher_done *done, void *userdata);

/* Gives up what goes on, without a word, and waits until that has ended, a second at most. Takes NULL; returns NULL. */
struct ward_fetcher *ward_fetcher_free(struct ward_fetcher *fetcher);

/*
 * Begins to get an https URL, unless it is still what etag says ("": in any case); done is called once, from the loop.
 * Only while nothing else goes on. Returns 0 or a negative errno.
 */
int ward_fetcher_get(struct ward_fetcher *fetcher, const char *url, const char *etag);

/* Gives up what goes on; done is not called. */
void ward_fetcher_cancel(struct ward_fetcher *fetcher);

#endif
