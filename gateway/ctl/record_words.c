/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/record_words.h"

#include <stdbool.h>
#include <string.h>

static bool is(const json_t *record, const char *kind)
{
    return strcmp(ward_document_text(record, "kind"), kind) == 0;
}

static void add_span(struct ward_cell *cell, const json_t *record)
{
    if (*ward_document_text(record, "from") != '\0')
        ward_cell_add(cell, " from %s", ward_document_moment(record, "from").text);
    if (*ward_document_text(record, "to") != '\0')
        ward_cell_add(cell, " to %s", ward_document_moment(record, "to").text);
}

static void add_reason(struct ward_cell *cell, const json_t *record)
{
    if (*ward_document_text(record, "reason") != '\0')
        ward_cell_add(cell, " (%s)", ward_document_member(record, "reason").text);
}

static void add_reading(struct ward_cell *cell, const json_t *record)
{
    const char *quality = ward_document_text(record, "quality");

    *cell = ward_document_values(json_object_get(record, "values"));
    if (json_is_integer(json_object_get(record, "assigned_from")))
        ward_cell_add(cell, ", assigned from %s", ward_document_member(record, "assigned_from").text);
    ward_cell_add(cell, ": %s", *quality != '\0' ? quality : "of no known quality");
    if (json_array_size(json_object_get(record, "reasons")) > 0)
        ward_cell_add(cell, " (%s)", ward_document_member(record, "reasons").text);
}

struct ward_cell ward_record_words(const json_t *record)
{
    struct ward_cell cell = {.text = ""};

    if (is(record, "void")) {
        ward_cell_add(&cell, "takes back %s", ward_document_member(record, "voids").text);
        add_reason(&cell, record);
    } else if (is(record, "gap")) {
        ward_cell_add(&cell, "%s records lost", ward_document_member(record, "count").text);
        add_span(&cell, record);
        add_reason(&cell, record);
    } else if (is(record, "unmonitored")) {
        ward_cell_add(&cell, "nobody was watched");
        add_span(&cell, record);
        add_reason(&cell, record);
    } else if (is(record, "clock")) {
        ward_cell_add(&cell, "the time of this start (%s) is known",
                      ward_document_member(record, "boot").text);
    } else {
        add_reading(&cell, record);
    }
    return cell;
}

struct ward_cell ward_record_moment(const json_t *record)
{
    /* Of a reading the time of receipt would be read as that of the measurement. */
    return ward_document_moment(record,
                                json_object_get(record, "values") != NULL ? "measured_at" : "received_at");
}
