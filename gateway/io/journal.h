/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's words in the journal (ward/journal.h), where it says what an engineer has to know. Until that is opened, and
 * where no journal runs, nothing is said. For the thread of the loop.
 */
#ifndef WARD_IO_JOURNAL_H
#define WARD_IO_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include "ward/journal.h"

/*
 * priority: LOG_ALERT to LOG_DEBUG. The format, which is one line, goes along in a field of its own: who gives a journal away
 * can tell by it what was put into a line, and leave that out.
 */
void ward_journal_print(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* With a field of our own beside the message: its name in capitals, its value of one line. */
void ward_journal_print_with(int priority, const char *name, const char *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* With the id of what somebody must do something about. */
void ward_journal_print_matter(int priority, enum ward_journal_matter matter, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * The lines that were printed last, without what stood in them: the format alone, so that nothing of a patient is in it. The
 * same line again counts as one. format is a literal everywhere.
 */
#define WARD_JOURNAL_KEPT 64

struct ward_journal_line {
    const char *format;
    int priority;
    uint64_t count;   /* since the process began, or since it made room for others */
    uint64_t boot_us; /* when it was printed last */
};

/* Newest first. Returns how many. */
size_t ward_journal_kept(struct ward_journal_line ret[WARD_JOURNAL_KEPT]);

#endif
