/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit trail: who called what on the bus to change something, and what came of it.
 *
 * A row is given to the store before the method is carried out, and completed when the call is answered: groups are
 * committed in order, so whatever a call changed has a row, and one without an outcome was not answered before the
 * process ended. A caller who may not has one row too.
 *
 * A row names a patient or a device only where these are known here, and no other text of a caller's: so what is erased
 * with an episode (store_erase.h) is all that there was of him.
 *
 * Rows never fill memory or wear out the disk: those of callers who may not change anything are WARD_AUDIT_STRANGERS in
 * WARD_AUDIT_WINDOW_US, and of any WARD_AUDIT_WAITING_MAX may wait for a disk that is in trouble. What is beyond that
 * stands in the journal, and is counted by the next row.
 */
#ifndef WARD_APP_AUDIT_H
#define WARD_APP_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "io/bus.h"
#include "io/store_types.h"

#define WARD_AUDIT_STRANGERS   60
#define WARD_AUDIT_WINDOW_US   (60 * UINT64_C(1000000))
#define WARD_AUDIT_WAITING_MAX 64

struct ward_audit {
    uint64_t last_us;   /* of the newest row: no two have the same */
    uint64_t window_us; /* when the window of the strangers began */
    uint32_t strangers; /* rows of theirs in it */
    uint32_t waiting;   /* groups that the store has not committed */
    uint32_t omitted;   /* calls without a row, not told yet */
};

/* For ward_bus_audit; userdata is the gateway. */
ward_bus_auditor ward_audit_deed;

/* A row as the API tells it. Returns the length of the terminated text, 0 when it does not fit. */
#define WARD_AUDIT_TEXT_MAX 1024
size_t ward_audit_write_json(const struct ward_store_audit *row, char *text, size_t size);

#endif
