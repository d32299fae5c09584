/* SPDX-License-Identifier: Apache-2.0 */
/*
 * round_trip socket|paho HOST PORT PKI NAME TOPIC OCTETS: the yardsticks of the way to the broker. Connects over mutual
 * TLS as NAME (PKI/ca.pem, NAME.pem, NAME.key) and says "ready"; for each line of standard input, a number, it publishes
 * so many messages of OCTETS at QoS 1, one after the other, and prints for each the microseconds until its PUBACK.
 *
 *   socket   MQTT 5 by hand (OASIS MQTT 5.0 §3): one write, one read, nothing between
 *   paho     Paho's asynchronous client, as wardgate-uplink has it, with nothing around it
 */
#include <inttypes.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <MQTTAsync.h>
#include <openssl/ssl.h>

#define KEEPALIVE_S 600
#define OCTETS_MAX  65536

struct options {
    const char *host, *port, *pki, *name, *topic;
    size_t octets;
};

struct way {
    const char *name;
    void (*open)(const struct options *options);
    void (*once)(const struct options *options); /* publishes, and returns when that is acknowledged */
};

static uint8_t payload[OCTETS_MAX];

static void fail(const char *what, const char *why) __attribute__((noreturn));

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "round_trip: %s: %s\n", what, why);
    exit(1);
}

static void path_of(const struct options *options, const char *stem, const char *suffix, char ret[static 512])
{
    snprintf(ret, 512, "%s/%s.%s", options->pki, stem, suffix);
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- a bare socket ------------------------------------------------------------------------------------------- */

static SSL *tls;
static uint8_t packet[OCTETS_MAX + 512];

static size_t put_text(uint8_t *at, const char *text)
{
    const size_t length = strlen(text);

    at[0] = (uint8_t)(length >> 8);
    at[1] = (uint8_t)length;
    memcpy(at + 2, text, length);
    return length + 2;
}

/* The fixed header, with a remaining length of always three octets (§1.5.5 allows it up to 2,097,151). */
static size_t put_header(uint8_t first, size_t remaining)
{
    packet[0] = first;
    packet[1] = (uint8_t)(remaining & 0x7F) | 0x80;
    packet[2] = (uint8_t)(remaining >> 7 & 0x7F) | 0x80;
    packet[3] = (uint8_t)(remaining >> 14);
    return 4;
}

static void send_packet(size_t length)
{
    if (SSL_write(tls, packet, (int)length) != (int)length)
        fail("the broker", "it does not take a packet");
}

/* An answer of the kind; every one that comes here is shorter than 127 octets. */
static void receive(uint8_t kind)
{
    uint8_t octets[256] = {0};
    int have = 0;

    while (have < 2 || have < 2 + octets[1]) {
        const int more = SSL_read(tls, octets + have, (have < 2 ? 2 : 2 + octets[1]) - have);

        if (more <= 0)
            fail("the broker", "it hung up");
        have += more;
    }
    if (octets[0] >> 4 != kind)
        fail("the broker", "another answer than the one that must come");
}

static int connect_to(const struct options *options)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int descriptor;

    if (getaddrinfo(options->host, options->port, &hints, &found) != 0)
        fail(options->host, "not found");
    descriptor = socket(found->ai_family, found->ai_socktype, 0);
    if (connect(descriptor, found->ai_addr, found->ai_addrlen) < 0)
        fail(options->host, "nothing listens");
    freeaddrinfo(found);
    return descriptor;
}

static void socket_open(const struct options *options)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    char ca[512], certificate[512], key[512];
    size_t length;

    path_of(options, "ca", "pem", ca);
    path_of(options, options->name, "pem", certificate);
    path_of(options, options->name, "key", key);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (!SSL_CTX_load_verify_file(context, ca) ||
        SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        fail(options->pki, "not the keys of a gateway");
    tls = SSL_new(context);
    SSL_set_fd(tls, connect_to(options));
    if (SSL_connect(tls) != 1)
        fail(options->host, "no TLS");
    length = 4 + put_text(packet + 4, "MQTT");
    packet[length++] = 5;    /* version */
    packet[length++] = 0x02; /* clean start */
    packet[length++] = KEEPALIVE_S >> 8;
    packet[length++] = KEEPALIVE_S & 0xFF;
    packet[length++] = 0; /* no properties */
    length += put_text(packet + length, "round-trip-socket");
    put_header(0x10, length - 4);
    send_packet(length);
    receive(2);
}

static void socket_once(const struct options *options)
{
    static uint16_t id;
    size_t length = 4 + put_text(packet + 4, options->topic);

    id = (uint16_t)(id % 0xFFFF + 1);
    packet[length++] = (uint8_t)(id >> 8);
    packet[length++] = (uint8_t)id;
    packet[length++] = 0; /* no properties */
    memcpy(packet + length, payload, options->octets);
    length += options->octets;
    put_header(0x32, length - 4);
    send_packet(length);
    receive(4);
}

/* --- Paho ---------------------------------------------------------------------------------------------------- */

static MQTTAsync paho;
static sem_t answered;

static void on_success(void *context, MQTTAsync_successData5 *data)
{
    (void)context;
    (void)data;
    sem_post(&answered);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    (void)context;
    fail("Paho", data->message ? data->message : "a failure");
}

static int on_arrived(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    (void)context;
    (void)topic_length;
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void paho_open(const struct options *options)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_SSLOptions ssl = MQTTAsync_SSLOptions_initializer;
    char uri[300], ca[512], certificate[512], key[512];

    path_of(options, "ca", "pem", ca);
    path_of(options, options->name, "pem", certificate);
    path_of(options, options->name, "key", key);
    snprintf(uri, sizeof(uri), "ssl://%s:%s", options->host, options->port);
    ssl.trustStore = ca;
    ssl.keyStore = certificate;
    ssl.privateKey = key;
    ssl.disableDefaultTrustStore = 1;
    ssl.enableServerCertAuth = 1;
    ssl.verify = 1;
    ssl.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
    connect.keepAliveInterval = KEEPALIVE_S;
    connect.cleanstart = 1;
    connect.ssl = &ssl;
    connect.onSuccess5 = on_success;
    connect.onFailure5 = on_failure;
    sem_init(&answered, 0, 0);
    if (MQTTAsync_createWithOptions(&paho, uri, "round-trip-paho", MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                    &create) != MQTTASYNC_SUCCESS ||
        MQTTAsync_setCallbacks(paho, NULL, NULL, on_arrived, NULL) != MQTTASYNC_SUCCESS ||
        MQTTAsync_connect(paho, &connect) != MQTTASYNC_SUCCESS)
        fail("Paho", "it does not begin");
    sem_wait(&answered);
}

static void paho_once(const struct options *options)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTAsync_message message = MQTTAsync_message_initializer;

    message.payload = payload;
    message.payloadlen = (int)options->octets;
    message.qos = 1;
    response.onSuccess5 = on_success;
    response.onFailure5 = on_failure;
    if (MQTTAsync_sendMessage(paho, options->topic, &message, &response) != MQTTASYNC_SUCCESS)
        fail("Paho", "it takes no message");
    sem_wait(&answered);
}

/* ------------------------------------------------------------------------------------------------------------- */

static const struct way ways[] = {{"socket", socket_open, socket_once}, {"paho", paho_open, paho_once}};

int main(int argc, char **argv)
{
    const struct way *way = NULL;
    struct options options;
    char line[32];

    for (size_t i = 0; argc == 8 && i < sizeof(ways) / sizeof(ways[0]); i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            way = &ways[i];
    if (!way) {
        fprintf(stderr, "usage: round_trip socket|paho HOST PORT PKI NAME TOPIC OCTETS\n");
        return 2;
    }
    options = (struct options){argv[2], argv[3], argv[4], argv[5], argv[6], strtoul(argv[7], NULL, 10)};
    if (options.octets > OCTETS_MAX)
        fail(argv[7], "too many octets");
    memset(payload, 'x', sizeof(payload));
    way->open(&options);
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        for (unsigned long left = strtoul(line, NULL, 10); left > 0; left--) {
            const uint64_t since_us = now_us();

            way->once(&options);
            printf("took %" PRIu64 "\n", now_us() - since_us);
        }
        fflush(stdout);
    }
    _exit(0); /* Paho's threads are detached, and inside OpenSSL */
}
