/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ward/link.h"

#include "uplink/window.h"

#define MS 1000ULL

static void the_window_is_below_the_receive_maximum(void **state)
{
    static const struct {
        uint32_t receive_maximum, frames;
    } cases[] = {{1, 1}, {2, 1}, {3, 2}, {5, 4}, {64, 63}, {65, 63}, {65535, 63}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_window window;
        uint32_t frames = 0, octets = 0;

        ward_window_open(&window, cases[i].receive_maximum, UINT32_MAX);
        assert_true(ward_window_grant(&window, &frames, &octets));
        assert_int_equal(frames, cases[i].frames);
        assert_true(octets >= WARD_WINDOW_OCTETS_MIN);
        assert_false(ward_window_grant(&window, &frames, &octets));
    }
}

static void granted_and_in_flight_never_exceed_the_window(void **state)
{
    struct ward_window window;
    uint32_t frames = 0, octets = 0, credit = 0;
    uint64_t id = 0, seed = 1;
    int slots[WARD_WINDOW_SLOTS], flying = 0;

    (void)state;
    ward_window_open(&window, 10, UINT32_MAX);
    for (uint64_t step = 0; step < 20000; step++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        if (ward_window_grant(&window, &frames, &octets))
            credit += frames;
        if (credit > 0 && seed >> 63) {
            slots[flying] = ward_window_take(&window, step, 100 + (uint32_t)(seed >> 50), step * MS);
            assert_true(slots[flying++] >= 0);
            credit--;
        } else if (flying > 0)
            assert_true(ward_window_answer(&window, slots[--flying], step * MS, &id));
        assert_true(credit + (uint32_t)flying <= 9);
        assert_int_equal(window.granted_frames, credit);
        assert_int_equal(window.in_flight_frames, flying);
    }
}

static void without_credit_nothing_is_taken(void **state)
{
    struct ward_window window;
    uint32_t frames, octets;
    uint64_t id;

    (void)state;
    ward_window_open(&window, 3, UINT32_MAX);
    assert_int_equal(ward_window_take(&window, 1, 10, 0), -1);
    assert_true(ward_window_grant(&window, &frames, &octets));
    assert_true(ward_window_take(&window, 1, 10, 0) >= 0);
    assert_true(ward_window_take(&window, 2, 10, 0) >= 0);
    assert_int_equal(ward_window_take(&window, 3, 10, 0), -1);
    assert_false(ward_window_answer(&window, 5, 0, &id));
    assert_false(ward_window_answer(&window, -1, 0, &id));
    assert_false(ward_window_answer(&window, WARD_WINDOW_SLOTS, 0, &id));
    ward_window_close(&window);
    assert_false(ward_window_grant(&window, &frames, &octets));
}

static void answers_name_the_message_and_the_oldest_is_known(void **state)
{
    struct ward_window window;
    uint32_t frames, octets;
    uint64_t id = 0;
    int first, second;

    (void)state;
    ward_window_open(&window, 10, UINT32_MAX);
    ward_window_grant(&window, &frames, &octets);
    assert_true(ward_window_oldest_us(&window) == UINT64_MAX);
    first = ward_window_take(&window, 71, 10, 5 * MS);
    second = ward_window_take(&window, 72, 10, 6 * MS);
    assert_true(ward_window_oldest_us(&window) == 5 * MS);
    assert_true(ward_window_answer(&window, first, 7 * MS, &id));
    assert_true(id == 71);
    assert_false(ward_window_answer(&window, first, 7 * MS, &id)); /* once */
    assert_true(ward_window_oldest_us(&window) == 6 * MS);
    ward_window_return(&window, second);
    assert_true(ward_window_oldest_us(&window) == UINT64_MAX);
}

static void orphans_take_their_place_until_they_are_answered(void **state)
{
    struct ward_window window;
    uint32_t frames, octets;
    uint64_t id = 0;
    int orphan, child;

    (void)state;
    ward_window_open(&window, 4, UINT32_MAX);
    ward_window_grant(&window, &frames, &octets);
    orphan = ward_window_take(&window, 1, 10, 0);
    ward_window_void(&window);
    assert_int_equal(ward_window_take(&window, 2, 10, 0), -1);
    assert_true(ward_window_grant(&window, &frames, &octets));
    assert_int_equal(frames, 2);
    child = ward_window_take(&window, 2, 10, 0);
    assert_true(child != orphan);
    assert_false(ward_window_answer(&window, orphan, MS, &id));
    assert_true(ward_window_answer(&window, child, MS, &id));
    assert_true(id == 2);
    assert_true(ward_window_grant(&window, &frames, &octets));
    assert_int_equal(frames, 2);
}

/* One round of a full window whose answers take round_trip_us. */
static void fill_and_answer(struct ward_window *window, uint64_t *now_us, uint64_t round_trip_us)
{
    uint32_t frames, octets;
    uint64_t id;
    int slots[WARD_WINDOW_SLOTS], count = 0;

    ward_window_grant(window, &frames, &octets);
    while (window->granted_frames > 0 && window->granted_octets >= 500)
        slots[count++] = ward_window_take(window, 1, 500, *now_us);
    if (count == 0)
        slots[count++] = ward_window_take(window, 1, 500, *now_us);
    *now_us += round_trip_us;
    while (count > 0)
        ward_window_answer(window, slots[--count], *now_us, &id);
}

static void octets_follow_the_round_trip(void **state)
{
    struct ward_window window;
    uint64_t now_us = 1;
    uint32_t before;

    (void)state;
    ward_window_open(&window, 64, UINT32_MAX);
    before = window.octets;
    for (int i = 0; i < 10; i++)
        fill_and_answer(&window, &now_us, 20 * MS);
    assert_true(window.octets > before);
    before = window.octets;
    fill_and_answer(&window, &now_us, 2000 * MS);
    assert_int_equal(window.octets, before / 2); /* once for all that was in flight together */
    for (int i = 0; i < 20; i++)
        fill_and_answer(&window, &now_us, 2000 * MS);
    assert_int_equal(window.octets, WARD_WINDOW_OCTETS_MIN);
    for (int i = 0; i < 2000; i++)
        fill_and_answer(&window, &now_us, 20 * MS);
    assert_true(window.octets > 16384 && window.octets <= WARD_WINDOW_OCTETS_MAX);
}

/* Larger ones would be refused, each time that they came. */
static void octets_stay_below_the_largest_packet(void **state)
{
    static const struct {
        uint32_t packet_maximum, octets;
    } cases[] = {{10000, 10000},
                 {500, 500},
                 {WARD_LINK_FRAME_MAX - 1, WARD_LINK_FRAME_MAX - 1},
                 {WARD_LINK_FRAME_MAX, WARD_WINDOW_OCTETS_MAX}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_window window;
        uint64_t now_us = 0;

        ward_window_open(&window, 64, cases[i].packet_maximum);
        assert_true(window.octets <= cases[i].octets);
        assert_int_equal(window.octets_max, cases[i].octets);
        for (int round = 0; round < 2000; round++)
            fill_and_answer(&window, &now_us, 20 * MS);
        assert_true(window.octets == cases[i].octets || (cases[i].octets > 16384 && window.octets > 16384));
        fill_and_answer(&window, &now_us, 2000 * MS);
        assert_true(window.octets <= cases[i].octets);
    }
}

static void a_long_line_is_not_a_full_one(void **state)
{
    struct ward_window window;
    uint64_t now_us = 1;

    (void)state;
    ward_window_open(&window, 64, UINT32_MAX);
    const uint32_t before = window.octets;
    for (int i = 0; i < 10; i++)
        fill_and_answer(&window, &now_us, 700 * MS); /* by satellite */
    assert_true(window.octets >= before);
}

/* At 64 kbit/s, which is 8 octets a millisecond. */
static void on_a_thin_line_an_alarm_stands_behind_a_fifth_of_a_second(void **state)
{
    struct ward_window window;
    uint64_t now_us = 1;

    (void)state;
    ward_window_open(&window, 64, UINT32_MAX);
    fill_and_answer(&window, &now_us, 40 * MS); /* how short it is while it is empty */
    for (int i = 0; i < 100; i++) {
        assert_true(i < 10 || window.octets <= 1600);
        fill_and_answer(&window, &now_us, window.octets / 8 * MS);
    }
}

/* The same, where the least that is sent, a record of 930 octets, is all that the line takes in an eighth of a second. */
static void on_a_thin_line_hardly_more_than_one_record_is_on_its_way(void **state)
{
    struct ward_window window;
    uint32_t frames, octets, most = 0;
    uint64_t now_us = 1, id;

    (void)state;
    ward_window_open(&window, 64, UINT32_MAX);
    (void)ward_window_grant(&window, &frames, &octets);
    (void)ward_window_answer(&window, ward_window_take(&window, 1, 930, 0), 930 / 8 * MS, &id);
    for (int i = 0; i < 100; i++) {
        int slots[WARD_WINDOW_SLOTS], count = 0;

        (void)ward_window_grant(&window, &frames, &octets);
        do { /* with nothing unanswered one may always go */
            slots[count] = ward_window_take(&window, 1, 930, now_us);
            count++;
        } while (window.granted_frames > 0 && window.granted_octets >= 930);
        now_us += (uint64_t)count * 930 / 8 * MS;
        most = i >= 10 && window.in_flight_octets > most ? window.in_flight_octets : most;
        for (int k = 0; k < count; k++)
            (void)ward_window_answer(&window, slots[k], now_us, &id);
    }
    assert_int_equal(most, 2 * 930);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_window_is_below_the_receive_maximum),
        cmocka_unit_test(granted_and_in_flight_never_exceed_the_window),
        cmocka_unit_test(without_credit_nothing_is_taken),
        cmocka_unit_test(answers_name_the_message_and_the_oldest_is_known),
        cmocka_unit_test(orphans_take_their_place_until_they_are_answered),
        cmocka_unit_test(octets_follow_the_round_trip),
        cmocka_unit_test(octets_stay_below_the_largest_packet),
        cmocka_unit_test(a_long_line_is_not_a_full_one),
        cmocka_unit_test(on_a_thin_line_an_alarm_stands_behind_a_fifth_of_a_second),
        cmocka_unit_test(on_a_thin_line_hardly_more_than_one_record_is_on_its_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
