/* SPDX-License-Identifier: Apache-2.0 */
/* A care plan: what a good one becomes, and what each bad one is told, place by place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base64url.h"
#include "core/careplan.h"

static struct ward_care_plan plan;
static struct ward_plan_errors errors;

#define HEAD                                                                                                       \
    "\"schema\":\"wardgate.care-plan/1\",\"id\":\"p\",\"version\":1,\"title\":\"t\",\"review_by\":\"2027-01-31\"," \
    "\"source\":{\"citation\":\"c\"}"
#define QUANTITIES                                                                                           \
    "\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\"},{\"quantity\":\"glucose\",\"mode\":\"spot\"}]"
#define RULES "\"rules\":[{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93}]"

static bool parse(const char *json)
{
    return ward_care_plan_parse(json, strlen(json), &plan, &errors);
}

/* The document is refused, and told this reason (a part of it) at this place. */
static void refused(const char *json, const char *pointer, const char *reason)
{
    bool found = false;

    assert_false(parse(json));
    for (size_t i = 0; i < errors.count; i++) {
        found |=
            strcmp(errors.list[i].pointer, pointer) == 0 && strstr(errors.list[i].reason, reason) != NULL;
    }
    if (!found) {
        for (size_t i = 0; i < errors.count; i++) {
            print_error("%s: %s: %s\n", errors.list[i].pointer, errors.list[i].reason, errors.list[i].value);
        }
        fail_msg("not told: %s: %s", pointer, reason);
    }
}

static void refused_rules(const char *rules, const char *pointer, const char *reason)
{
    char json[2048];

    snprintf(json, sizeof(json), "{" HEAD "," QUANTITIES ",\"rules\":[%s]}", rules);
    refused(json, pointer, reason);
}

static void a_small_plan_gets_the_defaults(void **state)
{
    const struct ward_plan_rule *rule;

    (void)state;
    assert_true(parse("{" HEAD "," QUANTITIES "," RULES "}"));
    rule = ward_care_plan_rule(&plan, WARD_SPO2, WARD_SIDE_BELOW, WARD_LEVEL_RED);
    assert_non_null(rule);
    assert_int_equal(rule->priority, WARD_PRIORITY_HIGH);
    assert_int_equal(rule->on_delay_ms, 15000);
    assert_int_equal(rule->off_delay_ms, 60000);
    assert_int_equal(rule->clear_at.mantissa, 94);
    assert_int_equal(rule->clear_at.exponent, 0);
    assert_int_equal(rule->worse_by.mantissa, 2);
    assert_int_equal(plan.times[WARD_PRIORITY_HIGH].realarm_ms, 5 * 60 * 1000);
    assert_int_equal(plan.times[WARD_PRIORITY_HIGH].escalate_ms, 0);
    assert_int_equal(plan.times[WARD_PRIORITY_MEDIUM].escalate_ms, 60 * 60 * 1000);
    assert_int_equal(plan.times[WARD_PRIORITY_LOW].acknowledgement_ms, 24 * 3600 * 1000);
    assert_int_equal(plan.quantities[0].stale_ms, 60000);
    assert_int_equal(plan.quantities[0].expect_ms, 0);
    assert_int_equal(plan.late_max_age_ms, 12 * 3600 * 1000);
    assert_null(ward_care_plan_rule(&plan, WARD_SPO2, WARD_SIDE_ABOVE, WARD_LEVEL_RED));
    assert_null(ward_care_plan_quantity(&plan, WARD_HEART_RATE));
}

static void limits_are_exact_decimals(void **state)
{
    (void)state;
    assert_true(
        parse("{" HEAD "," QUANTITIES ",\"rules\":[{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\","
              "\"below\":3.9},{\"id\":\"s\",\"quantity\":\"glucose\",\"level\":\"red\",\"above\":16.7}]}"));
    assert_int_equal(plan.rules[0].limit.mantissa, 39);
    assert_int_equal(plan.rules[0].limit.exponent, -1);
    assert_int_equal(plan.rules[1].limit.mantissa, 167);
    assert_int_equal(plan.rules[1].limit.exponent, -1);
    refused_rules("{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"below\":3.90001}",
                  "/rules/0/below", "three digits");
}

static void the_signed_form_is_opened(void **state)
{
    const char *payload = "{\"type\":\"care-plan\",\"body\":{" HEAD "," QUANTITIES "," RULES "}}";
    char encoded[2048], json[2200];

    (void)state;
    encoded[ward_base64url_encode((const uint8_t *)payload, strlen(payload), encoded)] = '\0';
    snprintf(json, sizeof(json), "{\"protected\":\"e30\",\"payload\":\"%s\",\"signature\":\"AA\"}", encoded);
    assert_true(parse(json));
    assert_string_equal(plan.id.text, "p");
    refused("{\"protected\":\"e30\",\"payload\":\"e30\",\"signature\":\"AA\"}", "/payload", "no body");
    refused("{\"payload\":\"*\"}", "/payload", "no body");
}

static void what_is_not_known_is_refused(void **state)
{
    (void)state;
    refused("{" HEAD "," QUANTITIES "," RULES ",\"news2\":{}}", "/news2", "not known");
    refused("{" HEAD "," QUANTITIES "," RULES ",\"a/b~c\":1}", "/a~1b~0c", "not known");
    refused("{" HEAD ",\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\",\"window\":3}]," RULES "}",
            "/quantities/0/window", "not known");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"median\":5}",
                  "/rules/0/median", "not known");
    refused("{" HEAD "," QUANTITIES "," RULES ",\"times\":{\"urgent\":{}}}", "/times/urgent", "not known");
}

static void documents_that_are_none(void **state)
{
    (void)state;
    refused("", "", "");
    refused("[]", "", "object");
    refused("{\"id\":1,\"id\":2}", "", "duplicate");
    refused("{}", "/id", "missing");
    refused("{}", "/rules", "missing");
    refused("{\"rules\":[],\"quantities\":{}}", "/rules", "empty");
    refused("{\"rules\":[],\"quantities\":{}}", "/quantities", "list");
}

static void every_error_is_told_at_once(void **state)
{
    (void)state;
    assert_false(parse(
        "{\"schema\":\"x\",\"id\":\"a b\",\"version\":0,\"title\":\"\",\"review_by\":\"2027-02-30\","
        "\"source\":{\"example\":1},\"late_max_age_s\":-1,\"quantities\":[{\"quantity\":\"air\",\"mode\":"
        "\"both\"}],\"rules\":[7],\"colour\":1}"));
    assert_int_equal(errors.total, 12);
    assert_int_equal(errors.count, errors.total);
    refused("{\"version\":0}", "/version", "whole number");
    assert_string_equal(errors.list[0].value, "");
}

static void values_out_of_bounds(void **state)
{
    (void)state;
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"on_delay_s\":121}",
                  "/rules/0/on_delay_s", "from 0 to 120");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"off_delay_s\":601}",
                  "/rules/0/off_delay_s", "from 0 to 600");
    refused_rules("{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"below\":4,\"on_delay_s\":5}",
                  "/rules/0/on_delay_s", "at once");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":30}", "/rules/0/below",
                  "plausible");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"above\":100}", "/rules/0/above",
                  "plausible");
    refused_rules("{\"id\":\"r\",\"quantity\":\"battery\",\"level\":\"red\",\"below\":10}",
                  "/rules/0/quantity", "not a quantity");
    refused_rules("{\"id\":\"r\",\"quantity\":\"heart_rate\",\"level\":\"red\",\"below\":40}",
                  "/rules/0/quantity", "list of quantities");
    refused_rules(
        "{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"patient_text\":\"a b c d e f g "
        "h i j k l m n o p\"}",
        "/rules/0/patient_text", "15 words");
    refused("{" HEAD "," QUANTITIES "," RULES ",\"times\":{\"high\":{\"realarm_s\":301}}}",
            "/times/high/realarm_s", "from 60 to 300");
    refused("{" HEAD "," QUANTITIES "," RULES ",\"times\":{\"high\":{\"escalate_s\":60}}}",
            "/times/high/escalate_s", "no priority above");
    refused("{" HEAD ",\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\",\"stale_s\":5}]," RULES "}",
            "/quantities/0/stale_s", "from 20");
    refused("{" HEAD ",\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\",\"settle_s\":5}]," RULES
            "}",
            "/quantities/0/settle_s", "only mode spot");
}

static void clinical_sanity(void **state)
{
    (void)state;
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"clear_at\":93}",
                  "/rules/0/clear_at", "inside the limit");
    refused_rules("{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"above\":15,\"clear_at\":16}",
                  "/rules/0/clear_at", "inside the limit");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"worse_by\":0}",
                  "/rules/0/worse_by", "more than 0");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93},"
                  "{\"id\":\"a\",\"quantity\":\"spo2\",\"level\":\"amber\",\"below\":92}",
                  "/rules/1/below", "amber must lie inside red");
    refused_rules("{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"above\":15},"
                  "{\"id\":\"a\",\"quantity\":\"glucose\",\"level\":\"amber\",\"above\":15}",
                  "/rules/1/above", "amber must lie inside red");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"priority\":\"low\"},"
                  "{\"id\":\"a\",\"quantity\":\"spo2\",\"level\":\"amber\",\"below\":95}",
                  "/rules/1/priority", "higher priority");
    refused_rules("{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"below\":12},"
                  "{\"id\":\"s\",\"quantity\":\"glucose\",\"level\":\"red\",\"above\":10}",
                  "/rules/0/below", "below the high limit");
    refused_rules("{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"below\":9.8},"
                  "{\"id\":\"s\",\"quantity\":\"glucose\",\"level\":\"red\",\"above\":10}",
                  "/rules/0/below", "could not clear");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93},"
                  "{\"id\":\"r\",\"quantity\":\"glucose\",\"level\":\"red\",\"below\":4}",
                  "/rules/1/id", "another rule");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93},"
                  "{\"id\":\"s\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":91}",
                  "/rules/1", "this quantity, side and level");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"above\":97}",
                  "/rules/0", "either below or above");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\"}", "/rules/0",
                  "either below or above");
}

static void a_refused_plan_changes_nothing(void **state)
{
    (void)state;
    assert_true(parse("{" HEAD "," QUANTITIES "," RULES "}"));
    plan.version = 77;
    assert_false(parse("{" HEAD "," QUANTITIES "," RULES ",\"x\":1}"));
    assert_int_equal(plan.version, 77);
}

static void the_list_of_errors_is_bounded(void **state)
{
    char *json = calloc(1, 8192);

    (void)state;
    assert_non_null(json);
    strcpy(json, "{");
    for (int i = 0; i < 100; i++) {
        snprintf(json + strlen(json), 64, "\"m%d\":0,", i);
    }
    strcat(json, HEAD "," QUANTITIES "," RULES "}");
    assert_false(parse(json));
    assert_int_equal(errors.count, WARD_PLAN_ERRORS_MAX);
    assert_int_equal(errors.total, 100);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_plan_gets_the_defaults), cmocka_unit_test(limits_are_exact_decimals),
        cmocka_unit_test(the_signed_form_is_opened),      cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(documents_that_are_none),        cmocka_unit_test(every_error_is_told_at_once),
        cmocka_unit_test(values_out_of_bounds),           cmocka_unit_test(clinical_sanity),
        cmocka_unit_test(a_refused_plan_changes_nothing), cmocka_unit_test(the_list_of_errors_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
