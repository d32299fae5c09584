/* SPDX-License-Identifier: Apache-2.0 */
/* The core: what it sends over the spool, and what is said in its name when it sends nothing. */
#include <errno.h>
#include <malloc.h>

#include "ward/link.h"

#include "uplink/log.h"
#include "uplink/system.h"
#include "uplink/uplink_private.h"

#define SILENT_US (WARD_LINK_SILENT_MS * 1000ULL)

/* MQTT 5 §2.4: what we answer ourselves, in the broker's words. */
#define REASON_TOPIC_NAME_INVALID 0x90
#define REASON_PACKET_TOO_LARGE   0x95

/* ---- its silence ---- */

void ward_uplink_publish_silent(struct ward_uplink *uplink)
{
    const struct ward_testament *testament = &uplink->testaments[WARD_TESTAMENT_SILENT];

    if (testament->octets &&
        ward_mqtt_publish(uplink->up.mqtt, &testament->frame, WARD_UPLINK_SILENT_COOKIE) < 0)
        ward_log(LOG_WARNING, WARD_JOURNAL_NO_MATTER, "the core is silent, and the broker could not be told");
}

static int on_silence(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_uplink *uplink = userdata;

    (void)source;
    (void)time_us;
    uplink->silence_timer = sd_event_source_disable_unref(uplink->silence_timer);
    uplink->silent = true;
    ward_log(LOG_ERR, WARD_JOURNAL_CORE_NOT_HEARD, "the core is silent");
    if (ward_lane_is_open(&uplink->up))
        ward_uplink_publish_silent(uplink);
    return 0;
}

static void hear(struct ward_uplink *uplink)
{
    bool was_silent = uplink->silent;

    uplink->heard_us = ward_system_now_us();
    uplink->silent = false;
    /* Put off rather than looked after: as long as the core is heard nobody is woken by it. */
    if (!uplink->silence_timer)
        ward_uplink_set_timer(uplink, &uplink->silence_timer, uplink->heard_us + SILENT_US, on_silence);
    else
        (void)sd_event_source_set_time(uplink->silence_timer, uplink->heard_us + SILENT_US);
    if (was_silent && uplink->teller.up) {
        ward_teller_link(&uplink->teller, false, WARD_JOURNAL_NO_MATTER, "the core was silent");
        ward_uplink_tell_link(uplink);
    }
}

/* ---- what it sends ---- */

static void take_publish(struct ward_uplink *uplink, const struct ward_link_frame *frame, size_t length)
{
    int slot, result;

    if (!uplink->teller.up || frame->publish.round != uplink->teller.round)
        return; /* sent on credit that is void: the core has given it up */
    slot = ward_window_take(&uplink->window, frame->publish.id, (uint32_t)length, ward_system_now_us());
    if (slot < 0) {
        ward_teller_result(&uplink->teller, frame->publish.id, WARD_LINK_RESULT_GIVEN_UP);
        return;
    }
    result = ward_mqtt_publish(uplink->up.mqtt, frame, slot);
    uplink->carried += length;
    if (result == 0) {
        ward_uplink_watch_answers(uplink);
        return;
    }
    ward_window_return(&uplink->window, slot);
    ward_teller_result(&uplink->teller, frame->publish.id,
                       result == -EMSGSIZE ? REASON_PACKET_TOO_LARGE
                       : result == -EINVAL ? REASON_TOPIC_NAME_INVALID
                                           : WARD_LINK_RESULT_GIVEN_UP);
    ward_teller_credit(&uplink->teller);
}

static void take_testament(struct ward_uplink *uplink, const struct ward_link_frame *frame, size_t length)
{
    if (ward_testament_keep(&uplink->testaments[frame->publish.testament], frame, length) < 0)
        ward_log(LOG_ERR, WARD_JOURNAL_NO_MATTER, "no memory for a testament");
    else
        ward_uplink_want_lanes(uplink);
}

/* What messages took stays at hand while more of them come (main.c). */
static void give_memory_back(struct ward_uplink *uplink)
{
    if (uplink->carried < WARD_LINK_FRAME_MAX || uplink->window.in_flight_frames > 0)
        return;
    uplink->carried = 0;
    malloc_trim(0);
}

static void take_urgent(struct ward_uplink *uplink, bool urgent)
{
    ward_lane_set_urgent(&uplink->up, urgent);
    ward_lane_set_urgent(&uplink->down, urgent);
    ward_uplink_renew_lanes(uplink);
    ward_uplink_tell_link(uplink); /* comes every few seconds: a certificate may have been replaced */
    give_memory_back(uplink);
}

static void take_task(struct ward_uplink *uplink, const struct ward_link_frame *frame)
{
    switch ((enum ward_link_task)frame->task.task) {
    case WARD_LINK_TASK_RESTART:
        ward_log(LOG_NOTICE, WARD_JOURNAL_NO_MATTER, "ending, to be started anew, as ordered");
        ward_uplink_stop(uplink);
        return;
    case WARD_LINK_TASK_ROTATE: ward_uplink_rotate(uplink, frame->task.id); return;
    case WARD_LINK_TASK_LISTEN:
        ward_lane_renew(&uplink->down, "the core asks for what the broker keeps");
        ward_uplink_tell_link(uplink);
        return;
    }
}

/* ---- the spool ---- */

static void spool_joined(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    uplink->silent = false;
    ward_teller_reset(&uplink->teller);
    hear(uplink);
    ward_uplink_tell_link(uplink);
}

static void spool_frame(void *userdata, const struct ward_link_frame *frame, size_t length)
{
    struct ward_uplink *uplink = userdata;

    hear(uplink);
    if (frame->type == WARD_LINK_PROBE)
        ward_probe_begin(uplink->probe, frame->probe.number);
    else if (frame->type == WARD_LINK_NAMES)
        ward_plans_names(&uplink->plans, frame->names.text, frame->names.length);
    else if (frame->type == WARD_LINK_PUBLISH)
        take_publish(uplink, frame, length);
    else if (frame->type == WARD_LINK_TESTAMENT)
        take_testament(uplink, frame, length);
    else if (frame->type == WARD_LINK_URGENT)
        take_urgent(uplink, frame->urgent.urgent);
    else if (frame->type == WARD_LINK_TASK)
        take_task(uplink, frame);
    else if (frame->type == WARD_LINK_PROVISION)
        ward_uplink_provision(uplink, frame);
}

static void spool_writable(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    ward_teller_down(&uplink->teller, uplink->down.mqtt);
    ward_plans_go_on(&uplink->plans);
}

static void spool_ended(void *userdata, const char *why)
{
    struct ward_uplink *uplink = userdata;

    uplink->silence_timer = sd_event_source_disable_unref(uplink->silence_timer);
    uplink->silent = false;
    ward_teller_reset(&uplink->teller);
    uplink->provisioning = uplink->rotating = false; /* whoever asked is gone */
    ward_plans_names(&uplink->plans, "", 0);
    ward_lane_unwant(&uplink->down, why);
    ward_lane_unwant(&uplink->up, why);
    ward_testament_forget(&uplink->testaments[WARD_TESTAMENT_WILL]);
    ward_testament_forget(&uplink->testaments[WARD_TESTAMENT_SILENT]);
}

const struct ward_spool_client_listener ward_uplink_spool_listener = {
    .joined = spool_joined, .frame = spool_frame, .writable = spool_writable, .ended = spool_ended};
