/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's side of the spool. One client at a time, in one of three phases:
 *
 *   ABSENT     nobody is connected
 *   GREETING   connected with the right uid; only HELLO is taken, and within WARD_LINK_ALIVE_MS
 *   JOINED     HELLO has been answered; the link to the ward is down or up
 *
 * Invariants:
 *   1. Credit and unanswered count for one round only: LINK down and the end of the connection set both to
 *      nothing.
 *   2. Nothing is queued. A message that the kernel does not take was not taken; what is state (testaments,
 *      urgent) is marked as owed and sent from the state itself when there is room again.
 *   3. The listener is called from the sources' handlers only. A dead connection found while sending is left
 *      for the client's source to find again.
 *   4. A frame out of place ends the connection: the other end is not the uplink we know.
 */
#include "io/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/spool_credit.h"
#include "io/spool_message.h"
#include "io/spool_socket.h"

enum phase { ABSENT, GREETING, JOINED };

enum owed {
    OWED_WILL = 1 << WARD_TESTAMENT_WILL,
    OWED_SILENT = 1 << WARD_TESTAMENT_SILENT,
    OWED_URGENT = 1 << 2,
    OWED_NAMES = 1 << 3
};

/* What is added around a payload at most: WARD_LINK_PAYLOAD_MAX keeps the same distance from the frame. */
#define OVERHEAD (WARD_LINK_FRAME_MAX - WARD_LINK_PAYLOAD_MAX)
/* Frames taken in one go, so that a chatty uplink does not starve the rest of the loop. */
#define FRAMES_A_TURN 64

struct spool_testament {
    uint8_t *frame; /* encoded; NULL for none */
    size_t length;
};

struct ward_spool {
    sd_event *event;
    char *path;
    uid_t peer_uid;
    const struct ward_spool_listener *listener;
    void *userdata;
    int listening;
    sd_event_source *listening_source;

    enum phase phase;
    int client;
    sd_event_source *client_source;
    sd_event_source *alive_timer;
    size_t frame_max; /* what both ends take */
    unsigned owed;    /* set of enum owed */

    bool up;
    struct ward_spool_credit credit;

    bool urgent;
    bool provisioning; /* the last step of it has not come */
    char *names;       /* NULL: never asked */
    struct spool_testament testaments[2];
    uint8_t incoming[WARD_LINK_FRAME_MAX];
    uint8_t outgoing[WARD_LINK_FRAME_MAX];
};

static void hang_up(struct ward_spool *spool)
{
    spool->client_source = sd_event_source_disable_unref(spool->client_source);
    spool->alive_timer = sd_event_source_disable_unref(spool->alive_timer);
    if (spool->client >= 0)
        close(spool->client);
    spool->client = -1;
    spool->phase = ABSENT;
    spool->owed = 0;
    spool->provisioning = false;
    spool->up = false;
    spool->credit = (struct ward_spool_credit){0};
}

static void trouble(const struct ward_spool *spool, const char *text)
{
    spool->listener->trouble(spool->userdata, text);
}

/* Ends the connection and tells the listener, why in its own words; blame is for the log, or NULL. */
static void end(struct ward_spool *spool, const char *why, const char *blame)
{
    bool joined = spool->phase == JOINED, provisioning = spool->provisioning;

    hang_up(spool);
    if (blame)
        trouble(spool, blame);
    if (joined)
        spool->listener->link(spool->userdata, false, why, INT64_MIN);
    if (provisioning)
        spool->listener->provisioned(spool->userdata, WARD_PROVISION_FAILED, "uplink", 0, why);
}

static void want_writable(struct ward_spool *spool, bool wanted)
{
    sd_event_source_set_io_events(spool->client_source, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static int send_frame(struct ward_spool *spool, const uint8_t *frame, size_t length)
{
    int result = ward_spool_socket_send(spool->client, frame, length);

    if (result == -EAGAIN)
        want_writable(spool, true);
    return result;
}

static int send_urgent(struct ward_spool *spool)
{
    struct ward_link_frame frame = {.type = WARD_LINK_URGENT, .urgent.urgent = spool->urgent};
    uint8_t buffer[8];

    return send_frame(spool, buffer, ward_link_encode(&frame, buffer, sizeof(buffer)));
}

static int send_names(struct ward_spool *spool)
{
    struct ward_link_frame frame = {
        .type = WARD_LINK_NAMES, .names = {.length = (uint16_t)strlen(spool->names), .text = spool->names}};
    size_t length = ward_link_encode(&frame, spool->outgoing, sizeof(spool->outgoing));

    return send_frame(spool, spool->outgoing, length);
}

/* Sends what is owed, as far as the kernel takes it. */
static void settle(struct ward_spool *spool)
{
    if (spool->phase != JOINED)
        return;
    for (size_t i = 0; i < 2; i++) {
        const struct spool_testament *testament = &spool->testaments[i];

        if (!(spool->owed & (1u << i)))
            continue;
        if (testament->frame && send_frame(spool, testament->frame, testament->length) < 0)
            return;
        spool->owed &= ~(1u << i);
    }
    if (spool->owed & OWED_URGENT && send_urgent(spool) == 0)
        spool->owed &= ~(unsigned)OWED_URGENT;
    if (spool->owed & OWED_NAMES && (!spool->names || send_names(spool) == 0))
        spool->owed &= ~(unsigned)OWED_NAMES;
}

static int on_alive(sd_event_source *source, uint64_t now_us, void *userdata)
{
    struct ward_spool *spool = userdata;

    if (spool->phase == GREETING) {
        end(spool, "", "spool: the client said no hello and was hung up on");
        return 0;
    }
    spool->owed |= OWED_URGENT;
    settle(spool);
    sd_event_source_set_time(source, now_us + WARD_LINK_ALIVE_MS * 1000ULL);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

/* The take functions return what is wrong with the frame, or NULL. */
static const char *take_hello(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    struct ward_link_frame answer = {
        .type = WARD_LINK_HELLO, .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}};
    uint8_t buffer[16];

    if (spool->phase != GREETING)
        return "a second hello";
    if (frame->hello.version != WARD_LINK_VERSION)
        return "another version of the protocol";
    if (frame->hello.frame_max <= OVERHEAD)
        return "a largest frame that holds no message";
    spool->frame_max =
        frame->hello.frame_max < WARD_LINK_FRAME_MAX ? frame->hello.frame_max : WARD_LINK_FRAME_MAX;
    if (ward_spool_socket_send(spool->client, buffer, ward_link_encode(&answer, buffer, sizeof(buffer))) < 0)
        return "hello without waiting for the answer";
    spool->phase = JOINED;
    spool->owed = OWED_WILL | OWED_SILENT | OWED_URGENT | OWED_NAMES;
    settle(spool);
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

static const char *take(struct ward_spool *spool, const struct ward_link_frame *frame)
{
    if (frame->type != WARD_LINK_HELLO && spool->phase != JOINED)
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

/* Takes one packet. Returns false when there is none, or no connection any more. */
static bool receive(struct ward_spool *spool)
{
    struct ward_link_frame frame;
    size_t length;
    const char *wrong = NULL;
    char text[120];
    int result = ward_spool_socket_receive(spool->client, spool->incoming, sizeof(spool->incoming), &length);

    if (result == -EAGAIN)
        return false;
    if (result == -EPIPE) {
        end(spool, "the uplink ended", NULL);
        return false;
    }
    if (result < 0 || !ward_link_decode(spool->incoming, length, &frame))
        wrong = "a malformed frame";
    else
        wrong = take(spool, &frame);
    if (wrong) {
        snprintf(text, sizeof(text), "spool: hung up on the client, which sent %s", wrong);
        end(spool, "the uplink broke the spool's protocol", text);
    }
    return !wrong;
}

static int on_client(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_spool *spool = userdata;
    bool received = false;

    (void)source;
    (void)descriptor;
    if (events & EPOLLOUT) {
        want_writable(spool, false);
        settle(spool);
        received = true;
    }
    for (int i = 0; i < FRAMES_A_TURN && receive(spool); i++)
        received = true;
    if (received && spool->phase == JOINED && spool->up && spool->credit.frames > 0)
        spool->listener->credit(spool->userdata);
    return 0;
}

static int adopt(struct ward_spool *spool, int client)
{
    int result;

    spool->client = client;
    spool->phase = GREETING;
    result = sd_event_add_io(spool->event, &spool->client_source, client, EPOLLIN, on_client, spool);
    if (result >= 0)
        result = sd_event_add_time_relative(spool->event, &spool->alive_timer, CLOCK_BOOTTIME,
                                            WARD_LINK_ALIVE_MS * 1000ULL, 0, on_alive, spool);
    if (result < 0)
        hang_up(spool);
    return result;
}

static int on_listening(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_spool *spool = userdata;
    char text[160];
    uid_t uid = 0;
    pid_t pid = 0;
    int client = ward_spool_socket_accept(descriptor, &uid, &pid), result = client;

    (void)source;
    (void)events;
    if (client == -EAGAIN || client == -ECONNABORTED || client == -EINTR)
        return 0;
    if (client >= 0 && uid == spool->peer_uid && spool->phase == ABSENT)
        result = adopt(spool, client);
    else if (client >= 0) {
        close(client);
        result = uid != spool->peer_uid ? -EACCES : -EBUSY;
    }
    if (result < 0) {
        snprintf(text, sizeof(text), "spool: refused a client (uid %u, pid %d): %s", uid, pid,
                 result == -EACCES  ? "not the uplink's user"
                 : result == -EBUSY ? "the uplink is connected already"
                                    : strerror(-result));
        trouble(spool, text);
    }
    return 0;
}

int ward_spool_new(struct ward_spool **ret, const struct ward_spool_options *options)
{
    struct ward_spool *spool = calloc(1, sizeof(*spool));
    int result = -ENOMEM;

    if (!spool)
        return -ENOMEM;
    spool->event = sd_event_ref(options->event);
    spool->peer_uid = options->peer_uid;
    spool->listener = options->listener;
    spool->userdata = options->userdata;
    spool->client = -1;
    spool->listening = ward_spool_socket_listen(options->path);
    if (spool->listening < 0)
        result = spool->listening;
    else if ((spool->path = strdup(options->path)))
        result = sd_event_add_io(spool->event, &spool->listening_source, spool->listening, EPOLLIN,
                                 on_listening, spool);
    /* After the client's: one that ended is seen to end before the next is looked at. And the client's is no better than
     * any other, so that a flood from the network keeps nothing else waiting. */
    if (result >= 0)
        result = sd_event_source_set_priority(spool->listening_source, SD_EVENT_PRIORITY_NORMAL + 1);
    if (result < 0) {
        ward_spool_free(spool);
        return result;
    }
    *ret = spool;
    return 0;
}

struct ward_spool *ward_spool_free(struct ward_spool *spool)
{
    if (!spool)
        return NULL;
    hang_up(spool);
    sd_event_source_disable_unref(spool->listening_source);
    if (spool->listening >= 0) {
        close(spool->listening);
        if (spool->path)
            unlink(spool->path);
    }
    sd_event_unref(spool->event);
    for (size_t i = 0; i < 2; i++)
        free(spool->testaments[i].frame);
    free(spool->names);
    free(spool->path);
    free(spool);
    return NULL;
}

int ward_spool_publish(struct ward_spool *spool, const struct ward_message *message)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PUBLISH, .publish.round = spool->credit.round};
    int length, result;

    if (spool->phase != JOINED || !spool->up)
        return WARD_SPOOL_DOWN;
    length = ward_spool_message_encode(message, &frame, spool->outgoing);
    if (length < 0)
        return length;
    if ((size_t)length > spool->frame_max)
        return -EMSGSIZE;
    if (!ward_spool_credit_allows(&spool->credit, message->message_class, (size_t)length))
        return WARD_SPOOL_NO_CREDIT;
    result = send_frame(spool, spool->outgoing, (size_t)length);
    if (result < 0)
        return result == -EPIPE ? WARD_SPOOL_DOWN : WARD_SPOOL_NO_CREDIT;
    ward_spool_credit_spend(&spool->credit, (size_t)length);
    return WARD_SPOOL_SENT;
}

size_t ward_spool_room(const struct ward_spool *spool, enum ward_message_class message_class)
{
    size_t room;

    if (spool->phase != JOINED || !spool->up)
        return 0;
    room = ward_spool_credit_room(&spool->credit, message_class, spool->frame_max);
    return room > OVERHEAD ? room - OVERHEAD : 0;
}

bool ward_spool_idle(const struct ward_spool *spool)
{
    return spool->phase == JOINED && spool->up && spool->credit.frames > 0 && spool->credit.unanswered == 0;
}

int ward_spool_testament(struct ward_spool *spool, enum ward_link_testament testament,
                         const struct ward_message *message)
{
    struct spool_testament *kept = &spool->testaments[testament];
    struct ward_link_frame frame = {.type = WARD_LINK_TESTAMENT, .publish.testament = (uint8_t)testament};
    int length = ward_spool_message_encode(message, &frame, spool->outgoing);
    uint8_t *copy;

    if (length < 0)
        return length;
    copy = malloc((size_t)length);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, spool->outgoing, (size_t)length);
    free(kept->frame);
    *kept = (struct spool_testament){.frame = copy, .length = (size_t)length};
    spool->owed |= 1u << testament;
    settle(spool);
    return 0;
}

int ward_spool_provision(struct ward_spool *spool, enum ward_provision action, const char *code)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROVISION, .provision.action = (uint8_t)action};
    uint8_t buffer[WARD_LINK_CODE_MAX + 8];
    size_t length;
    int result;

    if (spool->phase != JOINED)
        return -ENOTCONN;
    if (spool->provisioning)
        return -EBUSY;
    if (strlen(code) > WARD_LINK_CODE_MAX)
        return -EINVAL;
    frame.provision.code = code;
    frame.provision.code_length = (uint16_t)strlen(code);
    length = ward_link_encode(&frame, buffer, sizeof(buffer));
    result = length > 0 ? send_frame(spool, buffer, length) : -EINVAL;
    explicit_bzero(buffer, sizeof(buffer)); /* a secret is in it */
    if (result == -EPIPE)
        return -ENOTCONN;
    spool->provisioning = result == 0;
    return result;
}

void ward_spool_urgent(struct ward_spool *spool, bool urgent)
{
    if (spool->urgent == urgent)
        return;
    spool->urgent = urgent;
    spool->owed |= OWED_URGENT;
    settle(spool);
}

bool ward_spool_task(struct ward_spool *spool, uint64_t id, enum ward_link_task task)
{
    const struct ward_link_frame frame = {.type = WARD_LINK_TASK, .task = {.id = id, .task = (uint8_t)task}};
    uint8_t buffer[16];

    return spool->phase == JOINED &&
           send_frame(spool, buffer, ward_link_encode(&frame, buffer, sizeof(buffer))) == 0;
}

int ward_spool_names(struct ward_spool *spool, const char *names)
{
    char *copy;

    if (strlen(names) > WARD_LINK_NAMES_MAX)
        return -EMSGSIZE;
    if (spool->names && strcmp(spool->names, names) == 0)
        return 0;
    copy = strdup(names);
    if (!copy)
        return -ENOMEM;
    free(spool->names);
    spool->names = copy;
    spool->owed |= OWED_NAMES;
    settle(spool);
    return 0;
}

bool ward_spool_probe(struct ward_spool *spool, uint32_t number)
{
    struct ward_link_frame frame = {.type = WARD_LINK_PROBE, .probe.number = number};
    uint8_t buffer[8];

    return spool->phase == JOINED &&
           ward_spool_socket_send(spool->client, buffer, ward_link_encode(&frame, buffer, sizeof(buffer))) ==
               0;
}
