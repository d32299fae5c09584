/* SPDX-License-Identifier: Apache-2.0 */
/* The claims, as a holder of a ward key could sign them. */
#include <stdint.h>
#include <stdlib.h>

#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ward_claims claims;
    struct ward_jws_error error = {.refusal = WARD_JWS_OK};

    enum ward_jws_refusal refusal = ward_claims_parse(data, size, &claims, &error);
    if (refusal != WARD_JWS_OK) {
        if (error.refusal != refusal || error.text[0] == '\0') {
            abort();
        }
        return 0;
    }
    const struct ward_jws_context context = {
        .gateway = "g-1",
        .key_role = claims.by.role,
        .now = {.utc_ms = claims.issued_at_ms, .clock = WARD_CLOCK_SYNCED},
    };
    enum ward_jws_verdict verdict = ward_claims_judge(&claims, &context);
    if (claims.gateway.text[0] == '\0' || verdict == WARD_JWS_EXPIRED || verdict == WARD_JWS_NOT_YET) {
        abort();
    }
    for (size_t i = 0; claims.type == WARD_JWS_RECEIPT && i < claims.receipt.range_count; i++) {
        if (claims.receipt.ranges[i].first > claims.receipt.ranges[i].last) {
            abort();
        }
    }
    return 0;
}
