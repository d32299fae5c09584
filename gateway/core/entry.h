/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person has to say of a patient, as text: "respiration_rate=18 consciousness=alert oxygen=oxygen oxygen_flow=2".
 * The same words on the command line, on the bus and in the record's values.
 */
#ifndef WARD_CORE_ENTRY_H
#define WARD_CORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

#include "ward/reading.h"

#define WARD_ENTRY_ERROR_SIZE 256

/*
 * Fills ret (zeroed first) with the values of text, a valid reading of kind entry without patient, time and place.
 * Returns false with a sentence for people in ret_error, and ret undefined, when a name or a value is not known or not
 * plausible, stands twice, contradicts another one, or there is none. Units are those of core/quantity.h.
 */
bool ward_entry_parse(const char *text, struct ward_reading *ret, char ret_error[WARD_ENTRY_ERROR_SIZE]);

/* Whether it says nothing but that somebody is worried: that is always welcome. */
bool ward_entry_is_concern(const struct ward_reading *entry);

#endif
