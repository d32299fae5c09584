/* SPDX-License-Identifier: Apache-2.0 */
/* What the simple verbs share: they ask for documents and show them, member by member or as a table. */
#ifndef WARD_CTL_SHOW_H
#define WARD_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>

#include "ctl/verbs.h"

/* A column of a table of documents. */
struct ward_column {
    const char *header;
    const char *member;
    enum {
        WARD_COLUMN_PLAIN,
        WARD_COLUMN_AGE,
        WARD_COLUMN_MOMENT,
        WARD_COLUMN_VALUES,
        WARD_COLUMN_RECORD,        /* what the whole document says, a record; member is not looked at */
        WARD_COLUMN_RECORD_MOMENT, /* likewise: when */
    } as;
};

/* columns ends with a row whose header is NULL. */
void ward_show_table(char *const *texts, const struct ward_column *columns, const char *empty);

/* One line for each member of the document: "  member  value". */
void ward_show_document(const char *text);

/*
 * What was done: with as_json {"outcome":"done"} and the members of `what`, which is taken over and may be NULL; otherwise
 * the sentence.
 */
void ward_show_done(bool as_json, json_t *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line of JSON; takes the document over. */
void ward_show_json(json_t *document);

/*
 * Parses a command line on which nothing but --json may stand beside `arguments` plain ones. Returns an exit status;
 * the plain arguments are then at argv[optind].
 */
int ward_show_options(const struct ward_verb *verb, int argc, char **argv, int arguments, bool *ret_json);

#endif
