/* SPDX-License-Identifier: Apache-2.0 */
/* How what is wrong with a care plan is told: the place, the reason, the value. */
#include <stdlib.h>
#include <string.h>

#include "core/careplan_private.h"
#include "core/decimal.h"

void ward_plan_append(char *text, size_t size, const char *more, size_t length)
{
    size_t used = strlen(text);
    size_t room = size - 1 - used;

    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)more[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(text + used, more, length);
    text[used + length] = '\0';
}

/* RFC 6901 §3: "~" is "~0" and "/" is "~1". */
void ward_plan_append_token(char *pointer, size_t size, const char *token)
{
    ward_plan_append(pointer, size, "/", 1);
    for (const char *at = token; *at != '\0'; at++) {
        if (*at == '~') {
            ward_plan_append(pointer, size, "~0", 2);
        } else if (*at == '/') {
            ward_plan_append(pointer, size, "~1", 2);
        } else {
            ward_plan_append(pointer, size, at, 1);
        }
    }
}

void ward_plan_append_index(char *pointer, size_t size, size_t index)
{
    struct ward_decimal number = {.mantissa = (int64_t)index};
    char text[WARD_DECIMAL_TEXT_SIZE];

    ward_plan_append(pointer, size, "/", 1);
    ward_plan_append(pointer, size, text, ward_decimal_print(&number, text));
}

static void append_value(char *text, size_t size, const json_t *value)
{
    char *printed = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));

    if (printed != NULL) {
        ward_plan_append(text, size, printed, strlen(printed));
    }
    free(printed);
}

void ward_plan_fault(const struct ward_plan_object *object, const char *member, const json_t *value,
                     const char *reason)
{
    struct ward_plan_errors *errors = object->errors;
    struct ward_plan_error *error;

    errors->total++;
    if (errors->count == WARD_PLAN_ERRORS_MAX) {
        return;
    }
    error = &errors->list[errors->count++];
    memset(error, 0, sizeof(*error));
    ward_plan_append(error->pointer, sizeof(error->pointer), object->pointer, strlen(object->pointer));
    if (member != NULL) {
        ward_plan_append_token(error->pointer, sizeof(error->pointer), member);
    }
    ward_plan_append(error->reason, sizeof(error->reason), reason, strlen(reason));
    if (value != NULL) {
        append_value(error->value, sizeof(error->value), value);
    }
}

void ward_plan_fault_parts(const struct ward_plan_object *object, const char *member, const json_t *value,
                           const char *const *parts)
{
    char reason[200] = "";

    for (; *parts != NULL; parts++) {
        ward_plan_append(reason, sizeof(reason), *parts, strlen(*parts));
    }
    ward_plan_fault(object, member, value, reason);
}

#define NAME_MAX_COMPARED 24

/* How many characters must be put in, left out or changed to make b of a. Both are at most NAME_MAX_COMPARED long. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[NAME_MAX_COMPARED + 1];
    unsigned length = (unsigned)strlen(b);

    for (unsigned j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (unsigned j = 1; j <= length; j++) {
            unsigned changed = diagonal + (a[i - 1] != b[j - 1] ? 1 : 0);
            unsigned shifted = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            diagonal = row[j];
            row[j] = changed < shifted ? changed : shifted;
        }
    }
    return row[length];
}

/* The name that was probably meant, or NULL when none is near. */
static const char *nearest(const char *const *names, const char *key)
{
    const char *best = NULL;
    size_t length = strlen(key);
    unsigned least = length < 5 ? 2 : 3; /* not so far away */

    for (; *names != NULL && length <= NAME_MAX_COMPARED; names++) {
        unsigned away = strlen(*names) <= NAME_MAX_COMPARED ? distance(key, *names) : least;

        if (away < least) {
            least = away;
            best = *names;
        }
    }
    return best;
}

void ward_plan_refuse_unknown(const struct ward_plan_object *object, const char *const *names)
{
    const char *key;
    json_t *value;

    json_object_foreach(object->json, key, value)
    {
        bool known = false;

        for (const char *const *name = names; *name != NULL; name++) {
            known |= strcmp(*name, key) == 0;
        }
        if (!known) {
            const char *meant = nearest(names, key);
            const char *const parts[] = {"this member is not known: nothing would be done for it",
                                         meant != NULL ? "; did you mean \"" : NULL, meant, "\"?", NULL};

            ward_plan_fault_parts(object, key, value, parts);
        }
    }
}

void ward_plan_fault_item(const struct ward_plan_object *list, size_t index, const json_t *value,
                          const char *reason)
{
    struct ward_plan_object item = *list;

    ward_plan_append_index(item.pointer, sizeof(item.pointer), index);
    ward_plan_fault(&item, NULL, value, reason);
}
