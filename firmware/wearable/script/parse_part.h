/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parser of steps and the parser of measurements share; for parse*.c only.
 */
#ifndef WEARABLE_PARSE_PART_H
#define WEARABLE_PARSE_PART_H

#include "wearable/script/parse.h"
#include "wearable/script/words.h"

struct ward_script_parser {
    struct ward_script *script;
    struct ward_words words;
    struct ward_step *step; /* being parsed */
    uint32_t line;
    uint16_t open[WARD_SCRIPT_DEPTH_MAX]; /* steps of the repeats that have no end yet */
    bool passes_time[WARD_SCRIPT_DEPTH_MAX];
    size_t depth;
    struct ward_script_error *error;
};

/* Sets the parser's error at its line, about word unless that is NULL. Returns false. */
bool ward_script_fail(struct ward_script_parser *parser, const char *text, const struct ward_word *word);

/* The next word of the line, which cannot do without: `missing` is the error when there is none. */
bool ward_script_next_word(struct ward_script_parser *parser, const char *missing, struct ward_word *ret);

/* The steps that concern what the device keeps: its battery, clock, records and faults. */
bool ward_script_parse_battery(struct ward_script_parser *parser);
bool ward_script_parse_clock(struct ward_script_parser *parser);
bool ward_script_parse_store(struct ward_script_parser *parser);
bool ward_script_parse_report(struct ward_script_parser *parser);
bool ward_script_parse_fault(struct ward_script_parser *parser);

/* Parses the rest of the line, FIELD VALUE pairs, as a measurement for the step's characteristic. */
bool ward_script_parse_fields(struct ward_script_parser *parser);

#endif
