/* SPDX-License-Identifier: Apache-2.0 */
/* The envelope of what comes down, as any peer on the network could send it. */
#include <stdint.h>
#include <stdlib.h>

#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ward_jws_work work;
    struct ward_jws jws = {.kid = ""};
    struct ward_jws_error error = {.refusal = WARD_JWS_OK};

    enum ward_jws_refusal refusal = ward_jws_parse(data, size, &work, &jws, &error);
    if (refusal == WARD_JWS_OK
            ? jws.signed_length > WARD_JWS_SIZE_MAX || jws.payload_length > WARD_JWS_PAYLOAD_MAX
            : error.refusal != refusal || error.text[0] == '\0' || jws.kid[0] != '\0' ||
                  ward_jws_refusal_name(refusal)[0] == '\0') {
        abort();
    }
    return 0;
}
