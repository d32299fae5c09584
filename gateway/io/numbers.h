/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of alarm events that were given out, in a file in memory (/run, a tmpfs): an event goes to the ward before
 * it is committed, so after a kill the store may not know of it, and its number must not be given to another event.
 * Writing is a copy into mapped memory and waits for nothing. Of an occurrence the newest number is kept, and the
 * occurrences told of last. It is gone with a power cut: what is done then says ward_alarm_reboot() (core/alarm.h).
 */
#ifndef WARD_IO_NUMBERS_H
#define WARD_IO_NUMBERS_H

#include <stdint.h>

#include "ward/alarm.h"

#define WARD_NUMBERS_MAX 1024 /* occurrences */

struct ward_numbers;

/*
 * Opens the file, or makes it; one of another size or form is begun anew. Returns 0 and the numbers, to be freed, or a
 * negative errno.
 */
int ward_numbers_open(struct ward_numbers **ret, const char *path);
struct ward_numbers *ward_numbers_free(struct ward_numbers *numbers);

/* Event n of that occurrence goes out. numbers may be NULL. */
void ward_numbers_note(struct ward_numbers *numbers, const struct ward_alarm_id *id, uint32_t n);

/* Nobody of whom something was noted is here any more. numbers may be NULL. */
void ward_numbers_clear(struct ward_numbers *numbers);

/* The highest that was noted, 0 when none was. numbers may be NULL. */
uint32_t ward_numbers_newest(const struct ward_numbers *numbers, const struct ward_alarm_id *id);

#endif
