/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "uplink/system.h"

#define BASE_US       250000ULL
#define CAP_US        30000000ULL
#define URGENT_CAP_US 2000000ULL

static void explain(struct ward_lane *lane, enum ward_journal_matter matter, const char *why)
{
    lane->matter = matter;
    snprintf(lane->why, sizeof(lane->why), "%s", why);
}

static int on_retry(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_lane *lane = userdata;

    (void)source;
    (void)time_us;
    lane->retry = sd_event_source_disable_unref(lane->retry);
    ward_mqtt_open(lane->mqtt);
    return 0;
}

static void retry_later(struct ward_lane *lane)
{
    uint64_t wait_us =
        ward_backoff_next(&lane->backoff, lane->urgent ? URGENT_CAP_US : CAP_US, ward_system_random());

    lane->retry = sd_event_source_disable_unref(lane->retry);
    if (sd_event_add_time_relative(lane->event, &lane->retry, CLOCK_BOOTTIME, wait_us, 0, on_retry, lane) < 0)
        sd_event_exit(lane->event, EXIT_FAILURE); /* without a timer there is no way back: be started anew */
}

int ward_lane_init(struct ward_lane *lane, const struct ward_mqtt_options *options)
{
    *lane = (struct ward_lane){.event = options->event, .backoff.base_us = BASE_US};
    return ward_mqtt_new(&lane->mqtt, options);
}

void ward_lane_done(struct ward_lane *lane)
{
    lane->retry = sd_event_source_disable_unref(lane->retry);
    lane->mqtt = ward_mqtt_free(lane->mqtt);
}

void ward_lane_want(struct ward_lane *lane)
{
    if (lane->wanted)
        return;
    lane->wanted = true;
    lane->tried = false;
    explain(lane, WARD_JOURNAL_NO_MATTER, "");
    ward_backoff_reset(&lane->backoff);
    if (ward_mqtt_is_at_work(lane->mqtt))
        lane->again = true;
    else
        ward_mqtt_open(lane->mqtt);
}

void ward_lane_unwant(struct ward_lane *lane, const char *why)
{
    lane->wanted = lane->again = false;
    lane->retry = sd_event_source_disable_unref(lane->retry);
    ward_mqtt_close(lane->mqtt, why);
}

void ward_lane_break(struct ward_lane *lane, const char *why)
{
    explain(lane, WARD_JOURNAL_NO_MATTER, why);
    ward_mqtt_close(lane->mqtt, why);
}

void ward_lane_renew(struct ward_lane *lane, const char *why)
{
    if (!ward_lane_is_open(lane))
        return;
    lane->again = true;
    ward_lane_break(lane, why);
}

void ward_lane_set_urgent(struct ward_lane *lane, bool urgent)
{
    uint64_t due_us, now_us;

    lane->urgent = urgent;
    if (!urgent || !lane->retry)
        return;
    if (sd_event_source_get_time(lane->retry, &due_us) >= 0 &&
        sd_event_now(lane->event, CLOCK_BOOTTIME, &now_us) >= 0 && due_us > now_us + URGENT_CAP_US)
        retry_later(lane);
}

void ward_lane_opened(struct ward_lane *lane)
{
    lane->opened_us = ward_system_now_us();
    lane->tried = true;
    explain(lane, WARD_JOURNAL_NO_MATTER, "");
}

/* What ended within the longest wait was no success. */
static void note_how_long_it_lasted(struct ward_lane *lane)
{
    if (lane->opened_us > 0 && ward_system_now_us() - lane->opened_us >= CAP_US)
        ward_backoff_reset(&lane->backoff);
    lane->opened_us = 0;
}

void ward_lane_closed(struct ward_lane *lane, enum ward_journal_matter matter, const char *why)
{
    note_how_long_it_lasted(lane);
    if (!lane->wanted)
        return;
    if (lane->again) {
        lane->again = false;
        ward_mqtt_open(lane->mqtt);
        return;
    }
    lane->tried = true;
    explain(lane, matter, why);
    retry_later(lane);
}

bool ward_lane_is_open(const struct ward_lane *lane)
{
    return lane->wanted && ward_mqtt_is_open(lane->mqtt);
}
