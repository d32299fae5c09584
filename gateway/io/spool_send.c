/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to the uplink: messages at once or not at all, and what is state as soon as there is room (spool.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/spool_message.h"
#include "io/spool_private.h"
#include "io/spool_socket.h"

void ward_spool_want_writable(struct ward_spool *spool, bool wanted)
{
    spool->full = wanted;
    sd_event_source_set_io_events(spool->client_source, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int send_parts(struct ward_spool *spool, const uint8_t *head, size_t length, const uint8_t *payload,
                      size_t payload_length)
{
    int result = ward_spool_socket_send(spool->client, head, length, payload, payload_length);

    if (result == -EAGAIN)
        ward_spool_want_writable(spool, true);
    return result;
}

static int send_frame(struct ward_spool *spool, const uint8_t *frame, size_t length)
{
    return send_parts(spool, frame, length, NULL, 0);
}

static int send_urgent(struct ward_spool *spool)
{
    struct ward_link_frame frame = {.type = WARD_LINK_URGENT, .urgent.urgent = spool->urgent};
    uint8_t buffer[8];

    return send_frame(spool, buffer, ward_link_encode(&frame, buffer, sizeof(buffer)));
}

static int send_names(struct ward_spool *spool)
{
    struct ward_link_frame frame = {
        .type = WARD_LINK_NAMES, .names = {.length = (uint16_t)strlen(spool->names), .text = spool->names}};
    uint8_t buffer[WARD_LINK_NAMES_MAX + 8];

    return send_frame(spool, buffer, ward_link_encode(&frame, buffer, sizeof(buffer)));
}

void ward_spool_settle(struct ward_spool *spool)
{
    if (spool->phase != WARD_SPOOL_JOINED)
        return;
    for (size_t i = 0; i < 2; i++) {
        const struct ward_spool_testament *testament = &spool->testaments[i];

        if (!(spool->owed & (1u << i)))
            continue;
        if (testament->frame && send_frame(spool, testament->frame, testament->length) < 0)
            return;
        spool->owed &= ~(1u << i);
    }
    if (spool->owed & WARD_SPOOL_OWED_URGENT && send_urgent(spool) == 0)
        spool->owed &= ~(unsigned)WARD_SPOOL_OWED_URGENT;
    if (spool->owed & WARD_SPOOL_OWED_NAMES && (!spool->names || send_names(spool) == 0))
        spool->owed &= ~(unsigned)WARD_SPOOL_OWED_NAMES;
    if (spool->owed & WARD_SPOOL_OWED_LISTEN && ward_spool_task(spool, 0, WARD_LINK_TASK_LISTEN))
        spool->owed &= ~(unsigned)WARD_SPOOL_OWED_LISTEN;
}

int ward_spool_publish(struct ward_spool *spool, const struct ward_message *message)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PUBLISH, .publish.round = spool->credit.round};
    uint8_t head[WARD_SPOOL_HEAD_MAX];
    size_t length;
    int result;

    if (spool->phase != WARD_SPOOL_JOINED || !spool->up)
        return WARD_SPOOL_DOWN;
    result = ward_spool_message_encode(message, &frame, head);
    if (result < 0)
        return result;
    length = (size_t)result + message->payload_length;
    if (length > spool->frame_max)
        return -EMSGSIZE;
    if (!ward_spool_credit_allows(&spool->credit, message->message_class, length))
        return WARD_SPOOL_NO_CREDIT;
    result = send_parts(spool, head, (size_t)result, message->payload, message->payload_length);
    if (result < 0)
        return result == -EPIPE ? WARD_SPOOL_DOWN : WARD_SPOOL_NO_CREDIT;
    ward_spool_credit_spend(&spool->credit, length);
    return WARD_SPOOL_SENT;
}

size_t ward_spool_room(const struct ward_spool *spool, enum ward_message_class message_class)
{
    size_t room;

    if (spool->phase != WARD_SPOOL_JOINED || !spool->up || spool->full)
        return 0;
    room = ward_spool_credit_room(&spool->credit, message_class, spool->frame_max);
    return room > WARD_SPOOL_HEAD_MAX ? room - WARD_SPOOL_HEAD_MAX : 0;
}

bool ward_spool_idle(const struct ward_spool *spool)
{
    return spool->phase == WARD_SPOOL_JOINED && spool->up && !spool->full && spool->credit.frames > 0 &&
           spool->credit.unanswered == 0;
}

int ward_spool_testament(struct ward_spool *spool, enum ward_link_testament testament,
                         const struct ward_message *message)
{
    struct ward_spool_testament *kept = &spool->testaments[testament];
    struct ward_link_frame frame = {.type = WARD_LINK_TESTAMENT, .publish.testament = (uint8_t)testament};
    uint8_t head[WARD_SPOOL_HEAD_MAX], *whole;
    int length = ward_spool_message_encode(message, &frame, head);

    if (length < 0)
        return length;
    whole = malloc((size_t)length + message->payload_length);
    if (!whole)
        return -ENOMEM;
    memcpy(whole, head, (size_t)length);
    if (message->payload_length > 0)
        memcpy(whole + length, message->payload, message->payload_length);
    free(kept->frame);
    *kept = (struct ward_spool_testament){.frame = whole, .length = (size_t)length + message->payload_length};
    spool->owed |= 1u << testament;
    ward_spool_settle(spool);
    return 0;
}

int ward_spool_provision(struct ward_spool *spool, enum ward_provision action, const char *code)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROVISION, .provision.action = (uint8_t)action};
    uint8_t buffer[WARD_LINK_CODE_MAX + 8];
    size_t length;
    int result;

    if (spool->phase != WARD_SPOOL_JOINED)
        return -ENOTCONN;
    if (spool->provisioning)
        return -EBUSY;
    if (strlen(code) > WARD_LINK_CODE_MAX)
        return -EINVAL;
    frame.provision.code = code;
    frame.provision.code_length = (uint16_t)strlen(code);
    length = ward_link_encode(&frame, buffer, sizeof(buffer));
    result = length > 0 ? send_frame(spool, buffer, length) : -EINVAL;
    explicit_bzero(buffer, sizeof(buffer)); /* a secret is in it */
    if (result == -EPIPE)
        return -ENOTCONN;
    spool->provisioning = result == 0;
    return result;
}

void ward_spool_urgent(struct ward_spool *spool, bool urgent)
{
    if (spool->urgent == urgent)
        return;
    spool->urgent = urgent;
    spool->owed |= WARD_SPOOL_OWED_URGENT;
    ward_spool_settle(spool);
}

bool ward_spool_task(struct ward_spool *spool, uint64_t id, enum ward_link_task task)
{
    const struct ward_link_frame frame = {.type = WARD_LINK_TASK, .task = {.id = id, .task = (uint8_t)task}};
    uint8_t buffer[16];

    return spool->phase == WARD_SPOOL_JOINED &&
           send_frame(spool, buffer, ward_link_encode(&frame, buffer, sizeof(buffer))) == 0;
}

void ward_spool_listen(struct ward_spool *spool)
{
    if (spool->phase != WARD_SPOOL_JOINED)
        return;
    spool->owed |= WARD_SPOOL_OWED_LISTEN;
    ward_spool_settle(spool);
}

int ward_spool_names(struct ward_spool *spool, const char *names)
{
    char *copy;

    if (strlen(names) > WARD_LINK_NAMES_MAX)
        return -EMSGSIZE;
    if (spool->names && strcmp(spool->names, names) == 0)
        return 0;
    copy = strdup(names);
    if (!copy)
        return -ENOMEM;
    free(spool->names);
    spool->names = copy;
    spool->owed |= WARD_SPOOL_OWED_NAMES;
    ward_spool_settle(spool);
    return 0;
}

bool ward_spool_probe(struct ward_spool *spool, uint32_t number)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROBE, .probe.number = number};
    uint8_t buffer[8];

    return spool->phase == WARD_SPOOL_JOINED &&
           ward_spool_socket_send(spool->client, buffer, ward_link_encode(&frame, buffer, sizeof(buffer)),
                                  NULL, 0) == 0;
}
