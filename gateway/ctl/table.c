/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/table.h"

#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/fit.h"
#include "ctl/terminal.h"

/* The cells are kept until it is known how wide each column is. */
struct ward_table {
    size_t columns, count, room;
    char **cells; /* count of them; the headers are the first row */
};

struct ward_table *ward_table_free(struct ward_table *table)
{
    for (size_t i = 0; table != NULL && i < table->count; i++)
        free(table->cells[i]);
    if (table != NULL)
        free(table->cells);
    free(table);
    return NULL;
}

/* False when out of memory: the row is not there then. */
static bool add(struct ward_table *table, const char *const *cells)
{
    size_t added = 0;

    if (table->room - table->count < table->columns) {
        const size_t room = 2 * table->room + table->columns;
        char **grown = reallocarray(table->cells, room, sizeof(*grown));

        if (grown == NULL)
            return false;
        table->cells = grown;
        table->room = room;
    }
    while (added < table->columns && cells[added] != NULL) {
        table->cells[table->count + added] = strdup(cells[added]);
        if (table->cells[table->count + added] == NULL)
            break;
        added++;
    }
    if (added == table->columns)
        table->count += added;
    else
        while (added > 0)
            free(table->cells[table->count + --added]);
    return added == table->columns;
}

struct ward_table *ward_table_new(const char *const *headers)
{
    struct ward_table *table = calloc(1, sizeof(*table));

    if (table == NULL)
        return NULL;
    while (headers[table->columns] != NULL)
        table->columns++;
    return add(table, headers) ? table : ward_table_free(table);
}

void ward_table_add(struct ward_table *table, const char *const *cells)
{
    (void)add(table, cells);
}

/* Everything as wide as it is where nobody looks at it: what reads a pipe wants one line for each row. */
static size_t *widths_of(const struct ward_table *table)
{
    const size_t room = ward_terminal_is_looked_at() ? ward_terminal_width() : SIZE_MAX;
    struct ward_fit_column *fit = calloc(table->columns, sizeof(*fit));
    size_t *widths = calloc(table->columns, sizeof(*widths));

    for (size_t i = 0; fit != NULL && i < table->count; i++) {
        struct ward_fit_column *column = &fit[i % table->columns];
        const size_t natural = ward_fit_width(table->cells[i]);
        /* A header stays in one line. */
        const size_t least = i < table->columns ? natural : ward_fit_word(table->cells[i]);

        column->natural = natural > column->natural ? natural : column->natural;
        column->least = least > column->least ? least : column->least;
    }
    if (fit != NULL && widths != NULL) {
        ward_fit_columns(fit, table->columns, room);
        for (size_t i = 0; i < table->columns; i++)
            widths[i] = fit[i].width;
    }
    free(fit);
    return widths;
}

static void fill(struct libscols_table *shown, const struct ward_table *table, const size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++) {
        struct libscols_column *column = scols_table_new_column(shown, table->cells[i], 0, SCOLS_FL_WRAP);

        if (column == NULL)
            return;
        (void)scols_cell_set_color(scols_column_get_header(column), "bold");
        (void)scols_column_set_safechars(column, "\n");
        (void)scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
    for (size_t row = table->columns; row < table->count; row += table->columns) {
        struct libscols_line *line = scols_table_new_line(shown, NULL);

        for (size_t i = 0; line != NULL && i < table->columns; i++)
            (void)scols_line_refer_data(line, i, ward_fit_wrap(table->cells[row + i], widths[i]));
    }
}

void ward_table_print(struct ward_table *table, const char *empty)
{
    struct libscols_table *shown;
    size_t *widths;

    if (table->count == table->columns) {
        puts(empty);
        return;
    }
    scols_init_debug(0);
    shown = scols_new_table();
    widths = widths_of(table);
    if (shown != NULL && widths != NULL) {
        (void)scols_table_enable_colors(shown, ward_terminal_has_colour());
        /* The widths are ours: it does not look for a terminal itself, which may be behind a pager. */
        (void)scols_table_set_termforce(shown, SCOLS_TERMFORCE_NEVER);
        fill(shown, table, widths);
        (void)scols_print_table(shown);
    }
    free(widths);
    scols_unref_table(shown);
}
