/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a command by itself, as it comes over the bus where no signature is asked for. */
#include <stdint.h>
#include <stdlib.h>

#include "core/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ward_command command;
    struct ward_jws_error error = {.refusal = WARD_JWS_OK};
    const enum ward_jws_refusal refusal = ward_command_parse((const char *)data, size, &command, &error);

    if (refusal != WARD_JWS_OK) {
        if (error.refusal != refusal || error.text[0] == '\0') {
            abort();
        }
        return 0;
    }
    if (ward_command_name(command.kind)[0] == '\0' ||
        (ward_command_quietens(&command) && ward_command_role(command.kind) == WARD_ROLE_TECHNICAL)) {
        abort(); /* nothing technical makes an alarm quieter */
    }
    return 0;
}
