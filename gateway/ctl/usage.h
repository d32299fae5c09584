/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usage lines of a verb, read as what they are:
 *
 *   devices pair ADDRESS --patient PATIENT [--open [--by-address]] [--timeout SECONDS] [--json]
 *   alarms [list|history] [--patient PATIENT] [--json]
 *
 * VERB first; then, in lower case, the actions, of which one in brackets may be left out; then in any order
 * options, with the value that one takes, and in upper case the arguments. Of what is in brackets only the words count.
 */
#ifndef WARD_CTL_USAGE_H
#define WARD_CTL_USAGE_H

#include <stdbool.h>
#include <stddef.h>

#define WARD_USAGE_WORD_MAX 64

enum ward_usage_kind {
    WARD_USAGE_ACTION,   /* "pair" */
    WARD_USAGE_OPTION,   /* "--patient", with value "PATIENT" or "" */
    WARD_USAGE_ARGUMENT, /* "ADDRESS" */
};

struct ward_usage_word {
    enum ward_usage_kind kind;
    char text[WARD_USAGE_WORD_MAX], value[WARD_USAGE_WORD_MAX];
};

/* The next word of a line from *at on, which the first call sets to behind the verb; false at the line's end. */
bool ward_usage_next(const char **at, struct ward_usage_word *ret);

/* The first word behind the verb in the line. */
const char *ward_usage_words(const char *line);

/* The line after this one; NULL after the last. */
const char *ward_usage_line(const char *line);

/* The action has a line of its own, or stands among others in one. */
bool ward_usage_has_action(const char *line, const char *action);

#endif
