/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a record: docs/records.md, "Canonical text". The members of every object stand in the order of their
 * names, so that the writer's canonical numbers and strings are all that RFC 8785 asks for beyond that.
 */
#include "core/record.h"

#include <string.h>

#include "core/quantity.h"
#include "core/reading.h"

static void write_values(struct ward_json *json, const struct ward_reading *reading)
{
    ward_json_key(json, "values");
    ward_json_array(json);
    for (size_t i = 0; i < reading->value_count; i++) {
        const struct ward_value *value = &reading->values[i];
        const struct ward_quantity_info *info = ward_quantity_info(value->quantity);

        ward_json_object(json);
        if (ward_quantity_code(value) != NULL) {
            ward_json_member(json, "code", ward_quantity_code(value));
        }
        ward_json_key(json, "loinc");
        ward_json_array(json);
        for (size_t j = 0; j < sizeof(info->loinc) / sizeof(info->loinc[0]) && info->loinc[j]; j++) {
            ward_json_string(json, info->loinc[j]);
        }
        ward_json_array_end(json);
        if (info->mdc != 0) {
            ward_json_key(json, "mdc");
            ward_json_uint(json, info->mdc);
        }
        ward_json_member(json, "quantity", info->name);
        if (value->number.special != WARD_FINITE) {
            ward_json_member(json, "special", ward_special_name(value->number.special));
        }
        ward_json_member(json, "unit", info->unit);
        ward_json_key(json, "value");
        ward_json_decimal(json, value->number);
        ward_json_object_end(json);
    }
    ward_json_array_end(json);
}

static void write_frame(struct ward_json *json, uint16_t characteristic, const uint8_t *octets, size_t length)
{
    const uint8_t uuid[2] = {(uint8_t)(characteristic >> 8), (uint8_t)(characteristic & 0xFF)};

    ward_json_string_begin(json);
    ward_json_part_hex(json, uuid, sizeof(uuid));
    ward_json_part(json, ":", 1);
    ward_json_part_hex(json, octets, length);
    ward_json_string_end(json);
}

static void write_raw(struct ward_json *json, const struct ward_reading *reading)
{
    ward_json_key(json, "raw");
    if (reading->characteristic == 0) {
        ward_json_null(json);
    } else {
        write_frame(json, reading->characteristic, reading->raw, reading->raw_length);
    }
    if (reading->context_characteristic != 0) {
        ward_json_key(json, "raw_context");
        write_frame(json, reading->context_characteristic, reading->context, reading->context_length);
    }
}

static void write_reasons(struct ward_json *json, uint32_t reasons)
{
    ward_json_key(json, "reasons");
    ward_json_array(json);
    for (unsigned i = 0; i < WARD_REASON_COUNT; i++) {
        if (reasons & (1u << i)) {
            ward_json_string(json, ward_reason_name(i));
        }
    }
    ward_json_array_end(json);
}

static void write_id(struct ward_json *json, const char *name, const struct ward_id *id)
{
    ward_json_key(json, name);
    if (id->text[0] == '\0') {
        ward_json_null(json);
    } else {
        ward_json_string(json, id->text);
    }
}

static void write_utc(struct ward_json *json, const char *name, int64_t utc_ms)
{
    ward_json_key(json, name);
    ward_json_utc(json, utc_ms);
}

static void write_uint(struct ward_json *json, const char *name, uint64_t value)
{
    ward_json_key(json, name);
    ward_json_uint(json, value);
}

static void write_bool(struct ward_json *json, const char *name, bool value)
{
    ward_json_key(json, name);
    ward_json_bool(json, value);
}

static void write_chain(struct ward_json *json, const struct ward_reading *reading, bool with_chain)
{
    if (with_chain) {
        ward_json_key(json, "chain");
        ward_json_hex(json, reading->chain, sizeof(reading->chain));
    }
}

static void write_derived_from(struct ward_json *json, const struct ward_reading *reading)
{
    if (reading->derived_first != 0) {
        ward_json_key(json, "derived_from");
        ward_json_array(json);
        ward_json_uint(json, reading->derived_first);
        ward_json_uint(json, reading->derived_last);
        ward_json_array_end(json);
    }
}

/* What an unassigned reading says about somebody is withheld; that and when it was received is not. */
static void write_reading(struct ward_json *json, const char *epoch, const struct ward_record *record,
                          bool with_chain)
{
    static const struct ward_reading withheld = {.measured_at_ms = WARD_UTC_UNKNOWN};
    const struct ward_reading *reading = &record->reading;
    const struct ward_reading *told = reading->unassigned ? &withheld : reading;

    if (record->assigned) {
        write_utc(json, "assigned_at", record->note.from_ms);
        write_uint(json, "assigned_from", record->note.subject);
    }
    write_id(json, "boot", &reading->boot);
    if (reading->kind == WARD_READING_ENTRY || record->assigned) {
        write_id(json, "by", &record->note.by);
    }
    write_chain(json, reading, with_chain);
    ward_json_member(json, "clock", ward_clock_quality_name(reading->clock));
    write_derived_from(json, reading);
    write_id(json, "device", &reading->device);
    ward_json_key(json, "device_time");
    ward_json_device_time(json, &told->device_time);
    write_id(json, "episode", &told->episode);
    ward_json_member(json, "epoch", epoch);
    ward_json_member(json, "kind", ward_record_kind_name(reading->kind));
    write_bool(json, "late", reading->late);
    write_utc(json, "measured_at", told->measured_at_ms);
    write_uint(json, "mono_us", reading->mono_us);
    write_id(json, "patient", &told->patient);
    ward_json_member(json, "quality", ward_quality_name(reading->quality));
    write_raw(json, told);
    write_reasons(json, reading->reasons);
    write_utc(json, "received_at", reading->received_at_ms);
    ward_json_member(json, "security", ward_link_security_name(reading->security));
    write_uint(json, "seq", reading->seq);
    if (reading->unassigned) {
        write_bool(json, "unassigned", true);
    }
    write_values(json, told);
}

static void write_small(struct ward_json *json, const char *epoch, const struct ward_record *record,
                        bool with_chain)
{
    const struct ward_reading *reading = &record->reading;
    const struct ward_record_note *note = &record->note;
    bool spans = reading->kind == WARD_RECORD_GAP || reading->kind == WARD_RECORD_UNMONITORED;

    write_id(json, "boot", &reading->boot);
    if (reading->kind == WARD_RECORD_VOID) {
        write_id(json, "by", &note->by);
    }
    write_chain(json, reading, with_chain);
    ward_json_member(json, "clock", ward_clock_quality_name(reading->clock));
    if (reading->kind == WARD_RECORD_GAP) {
        write_uint(json, "count", note->subject);
    }
    ward_json_member_if(json, "episode", reading->episode.text);
    ward_json_member(json, "epoch", epoch);
    if (spans) {
        write_utc(json, "from", note->from_ms);
    }
    ward_json_member(json, "kind", ward_record_kind_name(reading->kind));
    write_uint(json, "mono_us", reading->mono_us);
    if (reading->kind == WARD_RECORD_CLOCK) {
        ward_json_key(json, "offset_ms");
        ward_json_int(json, note->offset_ms);
    }
    ward_json_member_if(json, "patient", reading->patient.text);
    if (reading->kind != WARD_RECORD_CLOCK) {
        ward_json_member(json, "reason", note->reason.text);
    }
    write_utc(json, "received_at", reading->received_at_ms);
    write_uint(json, "seq", reading->seq);
    if (spans) {
        write_utc(json, "to", note->to_ms);
    }
    if (reading->kind == WARD_RECORD_CLOCK) {
        write_uint(json, "uncertainty_ms", note->uncertainty_ms);
    }
    if (reading->kind == WARD_RECORD_VOID) {
        write_uint(json, "voids", note->subject);
    }
}

void ward_record_write(struct ward_json *json, const char *epoch, const struct ward_record *record,
                       bool with_chain)
{
    ward_json_object(json);
    if (record->reading.kind < WARD_RECORD_GAP) {
        write_reading(json, epoch, record, with_chain);
    } else {
        write_small(json, epoch, record, with_chain);
    }
    ward_json_object_end(json);
}

size_t ward_record_canonical(const struct ward_record *record, const char *epoch, char *buffer, size_t size)
{
    struct ward_json json;
    size_t length = 0;

    ward_json_init(&json, buffer, size, WARD_JSON_CANONICAL);
    ward_record_write(&json, epoch, record, false);
    return ward_json_finish(&json, &length) == WARD_JSON_OK ? length : 0;
}

/*
 * Every record has a member "clock", and "chain" goes right before it. What stands before that are ids, numbers and times,
 * which hold no quotation mark: its first occurrence is the member itself.
 */
static size_t place_of_chain(const char *canonical)
{
    const char *clock = strstr(canonical, "\"clock\":");

    return clock != NULL ? (size_t)(clock - canonical) : 0;
}

size_t ward_record_publish(const char *canonical, size_t length, const uint8_t chain[static 32], char *ret)
{
    static const char begin[] = "\"chain\":\"", end[] = "\",", digits[] = "0123456789abcdef";
    const size_t place = place_of_chain(canonical);
    char *at = ret + place;

    memcpy(ret, canonical, place);
    memcpy(at, begin, sizeof(begin) - 1);
    at += sizeof(begin) - 1;
    for (size_t i = 0; i < 32; i++) {
        *at++ = digits[chain[i] >> 4];
        *at++ = digits[chain[i] & 15];
    }
    memcpy(at, end, sizeof(end) - 1);
    memcpy(at + sizeof(end) - 1, canonical + place, length - place + 1);
    return length + WARD_RECORD_CHAIN_MEMBER;
}
