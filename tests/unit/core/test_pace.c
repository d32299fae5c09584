/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room for backlog: the rules one by one, and against hubs of every speed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pace.h"

#define MS UINT64_C(1000)

static void prompt_receipts_double_the_room_that_was_used(void **state)
{
    struct ward_pace pace;

    (void)state;
    ward_pace_init(&pace);
    assert_int_equal(pace.room, WARD_PACE_ROOM_MIN);
    ward_pace_backlog_heard(&pace, 200 * MS, pace.room);
    assert_int_equal(pace.room, 2 * WARD_PACE_ROOM_MIN);
    ward_pace_backlog_heard(&pace, 200 * MS + WARD_PACE_PROMPT_US, pace.room);
    assert_int_equal(pace.room, 4 * WARD_PACE_ROOM_MIN);
    ward_pace_backlog_heard(&pace, 200 * MS, pace.room / 2 - 1);
    assert_int_equal(pace.room, 4 * WARD_PACE_ROOM_MIN);
    ward_pace_backlog_heard(&pace, 201 * MS + WARD_PACE_PROMPT_US, pace.room);
    assert_int_equal(pace.room, 4 * WARD_PACE_ROOM_MIN);
}

static void late_ones_halve_it_and_a_missed_one_leaves_the_least(void **state)
{
    struct ward_pace pace = {.room = 400, .quickest_us = 200 * MS};

    (void)state;
    ward_pace_backlog_heard(&pace, 200 * MS + WARD_PACE_LATE_US, 400);
    assert_int_equal(pace.room, 400);
    ward_pace_backlog_heard(&pace, 201 * MS + WARD_PACE_LATE_US, 400);
    assert_int_equal(pace.room, 200);
    ward_pace_missed(&pace);
    assert_int_equal(pace.room, WARD_PACE_ROOM_MIN);
}

static void the_room_has_bounds(void **state)
{
    struct ward_pace pace = {.room = WARD_PACE_ROOM_MAX, .quickest_us = 200 * MS};

    (void)state;
    ward_pace_backlog_heard(&pace, 200 * MS, WARD_PACE_ROOM_MAX);
    assert_int_equal(pace.room, WARD_PACE_ROOM_MAX);
    for (int i = 0; i < 20; i++)
        ward_pace_backlog_heard(&pace, 10000 * MS, WARD_PACE_ROOM_MAX);
    assert_int_equal(pace.room, WARD_PACE_ROOM_MIN);
}

/* Live readings show how quick the way is: what backlog takes beyond that is the line that it stands in. */
static void live_readings_tell_how_quick_the_way_is(void **state)
{
    struct ward_pace pace = {.room = 400, .quickest_us = 1500 * MS};

    (void)state;
    ward_pace_heard(&pace, 200 * MS);
    ward_pace_backlog_heard(&pace, 1500 * MS, 400);
    assert_int_equal(pace.room, 200);
}

static void a_way_that_became_longer_is_not_a_slow_hub(void **state)
{
    struct ward_pace pace = {.room = WARD_PACE_ROOM_MIN, .quickest_us = 200 * MS};

    (void)state;
    ward_pace_backlog_heard(&pace, 1800 * MS, WARD_PACE_ROOM_MIN);
    assert_int_equal(pace.quickest_us, 1800 * MS);
    assert_int_equal(pace.room, 2 * WARD_PACE_ROOM_MIN);
    ward_pace_backlog_heard(&pace, 9000 * MS, WARD_PACE_ROOM_MIN);
    assert_int_equal(pace.quickest_us, WARD_PACE_WAY_US);
}

/*
 * A hub that takes so long for a record, behind a way of so long: whatever comes after the room that is used waits for
 * about a second at most, and the hub has something to do for more than half of the time.
 */
static void no_hub_is_given_more_than_it_does_in_a_second(void **state)
{
    static const uint64_t way_us[] = {5 * MS, 250 * MS, 1500 * MS};
    static const uint64_t record_us[] = {1, 20, 100, 400, 1000, 5000, 20000};

    (void)state;
    for (size_t i = 0; i < sizeof(way_us) / sizeof(way_us[0]); i++)
        for (size_t j = 0; j < sizeof(record_us) / sizeof(record_us[0]); j++) {
            struct ward_pace pace;

            ward_pace_init(&pace);
            for (int receipt = 0; receipt < 100; receipt++) {
                const uint64_t line_us = pace.room * record_us[j];

                assert_in_range(line_us, 0, WARD_PACE_LATE_US + 3 * WARD_PACE_PROMPT_US / 2);
                ward_pace_backlog_heard(&pace, way_us[i] + line_us, pace.room);
            }
            assert_true(pace.room == WARD_PACE_ROOM_MAX ||
                        pace.room * record_us[j] >= WARD_PACE_PROMPT_US / 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prompt_receipts_double_the_room_that_was_used),
        cmocka_unit_test(late_ones_halve_it_and_a_missed_one_leaves_the_least),
        cmocka_unit_test(the_room_has_bounds),
        cmocka_unit_test(live_readings_tell_how_quick_the_way_is),
        cmocka_unit_test(a_way_that_became_longer_is_not_a_slow_hub),
        cmocka_unit_test(no_hub_is_given_more_than_it_does_in_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
