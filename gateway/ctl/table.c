/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/terminal.h"

/* The table is libsmartcols' own; the name keeps that to this file. */
struct ward_table *ward_table_new(const char *const *headers)
{
    struct libscols_table *table;

    scols_init_debug(0);
    table = scols_new_table();
    if (table == NULL)
        return NULL;
    (void)scols_table_enable_colors(table, ward_terminal_has_colour());
    for (; *headers != NULL; headers++) {
        struct libscols_column *column = scols_table_new_column(table, *headers, 0, 0);

        if (column != NULL)
            (void)scols_cell_set_color(scols_column_get_header(column), "bold");
    }
    return (struct ward_table *)table;
}

struct ward_table *ward_table_free(struct ward_table *table)
{
    scols_unref_table((struct libscols_table *)table);
    return NULL;
}

void ward_table_add(struct ward_table *table, const char *const *cells)
{
    struct libscols_line *line = scols_table_new_line((struct libscols_table *)table, NULL);

    for (size_t i = 0; line != NULL && cells[i] != NULL; i++)
        (void)scols_line_set_data(line, i, cells[i]);
}

void ward_table_print(struct ward_table *table, const char *empty)
{
    if (scols_table_is_empty((struct libscols_table *)table))
        puts(empty);
    else
        (void)scols_print_table((struct libscols_table *)table);
}
