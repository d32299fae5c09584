/* SPDX-License-Identifier: Apache-2.0 */
/* A record of docs/records.md as people read it in one line: what a reading measured, what a small record says. */
#ifndef WARD_CTL_RECORD_WORDS_H
#define WARD_CTL_RECORD_WORDS_H

#include <jansson.h>

#include "ctl/document.h"

/*
 * "SpO2 96 %, Pulse 72 /min: valid", with why where it is not: "SpO2 96 %: questionable (motion)"; of a small record what
 * it is about: "takes back 17 (wrong-patient)".
 */
struct ward_cell ward_record_words(const json_t *record);

/* "2026-11-22 09:00:00Z": when it was measured; of a small record, when it was made. "-" where that is not known. */
struct ward_cell ward_record_moment(const json_t *record);

#endif
