/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a script line: splitting, and reading each as a number, a duration, octets or a time.
 * Every reader returns false, with its ret unchanged, for a word that is not wholly of its kind.
 */
#ifndef WEARABLE_WORDS_H
#define WEARABLE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"
#include "ward/reading.h"

/* Borrowed from the script's text, not terminated. */
struct ward_word {
    const char *text;
    size_t length;
};

/* What is left of a line. */
struct ward_words {
    const char *at;
    const char *end;
};

/* The next word between blanks; false at the end of the line or at a '#', where a comment begins. */
bool ward_words_next(struct ward_words *words, struct ward_word *ret);

bool ward_word_is(const struct ward_word *word, const char *text);

/* "72", or "0x48", up to maximum. */
bool ward_word_unsigned(const struct ward_word *word, uint32_t maximum, uint32_t *ret);

/* "97", "-0.5", "0x20", or nan, nres, reserved, +inf, -inf. Up to 9 digits. */
bool ward_word_decimal(const struct ward_word *word, struct ward_decimal *ret);

/* "97..88" as two finite decimals of one exponent; a single decimal is a range from itself to itself. */
bool ward_word_range(const struct ward_word *word, struct ward_decimal *ret_from,
                     struct ward_decimal *ret_to);

/* "500ms", "30s", "2m", "1h", "1d", up to 49 days. */
bool ward_word_duration(const struct ward_word *word, uint32_t *ret_ms);

/* An even number of hex digits, at most size octets. */
bool ward_word_octets(const struct ward_word *word, uint8_t *buffer, size_t size, size_t *ret_length);

/* "2026-11-22T09:00:00": the shape is checked, not the calendar, so that a script can play a broken clock. */
bool ward_word_time(const struct ward_word *word, struct ward_device_time *ret);

/* "now", or "now-26h": how long ago in seconds. */
bool ward_word_age(const struct ward_word *word, uint32_t *ret_s);

#endif
