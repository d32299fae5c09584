/* SPDX-License-Identifier: Apache-2.0 */
/* What a thermometer measures, 2A1C and 2A1E (HTS 1.0 §3.1, §3.3), and a scale, 2A9D (WSS 1.0.1 §3.2). */
#include "wearable/core/sample_part.h"

enum {
    FLAG_SECOND_UNIT = 0x01,
    FLAG_TIME_STAMP = 0x02,
    FLAG_TYPE = 0x04,           /* of a thermometer */
    FLAG_USER = 0x04,           /* of a scale */
    FLAG_BMI_AND_HEIGHT = 0x08, /* of a scale */
    WEIGHT_UNSUCCESSFUL = 0xFFFF,
};

void ward_put_temperature(struct ward_writer *writer, const struct ward_sample *sample)
{
    bool typed = ward_sample_has(sample, WARD_FIELD_TYPE);

    ward_put(writer,
             (sample->second_unit ? FLAG_SECOND_UNIT : 0u) | (sample->time.present ? FLAG_TIME_STAMP : 0u) |
                 (typed ? FLAG_TYPE : 0u),
             1);
    ward_put_float(writer, sample, WARD_FIELD_TEMPERATURE);
    if (sample->time.present)
        ward_put_time(writer, &sample->time);
    if (typed)
        ward_put_integer(writer, sample, WARD_FIELD_TYPE, 1);
}

/* In parts of its field's resolution; what is not given or no number is `none`. */
static void put_parts(struct ward_writer *writer, const struct ward_sample *sample,
                      enum ward_sample_field field, int32_t per_unit, uint32_t none)
{
    int32_t parts = 0;

    if (!ward_sample_has(sample, field) || sample->value[field].special != WARD_FINITE) {
        ward_put(writer, none, 2);
        return;
    }
    if (!ward_number_parts(&sample->value[field], per_unit, UINT16_MAX, &parts))
        writer->failed = true;
    ward_put(writer, (uint32_t)parts, 2);
}

void ward_put_weight(struct ward_writer *writer, const struct ward_sample *sample)
{
    bool user = ward_sample_has(sample, WARD_FIELD_USER);
    bool size = ward_sample_has(sample, WARD_FIELD_BMI) || ward_sample_has(sample, WARD_FIELD_HEIGHT);

    ward_put(writer,
             (sample->second_unit ? FLAG_SECOND_UNIT : 0u) | (sample->time.present ? FLAG_TIME_STAMP : 0u) |
                 (user ? FLAG_USER : 0u) | (size ? FLAG_BMI_AND_HEIGHT : 0u),
             1);
    /* 0.005 kg or 0.01 lb */
    put_parts(writer, sample, WARD_FIELD_WEIGHT, sample->second_unit ? 100 : 200, WEIGHT_UNSUCCESSFUL);
    if (sample->time.present)
        ward_put_time(writer, &sample->time);
    if (user)
        ward_put_integer(writer, sample, WARD_FIELD_USER, 1);
    if (size) {
        put_parts(writer, sample, WARD_FIELD_BMI, 10, 0);
        put_parts(writer, sample, WARD_FIELD_HEIGHT, 10, 0); /* 0.1 cm or 0.1 in */
    }
}
