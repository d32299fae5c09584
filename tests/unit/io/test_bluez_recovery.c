/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* The recovery ladder: tables of what went wrong, when, and what is done about it. */
#include "io/bluez_recovery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000)

enum { SILENT, DEAF, SCAN, PREPARING, HANGS, NO_ADAPTER, NO_SERVICE, HEARD, QUIET };
enum { NONE, DISCOVERY, POWER, RESTART, RESET };

/* At a second something happens, and a rung is taken; `now` is the highest rung afterwards. */
struct step {
    unsigned at_s;
    int what;
    int taken;
    int now;
};

static void run(const struct step *steps, size_t count)
{
    struct ward_bluez_recovery recovery = {0};
    uint32_t taken[WARD_BLUEZ_RUNG_COUNT] = {0};

    for (size_t i = 0; i < count; i++) {
        const uint64_t now_us = (1000 + steps[i].at_s) * SECOND;
        int rung = NONE;

        if (steps[i].what == HEARD)
            (void)ward_bluez_recovery_heard(&recovery);
        else if (steps[i].what == QUIET)
            (void)ward_bluez_recovery_tick(&recovery, now_us);
        else
            rung =
                (int)ward_bluez_recovery_trouble(&recovery, (enum ward_bluez_trouble)steps[i].what, now_us);
        if (rung != steps[i].taken || (int)recovery.rung != steps[i].now)
            fail_msg("line %zu: rung %d is taken, %d is the highest", i + 1, rung, (int)recovery.rung);
        taken[rung]++;
    }
    for (int rung = DISCOVERY; rung <= RESET; rung++)
        assert_int_equal(recovery.taken[rung], taken[rung]);
}

#define RUN(...)                                                                                             \
    run((const struct step[]){__VA_ARGS__}, sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static void each_trouble_has_its_patience_and_its_first_rung(void **state)
{
    (void)state;
    RUN({0, SILENT, DISCOVERY, DISCOVERY});
    RUN({0, DEAF, NONE, NONE}, {60, DEAF, POWER, POWER});
    RUN({0, SCAN, NONE, NONE}, {60, SCAN, POWER, POWER});
    RUN({0, PREPARING, NONE, NONE}, {1, PREPARING, NONE, NONE}, {3, PREPARING, POWER, POWER});
    RUN({0, HANGS, RESTART, RESTART});
    RUN({0, NO_ADAPTER, NONE, NONE}, {10, NO_ADAPTER, RESTART, RESTART});
    RUN({0, NO_SERVICE, NONE, NONE}, {10, NO_SERVICE, NONE, NONE}, {20, NO_SERVICE, RESTART, RESTART});
}

static void trouble_that_goes_on_leads_up(void **state)
{
    (void)state;
    RUN({0, PREPARING, NONE, NONE}, {1, PREPARING, NONE, NONE}, {3, PREPARING, POWER, POWER},
        {7, PREPARING, NONE, POWER}, /* the rung has its time */
        {24, PREPARING, RESTART, RESTART}, {60, PREPARING, NONE, RESTART}, {70, PREPARING, RESET, RESET});
    RUN({0, HANGS, RESTART, RESTART}, {44, HANGS, NONE, RESTART}, {45, HANGS, RESET, RESET});
}

static void at_the_top_what_is_allowed_is_done_again(void **state)
{
    (void)state;
    RUN({0, HANGS, RESTART, RESTART}, {50, HANGS, RESET, RESET},
        {100, HANGS, NONE, RESET}, /* both were taken too lately */
        {299, HANGS, NONE, RESET}, {300, HANGS, RESTART, RESET}, {700, HANGS, RESTART, RESET},
        {1100, HANGS, RESTART, RESET}, {1500, HANGS, RESTART, RESET}, {1850, HANGS, RESET, RESET});
}

static void a_trouble_goes_no_higher_than_helps_it(void **state)
{
    (void)state;
    RUN({0, NO_SERVICE, NONE, NONE}, {10, NO_SERVICE, NONE, NONE}, {20, NO_SERVICE, RESTART, RESTART},
        {100, NO_SERVICE, NONE, RESTART}, {319, NO_SERVICE, NONE, RESTART},
        {320, NO_SERVICE, RESTART, RESTART});
    RUN({0, SILENT, DISCOVERY, DISCOVERY}, {5, SILENT, NONE, DISCOVERY}, {10, SILENT, DISCOVERY, DISCOVERY},
        {20, SILENT, DISCOVERY, DISCOVERY});
    RUN({0, HANGS, RESTART, RESTART},
        {60, SILENT, DISCOVERY, RESTART}); /* a mild one does not bring it down */
}

static void a_rung_is_not_below_where_its_trouble_begins(void **state)
{
    (void)state;
    /* POWER would be allowed, but nothing can be asked of what hangs. */
    RUN({0, HANGS, RESTART, RESTART}, {50, HANGS, RESET, RESET}, {100, HANGS, NONE, RESET});
    RUN({0, SCAN, NONE, NONE}, {50, SCAN, POWER, POWER}, {100, SCAN, RESTART, RESTART},
        {150, SCAN, RESET, RESET}, {200, SCAN, POWER, RESET});
}

static void ten_quiet_minutes_end_it(void **state)
{
    (void)state;
    RUN({0, HANGS, RESTART, RESTART}, {599, QUIET, NONE, RESTART}, {600, QUIET, NONE, NONE},
        {610, HANGS, RESTART, RESTART});
    /* Trouble begins the quiet anew, whatever it leads to. */
    RUN({0, HANGS, RESTART, RESTART}, {500, PREPARING, NONE, RESTART}, {1099, QUIET, NONE, RESTART},
        {1100, QUIET, NONE, NONE});
    /* Nobody has to tick: the next trouble finds that it was quiet. */
    RUN({0, PREPARING, NONE, NONE}, {1, PREPARING, NONE, NONE}, {700, PREPARING, NONE, NONE});
    RUN({0, HANGS, RESTART, RESTART}, {700, NO_ADAPTER, NONE, NONE});
    /* Rates outlive it. */
    RUN({0, HANGS, RESTART, RESTART}, {50, HANGS, RESET, RESET}, {700, HANGS, RESTART, RESTART},
        {1000, HANGS, RESTART, RESTART});
}

static void an_ear_that_hears_is_well(void **state)
{
    (void)state;
    RUN({0, SILENT, DISCOVERY, DISCOVERY}, {1, HEARD, NONE, NONE}, {20, SILENT, DISCOVERY, DISCOVERY});
    RUN({0, DEAF, NONE, NONE}, {1, HEARD, NONE, NONE}, {60, DEAF, NONE, NONE});
    /* That something is heard says nothing of other troubles. */
    RUN({0, HANGS, RESTART, RESTART}, {1, HEARD, NONE, RESTART});
    RUN({0, PREPARING, NONE, NONE}, {1, SILENT, DISCOVERY, DISCOVERY}, {2, HEARD, NONE, DISCOVERY});
    RUN({0, SILENT, DISCOVERY, DISCOVERY}, {1, PREPARING, NONE, DISCOVERY}, {2, HEARD, NONE, DISCOVERY});
}

static void it_says_when_it_is_due(void **state)
{
    struct ward_bluez_recovery recovery = {0};
    (void)state;
    assert_true(ward_bluez_recovery_due_us(&recovery) == UINT64_MAX);
    assert_false(ward_bluez_recovery_tick(&recovery, UINT64_MAX - 1));
    (void)ward_bluez_recovery_trouble(&recovery, WARD_BLUEZ_TROUBLE_DEAF, 7 * SECOND);
    assert_true(ward_bluez_recovery_due_us(&recovery) == 607 * SECOND);
    assert_false(ward_bluez_recovery_tick(&recovery, 607 * SECOND - 1));
    assert_true(ward_bluez_recovery_tick(&recovery, 607 * SECOND));
    assert_true(ward_bluez_recovery_due_us(&recovery) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_trouble_has_its_patience_and_its_first_rung),
        cmocka_unit_test(trouble_that_goes_on_leads_up),
        cmocka_unit_test(at_the_top_what_is_allowed_is_done_again),
        cmocka_unit_test(a_trouble_goes_no_higher_than_helps_it),
        cmocka_unit_test(a_rung_is_not_below_where_its_trouble_begins),
        cmocka_unit_test(ten_quiet_minutes_end_it),
        cmocka_unit_test(an_ear_that_hears_is_well),
        cmocka_unit_test(it_says_when_it_is_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
