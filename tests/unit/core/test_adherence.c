/* SPDX-License-Identifier: Apache-2.0 */
/* How a patient keeps to the plan: counting, spans, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/adherence.h"

#define HOUR_MS  INT64_C(3600000)
#define BEGIN_MS INT64_C(1795338000000)

static struct ward_adherence adherence;

static int set_up(void **state)
{
    (void)state;
    adherence = (struct ward_adherence){.count = 0};
    return 0;
}

static void a_measurement_is_noted_once_and_can_get_better(void **state)
{
    struct ward_adherence_figures figures;

    (void)state;
    ward_adherence_note(&adherence, BEGIN_MS, WARD_SLOT_MISSED);
    ward_adherence_note(&adherence, BEGIN_MS, WARD_SLOT_IN_TIME);           /* is noted already */
    ward_adherence_note(&adherence, BEGIN_MS - HOUR_MS, WARD_SLOT_IN_TIME); /* the clock was set back */
    ward_adherence_improve(&adherence, BEGIN_MS + HOUR_MS, WARD_SLOT_LATE); /* is not noted */
    figures = ward_adherence_total(&adherence);
    assert_int_equal(figures.due, 1);
    assert_int_equal(figures.missed, 1);
    ward_adherence_improve(&adherence, BEGIN_MS, WARD_SLOT_IN_TIME);
    ward_adherence_improve(&adherence, BEGIN_MS, WARD_SLOT_LATE); /* no worse again */
    figures = ward_adherence_total(&adherence);
    assert_int_equal(figures.due, 1);
    assert_int_equal(figures.in_time, 1);
    assert_int_equal(figures.late, 0);
    assert_int_equal(figures.missed, 0);
}

static void a_clock_that_was_put_back_makes_the_rest_unknown(void **state)
{
    struct ward_adherence_figures figures;

    (void)state;
    ward_adherence_note(&adherence, BEGIN_MS, WARD_SLOT_IN_TIME);
    ward_adherence_note(&adherence, BEGIN_MS + HOUR_MS, WARD_SLOT_MISSED);
    ward_adherence_note(&adherence, BEGIN_MS + 2 * HOUR_MS, WARD_SLOT_IN_TIME);
    assert_true(ward_adherence_is_in_time(&adherence, BEGIN_MS + 2 * HOUR_MS));
    assert_false(ward_adherence_is_in_time(&adherence, BEGIN_MS + HOUR_MS));
    ward_adherence_forget(&adherence, BEGIN_MS + HOUR_MS);
    figures = ward_adherence_total(&adherence);
    assert_int_equal(figures.due, 1);
    assert_int_equal(figures.in_time, 1);
    assert_true(ward_adherence_is_in_time(&adherence, BEGIN_MS));
    assert_false(ward_adherence_is_in_time(&adherence, BEGIN_MS + 2 * HOUR_MS));
    ward_adherence_note(&adherence, BEGIN_MS + HOUR_MS, WARD_SLOT_IN_TIME);
    ward_adherence_forget(&adherence, BEGIN_MS);
    figures = ward_adherence_total(&adherence);
    assert_int_equal(figures.due, 0);
}

static void a_week_is_remembered_and_all_is_counted(void **state)
{
    struct ward_adherence_figures figures;
    const int hours = 24 * 20;
    const int64_t end_ms = BEGIN_MS + hours * HOUR_MS;

    (void)state;
    for (int hour = 3; hour <= hours; hour += 3) { /* eight a day: the most there are */
        ward_adherence_note(&adherence, BEGIN_MS + hour * HOUR_MS,
                            hour % 24 == 0 ? WARD_SLOT_MISSED : WARD_SLOT_IN_TIME);
    }
    figures = ward_adherence_total(&adherence);
    assert_int_equal(figures.due, 160);
    assert_int_equal(figures.missed, 20);
    figures = ward_adherence_since(&adherence, end_ms - 24 * HOUR_MS + 1);
    assert_int_equal(figures.due, 8);
    assert_int_equal(figures.missed, 1);
    figures = ward_adherence_since(&adherence, end_ms - 7 * 24 * HOUR_MS);
    assert_int_equal(figures.due, 57);
    assert_int_equal(figures.missed, 8);
    assert_true(adherence.count <= WARD_ADHERENCE_SLOTS);
}

static void wear_is_summed_up_by_spans(void **state)
{
    struct ward_wear wear;
    const int64_t end_ms = BEGIN_MS + 24 * 10 * HOUR_MS;

    (void)state;
    for (int hour = 1; hour <= 24 * 10; hour++) { /* half of each hour; the last day a quarter */
        ward_adherence_wear(
            &adherence, BEGIN_MS + hour * HOUR_MS,
            (struct ward_wear){(uint64_t)HOUR_MS, (uint64_t)HOUR_MS / (hour > 24 * 9 ? 4 : 2)});
    }
    assert_true(adherence.worn.expected_ms == 240 * (uint64_t)HOUR_MS);
    wear = ward_adherence_worn_since(&adherence, end_ms - 24 * HOUR_MS);
    assert_in_range(wear.expected_ms, 24 * HOUR_MS, 27 * HOUR_MS);
    assert_in_range(wear.worn_ms, 6 * HOUR_MS, 15 * HOUR_MS / 2);
    wear = ward_adherence_worn_since(&adherence, end_ms - 7 * 24 * HOUR_MS);
    assert_in_range(wear.expected_ms, 168 * HOUR_MS, 171 * HOUR_MS);
    /* After a fortnight in a drawer nothing of it is of the last week. */
    ward_adherence_wear(&adherence, end_ms + 14 * 24 * HOUR_MS, (struct ward_wear){1000, 1000});
    wear = ward_adherence_worn_since(&adherence, end_ms + 7 * 24 * HOUR_MS);
    assert_true(wear.expected_ms == 1000 && wear.worn_ms == 1000);
    /* A clock that is set back takes nothing away, and adds to the newest. */
    ward_adherence_wear(&adherence, end_ms, (struct ward_wear){1000, 0});
    wear = ward_adherence_worn_since(&adherence, end_ms + 7 * 24 * HOUR_MS);
    assert_true(wear.expected_ms == 2000 && wear.worn_ms == 1000);
}

static void as_json(void **state)
{
    const struct ward_adherence_report reports[] = {
        {.quantity = WARD_SPO2,
         .scheduled = true,
         .dated = true,
         .day.slots = {3, 2, 1, 0},
         .week.slots = {21, 17, 2, 2},
         .total.slots = {34, 29, 2, 3}},
        {.quantity = WARD_HEART_RATE, .worn = true, .total.wear = {79200000, 59400000}},
        {.quantity = WARD_BODY_MASS, .worn = true},
    };
    char text[1024];
    struct ward_json json;

    (void)state;
    ward_json_init(&json, text, sizeof(text), WARD_JSON_CANONICAL);
    ward_adherence_write_json(reports, 3, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_string_equal(
        text, "[{\"quantity\":\"spo2\",\"last_24_h\":{\"due\":3,\"in_time\":2,\"late\":1,\"missed\":0},"
              "\"last_7_d\":{\"due\":21,\"in_time\":17,\"late\":2,\"missed\":2},"
              "\"since_admission\":{\"due\":34,\"in_time\":29,\"late\":2,\"missed\":3}},"
              "{\"quantity\":\"heart_rate\",\"since_admission\":{\"wear\":{\"expected_s\":79200,"
              "\"worn_s\":59400,\"share\":0.75}}},"
              "{\"quantity\":\"body_mass\",\"since_admission\":{\"wear\":{\"expected_s\":0,\"worn_s\":0,"
              "\"share\":null}}}]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_measurement_is_noted_once_and_can_get_better, set_up),
        cmocka_unit_test_setup(a_clock_that_was_put_back_makes_the_rest_unknown, set_up),
        cmocka_unit_test_setup(a_week_is_remembered_and_all_is_counted, set_up),
        cmocka_unit_test_setup(wear_is_summed_up_by_spans, set_up),
        cmocka_unit_test(as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
