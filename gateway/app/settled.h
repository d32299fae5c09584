/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of readings by a clinician's order: taken back, or given to a patient. A committed record never changes
 * and the store has no index for it, so each is a setting beside the records ("settled-17"). They are few.
 */
#ifndef WARD_APP_SETTLED_H
#define WARD_APP_SETTLED_H

#include <stddef.h>
#include <stdint.h>

#include "io/store_types.h"

enum ward_fate {
    WARD_FATE_NONE,
    WARD_FATE_VOIDED,
    WARD_FATE_ASSIGNED, /* an unassigned reading that was given to a patient */
};

struct ward_settled_record {
    uint64_t seq;
    enum ward_fate fate;
};

struct ward_settled {
    struct ward_settled_record *list;
    size_t count;
};

enum ward_fate ward_settled_fate(const struct ward_settled *settled, uint64_t seq);

/*
 * From now on that is what became of the record; WARD_FATE_NONE: it is open again. Fills the change that belongs into the
 * same transaction. Returns false, with nothing changed, without memory.
 */
bool ward_settled_set(struct ward_settled *settled, uint64_t seq, enum ward_fate fate,
                      struct ward_store_change *ret);

/* One row of the snapshot; others are ignored. */
void ward_settled_restore(struct ward_settled *settled, const struct ward_store_change *row);

/* A fresh file has none of these records; also at the end. */
void ward_settled_forget(struct ward_settled *settled);

#endif
