/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text in as many columns as there are: broken between words, and inside of one only where it is longer than a line.
 * Widths are columns of a terminal, by the locale that is set.
 */
#ifndef WARD_CTL_FIT_H
#define WARD_CTL_FIT_H

#include <stddef.h>

/* Of a text without line ends. What has no width, or is no letter of the locale, counts as one column an octet;
 * colours (ECMA-48 SGR) have no width. */
size_t ward_fit_width(const char *text);

/* The width of its longest word, words being parted by blanks. */
size_t ward_fit_word(const char *text);

/* The text in lines of at most `width` columns, parted by '\n'; to be freed. NULL when out of memory. */
char *ward_fit_wrap(const char *text, size_t width);

/* What a column of a table wants (its longest text), and what it can do with (its longest word). */
struct ward_fit_column {
    size_t natural, least, width;
};

/*
 * Gives each column its width, so that all of them and a blank between two take `room` at most. A column is narrower than
 * its longest word only where nothing else helps, and never empty; the first one, by which a row is called, last of all.
 */
void ward_fit_columns(struct ward_fit_column *columns, size_t count, size_t room);

#endif
