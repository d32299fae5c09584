/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small deterministic JSON writer (RFC 8259) into a buffer of the caller: no heap, no stdio, no white space.
 *
 * Commas and colons are placed by the writer; the order of members is the caller's. Faults stick: after the first one
 * nothing more is written, and ward_json_finish reports it, so that a caller checks once, at the end.
 *
 * With WARD_JSON_CANONICAL the numbers and strings come out as RFC 8785 (JCS) wants them; a caller that then writes
 * the members of each object in the order of their names has canonical text.
 *
 *     struct ward_json json;
 *     ward_json_init(&json, buffer, sizeof(buffer), WARD_JSON_PRINTED);
 *     ward_json_object(&json);
 *     ward_json_key(&json, "seq");
 *     ward_json_uint(&json, 17);
 *     ward_json_object_end(&json);
 *     fault = ward_json_finish(&json, &length);
 */
#ifndef WARD_CORE_JSON_H
#define WARD_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ward/quantity.h"
#include "ward/reading.h"

enum ward_json_numbers {
    WARD_JSON_PRINTED,   /* a decimal keeps its digits: 3640·10⁻² is 36.40 */
    WARD_JSON_CANONICAL, /* as ECMAScript prints a number: 36.4 (RFC 8785 §3.2.2.3) */
};

enum ward_json_fault {
    WARD_JSON_OK,
    WARD_JSON_OVERFLOW, /* the buffer is too small */
    WARD_JSON_MISUSED, /* a value where a member name must stand, an end without a begin, too deep, left open */
    WARD_JSON_INEXACT, /* canonical: a number that an IEEE 754 double does not hold exactly enough */
};

#define WARD_JSON_DEPTH_MAX 16

struct ward_json {
    char *buffer;
    size_t size;
    size_t length;
    uint8_t numbers; /* enum ward_json_numbers */
    uint8_t fault;   /* enum ward_json_fault; the first one */
    uint8_t depth;
    uint8_t levels[WARD_JSON_DEPTH_MAX + 1]; /* what each open level expects next; private */
    bool in_string;
};

/* The buffer stays the caller's and must outlive the writer. One octet of it is kept for a terminating NUL. */
void ward_json_init(struct ward_json *json, char *buffer, size_t size, enum ward_json_numbers numbers);

/*
 * Ends the text: exactly one complete value must have been written. Returns WARD_JSON_OK, with the buffer terminated
 * and *ret_length set to the octets before the NUL; or the first fault, with *ret_length unchanged and the content
 * of the buffer undefined. May be given NULL for ret_length.
 */
enum ward_json_fault ward_json_finish(struct ward_json *json, size_t *ret_length);

/* For a message of a log or an error; never NULL. */
const char *ward_json_fault_text(enum ward_json_fault fault);

void ward_json_object(struct ward_json *json);
void ward_json_object_end(struct ward_json *json);
void ward_json_array(struct ward_json *json);
void ward_json_array_end(struct ward_json *json);
/* A name of ours, printable ASCII without quotation mark and reverse solidus: it is written as it is. */
void ward_json_key_n(struct ward_json *json, const char *name, size_t length);

/* Inline: the length of a name in quotation marks is known when this is compiled. */
static inline void ward_json_key(struct ward_json *json, const char *name)
{
    ward_json_key_n(json, name, strlen(name));
}

void ward_json_null(struct ward_json *json);
void ward_json_bool(struct ward_json *json, bool value);
void ward_json_int(struct ward_json *json, int64_t value);
void ward_json_uint(struct ward_json *json, uint64_t value);

/* A special value (NaN and its kin) is null: the caller says which in a member "special". */
void ward_json_decimal(struct ward_json *json, struct ward_decimal value);

/*
 * UTF-8. An octet that is not part of well-formed UTF-8 becomes U+FFFD, so that the message stays readable. NULL, as
 * the name of an enum's number that has none, is null.
 */
void ward_json_string(struct ward_json *json, const char *text);
void ward_json_string_n(struct ward_json *json, const char *text, size_t length);

/* Octets of the well-formed UTF-8 sequence at text, of which length octets, 1 or more, are there; 0 when there is none. */
size_t ward_json_utf8_length(const uint8_t *text, size_t length);

/* A string in parts: begin, any number of parts, end. Each part of text is well-formed UTF-8 by itself. */
void ward_json_string_begin(struct ward_json *json);
void ward_json_part(struct ward_json *json, const char *text, size_t length);
void ward_json_part_hex(struct ward_json *json, const uint8_t *octets, size_t count); /* lower case */
void ward_json_part_base64url(struct ward_json *json, const uint8_t *octets, size_t count);
void ward_json_string_end(struct ward_json *json);

void ward_json_hex(struct ward_json *json, const uint8_t *octets, size_t count);
void ward_json_base64url(struct ward_json *json, const uint8_t *octets, size_t count);

/* RFC 3339 in UTC with milliseconds (core/utc.h); null when unknown or outside the years 1 to 9999. */
void ward_json_utc(struct ward_json *json, int64_t utc_ms);

/* "2026-11-22T09:00:02", the device's local time; null when it said none. */
void ward_json_device_time(struct ward_json *json, const struct ward_device_time *time);

/*
 * One complete JSON value that was written before, as it is, or in an array several with commas between them. The caller
 * answers for their being that.
 */
void ward_json_raw(struct ward_json *json, const char *text, size_t length);

/* A member with a string, for the commonest case; and the same, left out when the text is empty. */
static inline void ward_json_member(struct ward_json *json, const char *name, const char *text)
{
    ward_json_key(json, name);
    ward_json_string(json, text);
}
void ward_json_member_if(struct ward_json *json, const char *name, const char *text);

#endif
