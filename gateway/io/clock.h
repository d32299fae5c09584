/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock: where every struct ward_time of the daemon comes from.
 *
 * boot_us is CLOCK_BOOTTIME and carries all durations. UTC is a label whose worth is stated beside it:
 *   synced      a time service holds the wall clock now (systemd-timesyncd's flag file is there)
 *   estimated   it did earlier in this run: UTC is carried on by the boot-time clock
 *   unsynced    neither, or the wall clock has only ever been earlier than the floor: UTC is WARD_UTC_UNKNOWN
 * The system clock is only ever read here, never set.
 */
#ifndef WARD_IO_CLOCK_H
#define WARD_IO_CLOCK_H

#include <stdint.h>
#include <systemd/sd-event.h>

#include "core/zone.h"
#include "ward/reading.h"

struct ward_clock;

/* Called from the loop after the wall clock was set: by_ms is how far it moved. */
typedef void ward_clock_jumped(void *userdata, struct ward_time now, int64_t by_ms);

struct ward_clock_options {
    const char *synchronized_path; /* NULL: /run/systemd/timesync/synchronized */
    int64_t floor_ms;              /* UTC of the build: no moment is taken as earlier */
    ward_clock_jumped *jumped;     /* may be NULL */
    void *userdata;
};

/* Copies options. Returns 0 and the clock in *ret, to be freed, or a negative errno with *ret unchanged. */
int ward_clock_new(struct ward_clock **ret, sd_event *event, const struct ward_clock_options *options);
struct ward_clock *ward_clock_free(struct ward_clock *clock);

/* The present moment. Looks for the flag file at most once a second. */
struct ward_time ward_clock_now(struct ward_clock *clock);

/* Raises the floor: to the newest commit, or the issued_at of a signed document. A lower one changes nothing. */
void ward_clock_raise_floor(struct ward_clock *clock, int64_t utc_ms);
int64_t ward_clock_floor_ms(const struct ward_clock *clock);

/*
 * The time zone of that name ("Europe/London"), which must be one that a care plan may have, from the system's
 * zoneinfo. Returns 0 or a negative errno with *ret unchanged: -ENOENT for none, -EBADMSG for a file that is no TZif.
 */
int ward_clock_zone(const char *name, struct ward_zone *ret);

/* The id of this boot: "b-" and 16 hex digits of the kernel's boot id. Returns 0 or a negative errno. */
int ward_clock_boot_id(struct ward_id *ret);

#endif
