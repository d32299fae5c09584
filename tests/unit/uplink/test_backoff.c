/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uplink/backoff.h"

/* For random = ceiling, random % (ceiling + 1) is the ceiling itself, and for ceiling + 1 it is 0. */
static void expect_ceiling(struct ward_backoff backoff, uint64_t cap_us, uint64_t ceiling_us)
{
    struct ward_backoff other = backoff;

    assert_int_equal(ward_backoff_next(&backoff, cap_us, ceiling_us), ceiling_us);
    assert_int_equal(ward_backoff_next(&other, cap_us, ceiling_us + 1), 0);
}

static void it_doubles_to_the_cap_and_starts_again(void **state)
{
    static const uint64_t ceilings[] = {250, 500, 1000, 2000, 3000, 3000, 3000};
    struct ward_backoff backoff = {.base_us = 250};

    (void)state;
    for (size_t i = 0; i < sizeof(ceilings) / sizeof(ceilings[0]); i++) {
        expect_ceiling(backoff, 3000, ceilings[i]);
        ward_backoff_next(&backoff, 3000, 0);
    }
    ward_backoff_reset(&backoff);
    expect_ceiling(backoff, 3000, 250);
}

static void another_cap_counts_at_once_and_nothing_overflows(void **state)
{
    struct ward_backoff backoff = {.base_us = 250};

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(ward_backoff_next(&backoff, 30000, UINT64_MAX - (uint64_t)i) <= 30000);
    expect_ceiling(backoff, 3000, 3000);
    expect_ceiling(backoff, 30000, 30000);
    expect_ceiling(backoff, 100, 100); /* below the base */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_to_the_cap_and_starts_again),
        cmocka_unit_test(another_cap_counts_at_once_and_nothing_overflows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
