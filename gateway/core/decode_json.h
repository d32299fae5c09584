/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoded frame as one JSON object: what `wardctl decode --json` prints.
 *
 *   always             characteristic ("2A5F"; "vendor:nonin" for a vendor's own protocol), outcome ("ok",
 *                      "truncated", "reserved", "unknown", "invalid")
 *   outcome not ok     error, and nothing else
 *   a measurement      kind, quality, reasons, values (quantity, value, special?, unit, mdc?, loinc?)
 *   where they apply   status (names), device_time (null: not known, or no date that exists), user (null: not known, 255),
 *                      rr_ms, energy_kJ, contact (null: not supported), extra (an object, by characteristic; `frame`: what a
 *                      vendor's frame is that is no measurement)
 *
 * Numbers are exact: a value has the digits that were sent, or all digits of its conversion (core/decimal.h says by which
 * factor); an RR interval is n · 0.9765625 ms. A value that is no number is null, with "special": "nan", "nres", "reserved",
 * "+inf" or "-inf" beside it.
 */
#ifndef WARD_CORE_DECODE_JSON_H
#define WARD_CORE_DECODE_JSON_H

#include "core/decode.h"
#include "core/json.h"

/* decoded must have been validated. Writes one value into json. */
void ward_decoded_write_json(const struct ward_decoded *decoded, struct ward_json *json);

#endif
