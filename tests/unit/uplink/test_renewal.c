/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uplink/renewal.h"

#define MINUTE INT64_C(60000)
#define DAY    (24 * 60 * MINUTE)

/* Jitter is random modulo one more than the largest that may be. */
static void a_short_one_is_renewed_in_its_last_third(void **state)
{
    const int64_t from = 1000 * DAY, until = from + 60 * DAY, window = 20 * DAY, jitter = window / 8;

    (void)state;
    assert_true(ward_renewal_due_ms(from, until, 0) == until - window);
    assert_true(ward_renewal_due_ms(from, until, (uint64_t)jitter) == until - window + jitter);
    assert_true(ward_renewal_due_ms(from, until, (uint64_t)jitter + 1) == until - window);
}

static void a_long_one_is_renewed_in_its_last_month(void **state)
{
    const int64_t from = 1000 * DAY, until = from + 825 * DAY;

    (void)state;
    assert_true(ward_renewal_due_ms(from, until, 0) == until - 30 * DAY);
    for (uint64_t random = UINT64_MAX; random > UINT64_MAX - 1000; random--) {
        assert_true(ward_renewal_due_ms(from, until, random) >= until - 30 * DAY);
        assert_true(ward_renewal_due_ms(from, until, random) <= until - 26 * DAY);
    }
}

static void one_that_ends_before_it_begins_is_due_at_its_end(void **state)
{
    (void)state;
    assert_true(ward_renewal_due_ms(5 * DAY, 4 * DAY, 12345) == 4 * DAY);
}

static void attempts_are_kept_apart(void **state)
{
    (void)state;
    /* 30 days / 120 is 6 h */
    assert_true(ward_renewal_retry_ms(0, 825 * DAY, 0) == 180 * MINUTE);
    assert_true(ward_renewal_retry_ms(0, 825 * DAY, 360 * (uint64_t)MINUTE) == 540 * MINUTE);
    /* 20 days / 120 is 4 h */
    assert_true(ward_renewal_retry_ms(0, 60 * DAY, 0) == 120 * MINUTE);
    /* never in a loop */
    assert_true(ward_renewal_retry_ms(0, 1, 0) == 5000);
    assert_true(ward_renewal_retry_ms(1, 0, 10000) == 15000);
}

static void people_are_told_when_nothing_renews_it_or_half_of_the_attempts_have_failed(void **state)
{
    (void)state;
    assert_true(ward_renewal_tell_ms(0, 825 * DAY, false) == 795 * DAY);
    assert_true(ward_renewal_tell_ms(0, 825 * DAY, true) == 810 * DAY);
    assert_true(ward_renewal_tell_ms(0, 60 * DAY, false) == 40 * DAY);
    assert_true(ward_renewal_tell_ms(0, 60 * DAY, true) == 50 * DAY);
    /* not before the last attempt that may be the first, whatever the jitter */
    assert_true(ward_renewal_tell_ms(0, 60 * DAY, true) >
                ward_renewal_due_ms(0, 60 * DAY, (uint64_t)(20 * DAY / 8)));
    assert_true(ward_renewal_tell_ms(5 * DAY, 4 * DAY, false) == 4 * DAY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_one_is_renewed_in_its_last_third),
        cmocka_unit_test(a_long_one_is_renewed_in_its_last_month),
        cmocka_unit_test(one_that_ends_before_it_begins_is_due_at_its_end),
        cmocka_unit_test(attempts_are_kept_apart),
        cmocka_unit_test(people_are_told_when_nothing_renews_it_or_half_of_the_attempts_have_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
