/* SPDX-License-Identifier: Apache-2.0 */
/* What a visit has to prove, from what the daemon says; see verb_visit.c. Pure: documents in, findings out. */
#ifndef WARD_CTL_VISIT_H
#define WARD_CTL_VISIT_H

#include <jansson.h>

#include "ctl/findings.h"

/* Every list is one of documents, borrowed. */
struct ward_visit {
    const json_t *status;   /* wardgate.status/1 */
    const json_t *events;   /* of alarms, since the visit began */
    const json_t *readings; /* {DEVICE: {PATIENT: its newest good reading of him}} */
    const json_t *steps;    /* of the hub's test; empty: it was not made */
    const char *not_tested; /* then: why */
};

void ward_visit_look(const struct ward_visit *visit, struct ward_findings *findings);

/*
 * The patients' own alarms that nobody has taken over yet: [{patient, condition, state}]. What is technical has a finding of
 * its own where it matters.
 */
json_t *ward_visit_present(const struct ward_visit *visit);

#endif
