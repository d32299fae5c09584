/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where the uplink says something to an engineer. Under systemd, which says so in JOURNAL_STREAM
 * (systemd.exec(5)), it goes into the journal with the id of what is to be done (ward/journal.h); otherwise, on a terminal
 * say, to standard error, a line each, with its priority as sd-daemon(3) has it. Neither is waited for.
 *
 * For the thread of the loop.
 */
#ifndef WARD_UPLINK_LOG_H
#define WARD_UPLINK_LOG_H

#include <syslog.h>

#include "ward/journal.h"

/* Until it is called everything goes to standard error. journal: as ward_journal_open() takes it. */
void ward_log_open(const char *journal);

/* priority: LOG_ERR to LOG_DEBUG. */
void ward_log(int priority, enum ward_journal_matter matter, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
