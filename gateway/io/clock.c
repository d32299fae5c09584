/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Invariants: offset_ms maps boot time to UTC as it was when a time service last held the wall clock. While
 * synced it follows the wall clock; when estimated it is all there is, so that a clock set by hand
 * afterwards moves nothing.
 */
#include "io/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

#define SYNCHRONIZED_PATH "/run/systemd/timesync/synchronized"
#define LOOK_EVERY_US     UINT64_C(1000000)
#define FAR_FUTURE_S      (INT64_C(1) << 40)

struct ward_clock {
    char *synchronized_path;
    int64_t floor_ms;
    ward_clock_jumped *jumped;
    void *userdata;
    int timer;
    sd_event_source *source;
    uint64_t looked_us; /* when the flag file was last looked for; 0: never */
    bool synced;
    bool was_synced;
    int64_t offset_ms; /* UTC minus boot time, while synced or estimated */
    int64_t wall_ms;   /* wall clock minus boot time when last seen, to tell how far it jumped */
};

static_assert(sizeof(time_t) == 8, "times do not end in 2038");

static int64_t read_ms(clockid_t id)
{
    struct timespec moment;

    clock_gettime(id, &moment);
    return (int64_t)moment.tv_sec * 1000 + moment.tv_nsec / 1000000;
}

static uint64_t read_boot_us(void)
{
    struct timespec moment;

    clock_gettime(CLOCK_BOOTTIME, &moment);
    return (uint64_t)moment.tv_sec * 1000000 + (uint64_t)moment.tv_nsec / 1000;
}

static int64_t wall_minus_boot_ms(void)
{
    return read_ms(CLOCK_REALTIME) - read_ms(CLOCK_BOOTTIME);
}

static void look(struct ward_clock *clock, uint64_t boot_us)
{
    clock->looked_us = boot_us;
    clock->synced = access(clock->synchronized_path, F_OK) == 0;
}

struct ward_time ward_clock_now(struct ward_clock *clock)
{
    struct ward_time now = {
        .boot_us = read_boot_us(), .utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED};
    const int64_t boot_ms = (int64_t)(now.boot_us / 1000), wall_ms = read_ms(CLOCK_REALTIME);
    int64_t utc_ms;

    if (clock->looked_us == 0 || now.boot_us - clock->looked_us >= LOOK_EVERY_US)
        look(clock, now.boot_us);
    if (clock->synced && wall_ms >= clock->floor_ms) {
        clock->offset_ms = wall_ms - boot_ms;
        clock->was_synced = true;
        now.clock = WARD_CLOCK_SYNCED;
    } else if (clock->was_synced) {
        now.clock = WARD_CLOCK_ESTIMATED;
    } else {
        return now;
    }
    utc_ms = boot_ms + clock->offset_ms;
    now.utc_ms = utc_ms < clock->floor_ms ? clock->floor_ms : utc_ms;
    return now;
}

/* Arms the timer that is cancelled, and by that wakes us, whenever the wall clock is set. */
static int arm(struct ward_clock *clock)
{
    struct itimerspec never = {.it_value = {.tv_sec = FAR_FUTURE_S}};

    if (timerfd_settime(clock->timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
        return -errno;
    return 0;
}

static int on_timer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct ward_clock *clock = userdata;
    uint64_t expirations;
    int64_t before_ms = clock->wall_ms;

    (void)source, (void)events;
    if (read(fd, &expirations, sizeof(expirations)) >= 0 || errno != ECANCELED)
        return 0;
    clock->wall_ms = wall_minus_boot_ms();
    look(clock, read_boot_us());
    if (clock->jumped)
        clock->jumped(clock->userdata, ward_clock_now(clock), clock->wall_ms - before_ms);
    return arm(clock);
}

static int start(struct ward_clock *clock, sd_event *event)
{
    int r;

    clock->timer = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (clock->timer < 0)
        return -errno;
    r = arm(clock);
    if (r < 0)
        return r;
    clock->wall_ms = wall_minus_boot_ms();
    return sd_event_add_io(event, &clock->source, clock->timer, EPOLLIN, on_timer, clock);
}

int ward_clock_new(struct ward_clock **ret, sd_event *event, const struct ward_clock_options *options)
{
    struct ward_clock *clock = calloc(1, sizeof(*clock));
    int r = -ENOMEM;

    if (!clock)
        return -ENOMEM;
    clock->timer = -1;
    clock->floor_ms = options->floor_ms;
    clock->jumped = options->jumped;
    clock->userdata = options->userdata;
    clock->synchronized_path =
        strdup(options->synchronized_path ? options->synchronized_path : SYNCHRONIZED_PATH);
    if (clock->synchronized_path)
        r = start(clock, event);
    if (r < 0) {
        ward_clock_free(clock);
        return r;
    }
    *ret = clock;
    return 0;
}

struct ward_clock *ward_clock_free(struct ward_clock *clock)
{
    if (!clock)
        return NULL;
    sd_event_source_disable_unref(clock->source);
    if (clock->timer >= 0)
        close(clock->timer);
    free(clock->synchronized_path);
    free(clock);
    return NULL;
}

void ward_clock_raise_floor(struct ward_clock *clock, int64_t utc_ms)
{
    if (utc_ms > clock->floor_ms)
        clock->floor_ms = utc_ms;
}

int64_t ward_clock_floor_ms(const struct ward_clock *clock)
{
    return clock->floor_ms;
}

int ward_clock_boot_id(struct ward_id *ret)
{
    char text[SD_ID128_STRING_MAX];
    sd_id128_t boot;
    int r = sd_id128_get_boot(&boot);

    if (r < 0)
        return r;
    snprintf(ret->text, sizeof(ret->text), "b-%.16s", sd_id128_to_string(boot, text));
    return 0;
}
