/* SPDX-License-Identifier: Apache-2.0 */
/* What the uplink sends. */
#include <string.h>

#include "io/spool_message.h"
#include "io/spool_private.h"
#include "io/spool_socket.h"

/* The take functions return what is wrong with the frame, or NULL. */
static const char *take_hello(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    struct ward_link_frame answer = {
        .type = WARD_LINK_HELLO, .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}};
    uint8_t buffer[16];

    if (spool->phase != WARD_SPOOL_GREETING)
        return "a second hello";
    if (frame->hello.version != WARD_LINK_VERSION)
        return "another version of the protocol";
    if (frame->hello.frame_max <= WARD_SPOOL_HEAD_MAX)
        return "a largest frame that holds no message";
    spool->frame_max =
        frame->hello.frame_max < WARD_LINK_FRAME_MAX ? frame->hello.frame_max : WARD_LINK_FRAME_MAX;
    if (ward_spool_socket_send(spool->client, buffer, ward_link_encode(&answer, buffer, sizeof(buffer)), NULL,
                               0) < 0)
        return "hello without waiting for the answer";
    spool->phase = WARD_SPOOL_JOINED;
    spool->owed =
        WARD_SPOOL_OWED_WILL | WARD_SPOOL_OWED_SILENT | WARD_SPOOL_OWED_URGENT | WARD_SPOOL_OWED_NAMES;
    ward_spool_settle(spool);
    return NULL;
}

static void take_link(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    char text[WARD_LINK_TEXT_MAX + 1];

    memcpy(text, frame->link.text, frame->link.text_length);
    text[frame->link.text_length] = 0;
    if (!frame->link.up || !spool->up)
        spool->credit = (struct ward_spool_credit){0};
    spool->up = frame->link.up;
    spool->listener->link(spool->userdata, spool->up, text, frame->link.certificate_expires_ms);
}

static const char *take_credit(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    if (!spool->up)
        return "credit while the link is down";
    spool->credit.round = frame->credit.round;
    spool->credit.frames += frame->credit.frames;
    spool->credit.octets += frame->credit.octets;
    return NULL;
}

static const char *take_result(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    if (spool->credit.unanswered == 0)
        return "a result nobody waits for";
    spool->credit.unanswered--;
    spool->listener->result(spool->userdata, frame->result.id, frame->result.reason);
    return NULL;
}

static void take_down(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    char topic[WARD_TOPIC_MAX + 1] = "", response_topic[WARD_TOPIC_MAX + 1] = "";
    const struct ward_spool_down down = {
        .topic = topic,
        .response_topic = response_topic,
        .correlation = frame->down.correlation,
        .correlation_length = frame->down.correlation_length,
        .payload = frame->down.payload,
        .payload_length = frame->down.payload_length,
        .retained = frame->down.retained,
    };

    memcpy(topic, frame->down.topic, frame->down.topic_length);
    memcpy(response_topic, frame->down.response_topic, frame->down.response_topic_length);
    spool->listener->down(spool->userdata, &down);
}

static const char *take_provisioned(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    char step[WARD_LINK_STEP_MAX + 1] = "", text[WARD_LINK_TEXT_MAX + 1] = "";

    if (!spool->provisioning)
        return "a step of what nobody asked for";
    memcpy(step, frame->provisioned.step, frame->provisioned.step_length);
    memcpy(text, frame->provisioned.text, frame->provisioned.text_length);
    spool->provisioning = frame->provisioned.outcome == WARD_PROVISION_STEP;
    spool->listener->provisioned(spool->userdata, (enum ward_provision_outcome)frame->provisioned.outcome,
                                 step, frame->provisioned.ms, text);
    return NULL;
}

static void take_outcome(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    char text[WARD_LINK_TEXT_MAX + 1];

    memcpy(text, frame->outcome.text, frame->outcome.text_length);
    text[frame->outcome.text_length] = 0;
    if (spool->listener->outcome)
        spool->listener->outcome(spool->userdata, frame->outcome.id, frame->outcome.done, text);
}

static void take_fetched(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    char text[WARD_LINK_TEXT_MAX + 1] = "";

    memcpy(text, frame->fetched.text, frame->fetched.text_length);
    spool->listener->fetched(spool->userdata, frame->fetched.failed, text);
}

static void take_probed(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    char text[WARD_LINK_TEXT_MAX + 1] = "";
    const struct ward_spool_probed probed = {.number = frame->probed.number,
                                             .step = (enum ward_link_step)frame->probed.step,
                                             .failed = frame->probed.failed,
                                             .took_us = frame->probed.took_us,
                                             .text = text};

    memcpy(text, frame->probed.text, frame->probed.text_length);
    spool->listener->probed(spool->userdata, &probed);
}

const char *ward_spool_take(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    if (frame->type != WARD_LINK_HELLO && spool->phase != WARD_SPOOL_JOINED)
        return "no hello";
    switch ((enum ward_link_type)frame->type) {
    case WARD_LINK_HELLO: return take_hello(spool, frame);
    case WARD_LINK_LINK: take_link(spool, frame); return NULL;
    case WARD_LINK_CREDIT: return take_credit(spool, frame);
    case WARD_LINK_RESULT: return take_result(spool, frame);
    case WARD_LINK_DOWN: take_down(spool, frame); return NULL;
    case WARD_LINK_OUTCOME: take_outcome(spool, frame); return NULL;
    case WARD_LINK_PROVISIONED: return take_provisioned(spool, frame);
    case WARD_LINK_FETCHED: take_fetched(spool, frame); return NULL;
    case WARD_LINK_PROBED: take_probed(spool, frame); return NULL;
    case WARD_LINK_TESTAMENT:
    case WARD_LINK_PUBLISH:
    case WARD_LINK_URGENT:
    case WARD_LINK_TASK:
    case WARD_LINK_PROVISION:
    case WARD_LINK_NAMES:
    case WARD_LINK_PROBE: break;
    }
    return "a frame that only the core sends";
}
