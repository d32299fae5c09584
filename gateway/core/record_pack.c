/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed body of a record: docs/records.md, "Stored form".
 *
 *   version (1)  flags  grades  reasons  [device time]  count, count values  [raw]  [note]  [derived from]  [context]
 *
 * Integers are variable-length, seven bits an octet, least first; signed ones zigzag before that. The flags say which
 * of the parts in brackets are there. Nothing may follow.
 */
#include <string.h>

#include "core/quantity.h"
#include "core/reading.h"
#include "core/record.h"

#define VERSION 1

enum flag {
    FLAG_LATE = 1u << 0,
    FLAG_UNASSIGNED = 1u << 1,
    FLAG_DEVICE_TIME = 1u << 2,
    FLAG_RAW = 1u << 3,
    FLAG_NOTE = 1u << 4,
    FLAG_DERIVED = 1u << 5,
    FLAG_CONTEXT = 1u << 6,
    FLAG_ASSIGNED = 1u << 7, /* with it every bit has its meaning */
};

/* What the canonical text can say exactly: RFC 7493 §2.2 for integers, 15 digits for decimals. */
#define INTEGER_MAX  ((UINT64_C(1) << 53) - 1)
#define MANTISSA_MAX INT64_C(999999999999999)

/* --- writing: a cursor that sticks at the first fault ------------------------------------------------------- */

struct writer {
    uint8_t *at, *end;
    bool fault;
};

static void put_octets(struct writer *writer, const void *octets, size_t count)
{
    if (writer->fault || (size_t)(writer->end - writer->at) < count) {
        writer->fault = true;
        return;
    }
    memcpy(writer->at, octets, count);
    writer->at += count;
}

static void put_octet(struct writer *writer, uint8_t octet)
{
    put_octets(writer, &octet, 1);
}

static void put_uint(struct writer *writer, uint64_t value)
{
    for (; value >= 0x80; value >>= 7) {
        put_octet(writer, (uint8_t)(value | 0x80));
    }
    put_octet(writer, (uint8_t)value);
}

static void put_int(struct writer *writer, int64_t value)
{
    put_uint(writer, value < 0 ? ~((uint64_t)value << 1) : (uint64_t)value << 1);
}

static void put_text(struct writer *writer, const char *text)
{
    size_t length = strnlen(text, WARD_ID_MAX + 1);

    put_octet(writer, (uint8_t)length);
    put_octets(writer, text, length);
}

/* --- reading: the same -------------------------------------------------------------------------------------- */

struct reader {
    const uint8_t *at, *end;
    bool fault;
};

static const uint8_t *take_octets(struct reader *reader, size_t count)
{
    const uint8_t *octets = reader->at;

    if (reader->fault || (size_t)(reader->end - reader->at) < count) {
        reader->fault = true;
        return NULL;
    }
    reader->at += count;
    return octets;
}

static uint8_t take_octet(struct reader *reader)
{
    const uint8_t *octet = take_octets(reader, 1);

    return octet ? *octet : 0;
}

static uint64_t take_uint(struct reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t octet = take_octet(reader);

        value |= (uint64_t)(octet & 0x7F) << shift;
        if ((octet & 0x80) == 0) {
            reader->fault = reader->fault || (shift == 63 && octet > 1);
            return value;
        }
    }
    reader->fault = true;
    return 0;
}

static uint64_t take_uint_up_to(struct reader *reader, uint64_t most)
{
    uint64_t value = take_uint(reader);

    reader->fault = reader->fault || value > most;
    return value;
}

static int64_t take_int(struct reader *reader)
{
    uint64_t value = take_uint(reader);

    return (int64_t)((value & 1) ? ~(value >> 1) : value >> 1);
}

/* An id of nothing is allowed here: what must be there is checked once, in note_is_valid. */
static void take_id(struct reader *reader, struct ward_id *ret)
{
    size_t length = take_octet(reader);
    const uint8_t *text = length <= WARD_ID_MAX ? take_octets(reader, length) : NULL;

    memset(ret, 0, sizeof(*ret));
    if (!text) {
        reader->fault = true;
        return;
    }
    memcpy(ret->text, text, length);
}

/* --- what is well formed, for both directions --------------------------------------------------------------- */

static bool has_note(const struct ward_record *record)
{
    return record->reading.kind >= WARD_READING_ENTRY || record->assigned;
}

/* Only a stored reading with a patient is assigned, and it names the one that it was. */
static bool assignment_is_valid(const struct ward_record *record)
{
    const struct ward_reading *reading = &record->reading;

    return !record->assigned ||
           (reading->kind == WARD_READING_STORED && reading->late && !reading->unassigned &&
            record->note.subject != 0 && ward_id_is_valid(record->note.by.text));
}

static bool note_is_valid(uint8_t kind, const struct ward_record_note *note)
{
    bool needs_by = kind == WARD_READING_ENTRY || kind == WARD_RECORD_VOID;
    bool needs_reason =
        kind == WARD_RECORD_GAP || kind == WARD_RECORD_VOID || kind == WARD_RECORD_UNMONITORED;

    return (!needs_by || ward_id_is_valid(note->by.text)) &&
           (!needs_reason || ward_id_is_valid(note->reason.text)) && note->subject <= INTEGER_MAX &&
           note->offset_ms <= (int64_t)INTEGER_MAX && note->offset_ms >= -(int64_t)INTEGER_MAX;
}

static bool value_is_valid(const struct ward_value *value)
{
    const struct ward_decimal *number = &value->number;

    if (value->quantity == WARD_QUANTITY_NONE || value->quantity >= WARD_QUANTITY_COUNT) {
        return false;
    }
    if (number->special != WARD_FINITE) {
        return number->special <= WARD_NEGATIVE_INFINITY;
    }
    return number->mantissa <= MANTISSA_MAX && number->mantissa >= -MANTISSA_MAX;
}

static bool reading_is_valid(const struct ward_reading *reading)
{
    return ward_record_kind_name(reading->kind) && ward_quality_name(reading->quality) &&
           ward_clock_quality_name(reading->clock) && ward_link_security_name(reading->security) &&
           reading->reasons < (1u << WARD_REASON_COUNT) && reading->value_count <= WARD_READING_VALUES_MAX &&
           reading->raw_length <= WARD_GATT_VALUE_MAX &&
           (reading->characteristic != 0 || reading->raw_length == 0);
}

/* What was said about a measurement is nothing without the measurement. */
static bool context_is_valid(const struct ward_reading *reading)
{
    return reading->context_length <= WARD_READING_CONTEXT_MAX &&
           (reading->context_characteristic != 0 ? reading->characteristic != 0
                                                 : reading->context_length == 0);
}

static bool derivation_is_valid(const struct ward_reading *reading)
{
    if (reading->derived_first == 0) {
        return reading->derived_last == 0;
    }
    return reading->kind == WARD_READING_SPOT && reading->derived_first <= reading->derived_last &&
           reading->derived_last <= INTEGER_MAX;
}

/* --- the two directions ------------------------------------------------------------------------------------- */

static void put_value(struct writer *writer, const struct ward_value *value)
{
    if (!value_is_valid(value)) {
        writer->fault = true;
        return;
    }
    put_octet(writer, value->quantity);
    put_octet(writer, value->number.special);
    if (value->number.special == WARD_FINITE) {
        put_int(writer, value->number.exponent);
        put_int(writer, value->number.mantissa);
    }
}

static void put_device_time(struct writer *writer, const struct ward_device_time *time)
{
    const uint8_t octets[7] = {(uint8_t)(time->year & 0xFF),
                               (uint8_t)(time->year >> 8),
                               time->month,
                               time->day,
                               time->hour,
                               time->minute,
                               time->second};

    put_octets(writer, octets, sizeof(octets));
}

static void put_frame(struct writer *writer, uint16_t characteristic, const uint8_t *octets, size_t length)
{
    put_uint(writer, characteristic);
    put_uint(writer, length);
    put_octets(writer, octets, length);
}

static void put_note(struct writer *writer, const struct ward_record_note *note)
{
    put_text(writer, note->reason.text);
    put_text(writer, note->by.text);
    put_uint(writer, note->subject);
    put_int(writer, note->from_ms);
    put_int(writer, note->to_ms);
    put_int(writer, note->offset_ms);
    put_uint(writer, note->uncertainty_ms);
}

static uint8_t flags_of(const struct ward_record *record)
{
    const struct ward_reading *reading = &record->reading;
    unsigned flags = 0;

    flags |= reading->late ? FLAG_LATE : 0;
    flags |= reading->unassigned ? FLAG_UNASSIGNED : 0;
    flags |= reading->device_time.present ? FLAG_DEVICE_TIME : 0;
    flags |= reading->characteristic != 0 ? FLAG_RAW : 0;
    flags |= has_note(record) ? FLAG_NOTE : 0;
    flags |= reading->derived_first != 0 ? FLAG_DERIVED : 0;
    flags |= reading->context_characteristic != 0 ? FLAG_CONTEXT : 0;
    flags |= record->assigned ? FLAG_ASSIGNED : 0;
    return (uint8_t)flags;
}

size_t ward_record_pack(const struct ward_record *record, uint8_t *buffer, size_t size)
{
    const struct ward_reading *reading = &record->reading;
    struct writer writer = {.at = buffer, .end = buffer + size};

    if (!reading_is_valid(reading) || reading->mono_us > INTEGER_MAX || !derivation_is_valid(reading) ||
        !context_is_valid(reading) || !assignment_is_valid(record) ||
        (has_note(record) && !note_is_valid(reading->kind, &record->note))) {
        return 0;
    }
    put_octet(&writer, VERSION);
    put_octet(&writer, flags_of(record));
    put_octet(&writer, (uint8_t)(reading->quality | reading->clock << 2 | reading->security << 4));
    put_uint(&writer, reading->reasons);
    if (reading->device_time.present) {
        put_device_time(&writer, &reading->device_time);
    }
    put_octet(&writer, reading->value_count);
    for (size_t i = 0; i < reading->value_count; i++) {
        put_value(&writer, &reading->values[i]);
    }
    if (reading->characteristic != 0) {
        put_frame(&writer, reading->characteristic, reading->raw, reading->raw_length);
    }
    if (has_note(record)) {
        put_note(&writer, &record->note);
    }
    if (reading->derived_first != 0) {
        put_uint(&writer, reading->derived_first);
        put_uint(&writer, reading->derived_last);
    }
    if (reading->context_characteristic != 0) {
        put_frame(&writer, reading->context_characteristic, reading->context, reading->context_length);
    }
    return writer.fault ? 0 : (size_t)(writer.at - buffer);
}

static void take_value(struct reader *reader, struct ward_value *ret)
{
    ret->quantity = take_octet(reader);
    ret->number = (struct ward_decimal){.special = take_octet(reader)};
    if (ret->number.special == WARD_FINITE) {
        int64_t exponent = take_int(reader);

        reader->fault = reader->fault || exponent < INT8_MIN || exponent > INT8_MAX;
        ret->number.exponent = (int8_t)exponent;
        ret->number.mantissa = take_int(reader);
    }
    reader->fault = reader->fault || !value_is_valid(ret);
}

static void take_device_time(struct reader *reader, struct ward_device_time *ret)
{
    const uint8_t *octets = take_octets(reader, 7);

    if (octets) {
        *ret = (struct ward_device_time){.year = (uint16_t)(octets[0] | octets[1] << 8),
                                         .month = octets[2],
                                         .day = octets[3],
                                         .hour = octets[4],
                                         .minute = octets[5],
                                         .second = octets[6],
                                         .present = true};
    }
}

/* Returns the length, at most `most`; ret has room for that. */
static uint16_t take_frame(struct reader *reader, uint16_t *ret_characteristic, uint8_t *ret, size_t most)
{
    *ret_characteristic = (uint16_t)take_uint_up_to(reader, UINT16_MAX);
    const uint16_t length = (uint16_t)take_uint_up_to(reader, most);
    const uint8_t *octets = reader->fault ? NULL : take_octets(reader, length);

    if (octets) {
        memcpy(ret, octets, length);
    }
    return length;
}

static void take_note(struct reader *reader, uint8_t kind, struct ward_record_note *ret)
{
    take_id(reader, &ret->reason);
    take_id(reader, &ret->by);
    ret->subject = take_uint(reader);
    ret->from_ms = take_int(reader);
    ret->to_ms = take_int(reader);
    ret->offset_ms = take_int(reader);
    ret->uncertainty_ms = (uint32_t)take_uint_up_to(reader, UINT32_MAX);
    reader->fault = reader->fault || !note_is_valid(kind, ret);
}

/* What pack does not store must not be left over from another record. */
static void clear(struct ward_record *record)
{
    struct ward_reading *reading = &record->reading;

    memset(&record->note, 0, sizeof(record->note));
    memset(&reading->device_time, 0, sizeof(reading->device_time));
    memset(reading->values, 0, sizeof(reading->values));
    reading->characteristic = 0;
    reading->raw_length = 0;
    reading->context_characteristic = reading->context_length = 0;
    reading->derived_first = reading->derived_last = 0;
    record->derived_since_us = 0;
}

bool ward_record_unpack(const uint8_t *body, size_t length, struct ward_record *record)
{
    struct reader reader = {.at = body, .end = body + length};
    struct ward_reading *reading = &record->reading;

    clear(record);
    uint8_t version = take_octet(&reader);
    uint8_t flags = take_octet(&reader);
    uint8_t grades = take_octet(&reader);
    bool noted = (flags & FLAG_NOTE) != 0;
    record->assigned = (flags & FLAG_ASSIGNED) != 0;
    if (version != VERSION || noted != has_note(record)) {
        return false;
    }
    reading->late = (flags & FLAG_LATE) != 0;
    reading->unassigned = (flags & FLAG_UNASSIGNED) != 0;
    reading->quality = grades & 3;
    reading->clock = (grades >> 2) & 3;
    reading->security = grades >> 4;
    reading->reasons = (uint32_t)take_uint_up_to(&reader, UINT32_MAX);
    if (flags & FLAG_DEVICE_TIME) {
        take_device_time(&reader, &reading->device_time);
    }
    reading->value_count = (uint8_t)take_uint_up_to(&reader, WARD_READING_VALUES_MAX);
    for (size_t i = 0; i < reading->value_count && !reader.fault; i++) {
        take_value(&reader, &reading->values[i]);
    }
    if (flags & FLAG_RAW) {
        reading->raw_length =
            take_frame(&reader, &reading->characteristic, reading->raw, sizeof(reading->raw));
    }
    if (noted) {
        take_note(&reader, reading->kind, &record->note);
    }
    if (flags & FLAG_DERIVED) {
        reading->derived_first = take_uint(&reader);
        reading->derived_last = take_uint(&reader);
        reader.fault = reader.fault || reading->derived_first == 0;
    }
    if (flags & FLAG_CONTEXT) {
        reading->context_length =
            take_frame(&reader, &reading->context_characteristic, reading->context, sizeof(reading->context));
        reader.fault = reader.fault || reading->context_characteristic == 0;
    }
    return !reader.fault && reader.at == reader.end && reading_is_valid(reading) &&
           derivation_is_valid(reading) && context_is_valid(reading) && assignment_is_valid(record) &&
           (reading->characteristic != 0) == ((flags & FLAG_RAW) != 0);
}
