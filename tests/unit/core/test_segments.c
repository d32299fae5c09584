/* SPDX-License-Identifier: Apache-2.0 */
/* Health observations in segments: the case table of core/segments.h, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/segments.h"

enum { FIRST = 1, LAST = 2 };

/* A segment with this counter and one octet. The allocation ends with it: a sanitizer sees a read past its end. */
static bool add(struct ward_segments *segments, uint8_t flags, unsigned counter, uint8_t octet)
{
    uint8_t *segment = malloc(2);
    bool whole;

    segment[0] = (uint8_t)(counter << 2) | flags;
    segment[1] = octet;
    whole = ward_segments_add(segments, segment, 2);
    free(segment);
    return whole;
}

static void assert_told(const struct ward_segments *segments, const char *octets)
{
    assert_int_equal(segments->length, 1 + strlen(octets));
    assert_int_equal(segments->octets[0] & (FIRST | LAST), FIRST | LAST);
    assert_memory_equal(segments->octets + 1, octets, strlen(octets));
}

static void one_segment_is_whole(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_true(add(&segments, FIRST | LAST, 63, 'a'));
    assert_told(&segments, "a");
    assert_int_equal(segments.octets[0] >> 2, 63);
    assert_true(add(&segments, FIRST | LAST, 7, 'b'));
    assert_told(&segments, "b");
    assert_int_equal(segments.lost, 0);
}

static void the_counter_goes_round(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_false(add(&segments, FIRST, 62, 'a'));
    assert_false(add(&segments, 0, 63, 'b'));
    assert_false(add(&segments, 0, 0, 'c'));
    assert_true(add(&segments, LAST, 1, 'd'));
    assert_told(&segments, "abcd");
    assert_int_equal(segments.octets[0] >> 2, 62);
    assert_int_equal(segments.lost, 0);
}

static void halves_of_two_never_meet(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_false(add(&segments, FIRST, 1, 'a'));
    assert_false(add(&segments, LAST, 3, 'c'));
    assert_int_equal(segments.lost, 2);
    assert_false(add(&segments, LAST, 4, 'd'));
    assert_false(add(&segments, 0, 5, 'e'));
    assert_int_equal(segments.lost, 4);
    assert_true(add(&segments, FIRST | LAST, 6, 'f'));
    assert_told(&segments, "f");
}

static void the_same_segment_twice_is_not_the_next(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_false(add(&segments, FIRST, 1, 'a'));
    assert_false(add(&segments, LAST, 1, 'a'));
    assert_int_equal(segments.lost, 2);
}

static void a_first_one_begins_anew(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_false(add(&segments, FIRST, 1, 'a'));
    assert_false(add(&segments, 0, 2, 'b'));
    assert_false(add(&segments, FIRST, 3, 'c'));
    assert_int_equal(segments.lost, 2);
    assert_true(add(&segments, LAST, 4, 'd'));
    assert_told(&segments, "cd");
    assert_false(add(&segments, FIRST, 5, 'e'));
    assert_true(add(&segments, FIRST | LAST, 6, 'f'));
    assert_told(&segments, "f");
    assert_int_equal(segments.lost, 3);
}

static void after_the_last_nothing_goes_on(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_true(add(&segments, FIRST | LAST, 1, 'a'));
    assert_false(add(&segments, LAST, 2, 'b'));
    assert_int_equal(segments.lost, 1);
}

static void it_is_bounded_as_a_value_is(void **state)
{
    static const uint8_t zeros[WARD_GATT_VALUE_MAX + 1] = {FIRST};
    struct ward_segments segments = {0};

    (void)state;
    assert_false(ward_segments_add(&segments, zeros, WARD_GATT_VALUE_MAX - 1));
    assert_true(add(&segments, LAST, 1, 'z'));
    assert_int_equal(segments.length, WARD_GATT_VALUE_MAX);
    assert_false(ward_segments_add(&segments, zeros, WARD_GATT_VALUE_MAX));
    assert_false(add(&segments, LAST, 1, 'z'));
    assert_int_equal(segments.lost, 2);
    assert_false(ward_segments_add(&segments, zeros, WARD_GATT_VALUE_MAX + 1));
    assert_int_equal(segments.lost, 3);
}

static void an_empty_one_loses_what_was_begun(void **state)
{
    struct ward_segments segments = {0};

    (void)state;
    assert_false(add(&segments, FIRST, 1, 'a'));
    assert_false(ward_segments_add(&segments, NULL, 0));
    assert_int_equal(segments.lost, 2);
    assert_false(add(&segments, LAST, 2, 'b'));
    assert_int_equal(segments.lost, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_segment_is_whole),
        cmocka_unit_test(the_counter_goes_round),
        cmocka_unit_test(halves_of_two_never_meet),
        cmocka_unit_test(the_same_segment_twice_is_not_the_next),
        cmocka_unit_test(a_first_one_begins_anew),
        cmocka_unit_test(after_the_last_nothing_goes_on),
        cmocka_unit_test(it_is_bounded_as_a_value_is),
        cmocka_unit_test(an_empty_one_loses_what_was_begun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
