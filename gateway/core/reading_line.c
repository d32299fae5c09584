/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each take_… function moves `at` over what it takes. Returning false anywhere gives up the whole line, so none of them
 * has to put anything back.
 */
#include "core/reading_line.h"

#include <string.h>

#include "core/decimal.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/utc.h"

struct line {
    const char *at, *end;
};

/* A text of the line, not terminated. There is an octet at `text` even when length is 0: the mark that ends it. */
struct piece {
    const char *text;
    size_t length;
};

static void skip_space(struct line *line)
{
    while (line->at < line->end &&
           (*line->at == ' ' || *line->at == '\t' || *line->at == '\n' || *line->at == '\r')) {
        line->at++;
    }
}

static bool take_mark(struct line *line, char mark)
{
    skip_space(line);
    if (line->at == line->end || *line->at != mark) {
        return false;
    }
    line->at++;
    return true;
}

static bool take_text(struct line *line, struct piece *ret)
{
    if (!take_mark(line, '"')) {
        return false;
    }
    ret->text = line->at;
    while (line->at < line->end && *line->at != '"') {
        unsigned char character = (unsigned char)*line->at++;

        if (character < ' ' || character > '~' || character == '\\') {
            return false;
        }
    }
    ret->length = (size_t)(line->at - ret->text);
    return take_mark(line, '"');
}

static bool is_word(const struct piece *piece, const char *word)
{
    return *piece->text == *word && strncmp(piece->text, word, piece->length) == 0 &&
           word[piece->length] == '\0';
}

static bool is_bare(char character)
{
    return (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
           character == '-' || character == '+' || character == '.' || character == 'E';
}

/* A number or a literal: all up to the next mark. What is no number is found by who reads it. */
static bool take_bare(struct line *line, struct piece *ret)
{
    skip_space(line);
    ret->text = line->at;
    while (line->at < line->end && is_bare(*line->at)) {
        line->at++;
    }
    ret->length = (size_t)(line->at - ret->text);
    return ret->length > 0;
}

static bool take_number(struct line *line, struct ward_decimal *ret)
{
    struct piece piece;

    return take_bare(line, &piece) && ward_decimal_parse(piece.text, piece.length, ret);
}

#define WHOLE_DIGITS 18 /* of more a number may not fit */
static bool take_whole(struct line *line, uint64_t *ret)
{
    struct piece piece;

    if (!take_bare(line, &piece) || piece.length > WHOLE_DIGITS ||
        (piece.text[0] == '0' && piece.length > 1)) {
        return false;
    }
    *ret = 0;
    for (size_t i = 0; i < piece.length; i++) {
        if (piece.text[i] < '0' || piece.text[i] > '9') {
            return false;
        }
        *ret = 10 * *ret + (uint64_t)(piece.text[i] - '0');
    }
    return true;
}

static bool take_flag(struct line *line, bool *ret)
{
    struct piece piece;

    if (!take_bare(line, &piece)) {
        return false;
    }
    *ret = is_word(&piece, "true");
    return *ret || is_word(&piece, "false");
}

static bool next_is(struct line *line, char mark)
{
    skip_space(line);
    return line->at < line->end && *line->at == mark;
}

static bool take_null(struct line *line)
{
    struct piece piece;

    return take_bare(line, &piece) && is_word(&piece, "null");
}

/* Something that nothing is made of, but that has to be JSON. */
static bool pass_scalar(struct line *line)
{
    struct ward_decimal number;
    struct piece piece;

    if (next_is(line, '"')) {
        return take_text(line, &piece);
    }
    return take_bare(line, &piece) &&
           (is_word(&piece, "null") || is_word(&piece, "true") || is_word(&piece, "false") ||
            ward_decimal_parse(piece.text, piece.length, &number));
}

static bool pass_list(struct line *line)
{
    if (!take_mark(line, '[')) {
        return false;
    }
    if (take_mark(line, ']')) {
        return true;
    }
    do {
        if (!pass_scalar(line)) {
            return false;
        }
    } while (take_mark(line, ','));
    return take_mark(line, ']');
}

static bool pass(struct line *line)
{
    return next_is(line, '[') ? pass_list(line) : pass_scalar(line);
}

/* Copies a text that has to be a name for one of the readers of core/reading.h. */
#define NAME_MAX_SIZE (WARD_ID_MAX + 1)
static bool take_name(struct line *line, char ret[NAME_MAX_SIZE])
{
    struct piece piece;

    if (!take_text(line, &piece) || piece.length >= NAME_MAX_SIZE) {
        return false;
    }
    memcpy(ret, piece.text, piece.length);
    ret[piece.length] = '\0';
    return true;
}

static bool take_id(struct line *line, struct ward_id *ret)
{
    char name[NAME_MAX_SIZE];

    return next_is(line, 'n') ? take_null(line) : take_name(line, name) && ward_id_set(ret, name);
}

static bool take_moment(struct line *line, int64_t *ret)
{
    struct piece piece;

    return next_is(line, 'n') ? take_null(line)
                              : take_text(line, &piece) && ward_utc_parse(piece.text, piece.length, ret);
}

static bool take_reasons(struct line *line, uint32_t *reasons)
{
    if (!take_mark(line, '[')) {
        return false;
    }
    if (take_mark(line, ']')) {
        return true;
    }
    do {
        char name[NAME_MAX_SIZE];
        uint32_t bit = 0;

        if (!take_name(line, name) || !ward_reason_by_name(name, &bit)) {
            return false;
        }
        *reasons |= bit;
    } while (take_mark(line, ','));
    return take_mark(line, ']');
}

/* The members that this reader knows; the first ones are of a reading, the others of a value. */
enum member {
    MEMBER_SEQ,
    MEMBER_PATIENT,
    MEMBER_EPISODE,
    MEMBER_DEVICE,
    MEMBER_KIND,
    MEMBER_QUALITY,
    MEMBER_LATE,
    MEMBER_MEASURED_AT,
    MEMBER_RECEIVED_AT,
    MEMBER_REASONS,
    MEMBER_VALUES,
    MEMBER_BOOT,
    MEMBER_CHAIN,
    MEMBER_CLOCK,
    MEMBER_DEVICE_TIME,
    MEMBER_EPOCH,
    MEMBER_MONO_US,
    MEMBER_RAW,
    MEMBER_SECURITY,
    MEMBER_COUNT,
};

enum value_member {
    VALUE_QUANTITY,
    VALUE_VALUE,
    VALUE_UNIT,
    VALUE_MDC,
    VALUE_LOINC,
    VALUE_COUNT,
};

static const char *const members[MEMBER_COUNT] = {
    "seq",         "patient",     "episode", "device", "kind",     "quality", "late",
    "measured_at", "received_at", "reasons", "values", "boot",     "chain",   "clock",
    "device_time", "epoch",       "mono_us", "raw",    "security",
};

static const char *const value_members[VALUE_COUNT] = {"quantity", "value", "unit", "mdc", "loinc"};

/* The name of a member and its colon. Fails for one that is not known, or was there already. */
static bool take_member(struct line *line, const char *const *names, unsigned count, uint32_t *seen,
                        unsigned *ret)
{
    struct piece piece;

    if (!take_text(line, &piece) || !take_mark(line, ':')) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (is_word(&piece, names[i])) {
            *ret = i;
            if ((*seen & (1u << i)) != 0) {
                return false;
            }
            *seen |= 1u << i;
            return true;
        }
    }
    return false;
}

static bool take_value_member(struct line *line, unsigned member, char name[NAME_MAX_SIZE],
                              struct piece *unit, uint64_t *mdc, struct ward_decimal *number)
{
    switch ((enum value_member)member) {
    case VALUE_QUANTITY: return take_name(line, name);
    case VALUE_VALUE: return take_number(line, number);
    case VALUE_UNIT: return take_text(line, unit);
    case VALUE_MDC: return take_whole(line, mdc);
    case VALUE_LOINC: return pass_list(line);
    case VALUE_COUNT: break;
    }
    return false;
}

static bool take_value(struct line *line, struct ward_reading *reading)
{
    const uint32_t needed = 1u << VALUE_QUANTITY | 1u << VALUE_VALUE;
    char name[NAME_MAX_SIZE];
    struct ward_value value = {0};
    struct piece unit = {0};
    uint64_t mdc = 0;
    uint32_t seen = 0;
    unsigned member;

    if (!take_mark(line, '{')) {
        return false;
    }
    do {
        if (!take_member(line, value_members, VALUE_COUNT, &seen, &member) ||
            !take_value_member(line, member, name, &unit, &mdc, &value.number)) {
            return false;
        }
    } while (take_mark(line, ','));
    if (!take_mark(line, '}') || (seen & needed) != needed || mdc > UINT32_MAX ||
        reading->value_count == WARD_READING_VALUES_MAX) {
        return false;
    }
    value.quantity = (uint8_t)ward_quantity_by_code(name, (uint32_t)mdc);
    if (value.quantity == WARD_QUANTITY_NONE ||
        (unit.text != NULL && !is_word(&unit, ward_quantity_info(value.quantity)->unit))) {
        return false;
    }
    reading->values[reading->value_count++] = value;
    return true;
}

static bool take_values(struct line *line, struct ward_reading *reading)
{
    if (!take_mark(line, '[')) {
        return false;
    }
    if (take_mark(line, ']')) {
        return true;
    }
    do {
        if (!take_value(line, reading)) {
            return false;
        }
    } while (take_mark(line, ','));
    return take_mark(line, ']');
}

static bool take_reading_member(struct line *line, unsigned member, struct ward_reading_line *ret)
{
    struct ward_reading *reading = &ret->reading;
    char name[NAME_MAX_SIZE];

    switch ((enum member)member) {
    case MEMBER_SEQ: return take_whole(line, &reading->seq);
    case MEMBER_PATIENT: return take_id(line, &reading->patient);
    case MEMBER_EPISODE: return take_id(line, &reading->episode);
    case MEMBER_DEVICE: return take_id(line, &reading->device);
    case MEMBER_KIND:
        return take_name(line, name) && ward_record_kind_by_name(name, &reading->kind) &&
               reading->kind < WARD_RECORD_GAP;
    case MEMBER_QUALITY: return take_name(line, name) && ward_quality_by_name(name, &reading->quality);
    case MEMBER_LATE: ret->has_late = true; return take_flag(line, &reading->late);
    case MEMBER_MEASURED_AT: return take_moment(line, &reading->measured_at_ms);
    case MEMBER_RECEIVED_AT: return take_moment(line, &reading->received_at_ms);
    case MEMBER_REASONS: return take_reasons(line, &reading->reasons);
    case MEMBER_VALUES: return take_values(line, reading);
    case MEMBER_BOOT:
    case MEMBER_CHAIN:
    case MEMBER_CLOCK:
    case MEMBER_DEVICE_TIME:
    case MEMBER_EPOCH:
    case MEMBER_MONO_US:
    case MEMBER_RAW:
    case MEMBER_SECURITY: return pass(line);
    case MEMBER_COUNT: break;
    }
    return false;
}

bool ward_reading_line_parse(const char *text, size_t length, struct ward_reading_line *ret)
{
    struct line line = {.at = text, .end = text + length};
    uint32_t seen = 0;
    unsigned member;

    memset(ret, 0, sizeof(*ret));
    ret->reading.measured_at_ms = ret->reading.received_at_ms = WARD_UTC_UNKNOWN;
    if (!take_mark(&line, '{')) {
        return false;
    }
    do {
        if (!take_member(&line, members, MEMBER_COUNT, &seen, &member) ||
            !take_reading_member(&line, member, ret)) {
            return false;
        }
    } while (take_mark(&line, ','));
    if (!take_mark(&line, '}') || (seen & 1u << MEMBER_VALUES) == 0) {
        return false;
    }
    skip_space(&line);
    return line.at == line.end;
}
