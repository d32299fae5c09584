/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/teller.h"

#include <stdio.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "uplink/certificate.h"
#include "uplink/log.h"

void ward_teller_reset(struct ward_teller *teller)
{
    teller->up = teller->told = teller->fetched_told = false;
    ward_window_void(teller->window);
}

void ward_teller_link(struct ward_teller *teller, bool up, enum ward_journal_matter matter, const char *text)
{
    struct ward_link_frame frame = {.type = WARD_LINK_LINK};
    bool changed = up != teller->up, said;

    if (!ward_spool_client_joined(teller->spool))
        return;
    frame.link.certificate_expires_ms = ward_certificate_expires_ms(teller->certificate);
    said = teller->told && !changed && strcmp(text, teller->text) == 0;
    if (said && frame.link.certificate_expires_ms == teller->certificate_expires_ms)
        return;
    teller->certificate_expires_ms = frame.link.certificate_expires_ms;
    snprintf(teller->text, sizeof(teller->text), "%s", text);
    teller->told = true;
    teller->up = up;
    if (!said)
        ward_log(up && matter == WARD_JOURNAL_NO_MATTER ? LOG_INFO : LOG_WARNING, matter, "link %s: %s",
                 up ? "up" : "down", teller->text);
    sd_notifyf(0, "STATUS=link %s: %s", up ? "up" : "down", teller->text);
    frame.link.up = up;
    frame.link.text = teller->text;
    frame.link.text_length = (uint16_t)strlen(teller->text);
    ward_spool_client_send(teller->spool, &frame);
    if (changed)
        ward_window_void(teller->window);
    if (changed && up)
        teller->round++;
    ward_teller_credit(teller);
}

void ward_teller_credit(struct ward_teller *teller)
{
    struct ward_link_frame frame = {.type = WARD_LINK_CREDIT, .credit.round = teller->round};

    if (teller->up && ward_window_grant(teller->window, &frame.credit.frames, &frame.credit.octets))
        ward_spool_client_send(teller->spool, &frame);
}

void ward_teller_result(struct ward_teller *teller, uint64_t id, uint8_t reason)
{
    struct ward_link_frame frame = {.type = WARD_LINK_RESULT, .result = {.id = id, .reason = reason}};

    if (teller->up)
        ward_spool_client_send(teller->spool, &frame);
}

void ward_teller_outcome(struct ward_teller *teller, uint64_t id, bool done, const char *text)
{
    struct ward_link_frame frame = {.type = WARD_LINK_OUTCOME,
                                    .outcome = {.id = id, .done = done, .text = text}};

    frame.outcome.text_length = (uint16_t)strnlen(text, WARD_LINK_TEXT_MAX);
    ward_spool_client_send(teller->spool, &frame);
}

void ward_teller_fetched(struct ward_teller *teller, const char *wrong)
{
    struct ward_link_frame frame = {.type = WARD_LINK_FETCHED, .fetched.failed = wrong != NULL};

    if (teller->fetched_told && strcmp(teller->fetched, wrong ? wrong : "") == 0)
        return;
    teller->fetched_told = true;
    snprintf(teller->fetched, sizeof(teller->fetched), "%s", wrong ? wrong : "");
    ward_log(wrong ? LOG_WARNING : LOG_INFO, wrong ? WARD_JOURNAL_PLANS_NOT_FETCHED : WARD_JOURNAL_NO_MATTER,
             "care plans over HTTPS: %s", wrong ? wrong : "all asked for");
    frame.fetched.text = teller->fetched;
    frame.fetched.text_length = (uint16_t)strlen(teller->fetched);
    ward_spool_client_send(teller->spool, &frame);
}

bool ward_teller_document(struct ward_teller *teller, const char *topic, const uint8_t *body, size_t length)
{
    struct ward_link_frame frame = {.type = WARD_LINK_DOWN,
                                    .down = {.retained = true,
                                             .topic = topic,
                                             .topic_length = (uint16_t)strlen(topic),
                                             .response_topic = "",
                                             .payload = body,
                                             .payload_length = (uint32_t)length}};

    if (!ward_spool_client_room(teller->spool))
        return false;
    if (ward_spool_client_send(teller->spool, &frame) < 0)
        ward_log(LOG_WARNING, WARD_JOURNAL_NO_MATTER, "dropped a document that does not fit the spool");
    return true;
}

void ward_teller_down(struct ward_teller *teller, struct ward_mqtt *mqtt)
{
    const struct ward_inbox_arrival *arrival;

    while ((arrival = ward_mqtt_arrival(mqtt)) && ward_spool_client_room(teller->spool)) {
        struct ward_link_frame frame = {.type = WARD_LINK_DOWN};

        frame.down.topic = arrival->topic;
        frame.down.topic_length = (uint16_t)strnlen(arrival->topic, WARD_TOPIC_MAX + 1);
        frame.down.response_topic = arrival->response_topic;
        frame.down.response_topic_length = (uint16_t)strlen(arrival->response_topic);
        frame.down.correlation = arrival->correlation;
        frame.down.correlation_length = arrival->correlation_length;
        frame.down.payload = arrival->payload;
        frame.down.payload_length = arrival->payload_length;
        frame.down.retained = arrival->retained;
        if (ward_spool_client_send(teller->spool, &frame) < 0)
            ward_log(LOG_WARNING, WARD_JOURNAL_NO_MATTER,
                     "dropped a message from the broker that does not fit the spool");
        ward_mqtt_arrival_drop(mqtt);
    }
}
