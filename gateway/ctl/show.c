/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/show.h"
#include "ctl/prose.h"

#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/document.h"
#include "ctl/record_words.h"
#include "ctl/table.h"
#include "ctl/usage.h"

#define COLUMNS_MAX 12

static struct ward_cell cell_of(const json_t *document, const struct ward_column *column)
{
    switch (column->as) {
    case WARD_COLUMN_PLAIN: return ward_document_member(document, column->member);
    case WARD_COLUMN_AGE: return ward_document_age(document, column->member);
    case WARD_COLUMN_MOMENT: return ward_document_moment(document, column->member);
    case WARD_COLUMN_RECORD: return ward_record_words(document);
    case WARD_COLUMN_RECORD_MOMENT: return ward_record_moment(document);
    case WARD_COLUMN_VALUES: return ward_document_values(json_object_get(document, column->member));
    }
    return (struct ward_cell){.text = ""};
}

static void add_row(struct ward_table *table, const char *text, const struct ward_column *columns)
{
    struct ward_cell cells[COLUMNS_MAX];
    const char *texts[COLUMNS_MAX + 1] = {NULL};
    json_t *document = ward_document_parse(text);

    for (size_t i = 0; i < COLUMNS_MAX && columns[i].header != NULL; i++) {
        cells[i] = cell_of(document, &columns[i]);
        texts[i] = cells[i].text;
    }
    ward_table_add(table, texts);
    json_decref(document);
}

void ward_show_table(char *const *texts, const struct ward_column *columns, const char *empty)
{
    const char *headers[COLUMNS_MAX + 1] = {NULL};
    struct ward_table *table;

    for (size_t i = 0; i < COLUMNS_MAX && columns[i].header != NULL; i++)
        headers[i] = columns[i].header;
    table = ward_table_new(headers);
    if (table == NULL)
        return;
    for (; *texts != NULL; texts++)
        add_row(table, *texts, columns);
    ward_table_print(table, empty);
    ward_table_free(table);
}

void ward_show_document(const char *text)
{
    json_t *document = ward_document_parse(text);
    const char *name;
    json_t *member;

    ward_prose_begin();
    json_object_foreach(document, name, member)
    {
        printf("%-22s %s\n", name, ward_document_brief(member).text);
    }
    json_decref(document);
}

void ward_show_json(json_t *document)
{
    char *line = json_dumps(document, JSON_COMPACT);

    puts(line != NULL ? line : "{}");
    free(line);
    json_decref(document);
}

void ward_show_done(bool as_json, json_t *what, const char *format, ...)
{
    va_list arguments;

    if (as_json) {
        json_t *document = json_pack("{ss}", "outcome", "done");

        (void)json_object_update(document, what);
        ward_show_json(document);
    } else {
        ward_prose_begin();
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
        putchar('\n');
    }
    json_decref(what);
}

/* The usage line of what was asked for, without its end. */
static int say_missing(const struct ward_verb *verb, const char *action)
{
    const char *line = verb->usage;

    while (line != NULL && !ward_usage_has_action(line, action))
        line = ward_usage_line(line);
    if (line == NULL)
        line = verb->usage;
    return ward_ctl_usage(verb, "an argument is missing: wardctl %.*s", (int)strcspn(line, "\n"), line);
}

int ward_show_options(const struct ward_verb *verb, int argc, char **argv, int arguments, bool *ret_json)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    int option;

    *ret_json = false;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return ward_ctl_usage(verb, "\"%s\" is not an option of it", argv[optind - 1]);
        *ret_json = true;
    }
    if (argc - optind < arguments)
        return say_missing(verb, argv[0]);
    if (argc - optind > arguments)
        return ward_ctl_usage(verb, "\"%s\" is one argument too many", argv[optind + arguments]);
    return WARD_CTL_DONE;
}
