/* SPDX-License-Identifier: Apache-2.0 */
#include "io/annunciator_sound.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/annunciator_pattern.h"

#define PIPE_OCTETS      (128 * 1024) /* 8 s of sound: two patterns one after the other */
#define DELAY_MINIMUM_US UINT64_C(1000000)
#define DELAY_MAXIMUM_US UINT64_C(60000000)
#define PROVED_US        UINT64_C(1000000) /* one that ended before is believed after this time */
#define TAKEN_WITHIN_US  UINT64_C(2000000) /* beyond the length of the sound */

struct ward_sound {
    sd_event *event;
    char *command;
    struct ward_sound_listener listener;
    int reading, writing; /* ends of the pipe; the helper reads what reading stands for */
    int draining; /* the reading end opened again, so that not blocking there does not bind the helper */
    pid_t helper; /* 0: none runs */
    int helper_descriptor;
    sd_event_source *ended, *retry;
    uint64_t delay_us; /* before the next start; 0: none has failed yet */
    uint64_t started_us;
    uint64_t due_us; /* when all that was given should have been taken */
    bool given;      /* something, and it was not taken back */
    bool stuck;      /* it left something beyond that time; until it takes all that it is given */
};

static uint64_t now_us(void)
{
    struct timespec moment;

    clock_gettime(CLOCK_BOOTTIME, &moment);
    return (uint64_t)moment.tv_sec * 1000000 + (uint64_t)moment.tv_nsec / 1000;
}

static void complain(const struct ward_sound *sound, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(const struct ward_sound *sound, const char *format, ...)
{
    char text[128];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    sound->listener.complained(sound->listener.userdata, text);
}

static void forget_helper(struct ward_sound *sound)
{
    sound->ended = sd_event_source_disable_unref(sound->ended);
    if (sound->helper_descriptor >= 0)
        close(sound->helper_descriptor);
    sound->helper_descriptor = -1;
    sound->helper = 0;
}

/* SIGTERM could be waited for in vain. Where a spawned child is not waited for until it runs its program, as under QEMU's
 * user mode, it may lead no group yet. */
static void kill_helper(const struct ward_sound *sound)
{
    if (kill(-sound->helper, SIGKILL) < 0)
        kill(sound->helper, SIGKILL);
}

static int spawn(const struct ward_sound *sound, pid_t *ret)
{
    char shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, sound->command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    int r;

    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, sound->reading, STDIN_FILENO);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    r = posix_spawn(ret, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

static int on_ended(sd_event_source *source, int fd, uint32_t events, void *userdata);
static int on_retry(sd_event_source *source, uint64_t usec, void *userdata);

static int retry_later(struct ward_sound *sound)
{
    sound->delay_us = sound->delay_us == 0 ? DELAY_MINIMUM_US : sound->delay_us * 2;
    if (sound->delay_us > DELAY_MAXIMUM_US)
        sound->delay_us = DELAY_MAXIMUM_US;
    sound->retry = sd_event_source_disable_unref(sound->retry);
    return sd_event_add_time_relative(sound->event, &sound->retry, CLOCK_BOOTTIME, sound->delay_us, 0,
                                      on_retry, sound);
}

/* Starts the helper, or sees to it that it is tried again. */
static int start(struct ward_sound *sound)
{
    int r = spawn(sound, &sound->helper);

    if (r >= 0) {
        sound->helper_descriptor = pidfd_open(sound->helper, 0);
        r = sound->helper_descriptor < 0 ? -errno : 0;
    }
    if (r >= 0)
        r = sd_event_add_io(sound->event, &sound->ended, sound->helper_descriptor, EPOLLIN, on_ended, sound);
    if (r < 0) {
        complain(sound, "does not start: %s", strerror(-r));
        forget_helper(sound);
        return retry_later(sound);
    }
    sound->started_us = now_us();
    return 0;
}

static int on_ended(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct ward_sound *sound = userdata;
    siginfo_t how = {0};

    (void)source, (void)events;
    waitid(P_PIDFD, (id_t)fd, &how, WEXITED | WNOHANG);
    complain(sound, "ended with %s %d", how.si_code == CLD_EXITED ? "status" : "signal", how.si_status);
    if (now_us() - sound->started_us >= DELAY_MAXIMUM_US)
        sound->delay_us = 0;
    forget_helper(sound);
    return retry_later(sound);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_sound *sound = userdata;

    (void)source, (void)usec;
    ward_sound_stop(sound);
    if (start(sound) >= 0 && sound->helper > 0)
        sound->listener.restarted(sound->listener.userdata);
    return 0;
}

int ward_sound_new(struct ward_sound **ret, sd_event *event, const char *command,
                   const struct ward_sound_listener *listener)
{
    struct ward_sound *sound = calloc(1, sizeof(*sound));
    int ends[2] = {-1, -1}, r = -ENOMEM;
    char path[40];

    if (!sound)
        return -ENOMEM;
    sound->event = sd_event_ref(event);
    sound->listener = *listener;
    sound->helper_descriptor = -1;
    sound->draining = -1;
    sound->command = strdup(command);
    if (sound->command)
        r = pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
    sound->reading = ends[0];
    sound->writing = ends[1];
    if (r == 0) {
        (void)fcntl(sound->writing, F_SETFL, O_NONBLOCK);
        (void)fcntl(sound->writing, F_SETPIPE_SZ, PIPE_OCTETS);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", sound->reading);
        sound->draining = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        r = start(sound);
    }
    if (r < 0) {
        ward_sound_free(sound);
        return r;
    }
    *ret = sound;
    return 0;
}

struct ward_sound *ward_sound_free(struct ward_sound *sound)
{
    if (!sound)
        return NULL;
    if (sound->helper > 0) {
        kill_helper(sound);
        waitpid(sound->helper, NULL, 0);
    }
    forget_helper(sound);
    sd_event_source_disable_unref(sound->retry);
    if (sound->reading >= 0)
        close(sound->reading);
    if (sound->writing >= 0)
        close(sound->writing);
    if (sound->draining >= 0)
        close(sound->draining);
    sd_event_unref(sound->event);
    free(sound->command);
    free(sound);
    return NULL;
}

static bool runs(const struct ward_sound *sound)
{
    return sound->helper > 0 && (sound->delay_us == 0 || now_us() - sound->started_us >= PROVED_US);
}

/* Whether all that was given was taken, and not by us. */
static bool took(const struct ward_sound *sound)
{
    int waiting = 0;

    return sound->given && (ioctl(sound->reading, FIONREAD, &waiting) < 0 || waiting == 0);
}

/* Ends a helper that hangs, and with it the hold that it may have on the sound card: on_ended starts it again. */
static void judge(struct ward_sound *sound)
{
    if (took(sound)) {
        sound->stuck = false;
    } else if (sound->given && sound->helper > 0 && now_us() >= sound->due_us) {
        if (!sound->stuck)
            complain(sound, "does not take what it is given");
        sound->stuck = true;
        kill_helper(sound);
    }
}

void ward_sound_stop(struct ward_sound *sound)
{
    char taken_back[4096];

    judge(sound); /* afterwards the pipe is empty in any case */
    while (sound->draining >= 0 && read(sound->draining, taken_back, sizeof(taken_back)) > 0)
        ;
    sound->given = false;
}

bool ward_sound_works(const struct ward_sound *sound)
{
    if (!runs(sound))
        return false;
    return took(sound) || (!sound->stuck && (!sound->given || now_us() < sound->due_us));
}

bool ward_sound_play(struct ward_sound *sound, const int16_t *samples, size_t count)
{
    ssize_t written;

    ward_sound_stop(sound);
    if (sound->helper <= 0)
        return false;
    written = write(sound->writing, samples, count * sizeof(samples[0]));
    sound->given = true;
    sound->due_us = now_us() + (uint64_t)count * 1000000 / WARD_SAMPLE_RATE + TAKEN_WITHIN_US;
    /* One that is not proved yet may play it all the same. */
    return written > 0 && runs(sound) && !sound->stuck;
}
