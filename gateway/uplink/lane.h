/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One connection to the broker for as long as it is wanted: when it ends, it is made again after a back-off
 * with full jitter of 250 ms to 30 s, or to 2 s while an alarm waits. The back-off begins anew once a connection has
 * lasted for its longest wait, and not before: a broker that takes a connection and ends it at once, such as one for
 * which two gateways have the same id, is not asked again and again without a pause.
 *
 * Its owner listens to the connection itself (mqtt.h) and passes on what a lane must know.
 */
#ifndef WARD_UPLINK_LANE_H
#define WARD_UPLINK_LANE_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "uplink/backoff.h"
#include "uplink/mqtt.h"

struct ward_lane {
    sd_event *event;
    struct ward_mqtt *mqtt;
    struct ward_backoff backoff;
    uint64_t opened_us;     /* the connection that stands; 0: none does */
    sd_event_source *retry; /* set while it waits for the next attempt */
    bool wanted;
    bool again;                       /* to be made again as soon as the earlier connection has ended */
    bool urgent;                      /* an alarm waits */
    bool tried;                       /* it has opened or failed since it was wanted */
    char why[WARD_LINK_TEXT_MAX + 1]; /* it ended or failed last; "" while there is nothing to say */
    enum ward_journal_matter matter;  /* of why */
};

/* Returns 0 or a negative errno. */
int ward_lane_init(struct ward_lane *lane, const struct ward_mqtt_options *options);
void ward_lane_done(struct ward_lane *lane);

void ward_lane_want(struct ward_lane *lane);
void ward_lane_unwant(struct ward_lane *lane, const char *why);

/* It is not as it should be: ends it, to make it again. */
void ward_lane_break(struct ward_lane *lane, const char *why);

/* It is as it should be, and is made again without a wait. One that is not open is about to be made anyway. */
void ward_lane_renew(struct ward_lane *lane, const char *why);

/* Cuts a longer wait short when it becomes true. */
void ward_lane_set_urgent(struct ward_lane *lane, bool urgent);

/* To be called from the connection's opened() and closed(). */
void ward_lane_opened(struct ward_lane *lane);
void ward_lane_closed(struct ward_lane *lane, enum ward_journal_matter matter, const char *why);

bool ward_lane_is_open(const struct ward_lane *lane);

#endif
