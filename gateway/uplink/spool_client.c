/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/spool_client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "uplink/log.h"

#define RETRY_US 250000ULL

struct ward_spool_client {
    sd_event *event;
    const char *path;
    const struct ward_spool_client_listener *listener;
    void *userdata;
    int connection;
    sd_event_source *source;
    sd_event_source *retry;
    char complaint[160]; /* the last that was logged; "" once the core has said hello */
    bool joined;
    bool failed; /* found while sending; the source's handler ends the connection */
    uint8_t incoming[WARD_LINK_FRAME_MAX];
    uint8_t outgoing[WARD_LINK_FRAME_MAX];
};

static void hang_up(struct ward_spool_client *client)
{
    client->source = sd_event_source_disable_unref(client->source);
    if (client->connection >= 0)
        close(client->connection);
    client->connection = -1;
    client->joined = client->failed = false;
}

static int on_retry(sd_event_source *source, uint64_t time_us, void *userdata);

/* Always soon: it costs next to nothing, and until the core is back nothing can be said to the ward. */
static void retry_later(struct ward_spool_client *client)
{
    client->retry = sd_event_source_disable_unref(client->retry);
    if (sd_event_add_time_relative(client->event, &client->retry, CLOCK_BOOTTIME, RETRY_US, 0, on_retry,
                                   client) < 0)
        sd_event_exit(client->event,
                      EXIT_FAILURE); /* without a timer there is no way back: be started anew */
}

static void complain(struct ward_spool_client *client, const char *what)
{
    if (strcmp(what, client->complaint) == 0)
        return;
    snprintf(client->complaint, sizeof(client->complaint), "%s", what);
    ward_log(LOG_WARNING, WARD_JOURNAL_CORE_NOT_HEARD, "spool: %s: %s", client->path, client->complaint);
}

static void end(struct ward_spool_client *client, const char *why)
{
    bool joined = client->joined;

    hang_up(client);
    complain(client, why);
    retry_later(client);
    if (joined)
        client->listener->ended(client->userdata, why);
}

static bool from_core(enum ward_link_type type)
{
    switch (type) {
    case WARD_LINK_TESTAMENT:
    case WARD_LINK_PUBLISH:
    case WARD_LINK_URGENT:
    case WARD_LINK_TASK:
    case WARD_LINK_PROVISION:
    case WARD_LINK_NAMES:
    case WARD_LINK_PROBE: return true;
    case WARD_LINK_HELLO:
    case WARD_LINK_LINK:
    case WARD_LINK_CREDIT:
    case WARD_LINK_RESULT:
    case WARD_LINK_DOWN:
    case WARD_LINK_OUTCOME:
    case WARD_LINK_PROVISIONED:
    case WARD_LINK_FETCHED:
    case WARD_LINK_PROBED: return false;
    }
    return false;
}

/* Returns what is wrong with the frame, or NULL. */
static const char *take(struct ward_spool_client *client, const struct ward_link_frame *frame, size_t length)
{
    if (client->joined) {
        if (!from_core((enum ward_link_type)frame->type))
            return "the core sent a frame that only the uplink sends";
        client->listener->frame(client->userdata, frame, length);
        return NULL;
    }
    if (frame->type != WARD_LINK_HELLO || frame->hello.version != WARD_LINK_VERSION)
        return "the core speaks another version of the spool";
    client->joined = true;
    client->complaint[0] = 0;
    client->listener->joined(client->userdata);
    return NULL;
}

static int on_io(sd_event_source *source, int descriptor, uint32_t events, void *userdata)
{
    struct ward_spool_client *client = userdata;
    struct ward_link_frame frame;
    const char *wrong = NULL;
    ssize_t length;

    if (client->failed) {
        end(client, "the core does not read");
        return 0;
    }
    if (events & EPOLLOUT) {
        sd_event_source_set_io_events(source, EPOLLIN);
        client->listener->writable(client->userdata);
        return 0;
    }
    length = recv(descriptor, client->incoming, sizeof(client->incoming), MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length <= 0)
        wrong = "the core ended";
    else if ((size_t)length > sizeof(client->incoming) ||
             !ward_link_decode(client->incoming, (size_t)length, &frame))
        wrong = "the core sent a malformed frame";
    else
        wrong = take(client, &frame, (size_t)length);
    if (length > 0 && client->incoming[0] == WARD_LINK_PROVISION)
        explicit_bzero(client->incoming, sizeof(client->incoming)); /* a secret was in it */
    if (wrong)
        end(client, wrong);
    return 0;
}

static int send_frame(struct ward_spool_client *client, const struct ward_link_frame *frame)
{
    size_t length = ward_link_encode(frame, client->outgoing, sizeof(client->outgoing));

    if (length == 0)
        return -EINVAL;
    return send(client->connection, client->outgoing, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int connect_now(struct ward_spool_client *client)
{
    struct ward_link_frame hello = {
        .type = WARD_LINK_HELLO, .hello = {.version = WARD_LINK_VERSION, .frame_max = WARD_LINK_FRAME_MAX}};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int result;

    memcpy(address.sun_path, client->path, strlen(client->path));
    client->connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client->connection < 0)
        return -errno;
    if (connect(client->connection, (const struct sockaddr *)&address, sizeof(address)) < 0)
        result = -errno;
    else
        result = send_frame(client, &hello);
    if (result == 0)
        result = sd_event_add_io(client->event, &client->source, client->connection, EPOLLIN, on_io, client);
    if (result < 0)
        hang_up(client);
    return result < 0 ? result : 0;
}

static int on_retry(sd_event_source *source, uint64_t time_us, void *userdata)
{
    struct ward_spool_client *client = userdata;
    int result;

    (void)source;
    (void)time_us;
    client->retry = sd_event_source_disable_unref(client->retry);
    result = connect_now(client);
    if (result < 0) {
        complain(client, strerror(-result));
        retry_later(client);
    }
    return 0;
}

int ward_spool_client_new(struct ward_spool_client **ret, sd_event *event, const char *path,
                          const struct ward_spool_client_listener *listener, void *userdata)
{
    struct ward_spool_client *client;
    int result;

    if (strlen(path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return -ENAMETOOLONG;
    client = calloc(1, sizeof(*client));
    if (!client)
        return -ENOMEM;
    client->event = sd_event_ref(event);
    client->path = path;
    client->listener = listener;
    client->userdata = userdata;
    client->connection = -1;
    result = sd_event_add_time(event, &client->retry, CLOCK_BOOTTIME, 0, 0, on_retry, client);
    if (result < 0) {
        ward_spool_client_free(client);
        return result;
    }
    *ret = client;
    return 0;
}

struct ward_spool_client *ward_spool_client_free(struct ward_spool_client *client)
{
    if (!client)
        return NULL;
    hang_up(client);
    sd_event_source_disable_unref(client->retry);
    sd_event_unref(client->event);
    free(client);
    return NULL;
}

bool ward_spool_client_joined(const struct ward_spool_client *client)
{
    return client->joined;
}

int ward_spool_client_send(struct ward_spool_client *client, const struct ward_link_frame *frame)
{
    int result = client->joined && !client->failed ? send_frame(client, frame) : 0;

    if (result == -EINVAL)
        return result;
    if (result < 0) {
        client->failed = true;
        shutdown(client->connection, SHUT_RDWR); /* makes the source ready, so that the loop finds it */
    }
    return 0;
}

bool ward_spool_client_room(struct ward_spool_client *client)
{
    struct pollfd room = {.fd = client->connection, .events = POLLOUT};

    if (!client->joined || client->failed)
        return false;
    /* A Unix socket is writable while a quarter of its buffer is in use at most. */
    if (poll(&room, 1, 0) == 1 && room.revents & POLLOUT)
        return true;
    sd_event_source_set_io_events(client->source, EPOLLIN | EPOLLOUT);
    return false;
}
