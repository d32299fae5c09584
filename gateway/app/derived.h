/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings that the engine derived from a stream, as records. What became steady at the same moment on the same device
 * is one measurement, and so one record.
 */
#ifndef WARD_APP_DERIVED_H
#define WARD_APP_DERIVED_H

#include <stddef.h>
#include <stdint.h>

#include "core/alarm.h"
#include "core/record.h"

struct ward_watch;

#define WARD_DERIVED_MAX 4

/* Which device a stream comes from, and over what; empty after a start, until its next reading. */
struct ward_derived_source {
    struct ward_id device;
    uint8_t security; /* enum ward_link_security */
};

/* What one input to the engine has derived. */
struct ward_derived {
    const struct ward_watch *watch;
    struct ward_record records[WARD_DERIVED_MAX];
    size_t count;
};

/* Remembers where the streams of a reading come from. A device that is not worn gives none. */
void ward_derived_note_source(struct ward_derived_source sources[WARD_QUANTITY_COUNT],
                              const struct ward_reading *reading);

void ward_derived_add(struct ward_derived *derived, const struct ward_alarm_derived *value);

/*
 * Copies the records of a group, at most one, and what was derived behind it into ret, which has room for
 * 1 + WARD_DERIVED_MAX. Returns how many.
 */
size_t ward_derived_append(const struct ward_derived *derived, const struct ward_record *records,
                           size_t count, struct ward_record *ret);

#endif
