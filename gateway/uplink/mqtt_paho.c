/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/mqtt_paho.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTENT_TYPE      "application/json"
#define CONNECT_TIMEOUT_S 15
/* Messages that Paho may hold before it writes them; above every window of ours, so that it never comes into
 * play. */
#define BUFFERED_MAX 200

/* Paho's length-counted strings are not const, though it only reads what it is given. */
static MQTTLenString borrowed(const char *text, size_t length)
{
    MQTTLenString string = {.len = (int)length};

    memcpy(&string.data, &text, sizeof(text));
    return string;
}

static void add_octets(MQTTProperties *properties, enum MQTTPropertyCodes code, const void *octets,
                       size_t length)
{
    MQTTProperty property = {.identifier = code};

    property.value.data = borrowed(octets, length);
    MQTTProperties_add(properties, &property);
}

static void add_text(MQTTProperties *properties, enum MQTTPropertyCodes code, const char *text)
{
    add_octets(properties, code, text, strlen(text));
}

static void add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, uint32_t number)
{
    MQTTProperty property = {.identifier = code};

    if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
        property.value.integer2 = (unsigned short)number;
    else
        property.value.integer4 = number;
    MQTTProperties_add(properties, &property);
}

static void add_user(MQTTProperties *properties, const char *name, const char *value, size_t length)
{
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};

    if (length == 0)
        return;
    property.value.data = borrowed(name, strlen(name));
    property.value.value = borrowed(value, length);
    MQTTProperties_add(properties, &property);
}

static void add_message(MQTTProperties *properties, const struct ward_link_frame *frame)
{
    add_text(properties, MQTTPROPERTY_CODE_CONTENT_TYPE, CONTENT_TYPE);
    if (frame->publish.expiry_s > 0)
        add_number(properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL, frame->publish.expiry_s);
    if (frame->publish.correlation_length > 0)
        add_octets(properties, MQTTPROPERTY_CODE_CORRELATION_DATA, frame->publish.correlation,
                   frame->publish.correlation_length);
    add_user(properties, "kid", frame->publish.kid, frame->publish.kid_length);
    add_user(properties, "sig", frame->publish.signature, frame->publish.signature_length);
}

static uint32_t number_of(MQTTProperties *properties, enum MQTTPropertyCodes code, uint32_t otherwise)
{
    if (!MQTTProperties_hasProperty(properties, code))
        return otherwise;
    return (uint32_t)MQTTProperties_getNumericValue(properties, code);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    struct ward_inbox_record record = {.kind = WARD_INBOX_CONNECTED};

    /* absent: 65,535 and no limit (MQTT 5 §3.2.2.3.3, §3.2.2.3.6) */
    record.receive_maximum = number_of(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, UINT16_MAX);
    record.packet_maximum = number_of(&data->properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, UINT32_MAX);
    record.keepalive_s = (uint16_t)number_of(&data->properties, MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, 0);
    ward_inbox_push(context, &record);
}

/* Of a refused CONNECT the reason code is in code, and reasonCode may be anything. */
static void on_refused(void *context, MQTTAsync_failureData5 *data)
{
    struct ward_inbox_record record = {.kind = WARD_INBOX_REFUSED, .code = data->code};

    snprintf(record.text, sizeof(record.text), "%s", data->message ? data->message : "");
    ward_inbox_push(context, &record);
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    struct ward_inbox_record record = {.kind = WARD_INBOX_SUBSCRIBED, .code = (int)data->reasonCode};

    for (int i = 0; data->alt.sub.reasonCodeCount > 1 && i < data->alt.sub.reasonCodeCount; i++)
        if ((int)data->alt.sub.reasonCodes[i] > record.code)
            record.code = (int)data->alt.sub.reasonCodes[i];
    ward_inbox_push(context, &record);
}

static void on_not_subscribed(void *context, MQTTAsync_failureData5 *data)
{
    struct ward_inbox_record record = {.kind = WARD_INBOX_SUBSCRIBED, .code = (int)data->reasonCode};

    if (record.code < MQTTREASONCODE_UNSPECIFIED_ERROR)
        record.kind = WARD_INBOX_LOST; /* not an answer: the connection is going */
    ward_inbox_push(context, &record);
}

static void on_answered(void *context, MQTTAsync_successData5 *data)
{
    struct ward_paho_context *message = context;

    (void)data;
    ward_inbox_push(message->inbox,
                    &(struct ward_inbox_record){.kind = WARD_INBOX_ANSWERED, .cookie = message->cookie});
}

static void on_not_answered(void *context, MQTTAsync_failureData5 *data)
{
    struct ward_paho_context *message = context;
    struct ward_inbox_record record = {
        .kind = WARD_INBOX_ANSWERED, .cookie = message->cookie, .code = (int)data->reasonCode};

    if (record.code < MQTTREASONCODE_UNSPECIFIED_ERROR)
        return; /* not an answer: the connection is going, and takes the message with it */
    ward_inbox_push(message->inbox, &record);
}

static void on_lost(void *context, char *cause)
{
    (void)cause; /* Paho never gives one */
    ward_inbox_push(context, &(struct ward_inbox_record){.kind = WARD_INBOX_LOST});
}

static void on_sent_away(void *context, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
    (void)properties;
    ward_inbox_push(context, &(struct ward_inbox_record){.kind = WARD_INBOX_SENT_AWAY, .code = (int)reason});
}

static void on_disconnected(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    ward_inbox_push(context, &(struct ward_inbox_record){.kind = WARD_INBOX_DISCONNECTED});
}

static void on_not_disconnected(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    ward_inbox_push(context, &(struct ward_inbox_record){.kind = WARD_INBOX_DISCONNECTED});
}

static const MQTTLenString *text_of(MQTTProperties *properties, enum MQTTPropertyCodes code)
{
    const MQTTProperty *property = MQTTProperties_getProperty(properties, code);

    return property ? &property->value.data : NULL;
}

/*
 * Returns 1, which lets go of the message, in any case: Paho has acknowledged it already, and one that is
 * left with it is offered again only when the next packet comes.
 */
static int on_arrived(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    const MQTTLenString *response = text_of(&message->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    const MQTTLenString *correlation = text_of(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    char response_topic[WARD_TOPIC_MAX + 1] = "";
    struct ward_inbox_arrival arrival = {
        .topic = topic,
        .response_topic = response_topic,
        .correlation = correlation ? (const uint8_t *)correlation->data : NULL,
        .correlation_length = correlation ? (uint16_t)correlation->len : 0,
        .payload = message->payload,
        .payload_length = (uint32_t)message->payloadlen,
        .retained = message->retained != 0,
    };

    (void)
        topic_length; /* not 0 only for a topic with a NUL inside, which ends there and then means nothing to us */
    if (response && response->len > 0 && response->len <= WARD_TOPIC_MAX)
        memcpy(response_topic, response->data, (size_t)response->len);
    ward_inbox_arrive(context, &arrival);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

/* "…:error:0A000086:SSL routines:tls_process_server_certificate:certificate verify failed:…": the sixth
 * field. */
static int on_tls(const char *text, size_t length, void *context)
{
    struct ward_inbox_record record = {.kind = WARD_INBOX_TLS};
    const char *end = text + length;
    size_t size;

    for (int i = 0; i < 5; i++) {
        const char *colon = memchr(text, ':', (size_t)(end - text));

        if (!colon)
            return 1;
        text = colon + 1;
    }
    size = (size_t)(end - text);
    if (memchr(text, ':', size))
        size = (size_t)((const char *)memchr(text, ':', size) - text);
    if (size >= sizeof(record.text))
        size = sizeof(record.text) - 1;
    memcpy(record.text, text, size);
    ward_inbox_push(context, &record);
    return 1;
}

int ward_paho_create(MQTTAsync *ret, const struct ward_mqtt_options *options, struct ward_inbox *inbox)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    char uri[300];
    int result;

    create.maxBufferedMessages = BUFFERED_MAX;
    /* An IPv6 address as well: Paho takes the port from behind the last colon, and looks for brackets, where there are some,
     * in the broker's certificate too. */
    snprintf(uri, sizeof(uri), "ssl://%s:%u", options->host, options->port);
    result =
        MQTTAsync_createWithOptions(ret, uri, options->client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (result != MQTTASYNC_SUCCESS)
        return result;
    result = MQTTAsync_setCallbacks(*ret, inbox, on_lost, on_arrived, NULL);
    if (result == MQTTASYNC_SUCCESS)
        result = MQTTAsync_setDisconnected(*ret, inbox, on_sent_away);
    if (result != MQTTASYNC_SUCCESS)
        MQTTAsync_destroy(ret);
    return result;
}

/* topic has room for WARD_TOPIC_MAX + 1 octets; it and will live as long as the options. */
static MQTTAsync_willOptions will_of(const struct ward_link_frame *will, char *topic)
{
    MQTTAsync_willOptions options = MQTTAsync_willOptions_initializer;

    memcpy(topic, will->publish.topic, will->publish.topic_length);
    topic[will->publish.topic_length] = 0;
    options.topicName = topic;
    options.qos = will->publish.qos;
    options.retained = will->publish.retain;
    options.payload.data = will->publish.payload;
    options.payload.len = (int)will->publish.payload_length;
    return options;
}

int ward_paho_connect(MQTTAsync handle, const struct ward_mqtt_options *options, const char *trust,
                      struct ward_inbox *inbox)
{
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer, will_properties = MQTTProperties_initializer;
    const struct ward_link_frame *will =
        options->listener->will ? options->listener->will(options->userdata) : NULL;
    MQTTAsync_willOptions will_options;
    char topic[WARD_TOPIC_MAX + 1];
    int result;

    tls.trustStore = trust;
    tls.keyStore = options->files.certificate;
    tls.privateKey = options->files.key;
    tls.enabledCipherSuites = WARD_TLS_SUITES;
    tls.disableDefaultTrustStore = 1;
    tls.enableServerCertAuth = 1;
    tls.verify = 1;
    tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2; /* or later */
    tls.ssl_error_cb = on_tls;
    tls.ssl_error_context = inbox;

    add_number(&properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL, 0);
    add_number(&properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, WARD_INBOX_ARRIVALS / 2);
    add_number(&properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, WARD_LINK_FRAME_MAX);

    connect.keepAliveInterval = options->keepalive_s;
    connect.connectTimeout = CONNECT_TIMEOUT_S;
    connect.cleanstart = 1;
    connect.automaticReconnect = 0;
    connect.ssl = &tls;
    connect.connectProperties = &properties;
    connect.onSuccess5 = on_connected;
    connect.onFailure5 = on_refused;
    connect.context = inbox;
    if (will) {
        will_options = will_of(will, topic);
        add_message(&will_properties, will);
        connect.will = &will_options;
        connect.willProperties = &will_properties;
    }
    result = MQTTAsync_connect(handle, &connect); /* copies everything */
    MQTTProperties_free(&will_properties);
    MQTTProperties_free(&properties);
    return result;
}

int ward_paho_subscribe(MQTTAsync handle, const struct ward_mqtt_options *options, struct ward_inbox *inbox)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTSubscribe_options subscribe[WARD_MQTT_FILTERS];
    char *filters[WARD_MQTT_FILTERS];
    int qos[WARD_MQTT_FILTERS];

    for (size_t i = 0; i < options->filter_count; i++) {
        /* as published: what was sent to be retained is known for it, also when it comes at once */
        subscribe[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
        subscribe[i].retainAsPublished = 1;
        memcpy(&filters[i], &options->filters[i], sizeof(filters[i]));
        qos[i] = 1;
    }
    response.onSuccess5 = on_subscribed;
    response.onFailure5 = on_not_subscribed;
    response.context = inbox;
    if (options->filter_count == 1)
        response.subscribeOptions = subscribe[0];
    response.subscribeOptionsCount = (int)options->filter_count;
    response.subscribeOptionsList = subscribe;
    return MQTTAsync_subscribeMany(handle, (int)options->filter_count, filters, qos, &response);
}

int ward_paho_publish(MQTTAsync handle, const struct ward_link_frame *frame,
                      struct ward_paho_context *context)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTAsync_message message = MQTTAsync_message_initializer;
    char topic[WARD_TOPIC_MAX + 1] = "";
    int result;

    memcpy(topic, frame->publish.topic, frame->publish.topic_length);
    memcpy(&message.payload, &frame->publish.payload, sizeof(message.payload));
    message.payloadlen = (int)frame->publish.payload_length;
    message.qos = frame->publish.qos;
    message.retained = frame->publish.retain;
    add_message(&message.properties, frame);
    response.onSuccess5 = on_answered;
    response.onFailure5 = on_not_answered;
    response.context = context;
    result = MQTTAsync_sendMessage(handle, topic, &message, &response);
    MQTTProperties_free(&message.properties);
    return result;
}

int ward_paho_disconnect(MQTTAsync handle, struct ward_inbox *inbox)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;

    options.reasonCode = MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE;
    options.onSuccess5 = on_disconnected;
    options.onFailure5 = on_not_disconnected;
    options.context = inbox;
    return MQTTAsync_disconnect(handle, &options);
}
