/* SPDX-License-Identifier: Apache-2.0 */
/* What the files fhir*.c share with each other, and with nobody else. */
#ifndef WARD_CORE_FHIR_PART_H
#define WARD_CORE_FHIR_PART_H

#include "core/fhir.h"

/* Systems of HL7, IEEE and UCUM, and our own, below one base. */
#define WARD_FHIR_MDC   "urn:iso:std:iso:11073:10101"
#define WARD_FHIR_LOINC "http://loinc.org"
#define WARD_FHIR_UCUM  "http://unitsofmeasure.org"
#define WARD_FHIR_PHD   "http://hl7.org/fhir/uv/phd/StructureDefinition/"
#define WARD_FHIR_OWN   "https://wardgate.invalid/fhir/"

/* A device of the Bundle, and the newest statement of how its clock goes. */
struct ward_fhir_wearable {
    const char *id;
    bool has_clock;
    int64_t difference_ms; /* its local time less UTC */
    uint64_t clock_seq;    /* the record that says so */
};

struct ward_fhir_bundle {
    const struct ward_fhir_message *message;
    struct ward_json json;
    struct ward_fhir_wearable
        wearables[2 * WARD_READINGS_RECORDS_MAX]; /* of records, and of those taken back */
    size_t wearable_count;
};

/* One resource of a record: what it is named by, and what became of it since. */
struct ward_fhir_entry {
    const struct ward_record *record;
    const struct ward_record *by_void; /* the record that takes it back, where it is at hand */
    const char *what;                  /* last part of its name: "spo2" */
    unsigned place;                    /* among the resources of the record; tells its fullUrl */
    bool is_void;
    bool dated;                              /* by what is known of its boot */
    int64_t received_at_ms, effective_at_ms; /* UTC, or WARD_UTC_UNKNOWN */
};

/* Places of the resources that are not values. */
#define WARD_FHIR_PLACE_CLOCK 0x40
#define WARD_FHIR_PLACE_SCORE 0x41

/* --- fhir_entry.c: names and references --- */

struct ward_fhir_entry ward_fhir_entry_of(const struct ward_fhir_bundle *bundle,
                                          const struct ward_record *record);
/* "urn:uuid:…" of a resource of the Bundle: of a record, or with seq 0 the gateway (place 0) and its devices. */
void ward_fhir_url(struct ward_fhir_bundle *bundle, const char *member, uint64_t seq, unsigned place);
/* A member "member":{"reference":"urn:uuid:…"}. */
void ward_fhir_reference(struct ward_fhir_bundle *bundle, const char *member, uint64_t seq, unsigned place);
/* The same by identifier alone: nothing is said of whom it names. Left out when id is "". */
void ward_fhir_logical(struct ward_json *json, const char *member, const char *type, const char *system,
                       const char *id);
/* "identifier":[{"value":"GATEWAY.EPOCH.SEQ.WHAT"}]. */
void ward_fhir_identifier(struct ward_fhir_bundle *bundle, uint64_t seq, const char *what);
/* Begins the entry and its resource; end closes both, with the request. */
void ward_fhir_begin(struct ward_fhir_bundle *bundle, const char *type, uint64_t seq, unsigned place);
void ward_fhir_end(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry);
/* The same for a resource that is named by another system's identifier. */
void ward_fhir_end_named(struct ward_fhir_bundle *bundle, const char *type, const char *system,
                         const char *id);

/* Parts of a string that is begun. */
void ward_fhir_part(struct ward_json *json, const char *text);
void ward_fhir_part_number(struct ward_json *json, uint64_t number);
void ward_fhir_mdc(struct ward_json *json, uint32_t code); /* a coding */
void ward_fhir_mdc_concept(struct ward_json *json, const char *member, uint32_t code, const char *text);
void ward_fhir_coding(struct ward_json *json, const char *system, const char *code);
void ward_fhir_concept(struct ward_json *json, const char *member, const char *system, const char *code,
                       const char *text);
/* That it is not known, in place of a member of that name; a moment, or that. */
void ward_fhir_unknown(struct ward_json *json, const char *member);
void ward_fhir_moment(struct ward_json *json, const char *member, int64_t utc_ms);

/* --- fhir_device.c --- */

void ward_fhir_write_gateway(struct ward_fhir_bundle *bundle);
/* The place of the reading's wearable, written there when it is not yet, from 1 on; 0 when it has none. */
unsigned ward_fhir_wearable(struct ward_fhir_bundle *bundle, const struct ward_reading *reading);
/* States how the clock of the reading's device goes, where it said its time. Returns the seq of the statement, or 0. */
uint64_t ward_fhir_write_clock(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                               unsigned wearable);

/* --- fhir_quantity.c --- */

/* The profile of R4 that a vital sign follows ("oxygensat"), NULL for what is none. */
const char *ward_fhir_vital_sign(uint8_t quantity);
/* Of oximetry: MDC code of how it was averaged, 0 for what is not said. */
uint32_t ward_fhir_modality(const struct ward_reading *reading, uint8_t quantity);
/* "code", with every code that the quantity has, or our own, and its name for people. */
void ward_fhir_code(struct ward_json *json, uint8_t quantity);
/* "MEMBER":{…} with the unit of the quantity. */
void ward_fhir_amount(struct ward_json *json, const char *member, struct ward_decimal number,
                      uint8_t quantity);

/* --- fhir_finding.c: how good a value is, and what the plan says to it --- */

/* valueQuantity, valueCodeableConcept, or dataAbsentReason. */
void ward_fhir_value(struct ward_json *json, const struct ward_reading *reading,
                     const struct ward_value *value);
/* Why there is no value, by the reading's quality and reasons; never NULL. */
const char *ward_fhir_absent(const struct ward_reading *reading);
void ward_fhir_absent_reason(struct ward_json *json, const char *code);
/* interpretation and referenceRange. value and plan may be NULL. */
void ward_fhir_interpretation(struct ward_json *json, bool questionable, const struct ward_value *value,
                              const struct ward_care_plan *plan);
void ward_fhir_ranges(struct ward_json *json, uint8_t quantity, const struct ward_care_plan *plan);
/* note: the reasons, who gave or took it back, and why. */
void ward_fhir_notes(struct ward_json *json, const struct ward_fhir_entry *entry);

/* --- fhir_observation.c --- */

void ward_fhir_write_reading(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry);
/*
 * What every Observation of a record begins with: meta, the gateway, the clock's statement (0: none), the name, status
 * and categories. phd: the profile of the guide, NULL for what no device sent; vital_sign: that of R4, or NULL.
 */
struct ward_fhir_head {
    const char *phd, *vital_sign;
    const char *category; /* another one of R4, where it is no vital sign; or NULL */
    uint64_t clock_seq;
};
void ward_fhir_write_head(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                          const struct ward_fhir_head *head);
/* Whose it is, when it was, and who said so. What is of no patient is of the device at that place of the Bundle. */
void ward_fhir_write_subject(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                             unsigned device);

/* --- fhir_event.c: what is no measurement --- */

void ward_fhir_write_event(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry);
/* A reading without values, or one of nobody we know. */
void ward_fhir_write_bare(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry);
void ward_fhir_write_score(struct ward_fhir_bundle *bundle, const struct ward_fhir_score *score);

#endif
