/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's documents as they may be given away: of each only the members that are known here to tell nothing of a
 * person, so that what a newer daemon has is left out until somebody has looked at it.
 */
#ifndef WARD_CTL_DIAGNOSIS_H
#define WARD_CTL_DIAGNOSIS_H

#include <jansson.h>

#include "ctl/redact.h"

/* All return a new document. status: wardgate.status/1. */
json_t *ward_diagnosis_state(
    const json_t *status); /* monitoring, patients without a name or value, radio, clock … */
json_t *ward_diagnosis_devices(const json_t *status);  /* by id */
json_t *ward_diagnosis_counters(const json_t *status); /* numbers alone */
json_t *ward_diagnosis_hub(const json_t *hub);
/* Who called what to change something: list of the documents of Audit; without the patient and who said it for whom. */
json_t *ward_diagnosis_audit(const json_t *calls);
json_t *ward_diagnosis_config(const json_t *settings); /* ward_settings_read() */

/* Everything in status that names somebody or something, as words to be taken out wherever they stand. */
void ward_diagnosis_words(const json_t *status, struct ward_redaction *redaction);

/* What is never put in, for the manifest: a list of sentences. */
json_t *ward_diagnosis_left_out(void);

#endif
