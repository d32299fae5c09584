/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/watch_lines.h"

#include <stdio.h>

#include "ctl/document.h"
#include "ctl/show.h"

static void print_value(const json_t *record, const json_t *value, bool as_json)
{
    json_t *one = json_pack("[O]", value);

    if (as_json)
        ward_show_json(json_pack(
            "{ss, sO*, sO*, sO*, sO*, sO*, sO*, sO*, sO*, sO*, sO*, sO*, sO*, sO*}", "schema",
            "wardgate.value/1", "epoch", json_object_get(record, "epoch"), "seq",
            json_object_get(record, "seq"), "patient", json_object_get(record, "patient"), "device",
            json_object_get(record, "device"), "quantity", json_object_get(value, "quantity"), "value",
            json_object_get(value, "value"), "code", json_object_get(value, "code"), "unit",
            json_object_get(value, "unit"), "special", json_object_get(value, "special"), "quality",
            json_object_get(record, "quality"), "reasons", json_object_get(record, "reasons"), "measured_at",
            json_object_get(record, "measured_at"), "received_at", json_object_get(record, "received_at")));
    else
        printf("%s  %s  %s  %s\n", ward_document_member(record, "measured_at").text,
               ward_document_member(record, "patient").text, ward_document_values(one).text,
               ward_document_text(record, "quality"));
    json_decref(one);
}

void ward_watch_print(const json_t *record, bool as_json)
{
    const json_t *value;
    size_t at;

    json_array_foreach(json_object_get(record, "values"), at, value)
    {
        print_value(record, value, as_json);
    }
    fflush(stdout);
}

void ward_watch_print_alarm(const char *text, const json_t *event, bool as_json)
{
    if (as_json)
        puts(text);
    else
        printf("%s  %s  ALARM %s, %s, %s: %s\n", ward_document_member(event, "at").text,
               ward_document_member(event, "patient").text, ward_document_text(event, "condition"),
               ward_document_text(event, "priority"), ward_document_text(event, "event"),
               ward_document_text(event, "text"));
    fflush(stdout);
}
