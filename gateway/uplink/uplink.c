/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three connections and what ties them:
 *
 *   spool   to the core. Always wanted; everything else only while it stands and the core has left its will.
 *   up      to the broker; publishes. Wanted while the spool stands.
 *   down    to the broker; subscribes. Wanted at the same time: Paho takes a second for each connection, and
 *   an alarm
 *           may wait.
 *
 * The link is up while up is open and down has opened, or failed, or taken too long: a receipt sent before
 * down is open would be lost, but a down connection that cannot be had does not hold alarms back. The text
 * then says that no receipts can come, and the core, which gets none, says that the hub does not confirm.
 *
 *   up lost       the link is down, credit is void; up comes back after a back-off
 *   spool lost    the core is gone: both are closed so that the broker publishes the will
 *   core silent   the silent testament is published. When the core speaks again it does not know what was
 *   said in its
 *                 name: the link goes down and up, and the core tells its state anew
 *   no answer     a message stays unanswered for too long: the connection is half open, whatever TCP says; up
 *   is lost
 *   certificate   without one neither is wanted. After a renewal both are made again, once no alarm waits
 */
#include "uplink/uplink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "ward/link.h"

#include "uplink/enrolment.h"
#include "uplink/lane.h"
#include "uplink/plans.h"
#include "uplink/probe.h"
#include "uplink/spool_client.h"
#include "uplink/teller.h"
#include "uplink/testament.h"
#include "uplink/window.h"

#define SILENT_US     (WARD_LINK_SILENT_MS * 1000ULL)
#define SILENT_COOKIE WARD_WINDOW_SLOTS /* the one beside the window */
#define PATIENCE_US   2000000ULL
#define FILTERS       3

/* MQTT 5 §2.4: what we answer ourselves, in the broker's words. */
#define REASON_TOPIC_NAME_INVALID 0x90
#define REASON_PACKET_TOO_LARGE   0x95

struct ward_uplink {
    sd_event *event;
    struct ward_uplink_options options;
    char up_id[80], down_id[80];
    char filters[FILTERS][200];
    const char *filter_list[FILTERS];

    struct ward_spool_client *spool;
    struct ward_testament testaments[2];
    uint64_t heard_us; /* the last frame from the core */
    bool silent;
    sd_event_source *silence_timer;

    struct ward_lane up, down;
    struct ward_window window;
    sd_event_source *answer_timer;
    sd_event_source *patience; /* with a down connection that takes its time */
    struct ward_teller teller;
    struct ward_enrolment *enrolment;
    const struct ward_identity *identity;
    bool outdated;     /* the connections were made with another identity */
    bool provisioning; /* the core waits for the steps of it, */
    bool rotating;     /* or for the outcome of the task rotation */
    uint64_t rotation;
    struct ward_plans plans;
    struct ward_probe *probe;
    bool stopping;
};

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Without a timer nothing would ever happen again: end, and be started anew. */
static void set_timer(struct ward_uplink *uplink, sd_event_source **timer, uint64_t at_us,
                      sd_event_time_handler_t fire)
{
    *timer = sd_event_source_disable_unref(*timer);
    if (sd_event_add_time(uplink->event, timer, CLOCK_BOOTTIME, at_us, 0, fire, uplink) < 0)
        sd_event_exit(uplink->event, EXIT_FAILURE);
}

static void tell_link(struct ward_uplink *uplink)
{
    static const char one_way[] = "connected, but no receipts can come: ";
    const struct ward_lane *down = &uplink->down;
    char text[sizeof(one_way) + WARD_LINK_TEXT_MAX];
    bool open = ward_lane_is_open(&uplink->up);

    if (!uplink->options.host[0])
        snprintf(text, sizeof(text), "no hub is configured");
    else if (!uplink->identity->present)
        snprintf(text, sizeof(text), "not enrolled");
    else if (!open)
        snprintf(text, sizeof(text), "%s", uplink->up.why[0] ? uplink->up.why : "connecting");
    else if (!down->tried)
        snprintf(text, sizeof(text),
                 uplink->patience ? "connecting" : "connected, but no receipts can come yet");
    else
        snprintf(text, sizeof(text), "%s%s", down->why[0] ? one_way : "connected", down->why);
    text[WARD_LINK_TEXT_MAX] = 0;
    ward_teller_link(&uplink->teller, open && (down->tried || !uplink->patience), text);
}

/* ---- the broker's answers ---- */

static int on_answer_timer(sd_event_source *source, uint64_t time_us, void *userdata);

static void watch_answers(struct ward_uplink *uplink)
{
    uint64_t oldest_us = ward_window_oldest_us(&uplink->window);

    if (!uplink->answer_timer && oldest_us != UINT64_MAX)
        set_timer(uplink, &uplink->answer_timer, oldest_us + uplink->options.answer_timeout_ms * 1000ULL,
                  on_answer_timer);
}

/* The timer is set for what was the oldest then; what is the oldest now decides. */
static int on_answer_timer(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_uplink *uplink = userdata;
    uint64_t oldest_us = ward_window_oldest_us(&uplink->window);

    (void)source;
    uplink->answer_timer = sd_event_source_disable_unref(uplink->answer_timer);
    if (oldest_us != UINT64_MAX && oldest_us + uplink->options.answer_timeout_ms * 1000ULL <= time_us) {
        ward_lane_break(&uplink->up, "MQTT: the broker does not answer");
        tell_link(uplink);
    } else
        watch_answers(uplink);
    return 0;
}

static void up_answered(void *userdata, int cookie, uint8_t reason)
{
    struct ward_uplink *uplink = userdata;
    uint64_t id;

    if (cookie == SILENT_COOKIE)
        return;
    if (ward_window_answer(&uplink->window, cookie, now_us(), &id))
        ward_teller_result(&uplink->teller, id, reason);
    ward_teller_credit(&uplink->teller);
}

/* ---- the connections to the broker ---- */

static void publish_silent(struct ward_uplink *uplink)
{
    const struct ward_testament *testament = &uplink->testaments[WARD_TESTAMENT_SILENT];

    if (testament->octets && ward_mqtt_publish(uplink->up.mqtt, &testament->frame, SILENT_COOKIE) < 0)
        fprintf(stderr, SD_WARNING "the core is silent, and the broker could not be told\n");
}

static void stop_when_closed(struct ward_uplink *uplink)
{
    if (uplink->stopping && !ward_mqtt_is_at_work(uplink->up.mqtt) &&
        !ward_mqtt_is_at_work(uplink->down.mqtt))
        sd_event_exit(uplink->event, EXIT_SUCCESS);
}

static const struct ward_link_frame *up_will(void *userdata)
{
    return &((struct ward_uplink *)userdata)->testaments[WARD_TESTAMENT_WILL].frame;
}

static int on_patience(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_uplink *uplink = userdata;

    (void)source;
    (void)time_us;
    uplink->patience = sd_event_source_disable_unref(uplink->patience);
    tell_link(uplink);
    return 0;
}

static void up_opened(void *userdata, uint32_t receive_maximum)
{
    struct ward_uplink *uplink = userdata;

    ward_lane_opened(&uplink->up);
    ward_window_open(&uplink->window, receive_maximum);
    if (uplink->silent)
        publish_silent(uplink);
    set_timer(uplink, &uplink->patience, now_us() + PATIENCE_US, on_patience);
    tell_link(uplink);
}

static void up_closed(void *userdata, const char *why)
{
    struct ward_uplink *uplink = userdata;

    ward_lane_closed(&uplink->up, why);
    uplink->patience = sd_event_source_disable_unref(uplink->patience);
    tell_link(uplink);
    ward_window_close(&uplink->window);
    stop_when_closed(uplink);
}

static void down_opened(void *userdata, uint32_t receive_maximum)
{
    struct ward_uplink *uplink = userdata;

    (void)receive_maximum; /* it publishes nothing */
    ward_lane_opened(&uplink->down);
    tell_link(uplink);
}

static void down_closed(void *userdata, const char *why)
{
    struct ward_uplink *uplink = userdata;

    ward_lane_closed(&uplink->down, why);
    tell_link(uplink);
    stop_when_closed(uplink);
}

static void down_arrived(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    ward_teller_down(&uplink->teller, uplink->down.mqtt);
}

static const struct ward_mqtt_listener up_listener = {
    .will = up_will, .opened = up_opened, .closed = up_closed, .answered = up_answered};
static const struct ward_mqtt_listener down_listener = {
    .opened = down_opened, .closed = down_closed, .arrived = down_arrived};

/* ---- the core ---- */

static int on_silence(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_uplink *uplink = userdata;

    (void)source;
    uplink->silence_timer = sd_event_source_disable_unref(uplink->silence_timer);
    if (time_us < uplink->heard_us + SILENT_US) {
        set_timer(uplink, &uplink->silence_timer, uplink->heard_us + SILENT_US, on_silence);
        return 0;
    }
    uplink->silent = true;
    fprintf(stderr, SD_ERR "the core is silent\n");
    if (ward_lane_is_open(&uplink->up))
        publish_silent(uplink);
    return 0;
}

static void hear(struct ward_uplink *uplink)
{
    bool was_silent = uplink->silent;

    uplink->heard_us = now_us();
    uplink->silent = false;
    if (!uplink->silence_timer)
        set_timer(uplink, &uplink->silence_timer, uplink->heard_us + SILENT_US, on_silence);
    if (was_silent && uplink->teller.up) {
        ward_teller_link(&uplink->teller, false, "the core was silent");
        tell_link(uplink);
    }
}

static void take_publish(struct ward_uplink *uplink, const struct ward_link_frame *frame, size_t length)
{
    int slot, result;

    if (!uplink->teller.up || frame->publish.round != uplink->teller.round)
        return; /* sent on credit that is void: the core has given it up */
    slot = ward_window_take(&uplink->window, frame->publish.id, (uint32_t)length, now_us());
    if (slot < 0) {
        ward_teller_result(&uplink->teller, frame->publish.id, WARD_LINK_RESULT_GIVEN_UP);
        return;
    }
    result = ward_mqtt_publish(uplink->up.mqtt, frame, slot);
    if (result == 0) {
        watch_answers(uplink);
        return;
    }
    ward_window_return(&uplink->window, slot);
    ward_teller_result(&uplink->teller, frame->publish.id,
                       result == -EMSGSIZE ? REASON_PACKET_TOO_LARGE
                       : result == -EINVAL ? REASON_TOPIC_NAME_INVALID
                                           : WARD_LINK_RESULT_GIVEN_UP);
    ward_teller_credit(&uplink->teller);
}

/* Both connections, as soon as there is somebody to speak to, something to prove who we are with, and the will. */
static void want_lanes(struct ward_uplink *uplink)
{
    if (uplink->stopping || !uplink->options.host[0] || !uplink->identity->present ||
        !uplink->testaments[WARD_TESTAMENT_WILL].octets)
        return;
    ward_lane_want(&uplink->up);
    ward_lane_want(&uplink->down);
}

static void take_testament(struct ward_uplink *uplink, const struct ward_link_frame *frame, size_t length)
{
    if (ward_testament_keep(&uplink->testaments[frame->publish.testament], frame, length) < 0)
        fprintf(stderr, SD_ERR "no memory for a testament\n");
    else
        want_lanes(uplink);
}

/* Who the broker takes us for is settled when a connection is made. */
static void renew_lanes(struct ward_uplink *uplink)
{
    static const char why[] = "the certificate is another one now";

    if (!uplink->outdated || uplink->up.urgent)
        return;
    uplink->outdated = false;
    ward_lane_break(&uplink->down, why);
    ward_lane_break(&uplink->up, why);
    tell_link(uplink);
}

static void take_urgent(struct ward_uplink *uplink, bool urgent)
{
    ward_lane_set_urgent(&uplink->up, urgent);
    ward_lane_set_urgent(&uplink->down, urgent);
    renew_lanes(uplink);
    tell_link(uplink); /* comes every few seconds: a certificate may have been replaced */
}

/* ---- who we are ---- */

static void identity_changed(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    if (!uplink->identity->present) {
        ward_lane_unwant(&uplink->down, "not enrolled");
        ward_lane_unwant(&uplink->up, "not enrolled");
    }
    uplink->outdated = uplink->identity->present &&
                       (ward_mqtt_is_at_work(uplink->up.mqtt) || ward_mqtt_is_at_work(uplink->down.mqtt));
    want_lanes(uplink);
    renew_lanes(uplink);
    tell_link(uplink);
}

static void tell_step(struct ward_uplink *uplink, enum ward_provision_outcome outcome, const char *step,
                      uint32_t ms, const char *text)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROVISIONED};

    frame.provisioned.outcome = (uint8_t)outcome;
    frame.provisioned.ms = ms;
    frame.provisioned.step = step;
    frame.provisioned.step_length = (uint16_t)strlen(step);
    frame.provisioned.text = text;
    frame.provisioned.text_length = (uint16_t)strlen(text);
    ward_spool_client_send(uplink->spool, &frame);
}

/* Nobody may have asked: certificates are renewed in time by themselves. */
static void provisioning_told(void *userdata, enum ward_provision_outcome outcome, const char *step,
                              uint32_t ms, const char *text)
{
    struct ward_uplink *uplink = userdata;
    const bool last = outcome != WARD_PROVISION_STEP;

    if (uplink->provisioning) {
        uplink->provisioning = !last;
        tell_step(uplink, outcome, step, ms, text);
    }
    if (uplink->rotating && last) {
        uplink->rotating = false;
        ward_teller_outcome(&uplink->teller, uplink->rotation, outcome == WARD_PROVISION_DONE, text);
    }
}

static void take_provision(struct ward_uplink *uplink, const struct ward_link_frame *frame)
{
    const char *wrong;

    uplink->provisioning = true;
    wrong = ward_enrolment_provision(uplink->enrolment, (enum ward_provision)frame->provision.action,
                                     frame->provision.code, frame->provision.code_length);
    if (!wrong)
        return;
    uplink->provisioning = false;
    tell_step(uplink, WARD_PROVISION_FAILED, "begin", 0, wrong);
}

static void rotate(struct ward_uplink *uplink, uint64_t id)
{
    const char *wrong = ward_enrolment_provision(uplink->enrolment, WARD_PROVISION_RENEW, NULL, 0);

    if (wrong) {
        ward_teller_outcome(&uplink->teller, id, false, wrong);
        return;
    }
    uplink->rotating = true;
    uplink->rotation = id;
}

static void take_task(struct ward_uplink *uplink, const struct ward_link_frame *frame)
{
    switch ((enum ward_link_task)frame->task.task) {
    case WARD_LINK_TASK_RESTART:
        fprintf(stderr, SD_NOTICE "ending, to be started anew, as ordered\n");
        ward_uplink_stop(uplink);
        return;
    case WARD_LINK_TASK_ROTATE: rotate(uplink, frame->task.id); return;
    }
}

static void spool_joined(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    uplink->silent = false;
    ward_teller_reset(&uplink->teller);
    hear(uplink);
    tell_link(uplink);
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
        take_provision(uplink, frame);
}

static void spool_writable(void *userdata)
{
    struct ward_uplink *uplink = userdata;

    down_arrived(uplink);
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

static const struct ward_spool_client_listener spool_listener = {
    .joined = spool_joined, .frame = spool_frame, .writable = spool_writable, .ended = spool_ended};

/* ---- from outside ---- */

static int start_enrolment(struct ward_uplink *uplink)
{
    const struct ward_enrolment_options options = {.event = uplink->event,
                                                   .directory = uplink->options.enrolled,
                                                   .gateway = uplink->options.gateway,
                                                   .files = uplink->options.files,
                                                   .told = provisioning_told,
                                                   .changed = identity_changed,
                                                   .userdata = uplink};
    const int result = ward_enrolment_new(&uplink->enrolment, &options);

    if (result == 0)
        uplink->identity = ward_enrolment_identity(uplink->enrolment);
    return result;
}

static int start(struct ward_uplink *uplink)
{
    static const char *const names[FILTERS] = {"receipt", "command", "care-plan/+"};
    const struct ward_uplink_options *options = &uplink->options;
    struct ward_mqtt_options mqtt = {.event = uplink->event,
                                     .host = options->host,
                                     .port = options->port,
                                     .client_id = uplink->up_id,
                                     .keepalive_s = options->keepalive_s,
                                     .listener = &up_listener,
                                     .userdata = uplink};
    int result;

    snprintf(uplink->up_id, sizeof(uplink->up_id), "%s-up", options->gateway);
    snprintf(uplink->down_id, sizeof(uplink->down_id), "%s-down", options->gateway);
    for (size_t i = 0; i < FILTERS; i++) {
        snprintf(uplink->filters[i], sizeof(uplink->filters[i]), "ward/v1/%s/%s/down/%s", options->site,
                 options->gateway, names[i]);
        uplink->filter_list[i] = uplink->filters[i];
    }
    result = start_enrolment(uplink);
    if (result < 0)
        return result;
    mqtt.files = (struct ward_tls_files){.ca = uplink->identity->authority,
                                         .crl = options->files.crl,
                                         .certificate = uplink->identity->certificate,
                                         .key = uplink->identity->key};
    result = ward_spool_client_new(&uplink->spool, uplink->event, options->spool, &spool_listener, uplink);
    if (result < 0)
        return result;
    uplink->teller = (struct ward_teller){
        .spool = uplink->spool, .window = &uplink->window, .certificate = uplink->identity->certificate};
    result = ward_lane_init(&uplink->up, &mqtt);
    if (result < 0)
        return result;
    mqtt.client_id = uplink->down_id;
    mqtt.filters = uplink->filter_list;
    mqtt.filter_count = FILTERS;
    mqtt.listener = &down_listener;
    result = ward_lane_init(&uplink->down, &mqtt);
    mqtt.filter_count = 0;
    if (result >= 0)
        result = ward_probe_new(&uplink->probe, uplink->spool, &mqtt, options->gateway);
    return result < 0
               ? result
               : ward_plans_start(&uplink->plans, uplink->event, options, &mqtt.files, &uplink->teller);
}

int ward_uplink_new(struct ward_uplink **ret, sd_event *event, const struct ward_uplink_options *options)
{
    struct ward_uplink *uplink = calloc(1, sizeof(*uplink));
    int result;

    if (!uplink)
        return -ENOMEM;
    uplink->event = sd_event_ref(event);
    uplink->options = *options;
    result = start(uplink);
    if (result < 0) {
        ward_uplink_free(uplink);
        return result;
    }
    *ret = uplink;
    return 0;
}

struct ward_uplink *ward_uplink_free(struct ward_uplink *uplink)
{
    if (!uplink)
        return NULL;
    ward_probe_free(uplink->probe);
    ward_plans_done(&uplink->plans);
    ward_lane_done(&uplink->down);
    ward_lane_done(&uplink->up);
    ward_spool_client_free(uplink->spool);
    ward_enrolment_free(uplink->enrolment);
    sd_event_source_disable_unref(uplink->silence_timer);
    sd_event_source_disable_unref(uplink->answer_timer);
    sd_event_source_disable_unref(uplink->patience);
    ward_testament_forget(&uplink->testaments[WARD_TESTAMENT_WILL]);
    ward_testament_forget(&uplink->testaments[WARD_TESTAMENT_SILENT]);
    sd_event_unref(uplink->event);
    free(uplink);
    return NULL;
}

void ward_uplink_stop(struct ward_uplink *uplink)
{
    uplink->stopping = true;
    ward_lane_unwant(&uplink->down, "the uplink stops");
    ward_lane_unwant(&uplink->up, "the uplink stops");
    stop_when_closed(uplink);
}
