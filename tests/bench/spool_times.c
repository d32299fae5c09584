/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_times.so: wardgated and wardgate-uplink, run with it in LD_PRELOAD, tell what they know of alarm events
 * (CLOCK_MONOTONIC, microseconds), each a line for each into the pipe that SPOOL_TIMES names:
 *
 *   sent ID AT              the core handed it over at that time; told once the answer is there
 *   answered ID AT REASON   the uplink heard what the broker said to it (0: it has it)
 *
 * It stands in no frame's way, and wakes nobody while an alarm is on its way: a program between the two ends would be woken
 * for each frame, which takes as long as the uplink's own part.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ward/link.h"

#define SUFFIX   "/up/alarms"
#define OPEN_MAX 1024 /* alarms on their way */

static struct {
    uint64_t id; /* 0: free */
    uint64_t sent_us;
} open_alarms[OPEN_MAX];

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static bool is_alarm(const struct ward_link_frame *frame)
{
    const size_t length = strlen(SUFFIX);

    return frame->type == WARD_LINK_PUBLISH && frame->publish.topic_length > length &&
           memcmp(frame->publish.topic + frame->publish.topic_length - length, SUFFIX, length) == 0;
}

/* OPEN_MAX: it is not among them; of 0, all places are taken. */
static size_t place_of(uint64_t id)
{
    size_t place = 0;

    while (place < OPEN_MAX && open_alarms[place].id != id)
        place++;
    return place;
}

static void tell(const char *line, int length)
{
    static int told_to = -1;
    const char *path = getenv("SPOOL_TIMES");

    if (told_to < 0 && path)
        told_to = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (told_to < 0 || write(told_to, line, (size_t)length) != length)
        abort(); /* nobody would know that something is missing */
}

/* What the core sends the uplink receives, and the other way round; so sends tells which of the two this is. */
static void look_at(const uint8_t *octets, size_t length, bool sends, uint64_t at_us)
{
    struct ward_link_frame frame;
    size_t place = OPEN_MAX;
    char line[80];

    if (!ward_link_decode(octets, length, &frame))
        return;
    if (is_alarm(&frame) && (place = place_of(0)) < OPEN_MAX) {
        open_alarms[place].id = frame.publish.id;
        open_alarms[place].sent_us = at_us;
    } else if (frame.type == WARD_LINK_RESULT && frame.result.id != 0 &&
               (place = place_of(frame.result.id)) < OPEN_MAX) {
        open_alarms[place].id = 0;
        tell(line, sends ? snprintf(line, sizeof(line), "answered %" PRIu64 " %" PRIu64 " %u\n",
                                    frame.result.id, at_us, frame.result.reason)
                         : snprintf(line, sizeof(line), "sent %" PRIu64 " %" PRIu64 "\n", frame.result.id,
                                    open_alarms[place].sent_us));
    }
}

/* How the core sends, over the bus too: what is sent there is no frame. An alarm event is shorter than this. */
ssize_t sendmsg(int descriptor, const struct msghdr *packet, int flags)
{
    static ssize_t (*real)(int, const struct msghdr *, int);
    static uint8_t octets[16384];
    const uint64_t at_us = now_us();
    size_t length = 0;
    ssize_t sent;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "sendmsg");
    sent = real(descriptor, packet, flags);
    for (size_t i = 0; i < packet->msg_iovlen && packet->msg_iov[i].iov_len <= sizeof(octets) - length; i++) {
        memcpy(octets + length, packet->msg_iov[i].iov_base, packet->msg_iov[i].iov_len);
        length += packet->msg_iov[i].iov_len;
    }
    if (sent >= 0 && (size_t)sent == length)
        look_at(octets, length, true, at_us);
    return sent;
}

/* How the uplink sends, and how both receive: nothing but the spool. */
ssize_t send(int descriptor, const void *octets, size_t length, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);
    const uint64_t at_us = now_us();
    ssize_t sent;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "send");
    sent = real(descriptor, octets, length, flags);
    if (sent >= 0 && (size_t)sent == length)
        look_at(octets, length, true, at_us);
    return sent;
}

ssize_t recv(int descriptor, void *octets, size_t size, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);
    ssize_t length;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "recv");
    length = real(descriptor, octets, size, flags);
    if (length > 0 && (size_t)length <= size)
        look_at(octets, (size_t)length, false, now_us());
    return length;
}
