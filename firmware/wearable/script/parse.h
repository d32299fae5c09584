/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a script: one step a line. firmware/wearable/README.md is its manual.
 *
 *   advertise on|off             wait DURATION|connected|subscribed|confirmed|disconnected|transferred|clock
 *   disconnect                   forget                          contact ok|lost|unknown
 *   battery PERCENT [drain DURATION]                             clock TIME|reset
 *   measure FIELD VALUE ...      stream DURATION FIELD VALUE|FROM..TO ...
 *   store FIELD VALUE ...        report                          fault KIND [VALUE]
 *   raw UUID HEX                 repeat COUNT|forever ... end
 */
#ifndef WEARABLE_PARSE_H
#define WEARABLE_PARSE_H

#include "wearable/core/script.h"

#define WARD_SCRIPT_WORD_MAX 32

struct ward_script_error {
    uint32_t line;
    const char *text;                    /* what is wrong: a constant */
    char word[WARD_SCRIPT_WORD_MAX + 1]; /* the word it is about, cut to fit; empty for none */
};

/*
 * Parses the whole text for profile. Returns true and the script, or false and the first error; the script
 * is then of no use. Every measurement of a parsed script can be encoded.
 */
bool ward_script_parse(struct ward_script *script, const struct ward_wearable_profile *profile,
                       const char *text, size_t length, struct ward_script_error *ret_error);

#endif
