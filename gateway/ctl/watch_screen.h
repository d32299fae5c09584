/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal while `wardctl watch` has it: a screen of its own without a cursor, keys without Enter and echo. */
#ifndef WARD_CTL_WATCH_SCREEN_H
#define WARD_CTL_WATCH_SCREEN_H

#include "ctl/watch.h"

void ward_watch_screen_open(void);
/* Gives the terminal back as it was. */
void ward_watch_screen_close(void);

/* Draws it anew in its place, by the size that it has now. */
void ward_watch_screen_draw(const struct ward_watch *watch, const struct ward_watch_now *now);

#endif
