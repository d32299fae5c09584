/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Paho's threads say to the loop: a bounded ring of records, a bounded list of messages that arrived,
 * and an eventfd. Its lock is held for a copy only and nothing else is called under it, so that it can be
 * taken inside Paho's own locks.
 */
#ifndef WARD_UPLINK_MQTT_INBOX_H
#define WARD_UPLINK_MQTT_INBOX_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/link.h"

#define WARD_INBOX_RECORDS  128
#define WARD_INBOX_ARRIVALS 64
#define WARD_INBOX_OCTETS   ((size_t)4 * WARD_LINK_FRAME_MAX)

enum ward_inbox_kind {
    WARD_INBOX_CONNECTED,
    WARD_INBOX_REFUSED,      /* the attempt to connect failed */
    WARD_INBOX_SUBSCRIBED,   /* code: the worst of the answers */
    WARD_INBOX_ANSWERED,     /* to a publish; code: MQTT 5 reason code */
    WARD_INBOX_SENT_AWAY,    /* DISCONNECT from the broker */
    WARD_INBOX_LOST,         /* the connection is gone */
    WARD_INBOX_DISCONNECTED, /* as we asked */
    WARD_INBOX_TLS,          /* text: what OpenSSL says */
};

struct ward_inbox_record {
    uint8_t kind; /* enum ward_inbox_kind */
    int cookie;   /* of a publish */
    int code;     /* MQTT 5 reason code, or one of Paho's own, which are negative */
    uint32_t receive_maximum, packet_maximum; /* of WARD_INBOX_CONNECTED, */
    uint16_t keepalive_s;                     /* and the broker's own; 0: it leaves that to us */
    char text[100];
};

/* One message from the broker; the texts are terminated and, with the octets, part of the same allocation. */
struct ward_inbox_arrival {
    struct ward_inbox_arrival *next;
    const char *topic, *response_topic;
    const uint8_t *correlation, *payload;
    uint16_t correlation_length;
    uint32_t payload_length;
    bool retained;
    size_t size; /* of the allocation */
};

struct ward_inbox {
    pthread_mutex_t lock;
    int wake; /* eventfd; readable when there is something new */
    unsigned first, count;
    struct ward_inbox_record records[WARD_INBOX_RECORDS];
    struct ward_inbox_arrival *arrivals, **end;
    unsigned arrival_count;
    size_t arrival_octets;
    bool overflowed; /* something did not fit, or could not be copied */
};

/* Returns 0 or a negative errno. */
int ward_inbox_init(struct ward_inbox *inbox);
void ward_inbox_done(struct ward_inbox *inbox);

/* Any thread. The pointers of arrival are borrowed. */
void ward_inbox_push(struct ward_inbox *inbox, const struct ward_inbox_record *record);
void ward_inbox_arrive(struct ward_inbox *inbox, const struct ward_inbox_arrival *arrival);

/* The loop. Takes the next record; false when there is none. */
bool ward_inbox_pop(struct ward_inbox *inbox, struct ward_inbox_record *ret);

/* The loop. The oldest message, which stays in the inbox until ward_inbox_drop(); NULL when there is none. */
const struct ward_inbox_arrival *ward_inbox_peek(struct ward_inbox *inbox);
void ward_inbox_drop(struct ward_inbox *inbox);

/* The loop. Did anything not fit since the last ward_inbox_clear()? */
bool ward_inbox_overflowed(struct ward_inbox *inbox);
void ward_inbox_clear(struct ward_inbox *inbox);

/* The loop. To be called when wake is readable, before taking anything out. */
void ward_inbox_awake(struct ward_inbox *inbox);

#endif
