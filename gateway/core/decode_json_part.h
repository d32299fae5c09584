/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that write a decoded frame as JSON share; for decode_json*.c only. */
#ifndef WARD_CORE_DECODE_JSON_PART_H
#define WARD_CORE_DECODE_JSON_PART_H

#include "core/decode_json.h"

/* Whether the characteristic says something that only it says. */
bool ward_decoded_has_detail(const struct ward_decoded *decoded);

/* Writes that as members into the object that is open. */
void ward_decoded_write_detail(const struct ward_decoded *decoded, struct ward_json *json);

/* A member with a number. */
void ward_decoded_write_number(struct ward_json *json, const char *name, uint64_t number);

/* The names of the statuses of a set from first to last, as a list. */
void ward_decoded_write_statuses(uint64_t statuses, unsigned first, unsigned last, struct ward_json *json);

#endif
