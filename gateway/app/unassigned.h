/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readings that belong to nobody we know. They are stored, the ward is told that they exist and how many, never what
 * they say, and none is evaluated. Only a signed command may give them to somebody.
 */
#ifndef WARD_APP_UNASSIGNED_H
#define WARD_APP_UNASSIGNED_H

#include <stdbool.h>
#include <stdint.h>

#include "io/store_types.h"

struct ward_arrival;
struct ward_gateway;

struct ward_reading;

struct ward_unassigned {
    uint64_t count; /* that wait for a patient; kept in the file with the records */
};

/* Room for the text of a count; a change that is made with it borrows it. */
struct ward_unassigned_text {
    char text[24];
};

void ward_unassigned_store(struct ward_gateway *gateway, const struct ward_arrival *arrival);

/* Whether such a reading waits for a patient. What is of a test or a demonstration belongs to nobody, and waits for none. */
bool ward_unassigned_waits(const struct ward_reading *reading);

/*
 * One of them waits no longer (+1: once more). The change belongs into the transaction of what ended it; the condition
 * and up/state follow by ward_unassigned_tell, when that was submitted.
 */
struct ward_store_change ward_unassigned_count(struct ward_gateway *gateway, int by,
                                               struct ward_unassigned_text *text);
void ward_unassigned_tell(struct ward_gateway *gateway);
/* What had changed the count by that is not committed. */
void ward_unassigned_undo(struct ward_gateway *gateway, int by);

/* One row of the snapshot; others than the count are ignored. */
void ward_unassigned_restore(struct ward_gateway *gateway, const struct ward_store_change *row);

/* A fresh file knows nothing of them: the records are in the one set aside, and so the count is told anew. */
void ward_unassigned_submit_again(struct ward_gateway *gateway);

#endif
