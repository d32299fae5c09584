/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of a reading's enums as they stand in JSON, in the database and on the command line; and what an
 * id is.
 */
#ifndef WARD_CORE_READING_H
#define WARD_CORE_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/reading.h"

/* Static texts; NULL for a number that the enum does not have. */
const char *ward_record_kind_name(uint8_t kind);       /* enum ward_record_kind: "spot" */
const char *ward_quality_name(uint8_t quality);        /* enum ward_quality: "valid" */
const char *ward_clock_quality_name(uint8_t clock);    /* enum ward_clock_quality: "synced" */
const char *ward_link_security_name(uint8_t security); /* enum ward_link_security: "bonded" */

/* Reasons are a set: the name of reason bit `index`, counted from 0 ("no-value"); NULL past the last. */
#define WARD_REASON_COUNT 14
const char *ward_reason_name(unsigned index);

/* The other way. Returns false, with ret unchanged, for a name that is not one. */
bool ward_record_kind_by_name(const char *name, uint8_t *ret);
bool ward_quality_by_name(const char *name, uint8_t *ret);
bool ward_clock_quality_by_name(const char *name, uint8_t *ret);
bool ward_link_security_by_name(const char *name, uint8_t *ret);
bool ward_reason_by_name(const char *name, uint32_t *ret); /* the bit */

/* Whether text matches [A-Za-z0-9-]{1,64}. */
bool ward_id_is_valid(const char *text);

/* Sets ret to text. Returns false, with ret unchanged, when it is no valid id. */
bool ward_id_set(struct ward_id *ret, const char *text);

/* The same of exactly length octets, which need no NUL behind them. */
bool ward_id_set_n(struct ward_id *ret, const char *text, size_t length);

#endif
