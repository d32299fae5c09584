/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/script.h"

#include "ward/gatt.h"
#include "wearable/core/words.h"

struct parser {
    struct ward_script *script;
    struct ward_words words;
    struct ward_step *step; /* being parsed */
    uint32_t line;
    uint16_t open[WARD_SCRIPT_DEPTH_MAX]; /* steps of the repeats that have no end yet */
    bool passes_time[WARD_SCRIPT_DEPTH_MAX];
    size_t depth;
    struct ward_script_error *error;
};

static bool fail(struct parser *parser, const char *text, const struct ward_word *word)
{
    size_t length = word ? word->length : 0;

    *parser->error = (struct ward_script_error){.line = parser->line, .text = text};
    for (size_t i = 0; i < length && i < WARD_SCRIPT_WORD_MAX; i++)
        parser->error->word[i] = word->text[i];
    return false;
}

/* Gives the word of a step that cannot do without one. */
static bool next_word(struct parser *parser, const char *missing, struct ward_word *ret)
{
    return ward_words_next(&parser->words, ret) || fail(parser, missing, NULL);
}

static void note_time_passes(struct parser *parser)
{
    for (size_t i = 0; i < parser->depth; i++)
        parser->passes_time[i] = true;
}

static bool parse_advertise(struct parser *parser)
{
    struct ward_word word;

    if (!next_word(parser, "advertise needs 'on' or 'off'", &word))
        return false;
    if (!ward_word_is(&word, "on") && !ward_word_is(&word, "off"))
        return fail(parser, "advertise takes 'on' or 'off', not", &word);
    parser->step->kind = WARD_STEP_ADVERTISE;
    parser->step->argument = ward_word_is(&word, "on");
    return true;
}

static bool parse_wait(struct parser *parser)
{
    static const struct {
        const char *name;
        enum ward_step_kind kind;
    } events[] = {
        {"connected", WARD_STEP_WAIT_CONNECTED},
        {"subscribed", WARD_STEP_WAIT_SUBSCRIBED},
        {"confirmed", WARD_STEP_WAIT_CONFIRMED},
        {"disconnected", WARD_STEP_WAIT_DISCONNECTED},
    };
    struct ward_word word;

    if (!next_word(parser, "wait needs a duration or an event", &word))
        return false;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (ward_word_is(&word, events[i].name)) {
            parser->step->kind = (uint8_t)events[i].kind;
            return true;
        }
    }
    parser->step->kind = WARD_STEP_WAIT;
    if (!ward_word_duration(&word, &parser->step->duration_ms))
        return fail(
            parser,
            "wait takes a duration (500ms, 30s, 2m, 1h), connected, subscribed, confirmed or disconnected, not",
            &word);
    if (parser->step->duration_ms > 0)
        note_time_passes(parser);
    return true;
}

static bool parse_disconnect(struct parser *parser)
{
    parser->step->kind = WARD_STEP_DISCONNECT;
    return true;
}

static bool parse_battery(struct parser *parser)
{
    struct ward_word word;
    uint32_t percent = 0;

    if (!next_word(parser, "battery needs a percentage", &word))
        return false;
    if (!ward_word_unsigned(&word, 100, &percent))
        return fail(parser, "battery takes 0 to 100, not", &word);
    parser->step->kind = WARD_STEP_BATTERY;
    parser->step->argument = (uint8_t)percent;
    return true;
}

static bool parse_contact(struct parser *parser)
{
    static const char *const names[] = {
        [WARD_CONTACT_UNKNOWN] = "unknown",
        [WARD_CONTACT_OK] = "ok",
        [WARD_CONTACT_LOST] = "lost",
    };
    struct ward_word word;

    if (!next_word(parser, "contact needs 'ok', 'lost' or 'unknown'", &word))
        return false;
    for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ward_word_is(&word, names[i])) {
            parser->step->kind = WARD_STEP_CONTACT;
            parser->step->argument = i;
            return true;
        }
    }
    return fail(parser, "contact takes 'ok', 'lost' or 'unknown', not", &word);
}

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
static bool parse_rr(struct parser *parser, const struct ward_word *word)
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
            return fail(parser, "rr takes milliseconds separated by commas, not", word);
        if (sample->rr_count == WARD_SAMPLE_RR_MAX)
            return fail(parser, "rr takes at most 8 intervals:", word);
        sample->rr_1024[sample->rr_count++] = (uint16_t)((ms * 1024 + 500) / 1000);
        item.text = at + 1;
    }
    return true;
}

/* The fields that are no numbers. Returns 1 when name was one and is set, 0 when not, −1 on failure. */
static int parse_special_field(struct parser *parser, const struct ward_word *name,
                               const struct ward_word *value)
{
    unsigned in = in_characteristic(parser->step->characteristic);

    if (ward_word_is(name, "time") && (in & (IN_SPOT | IN_PRESSURE))) {
        if (ward_word_time(value, &parser->step->sample.time))
            return 1;
        fail(parser, "time takes YYYY-MM-DDThh:mm:ss, not", value);
        return -1;
    }
    if (ward_word_is(name, "rr") && (in & IN_HEART_RATE))
        return parse_rr(parser, value) ? 1 : -1;
    if (ward_word_is(name, "unit") && (in & IN_PRESSURE)) {
        parser->step->sample.kilopascal = ward_word_is(value, "kPa");
        if (parser->step->sample.kilopascal || ward_word_is(value, "mmHg"))
            return 1;
        fail(parser, "unit takes 'mmHg' or 'kPa', not", value);
        return -1;
    }
    return 0;
}

static bool parse_field(struct parser *parser, const struct ward_word *name, const struct ward_word *value)
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
            return fail(parser, "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", value);
        if (from.mantissa != to.mantissa && step->kind != WARD_STEP_STREAM)
            return fail(parser, "only a stream goes through a range:", value);
        step->sample.present |= 1u << fields[i].field;
        step->sample.value[fields[i].field] = from;
        step->to[fields[i].field] = to.mantissa;
        return true;
    }
    return fail(parser, "no such field in this measurement:", name);
}

/* What lies between two values of one exponent that fit does fit too, unless it had to be scaled. */
static bool check_encodable(struct parser *parser)
{
    struct ward_step *step = parser->step;
    struct ward_sample last = step->sample;
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];

    for (size_t i = 0; i < WARD_FIELD_COUNT; i++) {
        bool ramp = step->to[i] != last.value[i].mantissa;
        bool scaled = step->to[i] > 2045 || last.value[i].mantissa > 2045 || step->to[i] < -2045 ||
                      last.value[i].mantissa < -2045;

        if (ramp && scaled && !(in_characteristic(step->characteristic) & IN_HEART_RATE))
            return fail(parser, "the ends of a range have at most 2045 units of their last digit", NULL);
        last.value[i].mantissa = step->to[i];
    }
    if (ward_sample_encode(&step->sample, step->characteristic, octets, sizeof(octets)) == 0 ||
        ward_sample_encode(&last, step->characteristic, octets, sizeof(octets)) == 0)
        return fail(parser, "a value does not fit its field", NULL);
    return true;
}

static bool parse_fields(struct parser *parser)
{
    struct ward_word name, value;

    while (ward_words_next(&parser->words, &name)) {
        if (!ward_words_next(&parser->words, &value))
            return fail(parser, "no value given for", &name);
        if (!parse_field(parser, &name, &value))
            return false;
    }
    if (parser->step->sample.present == 0)
        return fail(parser, "no field and value given", NULL);
    return check_encodable(parser);
}

static bool parse_measure(struct parser *parser)
{
    parser->step->kind = WARD_STEP_MEASURE;
    parser->step->characteristic = parser->script->profile->measure;
    return parse_fields(parser);
}

static bool parse_stream(struct parser *parser)
{
    struct ward_word word;

    parser->step->kind = WARD_STEP_STREAM;
    parser->step->characteristic = parser->script->profile->stream;
    if (parser->step->characteristic == 0)
        return fail(parser, "this profile has no stream; use measure", NULL);
    if (!next_word(parser, "stream needs a duration", &word))
        return false;
    if (!ward_word_duration(&word, &parser->step->duration_ms) || parser->step->duration_ms == 0)
        return fail(parser, "stream takes a duration (30s, 2m, 1h) first, not", &word);
    note_time_passes(parser);
    return parse_fields(parser);
}

static bool parse_raw(struct parser *parser)
{
    struct ward_word word;
    uint8_t uuid[2];
    size_t length = 0;

    parser->step->kind = WARD_STEP_RAW;
    if (!next_word(parser, "raw needs a characteristic and its octets", &word))
        return false;
    if (!ward_word_octets(&word, uuid, sizeof(uuid), &length) || length != 2)
        return fail(parser, "raw takes the four hex digits of a characteristic first, not", &word);
    parser->step->characteristic = (uint16_t)(uuid[0] << 8 | uuid[1]);
    if (!ward_wearable_characteristic_find(parser->script->profile, parser->step->characteristic))
        return fail(parser, "this profile does not serve", &word);
    if (!next_word(parser, "raw needs octets in hex", &word))
        return false;
    if (!ward_word_octets(&word, parser->step->raw.octets, WARD_SCRIPT_RAW_MAX, &length))
        return fail(parser, "raw takes up to 64 octets as pairs of hex digits, not", &word);
    parser->step->raw.length = (uint8_t)length;
    return true;
}

static bool parse_repeat(struct parser *parser)
{
    struct ward_word word;

    parser->step->kind = WARD_STEP_REPEAT;
    if (!next_word(parser, "repeat needs a count or 'forever'", &word))
        return false;
    if (!ward_word_is(&word, "forever") &&
        (!ward_word_unsigned(&word, UINT32_MAX, &parser->step->count) || parser->step->count == 0))
        return fail(parser, "repeat takes a count from 1 or 'forever', not", &word);
    if (parser->depth == WARD_SCRIPT_DEPTH_MAX)
        return fail(parser, "repeats are at most 4 deep", NULL);
    parser->open[parser->depth] = (uint16_t)parser->script->step_count;
    parser->passes_time[parser->depth++] = false;
    return true;
}

static bool parse_end(struct parser *parser)
{
    if (parser->depth == 0)
        return fail(parser, "end without a repeat", NULL);
    parser->depth--;
    if (!parser->passes_time[parser->depth])
        return fail(parser, "a repeat needs a stream or a wait DURATION, or it would never rest", NULL);
    parser->step->kind = WARD_STEP_END;
    parser->step->target = (uint16_t)(parser->open[parser->depth] + 1);
    return true;
}

static bool parse_step(struct parser *parser, const struct ward_word *verb)
{
    static const struct {
        const char *name;
        bool (*parse)(struct parser *parser);
    } verbs[] = {
        {"advertise", parse_advertise},   {"wait", parse_wait},
        {"disconnect", parse_disconnect}, {"battery", parse_battery},
        {"contact", parse_contact},       {"measure", parse_measure},
        {"stream", parse_stream},         {"raw", parse_raw},
        {"repeat", parse_repeat},         {"end", parse_end},
    };
    struct ward_word extra;

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!ward_word_is(verb, verbs[i].name))
            continue;
        if (!verbs[i].parse(parser))
            return false;
        return !ward_words_next(&parser->words, &extra) || fail(parser, "left over:", &extra);
    }
    return fail(parser, "unknown step", verb);
}

static bool parse_line(struct parser *parser)
{
    struct ward_word verb;

    if (!ward_words_next(&parser->words, &verb))
        return true;
    if (parser->script->step_count == WARD_SCRIPT_STEPS_MAX)
        return fail(parser, "a script has at most 128 steps", NULL);
    parser->step = &parser->script->steps[parser->script->step_count];
    *parser->step = (struct ward_step){.line = parser->line};
    if (!parse_step(parser, &verb))
        return false;
    parser->script->step_count++;
    return true;
}

/* What a wait for a subscription waits for is what will be sent next. */
static void resolve_subscriptions(struct ward_script *script)
{
    uint16_t next = script->profile->stream ? script->profile->stream : script->profile->measure;

    for (size_t i = script->step_count; i-- > 0;) {
        if (script->steps[i].kind == WARD_STEP_WAIT_SUBSCRIBED)
            script->steps[i].characteristic = next;
        else if (script->steps[i].characteristic != 0)
            next = script->steps[i].characteristic;
    }
}

bool ward_script_parse(struct ward_script *script, const struct ward_wearable_profile *profile,
                       const char *text, size_t length, struct ward_script_error *ret_error)
{
    struct parser parser = {.script = script, .error = ret_error};
    const char *end = text + length;

    script->profile = profile;
    script->step_count = 0;
    for (const char *at = text; at < end;) {
        const char *newline = at;

        while (newline < end && *newline != '\n')
            newline++;
        parser.line++;
        parser.words = (struct ward_words){.at = at, .end = newline};
        if (!parse_line(&parser))
            return false;
        at = newline < end ? newline + 1 : end;
    }
    if (parser.depth > 0) {
        parser.line = script->steps[parser.open[parser.depth - 1]].line;
        return fail(&parser, "this repeat has no end", NULL);
    }
    if (script->step_count == 0)
        return fail(&parser, "the script has no steps", NULL);
    resolve_subscriptions(script);
    return true;
}
