/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Three connections and what ties them:
 *
 *   spool   to the core (uplink_core.c). Always wanted; everything else only while it stands and the core has left its will.
 *   up      to the broker; publishes. Wanted while the spool stands.
 *   down    to the broker; subscribes. Wanted at the same time: Paho takes a second for each connection, and an alarm may
 *           wait.
 *
 * The link is up while up is open and down has opened, or failed, or taken too long: a receipt sent before down is open
 * would be lost, but a down connection that cannot be had does not hold alarms back. The text then says that no receipts
 * can come, and the core, which gets none, says that the hub does not confirm.
 *
 *   up lost       the link is down, credit is void; up comes back after a back-off
 *   spool lost    the core is gone: both are closed so that the broker publishes the will
 *   core silent   the silent testament is published. When the core speaks again it does not know what was said in its
 *                 name: the link goes down and up, and the core tells its state anew
 *   no answer     a message stays unanswered for too long: the connection is half open, whatever TCP says; up is lost
 *   certificate   without one neither is wanted (uplink_identity.c). After a renewal both are made again, once no alarm
 *                 waits
 */
#include "uplink/uplink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "uplink/log.h"
#include "uplink/system.h"
#include "uplink/uplink_private.h"

#define PATIENCE_US 2000000ULL
#define LEFT_MAX    524288 /* octets, half a MiB; a window that is full when the line dies has 384 KiB */

void ward_uplink_set_timer(struct ward_uplink *uplink, sd_event_source **timer, uint64_t at_us,
                           sd_event_time_handler_t fire)
{
    *timer = sd_event_source_disable_unref(*timer);
    if (sd_event_add_time(uplink->event, timer, CLOCK_BOOTTIME, at_us, 0, fire, uplink) < 0)
        sd_event_exit(uplink->event, EXIT_FAILURE);
}

void ward_uplink_tell_link(struct ward_uplink *uplink)
{
    static const char one_way[] = "connected, but no receipts can come: ";
    const struct ward_lane *down = &uplink->down;
    char text[sizeof(one_way) + WARD_LINK_TEXT_MAX];
    enum ward_journal_matter matter = WARD_JOURNAL_NO_MATTER;
    bool open = ward_lane_is_open(&uplink->up);

    if (!uplink->options.host[0]) {
        matter = WARD_JOURNAL_HUB_NOT_NAMED;
        snprintf(text, sizeof(text), "no hub is configured");
    } else if (!uplink->identity->present) {
        matter = WARD_JOURNAL_NOT_ENROLLED;
        snprintf(text, sizeof(text), "not enrolled");
    } else if (!open) {
        matter = uplink->up.matter;
        snprintf(text, sizeof(text), "%s", uplink->up.why[0] ? uplink->up.why : "connecting");
    } else if (!down->tried)
        snprintf(text, sizeof(text),
                 uplink->patience ? "connecting" : "connected, but no receipts can come yet");
    else {
        matter = down->matter;
        snprintf(text, sizeof(text), "%s%s", down->why[0] ? one_way : "connected", down->why);
    }
    text[WARD_LINK_TEXT_MAX] = 0;
    ward_teller_link(&uplink->teller, open && (down->tried || !uplink->patience), matter, text);
}

/* ---- the broker's answers ---- */

static int on_answer_timer(sd_event_source *source, uint64_t time_us, void *userdata);

void ward_uplink_watch_answers(struct ward_uplink *uplink)
{
    uint64_t oldest_us = ward_window_oldest_us(&uplink->window);

    if (!uplink->answer_timer && oldest_us != UINT64_MAX)
        ward_uplink_set_timer(uplink, &uplink->answer_timer,
                              oldest_us + uplink->options.answer_timeout_ms * 1000ULL, on_answer_timer);
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
        ward_uplink_tell_link(uplink);
    } else
        ward_uplink_watch_answers(uplink);
    return 0;
}

static void up_answered(void *userdata, int cookie, uint8_t reason)
{
    struct ward_uplink *uplink = userdata;
    uint64_t id;

    if (cookie == WARD_UPLINK_SILENT_COOKIE)
        return;
    if (ward_window_answer(&uplink->window, cookie, ward_system_now_us(), &id))
        ward_teller_result(&uplink->teller, id, reason);
    ward_teller_credit(&uplink->teller);
}

/* ---- the connections to the broker ---- */

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
    ward_uplink_tell_link(uplink);
    return 0;
}

static void up_opened(void *userdata, uint32_t receive_maximum, uint32_t packet_maximum)
{
    struct ward_uplink *uplink = userdata;

    ward_lane_opened(&uplink->up);
    if (!uplink->up_outdated)
        ward_enrolment_taken(uplink->enrolment);
    ward_window_open(&uplink->window, receive_maximum, packet_maximum);
    if (uplink->silent)
        ward_uplink_publish_silent(uplink);
    ward_uplink_set_timer(uplink, &uplink->patience, ward_system_now_us() + PATIENCE_US, on_patience);
    ward_uplink_tell_link(uplink);
}

/*
 * Paho 1.3.12 never frees topic and payload of a message that it had not written when its client is destroyed
 * (eclipse-paho/paho.mqtt.c#1474), nor says which of those without an answer that were: it may have been all of them. A
 * new process has none of it, and the connection that it would end has ended already.
 */
static void begin_anew_when_too_much_is_left(struct ward_uplink *uplink)
{
    uplink->left += uplink->window.in_flight_octets;
    if (uplink->left <= LEFT_MAX || uplink->stopping)
        return;
    ward_log(LOG_NOTICE, WARD_JOURNAL_NO_MATTER,
             "begins anew: of the connections that were lost the MQTT client may keep %zu octets",
             uplink->left);
    sd_event_exit(uplink->event, WARD_UPLINK_ANEW);
}

static void up_closed(void *userdata, enum ward_journal_matter matter, const char *why)
{
    struct ward_uplink *uplink = userdata;

    ward_lane_closed(&uplink->up, matter, why);
    if (matter == WARD_JOURNAL_CERTIFICATE_REFUSED && !uplink->up_outdated)
        ward_enrolment_refused(uplink->enrolment);
    uplink->up_outdated = false;
    uplink->patience = sd_event_source_disable_unref(uplink->patience);
    ward_uplink_tell_link(uplink);
    begin_anew_when_too_much_is_left(uplink);
    ward_window_close(&uplink->window);
    stop_when_closed(uplink);
}

static void down_opened(void *userdata, uint32_t receive_maximum, uint32_t packet_maximum)
{
    struct ward_uplink *uplink = userdata;

    (void)receive_maximum; /* it publishes nothing */
    (void)packet_maximum;
    ward_lane_opened(&uplink->down);
    ward_uplink_tell_link(uplink);
}

static void down_closed(void *userdata, enum ward_journal_matter matter, const char *why)
{
    struct ward_uplink *uplink = userdata;

    ward_lane_closed(&uplink->down, matter, why);
    ward_uplink_tell_link(uplink);
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

void ward_uplink_want_lanes(struct ward_uplink *uplink)
{
    if (uplink->stopping || !uplink->options.host[0] || !uplink->identity->present ||
        !uplink->testaments[WARD_TESTAMENT_WILL].octets)
        return;
    ward_lane_want(&uplink->up);
    ward_lane_want(&uplink->down);
}

void ward_uplink_renew_lanes(struct ward_uplink *uplink)
{
    static const char why[] = "the certificate is another one now";

    if (!uplink->outdated || uplink->up.urgent)
        return;
    uplink->outdated = false;
    ward_lane_break(&uplink->down, why);
    ward_lane_break(&uplink->up, why);
    ward_uplink_tell_link(uplink);
}

/* ---- from outside ---- */

static int start(struct ward_uplink *uplink)
{
    static const char *const names[WARD_UPLINK_FILTERS] = {"receipt", "command", "care-plan/+"};
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
    for (size_t i = 0; i < WARD_UPLINK_FILTERS; i++) {
        snprintf(uplink->filters[i], sizeof(uplink->filters[i]), "ward/v1/%s/%s/down/%s", options->site,
                 options->gateway, names[i]);
        uplink->filter_list[i] = uplink->filters[i];
    }
    result = ward_uplink_start_enrolment(uplink);
    if (result < 0)
        return result;
    mqtt.files = (struct ward_tls_files){.ca = uplink->identity->authority,
                                         .crl = options->files.crl,
                                         .certificate = uplink->identity->certificate,
                                         .key = uplink->identity->key};
    result = ward_spool_client_new(&uplink->spool, uplink->event, options->spool, &ward_uplink_spool_listener,
                                   uplink);
    if (result < 0)
        return result;
    uplink->teller = (struct ward_teller){
        .spool = uplink->spool, .window = &uplink->window, .certificate = uplink->identity->certificate};
    result = ward_lane_init(&uplink->up, &mqtt);
    if (result < 0)
        return result;
    mqtt.client_id = uplink->down_id;
    mqtt.filters = uplink->filter_list;
    mqtt.filter_count = WARD_UPLINK_FILTERS;
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
    ward_expiry_done(&uplink->expiry);
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
