/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's side of the spool: who is connected, and how. What it says is taken in spool_take.c, and what goes to it is
 * in spool_send.c. One client at a time, in one of three phases:
 *
 *   WARD_SPOOL_ABSENT     nobody is connected
 *   WARD_SPOOL_GREETING   connected with the right uid; only HELLO is taken, and within WARD_LINK_ALIVE_MS
 *   WARD_SPOOL_JOINED     HELLO has been answered; the link to the ward is down or up
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

#include "io/spool_private.h"
#include "io/spool_socket.h"

/* Frames taken in one go, so that a chatty uplink does not starve the rest of the loop. */
#define FRAMES_A_TURN 64

static void hang_up(struct ward_spool *spool)
{
    spool->client_source = sd_event_source_disable_unref(spool->client_source);
    spool->alive_timer = sd_event_source_disable_unref(spool->alive_timer);
    if (spool->client >= 0)
        close(spool->client);
    spool->client = -1;
    spool->phase = WARD_SPOOL_ABSENT;
    spool->owed = 0;
    spool->provisioning = false;
    spool->up = spool->full = false;
    spool->credit = (struct ward_spool_credit){0};
}

static void trouble(const struct ward_spool *spool, const char *text)
{
    spool->listener->trouble(spool->userdata, text);
}

/* Ends the connection and tells the listener, why in its own words; blame is for the log, or NULL. */
static void end(struct ward_spool *spool, const char *why, const char *blame)
{
    bool joined = spool->phase == WARD_SPOOL_JOINED, provisioning = spool->provisioning;

    hang_up(spool);
    if (blame)
        trouble(spool, blame);
    if (joined)
        spool->listener->link(spool->userdata, false, why, INT64_MIN);
    if (provisioning)
        spool->listener->provisioned(spool->userdata, WARD_PROVISION_FAILED, "uplink", 0, why);
}

static int on_alive(sd_event_source *source, uint64_t now_us, void *userdata)
{
    struct ward_spool *spool = userdata;

    if (spool->phase == WARD_SPOOL_GREETING) {
        end(spool, "", "spool: the client said no hello and was hung up on");
        return 0;
    }
    spool->owed |= WARD_SPOOL_OWED_URGENT;
    ward_spool_settle(spool);
    sd_event_source_set_time(source, now_us + WARD_LINK_ALIVE_MS * 1000ULL);
    sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
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
        wrong = ward_spool_take(spool, &frame);
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
        ward_spool_want_writable(spool, false);
        ward_spool_settle(spool);
        received = true;
    }
    for (int i = 0; i < FRAMES_A_TURN && receive(spool); i++)
        received = true;
    if (received && spool->phase == WARD_SPOOL_JOINED && spool->up && spool->credit.frames > 0)
        spool->listener->credit(spool->userdata);
    return 0;
}

static int adopt(struct ward_spool *spool, int client)
{
    int result;

    spool->client = client;
    spool->phase = WARD_SPOOL_GREETING;
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
    if (client >= 0 && uid == spool->peer_uid && spool->phase == WARD_SPOOL_ABSENT)
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
