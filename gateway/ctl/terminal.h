/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What standard output can show: colours, how wide, which letters; and a pager for what is longer than the screen.
 */
#ifndef WARD_CTL_TERMINAL_H
#define WARD_CTL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* A terminal that is not "dumb", and NO_COLOR (https://no-color.org) is unset or empty. */
bool ward_terminal_has_colour(void);

/* Standard output is a terminal on which the cursor can be moved. */
bool ward_terminal_has_cursor(void);

/* Somebody reads it as it comes: it is a terminal, or goes to one through the pager. */
bool ward_terminal_is_looked_at(void);

/* Columns: COLUMNS where it is set, then what the terminal says, then 80. At least 20. */
size_t ward_terminal_width(void);
/* Likewise, of lines: LINES, the terminal, 24. At least 5. */
size_t ward_terminal_height(void);

/* The locale writes UTF-8; otherwise plain ASCII is shown. After setlocale(LC_CTYPE, ""). */
bool ward_terminal_is_utf8(void);

/*
 * From here on standard output goes through $PAGER, or `less`, as `less -FRX` does it: what fits on the screen is
 * left there. Nothing is done unless standard input and output are terminals, or when PAGER is empty or "cat".
 * ward_pager_end() waits until the reader is done; it may be called without a pager.
 */
void ward_pager_begin(void);
void ward_pager_end(void);

#endif
