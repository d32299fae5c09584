/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading from the line of text that nearly all of them are, without a JSON library: what a year of a stream is read
 * with.
 *
 * The reader knows the members of docs/mqtt/schemas/record.json, in any order, with plain values: texts without escapes
 * and beyond ASCII, numbers, literals, and lists of those. It never guesses: of anything else (another member, the same
 * one twice, an escape, a record that is no reading, a value that is wrong) it says that the line is not for it, and the
 * caller gives it to the JSON library and ward_reading_from_json(), which also words what is wrong.
 */
#ifndef WARD_CORE_READING_LINE_H
#define WARD_CORE_READING_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/line_scan.h"
#include "ward/reading.h"

/* What a line says beside the reading itself. */
struct ward_reading_line {
    struct ward_reading reading;
    bool has_late; /* it says whether it was late */
};

/* In which order the lines before had their members, which makes the next one quicker to read. Zeroed before the first. */
struct ward_reading_line_order {
    struct ward_scan_order reading, value;
};

/*
 * Reads exactly length octets: one object, white space around it. Returns true with ret as ward_reading_from_json()
 * would fill it, or false with ret undefined.
 */
bool ward_reading_line_parse(const char *text, size_t length, struct ward_reading_line_order *order,
                             struct ward_reading_line *ret);

#endif
