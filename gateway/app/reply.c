/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reply.h"

#include <string.h>

#include "app/gateway.h"
#include "core/message.h"
#include "core/reading.h"

/* Below up/result of this gateway, by one level that is an id. */
static bool is_below_result(const struct ward_gateway *gateway, const char *topic)
{
    char base[WARD_TOPIC_MAX + 1];
    const size_t length = ward_topic_write(WARD_TOPIC_RESULT, gateway->config.gateway.site,
                                           gateway->config.gateway.id, NULL, base);

    return length > 0 && strncmp(topic, base, length) == 0 && topic[length] == '/' &&
           ward_id_is_valid(topic + length + 1);
}

bool ward_reply_of(const struct ward_gateway *gateway, const struct ward_spool_down *down,
                   struct ward_reply *ret)
{
    *ret = (struct ward_reply){.topic = ""};
    if (!down->response_topic[0])
        return true;
    if (!is_below_result(gateway, down->response_topic) || down->correlation_length > WARD_CORRELATION_MAX)
        return false;
    strcpy(ret->topic, down->response_topic);
    ret->correlation_length = (uint8_t)down->correlation_length;
    if (down->correlation_length > 0)
        memcpy(ret->correlation, down->correlation, down->correlation_length);
    return true;
}
