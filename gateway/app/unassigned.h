/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings that belong to nobody we know. They are stored, the ward is told that they exist and how many, never what
 * they say, and none is evaluated. Only a signed command may give them to somebody.
 */
#ifndef WARD_APP_UNASSIGNED_H
#define WARD_APP_UNASSIGNED_H

#include <stdint.h>

#include "io/store_types.h"

struct ward_arrival;
struct ward_gateway;

struct ward_unassigned {
    uint64_t count; /* that wait for a patient; kept in the file with the records */
};

void ward_unassigned_store(struct ward_gateway *gateway, const struct ward_arrival *arrival);

/* One row of the snapshot; others than the count are ignored. */
void ward_unassigned_restore(struct ward_gateway *gateway, const struct ward_store_change *row);

/* A fresh file knows nothing of them: the records are in the one set aside, and so the count is told anew. */
void ward_unassigned_submit_again(struct ward_gateway *gateway);

#endif
