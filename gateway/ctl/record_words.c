/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/record_words.h"

#include <stdbool.h>
#include <stdlib.h>
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
    if (json_is_integer(json_object_get(record, "taken_back_by")))
        ward_cell_add(cell, ", but taken back by %s", ward_document_member(record, "taken_back_by").text);
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

/* A record's whole name: numbers begin again with each epoch, and a void is of the epoch of what it takes back. */
static struct ward_cell name_of(const json_t *record, const char *number)
{
    struct ward_cell name = {.text = ""};

    ward_cell_add(&name, "%s:%" JSON_INTEGER_FORMAT, ward_document_text(record, "epoch"),
                  json_integer_value(json_object_get(record, number)));
    return name;
}

static void mark(char **text, json_t *record, json_t *by)
{
    char *marked = NULL;

    if (json_object_set(record, "taken_back_by", by) == 0)
        marked = json_dumps(record, JSON_COMPACT);
    if (marked == NULL)
        return;
    free(*text);
    *text = marked;
}

void ward_records_mark_taken_back(char **texts)
{
    json_t *taken_back = json_object(); /* name of a record: number of the void */

    for (; *texts != NULL; texts++) {
        json_t *record = ward_document_parse(*texts);
        json_t *by = json_object_get(taken_back, name_of(record, "seq").text);

        if (by != NULL)
            mark(texts, record, by);
        if (is(record, "void"))
            (void)json_object_set(taken_back, name_of(record, "voids").text, json_object_get(record, "seq"));
        json_decref(record);
    }
    json_decref(taken_back);
}
