/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of one connection:
 *
 *   CLOSED       open() → LOOKING_UP
 *   LOOKING_UP   name found, after a failure also reached by TCP → CONNECTING; not → ENDING
 *   CONNECTING   CONNACK → SUBSCRIBING or OPEN; with a shorter keep-alive → CONNECTING, anew; refused with a reason → ENDING;
 *                failed without one → EXPLAINING
 *   SUBSCRIBING  SUBACK → OPEN; refused → CLOSING; lost → ENDING
 *   OPEN         close() → CLOSING; lost → ENDING
 *   CLOSING      DISCONNECT is out, or took too long → ENDING
 *   EXPLAINING   Paho does not say why TCP or TLS failed: a connection and a handshake of our own tell → ENDING
 *   ENDING       closed() is called from the loop → CLOSED
 *
 * close() in any state but OPEN, SUBSCRIBING and CLOSING goes to ENDING at once.
 *
 * Every attempt has a Paho client of its own, destroyed at its end: the only way to be sure that no message
 * of an earlier connection is sent on a later one, and to give up an attempt that hangs. One more client is
 * created at the start and never used, because destroying the last one makes Paho wait for its threads.
 */
#include "uplink/mqtt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "uplink/mqtt_paho.h"
#include "uplink/reach.h"

/* Paho gives up after 15 s and looks at the clock every 3 s; this is for the case that it does not. */
#define ANSWER_TIMEOUT_US 25000000ULL
/* Paho does not tell every end: after a DISCONNECT from the broker it never calls connectionLost. So it is
 * asked, too. */
#define CHECK_US 10000000ULL
/* Beside topic and payload: header, packet id, properties with kid and sig. */
#define PUBLISH_OVERHEAD 256

enum state { CLOSED, LOOKING_UP, CONNECTING, SUBSCRIBING, OPEN, CLOSING, EXPLAINING, ENDING };

struct ward_mqtt {
    struct ward_mqtt_options options;
    enum state state;
    MQTTAsync anchor; /* never connected */
    MQTTAsync handle; /* NULL: none */
    struct ward_reach *reach;
    int trust; /* see ward_tls_trust_file(); -1: none */
    struct ward_inbox inbox;
    struct ward_paho_context contexts[WARD_MQTT_COOKIES];
    sd_event_source *inbox_source;
    sd_event_source *ending;
    sd_event_source *timer;
    uint32_t receive_maximum, packet_maximum;
    bool failed;   /* the last attempt did: try TCP before Paho, which takes a second to see a refusal */
    char tls[100]; /* what OpenSSL said during this attempt; "" for nothing */
    enum ward_journal_matter matter; /* of what follows */
    char why[WARD_LINK_TEXT_MAX + 1];
};

static void explain(struct ward_mqtt *mqtt, enum ward_journal_matter matter, const char *why)
{
    mqtt->matter = matter;
    snprintf(mqtt->why, sizeof(mqtt->why), "%s", why);
}

static void explain_code(struct ward_mqtt *mqtt, const char *what, int code)
{
    const char *name = MQTTReasonCode_toString((enum MQTTReasonCodes)code);

    mqtt->matter = WARD_JOURNAL_BROKER_REFUSES;
    snprintf(mqtt->why, sizeof(mqtt->why), "MQTT: %s: %s (0x%02x)", what, name ? name : "unknown reason",
             (unsigned)code);
}

/* Another one may be made. */
static void drop_client(struct ward_mqtt *mqtt)
{
    mqtt->timer = sd_event_source_disable_unref(mqtt->timer);
    if (mqtt->handle)
        MQTTAsync_destroy(&mqtt->handle); /* holds Paho's lock: no callback comes after it */
    mqtt->handle = NULL;
    if (mqtt->trust >= 0)
        close(mqtt->trust);
    mqtt->trust = -1;
    ward_inbox_clear(&mqtt->inbox);
}

/* Lets go of everything; closed(mqtt->why) comes from the loop. */
static void finish(struct ward_mqtt *mqtt)
{
    mqtt->reach = ward_reach_free(mqtt->reach);
    drop_client(mqtt);
    mqtt->state = ENDING;
    sd_event_source_set_enabled(mqtt->ending, SD_EVENT_ONESHOT);
}

static void fail(struct ward_mqtt *mqtt, const char *why)
{
    explain(mqtt, WARD_JOURNAL_NO_MATTER, why);
    finish(mqtt);
}

static int on_ending(sd_event_source *source, void *userdata)
{
    struct ward_mqtt *mqtt = userdata;

    (void)source;
    mqtt->state = CLOSED;
    mqtt->options.listener->closed(mqtt->options.userdata, mqtt->matter, mqtt->why);
    return 0;
}

static void set_timer(struct ward_mqtt *mqtt, uint64_t after_us);

static int on_timer(sd_event_source *source, uint64_t now_us, void *userdata)
{
    struct ward_mqtt *mqtt = userdata;

    (void)source;
    (void)now_us;
    if (mqtt->state == OPEN && MQTTAsync_isConnected(mqtt->handle)) {
        set_timer(mqtt, CHECK_US);
        return 0;
    }
    if (mqtt->state == CONNECTING || mqtt->state == SUBSCRIBING)
        explain(mqtt, WARD_JOURNAL_BROKER_REFUSES, "MQTT: no answer from the broker");
    finish(mqtt);
    return 0;
}

static void set_timer(struct ward_mqtt *mqtt, uint64_t after_us)
{
    mqtt->timer = sd_event_source_disable_unref(mqtt->timer);
    if (sd_event_add_time_relative(mqtt->options.event, &mqtt->timer, CLOCK_BOOTTIME, after_us, 0, on_timer,
                                   mqtt) < 0)
        fail(mqtt, "out of memory");
}

static void connect_now(struct ward_mqtt *mqtt)
{
    char trust[WARD_TLS_PATH_MAX];
    const char *unreadable;
    int result = ward_tls_trust_file(&mqtt->options.files, &mqtt->trust, trust, sizeof(trust), &unreadable);

    if (result < 0) {
        mqtt->matter = WARD_JOURNAL_TLS_FILES;
        snprintf(mqtt->why, sizeof(mqtt->why), "TLS: %s: %s", unreadable, strerror(-result));
        finish(mqtt);
        return;
    }
    result = ward_paho_create(&mqtt->handle, &mqtt->options, &mqtt->inbox);
    if (result != MQTTASYNC_SUCCESS) {
        mqtt->handle = NULL;
        fail(mqtt, MQTTAsync_strerror(result));
        return;
    }
    mqtt->state = CONNECTING;
    set_timer(mqtt, ANSWER_TIMEOUT_US);
    if (mqtt->state != CONNECTING)
        return;
    result = ward_paho_connect(mqtt->handle, &mqtt->options, trust, &mqtt->inbox);
    if (result != MQTTASYNC_SUCCESS)
        fail(mqtt, MQTTAsync_strerror(result));
}

static void on_reach(void *userdata, enum ward_journal_matter matter, const char *wrong)
{
    struct ward_mqtt *mqtt = userdata;

    if (wrong)
        explain(mqtt, matter, wrong);
    mqtt->reach = ward_reach_free(mqtt->reach);
    if (mqtt->state == LOOKING_UP && !wrong)
        connect_now(mqtt);
    else
        finish(mqtt);
}

static void start_reach(struct ward_mqtt *mqtt, bool connect, bool explain)
{
    struct ward_reach_options options = {.event = mqtt->options.event,
                                         .host = mqtt->options.host,
                                         .port = mqtt->options.port,
                                         .connect = connect,
                                         .tls = explain ? &mqtt->options.files : NULL,
                                         .done = on_reach,
                                         .userdata = mqtt};
    int result = ward_reach_new(&mqtt->reach, &options);

    if (result < 0)
        fail(mqtt, strerror(-result));
}

static void take_refusal(struct ward_mqtt *mqtt, const struct ward_inbox_record *record)
{
    if (record->code >= MQTTREASONCODE_UNSPECIFIED_ERROR)
        explain_code(mqtt, "refused", record->code);
    else {
        /* what stands if our own handshake finds nothing wrong */
        explain(mqtt, mqtt->tls[0] ? WARD_JOURNAL_TLS_FAILS : WARD_JOURNAL_BROKER_REFUSES,
                "MQTT: the broker hung up without an answer");
        if (mqtt->tls[0])
            snprintf(mqtt->why, sizeof(mqtt->why), "TLS: %s", mqtt->tls);
        drop_client(mqtt);
        mqtt->state = EXPLAINING;
        start_reach(mqtt, true, true);
        return;
    }
    finish(mqtt);
}

static void opened(struct ward_mqtt *mqtt)
{
    mqtt->state = OPEN;
    mqtt->failed = false;
    /* what is true unless something better is known */
    explain(mqtt, WARD_JOURNAL_NO_MATTER, "MQTT: the connection was lost");
    set_timer(mqtt, CHECK_US);
    if (mqtt->state != OPEN)
        return;
    mqtt->options.listener->opened(mqtt->options.userdata, mqtt->receive_maximum, mqtt->packet_maximum);
}

/*
 * The broker's keep-alive counts (MQTT 5 §3.2.2.3.14), and it hangs up on whoever is silent for longer. Paho 1.3.12 goes on
 * with the one that it connected with. It is kept for what is connected later; one that is longer than ours costs nothing.
 */
static void connect_anew(struct ward_mqtt *mqtt, uint16_t keepalive_s)
{
    mqtt->options.keepalive_s = keepalive_s;
    drop_client(mqtt);
    connect_now(mqtt);
}

static void take_connected(struct ward_mqtt *mqtt, const struct ward_inbox_record *record)
{
    int result;

    if (record->keepalive_s > 0 && record->keepalive_s < mqtt->options.keepalive_s) {
        connect_anew(mqtt, record->keepalive_s);
        return;
    }
    mqtt->receive_maximum = record->receive_maximum > 0 ? record->receive_maximum : 1;
    mqtt->packet_maximum = record->packet_maximum;
    if (mqtt->options.filter_count == 0) {
        opened(mqtt);
        return;
    }
    mqtt->state = SUBSCRIBING;
    /* what is true unless something better is known */
    explain(mqtt, WARD_JOURNAL_BROKER_REFUSES,
            "MQTT: the broker hung up without an answer to the subscriptions");
    result = ward_paho_subscribe(mqtt->handle, &mqtt->options, &mqtt->inbox);
    if (result != MQTTASYNC_SUCCESS)
        fail(mqtt, MQTTAsync_strerror(result));
}

/* Says DISCONNECT before it goes; why stands already. */
static void leave(struct ward_mqtt *mqtt)
{
    mqtt->state = CLOSING;
    if (ward_paho_disconnect(mqtt->handle, &mqtt->inbox) == MQTTASYNC_SUCCESS)
        set_timer(mqtt, WARD_MQTT_CLOSE_US);
    else
        finish(mqtt);
}

static void take_subscribed(struct ward_mqtt *mqtt, const struct ward_inbox_record *record)
{
    if (record->code < MQTTREASONCODE_UNSPECIFIED_ERROR) {
        opened(mqtt);
        return;
    }
    explain_code(mqtt, "subscription refused", record->code);
    leave(mqtt);
}

static void take(struct ward_mqtt *mqtt, const struct ward_inbox_record *record)
{
    switch ((enum ward_inbox_kind)record->kind) {
    case WARD_INBOX_CONNECTED:
        if (mqtt->state == CONNECTING)
            take_connected(mqtt, record);
        return;
    case WARD_INBOX_REFUSED:
        if (mqtt->state == CONNECTING)
            take_refusal(mqtt, record);
        return;
    case WARD_INBOX_SUBSCRIBED:
        if (mqtt->state == SUBSCRIBING)
            take_subscribed(mqtt, record);
        return;
    case WARD_INBOX_ANSWERED:
        if (mqtt->state == OPEN)
            mqtt->options.listener->answered(mqtt->options.userdata, record->cookie, (uint8_t)record->code);
        return;
    case WARD_INBOX_SENT_AWAY:
        if (mqtt->state != CLOSING)
            explain_code(mqtt, "the broker ended the connection", record->code);
        finish(mqtt);
        return;
    case WARD_INBOX_TLS: memcpy(mqtt->tls, record->text, sizeof(mqtt->tls)); return;
    case WARD_INBOX_LOST:
    case WARD_INBOX_DISCONNECTED: finish(mqtt); return;
    }
}

static int on_inbox(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_mqtt *mqtt = userdata;
    struct ward_inbox_record record;

    (void)source;
    (void)descriptor;
    (void)events;
    ward_inbox_awake(&mqtt->inbox);
    while (ward_inbox_pop(&mqtt->inbox, &record))
        take(mqtt, &record);
    if (mqtt->state == OPEN && mqtt->options.filter_count > 0 && ward_inbox_peek(&mqtt->inbox))
        mqtt->options.listener->arrived(mqtt->options.userdata);
    if (mqtt->state == OPEN && ward_inbox_overflowed(&mqtt->inbox))
        ward_mqtt_close(mqtt, "more came from the broker than the core takes");
    return 0;
}

static int start(struct ward_mqtt *mqtt)
{
    int result = ward_inbox_init(&mqtt->inbox);

    if (result < 0)
        return result;
    for (int i = 0; i < WARD_MQTT_COOKIES; i++)
        mqtt->contexts[i] = (struct ward_paho_context){.inbox = &mqtt->inbox, .cookie = i};
    result =
        sd_event_add_io(mqtt->options.event, &mqtt->inbox_source, mqtt->inbox.wake, EPOLLIN, on_inbox, mqtt);
    if (result >= 0)
        result = sd_event_add_defer(mqtt->options.event, &mqtt->ending, on_ending, mqtt);
    if (result >= 0)
        result = sd_event_source_set_enabled(mqtt->ending, SD_EVENT_OFF);
    if (result >= 0 && ward_paho_create(&mqtt->anchor, &mqtt->options, &mqtt->inbox) != MQTTASYNC_SUCCESS)
        result = -EIO;
    return result;
}

int ward_mqtt_new(struct ward_mqtt **ret, const struct ward_mqtt_options *options)
{
    struct ward_mqtt *mqtt;
    int result;

    if (options->filter_count > WARD_MQTT_FILTERS)
        return -E2BIG;
    mqtt = calloc(1, sizeof(*mqtt));
    if (!mqtt)
        return -ENOMEM;
    mqtt->options = *options;
    mqtt->trust = -1;
    sd_event_ref(mqtt->options.event);
    result = start(mqtt);
    if (result < 0) {
        ward_mqtt_free(mqtt);
        return result;
    }
    *ret = mqtt;
    return 0;
}

struct ward_mqtt *ward_mqtt_free(struct ward_mqtt *mqtt)
{
    if (!mqtt)
        return NULL;
    ward_reach_free(mqtt->reach);
    sd_event_source_disable_unref(mqtt->timer);
    sd_event_source_disable_unref(mqtt->ending);
    sd_event_source_disable_unref(mqtt->inbox_source);
    if (mqtt->handle)
        MQTTAsync_destroy(&mqtt->handle);
    if (mqtt->anchor)
        MQTTAsync_destroy(&mqtt->anchor);
    if (mqtt->trust >= 0)
        close(mqtt->trust);
    if (mqtt->inbox.end)
        ward_inbox_done(&mqtt->inbox);
    sd_event_unref(mqtt->options.event);
    free(mqtt);
    return NULL;
}

void ward_mqtt_open(struct ward_mqtt *mqtt)
{
    if (mqtt->state != CLOSED)
        return;
    mqtt->tls[0] = 0;
    mqtt->state = LOOKING_UP;
    start_reach(mqtt, mqtt->failed, false);
    mqtt->failed = true;
}

void ward_mqtt_close(struct ward_mqtt *mqtt, const char *why)
{
    switch (mqtt->state) {
    case CLOSED:
    case ENDING:
    case CLOSING: return;
    case LOOKING_UP:
    case CONNECTING:
    case EXPLAINING: fail(mqtt, why); return;
    case SUBSCRIBING:
    case OPEN:
        explain(mqtt, WARD_JOURNAL_NO_MATTER, why);
        leave(mqtt);
        return;
    }
}

bool ward_mqtt_is_open(const struct ward_mqtt *mqtt)
{
    return mqtt->state == OPEN;
}

bool ward_mqtt_is_at_work(const struct ward_mqtt *mqtt)
{
    return mqtt->state != CLOSED;
}

int ward_mqtt_publish(struct ward_mqtt *mqtt, const struct ward_link_frame *frame, int cookie)
{
    int result;

    if (mqtt->state != OPEN)
        return -ENOTCONN;
    if ((uint64_t)frame->publish.topic_length + frame->publish.payload_length + PUBLISH_OVERHEAD >
        mqtt->packet_maximum)
        return -EMSGSIZE;
    result = ward_paho_publish(mqtt->handle, frame, &mqtt->contexts[cookie]);
    if (result == MQTTASYNC_SUCCESS)
        return 0;
    return result == MQTTASYNC_BAD_UTF8_STRING ? -EINVAL
           : result == MQTTASYNC_DISCONNECTED  ? -ENOTCONN
                                               : -EIO;
}

const struct ward_inbox_arrival *ward_mqtt_arrival(struct ward_mqtt *mqtt)
{
    return ward_inbox_peek(&mqtt->inbox);
}

void ward_mqtt_arrival_drop(struct ward_mqtt *mqtt)
{
    ward_inbox_drop(&mqtt->inbox);
}
