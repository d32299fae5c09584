/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks with what came of them, numbered from 1 in the order in which they were made: good, to be looked at, or bad,
 * with why and what to do next.
 */
#ifndef WARD_CTL_FINDINGS_H
#define WARD_CTL_FINDINGS_H

#include <jansson.h>

enum ward_finding { WARD_FINDING_OK, WARD_FINDING_WARN, WARD_FINDING_FAIL, WARD_FINDING_COUNT };

struct ward_findings {
    json_t *list; /* of {number, check, about?, state, text, next?} */
    unsigned counts[WARD_FINDING_COUNT];
};

struct ward_findings ward_findings_new(void);
void ward_findings_free(struct ward_findings *findings);

/* check: "radio"; about: the id of a patient or device, or NULL; next: what to do, or NULL; text by format. */
void ward_findings_add(struct ward_findings *findings, enum ward_finding state, const char *check,
                       const char *about, const char *next, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* Puts further members into the newest one; takes them over. */
void ward_findings_more(struct ward_findings *findings, json_t *members);

/* " 3 ok    radio             It is ready." and below it what to do next. */
void ward_findings_print(const struct ward_findings *findings);

#endif
