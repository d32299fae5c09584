/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/alarm_names.h"

static const struct {
    const char *(*name_of)(uint8_t);
    bool (*number_of)(const char *, uint8_t *);
    uint8_t first, count; /* the numbers first .. count - 1 have names that can be read back */
} tables[] = {
    {ward_alarm_priority_name, ward_alarm_priority_by_name, 0, WARD_PRIORITY_HIGH + 1},
    {ward_alarm_kind_name, ward_alarm_kind_by_name, 0, WARD_ALARM_ADVISORY + 1},
    {ward_alarm_state_name, ward_alarm_state_by_name, 0, WARD_ALARM_ENDED_UNSEEN + 1},
    {ward_alarm_event_name, ward_alarm_event_by_name, 0, WARD_EVENT_CLEARED + 1},
    {ward_cleared_reason_name, ward_cleared_reason_by_name, 1, WARD_CLEARED_DISCHARGED + 1},
};

static void every_number_has_a_name_that_is_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (uint8_t number = tables[i].first; number < tables[i].count; number++) {
            uint8_t back = 255;
            assert_non_null(tables[i].name_of(number));
            assert_true(tables[i].number_of(tables[i].name_of(number), &back));
            assert_int_equal(back, number);
        }
        assert_null(tables[i].name_of(tables[i].count));
    }
}

static void other_names_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        uint8_t back = 255;
        assert_false(tables[i].number_of("", &back));
        assert_false(tables[i].number_of("High", &back));
        assert_int_equal(back, 255);
    }
}

static void two_kinds_of_event_stay_at_home(void **state)
{
    (void)state;
    assert_false(ward_alarm_event_is_published(WARD_EVENT_PENDING));
    assert_false(ward_alarm_event_is_published(WARD_EVENT_SETTLED));
    for (uint8_t event = WARD_EVENT_RAISED; event <= WARD_EVENT_CLEARED; event++) {
        assert_true(ward_alarm_event_is_published(event));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_has_a_name_that_is_its_own),
        cmocka_unit_test(other_names_are_refused),
        cmocka_unit_test(two_kinds_of_event_stay_at_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
