/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading from its JSON form (the record of docs/mqtt/schemas/record.json), as `wardctl try` takes it.
 *
 * Only measured_at (or received_at) and values are needed, and patient where there is more than one; without `kind` a
 * reading is spot, without `quality` valid. A coded value may be its name ("value":"new_confusion"). Members that are not known are ignored, as the contract asks of consumers.
 */
#ifndef WARD_CORE_READING_JSON_H
#define WARD_CORE_READING_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "ward/reading.h"

/*
 * The exact decimal of a JSON number. The parser makes binary fractions of numbers; 15 digits of one give back the
 * decimal that was written, if that had no more. Returns false, with ret unchanged, for anything but a number.
 */
bool ward_json_exact(const json_t *value, struct ward_decimal *ret);

/*
 * Fills ret from object. Returns NULL, or what is wrong in a plain sentence (static), with ret undefined then. Values
 * of quantities that are not known or not numbers are left out. mono_us is 0: the caller's clock says when it came.
 */
const char *ward_reading_from_json(const json_t *object, struct ward_reading *ret);

#endif
