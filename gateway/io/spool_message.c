/* SPDX-License-Identifier: Apache-2.0 */
#include "io/spool_message.h"

#include <errno.h>
#include <string.h>

int ward_spool_message_encode(const struct ward_message *message, struct ward_link_frame *frame,
                              uint8_t head[static WARD_SPOOL_HEAD_MAX])
{
    const char *kid = message->kid ? message->kid : "",
               *signature = message->signature ? message->signature : "";
    size_t length;

    if (message->payload_length > WARD_LINK_PAYLOAD_MAX)
        return -EMSGSIZE;
    frame->publish.id = message->id;
    frame->publish.message_class = message->message_class;
    frame->publish.qos = message->qos;
    frame->publish.retain = message->retain;
    frame->publish.expiry_s = message->expiry_s;
    frame->publish.topic = message->topic;
    frame->publish.topic_length = (uint16_t)strnlen(message->topic, WARD_TOPIC_MAX + 1);
    frame->publish.kid = kid;
    frame->publish.kid_length = (uint16_t)strnlen(kid, WARD_KID_MAX + 1);
    frame->publish.signature = signature;
    frame->publish.signature_length = (uint16_t)strnlen(signature, WARD_SIGNATURE_MAX + 1);
    frame->publish.correlation = message->correlation;
    frame->publish.correlation_length = message->correlation_length;
    frame->publish.payload = message->payload;
    frame->publish.payload_length = (uint32_t)message->payload_length;
    length = ward_link_encode_head(frame, head, WARD_SPOOL_HEAD_MAX);
    return length > 0 ? (int)length : -EINVAL;
}
