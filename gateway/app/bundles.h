/* SPDX-License-Identifier: Apache-2.0 */
/* Records as FHIR Bundles (core/fhir.h), with what the gateway knows besides them. */
#ifndef WARD_APP_BUNDLES_H
#define WARD_APP_BUNDLES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/record.h"

struct ward_gateway;

struct ward_bundle_of {
    const char *epoch; /* of an epoch that ended nothing is known besides */
    bool backlog;      /* otherwise the scores of now go with it, where they are complete */
    const struct ward_record *records, *voided; /* as in core/fhir.h */
    size_t count, voided_count;
};

/* ward_fhir_write() of them. What goes up undated is noted (app/dating.h) when sent is set. */
size_t ward_bundles_write(struct ward_gateway *gateway, const struct ward_bundle_of *of, bool sent,
                          char *text, size_t room, size_t size, size_t *ret_length);

#endif
