/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading as Observations: one for each value, but one alone for a blood pressure, with its values as components.
 * What a device sent follows the guide's profiles, and R4's vital signs where one is measured; what a person entered
 * the latter alone.
 */
#include <string.h>

#include "core/fhir_part.h"
#include "core/quantity.h"
#include "core/reading.h"

#define MDC_SUPPLEMENTAL  68193
#define MDC_BP            150020
#define LOINC_BP          "85354-9"
#define VALUE_NAME_SIZE   48
#define CATEGORY_HL7      "http://terminology.hl7.org/CodeSystem/observation-category"
#define CATEGORY_PHD      "http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories"
#define GATEWAY_EXTENSION "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"

static bool is_pressure(uint8_t quantity)
{
    return quantity == WARD_BP_SYSTOLIC || quantity == WARD_BP_DIASTOLIC || quantity == WARD_BP_MEAN;
}

/* --- what all have ------------------------------------------------------------------------------------------- */

static void write_meta(struct ward_json *json, const struct ward_reading *reading,
                       const struct ward_fhir_head *head)
{
    ward_json_key(json, "meta");
    ward_json_object(json);
    if (head->phd || head->vital_sign) {
        ward_json_key(json, "profile");
        ward_json_array(json);
        if (head->phd)
            ward_json_string(json, head->phd);
        if (head->vital_sign) {
            ward_json_string_begin(json);
            ward_fhir_part(json, "http://hl7.org/fhir/StructureDefinition/");
            ward_fhir_part(json, head->vital_sign);
            ward_json_string_end(json);
        }
        ward_json_array_end(json);
    }
    if (reading->reasons & WARD_REASON_NOT_CLINICAL) {
        ward_json_key(json, "security");
        ward_json_array(json);
        ward_fhir_coding(json, "http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST");
        ward_json_array_end(json);
    }
    ward_json_key(json, "tag");
    ward_json_array(json);
    ward_fhir_coding(json, WARD_FHIR_OWN "CodeSystem/kind", ward_record_kind_name(reading->kind));
    ward_fhir_coding(json, WARD_FHIR_OWN "CodeSystem/clock", ward_clock_quality_name(reading->clock));
    if (reading->kind < WARD_READING_ENTRY)
        ward_fhir_coding(json, WARD_FHIR_OWN "CodeSystem/link", ward_link_security_name(reading->security));
    if (reading->late)
        ward_fhir_coding(json, WARD_FHIR_OWN "CodeSystem/kind", "late");
    ward_json_array_end(json);
    ward_json_object_end(json);
}

static void write_extension(struct ward_fhir_bundle *bundle, const char *url, uint64_t seq, unsigned place)
{
    ward_json_object(&bundle->json);
    ward_json_member(&bundle->json, "url", url);
    ward_fhir_reference(bundle, "valueReference", seq, place);
    ward_json_object_end(&bundle->json);
}

void ward_fhir_write_head(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                          const struct ward_fhir_head *head)
{
    const struct ward_reading *reading = &entry->record->reading;
    struct ward_json *json = &bundle->json;

    ward_fhir_begin(bundle, "Observation", reading->seq, entry->place);
    write_meta(json, reading, head);
    ward_json_key(json, "extension");
    ward_json_array(json);
    write_extension(bundle, GATEWAY_EXTENSION, 0, 0);
    if (head->clock_seq > 0)
        write_extension(bundle, WARD_FHIR_PHD "CoincidentTimeStampReference", head->clock_seq,
                        WARD_FHIR_PLACE_CLOCK);
    ward_json_array_end(json);
    ward_fhir_identifier(bundle, reading->seq, entry->what);
    ward_json_member(json, "status", entry->is_void ? "entered-in-error" : "final");
    if (!head->phd && !head->vital_sign && !head->category)
        return;
    ward_json_key(json, "category");
    ward_json_array(json);
    if (head->vital_sign)
        ward_fhir_concept(json, NULL, CATEGORY_HL7, "vital-signs", NULL);
    else if (head->category)
        ward_fhir_concept(json, NULL, CATEGORY_HL7, head->category, NULL);
    if (head->phd)
        ward_fhir_concept(json, NULL, CATEGORY_PHD, "phd", NULL);
    ward_json_array_end(json);
}

void ward_fhir_write_subject(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                             unsigned device)
{
    const struct ward_record *record = entry->record;
    const struct ward_reading *reading = &record->reading;
    struct ward_json *json = &bundle->json;

    if (reading->patient.text[0] == '\0' || reading->unassigned)
        ward_fhir_reference(bundle, "subject", 0, device);
    ward_fhir_logical(json, "subject", "Patient", WARD_FHIR_OWN "patient",
                      reading->unassigned ? "" : reading->patient.text);
    ward_fhir_logical(json, "encounter", "Encounter", WARD_FHIR_OWN "episode",
                      reading->unassigned ? "" : reading->episode.text);
    if (entry->received_at_ms != WARD_UTC_UNKNOWN)
        ward_fhir_moment(json, "issued", entry->received_at_ms);
    if (reading->kind != WARD_READING_ENTRY && reading->kind != WARD_RECORD_VOID)
        return;
    ward_json_key(json, "performer");
    ward_json_array(json);
    ward_fhir_logical(json, NULL, "Practitioner", WARD_FHIR_OWN "person", record->note.by.text);
    ward_json_array_end(json);
}

/* --- one value ----------------------------------------------------------------------------------------------- */

static const struct ward_care_plan *plan_of(const struct ward_fhir_bundle *bundle,
                                            const struct ward_reading *reading)
{
    const struct ward_fhir_knowledge *known = bundle->message->knowledge;

    return known->plan ? known->plan(known->context, reading) : NULL;
}

static void write_modality(struct ward_json *json, uint32_t modality)
{
    if (modality == 0)
        return;
    ward_json_key(json, "component");
    ward_json_array(json);
    ward_json_object(json);
    ward_fhir_mdc_concept(json, "code", MDC_SUPPLEMENTAL, "MDC_ATTR_SUPPLEMENTAL_TYPES");
    ward_json_key(json, "valueCodeableConcept");
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    ward_fhir_mdc(json, modality);
    ward_json_array_end(json);
    ward_json_object_end(json);
    ward_json_object_end(json);
    ward_json_array_end(json);
}

static const char *category_of(const struct ward_reading *reading, uint8_t quantity)
{
    if (reading->kind != WARD_READING_ENTRY)
        return NULL;
    return quantity == WARD_CONCERN ? "survey" : "exam";
}

/* A second value of one name in a record, which no device sends, has a name of its own all the same. */
static const char *name_of(const struct ward_reading *reading, size_t index, char buffer[VALUE_NAME_SIZE])
{
    const char *name = ward_quantity_info(reading->values[index].quantity)->name;

    for (size_t i = 0; i < index; i++) {
        size_t length = 0;

        if (strcmp(ward_quantity_info(reading->values[i].quantity)->name, name) != 0)
            continue;
        while (length < VALUE_NAME_SIZE - sizeof(".a") && name[length] != '\0') {
            buffer[length] = name[length];
            length++;
        }
        buffer[length++] = '.';
        buffer[length++] = (char)('a' + index);
        buffer[length] = '\0';
        return buffer;
    }
    return name;
}

static void write_single(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *of, size_t index,
                         unsigned wearable, uint64_t clock_seq)
{
    const struct ward_reading *reading = &of->record->reading;
    const struct ward_value *value = &reading->values[index];
    const bool is_battery = value->quantity == WARD_BATTERY; /* of the device, and not of the patient */
    const struct ward_care_plan *plan = is_battery ? NULL : plan_of(bundle, reading);
    struct ward_json *json = &bundle->json;
    const struct ward_fhir_head head = {.phd = wearable ? WARD_FHIR_PHD "PhdNumericObservation" : NULL,
                                        .vital_sign = ward_fhir_vital_sign(value->quantity),
                                        .category = category_of(reading, value->quantity),
                                        .clock_seq = clock_seq};
    char name[VALUE_NAME_SIZE];
    struct ward_fhir_entry entry = *of;

    entry.what = name_of(reading, index, name);
    entry.place = (unsigned)index;
    ward_fhir_write_head(bundle, &entry, &head);
    ward_fhir_code(json, value->quantity);
    if (is_battery)
        ward_fhir_reference(bundle, "subject", 0, wearable);
    else
        ward_fhir_write_subject(bundle, &entry, wearable);
    ward_fhir_moment(json, "effectiveDateTime", entry.effective_at_ms);
    ward_fhir_value(json, reading, value);
    ward_fhir_interpretation(json, reading->quality == WARD_QUESTIONABLE,
                             reading->quality == WARD_INVALID ? NULL : value, plan);
    ward_fhir_notes(json, &entry);
    if (wearable)
        ward_fhir_reference(bundle, "device", 0, wearable);
    ward_fhir_ranges(json, value->quantity, plan);
    write_modality(json, ward_fhir_modality(reading, value->quantity));
    ward_fhir_end(bundle, &entry);
}

/* --- a blood pressure ---------------------------------------------------------------------------------------- */

static const struct ward_value *find(const struct ward_reading *reading, uint8_t quantity)
{
    for (size_t i = 0; i < reading->value_count; i++)
        if (reading->values[i].quantity == quantity)
            return &reading->values[i];
    return NULL;
}

/* R4 asks for both systolic and diastolic: one that was not given says so. */
static void write_component(struct ward_json *json, const struct ward_reading *reading, uint8_t quantity,
                            const struct ward_care_plan *plan)
{
    const struct ward_value *value = find(reading, quantity);

    if (!value && quantity == WARD_BP_MEAN)
        return;
    ward_json_object(json);
    ward_fhir_code(json, quantity);
    if (value)
        ward_fhir_value(json, reading, value);
    else
        ward_fhir_absent_reason(json, "unknown");
    ward_fhir_interpretation(json, false, reading->quality == WARD_INVALID ? NULL : value, plan);
    ward_fhir_ranges(json, quantity, plan);
    ward_json_object_end(json);
}

static void write_pressure_code(struct ward_json *json)
{
    ward_json_key(json, "code");
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    ward_fhir_mdc(json, MDC_BP);
    ward_fhir_coding(json, WARD_FHIR_LOINC, LOINC_BP);
    ward_json_array_end(json);
    ward_json_member(json, "text", "Blood pressure");
    ward_json_object_end(json);
}

static void write_pressure(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *of, size_t index,
                           unsigned wearable, uint64_t clock_seq)
{
    static const uint8_t components[] = {WARD_BP_SYSTOLIC, WARD_BP_DIASTOLIC, WARD_BP_MEAN};
    const struct ward_reading *reading = &of->record->reading;
    const struct ward_care_plan *plan = plan_of(bundle, reading);
    const struct ward_fhir_head head = {.phd =
                                            wearable ? WARD_FHIR_PHD "PhdCompoundNumericObservation" : NULL,
                                        .vital_sign = "bp",
                                        .clock_seq = clock_seq};
    struct ward_fhir_entry entry = *of;
    struct ward_json *json = &bundle->json;

    entry.what = "blood_pressure";
    entry.place = (unsigned)index;
    ward_fhir_write_head(bundle, &entry, &head);
    write_pressure_code(json);
    ward_fhir_write_subject(bundle, &entry, wearable);
    ward_fhir_moment(json, "effectiveDateTime", entry.effective_at_ms);
    ward_fhir_interpretation(json, reading->quality == WARD_QUESTIONABLE, NULL, NULL);
    ward_fhir_notes(json, &entry);
    if (wearable)
        ward_fhir_reference(bundle, "device", 0, wearable);
    ward_json_key(json, "component");
    ward_json_array(json);
    for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++)
        write_component(json, reading, components[i], plan);
    ward_json_array_end(json);
    ward_fhir_end(bundle, &entry);
}

void ward_fhir_write_reading(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry)
{
    const struct ward_reading *reading = &entry->record->reading;
    const unsigned wearable = ward_fhir_wearable(bundle, reading);
    const uint64_t clock_seq = wearable ? ward_fhir_write_clock(bundle, entry, wearable) : 0;
    bool has_pressure = false;

    for (size_t i = 0; i < reading->value_count; i++) {
        if (!is_pressure(reading->values[i].quantity)) {
            write_single(bundle, entry, i, wearable, clock_seq);
        } else if (!has_pressure) {
            has_pressure = true;
            write_pressure(bundle, entry, i, wearable, clock_seq);
        }
    }
}
