/* SPDX-License-Identifier: Apache-2.0 */
/* Notes: what stands in a record and has no element of its own in an Observation, for people. */
#include "core/fhir_part.h"
#include "core/reading.h"

static void begin(struct ward_json *json, const char *author, int64_t at_ms)
{
    ward_json_object(json);
    ward_json_member_if(json, "authorString", author);
    if (at_ms != WARD_UTC_UNKNOWN)
        ward_fhir_moment(json, "time", at_ms);
    ward_json_key(json, "text");
    ward_json_string_begin(json);
}

static void end(struct ward_json *json)
{
    ward_json_string_end(json);
    ward_json_object_end(json);
}

static void write_reasons(struct ward_json *json, const struct ward_reading *reading)
{
    const char *between = reading->quality == WARD_INVALID        ? "Invalid: "
                          : reading->quality == WARD_QUESTIONABLE ? "Questionable: "
                                                                  : "Valid: ";

    begin(json, "", WARD_UTC_UNKNOWN);
    for (unsigned i = 0; i < WARD_REASON_COUNT; i++) {
        if (!(reading->reasons & (1u << i)))
            continue;
        ward_fhir_part(json, between);
        ward_fhir_part(json, ward_reason_name(i));
        between = ", ";
    }
    end(json);
}

static void write_stream(struct ward_json *json, const struct ward_reading *reading)
{
    begin(json, "", WARD_UTC_UNKNOWN);
    ward_fhir_part(json, "The steady value of the stream in records ");
    ward_fhir_part_number(json, reading->derived_first);
    ward_fhir_part(json, " to ");
    ward_fhir_part_number(json, reading->derived_last);
    end(json);
}

static void write_assigned(struct ward_json *json, const struct ward_record_note *note)
{
    begin(json, note->by.text, note->from_ms);
    ward_fhir_part(json, "Given to this patient; it came as record ");
    ward_fhir_part_number(json, note->subject);
    end(json);
}

static void write_void(struct ward_json *json, const struct ward_record *by_void)
{
    begin(json, by_void ? by_void->note.by.text : "",
          by_void ? by_void->reading.received_at_ms : WARD_UTC_UNKNOWN);
    ward_fhir_part(json, "Taken back");
    if (by_void) {
        ward_fhir_part(json, ": ");
        ward_fhir_part(json, by_void->note.reason.text);
    }
    end(json);
}

void ward_fhir_notes(struct ward_json *json, const struct ward_fhir_entry *entry)
{
    const struct ward_reading *reading = &entry->record->reading;

    if (reading->reasons == 0 && reading->derived_first == 0 && !entry->record->assigned && !entry->is_void)
        return;
    ward_json_key(json, "note");
    ward_json_array(json);
    if (reading->reasons != 0)
        write_reasons(json, reading);
    if (reading->derived_first > 0)
        write_stream(json, reading);
    if (entry->record->assigned)
        write_assigned(json, &entry->record->note);
    if (entry->is_void)
        write_void(json, entry->by_void);
    ward_json_array_end(json);
}
