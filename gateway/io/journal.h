/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: where the daemon says what an engineer has to know. It never waits: sd_journal_print() blocks once the
 * journal's queue is full, which it is soon when the journal itself waits for a card that hangs, and an alarm must not
 * stand behind a line of a log. What is not taken at once is dropped and counted, and the count is said with the next
 * line that is taken. The protocol: systemd.io/JOURNAL_NATIVE_PROTOCOL.
 *
 * One for the process, for the thread of the loop. Until it is opened, and where no journal runs, nothing is said.
 */
#ifndef WARD_IO_JOURNAL_H
#define WARD_IO_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#define WARD_JOURNAL_TEXT_MAX 2048 /* octets of a message; the rest of a longer one is left out */

/* path NULL: /run/systemd/journal/socket. Copied. Returns 0, -ENAMETOOLONG, or another negative errno. */
int ward_journal_open(const char *path);
void ward_journal_close(void);

/* priority: LOG_ALERT to LOG_DEBUG. */
void ward_journal_print(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* With a field of our own beside the message: its name in capitals, its value of one line. */
void ward_journal_print_with(int priority, const char *name, const char *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * What somebody must do something about. Each has an entry in the journal's catalog (systemd/wardgate.catalog), which says
 * what it means and what to do; journalctl -x shows it beside the message, and the id finds all of a kind.
 */
enum ward_journal_matter {
    WARD_JOURNAL_CONFIGURATION,    /* what is configured cannot be used: the daemon does not start */
    WARD_JOURNAL_MEMORY_UNLOCKED,  /* an alarm may have to wait for the card */
    WARD_JOURNAL_NOT_LOOKED_AFTER, /* a patient's limits are not applied */
    WARD_JOURNAL_DATABASE_UNREADABLE,
    WARD_JOURNAL_DATABASE_SET_ASIDE,
    WARD_JOURNAL_DATABASE_PUT_BACK,
    WARD_JOURNAL_STORAGE_FAILING,
    WARD_JOURNAL_READINGS_DROPPED,
    WARD_JOURNAL_BLUETOOTH_FAILS,
    WARD_JOURNAL_OWN_KEY,
    WARD_JOURNAL_WARD_KEYS,
    WARD_JOURNAL_WAY_CLOSED, /* to the ward */
    WARD_JOURNAL_REFUSED,    /* what the ward said */
    WARD_JOURNAL_SOUND_FAILS,
    WARD_JOURNAL_MATTER_COUNT
};

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
