/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/script/words.h"

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r';
}

bool ward_words_next(struct ward_words *words, struct ward_word *ret)
{
    while (words->at < words->end && is_blank(*words->at))
        words->at++;
    if (words->at == words->end || *words->at == '#')
        return false;

    const char *start = words->at;

    while (words->at < words->end && !is_blank(*words->at))
        words->at++;
    *ret = (struct ward_word){.text = start, .length = (size_t)(words->at - start)};
    return true;
}

bool ward_word_is(const struct ward_word *word, const char *text)
{
    size_t i = 0;

    while (i < word->length && text[i] && word->text[i] == text[i])
        i++;
    return i == word->length && text[i] == '\0';
}

static int digit_of(char character, unsigned base)
{
    int digit = -1;

    if (character >= '0' && character <= '9')
        digit = character - '0';
    else if (character >= 'a' && character <= 'f')
        digit = character - 'a' + 10;
    else if (character >= 'A' && character <= 'F')
        digit = character - 'A' + 10;
    return digit < (int)base ? digit : -1;
}

static bool parse_digits(const char *text, size_t length, unsigned base, uint32_t *ret)
{
    uint64_t value = 0;

    if (length == 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        int digit = digit_of(text[i], base);

        if (digit < 0)
            return false;
        value = value * base + (unsigned)digit;
        if (value > UINT32_MAX)
            return false;
    }
    *ret = (uint32_t)value;
    return true;
}

bool ward_word_unsigned(const struct ward_word *word, uint32_t maximum, uint32_t *ret)
{
    bool hex = word->length > 2 && word->text[0] == '0' && word->text[1] == 'x';
    uint32_t value = 0;

    if (hex ? !parse_digits(word->text + 2, word->length - 2, 16, &value)
            : !parse_digits(word->text, word->length, 10, &value))
        return false;
    if (value > maximum)
        return false;
    *ret = value;
    return true;
}

static bool parse_special(const struct ward_word *word, struct ward_decimal *ret)
{
    static const struct {
        const char *name;
        enum ward_special special;
    } names[] = {
        {"nan", WARD_NAN},
        {"nres", WARD_NRES},
        {"reserved", WARD_RESERVED},
        {"+inf", WARD_POSITIVE_INFINITY},
        {"-inf", WARD_NEGATIVE_INFINITY},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ward_word_is(word, names[i].name)) {
            *ret = (struct ward_decimal){.special = (uint8_t)names[i].special};
            return true;
        }
    }
    return false;
}

bool ward_word_decimal(const struct ward_word *word, struct ward_decimal *ret)
{
    struct ward_decimal value = {.special = WARD_FINITE};
    size_t digits = 0, decimals = 0, i = 0;
    bool negative = word->length > 0 && word->text[0] == '-', point = false;
    uint32_t hex = 0;

    if (parse_special(word, ret))
        return true;
    if (word->length > 2 && word->text[1] == 'x') {
        if (!ward_word_unsigned(word, UINT32_MAX, &hex))
            return false;
        *ret = (struct ward_decimal){.mantissa = hex};
        return true;
    }
    for (i = negative ? 1 : 0; i < word->length; i++) {
        int digit = digit_of(word->text[i], 10);

        if (word->text[i] == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (digit < 0 || ++digits > 9)
            return false;
        value.mantissa = value.mantissa * 10 + digit;
        decimals += point ? 1 : 0;
    }
    if (digits == 0 || (point && decimals == 0))
        return false;
    value.mantissa = negative ? -value.mantissa : value.mantissa;
    value.exponent = (int8_t) - (int)decimals;
    *ret = value;
    return true;
}

static void align(struct ward_decimal *value, int8_t exponent)
{
    for (; value->exponent > exponent; value->exponent--)
        value->mantissa *= 10;
}

bool ward_word_range(const struct ward_word *word, struct ward_decimal *ret_from, struct ward_decimal *ret_to)
{
    struct ward_decimal from, to;
    size_t dots = 0;

    while (dots + 1 < word->length && !(word->text[dots] == '.' && word->text[dots + 1] == '.'))
        dots++;
    if (dots + 1 >= word->length) {
        if (!ward_word_decimal(word, &from))
            return false;
        *ret_from = *ret_to = from;
        return true;
    }

    struct ward_word first = {.text = word->text, .length = dots};
    struct ward_word last = {.text = word->text + dots + 2, .length = word->length - dots - 2};

    if (!ward_word_decimal(&first, &from) || !ward_word_decimal(&last, &to))
        return false;
    if (from.special != WARD_FINITE || to.special != WARD_FINITE)
        return false;
    align(&from, to.exponent);
    align(&to, from.exponent);
    *ret_from = from;
    *ret_to = to;
    return true;
}

bool ward_word_duration(const struct ward_word *word, uint32_t *ret_ms)
{
    static const struct {
        const char *name;
        uint32_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000}};
    size_t digits = 0;
    uint32_t value = 0;

    while (digits < word->length && digit_of(word->text[digits], 10) >= 0)
        digits++;

    struct ward_word unit = {.text = word->text + digits, .length = word->length - digits};

    if (!parse_digits(word->text, digits, 10, &value))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (ward_word_is(&unit, units[i].name) && value <= UINT32_MAX / units[i].ms) {
            *ret_ms = value * units[i].ms;
            return true;
        }
    }
    return false;
}

bool ward_word_octets(const struct ward_word *word, uint8_t *buffer, size_t size, size_t *ret_length)
{
    if (word->length % 2 != 0 || word->length / 2 > size)
        return false;
    for (size_t i = 0; i < word->length; i++)
        if (digit_of(word->text[i], 16) < 0)
            return false;
    for (size_t i = 0; i < word->length / 2; i++)
        buffer[i] = (uint8_t)(digit_of(word->text[2 * i], 16) * 16 + digit_of(word->text[2 * i + 1], 16));
    *ret_length = word->length / 2;
    return true;
}

bool ward_word_time(const struct ward_word *word, struct ward_device_time *ret)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    static const uint8_t starts[] = {0, 5, 8, 11, 14, 17};
    uint32_t part[6] = {0};

    if (word->length != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; i < word->length; i++)
        if (shape[i] == 'd' ? digit_of(word->text[i], 10) < 0 : word->text[i] != shape[i])
            return false;
    for (size_t i = 0; i < 6; i++)
        if (!parse_digits(word->text + starts[i], i == 0 ? 4 : 2, 10, &part[i]))
            return false;
    *ret = (struct ward_device_time){
        .year = (uint16_t)part[0],
        .month = (uint8_t)part[1],
        .day = (uint8_t)part[2],
        .hour = (uint8_t)part[3],
        .minute = (uint8_t)part[4],
        .second = (uint8_t)part[5],
        .present = true,
    };
    return true;
}

bool ward_word_age(const struct ward_word *word, uint32_t *ret_s)
{
    static const char now[] = "now";
    const size_t length = sizeof(now) - 1;
    struct ward_word first = {.text = word->text, .length = word->length < length ? word->length : length};
    uint32_t ms = 0;

    if (!ward_word_is(&first, now))
        return false;
    if (word->length > length) {
        struct ward_word age = {.text = word->text + length + 1, .length = word->length - length - 1};

        if (word->text[length] != '-' || !ward_word_duration(&age, &ms))
            return false;
    }
    *ret_s = ms / 1000;
    return true;
}
