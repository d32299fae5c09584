/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/redact.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PART_MIN   4 /* shorter parts of a label are words like any ("der", "3") … */
#define INSIDE_MIN 4 /* … and shorter words are only taken out where they stand alone */

struct ward_redaction ward_redaction_new(void)
{
    return (struct ward_redaction){.words = json_object(), .counts = json_object()};
}

void ward_redaction_free(struct ward_redaction *redaction)
{
    json_decref(redaction->words);
    json_decref(redaction->counts);
    *redaction = (struct ward_redaction){0};
}

/* Of a letter that is not ASCII every octet is one. */
static bool is_letter(char c)
{
    return isalnum((unsigned char)c) != 0 || (unsigned char)c >= 0x80;
}

static void add(struct ward_redaction *redaction, const char *word, const char *kind)
{
    if (json_object_get(redaction->words, word) == NULL)
        (void)json_object_set_new(redaction->words, word, json_string(kind));
}

void ward_redaction_add(struct ward_redaction *redaction, const char *word, const char *kind)
{
    if (*word == '\0')
        return;
    add(redaction, word, kind);
    while (*word != '\0') {
        size_t length = 0;

        while (is_letter(word[length]))
            length++;
        if (length >= PART_MIN) {
            char *part = strndup(word, length);

            if (part != NULL)
                add(redaction, part, kind);
            free(part);
        }
        word += length > 0 ? length : 1;
    }
}

/* --- what is found at a place ------------------------------------------------------------------------------------- */

/* Each returns how many octets of text are one, 0 for none. before: the octet in front, '\0' at the beginning. */

static size_t address_at(const char *text, char before)
{
    size_t digits = 0, length = 0;

    if (isxdigit((unsigned char)before))
        return 0;
    while (digits < 12) {
        if (digits > 0 && digits % 2 == 0 && strchr(":-_", text[length]) != NULL && text[length] != '\0')
            length++;
        if (!isxdigit((unsigned char)text[length]))
            return 0;
        digits++;
        length++;
    }
    return isxdigit((unsigned char)text[length]) ? 0 : length;
}

static size_t number_at(const char *text, unsigned *ret)
{
    size_t length = 0;

    *ret = 0;
    for (; length < 4 && isdigit((unsigned char)text[length]); length++)
        *ret = *ret * 10 + (unsigned)(text[length] - '0');
    return isdigit((unsigned char)text[length]) ? 0 : length;
}

/* Year, month and day, or the other way round; a year of two digits is one of the last century. */
static bool is_date(const unsigned numbers[3])
{
    const bool forwards = numbers[0] >= 1900 && numbers[0] <= 2100 && numbers[2] >= 1 && numbers[2] <= 31;
    const bool backwards =
        numbers[0] >= 1 && numbers[0] <= 31 &&
        ((numbers[2] >= 1900 && numbers[2] <= 2100) || (numbers[2] > 31 && numbers[2] <= 99));

    return numbers[1] >= 1 && numbers[1] <= 31 && (forwards || backwards);
}

/* "1941-03-07", "7.3.1941", "07/03/41"; of "2026-11-22T09:00:00Z" and "1.2.3.4" none. */
static size_t date_at(const char *text, char before)
{
    unsigned numbers[3];
    size_t length = 0;
    char parting = '\0';

    if (isdigit((unsigned char)before) || before == '.')
        return 0;
    for (size_t i = 0; i < 3; i++) {
        const size_t digits = number_at(text + length, &numbers[i]);

        if (digits == 0)
            return 0;
        length += digits;
        if (i == 2)
            break;
        if (text[length] == '\0' || strchr("-./", text[length]) == NULL ||
            (i == 1 && text[length] != parting))
            return 0;
        parting = text[length++];
    }
    if (text[length] == 'T' || (text[length] == parting && isdigit((unsigned char)text[length + 1])))
        return 0;
    return is_date(numbers) ? length : 0;
}

static size_t quoted_at(const char *text)
{
    const char *end = *text == '"' ? strchr(text + 1, '"') : NULL;

    return end != NULL ? (size_t)(end + 1 - text) : 0;
}

static size_t word_at(const struct ward_redaction *redaction, const char *text, char before,
                      const char **ret_kind)
{
    const char *word;
    json_t *kind;
    size_t longest = 0;

    json_object_foreach(redaction->words, word, kind)
    {
        const size_t length = strlen(word);
        const bool alone = !is_letter(before) && !is_letter(text[strnlen(text, length)]);

        if (length > longest && strncasecmp(text, word, length) == 0 && (alone || length >= INSIDE_MIN)) {
            longest = length;
            *ret_kind = json_string_value(kind);
        }
    }
    return longest;
}

static size_t secret_at(const struct ward_redaction *redaction, const char *text, char before,
                        const char **ret_kind)
{
    size_t length = word_at(redaction, text, before, ret_kind);

    if (length > 0)
        return length;
    *ret_kind = "address";
    length = address_at(text, before);
    if (length > 0)
        return length;
    *ret_kind = "date";
    length = date_at(text, before);
    if (length > 0)
        return length;
    *ret_kind = "text";
    return quoted_at(text);
}

static void count(struct ward_redaction *redaction, const char *kind)
{
    const json_int_t before = json_integer_value(json_object_get(redaction->counts, kind));

    (void)json_object_set_new(redaction->counts, kind, json_integer(before + 1));
}

char *ward_redact(struct ward_redaction *redaction, const char *text)
{
    char *redacted = NULL, before = '\0';
    size_t size;
    FILE *stream = open_memstream(&redacted, &size);

    if (stream == NULL)
        return NULL;
    while (*text != '\0') {
        const char *kind = "";
        size_t length = secret_at(redaction, text, before, &kind);

        if (length > 0) {
            fprintf(stream, "[%s]", kind);
            count(redaction, kind);
        } else {
            length = 1;
            fputc(*text, stream);
        }
        text += length;
        before = text[-1];
    }
    return fclose(stream) == 0 ? redacted : NULL;
}

/* --- documents ------------------------------------------------------------------------------------------------------ */

static json_t *redact_object(struct ward_redaction *redaction, const json_t *document)
{
    json_t *copy = json_object(), *member, *of = json_incref((json_t *)(uintptr_t)document);
    const char *name;

    json_object_foreach(of, name, member)
    {
        char *shown = ward_redact(redaction, name);

        if (shown != NULL)
            (void)json_object_set_new(copy, shown, ward_redact_json(redaction, member));
        free(shown);
    }
    json_decref(of);
    return copy;
}

json_t *ward_redact_json(struct ward_redaction *redaction, const json_t *document)
{
    const json_t *item;
    size_t at;

    if (json_is_string(document)) {
        char *text = ward_redact(redaction, json_string_value(document));
        json_t *copy = json_string(text != NULL ? text : "");

        free(text);
        return copy;
    }
    if (json_is_array(document)) {
        json_t *copy = json_array();

        json_array_foreach(document, at, item)
        {
            (void)json_array_append_new(copy, ward_redact_json(redaction, item));
        }
        return copy;
    }
    return json_is_object(document) ? redact_object(redaction, document) : json_deep_copy(document);
}
