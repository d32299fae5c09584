/* SPDX-License-Identifier: Apache-2.0 */
/* Whether one plan is quieter than another: a table of single changes to one plan, each louder, the same or quieter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/careplan.h"

static const char present_text[] =
    "{\"schema\":\"wardgate.care-plan/1\",\"id\":\"p\",\"version\":1,\"title\":\"t\",\"review_by\":\"2027-01-31\","
    "\"source\":{\"citation\":\"c\"},\"zone\":\"Europe/London\","
    "\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\",\"expect_every_s\":3600,\"median_of\":1},"
    "{\"quantity\":\"body_mass\",\"mode\":\"spot\",\"baseline\":{\"value\":80}}],"
    "\"rules\":[{\"id\":\"low\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":90,\"clear_at\":91,\"on_delay_s\":15,"
    "\"off_delay_s\":60,\"worse_by\":2,\"priority\":\"medium\"},"
    "{\"id\":\"gain\",\"quantity\":\"body_mass\",\"level\":\"amber\",\"rises_by\":2}],"
    "\"times\":{\"medium\":{\"realarm_s\":600,\"escalate_s\":1800,\"acknowledgement_s\":7200}},"
    "\"schedule\":[{\"quantity\":\"body_mass\",\"at\":[\"08:00\"],\"grace_s\":3600}]}";

static struct ward_care_plan present, next;
static struct ward_plan_errors errors;

static void parse(const char *text, struct ward_care_plan *ret)
{
    if (!ward_care_plan_parse(text, strlen(text), ret, &errors)) {
        fail_msg("%s: %s %s", errors.list[0].pointer, errors.list[0].reason, errors.list[0].value);
    }
}

/* The plan with one piece of its text put in the place of another. */
static void changed(const char *piece, const char *other)
{
    const char *at = strstr(present_text, piece);
    const size_t before = at != NULL ? (size_t)(at - present_text) : 0;
    char *text = calloc(1, sizeof(present_text) + strlen(other));

    assert_non_null(at);
    assert_non_null(text);
    memcpy(text, present_text, before);
    memcpy(text + before, other, strlen(other));
    memcpy(text + before + strlen(other), at + strlen(piece), strlen(at + strlen(piece)) + 1);
    parse(text, &next);
    free(text);
}

static const struct {
    const char *piece, *other;
    bool quieter;
} changes[] = {
    {"\"version\":1", "\"version\":2", false},
    {"\"below\":90,\"clear_at\":91", "\"below\":91,\"clear_at\":92", false},
    {"\"below\":90", "\"below\":89", true},
    {"\"clear_at\":91", "\"clear_at\":93", false},
    {"\"clear_at\":91", "\"clear_at\":90.5", true},
    {"\"on_delay_s\":15", "\"on_delay_s\":10", false},
    {"\"on_delay_s\":15", "\"on_delay_s\":20", true},
    {"\"off_delay_s\":60", "\"off_delay_s\":120", false},
    {"\"off_delay_s\":60", "\"off_delay_s\":30", true},
    {"\"worse_by\":2", "\"worse_by\":1", false},
    {"\"worse_by\":2", "\"worse_by\":3", true},
    {"\"priority\":\"medium\"", "\"priority\":\"high\"", false},
    {"\"priority\":\"medium\"", "\"priority\":\"low\"", true},
    {"\"id\":\"low\"", "\"id\":\"lower\"", true}, /* the condition that stands would end as plan-changed */
    {"\"rises_by\":2", "\"rises_by\":1.5", false},
    {"\"rises_by\":2", "\"rises_by\":2.5", true},
    {"\"rises_by\":2", "\"rises_by\":2,\"within_s\":259200", true},
    {"\"value\":80", "\"value\":79", true},
    {"\"expect_every_s\":3600", "\"expect_every_s\":1800", false},
    {"\"expect_every_s\":3600", "\"expect_every_s\":7200", true},
    {"\"expect_every_s\":3600,", "", true},
    {"\"median_of\":1", "\"median_of\":3", true},
    {"\"realarm_s\":600", "\"realarm_s\":300", false},
    {"\"realarm_s\":600", "\"realarm_s\":900", true},
    {"\"escalate_s\":1800", "\"escalate_s\":900", false},
    {"\"escalate_s\":1800", "\"escalate_s\":2400", true},
    {"\"acknowledgement_s\":7200", "\"acknowledgement_s\":3600", false},
    {"\"acknowledgement_s\":7200", "\"acknowledgement_s\":10800", true},
    {"\"grace_s\":3600", "\"grace_s\":1800", false},
    {"\"grace_s\":3600", "\"grace_s\":5400", true},
    {"\"08:00\"", "\"09:00\"", true},
    {"\"08:00\"", "\"08:00\",\"20:00\"", true},
    {"Europe/London", "Europe/Berlin", true},
    {"2027-01-31", "2027-01-30", false},
    {"2027-01-31", "2027-02-28", true},
    {"\"zone\":", "\"late_max_age_s\":3600,\"zone\":", true},
    {"\"rules\":[", "\"rules\":[{\"id\":\"new\",\"quantity\":\"spo2\",\"level\":\"amber\",\"below\":94},",
     false},
};

static void each_change_is_quieter_or_not(void **state)
{
    (void)state;
    parse(present_text, &present);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        changed(changes[i].piece, changes[i].other);
        if (ward_care_plan_is_quieter(&present, &next) != changes[i].quieter) {
            fail_msg("%s instead of %s", changes[i].other, changes[i].piece);
        }
    }
}

static void what_is_left_out_is_quieter(void **state)
{
    (void)state;
    parse(present_text, &present);
    next = present;
    next.rule_count = 1;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    next = present;
    next.quantity_count = 1;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    next = present;
    next.schedule_count = 0;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    assert_false(ward_care_plan_is_quieter(&present, &present));
    assert_false(ward_care_plan_is_quieter(NULL, &present));
}

static void a_score_that_is_kept_less_strictly_is_quieter(void **state)
{
    (void)state;
    parse(present_text, &present);
    present.news2.used = true;
    present.news2.scale = 1;
    present.news2.low_from = 3;
    next = present;
    assert_false(ward_care_plan_is_quieter(&present, &next));
    next.news2.low_from = 2;
    assert_false(ward_care_plan_is_quieter(&present, &next));
    next.news2.low_from = 0;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    next = present;
    next.news2.scale = 2;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    next.news2.used = false;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    present.news2.used = false;
    assert_false(ward_care_plan_is_quieter(&present, &next));
}

static void what_is_worn_must_be_expected_as_before(void **state)
{
    (void)state;
    parse(present_text, &present);
    present.quantities[0].worn = true;
    present.quantities[0].wear = (struct ward_plan_hours){.from_min = 480, .until_min = 1200, .days = 127};
    present.quantities[0].silent_ms = 600000;
    next = present;
    next.quantities[0].silent_ms = 300000;
    assert_false(ward_care_plan_is_quieter(&present, &next));
    next.quantities[0].silent_ms = 900000;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    next = present;
    next.quantities[0].wear.until_min = 1100;
    assert_true(ward_care_plan_is_quieter(&present, &next));
    next = present;
    next.quantities[0].worn = false;
    assert_true(ward_care_plan_is_quieter(&present, &next));
}

#define SIGNED(payload) "{\"protected\":\"e30\",\"payload\":\"" payload "\",\"signature\":\"AA\"}"
/* {"body":{"a":1}}, {"body":{"a":2}}, and {"type":"command","body":{"plan":{"a":1}}} */
#define ONE       SIGNED("eyJib2R5Ijp7ImEiOjF9fQ")
#define TWO       SIGNED("eyJib2R5Ijp7ImEiOjJ9fQ")
#define ADMISSION SIGNED("eyJ0eXBlIjoiY29tbWFuZCIsImJvZHkiOnsicGxhbiI6eyJhIjoxfX19")

static void a_plan_is_the_same_in_any_envelope(void **state)
{
    char *plain = ward_care_plan_plain(ADMISSION);

    (void)state;
    assert_true(ward_care_plan_is_same(ONE, "{ \"a\": 1 }"));
    assert_true(ward_care_plan_is_same(ONE, ADMISSION));
    assert_false(ward_care_plan_is_same(ONE, TWO));
    assert_false(ward_care_plan_is_same(ONE, "{"));
    assert_true(ward_care_plan_is_signed(ONE, strlen(ONE)));
    assert_false(ward_care_plan_is_signed("{\"a\":1}", 7));
    assert_non_null(plain);
    assert_string_equal(plain, "{\"a\":1}");
    free(plain);
    assert_null(ward_care_plan_plain(SIGNED("eyJhIjoxfQ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_quieter_or_not),
        cmocka_unit_test(what_is_left_out_is_quieter),
        cmocka_unit_test(a_score_that_is_kept_less_strictly_is_quieter),
        cmocka_unit_test(what_is_worn_must_be_expected_as_before),
        cmocka_unit_test(a_plan_is_the_same_in_any_envelope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
