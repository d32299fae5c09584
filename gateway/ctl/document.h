/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the daemon's JSON documents for people. A member that is missing or of another type is shown as "-" or
 * left out, never an error: the daemon may be older or newer than this program.
 */
#ifndef WARD_CTL_DOCUMENT_H
#define WARD_CTL_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A piece of text for a table. One that gets too long ends with "...": what is left of a number is another number. */
struct ward_cell {
    char text[240];
};

/* The object in text, or an empty one for anything else. Free with json_decref(). */
json_t *ward_document_parse(const char *text);

/* The string of a member, "" without one. Lives as long as the object. */
const char *ward_document_text(const json_t *object, const char *member);

/*
 * Any value in few words: a list with commas, an object as "name value", true as yes, null as "-". What could move the
 * cursor is a question mark.
 */
struct ward_cell ward_document_brief(const json_t *value);
struct ward_cell ward_document_member(const json_t *object, const char *member);

/* "SpO2 96 %, Pulse 72 /min" of a list of {quantity, value, unit, special?}. */
struct ward_cell ward_document_values(const json_t *values);

/* The RFC 3339 moment of a member to the second, with a blank in the middle: "2026-11-22 09:00:00Z"; "-" without one. */
struct ward_cell ward_document_moment(const json_t *object, const char *member);

/* How long ago the RFC 3339 moment of a member is: "12 s", "5 min", "3 h", "2 d"; "-" without one. */
struct ward_cell ward_document_age(const json_t *object, const char *member);

/* Seconds in the same words; a moment that is still to come has a minus. */
struct ward_cell ward_document_duration(double seconds);

__attribute__((format(printf, 2, 3))) void ward_cell_add(struct ward_cell *cell, const char *format, ...);

/* With --json: each document on a line of its own, as the daemon sent it. */
void ward_document_print_lines(char *const *texts);

#endif
