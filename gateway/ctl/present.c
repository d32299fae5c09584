/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/present.h"

#include <stdio.h>

#include "ctl/document.h"

static void label(const struct ward_present_layout *layout, const char *name)
{
    printf("%*s%-*s ", layout->indent, "", layout->label, name);
}

void ward_present_conditions(const json_t *conditions, const struct ward_present_layout *layout)
{
    const json_t *condition;
    size_t index;

    if (json_array_size(conditions) == 0) {
        label(layout, "alarms");
        puts("none");
    }
    json_array_foreach(conditions, index, condition)
    {
        label(layout, "alarm");
        printf("%s", ward_document_text(condition, "condition"));
        printf(", %s", ward_document_member(condition, "priority").text);
        printf(", %s", ward_document_member(condition, "state").text);
        if (*ward_document_text(condition, "text") != '\0')
            printf(": %s", ward_document_text(condition, "text"));
        putchar('\n');
    }
}

void ward_present_last(const json_t *values, const struct ward_present_layout *layout)
{
    const json_t *value;
    size_t index;

    if (json_array_size(values) == 0) {
        label(layout, "last");
        puts("no valid value yet");
    }
    json_array_foreach(values, index, value)
    {
        json_t *one = json_pack("[O]", value);
        const struct ward_cell text = ward_document_values(one);

        json_decref(one);
        label(layout, "last");
        printf("%s", text.text);
        /* Without a clock that is trusted nobody knows. */
        if (*ward_document_text(value, "measured_at") != '\0')
            printf(", %s ago", ward_document_age(value, "measured_at").text);
        putchar('\n');
    }
}
