/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_watch CORE OWN: a wire between wardgate-uplink, which connects to the socket OWN, and wardgated, which listens at
 * the socket CORE. Every frame goes through as it is; of alarms it says when (CLOCK_MONOTONIC, microseconds):
 *
 *   sent ID AT              the core handed an alarm event over
 *   answered ID AT REASON   the broker acknowledged it (0), and the uplink told so
 *
 * "ready" is said once it listens; it ends with standard input.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "ward/link.h"

#define SUFFIX   "/up/alarms"
#define OPEN_MAX 1024 /* alarms on their way */

enum { INPUT, LISTENING, UPLINK, CORE, COUNT };

static struct pollfd ends[COUNT];
static uint64_t open_ids[OPEN_MAX]; /* 0: free */

static void fail(const char *what) __attribute__((noreturn));

static void fail(const char *what)
{
    fprintf(stderr, "spool_watch: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    return address;
}

static void hang_up(void)
{
    for (int i = UPLINK; i <= CORE; i++) {
        if (ends[i].fd >= 0)
            close(ends[i].fd);
        ends[i].fd = -1;
    }
    memset(open_ids, 0, sizeof(open_ids));
}

static void accept_uplink(const char *core)
{
    const struct sockaddr_un address = address_of(core);
    const int uplink = accept(ends[LISTENING].fd, NULL, NULL);

    if (uplink < 0)
        fail("accept");
    hang_up();
    ends[UPLINK].fd = uplink;
    ends[CORE].fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (connect(ends[CORE].fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        hang_up(); /* the core is not there yet: the uplink comes again */
}

static bool is_alarm(const struct ward_link_frame *frame)
{
    const size_t length = strlen(SUFFIX);

    return frame->type == WARD_LINK_PUBLISH && frame->publish.topic_length > length &&
           memcmp(frame->publish.topic + frame->publish.topic_length - length, SUFFIX, length) == 0;
}

/* Returns false when id is not among them, or all places are taken. */
static bool replace(uint64_t id, uint64_t by)
{
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (open_ids[i] == id) {
            open_ids[i] = by;
            return true;
        }
    return false;
}

static void tell(const uint8_t *octets, size_t length)
{
    struct ward_link_frame frame;

    if (!ward_link_decode(octets, length, &frame))
        return;
    if (is_alarm(&frame) && replace(0, frame.publish.id))
        printf("sent %" PRIu64 " %" PRIu64 "\n", frame.publish.id, now_us());
    else if (frame.type == WARD_LINK_RESULT && frame.result.id != 0 && replace(frame.result.id, 0))
        printf("answered %" PRIu64 " %" PRIu64 " %u\n", frame.result.id, now_us(), frame.result.reason);
    fflush(stdout);
}

/* One frame, and then it is told: the telling is not in its way. */
static void carry(int from, int to)
{
    static uint8_t octets[WARD_LINK_FRAME_MAX];
    const ssize_t length = recv(ends[from].fd, octets, sizeof(octets), 0);

    if (length <= 0 || send(ends[to].fd, octets, (size_t)length, MSG_NOSIGNAL) != length) {
        hang_up();
        return;
    }
    tell(octets, (size_t)length);
}

int main(int argc, char **argv)
{
    struct sockaddr_un own;

    if (argc != 3) {
        fprintf(stderr, "usage: spool_watch CORE OWN\n");
        return 2;
    }
    own = address_of(argv[2]);
    for (int i = 0; i < COUNT; i++)
        ends[i] = (struct pollfd){.fd = i == INPUT ? STDIN_FILENO : -1, .events = POLLIN};
    ends[LISTENING].fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    if (bind(ends[LISTENING].fd, (const struct sockaddr *)&own, sizeof(own)) < 0 ||
        listen(ends[LISTENING].fd, 1) < 0)
        fail(argv[2]);
    puts("ready");
    fflush(stdout);
    for (;;) {
        if (poll(ends, COUNT, -1) < 0)
            fail("poll");
        if (ends[INPUT].revents)
            return 0;
        if (ends[UPLINK].revents)
            carry(UPLINK, CORE);
        if (ends[CORE].fd >= 0 && ends[CORE].revents)
            carry(CORE, UPLINK);
        if (ends[LISTENING].revents)
            accept_uplink(argv[1]);
    }
}
