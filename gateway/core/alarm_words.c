/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alarm_words.h"

#include <string.h>

#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

void ward_words_put(struct ward_words *words, const char *more)
{
    size_t room = WARD_ALARM_TEXT_MAX - words->length;
    size_t length = strlen(more);

    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)more[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(words->text + words->length, more, length);
    words->length += length;
    words->text[words->length] = '\0';
}

void ward_words_put_number(struct ward_words *words, const struct ward_decimal *number)
{
    char text[WARD_DECIMAL_TEXT_SIZE];

    if (ward_decimal_print(number, text) > 0) {
        ward_words_put(words, text);
    } else if (number->special == WARD_POSITIVE_INFINITY) {
        ward_words_put(words, "HI");
    } else if (number->special == WARD_NEGATIVE_INFINITY) {
        ward_words_put(words, "LO");
    } else {
        ward_words_put(words, "no value");
    }
}

static const char *unit_for_people(const char *unit)
{
    static const struct {
        const char *ucum, *plain;
    } units[] = {{"mm[Hg]", "mmHg"}, {"Cel", "°C"}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].ucum, unit) == 0) {
            return units[i].plain;
        }
    }
    return unit;
}

void ward_words_put_with_unit(struct ward_words *words, const struct ward_decimal *number, uint8_t quantity)
{
    const char *unit = unit_for_people(ward_quantity_info(quantity)->unit);

    ward_words_put_number(words, number);
    if (unit[0] != '\0') {
        ward_words_put(words, unit[0] == '/' ? "" : " ");
        ward_words_put(words, unit);
    }
}

void ward_words_put_seconds(struct ward_words *words, uint32_t seconds)
{
    struct ward_decimal number = {.mantissa = seconds};

    ward_words_put_number(words, &number);
    ward_words_put(words, " s");
}

void ward_words_put_age(struct ward_words *words, int64_t age_ms)
{
    const int64_t minutes = age_ms / INT64_C(60000);
    const bool hours = minutes >= 60;
    struct ward_decimal number = {.mantissa = hours ? minutes / 60 : minutes};

    ward_words_put_number(words, &number);
    ward_words_put(words, hours ? " h" : " min");
}

void ward_words_put_duration(struct ward_words *words, uint32_t ms)
{
    struct ward_decimal number = {.mantissa = ms / WARD_MINUTE_MS};
    const char *unit = " min";

    if (ms % (24 * WARD_HOUR_MS) == 0) {
        number.mantissa = ms / (24 * WARD_HOUR_MS);
        unit = number.mantissa == 1 ? " day" : " days";
    } else if (ms % WARD_HOUR_MS == 0) {
        number.mantissa = ms / WARD_HOUR_MS;
        unit = " h";
    }
    ward_words_put_number(words, &number);
    ward_words_put(words, unit);
}
