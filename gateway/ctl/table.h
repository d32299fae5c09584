/* SPDX-License-Identifier: Apache-2.0 */
/* A table for people on standard output, by libsmartcols; bold headers only on a terminal. */
#ifndef WARD_CTL_TABLE_H
#define WARD_CTL_TABLE_H

#include <stddef.h>

struct ward_table;

/* headers ends with NULL; borrowed for the call. NULL when out of memory. */
struct ward_table *ward_table_new(const char *const *headers);
struct ward_table *ward_table_free(struct ward_table *table);

/* One row: as many cells as there are headers, ended by NULL; copied. */
void ward_table_add(struct ward_table *table, const char *const *cells);

/* Prints the rows added so far; says `empty` instead when there are none. */
void ward_table_print(struct ward_table *table, const char *empty);

#endif
