/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/script/parse.h"

#include "wearable/script/parse_part.h"

bool ward_script_fail(struct ward_script_parser *parser, const char *text, const struct ward_word *word)
{
    size_t length = word ? word->length : 0;

    *parser->error = (struct ward_script_error){.line = parser->line, .text = text};
    for (size_t i = 0; i < length && i < WARD_SCRIPT_WORD_MAX; i++)
        parser->error->word[i] = word->text[i];
    return false;
}

bool ward_script_next_word(struct ward_script_parser *parser, const char *missing, struct ward_word *ret)
{
    return ward_words_next(&parser->words, ret) || ward_script_fail(parser, missing, NULL);
}

static void note_time_passes(struct ward_script_parser *parser)
{
    for (size_t i = 0; i < parser->depth; i++)
        parser->passes_time[i] = true;
}

static bool parse_advertise(struct ward_script_parser *parser)
{
    struct ward_word word;

    if (!ward_script_next_word(parser, "advertise needs 'on' or 'off'", &word))
        return false;
    if (!ward_word_is(&word, "on") && !ward_word_is(&word, "off"))
        return ward_script_fail(parser, "advertise takes 'on' or 'off', not", &word);
    parser->step->kind = WARD_STEP_ADVERTISE;
    parser->step->argument = ward_word_is(&word, "on");
    return true;
}

static bool parse_wait(struct ward_script_parser *parser)
{
    static const struct {
        const char *name;
        enum ward_step_kind kind;
    } events[] = {
        {"connected", WARD_STEP_WAIT_CONNECTED},     {"subscribed", WARD_STEP_WAIT_SUBSCRIBED},
        {"confirmed", WARD_STEP_WAIT_CONFIRMED},     {"disconnected", WARD_STEP_WAIT_DISCONNECTED},
        {"transferred", WARD_STEP_WAIT_TRANSFERRED}, {"clock", WARD_STEP_WAIT_CLOCK},
    };
    struct ward_word word;

    if (!ward_script_next_word(parser, "wait needs a duration or an event", &word))
        return false;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (ward_word_is(&word, events[i].name)) {
            parser->step->kind = (uint8_t)events[i].kind;
            return true;
        }
    }
    parser->step->kind = WARD_STEP_WAIT;
    if (!ward_word_duration(&word, &parser->step->duration_ms))
        return ward_script_fail(
            parser,
            "wait takes a duration (500ms, 30s, 2m, 1h), connected, subscribed, confirmed, disconnected, "
            "transferred or clock, not",
            &word);
    if (parser->step->duration_ms > 0)
        note_time_passes(parser);
    return true;
}

static bool parse_disconnect(struct ward_script_parser *parser)
{
    parser->step->kind = WARD_STEP_DISCONNECT;
    return true;
}

static bool parse_forget(struct ward_script_parser *parser)
{
    parser->step->kind = WARD_STEP_FORGET;
    return true;
}

static bool parse_contact(struct ward_script_parser *parser)
{
    static const char *const names[] = {
        [WARD_SAMPLE_CONTACT_UNKNOWN] = "unknown",
        [WARD_SAMPLE_CONTACT_OK] = "ok",
        [WARD_SAMPLE_CONTACT_LOST] = "lost",
    };
    struct ward_word word;

    if (!ward_script_next_word(parser, "contact needs 'ok', 'lost' or 'unknown'", &word))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ward_word_is(&word, names[i])) {
            parser->step->kind = WARD_STEP_CONTACT;
            parser->step->argument = (uint8_t)i;
            return true;
        }
    }
    return ward_script_fail(parser, "contact takes 'ok', 'lost' or 'unknown', not", &word);
}

static bool parse_measure(struct ward_script_parser *parser)
{
    parser->step->kind = WARD_STEP_MEASURE;
    parser->step->characteristic = parser->script->profile->measure;
    /* 2A18 cannot do without a time */
    parser->step->sample.time_is_relative = parser->step->characteristic == WARD_CHAR_GLUCOSE_MEASUREMENT;
    return ward_script_parse_fields(parser);
}

static bool parse_stream(struct ward_script_parser *parser)
{
    struct ward_word word;

    parser->step->kind = WARD_STEP_STREAM;
    parser->step->characteristic = parser->script->profile->stream;
    if (parser->step->characteristic == 0)
        return ward_script_fail(parser, "this profile has no stream; use measure", NULL);
    if (!ward_script_next_word(parser, "stream needs a duration", &word))
        return false;
    if (!ward_word_duration(&word, &parser->step->duration_ms) || parser->step->duration_ms == 0)
        return ward_script_fail(parser, "stream takes a duration (30s, 2m, 1h) first, not", &word);
    note_time_passes(parser);
    return ward_script_parse_fields(parser);
}

static bool parse_raw(struct ward_script_parser *parser)
{
    struct ward_word word;
    uint8_t uuid[2];
    size_t length = 0;

    parser->step->kind = WARD_STEP_RAW;
    if (!ward_script_next_word(parser, "raw needs a characteristic and its octets", &word))
        return false;
    if (!ward_word_octets(&word, uuid, sizeof(uuid), &length) || length != 2)
        return ward_script_fail(parser, "raw takes the four hex digits of a characteristic first, not",
                                &word);
    parser->step->characteristic = (uint16_t)(uuid[0] << 8 | uuid[1]);
    if (!ward_wearable_characteristic_find(parser->script->profile, parser->step->characteristic))
        return ward_script_fail(parser, "this profile does not serve", &word);
    if (!ward_script_next_word(parser, "raw needs octets in hex", &word))
        return false;
    if (!ward_word_octets(&word, parser->step->raw.octets, WARD_SCRIPT_RAW_MAX, &length))
        return ward_script_fail(parser, "raw takes up to 64 octets as pairs of hex digits, not", &word);
    parser->step->raw.length = (uint8_t)length;
    return true;
}

static bool parse_repeat(struct ward_script_parser *parser)
{
    struct ward_word word;

    parser->step->kind = WARD_STEP_REPEAT;
    if (!ward_script_next_word(parser, "repeat needs a count or 'forever'", &word))
        return false;
    if (!ward_word_is(&word, "forever") &&
        (!ward_word_unsigned(&word, UINT32_MAX, &parser->step->count) || parser->step->count == 0))
        return ward_script_fail(parser, "repeat takes a count from 1 or 'forever', not", &word);
    if (parser->depth == WARD_SCRIPT_DEPTH_MAX)
        return ward_script_fail(parser, "repeats are at most 4 deep", NULL);
    parser->open[parser->depth] = (uint16_t)parser->script->step_count;
    parser->passes_time[parser->depth++] = false;
    return true;
}

static bool parse_end(struct ward_script_parser *parser)
{
    if (parser->depth == 0)
        return ward_script_fail(parser, "end without a repeat", NULL);
    parser->depth--;
    if (!parser->passes_time[parser->depth])
        return ward_script_fail(parser, "a repeat needs a stream or a wait DURATION, or it would never rest",
                                NULL);
    parser->step->kind = WARD_STEP_END;
    parser->step->target = (uint16_t)(parser->open[parser->depth] + 1);
    return true;
}

static bool parse_step(struct ward_script_parser *parser, const struct ward_word *verb)
{
    static const struct {
        const char *name;
        bool (*parse)(struct ward_script_parser *parser);
    } verbs[] = {
        {"advertise", parse_advertise},
        {"wait", parse_wait},
        {"disconnect", parse_disconnect},
        {"forget", parse_forget},
        {"battery", ward_script_parse_battery},
        {"clock", ward_script_parse_clock},
        {"contact", parse_contact},
        {"measure", parse_measure},
        {"stream", parse_stream},
        {"store", ward_script_parse_store},
        {"report", ward_script_parse_report},
        {"fault", ward_script_parse_fault},
        {"raw", parse_raw},
        {"repeat", parse_repeat},
        {"end", parse_end},
    };
    struct ward_word extra;

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!ward_word_is(verb, verbs[i].name))
            continue;
        if (!verbs[i].parse(parser))
            return false;
        return !ward_words_next(&parser->words, &extra) || ward_script_fail(parser, "left over:", &extra);
    }
    return ward_script_fail(parser, "unknown step", verb);
}

static bool parse_line(struct ward_script_parser *parser)
{
    struct ward_word verb;

    if (!ward_words_next(&parser->words, &verb))
        return true;
    if (parser->script->step_count == WARD_SCRIPT_STEPS_MAX)
        return ward_script_fail(parser, "a script has at most 128 steps", NULL);
    parser->step = &parser->script->steps[parser->script->step_count];
    *parser->step = (struct ward_step){.line = parser->line};
    if (!parse_step(parser, &verb))
        return false;
    parser->script->step_count++;
    return true;
}

static bool is_sent(const struct ward_step *step)
{
    return step->characteristic != 0 && step->kind != WARD_STEP_STORE &&
           step->kind != WARD_STEP_WAIT_SUBSCRIBED;
}

/*
 * What a wait for a subscription waits for is what will be sent next. After the last that is sent, it is that one:
 * where a script ends, or begins again.
 */
static void resolve_subscriptions(struct ward_script *script)
{
    uint16_t next = script->profile->measure;

    for (size_t i = 0; i < script->step_count; i++)
        if (is_sent(&script->steps[i]))
            next = script->steps[i].characteristic;
    for (size_t i = script->step_count; i-- > 0;) {
        if (script->steps[i].kind == WARD_STEP_WAIT_SUBSCRIBED)
            script->steps[i].characteristic = next;
        else if (is_sent(&script->steps[i]))
            next = script->steps[i].characteristic;
    }
}

bool ward_script_parse(struct ward_script *script, const struct ward_wearable_profile *profile,
                       const char *text, size_t length, struct ward_script_error *ret_error)
{
    struct ward_script_parser parser = {.script = script, .error = ret_error};
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
        return ward_script_fail(&parser, "this repeat has no end", NULL);
    }
    if (script->step_count == 0)
        return ward_script_fail(&parser, "the script has no steps", NULL);
    resolve_subscriptions(script);
    return true;
}
