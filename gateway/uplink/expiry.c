/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The timer is not of the wall clock, which may be set while it runs: it comes at the next moment at which something
 * changes, and in an hour at the latest, and whoever is called then looks at the clock and at the file anew.
 */
#include "uplink/expiry.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "uplink/certificate.h"
#include "uplink/log.h"
#include "uplink/renewal.h"
#include "uplink/system.h"

#define SECOND_US UINT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)
#define DAY_US    (24 * HOUR_US)

static void say(struct ward_expiry *expiry, enum ward_journal_matter matter, int64_t until_ms)
{
    const time_t until = (time_t)(until_ms / 1000);
    const bool ended = matter == WARD_JOURNAL_CERTIFICATE_ENDED;
    const uint64_t now_us = ward_system_now_us();
    char day[32] = "";
    struct tm tm;

    if (matter == expiry->said && now_us - expiry->said_us < DAY_US)
        return;
    expiry->said = matter;
    expiry->said_us = now_us;
    if (matter == WARD_JOURNAL_NO_MATTER)
        return;
    if (gmtime_r(&until, &tm))
        (void)strftime(day, sizeof(day), "%Y-%m-%d %H:%M UTC", &tm);
    ward_log(ended ? LOG_ERR : LOG_WARNING, matter, "this gateway's certificate %s on %s%s",
             ended ? "ended" : "ends", day,
             expiry->identity->renewed ? ", and could not be renewed so far" : "");
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *userdata);

static void look(struct ward_expiry *expiry)
{
    const int64_t now_ms = (int64_t)time(NULL) * 1000;
    enum ward_journal_matter matter = WARD_JOURNAL_NO_MATTER;
    int64_t from_ms, until_ms = 0, tell_ms, next_ms = INT64_MAX;
    uint64_t wait_us = HOUR_US;

    if (expiry->identity->present &&
        ward_certificate_validity(expiry->identity->certificate, &from_ms, &until_ms)) {
        tell_ms = ward_renewal_tell_ms(from_ms, until_ms, expiry->identity->renewed);
        if (now_ms >= until_ms)
            matter = WARD_JOURNAL_CERTIFICATE_ENDED;
        else if (now_ms >= tell_ms)
            matter = WARD_JOURNAL_CERTIFICATE_ENDS;
        next_ms = now_ms < tell_ms ? tell_ms : now_ms < until_ms ? until_ms : INT64_MAX;
    }
    say(expiry, matter, until_ms);
    if (next_ms - now_ms < (int64_t)(HOUR_US / 1000))
        wait_us = (uint64_t)(next_ms - now_ms) * 1000;
    expiry->timer = sd_event_source_disable_unref(expiry->timer);
    if (sd_event_add_time_relative(expiry->event, &expiry->timer, CLOCK_BOOTTIME, wait_us, SECOND_US,
                                   on_timer, expiry) < 0)
        sd_event_exit(expiry->event, EXIT_FAILURE); /* nobody would be told: be started anew */
}

static int on_timer(sd_event_source *source, uint64_t time_us, void *userdata)
{
    (void)source;
    (void)time_us;
    look(userdata);
    return 0;
}

void ward_expiry_watch(struct ward_expiry *expiry, sd_event *event, const struct ward_identity *identity)
{
    *expiry = (struct ward_expiry){.event = event, .identity = identity, .timer = expiry->timer};
    look(expiry);
}

void ward_expiry_done(struct ward_expiry *expiry)
{
    expiry->timer = sd_event_source_disable_unref(expiry->timer);
}
