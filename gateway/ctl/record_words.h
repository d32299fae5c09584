/* SPDX-License-Identifier: Apache-2.0 */
/* A record of docs/records.md as people read it in one line: what a reading measured, what a small record says. */
#ifndef WARD_CTL_RECORD_WORDS_H
#define WARD_CTL_RECORD_WORDS_H

#include <jansson.h>

#include "ctl/document.h"

/*
 * "SpO2 96 %, Pulse 72 /min: valid", with why where it is not: "SpO2 96 %: questionable (motion)"; of a small record what
 * it is about: "takes back 17 (wrong-patient)". A reading that ward_records_mark_taken_back found has that too.
 */
struct ward_cell ward_record_words(const json_t *record);

/* "2026-11-22 09:00:00Z": when it was measured; of a small record, when it was made. "-" where that is not known. */
struct ward_cell ward_record_moment(const json_t *record);

/*
 * Adds "taken_back_by", the number of the void, to each record of the list that a newer one in it takes back. texts: JSON
 * records, the newest first, NULL at the end; a text that changes is freed and replaced. Without memory it stays.
 */
void ward_records_mark_taken_back(char **texts);

#endif
