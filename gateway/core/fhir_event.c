/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a ward must know and no device measured, as Observations with codes of our own: that records were lost, that
 * nobody was watched, that there are readings which belong to nobody. Without them "nothing found" and "not monitored"
 * would look alike. And an early warning score.
 */
#include "core/fhir_part.h"
#include "core/quantity.h"
#include "core/reading.h"

#define RECORD_CODES WARD_FHIR_OWN "CodeSystem/record"

static void begin(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry, const char *text)
{
    ward_fhir_write_head(bundle, entry, &(struct ward_fhir_head){.phd = NULL});
    ward_fhir_concept(&bundle->json, "code", RECORD_CODES, entry->what, text);
}

static void begin_component(struct ward_json *json, const char *code)
{
    ward_json_object(json);
    ward_fhir_concept(json, "code", RECORD_CODES, code, NULL);
}

static void write_count(struct ward_json *json, const char *member, int64_t value, const char *unit)
{
    ward_json_key(json, member);
    ward_json_object(json);
    ward_json_key(json, "value");
    ward_json_int(json, value);
    ward_json_member(json, "unit", unit);
    ward_json_member(json, "system", WARD_FHIR_UCUM);
    ward_json_member(json, "code", unit);
    ward_json_object_end(json);
}

/* --- what has no values -------------------------------------------------------------------------------------- */

void ward_fhir_write_bare(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *of)
{
    const struct ward_reading *reading = &of->record->reading;
    const unsigned wearable = ward_fhir_wearable(bundle, reading);
    struct ward_fhir_entry entry = *of;
    struct ward_json *json = &bundle->json;

    entry.what = reading->unassigned ? "unassigned" : "reading";
    begin(bundle, &entry,
          reading->unassigned ? "Reading that belongs to nobody known" : "Reading without values");
    ward_fhir_write_subject(bundle, &entry, wearable);
    ward_fhir_moment(json, "effectiveDateTime",
                     reading->unassigned ? WARD_UTC_UNKNOWN : entry.effective_at_ms);
    ward_fhir_absent_reason(json, reading->unassigned ? "masked" : ward_fhir_absent(reading));
    ward_fhir_notes(json, &entry);
    if (wearable)
        ward_fhir_reference(bundle, "device", 0, wearable);
    ward_fhir_end(bundle, &entry);
}

/* --- gap, unmonitored, clock, void --------------------------------------------------------------------------- */

static void write_period(struct ward_json *json, const struct ward_record_note *note)
{
    if (note->from_ms == WARD_UTC_UNKNOWN && note->to_ms == WARD_UTC_UNKNOWN) {
        ward_fhir_unknown(json, "effectiveDateTime");
        return;
    }
    ward_json_key(json, "effectivePeriod");
    ward_json_object(json);
    if (note->from_ms != WARD_UTC_UNKNOWN)
        ward_fhir_moment(json, "start", note->from_ms);
    if (note->to_ms != WARD_UTC_UNKNOWN)
        ward_fhir_moment(json, "end", note->to_ms);
    ward_json_object_end(json);
}

static void write_reason(struct ward_json *json, const struct ward_record_note *note)
{
    ward_fhir_concept(json, "valueCodeableConcept", WARD_FHIR_OWN "CodeSystem/reason", note->reason.text,
                      NULL);
}

static void write_clock(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry)
{
    const struct ward_record *record = entry->record;
    struct ward_json *json = &bundle->json;

    ward_fhir_moment(json, "effectiveDateTime", entry->received_at_ms);
    ward_json_member(json, "valueString", record->reading.boot.text);
    ward_json_key(json, "component");
    ward_json_array(json);
    begin_component(json, "offset");
    write_count(json, "valueQuantity", record->note.offset_ms, "ms");
    ward_json_object_end(json);
    begin_component(json, "uncertainty");
    write_count(json, "valueQuantity", record->note.uncertainty_ms, "ms");
    ward_json_object_end(json);
    ward_json_array_end(json);
}

/* The record that is taken back is gone: what took it back is told by itself. */
static void write_void(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry)
{
    const struct ward_record *record = entry->record;
    struct ward_json *json = &bundle->json;

    ward_fhir_moment(json, "effectiveDateTime", entry->received_at_ms);
    write_reason(json, &record->note);
    ward_json_key(json, "component");
    ward_json_array(json);
    begin_component(json, "voids");
    ward_json_key(json, "valueString");
    ward_json_string_begin(json);
    ward_fhir_part_number(json, record->note.subject);
    ward_json_string_end(json);
    ward_json_object_end(json);
    ward_json_array_end(json);
}

static const struct ward_record *find_voided(const struct ward_fhir_message *message, uint64_t seq)
{
    for (size_t i = 0; i < message->knowledge->voided_count; i++)
        if (message->knowledge->voided[i].reading.seq == seq)
            return &message->knowledge->voided[i];
    return NULL;
}

static bool is_in_message(const struct ward_fhir_message *message, uint64_t seq)
{
    for (size_t i = 0; i < message->count; i++)
        if (message->records[i].reading.seq == seq)
            return true;
    return false;
}

static void write_taking_back(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry)
{
    const uint64_t subject = entry->record->note.subject;
    const struct ward_record *voided = find_voided(bundle->message, subject);
    struct ward_fhir_entry own = *entry;

    if (is_in_message(bundle->message, subject))
        return; /* it stands there as taken back, and a transaction may name a resource once */
    if (voided) {
        const struct ward_fhir_entry of = ward_fhir_entry_of(bundle, voided);

        if (voided->reading.unassigned || voided->reading.value_count == 0)
            ward_fhir_write_bare(bundle, &of);
        else
            ward_fhir_write_reading(bundle, &of);
        return;
    }
    own.what = "void";
    begin(bundle, &own, "Reading taken back");
    ward_fhir_write_subject(bundle, &own, 0);
    write_void(bundle, &own);
    ward_fhir_end(bundle, &own);
}

void ward_fhir_write_event(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *of)
{
    const struct ward_record *record = of->record;
    struct ward_fhir_entry entry = *of;
    struct ward_json *json = &bundle->json;

    if (record->reading.kind == WARD_RECORD_VOID) {
        write_taking_back(bundle, of);
        return;
    }
    entry.what = ward_record_kind_name(record->reading.kind);
    begin(bundle, &entry,
          record->reading.kind == WARD_RECORD_GAP     ? "Records were lost"
          : record->reading.kind == WARD_RECORD_CLOCK ? "Clock of a boot"
                                                      : "Nobody was watched");
    ward_fhir_write_subject(bundle, &entry, 0);
    if (record->reading.kind == WARD_RECORD_CLOCK) {
        write_clock(bundle, &entry);
    } else {
        write_period(json, &record->note);
        write_reason(json, &record->note);
    }
    if (record->reading.kind == WARD_RECORD_GAP) {
        ward_json_key(json, "component");
        ward_json_array(json);
        begin_component(json, "count");
        write_count(json, "valueQuantity", (int64_t)record->note.subject, "{records}");
        ward_json_object_end(json);
        ward_json_array_end(json);
    }
    ward_fhir_end(bundle, &entry);
}

/* --- NEWS2 --------------------------------------------------------------------------------------------------- */

static void write_inputs(struct ward_json *json, const struct ward_news2_report *report)
{
    ward_json_key(json, "component");
    ward_json_array(json);
    for (int i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        ward_json_object(json);
        ward_fhir_concept(json, "code", WARD_FHIR_OWN "CodeSystem/news2",
                          ward_quantity_info(ward_news2_quantity((enum ward_news2_parameter)i))->name, NULL);
        write_count(json, "valueQuantity", report->score.points[i], "{score}");
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

void ward_fhir_write_score(struct ward_fhir_bundle *bundle, const struct ward_fhir_score *score)
{
    struct ward_record of = {.reading = {.seq = score->seq}};
    const struct ward_fhir_entry entry = {.record = &of, .what = "news2"};
    struct ward_json *json = &bundle->json;

    ward_fhir_begin(bundle, "Observation", score->seq, WARD_FHIR_PLACE_SCORE);
    ward_fhir_identifier(bundle, score->seq, entry.what);
    ward_json_member(json, "status", "final");
    ward_json_key(json, "category");
    ward_json_array(json);
    ward_fhir_concept(json, NULL, "http://terminology.hl7.org/CodeSystem/observation-category", "survey",
                      NULL);
    ward_json_array_end(json);
    ward_fhir_concept(json, "code", "http://snomed.info/sct", "1104051000000101", "NEWS2");
    ward_fhir_logical(json, "subject", "Patient", WARD_FHIR_OWN "patient", score->patient);
    ward_fhir_logical(json, "encounter", "Encounter", WARD_FHIR_OWN "episode", score->episode);
    ward_fhir_moment(json, "effectiveDateTime", score->at_ms);
    write_count(json, "valueQuantity", score->report->score.minimum, "{score}");
    ward_fhir_reference(bundle, "device", 0, 0);
    write_inputs(json, score->report);
    ward_fhir_end(bundle, &entry);
}
