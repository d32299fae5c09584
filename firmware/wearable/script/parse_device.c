/* SPDX-License-Identifier: Apache-2.0 */
/* The steps that concern what the device keeps: its battery, clock, records and faults. */
#include "wearable/script/parse_part.h"

bool ward_script_parse_battery(struct ward_script_parser *parser)
{
    struct ward_word word;
    uint32_t percent = 0;

    if (!ward_script_next_word(parser, "battery needs a percentage", &word))
        return false;
    if (!ward_word_unsigned(&word, 100, &percent))
        return ward_script_fail(parser, "battery takes 0 to 100, not", &word);
    parser->step->kind = WARD_STEP_BATTERY;
    parser->step->argument = (uint8_t)percent;
    if (!ward_words_next(&parser->words, &word))
        return true;
    if (!ward_word_is(&word, "drain"))
        return ward_script_fail(parser, "left over:", &word);
    if (!ward_script_next_word(parser, "drain needs a duration", &word))
        return false;
    if (!ward_word_duration(&word, &parser->step->duration_ms) || parser->step->duration_ms == 0)
        return ward_script_fail(parser, "drain takes the duration of one percent (30s, 2m), not", &word);
    return true;
}

bool ward_script_parse_clock(struct ward_script_parser *parser)
{
    struct ward_word word;

    parser->step->kind = WARD_STEP_CLOCK;
    if (!ward_script_next_word(parser, "clock needs a time or 'reset'", &word))
        return false;
    if (ward_word_is(&word, "reset") || ward_word_time(&word, &parser->step->sample.time))
        return true;
    return ward_script_fail(parser, "clock takes YYYY-MM-DDThh:mm:ss or 'reset', not", &word);
}

static bool check_memory(struct ward_script_parser *parser)
{
    return parser->script->profile->record != 0 ||
           ward_script_fail(parser, "this profile has no memory for records", NULL);
}

/* What is stored has the time of the device's clock, unless the line says another. */
bool ward_script_parse_store(struct ward_script_parser *parser)
{
    struct ward_step *step = parser->step;

    step->kind = WARD_STEP_STORE;
    step->characteristic = parser->script->profile->record;
    step->sample.time_is_relative = true;
    return check_memory(parser) && ward_script_parse_fields(parser);
}

bool ward_script_parse_report(struct ward_script_parser *parser)
{
    parser->step->kind = WARD_STEP_REPORT;
    parser->step->characteristic = parser->script->profile->record;
    return check_memory(parser);
}

static bool parse_fault_value(struct ward_script_parser *parser, uint32_t minimum, uint32_t maximum,
                              const char *wrong)
{
    struct ward_word word;

    if (!ward_script_next_word(parser, wrong, &word))
        return false;
    if (!ward_word_unsigned(&word, maximum, &parser->step->count) || parser->step->count < minimum)
        return ward_script_fail(parser, wrong, &word);
    return true;
}

static bool parse_late(struct ward_script_parser *parser)
{
    static const char wrong[] = "late takes a duration (500ms, 30s)";
    struct ward_word word;

    if (!ward_script_next_word(parser, wrong, &word))
        return false;
    return ward_word_duration(&word, &parser->step->duration_ms) || ward_script_fail(parser, wrong, &word);
}

bool ward_script_parse_fault(struct ward_script_parser *parser)
{
    static const char *const names[] = {
        [WARD_FAULT_CUT] = "cut",
        [WARD_FAULT_PAD] = "pad",
        [WARD_FAULT_LATE] = "late",
        [WARD_FAULT_DROP] = "drop",
        [WARD_FAULT_DUPLICATE] = "duplicate",
        [WARD_FAULT_COUNT] = "count",
        [WARD_FAULT_MUTE] = "mute",
    };
    struct ward_word word;
    size_t kind = 0;

    if (!ward_script_next_word(parser, "fault needs cut, pad, late, drop, duplicate, count or mute", &word))
        return false;
    while (kind < sizeof(names) / sizeof(names[0]) && !ward_word_is(&word, names[kind]))
        kind++;
    parser->step->kind = WARD_STEP_FAULT;
    parser->step->argument = (uint8_t)kind;
    switch (kind) {
    case WARD_FAULT_CUT: return parse_fault_value(parser, 1, 512, "cut takes a number of octets, 1 to 512");
    case WARD_FAULT_PAD: return parse_fault_value(parser, 1, 512, "pad takes a number of octets, 1 to 512");
    case WARD_FAULT_LATE: return parse_late(parser);
    case WARD_FAULT_DROP: return parse_fault_value(parser, 1, 65535, "drop takes a number of records from 1");
    case WARD_FAULT_COUNT: return parse_fault_value(parser, 0, 65535, "count takes a number of records");
    case WARD_FAULT_DUPLICATE:
    case WARD_FAULT_MUTE: return true;
    default:
        return ward_script_fail(parser, "fault takes cut, pad, late, drop, duplicate, count or mute, not",
                                &word);
    }
}
