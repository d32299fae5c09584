/* SPDX-License-Identifier: Apache-2.0 */
#include "io/annunciator.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/annunciator_light.h"
#include "io/annunciator_pattern.h"
#include "io/annunciator_sound.h"

#define SAMPLES_MAX (2 * WARD_PATTERN_SAMPLES_MAX)

struct ward_annunciator {
    struct ward_light *light;
    struct ward_sound *sound; /* NULL: no command was given */
    char *text_path;
    sd_event_source *again;      /* the next burst */
    sd_event_source *identified; /* NULL: nobody asked which box this is */
    enum ward_alarm_priority priority, sounding;
    bool undelivered;
    char text[WARD_ALARM_TEXT_MAX + 1];
    struct ward_annunciation_shown shown;
    bool text_works;
    struct ward_pulses pulses;
    int16_t samples[SAMPLES_MAX];
    void (*complained)(void *userdata, const char *text);
    void *userdata;
};

static bool sounds(const struct ward_annunciator *annunciator)
{
    return annunciator->sounding != WARD_PRIORITY_NONE;
}

static uint64_t pause_us(const struct ward_annunciator *annunciator)
{
    switch (annunciator->sounding) {
    case WARD_PRIORITY_HIGH: return 5 * UINT64_C(1000000);
    case WARD_PRIORITY_MEDIUM: return 10 * UINT64_C(1000000);
    case WARD_PRIORITY_LOW: return (annunciator->undelivered ? 10 : 30) * UINT64_C(1000000);
    case WARD_PRIORITY_NONE: break;
    }
    return 0;
}

static size_t add_pattern(struct ward_annunciator *annunciator, enum ward_pattern pattern, size_t used)
{
    return used + ward_pattern_render(pattern, &annunciator->pulses, annunciator->samples + used);
}

static size_t render_burst(struct ward_annunciator *annunciator)
{
    size_t count = 0;

    switch (annunciator->sounding) {
    case WARD_PRIORITY_HIGH: count = add_pattern(annunciator, WARD_PATTERN_HIGH, count); break;
    case WARD_PRIORITY_MEDIUM: count = add_pattern(annunciator, WARD_PATTERN_MEDIUM, count); break;
    case WARD_PRIORITY_LOW: count = add_pattern(annunciator, WARD_PATTERN_LOW, count); break;
    case WARD_PRIORITY_NONE: break;
    }
    return annunciator->undelivered ? add_pattern(annunciator, WARD_PATTERN_UNDELIVERED, count) : count;
}

/* Sounds one burst now, and the next one its length and a pause later. Returns whether the helper has it. */
static bool sound_burst(struct ward_annunciator *annunciator)
{
    size_t count = render_burst(annunciator);
    uint64_t length_us = (uint64_t)count * 1000000 / WARD_SAMPLE_RATE;

    (void)sd_event_source_set_time_relative(annunciator->again, length_us + pause_us(annunciator));
    (void)sd_event_source_set_enabled(annunciator->again, SD_EVENT_ONESHOT);
    return ward_sound_play(annunciator->sound, annunciator->samples, count);
}

static bool show_sound(struct ward_annunciator *annunciator)
{
    if (!annunciator->sound)
        return false;
    if (sounds(annunciator))
        return sound_burst(annunciator);
    (void)sd_event_source_set_enabled(annunciator->again, SD_EVENT_OFF);
    ward_sound_stop(annunciator->sound);
    return false;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_annunciator *annunciator = userdata;

    (void)source, (void)usec;
    annunciator->shown.sound = show_sound(annunciator);
    return 0;
}

static void on_restarted(void *userdata)
{
    struct ward_annunciator *annunciator = userdata;

    /* now, not when the burst that the old helper took with it would have been due again */
    if (sounds(annunciator))
        annunciator->shown.sound = show_sound(annunciator);
}

static void on_complained(void *userdata, const char *text)
{
    const struct ward_annunciator *annunciator = userdata;

    annunciator->complained(annunciator->userdata, text);
}

/* Readers find the old text or the new one, never half of one. */
static bool write_text(const char *path, const char *text)
{
    char temporary[PATH_MAX];
    size_t length = strlen(text);
    int descriptor;
    bool done;

    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
        return false;
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (descriptor < 0)
        return false;
    /* a display of another user reads it, whatever the daemon's umask */
    done = fchmod(descriptor, 0644) == 0 && write(descriptor, text, length) == (ssize_t)length;
    close(descriptor);
    return done && rename(temporary, path) == 0;
}

static bool show_text(struct ward_annunciator *annunciator)
{
    if (!annunciator->text_path[0])
        return false;
    annunciator->text_works = write_text(annunciator->text_path, annunciator->text);
    return annunciator->text_works && annunciator->text[0];
}

static uint64_t now_us(void)
{
    struct timespec moment;

    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (uint64_t)moment.tv_sec * 1000000 + (uint64_t)moment.tv_nsec / 1000;
}

static bool shows_alarm(const struct ward_annunciator *annunciator)
{
    return annunciator->priority != WARD_PRIORITY_NONE || annunciator->undelivered;
}

struct ward_annunciation_shown ward_annunciator_show(struct ward_annunciator *annunciator,
                                                     const struct ward_annunciation *what)
{
    uint64_t began_us = now_us();
    bool light = what->priority != annunciator->priority || what->undelivered != annunciator->undelivered;
    bool sound = what->sound != annunciator->sounding || what->undelivered != annunciator->undelivered;
    const char *text = what->text ? what->text : "";

    annunciator->priority = what->priority;
    annunciator->undelivered = what->undelivered;
    annunciator->sounding = what->sound;
    if (annunciator->identified && shows_alarm(annunciator))
        annunciator->identified = sd_event_source_disable_unref(annunciator->identified);
    if (!annunciator->identified && (light || !annunciator->shown.light))
        annunciator->shown.light = ward_light_show(annunciator->light, what->priority, what->undelivered) &&
                                   (what->undelivered || what->priority != WARD_PRIORITY_NONE);
    if (sound || (sounds(annunciator) && !annunciator->shown.sound))
        annunciator->shown.sound = show_sound(annunciator);
    if (strncmp(text, annunciator->text, WARD_ALARM_TEXT_MAX) != 0 || !annunciator->text_works) {
        snprintf(annunciator->text, sizeof(annunciator->text), "%s", text);
        annunciator->shown.text = show_text(annunciator);
    }
    annunciator->shown.delay_ms = (uint32_t)((now_us() - began_us) / 1000);
    return annunciator->shown;
}

static int on_identified(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_annunciator *annunciator = userdata;

    (void)source, (void)usec;
    annunciator->identified = sd_event_source_disable_unref(annunciator->identified);
    (void)ward_light_show(annunciator->light, annunciator->priority, annunciator->undelivered);
    return 0;
}

bool ward_annunciator_identify(struct ward_annunciator *annunciator, uint32_t seconds)
{
    if (shows_alarm(annunciator))
        return false;
    annunciator->identified = sd_event_source_disable_unref(annunciator->identified);
    if (sd_event_add_time_relative(sd_event_source_get_event(annunciator->again), &annunciator->identified,
                                   CLOCK_BOOTTIME, seconds * UINT64_C(1000000), 0, on_identified,
                                   annunciator) < 0)
        return false;
    return ward_light_identify(annunciator->light);
}

bool ward_annunciator_answer(struct ward_annunciator *annunciator, enum ward_annunciator_answer answer)
{
    enum ward_pattern pattern = answer == WARD_ANSWER_RECEIVED ? WARD_PATTERN_RECEIVED : WARD_PATTERN_REPEAT;

    if (!annunciator->sound || sounds(annunciator))
        return false;
    return ward_sound_play(annunciator->sound, annunciator->samples, add_pattern(annunciator, pattern, 0));
}

struct ward_annunciator_health ward_annunciator_check(struct ward_annunciator *annunciator)
{
    return (struct ward_annunciator_health){
        .light = ward_light_works(annunciator->light),
        .sound = annunciator->sound && ward_sound_works(annunciator->sound),
        .text = annunciator->text_works,
    };
}

static int add_timer(struct ward_annunciator *annunciator, sd_event *event)
{
    int r =
        sd_event_add_time_relative(event, &annunciator->again, CLOCK_BOOTTIME, 0, 0, on_again, annunciator);

    return r < 0 ? r : sd_event_source_set_enabled(annunciator->again, SD_EVENT_OFF);
}

int ward_annunciator_new(struct ward_annunciator **ret, sd_event *event,
                         const struct ward_annunciator_options *options)
{
    struct ward_annunciator *annunciator = calloc(1, sizeof(*annunciator));
    int r = -ENOMEM;

    if (!annunciator)
        return -ENOMEM;
    ward_pulses_init(&annunciator->pulses);
    annunciator->complained = options->complained;
    annunciator->userdata = options->userdata;
    annunciator->text_path = strdup(options->patient_text);
    if (annunciator->text_path)
        r = add_timer(annunciator, event);
    if (r >= 0)
        r = ward_light_new(&annunciator->light, event, options->led_directory, options->leds);
    if (r >= 0 && options->sound_command[0])
        r = ward_sound_new(&annunciator->sound, event, options->sound_command,
                           &(struct ward_sound_listener){on_restarted, on_complained, annunciator});
    if (r < 0) {
        ward_annunciator_free(annunciator);
        return r;
    }
    (void)show_text(annunciator);
    *ret = annunciator;
    return 0;
}

struct ward_annunciator *ward_annunciator_free(struct ward_annunciator *annunciator)
{
    if (!annunciator)
        return NULL;
    ward_sound_free(annunciator->sound);
    ward_light_free(annunciator->light);
    if (annunciator->text_path && annunciator->text_path[0])
        (void)write_text(annunciator->text_path, "");
    sd_event_source_disable_unref(annunciator->again);
    sd_event_source_disable_unref(annunciator->identified);
    free(annunciator->text_path);
    free(annunciator);
    return NULL;
}
