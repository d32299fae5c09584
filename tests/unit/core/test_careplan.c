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
    refused("{" HEAD "," QUANTITIES "," RULES ",\"news3\":{}}", "/news3", "did you mean \"news2\"?");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"bellow\":93}", "/rules/0/bellow",
                  "did you mean \"below\"?");
    refused("{" HEAD "," QUANTITIES "," RULES ",\"colour\":1}", "/colour", "nothing would be done for it");
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
    refused("\xEF\xBB\xBF{" HEAD "," QUANTITIES "," RULES "}", "", "byte order mark");
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
    refused_rules(
        "{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"patient_text\":\"a b c d\\ne f g "
        "h i j k\\tl m n o p\"}",
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

/* A plan of a spot quantity, with members more. */
#define SPOT(members, rule)                                                                                  \
    "{" HEAD ",\"quantities\":[{\"quantity\":\"body_mass\",\"mode\":\"spot\"" members                        \
    "}],\"rules\":[{\"id\":\"r\","                                                                           \
    "\"quantity\":\"body_mass\",\"level\":\"amber\"," rule "}]}"

static void changes(void **state)
{
    const struct ward_plan_rule *rule;

    (void)state;
    assert_true(parse(SPOT("", "\"rises_by\":2,\"within_s\":259200")));
    rule = ward_care_plan_change(&plan, WARD_BODY_MASS, WARD_SIDE_ABOVE, WARD_LEVEL_AMBER);
    assert_non_null(rule);
    assert_int_equal(rule->kind, WARD_RULE_WITHIN);
    assert_int_equal(rule->within_ms, 259200000);
    assert_int_equal(rule->change.mantissa, 2);
    assert_null(ward_care_plan_rule(&plan, WARD_BODY_MASS, WARD_SIDE_ABOVE, WARD_LEVEL_AMBER));
    assert_true(parse(SPOT(",\"baseline\":{\"value\":80.5}", "\"falls_by\":1.5")));
    assert_int_equal(plan.rules[0].kind, WARD_RULE_BASELINE);
    assert_int_equal(plan.quantities[0].baseline, WARD_BASELINE_GIVEN);
    assert_int_equal(plan.quantities[0].baseline_value.mantissa, 805);
    assert_true(parse(SPOT(",\"baseline\":{\"readings\":5}", "\"falls_by\":1.5")));
    assert_int_equal(plan.quantities[0].baseline, WARD_BASELINE_LEARNT);
    assert_int_equal(plan.quantities[0].baseline_readings, 5);

    refused(SPOT("", "\"falls_by\":1.5"), "/rules/0/falls_by", "needs within_s, or a baseline");
    refused(SPOT("", "\"falls_by\":0,\"within_s\":3600"), "/rules/0/falls_by", "more than 0");
    refused(SPOT("", "\"falls_by\":1,\"rises_by\":1,\"within_s\":3600"), "/rules/0", "must have one limit");
    refused(SPOT("", "\"below\":60,\"within_s\":3600"), "/rules/0/within_s", "only falls_by and rises_by");
    refused(SPOT("", "\"rises_by\":2,\"within_s\":599"), "/rules/0/within_s", "600 to 2592000");
    refused(SPOT("", "\"rises_by\":2,\"within_s\":3600,\"clear_at\":70"), "/rules/0/clear_at",
            "no fixed place");
    refused(SPOT(",\"baseline\":{}", "\"falls_by\":1"), "/quantities/0/baseline",
            "either value, or readings");
    refused(SPOT(",\"baseline\":{\"value\":9000}", "\"falls_by\":1"), "/quantities/0/baseline/value",
            "plausible");
    refused(SPOT(",\"baseline\":{\"readings\":2}", "\"falls_by\":1"), "/quantities/0/baseline/readings",
            "3 to 15");
    refused(
        "{" HEAD "," QUANTITIES ",\"rules\":[{\"id\":\"a\",\"quantity\":\"spo2\",\"level\":\"amber\","
        "\"falls_by\":4,\"within_s\":3600},{\"id\":\"b\",\"quantity\":\"spo2\",\"level\":\"red\",\"falls_by\":3,"
        "\"within_s\":3600}]}",
        "/rules/0/falls_by", "amber must lie inside red: it is there to come first (falls_by 3 in /rules/1)");
}

/* Grams for kilograms: no value of a patient would ever be beyond it. */
static void what_no_value_can_reach(void **state)
{
    (void)state;
    refused(SPOT("", "\"rises_by\":2000,\"within_s\":259200"), "/rules/0/rises_by", "plausible");
    refused(SPOT(",\"baseline\":{\"readings\":5}", "\"falls_by\":499.1"), "/rules/0/falls_by", "plausible");
    assert_true(parse(SPOT(",\"baseline\":{\"readings\":5}", "\"falls_by\":499")));
    refused(SPOT(",\"baseline\":{\"value\":80}", "\"falls_by\":80"), "/rules/0/falls_by", "plausible");
    assert_true(parse(SPOT(",\"baseline\":{\"value\":80}", "\"falls_by\":79")));
    refused(SPOT(",\"baseline\":{\"value\":80}", "\"rises_by\":421"), "/rules/0/rises_by", "plausible");
    assert_true(parse(SPOT(",\"baseline\":{\"value\":80}", "\"rises_by\":420")));
    refused(SPOT("", "\"below\":60,\"worse_by\":500"), "/rules/0/worse_by", "plausible");
    assert_true(parse(SPOT("", "\"below\":60,\"worse_by\":499")));
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"clear_at\":940}",
                  "/rules/0/clear_at", "plausible");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":99.5}", "/rules/0/below",
                  "plausible");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"above\":96,\"clear_at\":9.5}",
                  "/rules/0/clear_at", "plausible");
    refused_rules("{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"clear_at\":100.1}",
                  "/rules/0/clear_at", "plausible");
    assert_true(parse("{" HEAD "," QUANTITIES
                      ",\"rules\":[{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,"
                      "\"clear_at\":100}]}"));
}

static void windows(void **state)
{
    (void)state;
    assert_true(parse(SPOT(",\"median_of\":3", "\"below\":60,\"at_least\":2,\"of\":3")));
    assert_int_equal(plan.quantities[0].median_of, 3);
    assert_int_equal(plan.rules[0].at_least, 2);
    assert_int_equal(plan.rules[0].of, 3);
    refused(SPOT(",\"median_of\":4", "\"below\":60"), "/quantities/0/median_of", "must be odd");
    refused(SPOT(",\"median_of\":11", "\"below\":60"), "/quantities/0/median_of", "1 to 9");
    refused(SPOT("", "\"below\":60,\"at_least\":3,\"of\":2"), "/rules/0/at_least", "cannot be more");
    refused(SPOT("", "\"below\":60,\"at_least\":2"), "/rules/0/of", "missing");
    refused(SPOT("", "\"below\":60,\"at_least\":2,\"of\":6"), "/rules/0/of", "1 to 5");
    refused_rules(
        "{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":93,\"at_least\":2,\"of\":3}",
        "/rules/0/of", "a stream has its delays");
}

#define NEWS2(members) "{" HEAD "," QUANTITIES "," RULES ",\"news2\":{" members "}}"
#define ELIGIBLE       "\"adult_not_pregnant\":true,\"clinician\":\"dr-1\""
#define HIGH_SIDE                                                                                            \
    ",{\"id\":\"h\",\"quantity\":\"spo2\",\"level\":\"amber\",\"above\":96,\"clear_at\":95.5},"              \
    "{\"id\":\"i\",\"quantity\":\"spo2\",\"level\":\"red\",\"above\":98}"

static void news2(void **state)
{
    (void)state;
    assert_true(parse(NEWS2("\"spo2_scale\":1," ELIGIBLE)));
    assert_true(plan.news2.used);
    assert_int_equal(plan.news2.fresh_ms, 3600000);
    assert_int_equal(plan.news2.low_from, 0);
    assert_false(plan.news2.oxygen_always);
    assert_true(
        parse(NEWS2("\"spo2_scale\":1," ELIGIBLE ",\"fresh_s\":43200,\"low_from\":3,\"oxygen\":\"always\"")));
    assert_true(plan.news2.oxygen_always);
    refused(NEWS2("\"spo2_scale\":1,\"clinician\":\"dr-1\""), "/news2/adult_not_pregnant", "under 16");
    refused(NEWS2("\"spo2_scale\":1,\"clinician\":\"dr-1\",\"adult_not_pregnant\":false"),
            "/news2/adult_not_pregnant", "pregnancy");
    refused(NEWS2("\"spo2_scale\":1,\"adult_not_pregnant\":true"), "/news2/clinician", "missing");
    refused(NEWS2("\"spo2_scale\":3," ELIGIBLE), "/news2/spo2_scale", "1 to 2");
    refused(NEWS2(ELIGIBLE), "/news2/spo2_scale", "missing");
    refused(NEWS2("\"spo2_scale\":1," ELIGIBLE ",\"fresh_s\":899"), "/news2/fresh_s", "900 to 43200");
    refused(NEWS2("\"spo2_scale\":1," ELIGIBLE ",\"low_from\":5"), "/news2/low_from", "1 to 4");
    refused(NEWS2("\"spo2_scale\":1," ELIGIBLE ",\"oxygen\":\"never\""), "/news2/oxygen", "entered always");
    refused(NEWS2("\"spo2_scale\":1," ELIGIBLE ",\"decided_on\":\"soon\""), "/news2/decided_on", "a date");
}

static void scale_2_is_a_clinician_s_decision(void **state)
{
    const char *decided = "\"spo2_scale\":2," ELIGIBLE ",\"decided_on\":\"2026-11-20\",\"oxygen\":\"always\"";
    char json[2048];

    (void)state;
    snprintf(json, sizeof(json),
             "{" HEAD "," QUANTITIES
             ",\"rules\":[{\"id\":\"r\",\"quantity\":\"spo2\",\"level\":\"red\",\"below\":88}" HIGH_SIDE
             "],\"news2\":{%s}}",
             decided);
    assert_true(parse(json));
    assert_int_equal(plan.news2.scale, 2);
    refused(NEWS2("\"spo2_scale\":2," ELIGIBLE ",\"oxygen\":\"always\""), "/news2/decided_on", "scale 2");
    refused(NEWS2("\"spo2_scale\":2," ELIGIBLE ",\"decided_on\":\"2026-11-20\""), "/news2/oxygen", "scale 2");
    refused(NEWS2("\"spo2_scale\":2," ELIGIBLE ",\"decided_on\":\"2026-11-20\",\"oxygen\":\"always\""),
            "/news2/spo2_scale", "needs an amber rule");
    refused(NEWS2("\"spo2_scale\":2," ELIGIBLE ",\"decided_on\":\"2026-11-20\",\"oxygen\":\"always\""),
            "/news2/spo2_scale", "needs a red rule");
}

#define SCHEDULE(members) "{" HEAD "," QUANTITIES "," RULES "," members "}"
#define AT                "\"at\":[\"08:00\",\"20:00\"]"

static void schedules(void **state)
{
    const struct ward_plan_schedule *row;

    (void)state;
    assert_true(
        parse(SCHEDULE("\"zone\":\"Europe/London\",\"schedule\":[{\"quantity\":\"spo2\"," AT
                       ",\"days\":[\"mon\",\"sun\"],\"prompt_text\":\"Please measure.\"}],"
                       "\"quiet_hours\":{\"from\":\"21:30\",\"until\":\"06:00\"},"
                       "\"service_hours\":{\"from\":\"08:00\",\"until\":\"24:00\",\"out_of_hours_text\":"
                       "\"Call 111.\"}")));
    row = ward_care_plan_schedule(&plan, WARD_SPO2);
    assert_non_null(row);
    assert_null(ward_care_plan_schedule(&plan, WARD_GLUCOSE));
    assert_int_equal(row->time_count, 2);
    assert_int_equal(row->at_min[1], 20 * 60);
    assert_int_equal(row->days, 0x41);
    assert_int_equal(row->grace_ms, 2 * 3600 * 1000);
    assert_int_equal(plan.quiet.from_min, 21 * 60 + 30);
    assert_int_equal(plan.service.until_min, 0);
    assert_true(plan.has_service);
    assert_string_equal(plan.zone, "Europe/London");

    refused(SCHEDULE("\"schedule\":[{\"quantity\":\"spo2\"," AT "}]"), "/zone", "Europe/London");
    refused(SCHEDULE("\"zone\":\"../../etc/passwd\""), "/zone", "name of a time zone");
    refused(SCHEDULE("\"zone\":\"/etc\""), "/zone", "name of a time zone");
    refused(SCHEDULE("\"zone\":\"Europe/\""), "/zone", "name of a time zone");
    refused(SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"spo2\",\"at\":[\"8:00\"]}]"),
            "/schedule/0/at/0", "time of day");
    refused(SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"spo2\",\"at\":[\"24:00\"]}]"),
            "/schedule/0/at/0", "time of day");
    refused(SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"spo2\",\"at\":[\"08:00\",\"08:00\"]}]"),
            "/schedule/0/at/1", "later than");
    refused(
        SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"spo2\"," AT ",\"days\":[\"mon\",\"mon\"]}]"),
        "/schedule/0/days/1", "each once");
    refused(SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"spo2\",\"at\":[\"08:00\",\"09:00\"]}]"),
            "/schedule/0/at", "grace must end before");
    refused(SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"heart_rate\"," AT "}]"),
            "/schedule/0/quantity", "list of quantities");
    refused(SCHEDULE("\"zone\":\"UTC\",\"schedule\":[{\"quantity\":\"spo2\"," AT
                     "},{\"quantity\":\"spo2\"," AT "}]"),
            "/schedule/1/quantity", "twice");
    refused(SCHEDULE("\"zone\":\"UTC\",\"service_hours\":{\"from\":\"08:00\",\"until\":\"18:00\"}"),
            "/service_hours/out_of_hours_text", "missing");
    refused(SCHEDULE("\"zone\":\"UTC\",\"quiet_hours\":{\"from\":\"22:00\"}"), "/quiet_hours/until",
            "missing");
}

static void wear(void **state)
{
    (void)state;
    assert_true(parse("{" HEAD ",\"zone\":\"UTC\",\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\","
                      "\"wear\":{\"from\":\"22:00\",\"until\":\"07:00\",\"silent_s\":600}}]," RULES "}"));
    assert_true(plan.quantities[0].worn);
    assert_int_equal(plan.quantities[0].silent_ms, 600000);
    assert_int_equal(plan.quantities[0].wear.days, 0x7F);
    refused("{" HEAD
            ",\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\",\"wear\":{\"from\":\"22:00\","
            "\"until\":\"07:00\"}}]," RULES "}",
            "/zone", "missing");
    refused(
        "{" HEAD
        ",\"zone\":\"UTC\",\"quantities\":[{\"quantity\":\"spo2\",\"mode\":\"stream\",\"wear\":{}}]," RULES
        "}",
        "/quantities/0/wear/from", "missing");
}

static void a_fault_of_syntax_is_placed(void **state)
{
    (void)state;
    refused("{\n \"id\": \"p\",\n \"id\": \"q\"}", "", "line 3, column 5: duplicate object key");
    refused("{\n \"id\": }", "", "line 2, column 8");
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
        cmocka_unit_test(a_small_plan_gets_the_defaults),
        cmocka_unit_test(limits_are_exact_decimals),
        cmocka_unit_test(the_signed_form_is_opened),
        cmocka_unit_test(what_is_not_known_is_refused),
        cmocka_unit_test(documents_that_are_none),
        cmocka_unit_test(every_error_is_told_at_once),
        cmocka_unit_test(values_out_of_bounds),
        cmocka_unit_test(clinical_sanity),
        cmocka_unit_test(a_refused_plan_changes_nothing),
        cmocka_unit_test(the_list_of_errors_is_bounded),
        cmocka_unit_test(changes),
        cmocka_unit_test(what_no_value_can_reach),
        cmocka_unit_test(windows),
        cmocka_unit_test(news2),
        cmocka_unit_test(scale_2_is_a_clinician_s_decision),
        cmocka_unit_test(schedules),
        cmocka_unit_test(wear),
        cmocka_unit_test(a_fault_of_syntax_is_placed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
