/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/document.h"
#include "ctl/terminal.h"

#define BEFORE_WHAT 10 /* columns of number and state */
#define WHAT_WIDTH  20

/* For people: bad is to be seen without a colour too. */
static const struct {
    const char *name, *shown, *colour;
} states[WARD_FINDING_COUNT] = {
    [WARD_FINDING_OK] = {"ok", "ok", "32"},
    [WARD_FINDING_WARN] = {"warn", "WARN", "33"},
    [WARD_FINDING_FAIL] = {"fail", "FAIL", "31"},
};

struct ward_findings ward_findings_new(void)
{
    return (struct ward_findings){.list = json_array()};
}

void ward_findings_free(struct ward_findings *findings)
{
    json_decref(findings->list);
    *findings = (struct ward_findings){0};
}

void ward_findings_add(struct ward_findings *findings, enum ward_finding state, const char *check,
                       const char *about, const char *next, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    findings->counts[state]++;
    (void)json_array_append_new(findings->list,
                                json_pack("{sI, ss, ss*, ss, ss, ss*}", "number",
                                          (json_int_t)json_array_size(findings->list) + 1, "check", check,
                                          "about", about, "state", states[state].name, "text",
                                          text != NULL ? text : "", "next", next));
    free(text);
}

void ward_findings_more(struct ward_findings *findings, json_t *members)
{
    json_t *newest = json_array_get(findings->list, json_array_size(findings->list) - 1);

    (void)json_object_update(newest, members);
    json_decref(members);
}

static enum ward_finding state_of(const json_t *finding)
{
    const char *name = ward_document_text(finding, "state");

    for (enum ward_finding state = WARD_FINDING_OK; state < WARD_FINDING_COUNT; state++)
        if (strcmp(states[state].name, name) == 0)
            return state;
    return WARD_FINDING_FAIL;
}

static struct ward_cell what_of(const json_t *finding)
{
    struct ward_cell what = {.text = ""};

    ward_cell_add(&what, "%s", ward_document_text(finding, "check"));
    if (*ward_document_text(finding, "about") != '\0')
        ward_cell_add(&what, " %s", ward_document_text(finding, "about"));
    return what;
}

/* Of the column that says what each is about. */
static int width_of(const json_t *list)
{
    size_t width = WHAT_WIDTH;
    const json_t *finding;
    size_t at;

    json_array_foreach(list, at, finding)
    {
        const size_t length = strlen(what_of(finding).text);

        width = length > width ? length : width;
    }
    return (int)width;
}

void ward_findings_print(const struct ward_findings *findings)
{
    const bool colour = ward_terminal_has_colour();
    const int width = width_of(findings->list);
    const json_t *finding;
    size_t at;

    json_array_foreach(findings->list, at, finding)
    {
        const enum ward_finding state = state_of(finding);

        printf("%3zu ", at + 1);
        if (colour)
            printf("\033[%sm%-5s\033[0m", states[state].colour, states[state].shown);
        else
            printf("%-5s", states[state].shown);
        printf(" %-*s  %s\n", width, what_of(finding).text, ward_document_text(finding, "text"));
        if (*ward_document_text(finding, "next") != '\0')
            printf("%*s%s\n", BEFORE_WHAT + width + 2, "next: ", ward_document_text(finding, "next"));
    }
}
