/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a line of JSON that is one of many of the same kind: taken from left to right, without copying, in the
 * plain form that programs print. Texts are ASCII without escapes; what is not in that form is not taken, and the caller
 * gives the whole line to a JSON library.
 *
 * Each ward_scan_… function moves `at` over what it takes and the white space before it. Returning false anywhere gives
 * up the line: `at` is then anywhere, and what a ret_ points at may have changed.
 */
#ifndef WARD_CORE_LINE_SCAN_H
#define WARD_CORE_LINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ward/quantity.h"

struct ward_scan {
    const char *at, *end;
};

/* Part of the line, not terminated. */
struct ward_piece {
    const char *text;
    size_t length;
};

/* A member that a line may have: its name as it is printed, with the marks around it. */
struct ward_scan_name {
    const char *text;
    size_t length;
};
#define WARD_SCAN_NAME(name) .text = "\"" name "\":", .length = sizeof("\"" name "\":") - 1

/*
 * After which member which came in the lines before: the next line mostly has the same ones in the same order. A zeroed one
 * knows nothing; each set of names needs its own.
 */
#define WARD_SCAN_NAMES_MAX 32
struct ward_scan_order {
    uint8_t next[WARD_SCAN_NAMES_MAX + 1]; /* at the number of names: what an object begins with */
};

/* Whether the next octet that is no white space is `mark`; it is not taken. */
static inline bool ward_scan_is_next(struct ward_scan *scan, char mark)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r')) {
        scan->at++;
    }
    return scan->at < scan->end && *scan->at == mark;
}

static inline bool ward_scan_mark(struct ward_scan *scan, char mark)
{
    if (!ward_scan_is_next(scan, mark)) {
        return false;
    }
    scan->at++;
    return true;
}

/* Nothing but white space is left. */
bool ward_scan_is_done(struct ward_scan *scan);

bool ward_scan_text(struct ward_scan *scan, struct ward_piece *ret);
bool ward_scan_number(struct ward_scan *scan, struct ward_decimal *ret);
bool ward_scan_whole(struct ward_scan *scan, uint64_t *ret); /* 0 to 999,999,999,999,999,999 */
bool ward_scan_flag(struct ward_scan *scan, bool *ret);
bool ward_scan_null(struct ward_scan *scan);

/* Any number, text or literal, or a list of those, of which nothing is made. */
bool ward_scan_pass(struct ward_scan *scan);

/* Whether the line goes on with this name, octet for octet; then it is taken. Most names are 4 to 16 octets long. */
static inline bool ward_scan_goes_on_with(struct ward_scan *scan, const struct ward_scan_name *name)
{
    const size_t length = name->length;
    uint64_t line[2] = {0}, wanted[2] = {0};

    if ((size_t)(scan->end - scan->at) < length) {
        return false;
    }
    if (length < 4 || length > 16) {
        if (memcmp(scan->at, name->text, length) != 0) {
            return false;
        }
    } else if (length >= 8) { /* two pieces that overlap are the whole */
        memcpy(&line[0], scan->at, 8);
        memcpy(&line[1], scan->at + length - 8, 8);
        memcpy(&wanted[0], name->text, 8);
        memcpy(&wanted[1], name->text + length - 8, 8);
    } else {
        memcpy(&line[0], scan->at, 4);
        memcpy(&line[1], scan->at + length - 4, 4);
        memcpy(&wanted[0], name->text, 4);
        memcpy(&wanted[1], name->text + length - 4, 4);
    }
    if (line[0] != wanted[0] || line[1] != wanted[1]) {
        return false;
    }
    scan->at += length;
    return true;
}

/* The place of the name that comes next, wherever it stands among them and with white space; count: it is not there. */
unsigned ward_scan_find_member(struct ward_scan *scan, const struct ward_scan_name *names, unsigned count);

/*
 * The name of a member and its colon. *member is its place among count names, at most WARD_SCAN_NAMES_MAX; before the call
 * it is that of the one taken last, or count for the first of an object. Fails for a name that is not among them, or is in
 * *seen (a set of 1 << place), which then has it.
 */
static inline bool ward_scan_member(struct ward_scan *scan, const struct ward_scan_name *names,
                                    unsigned count, struct ward_scan_order *order, uint32_t *seen,
                                    unsigned *member)
{
    unsigned place = order->next[*member];

    if (!ward_scan_goes_on_with(scan, &names[place])) {
        place = ward_scan_find_member(scan, names, count);
    }
    if (place == count || (*seen & 1u << place) != 0) {
        return false;
    }
    *seen |= 1u << place;
    order->next[*member] = (uint8_t)place;
    *member = place;
    return true;
}

bool ward_piece_is(const struct ward_piece *piece, const char *word);

#endif
