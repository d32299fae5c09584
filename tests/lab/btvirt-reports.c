/* SPDX-License-Identifier: Apache-2.0 */
#include "btvirt-reports.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTOR_MAX 256
#define REPORT_MAX     128
#define REPORT_SIZE    64
#define COMMAND_SIZE   64
#define INTERVAL_S     1
#define HOLD_MS        1000 /* Linux gives a controller up that leaves a command unanswered for two seconds */

#define RESET              0x0C03
#define READ_ADDRESS       0x1009
#define ADVERTISING_ENABLE 0x200A
#define SCAN_ENABLE        0x200C
#define CREATE_CONNECTION  0x200D

struct controller {
    bool is_scanning, is_advertising;
    uint8_t address[6];
    uint8_t held[COMMAND_SIZE]; /* a command that waits */
    size_t held_length;
    uint64_t held_until_ms;
};

/* The newest of each kind, of each advertiser, to each that heard it. */
struct report {
    int receiver;
    size_t length;
    uint8_t packet[REPORT_SIZE];
};

static struct controller controllers[DESCRIPTOR_MAX];
static struct report reports[REPORT_MAX];
static size_t report_count;
static uint8_t rssi = 0xC4; /* -60 dBm, and up to 3 more */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Core 5.3, Vol 4, Part E, §7.7.65.2: subevent, one report, its kind, type of address, address. */
#define KIND_AT    5
#define ADDRESS_AT 7

static bool is_report(const uint8_t *packet, size_t length)
{
    return length > ADDRESS_AT + 6 && length <= REPORT_SIZE && packet[0] == 4 && packet[1] == 0x3E &&
           packet[3] == 0x02 && packet[4] == 1;
}

static bool is_on_air(const uint8_t *address)
{
    for (int i = 0; i < DESCRIPTOR_MAX; i++)
        if (controllers[i].is_advertising && memcmp(controllers[i].address, address, 6) == 0)
            return true;
    return false;
}

static void vary_strength(uint8_t *packet, size_t length)
{
    rssi = rssi == 0xC7 ? 0xC4 : (uint8_t)(rssi + 1);
    packet[length - 1] = rssi;
}

static void *repeat(void *unused)
{
    const struct timespec interval = {.tv_sec = INTERVAL_S};

    (void)unused;
    for (;;) {
        nanosleep(&interval, NULL);
        pthread_mutex_lock(&lock);
        for (size_t i = 0; i < report_count; i++) {
            struct report *report = &reports[i];

            if (!controllers[report->receiver].is_scanning || !is_on_air(report->packet + ADDRESS_AT))
                continue;
            vary_strength(report->packet, report->length);
            (void)!write(report->receiver, report->packet, report->length); /* one that is lost comes again */
        }
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static void begin(void)
{
    pthread_t thread;

    (void)pthread_create(&thread, NULL, repeat, NULL); /* if not, btvirt is as it was */
}

static void keep(int receiver, const uint8_t *packet, size_t length)
{
    size_t at = 0;

    while (at < report_count &&
           (reports[at].receiver != receiver || reports[at].packet[KIND_AT] != packet[KIND_AT] ||
            memcmp(reports[at].packet + ADDRESS_AT, packet + ADDRESS_AT, 6) != 0))
        at++;
    if (at == REPORT_MAX)
        return;
    if (at == report_count)
        report_count++;
    reports[at] = (struct report){.receiver = receiver, .length = length};
    memcpy(reports[at].packet, packet, length);
}

void reports_command(int descriptor, const uint8_t *packet, size_t length)
{
    const uint16_t opcode = (uint16_t)(length > 3 && packet[0] == 1 ? packet[1] | packet[2] << 8 : 0);
    struct controller *controller = &controllers[descriptor];

    pthread_once(&once, begin);
    pthread_mutex_lock(&lock);
    if (opcode == RESET) {
        controller->is_scanning = controller->is_advertising = false;
        controller->held_length = 0;
    } else if (opcode == SCAN_ENABLE && length > 4)
        controller->is_scanning = packet[4] != 0;
    else if (opcode == ADVERTISING_ENABLE && length > 4)
        controller->is_advertising = packet[4] != 0;
    pthread_mutex_unlock(&lock);
}

void reports_event(int descriptor, uint8_t *packet, size_t length)
{
    struct controller *controller = &controllers[descriptor];

    pthread_mutex_lock(&lock);
    if (is_report(packet, length)) {
        vary_strength(packet, length);
        keep(descriptor, packet, length);
    } else if (length >= 13 && packet[0] == 4 && packet[1] == 0x0E &&
               (packet[4] | packet[5] << 8) == READ_ADDRESS) {
        memcpy(controller->address, packet + 7, sizeof(controller->address));
    } else if (length > 7 && packet[0] == 4 && packet[1] == 0x3E &&
               (packet[3] == 0x01 || packet[3] == 0x0A) && packet[4] == 0 && packet[7] == 0x01) {
        controller->is_advertising = false; /* it is connected, as the peripheral */
    }
    pthread_mutex_unlock(&lock);
}

/* Core 5.3, Vol 4, Part E, §7.8.12: interval and window, filter policy, type of address, address. */
#define FILTER_AT 8
#define PEER_AT   10

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool reports_hold(int descriptor, const uint8_t *packet, size_t length)
{
    struct controller *controller = &controllers[descriptor];
    bool holds;

    if (length < PEER_AT + 6 || length > COMMAND_SIZE || packet[0] != 1 ||
        (packet[1] | packet[2] << 8) != CREATE_CONNECTION || packet[FILTER_AT] != 0)
        return false;
    pthread_mutex_lock(&lock);
    holds = !is_on_air(packet + PEER_AT);
    if (holds) {
        memcpy(controller->held, packet, length);
        controller->held_length = length;
        controller->held_until_ms = now_ms() + HOLD_MS;
    }
    pthread_mutex_unlock(&lock);
    return holds;
}

bool reports_is_released(int descriptor)
{
    const struct controller *controller = &controllers[descriptor];
    bool released;

    if (controller->held_length == 0)
        return false;
    pthread_mutex_lock(&lock);
    released = is_on_air(controller->held + PEER_AT) || now_ms() >= controller->held_until_ms;
    pthread_mutex_unlock(&lock);
    return released;
}

size_t reports_release(int descriptor, uint8_t *packet, size_t size)
{
    struct controller *controller = &controllers[descriptor];
    const size_t length = controller->held_length;

    if (length > size || !reports_is_released(descriptor))
        return 0;
    memcpy(packet, controller->held, length);
    controller->held_length = 0;
    return length;
}
