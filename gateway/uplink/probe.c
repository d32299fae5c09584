/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   IDLE       begin() → REACHING
 *   REACHING   DNS, TCP and TLS went well → SPEAKING; one of them failed → IDLE
 *   SPEAKING   CONNACK → ENDING; refused → IDLE
 *   ENDING     the DISCONNECT is out → IDLE
 *
 * begin() in SPEAKING or ENDING waits for that connection to end, so that the broker sees one of this client id.
 */
#include "uplink/probe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uplink/reach.h"
#include "uplink/system.h"

struct ward_probe {
    struct ward_mqtt_options options;
    char client_id[80];
    struct ward_spool_client *spool;
    uint32_t number;
    struct ward_reach *reach;
    struct ward_mqtt *mqtt; /* NULL: there was no probe yet */
    uint64_t since_us;      /* the step of MQTT began */
    enum ward_link_step next;
    bool again; /* asked for while the earlier connection was still ending */
};

static void tell(struct ward_probe *probe, enum ward_link_step step, bool failed, uint64_t took_us,
                 const char *text)
{
    struct ward_link_frame frame = {
        .type = WARD_LINK_PROBED,
        .probed = {.number = probe->number,
                   .step = (uint8_t)step,
                   .failed = failed,
                   .took_us = took_us < UINT32_MAX ? (uint32_t)took_us : UINT32_MAX,
                   .text = text,
                   .text_length = (uint16_t)strnlen(text, WARD_LINK_TEXT_MAX)}};

    ward_spool_client_send(probe->spool, &frame);
}

static void on_step(void *userdata, enum ward_reach_step step, uint64_t took_us, const char *about)
{
    static const enum ward_link_step steps[WARD_REACH_STEPS] = {
        [WARD_REACH_DNS] = WARD_STEP_DNS, [WARD_REACH_TCP] = WARD_STEP_TCP, [WARD_REACH_TLS] = WARD_STEP_TLS};
    struct ward_probe *probe = userdata;

    probe->next = (enum ward_link_step)(steps[step] + 1);
    tell(probe, steps[step], false, took_us, about);
}

static void on_reached(void *userdata, enum ward_journal_matter matter, const char *wrong)
{
    struct ward_probe *probe = userdata;
    const uint64_t now = ward_system_now_us();

    (void)matter; /* whoever asked is told */
    if (wrong)
        tell(probe, probe->next, true, now - probe->since_us, wrong);
    probe->reach = ward_reach_free(probe->reach);
    if (wrong)
        return;
    probe->since_us = now;
    ward_mqtt_open(probe->mqtt);
}

static void on_opened(void *userdata, uint32_t receive_maximum, uint32_t packet_maximum)
{
    struct ward_probe *probe = userdata;

    (void)receive_maximum;
    (void)packet_maximum;
    if (!probe->again)
        tell(probe, WARD_STEP_MQTT, false, ward_system_now_us() - probe->since_us, "accepted");
    probe->next = WARD_STEP_DNS; /* over */
    ward_mqtt_close(probe->mqtt, "tried");
}

static void on_closed(void *userdata, enum ward_journal_matter matter, const char *why)
{
    struct ward_probe *probe = userdata;

    (void)matter;
    if (probe->again) {
        probe->again = false;
        ward_probe_begin(probe, probe->number);
    } else if (probe->next == WARD_STEP_MQTT)
        tell(probe, WARD_STEP_MQTT, true, ward_system_now_us() - probe->since_us, why);
}

static const struct ward_mqtt_listener listener = {.opened = on_opened, .closed = on_closed};

int ward_probe_new(struct ward_probe **ret, struct ward_spool_client *spool,
                   const struct ward_mqtt_options *options, const char *gateway)
{
    struct ward_probe *probe = calloc(1, sizeof(*probe));

    if (!probe)
        return -ENOMEM;
    probe->spool = spool;
    snprintf(probe->client_id, sizeof(probe->client_id), "%s-probe", gateway);
    probe->options = *options;
    probe->options.client_id = probe->client_id;
    probe->options.listener = &listener;
    probe->options.userdata = probe;
    *ret = probe;
    return 0;
}

struct ward_probe *ward_probe_free(struct ward_probe *probe)
{
    if (!probe)
        return NULL;
    ward_reach_free(probe->reach);
    ward_mqtt_free(probe->mqtt);
    free(probe);
    return NULL;
}

static int reach(struct ward_probe *probe)
{
    const struct ward_reach_options options = {.event = probe->options.event,
                                               .host = probe->options.host,
                                               .port = probe->options.port,
                                               .connect = true,
                                               .tls = &probe->options.files,
                                               .stepped = on_step,
                                               .done = on_reached,
                                               .userdata = probe};
    int result = probe->mqtt ? 0 : ward_mqtt_new(&probe->mqtt, &probe->options);

    return result < 0 ? result : ward_reach_new(&probe->reach, &options);
}

void ward_probe_begin(struct ward_probe *probe, uint32_t number)
{
    int result;

    probe->number = number;
    probe->reach = ward_reach_free(probe->reach);
    if (!probe->options.host[0]) {
        tell(probe, WARD_STEP_DNS, true, 0, "no hub is configured");
        return;
    }
    if (probe->mqtt && ward_mqtt_is_at_work(probe->mqtt)) {
        probe->again = true;
        ward_mqtt_close(probe->mqtt, "tried anew");
        return;
    }
    probe->next = WARD_STEP_DNS;
    probe->since_us = ward_system_now_us();
    result = reach(probe);
    if (result < 0)
        tell(probe, WARD_STEP_DNS, true, 0, strerror(-result));
}
