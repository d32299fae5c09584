/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes out of texts what names a person or a device's radio: the words that it was given, addresses (six octets in
 * hexadecimal, however they are parted), dates without a time, and what stands in quotation marks. Each is replaced by
 * what it was, as [address], and counted.
 */
#ifndef WARD_CTL_REDACT_H
#define WARD_CTL_REDACT_H

#include <jansson.h>

struct ward_redaction {
    json_t *words;  /* word: kind */
    json_t *counts; /* kind: how many were taken out */
};

struct ward_redaction ward_redaction_new(void);
void ward_redaction_free(struct ward_redaction *redaction);

/* From now on the word, and each of its parts that is a word by itself, is taken out as [kind]. "" is none. */
void ward_redaction_add(struct ward_redaction *redaction, const char *word, const char *kind);

/* The text without them, to be freed; NULL when out of memory. */
char *ward_redact(struct ward_redaction *redaction, const char *text);

/* A copy of the document with every string so, names of members too. */
json_t *ward_redact_json(struct ward_redaction *redaction, const json_t *document);

#endif
