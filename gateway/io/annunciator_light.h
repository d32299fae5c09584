/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The alarm LEDs: files NAME/brightness of Linux' LED class, flashed from a timer of the loop.
 */
#ifndef WARD_IO_ANNUNCIATOR_LIGHT_H
#define WARD_IO_ANNUNCIATOR_LIGHT_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "ward/alarm.h"

struct ward_light;

/*
 * names are separated by spaces: first LED, second LED. Returns 0 and the light in *ret, or a negative
 * errno.
 */
int ward_light_new(struct ward_light **ret, sd_event *event, const char *directory, const char *names);
struct ward_light *ward_light_free(struct ward_light *light);

/* Shows what the table in annunciator.h says, beginning with light. Returns whether that could be written. */
bool ward_light_show(struct ward_light *light, enum ward_alarm_priority priority, bool undelivered);

/* Every LED flashes shortly once a second, as no alarm does, until the next ward_light_show. Returns as that. */
bool ward_light_identify(struct ward_light *light);

/* Whether every named LED can be written; none named: false. */
bool ward_light_works(const struct ward_light *light);

#endif
