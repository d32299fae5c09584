/* SPDX-License-Identifier: Apache-2.0 */
#include "io/annunciator_light.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LED_MAX 2

/* Half a period of 2 Hz, and what one of 0.5 Hz is counted in. */
#define TICK_US           UINT64_C(250000)
#define TICKS_OF_A_LOW    4
#define TICKS_OF_A_SECOND 4

enum pattern {
    DARK,
    CONSTANT,
    FAST,         /* 2 Hz */
    SLOW,         /* 0.5 Hz */
    SLOW_OPPOSED, /* 0.5 Hz, dark while SLOW is lit */
    FLASH,        /* a quarter of each second */
};

struct led {
    char path[PATH_MAX]; /* of brightness */
    int full;            /* brightness when lit */
    enum pattern pattern;
    int written; /* -1: not known */
};

struct ward_light {
    sd_event_source *timer;
    unsigned tick;
    size_t count;
    struct led leds[LED_MAX];
};

static int read_full(const char *directory, const char *name)
{
    char path[PATH_MAX];
    char text[16] = "";
    FILE *file;
    long full;

    snprintf(path, sizeof(path), "%s/%s/max_brightness", directory, name);
    file = fopen(path, "re");
    if (file) {
        if (!fgets(text, sizeof(text), file))
            text[0] = '\0';
        fclose(file);
    }
    full = strtol(text, NULL, 10);
    return full > 0 && full <= INT_MAX ? (int)full : 1;
}

static bool write_brightness(struct led *led, int brightness)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%d\n", brightness);
    int descriptor;
    bool done;

    if (led->written == brightness)
        return true;
    descriptor = open(led->path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
    done = descriptor >= 0 && write(descriptor, text, (size_t)length) == length;
    if (descriptor >= 0)
        close(descriptor);
    led->written = done ? brightness : -1;
    return done;
}

static bool is_lit(enum pattern pattern, unsigned tick)
{
    switch (pattern) {
    case DARK: return false;
    case CONSTANT: return true;
    case FAST: return tick % 2 == 0;
    case SLOW: return tick / TICKS_OF_A_LOW % 2 == 0;
    case SLOW_OPPOSED: return tick / TICKS_OF_A_LOW % 2 == 1;
    case FLASH: return tick % TICKS_OF_A_SECOND == 0;
    }
    return false;
}

static bool write_leds(struct ward_light *light)
{
    bool done = light->count > 0;

    for (size_t i = 0; i < light->count; i++) {
        struct led *led = &light->leds[i];

        done = write_brightness(led, is_lit(led->pattern, light->tick) ? led->full : 0) && done;
    }
    return done;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_light *light = userdata;

    (void)usec;
    light->tick++;
    (void)write_leds(light); /* a LED that cannot be written shows in ward_light_works */
    return sd_event_source_set_time_relative(source, TICK_US);
}

static bool flashes(const struct ward_light *light)
{
    for (size_t i = 0; i < light->count; i++)
        if (light->leds[i].pattern != DARK && light->leds[i].pattern != CONSTANT)
            return true;
    return false;
}

static enum pattern first_pattern(enum ward_alarm_priority priority, bool undelivered)
{
    if (priority == WARD_PRIORITY_HIGH)
        return FAST;
    return undelivered ? SLOW_OPPOSED : DARK;
}

static enum pattern second_pattern(enum ward_alarm_priority priority, bool undelivered)
{
    if (undelivered || priority == WARD_PRIORITY_MEDIUM)
        return SLOW;
    return priority == WARD_PRIORITY_LOW ? CONSTANT : DARK;
}

static bool begin(struct ward_light *light)
{
    light->tick = 0;
    if (flashes(light)) {
        (void)sd_event_source_set_time_relative(light->timer, TICK_US);
        (void)sd_event_source_set_enabled(light->timer, SD_EVENT_ON);
    } else {
        (void)sd_event_source_set_enabled(light->timer, SD_EVENT_OFF);
    }
    return write_leds(light);
}

bool ward_light_show(struct ward_light *light, enum ward_alarm_priority priority, bool undelivered)
{
    enum pattern first = first_pattern(priority, undelivered);
    enum pattern second = second_pattern(priority, undelivered);

    if (light->count == 1 && first == SLOW_OPPOSED)
        first = SLOW;
    if (light->count == 1 && first == DARK)
        first = second;
    light->leds[0].pattern = first;
    light->leds[1].pattern = second;
    return begin(light);
}

bool ward_light_identify(struct ward_light *light)
{
    light->leds[0].pattern = light->leds[1].pattern = FLASH;
    return begin(light);
}

bool ward_light_works(const struct ward_light *light)
{
    for (size_t i = 0; i < light->count; i++)
        if (light->leds[i].written < 0 || access(light->leds[i].path, W_OK) < 0)
            return false;
    return light->count > 0;
}

int ward_light_new(struct ward_light **ret, sd_event *event, const char *directory, const char *names)
{
    struct ward_light *light = calloc(1, sizeof(*light));
    int r;

    if (!light)
        return -ENOMEM;
    for (const char *at = names + strspn(names, " "); *at && light->count < LED_MAX; at += strspn(at, " ")) {
        struct led *led = &light->leds[light->count++];
        size_t length = strcspn(at, " ");
        char name[NAME_MAX + 1];

        snprintf(name, sizeof(name), "%.*s", (int)length, at);
        snprintf(led->path, sizeof(led->path), "%s/%s/brightness", directory, name);
        led->full = read_full(directory, name);
        led->written = -1;
        at += length;
    }
    r = sd_event_add_time_relative(event, &light->timer, CLOCK_BOOTTIME, TICK_US, 1, on_tick, light);
    if (r >= 0)
        r = sd_event_source_set_enabled(light->timer, SD_EVENT_OFF);
    if (r < 0) {
        ward_light_free(light);
        return r;
    }
    (void)write_leds(light);
    *ret = light;
    return 0;
}

struct ward_light *ward_light_free(struct ward_light *light)
{
    if (!light)
        return NULL;
    for (size_t i = 0; i < light->count; i++)
        (void)write_brightness(&light->leds[i], 0);
    sd_event_source_disable_unref(light->timer);
    free(light);
    return NULL;
}
