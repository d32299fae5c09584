/* SPDX-License-Identifier: Apache-2.0 */
/*
 * days_away DEVICES SECONDS DIRECTORY: leaves in DIRECTORY/ward.db what so many straps have told a gateway, each once a
 * second for so long, while the ward could not be reached. It goes through decoder, validation and store, as it does in
 * the gateway, only faster.
 *
 * The strap d-K tells in second N (from 0) a frame in which N stands (HRS 1.0: as energy and RR interval), so that each
 * record can be found again. Record N * DEVICES + K (K from 1) is its.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/decode.h"
#include "core/validate.h"
#include "io/store.h"

#define NEVER_MS    3600000
#define OUTSTANDING 2048 /* half of the store's queue */
#define BEGAN_MS    INT64_C(1795338000000)

static uint64_t committed;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static void on_committed(void *context, const struct ward_store_commit *commit)
{
    (void)context;
    committed += commit->record_count;
}

static void on_dropped(void *context, uint64_t token, size_t count)
{
    (void)context;
    fail("%zu records of group %" PRIu64 " were dropped", count, token);
}

static void on_trouble(void *context, const struct ward_store_trouble *trouble)
{
    (void)context;
    fail("%s", trouble->text);
}

static void on_replaced(void *context, const struct ward_store_replaced *replaced)
{
    (void)context;
    fail("%s", replaced->reason);
}

static void on_given_up(void *context, uint64_t through, uint64_t count)
{
    (void)context;
    fail("%" PRIu64 " records up to %" PRIu64 " were given up: the quota is too small", count, through);
}

static void on_removed(void *context, const char *path, uint64_t octets)
{
    (void)context;
    fail("%s of %" PRIu64 " octets was removed", path, octets);
}

static void on_in_place_again(void *context, const char *set_aside)
{
    (void)context;
    (void)set_aside;
    fail("the file was not in its place");
}

static void on_opened(void *context, const struct ward_store_snapshot *snapshot)
{
    (void)context;
    (void)snapshot;
    fail("the file could not be opened at once");
}

static void wait_for(struct ward_store *store, uint64_t count)
{
    while (committed < count) {
        struct pollfd poll_for = {.fd = ward_store_fd(store), .events = POLLIN};

        poll(&poll_for, 1, -1);
        ward_store_dispatch(store);
    }
}

/* The frame of one strap in one second. */
static void take(struct ward_store *store, uint64_t token, uint32_t device, uint32_t second)
{
    const uint8_t frame[] = {0x18,
                             (uint8_t)(60 + second % 40),
                             (uint8_t)second,
                             (uint8_t)(second >> 8),
                             (uint8_t)(second >> 16),
                             (uint8_t)(second >> 24)};
    const struct ward_time now = {.boot_us = (second + UINT64_C(1)) * 1000000,
                                  .utc_ms = BEGAN_MS + (int64_t)second * 1000,
                                  .clock = WARD_CLOCK_SYNCED};
    struct ward_record record = {.reading = {.patient = {"p-7f3a"},
                                             .episode = {"s-01"},
                                             .boot = {"b-77"},
                                             .security = WARD_LINK_BONDED,
                                             .clock = WARD_CLOCK_SYNCED}};
    const struct ward_store_group group = {
        .token = token, .boot = record.reading.boot, .records = &record, .record_count = 1, .now = now};
    struct ward_decoded decoded;

    snprintf(record.reading.device.text, sizeof(record.reading.device.text), "d-%" PRIu32, device);
    ward_decode(0x2A37, frame, sizeof(frame), &decoded);
    ward_validate(&decoded);
    ward_decoded_fill_reading(&decoded, frame, sizeof(frame), &record.reading);
    record.reading.mono_us = now.boot_us;
    record.reading.received_at_ms = record.reading.measured_at_ms = now.utc_ms;
    if (ward_store_submit(store, &group) != 0)
        fail("the store takes no reading");
}

int main(int argc, char **argv)
{
    char path[256], error[WARD_STORE_TEXT_MAX];
    const struct ward_store_options options = {.path = path,
                                               .commit_window_ms = NEVER_MS,
                                               .listener = {on_committed, on_dropped, on_trouble, on_replaced,
                                                            on_given_up, on_removed, on_in_place_again,
                                                            on_opened, NULL}};
    struct ward_store *store = NULL;
    struct ward_store_snapshot *snapshot = NULL;
    uint32_t devices, seconds;
    uint64_t token = 0;

    if (argc != 4) {
        fprintf(stderr, "usage: days_away DEVICES SECONDS DIRECTORY\n");
        return 2;
    }
    devices = (uint32_t)strtoul(argv[1], NULL, 10);
    seconds = (uint32_t)strtoul(argv[2], NULL, 10);
    snprintf(path, sizeof(path), "%s/ward.db", argv[3]);
    if (ward_store_open(&options, &store, &snapshot, error) != 0)
        fail("%s", error);
    ward_store_set_commit_window(store, 1);
    for (uint32_t second = 0; second < seconds; second++)
        for (uint32_t device = 1; device <= devices; device++) {
            take(store, ++token, device, second);
            if (token - committed >= OUTSTANDING)
                wait_for(store, token - OUTSTANDING / 2);
        }
    wait_for(store, token);
    ward_store_free(store);
    ward_store_snapshot_free(snapshot);
    return 0;
}
