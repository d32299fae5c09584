/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the uplink share; for uplink*.c alone. */
#ifndef WARD_UPLINK_UPLINK_PRIVATE_H
#define WARD_UPLINK_UPLINK_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "uplink/enrolment.h"
#include "uplink/expiry.h"
#include "uplink/lane.h"
#include "uplink/plans.h"
#include "uplink/probe.h"
#include "uplink/spool_client.h"
#include "uplink/teller.h"
#include "uplink/testament.h"
#include "uplink/uplink.h"
#include "uplink/window.h"

#define WARD_UPLINK_FILTERS       3
#define WARD_UPLINK_SILENT_COOKIE WARD_WINDOW_SLOTS /* the one beside the window */

struct ward_uplink {
    sd_event *event;
    struct ward_uplink_options options;
    char up_id[80], down_id[80];
    char filters[WARD_UPLINK_FILTERS][200];
    const char *filter_list[WARD_UPLINK_FILTERS];

    struct ward_spool_client *spool;
    struct ward_testament testaments[2];
    uint64_t heard_us; /* the last frame from the core */
    bool silent;
    sd_event_source *silence_timer;

    struct ward_lane up, down;
    struct ward_window window;
    size_t carried; /* octets for the broker since memory was given back last */
    size_t left;    /* octets that had no answer when their connection ended */
    sd_event_source *answer_timer;
    sd_event_source *patience; /* with a down connection that takes its time */
    struct ward_teller teller;
    struct ward_enrolment *enrolment;
    const struct ward_identity *identity;
    struct ward_expiry expiry;
    bool outdated;     /* the connections were made with another identity, */
    bool up_outdated;  /* and so was the attempt or connection of up */
    bool provisioning; /* the core waits for the steps of it, */
    bool rotating;     /* or for the outcome of the task rotation */
    uint64_t rotation;
    struct ward_plans plans;
    struct ward_probe *probe;
    bool stopping;
};

/* uplink.c */
/* Without a timer nothing would ever happen again: when there is none the process ends, and is started anew. */
void ward_uplink_set_timer(struct ward_uplink *uplink, sd_event_source **timer, uint64_t at_us,
                           sd_event_time_handler_t fire);
void ward_uplink_tell_link(struct ward_uplink *uplink);
/* A message went to the broker. */
void ward_uplink_watch_answers(struct ward_uplink *uplink);
/* Both connections, as soon as there is somebody to speak to, something to prove who we are with, and the will. */
void ward_uplink_want_lanes(struct ward_uplink *uplink);
/* Who the broker takes us for is settled when a connection is made: anew after a renewal, once no alarm waits. */
void ward_uplink_renew_lanes(struct ward_uplink *uplink);

/* uplink_core.c */
extern const struct ward_spool_client_listener ward_uplink_spool_listener;
/* Says in the core's name that it is silent; while up is open. */
void ward_uplink_publish_silent(struct ward_uplink *uplink);

/* uplink_identity.c */
int ward_uplink_start_enrolment(struct ward_uplink *uplink);
void ward_uplink_provision(struct ward_uplink *uplink, const struct ward_link_frame *frame);
void ward_uplink_rotate(struct ward_uplink *uplink, uint64_t id);

#endif
