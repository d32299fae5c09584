/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sound helper: a program that plays what it reads from its standard input.
 *
 * Its pipe belongs to us, both ends: it outlives the helper, and what was not played yet can be taken back. A helper that
 * leaves there what it should have played long since is ended and started again.
 */
#ifndef WARD_IO_ANNUNCIATOR_SOUND_H
#define WARD_IO_ANNUNCIATOR_SOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct ward_sound;

/* Called from the loop when the helper runs again after it had ended. */
typedef void ward_sound_restarted(void *userdata);

/* What is wrong with the helper, for the log. */
typedef void ward_sound_complained(void *userdata, const char *text);

struct ward_sound_listener {
    ward_sound_restarted *restarted;
    ward_sound_complained *complained;
    void *userdata;
};

/*
 * Starts command by sh -c. A helper that cannot be started is tried again later. Returns 0 and the sound in
 * *ret, or a negative errno.
 */
int ward_sound_new(struct ward_sound **ret, sd_event *event, const char *command,
                   const struct ward_sound_listener *listener);
struct ward_sound *ward_sound_free(struct ward_sound *sound);

/*
 * Plays samples in place of what was given before and is not yet taken. Returns whether the helper has
 * them: what a full pipe did not take is dropped, and never waited for. One that hung is given them too, to
 * see whether it takes them now, but not yet believed; and so is one that was just started again.
 */
bool ward_sound_play(struct ward_sound *sound, const int16_t *samples, size_t count);

/* Takes back what was not played yet. */
void ward_sound_stop(struct ward_sound *sound);

/* Whether the helper runs and takes what it is given. After it hung: not before it has taken something again. */
bool ward_sound_works(const struct ward_sound *sound);

#endif
