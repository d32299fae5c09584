/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of the ward's contract as the core hands it to the uplink: opaque octets for a topic.
 */
#ifndef WARD_MESSAGE_H
#define WARD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Delivery order, best first. Only the core knows what is inside; the uplink only keeps the order. */
enum ward_message_class {
    WARD_MESSAGE_ALARM,
    WARD_MESSAGE_STATE, /* state, active, heartbeat, result: newest counts */
    WARD_MESSAGE_LIVE,
    WARD_MESSAGE_BACKLOG,
};

/* UTF-8, without NUL (MQTT 5 §4.7.3). "ward/v1/{site}/{gateway}/up/active/{patient}" with 64-octet ids fits. */
#define WARD_TOPIC_MAX 255
/* A key id and an Ed25519 signature in base64url (86 characters) as they stand in the user properties. */
#define WARD_KID_MAX       64
#define WARD_SIGNATURE_MAX 86
/* Correlation data of an answer (MQTT 5 §3.3.2.3.6). The standard allows more; whoever asks for more gets none. */
#define WARD_CORRELATION_MAX 64

/* Borrowed: every pointer belongs to the maker of the message and lives until the call it is given to returns. */
struct ward_message {
    uint64_t id;           /* names it on the spool; unique within one connection of the spool */
    uint8_t message_class; /* enum ward_message_class */
    uint8_t qos;
    bool retain;
    uint32_t expiry_s; /* MQTT 5 message expiry interval; 0: never */
    const char *topic;
    const char *kid;       /* user property "kid" */
    const char *signature; /* user property "sig": Ed25519 over topic, one NUL octet, payload; base64url */
    const uint8_t *payload;
    size_t payload_length;
    const uint8_t *correlation; /* correlation data; none when the length is 0 */
    uint8_t correlation_length;
};

#endif
