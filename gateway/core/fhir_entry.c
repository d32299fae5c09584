/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names. A resource is named by an identifier without a system, as the guide has it for conditional create: the
 * gateway, the epoch, the number of the record and what the resource says of it, with points between, so that it needs
 * no escape in a search. The fullUrl is good within the Bundle alone; it is made of the same numbers (RFC 9562,
 * version 8), so that the same records always give the same text.
 */
#include "core/fhir_part.h"

#include <string.h>

#include "core/utc.h"

struct ward_fhir_entry ward_fhir_entry_of(const struct ward_fhir_bundle *bundle,
                                          const struct ward_record *record)
{
    const struct ward_fhir_message *message = bundle->message;
    const struct ward_fhir_knowledge *known = message->knowledge;
    const struct ward_reading *reading = &record->reading;
    struct ward_fhir_entry entry = {.record = record,
                                    .received_at_ms = reading->received_at_ms,
                                    .effective_at_ms = reading->measured_at_ms};
    int64_t offset_ms;

    for (size_t i = 0; i < message->count; i++)
        if (message->records[i].reading.kind == WARD_RECORD_VOID &&
            message->records[i].note.subject == reading->seq)
            entry.by_void = &message->records[i];
    entry.is_void = entry.by_void || (known->is_void && known->is_void(known->context, reading->seq));
    if (reading->received_at_ms != WARD_UTC_UNKNOWN || !known->clock ||
        !known->clock(known->context, reading->boot.text, &offset_ms))
        return entry;
    entry.dated = true;
    entry.received_at_ms = (int64_t)(reading->mono_us / 1000) + offset_ms;
    if (reading->measured_at_ms == WARD_UTC_UNKNOWN && !reading->late) /* what is late was measured before */
        entry.effective_at_ms = entry.received_at_ms;
    return entry;
}

void ward_fhir_part(struct ward_json *json, const char *text)
{
    ward_json_part(json, text, strlen(text));
}

void ward_fhir_part_number(struct ward_json *json, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    ward_json_part(json, digits + at, sizeof(digits) - at);
}

/* xxxxxxxx-xxxx-8xxx-8xxx- of the epoch, then 40 bits of seq and 8 of the place. */
static void part_url(struct ward_fhir_bundle *bundle, uint64_t seq, unsigned place)
{
    const char *hex = bundle->message->origin.epoch + 2;
    struct ward_json *json = &bundle->json;
    uint8_t octets[6];

    for (int i = 0; i < 5; i++)
        octets[i] = (uint8_t)(seq >> (32 - 8 * i));
    octets[5] = (uint8_t)place;
    ward_fhir_part(json, "urn:uuid:");
    ward_json_part(json, hex, 8);
    ward_fhir_part(json, "-");
    ward_json_part(json, hex + 8, 4);
    ward_fhir_part(json, "-8");
    ward_json_part(json, hex + 12, 3);
    ward_fhir_part(json, "-8");
    ward_json_part(json, hex + 15, 3);
    ward_fhir_part(json, "-");
    ward_json_part_hex(json, octets, sizeof(octets));
}

void ward_fhir_url(struct ward_fhir_bundle *bundle, const char *member, uint64_t seq, unsigned place)
{
    ward_json_key(&bundle->json, member);
    ward_json_string_begin(&bundle->json);
    part_url(bundle, seq, place);
    ward_json_string_end(&bundle->json);
}

void ward_fhir_reference(struct ward_fhir_bundle *bundle, const char *member, uint64_t seq, unsigned place)
{
    ward_json_key(&bundle->json, member);
    ward_json_object(&bundle->json);
    ward_fhir_url(bundle, "reference", seq, place);
    ward_json_object_end(&bundle->json);
}

void ward_fhir_logical(struct ward_json *json, const char *member, const char *type, const char *system,
                       const char *id)
{
    if (id[0] == '\0')
        return;
    if (member) {
        ward_json_key(json, member);
    }
    ward_json_object(json);
    ward_json_member(json, "type", type);
    ward_json_key(json, "identifier");
    ward_json_object(json);
    ward_json_member(json, "system", system);
    ward_json_member(json, "value", id);
    ward_json_object_end(json);
    ward_json_object_end(json);
}

static void part_name(struct ward_fhir_bundle *bundle, uint64_t seq, const char *what)
{
    struct ward_json *json = &bundle->json;

    ward_fhir_part(json, bundle->message->origin.gateway);
    ward_fhir_part(json, ".");
    ward_fhir_part(json, bundle->message->origin.epoch);
    ward_fhir_part(json, ".");
    ward_fhir_part_number(json, seq);
    if (what) {
        ward_fhir_part(json, ".");
        ward_fhir_part(json, what);
    }
}

void ward_fhir_identifier(struct ward_fhir_bundle *bundle, uint64_t seq, const char *what)
{
    struct ward_json *json = &bundle->json;

    ward_json_key(json, "identifier");
    ward_json_array(json);
    ward_json_object(json);
    ward_json_key(json, "value");
    ward_json_string_begin(json);
    part_name(bundle, seq, what);
    ward_json_string_end(json);
    ward_json_object_end(json);
    ward_json_array_end(json);
}

void ward_fhir_begin(struct ward_fhir_bundle *bundle, const char *type, uint64_t seq, unsigned place)
{
    struct ward_json *json = &bundle->json;

    ward_json_object(json);
    ward_fhir_url(bundle, "fullUrl", seq, place);
    ward_json_key(json, "resource");
    ward_json_object(json);
    ward_json_member(json, "resourceType", type);
}

static void begin_request(struct ward_json *json, const char *method)
{
    ward_json_object_end(json);
    ward_json_key(json, "request");
    ward_json_object(json);
    ward_json_member(json, "method", method);
}

void ward_fhir_end(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry)
{
    const bool update = entry->is_void || entry->dated;
    struct ward_json *json = &bundle->json;

    begin_request(json, update ? "PUT" : "POST");
    if (!update)
        ward_json_member(json, "url", "Observation");
    ward_json_key(json, update ? "url" : "ifNoneExist");
    ward_json_string_begin(json);
    ward_fhir_part(json, update ? "Observation?identifier=" : "identifier=");
    part_name(bundle, entry->record->reading.seq, entry->what);
    ward_json_string_end(json);
    ward_json_object_end(json);
    ward_json_object_end(json);
}

void ward_fhir_end_named(struct ward_fhir_bundle *bundle, const char *type, const char *system,
                         const char *id)
{
    struct ward_json *json = &bundle->json;

    begin_request(json, "POST");
    ward_json_member(json, "url", type);
    ward_json_key(json, "ifNoneExist");
    ward_json_string_begin(json);
    ward_fhir_part(json, "identifier=");
    ward_fhir_part(json, system);
    ward_fhir_part(json, "|");
    ward_fhir_part(json, id);
    ward_json_string_end(json);
    ward_json_object_end(json);
    ward_json_object_end(json);
}

void ward_fhir_coding(struct ward_json *json, const char *system, const char *code)
{
    ward_json_object(json);
    ward_json_member(json, "system", system);
    ward_json_member(json, "code", code);
    ward_json_object_end(json);
}

void ward_fhir_mdc(struct ward_json *json, uint32_t code)
{
    ward_json_object(json);
    ward_json_member(json, "system", WARD_FHIR_MDC);
    ward_json_key(json, "code");
    ward_json_string_begin(json);
    ward_fhir_part_number(json, code);
    ward_json_string_end(json);
    ward_json_object_end(json);
}

void ward_fhir_mdc_concept(struct ward_json *json, const char *member, uint32_t code, const char *text)
{
    ward_json_key(json, member);
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    ward_fhir_mdc(json, code);
    ward_json_array_end(json);
    ward_json_member(json, "text", text);
    ward_json_object_end(json);
}

void ward_fhir_concept(struct ward_json *json, const char *member, const char *system, const char *code,
                       const char *text)
{
    if (member)
        ward_json_key(json, member);
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    ward_fhir_coding(json, system, code);
    ward_json_array_end(json);
    if (text)
        ward_json_member(json, "text", text);
    ward_json_object_end(json);
}

void ward_fhir_unknown(struct ward_json *json, const char *member)
{
    char name[40] = "_";

    strncat(name, member, sizeof(name) - 2);
    ward_json_key(json, name);
    ward_json_object(json);
    ward_json_key(json, "extension");
    ward_json_array(json);
    ward_json_object(json);
    ward_json_member(json, "url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
    ward_json_member(json, "valueCode", "unknown");
    ward_json_object_end(json);
    ward_json_array_end(json);
    ward_json_object_end(json);
}

void ward_fhir_moment(struct ward_json *json, const char *member, int64_t utc_ms)
{
    char text[WARD_UTC_TEXT_SIZE];

    if (ward_utc_format(utc_ms, text))
        ward_json_member(json, member, text);
    else
        ward_fhir_unknown(json, member);
}
