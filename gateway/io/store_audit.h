/* SPDX-License-Identifier: Apache-2.0 */
/* The audit trail in the file. Private to the store. */
#ifndef WARD_IO_STORE_AUDIT_H
#define WARD_IO_STORE_AUDIT_H

#include "io/store_queue.h"

/* A row, in a transaction that is open; the oldest make room. Returns 0 or negative errno. */
int ward_audit_write(struct ward_database *database, const struct ward_store_audit *audit);

/* All of a WARD_REQUEST_AUDIT in one step: it is answered, with request->error. */
bool ward_audit_read(struct ward_database *database, struct ward_request *request);

#endif
