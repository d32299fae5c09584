/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where else the answer to a command goes: MQTT 5's response topic and correlation data (§4.10). They are not signed, so
 * they decide nothing: the answer always goes to up/result, and besides to a topic below it, T/up/result/ID, so that what
 * is said there can be taken for nothing but an answer.
 */
#ifndef WARD_APP_REPLY_H
#define WARD_APP_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/message.h"

struct ward_gateway;
struct ward_spool_down;

struct ward_reply {
    char topic[WARD_TOPIC_MAX + 1]; /* "": nowhere else */
    uint8_t correlation_length;
    uint8_t correlation[WARD_CORRELATION_MAX];
};

/*
 * Takes it from what arrived. Returns false, with *ret empty, when something was asked for that is not given: another
 * topic, or more than WARD_CORRELATION_MAX octets.
 */
bool ward_reply_of(const struct ward_gateway *gateway, const struct ward_spool_down *down,
                   struct ward_reply *ret);

#endif
