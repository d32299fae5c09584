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

/* A member with a name; "reserved" for NULL: a number that the specification keeps for the future has none. */
void ward_decoded_write_name(struct ward_json *json, const char *member, const char *name);

/* The members of a glucose meter. */
void ward_decoded_write_glucose(const struct ward_glucose_detail *detail, struct ward_json *json);
void ward_decoded_write_glucose_context(const struct ward_glucose_context_detail *detail,
                                        struct ward_json *json);

/* The members of a device's clock. */
void ward_decoded_write_current_time(const struct ward_current_time_detail *detail, struct ward_json *json);
void ward_decoded_write_local_time(const struct ward_local_time_detail *detail, struct ward_json *json);
void ward_decoded_write_reference_time(const struct ward_reference_time_detail *detail,
                                       struct ward_json *json);

/* The members of the record access control point. */
void ward_decoded_write_record_access(const struct ward_record_access_detail *detail, struct ward_json *json);

/* The members of a health observation. */
void ward_decoded_write_observation(const struct ward_observation_detail *detail, struct ward_json *json);

/* A member with a number as it was sent; a special value is null, and a second member says which. */
void ward_decoded_write_sent(struct ward_json *json, const char *name, const char *special_name,
                             struct ward_decimal number);

/* The names of the statuses of a set from first to last, as a list. */
void ward_decoded_write_statuses(uint64_t statuses, unsigned first, unsigned last, struct ward_json *json);

#endif
