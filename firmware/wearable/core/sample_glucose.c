/* SPDX-License-Identifier: Apache-2.0 */
/* What a glucose meter measures, 2A18, and its context, 2A34 (GLS 1.0.1 §3.1, §3.2). */
#include "wearable/core/sample_part.h"

enum {
    FLAG_TIME_OFFSET = 0x01,
    FLAG_CONCENTRATION = 0x02,
    FLAG_MOLE_PER_LITRE = 0x04,
    FLAG_STATUS = 0x08,
    FLAG_CONTEXT = 0x10,
    CAPILLARY_WHOLE_BLOOD = 1, /* the type, and */
    FINGER = 1,                /* the location of a sample that says neither */
};

enum {
    CONTEXT_CARBOHYDRATE = 0x01,
    CONTEXT_MEAL = 0x02,
    CONTEXT_TESTER_HEALTH = 0x04,
    CONTEXT_HBA1C = 0x40,
    NOT_SAID = 0xF, /* tester or health: value not available */
};

static void put_nibbles(struct ward_writer *writer, const struct ward_sample *sample,
                        const enum ward_sample_field fields[2], const uint8_t otherwise[2])
{
    uint32_t octet = 0;

    for (unsigned i = 0; i < 2; i++) {
        const struct ward_number *number = &sample->value[fields[i]];
        int32_t nibble = otherwise[i];

        if (ward_sample_has(sample, fields[i]) && !ward_number_parts(number, 1, 0xF, &nibble))
            writer->failed = true;
        octet |= (uint32_t)nibble << (4 * i);
    }
    ward_put(writer, octet, 1);
}

static void put_offset(struct ward_writer *writer, const struct ward_number *minutes)
{
    if (minutes->special != WARD_FINITE || minutes->exponent != 0 || minutes->mantissa > INT16_MAX ||
        minutes->mantissa < INT16_MIN)
        writer->failed = true;
    ward_put(writer, (uint32_t)minutes->mantissa, 2);
}

void ward_put_glucose(struct ward_writer *writer, const struct ward_sample *sample)
{
    static const enum ward_sample_field type_and_location[2] = {WARD_FIELD_TYPE, WARD_FIELD_LOCATION};
    static const uint8_t usual[2] = {CAPILLARY_WHOLE_BLOOD, FINGER};
    bool measured = ward_sample_has(sample, WARD_FIELD_GLUCOSE);
    bool offset = ward_sample_has(sample, WARD_FIELD_OFFSET);
    bool status = ward_sample_has(sample, WARD_FIELD_STATUS);

    ward_put(writer,
             (offset ? FLAG_TIME_OFFSET : 0u) | (measured ? FLAG_CONCENTRATION : 0u) |
                 (measured && !sample->second_unit ? FLAG_MOLE_PER_LITRE : 0u) | (status ? FLAG_STATUS : 0u) |
                 ((sample->present & WARD_SAMPLE_CONTEXT_FIELDS) ? FLAG_CONTEXT : 0u),
             1);
    ward_put(writer, sample->sequence, 2);
    ward_put_time(writer, &sample->time);
    if (offset)
        put_offset(writer, &sample->value[WARD_FIELD_OFFSET]);
    if (measured) {
        ward_put_shifted(writer, sample, WARD_FIELD_GLUCOSE, sample->second_unit ? -5 : -3); /* kg/L, mol/L */
        put_nibbles(writer, sample, type_and_location, usual);
    }
    if (status)
        ward_put_integer(writer, sample, WARD_FIELD_STATUS, 2);
}

static void put_context(struct ward_writer *writer, const struct ward_sample *sample)
{
    static const enum ward_sample_field tester_and_health[2] = {WARD_FIELD_TESTER, WARD_FIELD_HEALTH};
    static const uint8_t unknown[2] = {NOT_SAID, NOT_SAID};
    bool carbohydrate = ward_sample_has(sample, WARD_FIELD_CARBOHYDRATE);
    bool meal = ward_sample_has(sample, WARD_FIELD_MEAL);
    bool people = ward_sample_has(sample, WARD_FIELD_TESTER) || ward_sample_has(sample, WARD_FIELD_HEALTH);
    bool hba1c = ward_sample_has(sample, WARD_FIELD_HBA1C);

    ward_put(writer,
             (carbohydrate ? CONTEXT_CARBOHYDRATE : 0u) | (meal ? CONTEXT_MEAL : 0u) |
                 (people ? CONTEXT_TESTER_HEALTH : 0u) | (hba1c ? CONTEXT_HBA1C : 0u),
             1);
    ward_put(writer, sample->sequence, 2);
    if (carbohydrate) {
        ward_put_integer(writer, sample, WARD_FIELD_CARBOHYDRATE_ID, 1);
        ward_put_shifted(writer, sample, WARD_FIELD_CARBOHYDRATE, -3); /* kg */
    }
    if (meal)
        ward_put_integer(writer, sample, WARD_FIELD_MEAL, 1);
    if (people)
        put_nibbles(writer, sample, tester_and_health, unknown);
    if (hba1c)
        ward_put_sfloat(writer, sample, WARD_FIELD_HBA1C);
}

size_t ward_sample_encode_context(const struct ward_sample *sample, uint8_t *buffer, size_t size)
{
    struct ward_writer writer = {.octets = buffer, .size = size};

    if (!(sample->present & WARD_SAMPLE_CONTEXT_FIELDS))
        return 0;
    put_context(&writer, sample);
    return writer.failed ? 0 : writer.length;
}
