/* SPDX-License-Identifier: Apache-2.0 */
/* Care plans: whatever stands in one, it is taken as a whole or refused with a reason. */
#include <stdlib.h>
#include <string.h>

#include "core/careplan.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t length)
{
    static struct ward_plan_errors errors;
    static struct ward_care_plan plan;
    bool taken;

    memset(&plan, 0x5A, sizeof(plan));
    taken = ward_care_plan_parse((const char *)octets, length, &plan, &errors);
    if (taken != (errors.total == 0) || errors.count > WARD_PLAN_ERRORS_MAX) {
        abort();
    }
    for (size_t i = 0; i < errors.count; i++) {
        if (errors.list[i].reason[0] == '\0') {
            abort();
        }
    }
    if (!taken && plan.version != 0x5A5A5A5A) {
        abort(); /* what was in force is still what it was */
    }
    return 0;
}
