/* SPDX-License-Identifier: Apache-2.0 */
/* A text of bounded length for people, put together word by word. */
#ifndef WARD_CORE_ALARM_WORDS_H
#define WARD_CORE_ALARM_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "ward/quantity.h"

/* text has room for WARD_ALARM_TEXT_MAX octets and a NUL, and is a text already when length is 0. */
struct ward_words {
    char *text;
    size_t length;
};

/* Cuts at the end of a character: never in the midst of a UTF-8 sequence. */
void ward_words_put(struct ward_words *words, const char *more);

/* A number, "HI", "LO", or "no value". */
void ward_words_put_number(struct ward_words *words, const struct ward_decimal *number);
/* The same with the unit as people write it: "88 %", "38.1 °C", "70/min". */
void ward_words_put_with_unit(struct ward_words *words, const struct ward_decimal *number, uint8_t quantity);

void ward_words_put_seconds(struct ward_words *words, uint32_t seconds);
void ward_words_put_age(struct ward_words *words, int64_t age_ms);   /* "12 min", "3 h": cut to whole units */
void ward_words_put_duration(struct ward_words *words, uint32_t ms); /* "3 days", "90 min" */

#endif
