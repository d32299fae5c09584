/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From which record on a care plan is in force, so that the limits that are told with a reading (format = fhir) are
 * those that it was held against, and not those of today. Kept as the setting "plans-from".
 */
#ifndef WARD_APP_INFORCE_H
#define WARD_APP_INFORCE_H

#include <stddef.h>
#include <stdint.h>

#include "app/registry.h"

struct ward_gateway;

struct ward_inforce_plan {
    struct ward_id patient;
    uint32_t version;
    uint64_t from; /* seq */
};

struct ward_inforce {
    struct ward_inforce_plan list[WARD_PATIENTS_MAX];
    size_t count;
};

struct ward_inforce_text {
    char text[WARD_PATIENTS_MAX * (WARD_ID_MAX + 34) + 1];
};

/* A plan begins to be in force: the change belongs into its transaction, and borrows text. */
struct ward_store_change ward_inforce_begin(struct ward_gateway *gateway, const struct ward_id *patient,
                                            uint32_t version, struct ward_inforce_text *text);

/* Nothing of the patient is to be left: the change that says so, which borrows text. */
struct ward_store_change ward_inforce_forget(struct ward_gateway *gateway, const char *patient,
                                             struct ward_inforce_text *text);

/* The first record that is held against that version of the patient's plan; UINT64_MAX when that is not known. */
uint64_t ward_inforce_from(const struct ward_inforce *inforce, const char *patient, uint32_t version);

/* One row of the snapshot; others are ignored. */
void ward_inforce_restore(struct ward_inforce *inforce, const struct ward_store_change *row);

/* The database was replaced: its numbers begin again, and what is in force is so from the first on. */
void ward_inforce_new_epoch(struct ward_gateway *gateway);

#endif
