/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/fit.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define GLYPH_MAX 2 /* columns of the widest letter: no column is narrower */

/* The letter at text: its octets, and its columns in *ret_width. */
static size_t letter(const char *text, size_t *ret_width)
{
    mbstate_t state = {0};
    wchar_t wide;
    const size_t length = mbrtowc(&wide, text, strlen(text), &state);
    int width;

    *ret_width = 1;
    if (text[0] == '\033' && text[1] == '[') { /* a colour */
        *ret_width = 0;
        return 2 + strcspn(text + 2, "m") + (strchr(text, 'm') != NULL);
    }
    if (length == 0 || length == (size_t)-1 || length == (size_t)-2)
        return 1;
    width = wcwidth(wide);
    *ret_width = width >= 0 ? (size_t)width : length;
    return length;
}

/* Of the octets of text before `end`. */
static size_t width_until(const char *text, const char *end)
{
    size_t width = 0, columns;

    while (text < end) {
        text += letter(text, &columns);
        width += columns;
    }
    return width;
}

size_t ward_fit_width(const char *text)
{
    return width_until(text, text + strlen(text));
}

size_t ward_fit_word(const char *text)
{
    size_t most = 0;

    while (*text != '\0') {
        const size_t length = strcspn(text, " ");
        const size_t width = width_until(text, text + length);

        most = width > most ? width : most;
        text += length + strspn(text + length, " ");
    }
    return most;
}

/* The octets of a word that fit, at least one letter: up to its last hyphen or comma where there is one. */
static size_t part_of_word(const char *word, size_t length, size_t width)
{
    size_t at = 0, used = 0, columns, after_hyphen = 0;

    while (at < length) {
        const size_t octets = letter(word + at, &columns);

        if (used + columns > width && at > 0)
            break;
        used += columns;
        at += octets;
        if (strchr("-,:/", word[at - 1]) != NULL && at < length)
            after_hyphen = at;
    }
    return at < length && after_hyphen > 0 ? after_hyphen : at;
}

char *ward_fit_wrap(const char *text, size_t width)
{
    /* Each octet may be followed by a line's end. */
    char *lines = malloc(2 * strlen(text) + 1), *end = lines;
    size_t used = 0;

    if (lines == NULL)
        return NULL;
    while (*text != '\0') {
        const size_t blanks = strspn(text, " ");
        const size_t word = strcspn(text + blanks, " ");
        const size_t columns = width_until(text + blanks, text + blanks + word);
        const size_t gap = used > 0 ? blanks : 0;
        size_t length = word;

        if (used > 0 && used + gap + columns > width) {
            *end++ = '\n';
            used = 0;
        } else {
            memset(end, ' ', gap);
            end += gap;
            used += gap;
        }
        text += blanks;
        if (columns > width)
            length = part_of_word(text, word, width);
        memcpy(end, text, length);
        end += length;
        used += width_until(text, text + length);
        text += length;
        if (length < word) {
            *end++ = '\n';
            used = 0;
        }
    }
    *end = '\0';
    return lines;
}

/* The column that lacks most of what it wants; count where none does. */
static size_t neediest(const struct ward_fit_column *columns, size_t count)
{
    size_t best = count, most = 0;

    for (size_t i = 0; i < count; i++) {
        if (columns[i].natural - columns[i].width > most) {
            most = columns[i].natural - columns[i].width;
            best = i;
        }
    }
    return best;
}

/* The widest of those behind the first one that can be narrower; the first one; count without any. */
static size_t widest(const struct ward_fit_column *columns, size_t count)
{
    size_t best = count, most = GLYPH_MAX;

    for (size_t i = 1; i < count; i++) {
        if (columns[i].width > most) {
            most = columns[i].width;
            best = i;
        }
    }
    return best == count && count > 0 && columns[0].width > GLYPH_MAX ? 0 : best;
}

void ward_fit_columns(struct ward_fit_column *columns, size_t count, size_t room)
{
    size_t used = count > 0 ? count - 1 : 0, at;

    for (size_t i = 0; i < count; i++) {
        columns[i].width = columns[i].least;
        used += columns[i].least;
    }
    while (used > room && (at = widest(columns, count)) < count) {
        columns[at].width--;
        used--;
    }
    /* What can have all that it wants first, from the left: a moment in one line is worth more than a text in three. */
    for (size_t i = 0; i < count; i++) {
        const size_t more = columns[i].natural - columns[i].width;

        if (used + more <= room && 2 * more <= room - used) {
            columns[i].width += more;
            used += more;
        }
    }
    while (used < room && (at = neediest(columns, count)) < count) {
        columns[at].width++;
        used++;
    }
}
