/* SPDX-License-Identifier: Apache-2.0 */
/* The figures that are more than a number: the charge of a battery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/clinical.h"

static void test_a_charge_that_wavers_raises_once(void **state)
{
    static const struct {
        uint8_t percent, before, priority;
    } table[] = {
        {100, WARD_PRIORITY_NONE, WARD_PRIORITY_NONE},    {20, WARD_PRIORITY_NONE, WARD_PRIORITY_NONE},
        {19, WARD_PRIORITY_NONE, WARD_PRIORITY_LOW},      {20, WARD_PRIORITY_LOW, WARD_PRIORITY_LOW},
        {24, WARD_PRIORITY_LOW, WARD_PRIORITY_LOW},       {25, WARD_PRIORITY_LOW, WARD_PRIORITY_NONE},
        {10, WARD_PRIORITY_LOW, WARD_PRIORITY_LOW},       {9, WARD_PRIORITY_LOW, WARD_PRIORITY_MEDIUM},
        {14, WARD_PRIORITY_MEDIUM, WARD_PRIORITY_MEDIUM}, {15, WARD_PRIORITY_MEDIUM, WARD_PRIORITY_LOW},
        {24, WARD_PRIORITY_MEDIUM, WARD_PRIORITY_LOW},    {80, WARD_PRIORITY_MEDIUM, WARD_PRIORITY_NONE},
        {0, WARD_PRIORITY_NONE, WARD_PRIORITY_MEDIUM},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (ward_clinical_battery(table[i].percent, table[i].before) != table[i].priority)
            fail_msg("%u %% after priority %u", table[i].percent, table[i].before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_charge_that_wavers_raises_once)};

    return cmocka_run_group_tests_name("clinical", tests, NULL, NULL);
}
