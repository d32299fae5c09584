/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The button that silences: a key of an input device of Linux (evdev), read as struct input_event.
 *
 * Any key of the device counts when it goes down; that it is held, repeats or goes up does not. A device that is not
 * there, or goes away, is looked for again every 5 s: a button that was plugged in late works.
 */
#ifndef WARD_IO_BUTTON_H
#define WARD_IO_BUTTON_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct ward_button;

/* Called from the loop, once for each press. */
typedef void ward_button_pressed(void *userdata);

/* path: "/dev/input/by-path/...-event". Returns 0 and the button in *ret, or a negative errno. */
int ward_button_new(struct ward_button **ret, sd_event *event, const char *path, ward_button_pressed *pressed,
                    void *userdata);
struct ward_button *ward_button_free(struct ward_button *button);

/* Whether the device is open now. */
bool ward_button_works(const struct ward_button *button);

#endif
