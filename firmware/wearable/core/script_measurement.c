/* SPDX-License-Identifier: Apache-2.0 */
#include "ward/gatt.h"
#include "wearable/core/script_parser.h"

#define IN_SPOT       (1u << 0)
#define IN_CONTINUOUS (1u << 1)
#define IN_HEART_RATE (1u << 2)
#define IN_PRESSURE   (1u << 3)

static unsigned in_characteristic(uint16_t uuid)
{
    switch (uuid) {
    case WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT: return IN_SPOT;
    case WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT: return IN_CONTINUOUS;
    case WARD_CHAR_HEART_RATE_MEASUREMENT: return IN_HEART_RATE;
    case WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT: return IN_PRESSURE;
    default: return 0;
    }
}

static const struct {
    const char *name;
    enum ward_sample_field field;
    unsigned characteristics; /* set of IN_ */
} fields[] = {
    {"spo2", WARD_FIELD_SPO2, IN_SPOT | IN_CONTINUOUS},
    {"pulse", WARD_FIELD_PULSE, IN_SPOT | IN_CONTINUOUS | IN_PRESSURE},
    {"spo2-fast", WARD_FIELD_SPO2_FAST, IN_CONTINUOUS},
    {"pulse-fast", WARD_FIELD_PULSE_FAST, IN_CONTINUOUS},
    {"spo2-slow", WARD_FIELD_SPO2_SLOW, IN_CONTINUOUS},
    {"pulse-slow", WARD_FIELD_PULSE_SLOW, IN_CONTINUOUS},
    {"amplitude", WARD_FIELD_AMPLITUDE, IN_SPOT | IN_CONTINUOUS},
    {"rate", WARD_FIELD_RATE, IN_HEART_RATE},
    {"energy", WARD_FIELD_ENERGY, IN_HEART_RATE},
    {"systolic", WARD_FIELD_SYSTOLIC, IN_PRESSURE},
    {"diastolic", WARD_FIELD_DIASTOLIC, IN_PRESSURE},
    {"mean", WARD_FIELD_MEAN, IN_PRESSURE},
    {"user", WARD_FIELD_USER, IN_PRESSURE},
    {"status", WARD_FIELD_STATUS, IN_SPOT | IN_CONTINUOUS | IN_PRESSURE},
    {"sensor-status", WARD_FIELD_SENSOR_STATUS, IN_SPOT | IN_CONTINUOUS},
};

/* "812,830": milliseconds between beats; on the air they are 1/1024 s. */
static bool parse_rr(struct ward_script_parser *parser, const struct ward_word *word)
{
    struct ward_sample *sample = &parser->step->sample;
    struct ward_word item = {.text = word->text};
    const char *end = word->text + word->length;

    for (const char *at = word->text; at <= end; at++) {
        uint32_t ms = 0;

        if (at < end && *at != ',')
            continue;
        item.length = (size_t)(at - item.text);
        if (!ward_word_unsigned(&item, 63999, &ms))
            return ward_script_fail(parser, "rr takes milliseconds separated by commas, not", word);
        if (sample->rr_count == WARD_SAMPLE_RR_MAX)
            return ward_script_fail(parser, "rr takes at most 8 intervals:", word);
        sample->rr_1024[sample->rr_count++] = (uint16_t)((ms * 1024 + 500) / 1000);
        item.text = at + 1;
    }
    return true;
}

/* The fields that are no numbers. Returns 1 when name was one and is set, 0 when not, −1 on failure. */
static int parse_special_field(struct ward_script_parser *parser, const struct ward_word *name,
                               const struct ward_word *value)
{
    unsigned in = in_characteristic(parser->step->characteristic);

    if (ward_word_is(name, "time") && (in & (IN_SPOT | IN_PRESSURE))) {
        if (ward_word_time(value, &parser->step->sample.time))
            return 1;
        ward_script_fail(parser, "time takes YYYY-MM-DDThh:mm:ss, not", value);
        return -1;
    }
    if (ward_word_is(name, "rr") && (in & IN_HEART_RATE))
        return parse_rr(parser, value) ? 1 : -1;
    if (ward_word_is(name, "unit") && (in & IN_PRESSURE)) {
        parser->step->sample.kilopascal = ward_word_is(value, "kPa");
        if (parser->step->sample.kilopascal || ward_word_is(value, "mmHg"))
            return 1;
        ward_script_fail(parser, "unit takes 'mmHg' or 'kPa', not", value);
        return -1;
    }
    return 0;
}

static bool parse_field(struct ward_script_parser *parser, const struct ward_word *name,
                        const struct ward_word *value)
{
    struct ward_step *step = parser->step;
    int special = parse_special_field(parser, name, value);

    if (special != 0)
        return special > 0;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct ward_decimal from, to;

        if (!ward_word_is(name, fields[i].name) ||
            !(fields[i].characteristics & in_characteristic(step->characteristic)))
            continue;
        if (!ward_word_range(value, &from, &to))
            return ward_script_fail(
                parser, "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", value);
        if (from.mantissa != to.mantissa && step->kind != WARD_STEP_STREAM)
            return ward_script_fail(parser, "only a stream goes through a range:", value);
        step->sample.present |= 1u << fields[i].field;
        step->sample.value[fields[i].field] = from;
        step->to[fields[i].field] = to.mantissa;
        return true;
    }
    return ward_script_fail(parser, "no such field in this measurement:", name);
}

/* What lies between two values of one exponent that fit does fit too, unless it had to be scaled. */
static bool check_encodable(struct ward_script_parser *parser)
{
    struct ward_step *step = parser->step;
    struct ward_sample last = step->sample;
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];

    for (size_t i = 0; i < WARD_FIELD_COUNT; i++) {
        bool ramp = step->to[i] != last.value[i].mantissa;
        bool scaled = step->to[i] > 2045 || last.value[i].mantissa > 2045 || step->to[i] < -2045 ||
                      last.value[i].mantissa < -2045;

        if (ramp && scaled && !(in_characteristic(step->characteristic) & IN_HEART_RATE))
            return ward_script_fail(parser, "the ends of a range have at most 2045 units of their last digit",
                                    NULL);
        last.value[i].mantissa = step->to[i];
    }
    if (ward_sample_encode(&step->sample, step->characteristic, octets, sizeof(octets)) == 0 ||
        ward_sample_encode(&last, step->characteristic, octets, sizeof(octets)) == 0)
        return ward_script_fail(parser, "a value does not fit its field", NULL);
    return true;
}

bool ward_script_parse_fields(struct ward_script_parser *parser)
{
    struct ward_word name, value;

    while (ward_words_next(&parser->words, &name)) {
        if (!ward_words_next(&parser->words, &value))
            return ward_script_fail(parser, "no value given for", &name);
        if (!parse_field(parser, &name, &value))
            return false;
    }
    if (parser->step->sample.present == 0)
        return ward_script_fail(parser, "no field and value given", NULL);
    return check_encodable(parser);
}
