/* SPDX-License-Identifier: Apache-2.0 */
#include "core/line_scan.h"

#include <string.h>

#include "core/decimal.h"

#define EACH(octet) (UINT64_C(0x0101010101010101) * (uint8_t)(octet)) /* in each of eight octets */

/* The first octet lowest, whatever the machine; compilers know this for one load where it is that. */
static uint64_t load(const char *at)
{
    const unsigned char *octets = (const unsigned char *)at;

    return (uint64_t)octets[0] | (uint64_t)octets[1] << 8 | (uint64_t)octets[2] << 16 |
           (uint64_t)octets[3] << 24 | (uint64_t)octets[4] << 32 | (uint64_t)octets[5] << 40 |
           (uint64_t)octets[6] << 48 | (uint64_t)octets[7] << 56;
}

/*
 * Of eight octets, those that no text goes on with: its mark, a backslash, a control character, what is beyond ASCII; the
 * high bit is set in each. Taking what is looked for from an octet sets its high bit where it was less. That may borrow
 * from the one above it, so that only the lowest is to be trusted.
 */
static uint64_t ends_in(uint64_t octets)
{
    const uint64_t mark = octets ^ EACH('"'), backslash = octets ^ EACH('\\');

    return (octets | (octets - EACH(' ')) | (mark - EACH(1)) | (backslash - EACH(1))) & EACH(0x80);
}

static bool is_plain(char character)
{
    return (unsigned char)character >= ' ' && (unsigned char)character < 0x80 && character != '"' &&
           character != '\\';
}

/* Where the text that goes on at `at` does so no longer. */
static const char *end_of_text(const char *at, const char *end)
{
    for (; end - at >= 8; at += 8) {
        uint64_t ends = ends_in(load(at));

        if (ends != 0) {
            return at + __builtin_ctzll(ends) / 8;
        }
    }
    while (at < end && is_plain(*at)) {
        at++;
    }
    return at;
}

bool ward_scan_text(struct ward_scan *scan, struct ward_piece *ret)
{
    const char *end;

    if (!ward_scan_mark(scan, '"')) {
        return false;
    }
    end = end_of_text(scan->at, scan->end);
    if (end == scan->end || *end != '"') {
        return false;
    }
    *ret = (struct ward_piece){scan->at, (size_t)(end - scan->at)};
    scan->at = end + 1;
    return true;
}

bool ward_piece_is(const struct ward_piece *piece, const char *word)
{
    return strlen(word) == piece->length && memcmp(piece->text, word, piece->length) == 0;
}

static bool is_bare(char character)
{
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           character == '-' || character == '+' || character == '.' || character == 'E';
}

/* A number or a literal: all up to the next mark. What is no number is found by who reads it. */
static bool take_bare(struct ward_scan *scan, struct ward_piece *ret)
{
    const char *at;

    (void)ward_scan_is_next(scan, '\0');
    for (at = scan->at; at < scan->end && is_bare(*at); at++) {
    }
    *ret = (struct ward_piece){scan->at, (size_t)(at - scan->at)};
    scan->at = at;
    return ret->length > 0;
}

#define SHORT_DIGITS 9 /* such a number fits whatever its digits are */

/* A whole number without a sign and without zeros at either end, as nearly all are; those have but one spelling. */
static bool take_short(struct ward_scan *scan, struct ward_decimal *ret)
{
    const char *at = scan->at;
    int64_t number = 0;

    while (at < scan->end && *at >= '0' && *at <= '9') {
        number = 10 * number + (*at++ - '0');
        if (at - scan->at > SHORT_DIGITS) {
            return false;
        }
    }
    if (at == scan->at || *scan->at == '0' || at[-1] == '0' || at == scan->end || is_bare(*at)) {
        return false;
    }
    *ret = (struct ward_decimal){.mantissa = number};
    scan->at = at;
    return true;
}

bool ward_scan_number(struct ward_scan *scan, struct ward_decimal *ret)
{
    struct ward_piece piece;

    return take_short(scan, ret) ||
           (take_bare(scan, &piece) && ward_decimal_parse(piece.text, piece.length, ret));
}

#define WHOLE_DIGITS 18 /* of more a number may not fit */
bool ward_scan_whole(struct ward_scan *scan, uint64_t *ret)
{
    struct ward_piece piece;

    if (!take_bare(scan, &piece) || piece.length > WHOLE_DIGITS ||
        (piece.text[0] == '0' && piece.length > 1)) {
        return false;
    }
    *ret = 0;
    for (size_t i = 0; i < piece.length; i++) {
        if (piece.text[i] < '0' || piece.text[i] > '9') {
            return false;
        }
        *ret = 10 * *ret + (uint64_t)(piece.text[i] - '0');
    }
    return true;
}

bool ward_scan_flag(struct ward_scan *scan, bool *ret)
{
    struct ward_piece piece;

    if (!take_bare(scan, &piece)) {
        return false;
    }
    *ret = ward_piece_is(&piece, "true");
    return *ret || ward_piece_is(&piece, "false");
}

bool ward_scan_null(struct ward_scan *scan)
{
    struct ward_piece piece;

    return take_bare(scan, &piece) && ward_piece_is(&piece, "null");
}

static bool pass_scalar(struct ward_scan *scan)
{
    struct ward_decimal number;
    struct ward_piece piece;

    if (ward_scan_is_next(scan, '"')) {
        return ward_scan_text(scan, &piece);
    }
    return take_bare(scan, &piece) &&
           (ward_piece_is(&piece, "null") || ward_piece_is(&piece, "true") ||
            ward_piece_is(&piece, "false") || ward_decimal_parse(piece.text, piece.length, &number));
}

bool ward_scan_pass(struct ward_scan *scan)
{
    if (!ward_scan_mark(scan, '[')) {
        return pass_scalar(scan);
    }
    if (ward_scan_mark(scan, ']')) {
        return true;
    }
    do {
        if (!pass_scalar(scan)) {
            return false;
        }
    } while (ward_scan_mark(scan, ','));
    return ward_scan_mark(scan, ']');
}

unsigned ward_scan_find_member(struct ward_scan *scan, const struct ward_scan_name *names, unsigned count)
{
    struct ward_piece piece;
    unsigned place = 0;

    if (!ward_scan_text(scan, &piece) || !ward_scan_mark(scan, ':')) {
        return count;
    }
    while (place < count && (piece.length + 3 != names[place].length ||
                             memcmp(piece.text, names[place].text + 1, piece.length) != 0)) {
        place++;
    }
    return place;
}

bool ward_scan_is_done(struct ward_scan *scan)
{
    (void)ward_scan_is_next(scan, '\0');
    return scan->at == scan->end;
}
