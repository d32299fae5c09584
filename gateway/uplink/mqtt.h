/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One MQTT 5 connection over mutual TLS; hides Eclipse Paho.
 *
 * It makes one attempt when told to, and keeps nothing over its end: no session, no queue, no retry. Between
 * ward_mqtt_open() and closed() it is at work; everything comes from the event loop.
 *
 * Whoever answers as the broker must prove who it is as tls.h says, before a byte of MQTT goes out.
 */
#ifndef WARD_UPLINK_MQTT_H
#define WARD_UPLINK_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "ward/link.h"

#include "ward/journal.h"

#include "uplink/mqtt_inbox.h"
#include "uplink/tls.h"

struct ward_mqtt;

/* Cookies of messages are 0 to WARD_MQTT_COOKIES − 1; one is in use from publish() to answered() or closed().
 * */
#define WARD_MQTT_COOKIES 64

/* How long closing may take, for the DISCONNECT to get out. */
#define WARD_MQTT_CLOSE_US 1000000ULL

struct ward_mqtt_listener {
    /* What the broker shall publish when the connection dies: asked at each attempt. NULL: nothing. */
    const struct ward_link_frame *(*will)(void *userdata);
    /* Connected, and subscribed to every filter. receive_maximum: the broker's, at least 1; packet_maximum: octets of a
     * packet that it takes, UINT32_MAX for any */
    void (*opened)(void *userdata, uint32_t receive_maximum, uint32_t packet_maximum);
    /* The attempt failed, the connection was lost, or it was closed. why: the first thing that failed, for people;
     * matter: of that */
    void (*closed)(void *userdata, enum ward_journal_matter matter, const char *why);
    /* The broker's MQTT 5 reason code for a QoS 1 message; a QoS 0 message has only left. NULL if none is
     * sent. */
    void (*answered)(void *userdata, int cookie, uint8_t reason);
    /* ward_mqtt_arrival() has something. NULL without filters. */
    void (*arrived)(void *userdata);
};

struct ward_mqtt_options {
    sd_event *event;
    const char *host;
    uint16_t port;
    struct ward_tls_files files;
    const char *client_id;
    uint16_t keepalive_s;       /* the broker's counts where it is shorter */
    const char *const *filters; /* to subscribe to, at QoS 1 */
    size_t filter_count;        /* at most WARD_MQTT_FILTERS */
    const struct ward_mqtt_listener *listener;
    void *userdata;
};

#define WARD_MQTT_FILTERS 4

/*
 * All signals must be blocked, because Paho's threads inherit the mask. options is copied, what it points to
 * is not. Returns 0 or a negative errno.
 */
int ward_mqtt_new(struct ward_mqtt **ret, const struct ward_mqtt_options *options);

/* Drops the connection, without a word to the broker or the listener. Takes NULL; returns NULL. */
struct ward_mqtt *ward_mqtt_free(struct ward_mqtt *mqtt);

/* Makes one attempt. closed() follows in any case, opened() before it if it succeeds. Nothing happens while
 * at work. */
void ward_mqtt_open(struct ward_mqtt *mqtt);

/* Ends the connection or the attempt, so that the broker publishes the will. closed(why) follows if it is at
 * work. */
void ward_mqtt_close(struct ward_mqtt *mqtt, const char *why);

bool ward_mqtt_is_open(const struct ward_mqtt *mqtt);
bool ward_mqtt_is_at_work(const struct ward_mqtt *mqtt);

/*
 * Publishes what frame->publish says. Returns 0, after which answered(cookie) or closed() follows; otherwise
 * -ENOTCONN when it is not open, -EMSGSIZE for more than the broker takes, -EINVAL for a topic that is not
 * UTF-8, or -EIO.
 */
int ward_mqtt_publish(struct ward_mqtt *mqtt, const struct ward_link_frame *frame, int cookie);

/* The oldest message from the broker that was not dropped yet; NULL when there is none. */
const struct ward_inbox_arrival *ward_mqtt_arrival(struct ward_mqtt *mqtt);
void ward_mqtt_arrival_drop(struct ward_mqtt *mqtt);

#endif
