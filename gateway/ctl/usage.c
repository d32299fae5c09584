/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/usage.h"

#include <string.h>

/* Between words, and what only says how often or whether a word is given. */
#define AROUND " []|"

const char *ward_usage_words(const char *line)
{
    return line + strcspn(line, " \n");
}

const char *ward_usage_line(const char *line)
{
    line += strcspn(line, "\n");
    return *line == '\n' && line[1] != '\0' ? line + 1 : NULL;
}

/* A word up to a blank or bracket, without dots behind it. */
static void take(const char **at, const char *ends, char ret[WARD_USAGE_WORD_MAX])
{
    size_t length = strcspn(*at, ends);
    const char *const next = *at + length;

    while (length > 3 && (strncmp(*at + length - 3, "...", 3) == 0 || strncmp(*at + length - 3, "…", 3) == 0))
        length -= 3;
    if (length >= WARD_USAGE_WORD_MAX)
        length = WARD_USAGE_WORD_MAX - 1;
    memcpy(ret, *at, length);
    ret[length] = '\0';
    *at = next;
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* An option's value is the next word, unless that is in brackets of its own or an option itself. */
static bool has_value(const char *at)
{
    return at[0] == ' ' && at[1] != '[' && at[1] != '|' && strncmp(at + 1, "--", 2) != 0;
}

bool ward_usage_next(const char **at, struct ward_usage_word *ret)
{
    *ret = (struct ward_usage_word){.kind = WARD_USAGE_ARGUMENT};
    for (;;) {
        *at += strspn(*at, AROUND);
        if (**at == '\0' || **at == '\n')
            return false;
        if (strncmp(*at, "--", 2) == 0) {
            ret->kind = WARD_USAGE_OPTION;
            take(at, AROUND "\n", ret->text);
            if (has_value(*at)) {
                ++*at;
                take(at, " ]\n", ret->value);
            }
            return true;
        }
        if (is_lower(**at)) {
            ret->kind = WARD_USAGE_ACTION;
            take(at, AROUND "\n", ret->text);
            return true;
        }
        take(at, " \n", ret->text); /* "[EPOCH:]SEQ" is one */
        if (ret->text[0] >= 'A' && ret->text[0] <= 'Z') {
            const size_t length = strlen(ret->text);

            if (ret->text[length - 1] == ']')
                ret->text[length - 1] = '\0';
            return true;
        }
    }
}

bool ward_usage_has_action(const char *line, const char *action)
{
    const char *at = ward_usage_words(line);
    struct ward_usage_word word;

    while (ward_usage_next(&at, &word) && word.kind == WARD_USAGE_ACTION)
        if (strcmp(word.text, action) == 0)
            return true;
    return false;
}
