/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Standard output for whoever reads it on a terminal: a line that is longer than the terminal is broken between words, and
 * goes on below its text, behind the label that a gap of two blanks ends.
 */
#ifndef WARD_CTL_PROSE_H
#define WARD_CTL_PROSE_H

/* From here on; a line shows when it is complete. Nothing is done where nobody looks at it. May be called again. */
void ward_prose_begin(void);

/* Prints a text in which a line may go on below its text: on a terminal those are one line, to be broken anew. */
void ward_prose_flow(const char *text);

/* A sentence on standard error, broken likewise where that is a terminal; head is not. */
void ward_prose_say(const char *head, const char *text);

/* Until here; may be called without a beginning. */
void ward_prose_end(void);

#endif
