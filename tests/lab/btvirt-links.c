/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into btvirt, so that one controller of the lab can be connected to several others at once.
 *
 * Each end of a link has a connection handle of its own, the lowest free one from 42. btvirt (BlueZ 5.66)
 * tells the peripheral the central's handle in "LE Connection Complete", and delivers data and some events
 * with the handle of the end they came from. While every controller has one link both are 42; with the
 * second one the peripheral is told 43, finds no such connection, and the link is dead. This library keeps
 * the table of links and puts the receiver's own handle into what btvirt writes to /dev/vhci:
 *
 *   LE Connection Complete, peripheral role, to X with handle H    X's own is P, its lowest free one; remember
 *   LE Connection Complete, central role, to C with handle H       the link is (C, H) – (X, P)
 *   data, or an event with a handle, to X while C's packet is      X's handle of its link with C
 *   being processed
 *   Disconnection Complete                                         that end is free again
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "btvirt-addresses.h"
#include "btvirt-reports.h"

#define DESCRIPTOR_MAX 256
#define LINK_MAX       64
#define FIRST_HANDLE   42
#define PACKET_MAX     4096
#define POLL_MS        20 /* a command that is held back is looked at as often */

#define H4_COMMAND 1
#define H4_ACL     2
#define H4_EVENT   4
#define H4_VENDOR  0xFF /* which btvirt passes over; after a read that fails it would never read there again */

struct end {
    int descriptor;
    uint16_t handle;
    bool closed;
};

struct link {
    bool used;
    bool joined;        /* the central is known too */
    uint16_t announced; /* handle in the event to the peripheral, before it was corrected */
    struct end central, peripheral;
};

/* btvirt is one process with one thread; a preloaded library has nowhere else to keep its state. */
static bool is_vhci[DESCRIPTOR_MAX];
static struct link links[LINK_MAX];
static epoll_data_t polled[DESCRIPTOR_MAX]; /* as btvirt knows them */
static int source = -1;                     /* whose packet is being processed */

static uint16_t get16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] | octets[1] << 8);
}

static void put16(uint8_t *octets, uint16_t value)
{
    octets[0] = (uint8_t)value;
    octets[1] = (uint8_t)(value >> 8);
}

static struct end *end_of(struct link *link, int descriptor)
{
    if (link->central.descriptor == descriptor)
        return &link->central;
    return link->peripheral.descriptor == descriptor ? &link->peripheral : NULL;
}

static bool in_use(int descriptor, uint16_t handle)
{
    for (size_t i = 0; i < LINK_MAX; i++) {
        const struct end *end = links[i].used ? end_of(&links[i], descriptor) : NULL;

        if (end && !end->closed && end->handle == handle)
            return true;
    }
    return false;
}

static void announce(int peripheral, uint8_t *handle)
{
    uint16_t own = FIRST_HANDLE;

    while (in_use(peripheral, own))
        own++;
    for (size_t i = 0; i < LINK_MAX; i++) {
        if (links[i].used)
            continue;
        links[i] = (struct link){
            .used = true,
            .announced = get16(handle),
            .central = {.descriptor = -1},
            .peripheral = {.descriptor = peripheral, .handle = own},
        };
        put16(handle, own);
        return;
    }
}

static void join(int central, uint16_t handle)
{
    for (size_t i = 0; i < LINK_MAX; i++) {
        if (!links[i].used || links[i].joined || links[i].announced != handle)
            continue;
        links[i].joined = true;
        links[i].central = (struct end){.descriptor = central, .handle = handle};
        return;
    }
}

static void translate(int receiver, uint8_t *handle)
{
    for (size_t i = 0; i < LINK_MAX; i++) {
        const struct end *end = links[i].used && links[i].joined ? end_of(&links[i], receiver) : NULL;

        if (!end || end->closed || receiver == source || !end_of(&links[i], source))
            continue;
        put16(handle,
              (uint16_t)((get16(handle) & 0xF000) | end->handle)); /* the upper bits of ACL are flags */
        return;
    }
}

static void close_end(int descriptor, uint16_t handle)
{
    for (size_t i = 0; i < LINK_MAX; i++) {
        struct end *end = links[i].used ? end_of(&links[i], descriptor) : NULL;

        if (!end || end->closed || end->handle != handle)
            continue;
        end->closed = true;
        links[i].used = !links[i].central.closed || !links[i].peripheral.closed;
        return;
    }
}

static void forget(int descriptor)
{
    for (size_t i = 0; i < LINK_MAX; i++)
        if (links[i].used && end_of(&links[i], descriptor))
            links[i].used = false;
}

/* Core 5.3, Vol 4, Part E, §7.7.65: where a subevent has its handle; 0 for those without one. */
static size_t handle_in_subevent(uint8_t subevent)
{
    switch (subevent) {
    case 0x03: /* LE Connection Update Complete */
    case 0x04: /* LE Read Remote Features Complete */
    case 0x0C: /* LE PHY Update Complete */ return 5;
    case 0x05: /* LE Long Term Key Request */
    case 0x06: /* LE Remote Connection Parameter Request */
    case 0x07: /* LE Data Length Change */ return 4;
    default: return 0;
    }
}

static void correct_le_event(int receiver, uint8_t *packet, size_t length)
{
    bool complete = packet[3] == 0x01 || packet[3] == 0x0A; /* (Enhanced) LE Connection Complete */
    size_t at = handle_in_subevent(packet[3]);

    if (complete && length > 7 && packet[4] == 0) {
        if (packet[7] == 0x01)
            announce(receiver, packet + 5);
        else
            join(receiver, get16(packet + 5));
    } else if (at > 0 && length > at + 1) {
        translate(receiver, packet + at);
    }
}

static void correct(int receiver, uint8_t *packet, size_t length)
{
    if (packet[0] == H4_ACL && length > 2) {
        translate(receiver, packet + 1);
    } else if (packet[0] == H4_EVENT && length > 5) {
        if (packet[1] == 0x3E)
            correct_le_event(receiver, packet, length);
        else if (packet[1] == 0x08 ||
                 packet[1] == 0x30) /* Encryption Change, Encryption Key Refresh Complete */
            translate(receiver, packet + 4);
        else if (packet[1] == 0x05 && packet[3] == 0) { /* Disconnection Complete */
            translate(receiver, packet + 4);
            close_end(receiver, get16(packet + 4));
        }
    }
}

int open(const char *path, int flags, ...)
{
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    mode_t mode = 0;
    int descriptor;

    if (flags & O_CREAT) {
        va_list arguments;

        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    descriptor = next(path, flags, mode);
    if (descriptor >= 0 && descriptor < DESCRIPTOR_MAX)
        is_vhci[descriptor] = strcmp(path, "/dev/vhci") == 0;
    if (descriptor >= 0 && descriptor < DESCRIPTOR_MAX && is_vhci[descriptor])
        addresses_opened(descriptor);
    return descriptor;
}

/* btvirt reads a packet that comes by itself as one that was waited for: a command that was held back is one. */
ssize_t read(int descriptor, void *buffer, size_t size)
{
    ssize_t (*next)(int, void *, size_t) = (ssize_t(*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
    const bool ours = descriptor >= 0 && descriptor < DESCRIPTOR_MAX && is_vhci[descriptor];
    const size_t released = ours ? reports_release(descriptor, buffer, size) : 0;
    ssize_t length = released > 0 ? (ssize_t)released : next(descriptor, buffer, size);
    uint8_t *packet = buffer;

    if (length <= 0 || !ours)
        return length;
    if (released == 0 && reports_hold(descriptor, packet, (size_t)length)) {
        packet[0] = H4_VENDOR;
        return 1;
    }
    source = descriptor;
    if (length >= 3 && packet[0] == H4_COMMAND && get16(packet + 1) == 0x0C03) /* Reset */
        forget(descriptor);
    reports_command(descriptor, packet, (size_t)length);
    addresses_command(packet, (size_t)length);
    return length;
}

int epoll_ctl(int poll, int operation, int descriptor, struct epoll_event *event)
{
    int (*next)(int, int, int, struct epoll_event *) =
        (int (*)(int, int, int, struct epoll_event *))dlsym(RTLD_NEXT, "epoll_ctl");

    if (event && descriptor >= 0 && descriptor < DESCRIPTOR_MAX)
        polled[descriptor] = event->data;
    return next(poll, operation, descriptor, event);
}

int epoll_wait(int poll, struct epoll_event *events, int count, int timeout_ms)
{
    int (*next)(int, struct epoll_event *, int, int) =
        (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");

    for (int i = 0; i < DESCRIPTOR_MAX; i++)
        if (is_vhci[i] && reports_is_released(i)) {
            events[0] = (struct epoll_event){.events = EPOLLIN, .data = polled[i]};
            return 1;
        }
    return next(poll, events, count, timeout_ms < 0 || timeout_ms > POLL_MS ? POLL_MS : timeout_ms);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    ssize_t (*next)(int, const struct iovec *, int) =
        (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    uint8_t packet[PACKET_MAX];
    size_t length = 0;

    if (descriptor < 0 || descriptor >= DESCRIPTOR_MAX || !is_vhci[descriptor])
        return next(descriptor, parts, count);
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > sizeof(packet) - length)
            return next(descriptor, parts, count);
        memcpy(packet + length, parts[i].iov_base, parts[i].iov_len);
        length += parts[i].iov_len;
    }
    if (length > 0) {
        addresses_event(descriptor, packet, length);
        correct(descriptor, packet, length);
        reports_event(descriptor, packet, length);
    }
    return write(descriptor, packet, length);
}
