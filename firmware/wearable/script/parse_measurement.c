/* SPDX-License-Identifier: Apache-2.0 */
#include "ward/gatt.h"
#include "wearable/core/clip.h"
#include "wearable/script/parse_part.h"

#define IN_SPOT        (1u << 0)
#define IN_CONTINUOUS  (1u << 1)
#define IN_HEART_RATE  (1u << 2)
#define IN_PRESSURE    (1u << 3)
#define IN_CUFF        (1u << 4)
#define IN_TEMPERATURE (1u << 5)
#define IN_WEIGHT      (1u << 6)
#define IN_GLUCOSE     (1u << 7)
#define IN_CLIP        (1u << 8)

#define IN_OXIMETRY (IN_SPOT | IN_CONTINUOUS)
#define TIMED       (IN_SPOT | IN_PRESSURE | IN_CUFF | IN_TEMPERATURE | IN_WEIGHT | IN_GLUCOSE)

static unsigned in_characteristic(uint16_t uuid)
{
    switch (uuid) {
    case WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT: return IN_SPOT;
    case WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT: return IN_CONTINUOUS;
    case WARD_CHAR_HEART_RATE_MEASUREMENT: return IN_HEART_RATE;
    case WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT:
    case WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT: return IN_PRESSURE;
    case WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE:
    case WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE: return IN_CUFF;
    case WARD_CHAR_TEMPERATURE_MEASUREMENT:
    case WARD_CHAR_INTERMEDIATE_TEMPERATURE: return IN_TEMPERATURE;
    case WARD_CHAR_WEIGHT_MEASUREMENT: return IN_WEIGHT;
    case WARD_CHAR_GLUCOSE_MEASUREMENT: return IN_GLUCOSE;
    case WARD_CLIP_NOTIFY: return IN_CLIP;
    default: return 0;
    }
}

static const struct {
    const char *name;
    uint16_t characteristics; /* set of IN_ */
    uint8_t field;            /* enum ward_sample_field */
} fields[] = {
    {"spo2", IN_OXIMETRY | IN_CLIP, WARD_FIELD_SPO2},
    {"pulse", IN_OXIMETRY | IN_PRESSURE | IN_CLIP, WARD_FIELD_PULSE},
    {"spo2-fast", IN_CONTINUOUS, WARD_FIELD_SPO2_FAST},
    {"pulse-fast", IN_CONTINUOUS, WARD_FIELD_PULSE_FAST},
    {"spo2-slow", IN_CONTINUOUS, WARD_FIELD_SPO2_SLOW},
    {"pulse-slow", IN_CONTINUOUS, WARD_FIELD_PULSE_SLOW},
    {"amplitude", IN_OXIMETRY | IN_CLIP, WARD_FIELD_AMPLITUDE},
    {"rate", IN_HEART_RATE, WARD_FIELD_RATE},
    {"energy", IN_HEART_RATE, WARD_FIELD_ENERGY},
    {"systolic", IN_PRESSURE, WARD_FIELD_SYSTOLIC},
    {"diastolic", IN_PRESSURE, WARD_FIELD_DIASTOLIC},
    {"mean", IN_PRESSURE, WARD_FIELD_MEAN},
    {"cuff", IN_CUFF, WARD_FIELD_CUFF},
    {"user", IN_PRESSURE | IN_CUFF | IN_WEIGHT, WARD_FIELD_USER},
    {"status", IN_OXIMETRY | IN_PRESSURE | IN_CUFF | IN_GLUCOSE | IN_CLIP, WARD_FIELD_STATUS},
    {"sensor-status", IN_OXIMETRY, WARD_FIELD_SENSOR_STATUS},
    {"temperature", IN_TEMPERATURE, WARD_FIELD_TEMPERATURE},
    {"type", IN_TEMPERATURE | IN_GLUCOSE, WARD_FIELD_TYPE},
    {"weight", IN_WEIGHT, WARD_FIELD_WEIGHT},
    {"bmi", IN_WEIGHT, WARD_FIELD_BMI},
    {"height", IN_WEIGHT, WARD_FIELD_HEIGHT},
    {"glucose", IN_GLUCOSE, WARD_FIELD_GLUCOSE},
    {"location", IN_GLUCOSE, WARD_FIELD_LOCATION},
    {"offset", IN_GLUCOSE, WARD_FIELD_OFFSET},
    {"meal", IN_GLUCOSE, WARD_FIELD_MEAL},
    {"carbohydrate-id", IN_GLUCOSE, WARD_FIELD_CARBOHYDRATE_ID},
    {"carbohydrate", IN_GLUCOSE, WARD_FIELD_CARBOHYDRATE},
    {"tester", IN_GLUCOSE, WARD_FIELD_TESTER},
    {"health", IN_GLUCOSE, WARD_FIELD_HEALTH},
    {"hba1c", IN_GLUCOSE, WARD_FIELD_HBA1C},
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

static bool parse_unit(struct ward_script_parser *parser, const struct ward_word *word)
{
    static const struct {
        unsigned characteristics;
        const char *first, *second, *wrong;
    } units[] = {
        {IN_PRESSURE | IN_CUFF, "mmHg", "kPa", "unit takes 'mmHg' or 'kPa', not"},
        {IN_TEMPERATURE, "C", "F", "unit takes 'C' or 'F', not"},
        {IN_WEIGHT, "kg", "lb", "unit takes 'kg' or 'lb', not"},
        {IN_GLUCOSE, "mmol/L", "mg/dL", "unit takes 'mmol/L' or 'mg/dL', not"},
    };
    unsigned in = in_characteristic(parser->step->characteristic);
    size_t i = 0;

    while (!(units[i].characteristics & in))
        i++;
    parser->step->sample.second_unit = ward_word_is(word, units[i].second);
    return parser->step->sample.second_unit || ward_word_is(word, units[i].first) ||
           ward_script_fail(parser, units[i].wrong, word);
}

static bool parse_time(struct ward_script_parser *parser, const struct ward_word *word)
{
    struct ward_sample *sample = &parser->step->sample;

    sample->time_is_relative = false;
    if (ward_word_is(word, "none") || ward_word_time(word, &sample->time))
        return true;
    sample->time_is_relative = ward_word_age(word, &sample->age_s);
    return sample->time_is_relative ||
           ward_script_fail(parser, "time takes YYYY-MM-DDThh:mm:ss, now, now-26h or none, not", word);
}

/* The fields that are no numbers. Returns 1 when name was one and is set, 0 when not, −1 on failure. */
static int parse_special_field(struct ward_script_parser *parser, const struct ward_word *name,
                               const struct ward_word *value)
{
    unsigned in = in_characteristic(parser->step->characteristic);

    if (ward_word_is(name, "time") && (in & TIMED))
        return parse_time(parser, value) ? 1 : -1;
    if (ward_word_is(name, "rr") && (in & IN_HEART_RATE))
        return parse_rr(parser, value) ? 1 : -1;
    if (ward_word_is(name, "unit") && (in & TIMED & ~IN_SPOT))
        return parse_unit(parser, value) ? 1 : -1;
    return 0;
}

/* An end of a range in the room of a sample. */
static bool set_number(const struct ward_decimal *from, struct ward_number *ret)
{
    if (from->mantissa > INT32_MAX || from->mantissa < INT32_MIN)
        return false;
    *ret = (struct ward_number){(int32_t)from->mantissa, from->exponent, from->special};
    return true;
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
        struct ward_number last;

        if (!ward_word_is(name, fields[i].name) ||
            !(fields[i].characteristics & in_characteristic(step->characteristic)))
            continue;
        if (!ward_word_range(value, &from, &to))
            return ward_script_fail(
                parser, "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", value);
        if (from.mantissa != to.mantissa && step->kind != WARD_STEP_STREAM)
            return ward_script_fail(parser, "only a stream goes through a range:", value);
        step->sample.present |= 1u << fields[i].field;
        if (!set_number(&from, &step->sample.value[fields[i].field]) || !set_number(&to, &last))
            return ward_script_fail(parser, "a value does not fit its field", NULL);
        step->to[fields[i].field] = last.mantissa;
        return true;
    }
    return ward_script_fail(parser, "no such field in this measurement:", name);
}

static bool is_encodable(const struct ward_script_parser *parser, const struct ward_sample *sample)
{
    const struct ward_clip clip = {.kind = parser->script->profile->clip};
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];

    if (clip.kind != WARD_CLIP_NONE)
        return ward_clip_encode(&clip, sample, octets, sizeof(octets)) > 0;
    if (sample->present & WARD_SAMPLE_CONTEXT_FIELDS &&
        ward_sample_encode_context(sample, octets, sizeof(octets)) == 0)
        return false;
    return ward_sample_encode(sample, parser->step->characteristic, octets, sizeof(octets)) > 0;
}

/* What lies between two values of one exponent that fit does fit too, unless an SFLOAT had to be scaled. */
static bool check_encodable(struct ward_script_parser *parser)
{
    struct ward_step *step = parser->step;
    struct ward_sample last = step->sample;
    bool sfloat = in_characteristic(step->characteristic) & (IN_OXIMETRY | IN_PRESSURE | IN_CUFF);

    for (size_t i = 0; i < WARD_FIELD_COUNT; i++) {
        bool ramp = step->to[i] != last.value[i].mantissa;
        bool scaled = step->to[i] > 2045 || last.value[i].mantissa > 2045 || step->to[i] < -2045 ||
                      last.value[i].mantissa < -2045;

        if (ramp && scaled && sfloat)
            return ward_script_fail(parser, "the ends of a range have at most 2045 units of their last digit",
                                    NULL);
        last.value[i].mantissa = step->to[i];
    }
    if (!is_encodable(parser, &step->sample) || !is_encodable(parser, &last))
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
