/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/decode.h"
#include "core/validate.h"
#include "io/store.h"

#define BEGAN_MS INT64_C(1795338000000)

const struct ward_id crash_boot = {"b-crash"};

struct ward_record crash_record(uint64_t token, size_t index)
{
    const uint8_t frame[] = {0x00, (uint8_t)(94 + token % 6), 0x00, (uint8_t)(60 + (token + index) % 40),
                             0x00};
    struct ward_record record = {.reading = {.device = {"d-91c2"},
                                             .patient = {"p-7f3a"},
                                             .episode = {"s-01"},
                                             .boot = crash_boot,
                                             .security = WARD_LINK_BONDED,
                                             .clock = WARD_CLOCK_SYNCED}};
    struct ward_decoded decoded;

    ward_decode(0x2A5F, frame, sizeof(frame), &decoded);
    ward_validate(&decoded);
    ward_decoded_fill_reading(&decoded, frame, sizeof(frame), &record.reading);
    record.reading.mono_us = token * CRASH_RECORDS_MAX + index;
    record.reading.received_at_ms = record.reading.measured_at_ms = crash_now(token).utc_ms;
    return record;
}

struct ward_time crash_now(uint64_t token)
{
    return (struct ward_time){.boot_us = token * CRASH_RECORDS_MAX,
                              .utc_ms = BEGAN_MS + (int64_t)token,
                              .clock = WARD_CLOCK_SYNCED};
}

void crash_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

void crash_wait_for(struct ward_store *store, const uint64_t *count, uint64_t reached)
{
    while (*count < reached) {
        struct pollfd poll_for = {.fd = ward_store_fd(store), .events = POLLIN};

        poll(&poll_for, 1, -1);
        ward_store_dispatch(store);
    }
}
