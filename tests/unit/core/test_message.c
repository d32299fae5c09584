/* SPDX-License-Identifier: Apache-2.0 */
/* The expected texts are the contract: a change here is a change for every hub. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/message.h"

#define AT_MS INT64_C(1795338016000) /* 2026-11-22T09:00:16Z */

static char buffer[4096];
static struct ward_json json;

static const struct ward_origin origin = {.gateway = "g-11a9", .epoch = "e-5d01"};
static const struct ward_time now = {.boot_us = 81230000, .utc_ms = AT_MS, .clock = WARD_CLOCK_SYNCED};

static int start(void **state)
{
    (void)state;
    ward_json_init(&json, buffer, sizeof(buffer), WARD_JSON_PRINTED);
    return 0;
}

static void expect(const char *text)
{
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_string_equal(buffer, text);
}

static struct ward_alarm_event spo2_low(void)
{
    return (struct ward_alarm_event){
        .id = {{0x9c, 0x1e, 0x00, 0x01, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff}},
        .n = 1,
        .patient = {"p-7f3a"},
        .episode = {"s-01"},
        .condition = {"spo2-low"},
        .rule = {"spo2-red"},
        .kind = WARD_ALARM_PHYSIOLOGICAL,
        .priority = WARD_PRIORITY_HIGH,
        .event = WARD_EVENT_RAISED,
        .state = WARD_ALARM_ACTIVE,
        .at = now,
        .quantity = WARD_SPO2,
        .value = {.mantissa = 88},
        .limit = {.mantissa = 93},
        .has_reading = true,
        .reading_seq = 17,
        .plan_id = {"oximetry-at-home"},
        .plan_version = 3,
        .condition_delay_ms = 15000,
        .signal_delay_ms = 12,
        .shown_light = true,
        .shown_sound = true,
        .text = "SpO2 88 % for 15 s, alarm below 93 %",
        .shown_text = "Sit down, call 111",
    };
}

static void a_raised_alarm(void **state)
{
    struct ward_alarm_event event = spo2_low();

    (void)state;
    ward_alarm_event_write_json(&event, &origin, &json);
    expect(
        "{\"schema\":\"wardgate.alarm/1\",\"gateway\":\"g-11a9\",\"id\":\"9c1e00010000000000000000000000ff\","
        "\"n\":1,\"patient\":\"p-7f3a\",\"episode\":\"s-01\",\"condition\":\"spo2-low\",\"rule\":\"spo2-red\","
        "\"kind\":\"physiological\",\"priority\":\"high\",\"event\":\"raised\",\"again\":false,"
        "\"at\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\",\"value\":88,\"limit\":93,\"unit\":\"%\","
        "\"quantity\":\"spo2\",\"plan\":{\"id\":\"oximetry-at-home\",\"version\":3},"
        "\"reading\":{\"epoch\":\"e-5d01\",\"seq\":17},\"delay_ms\":{\"condition\":15000,\"signal\":12},"
        "\"text\":\"SpO2 88 % for 15 s, alarm below 93 %\","
        "\"shown\":{\"light\":true,\"sound\":true,\"text\":\"Sit down, call 111\"},"
        "\"late\":false,\"confirm\":false}");
}

static void members_that_do_not_apply_are_absent(void **state)
{
    struct ward_alarm_event event = {
        .id = {{1}},
        .n = 2,
        .condition = {"radio-off"},
        .kind = WARD_ALARM_TECHNICAL,
        .priority = WARD_PRIORITY_MEDIUM,
        .event = WARD_EVENT_CLEARED,
        .cleared_reason = WARD_CLEARED_DATA,
        .at = {.utc_ms = WARD_UTC_UNKNOWN, .clock = WARD_CLOCK_UNSYNCED},
    };

    (void)state;
    ward_alarm_event_write_json(&event, &origin, &json);
    expect(
        "{\"schema\":\"wardgate.alarm/1\",\"gateway\":\"g-11a9\",\"id\":\"01000000000000000000000000000000\","
        "\"n\":2,\"condition\":\"radio-off\",\"kind\":\"technical\",\"priority\":\"medium\",\"event\":\"cleared\","
        "\"reason\":\"data\",\"again\":false,\"at\":null,\"clock\":\"unsynced\","
        "\"delay_ms\":{\"condition\":0,\"signal\":0},\"shown\":{\"light\":false,\"sound\":false},"
        "\"late\":false,\"confirm\":false}");
}

static void an_infinity_is_a_finding_and_a_reading_may_wait_for_its_commit(void **state)
{
    struct ward_alarm_event event = spo2_low();

    (void)state;
    event.quantity = WARD_GLUCOSE;
    event.value = (struct ward_decimal){.special = WARD_POSITIVE_INFINITY};
    event.reading_seq = 0;
    event.suspended = true;
    memcpy(event.by.text, "c-1", sizeof("c-1"));
    ward_alarm_event_write_json(&event, &origin, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_non_null(strstr(buffer, "\"value\":null,\"special\":\"+inf\",\"limit\":93,\"unit\":\"mmol/L\""));
    assert_non_null(strstr(buffer, "\"reading\":{\"epoch\":\"e-5d01\",\"seq\":null}"));
    assert_non_null(strstr(buffer, "\"by\":\"c-1\",\"late\":false,\"confirm\":false,\"suspended\":true}"));
}

static void no_value_is_absent_and_so_is_its_limit(void **state)
{
    struct ward_alarm_event event = spo2_low();

    (void)state;
    event.value = (struct ward_decimal){.special = WARD_NAN};
    event.limit = (struct ward_decimal){.special = WARD_NAN};
    ward_alarm_event_write_json(&event, &origin, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_null(strstr(buffer, "\"value\""));
    assert_null(strstr(buffer, "\"limit\""));
    assert_non_null(strstr(buffer, "\"unit\":\"%\",\"quantity\":\"spo2\""));
}

static void an_event_that_is_never_published_has_no_id(void **state)
{
    static const struct ward_origin nowhere = {.gateway = "", .epoch = ""};
    struct ward_alarm_event event = spo2_low();

    (void)state;
    event.n = 0;
    event.event = WARD_EVENT_PENDING;
    ward_alarm_event_write_json(&event, &nowhere, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_null(strstr(buffer, "\"id\":\"9c1e"));
    assert_null(strstr(buffer, "\"n\":"));
    assert_null(strstr(buffer, "gateway"));
    assert_non_null(strstr(buffer, "\"event\":\"pending\""));
    assert_non_null(strstr(buffer, "\"reading\":{\"seq\":17}"));
}

static void readings_take_records_as_they_are(void **state)
{
    struct ward_readings_message message = {.origin = origin, .sent_at_ms = AT_MS, .backlog = true};
    size_t length = 0;

    (void)state;
    ward_readings_begin(&message, &json);
    ward_json_raw(&json, "{\"seq\":1}", 9);
    ward_json_raw(&json, "{\"seq\":2}", 9);
    ward_readings_end(&json);
    assert_int_equal(ward_json_finish(&json, &length), WARD_JSON_OK);
    assert_string_equal(buffer,
                        "{\"schema\":\"wardgate.readings/1\",\"gateway\":\"g-11a9\",\"epoch\":\"e-5d01\","
                        "\"sent_at\":\"2026-11-22T09:00:16.000Z\",\"backlog\":true,"
                        "\"records\":[{\"seq\":1},{\"seq\":2}]}");
}

static void the_overhead_of_readings_has_its_bound(void **state)
{
    char id[WARD_ID_MAX + 1] = "";
    size_t length = 0;

    (void)state;
    memset(id, 'a', WARD_ID_MAX);
    struct ward_readings_message message = {.origin = {id, id}, .sent_at_ms = AT_MS};
    ward_readings_begin(&message, &json);
    ward_readings_end(&json);
    assert_int_equal(ward_json_finish(&json, &length), WARD_JSON_OK);
    assert_true(length <= WARD_READINGS_OVERHEAD_MAX);
}

static void the_state(void **state)
{
    static const char *const reasons[] = {"unsigned-plan", "hub-unreachable"};
    static const struct ward_state_device devices[] = {
        {"d-91c2", "Clip 3", "p-7f3a", WARD_LINK_BONDED, true, 81, AT_MS},
        {"d-0001", "", "", WARD_LINK_OPEN, false, -1, WARD_UTC_UNKNOWN},
    };
    static const struct ward_state_plan plans[] = {{"p-7f3a", "oximetry-at-home", 3}};
    static const uint8_t configuration[32] = {0xcd};
    static const uint8_t head[32] = {0xab};
    struct ward_state_message message = {
        .origin = origin,
        .now = now,
        .boot = "b-77",
        .version = "0.1.0",
        .configuration = configuration,
        .monitoring = WARD_MONITORING_DEGRADED,
        .reasons = {reasons, 2},
        .seq = 17,
        .head = head,
        .queue = {.records = 3, .alarms = 1, .oldest_age_ms = 2500},
        .storage = {.state = "ok", .used_octets = 4096, .quota_octets = 1048576},
        .annunciator = {.light = true, .text = true, .checked_at_ms = WARD_UTC_UNKNOWN},
        .certificate_expires_ms = AT_MS,
        .radio = {.present = true,
                  .powered = true,
                  .recovery = {.rung = "power", .discovery = 4, .power = 3, .restart = 2, .reset = 1}},
        .unassigned = 2,
        .duplicates = 5,
        .plans = plans,
        .plan_count = 1,
        .devices = devices,
        .device_count = 2,
    };

    (void)state;
    ward_state_write_json(&message, &json);
    expect(
        "{\"schema\":\"wardgate.state/1\",\"gateway\":\"g-11a9\",\"state\":\"online\","
        "\"at\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\",\"boot\":\"b-77\",\"version\":\"0.1.0\","
        "\"configuration\":\"cd00000000000000000000000000000000000000000000000000000000000000\","
        "\"monitoring\":\"degraded\",\"reasons\":[\"unsigned-plan\",\"hub-unreachable\"],\"epoch\":\"e-5d01\","
        "\"seq\":17,\"head\":\"ab00000000000000000000000000000000000000000000000000000000000000\","
        "\"plans\":[{\"patient\":\"p-7f3a\",\"id\":\"oximetry-at-home\",\"version\":3}],"
        "\"queue\":{\"records\":3,\"alarms\":1,\"oldest_age_ms\":2500},"
        "\"storage\":{\"state\":\"ok\",\"used_octets\":4096,\"quota_octets\":1048576},"
        "\"annunciator\":{\"light\":true,\"sound\":false,\"text\":true,\"checked_at\":null},"
        "\"certificate_expires_at\":\"2026-11-22T09:00:16.000Z\",\"unassigned\":2,\"duplicates\":5,"
        "\"radio\":{\"present\":true,\"powered\":true,"
        "\"recovery\":{\"rung\":\"power\",\"discovery\":4,\"power\":3,\"restart\":2,\"reset\":1}},"
        "\"devices\":[{\"device\":\"d-91c2\",\"model\":\"Clip 3\",\"patient\":\"p-7f3a\",\"security\":\"bonded\","
        "\"connected\":true,\"battery\":81,\"last_heard_at\":\"2026-11-22T09:00:16.000Z\"},"
        "{\"device\":\"d-0001\",\"security\":\"open\",\"connected\":false,\"last_heard_at\":null}]}");
}

static void an_empty_queue_has_no_age(void **state)
{
    static const uint8_t configuration[32] = {0};
    struct ward_state_message message = {
        .origin = origin,
        .now = now,
        .boot = "b-77",
        .version = "0.1.0",
        .configuration = configuration,
        .queue = {.oldest_age_ms = -1},
        .storage = {.state = "ok"},
        .certificate_expires_ms = WARD_UTC_UNKNOWN,
    };

    (void)state;
    ward_state_write_json(&message, &json);
    assert_int_equal(ward_json_finish(&json, NULL), WARD_JSON_OK);
    assert_null(strstr(buffer, "oldest_age_ms"));
    assert_null(strstr(buffer, "certificate_expires_at"));
    assert_null(strstr(buffer, "head"));
    assert_non_null(strstr(buffer, "\"plans\":[]"));
    assert_non_null(strstr(buffer, "\"devices\":[]"));
}

static void the_testaments(void **state)
{
    struct ward_testament_message message = {.origin = origin, .now = now, .boot = "b-77"};

    (void)state;
    ward_testament_write_json(&message, &json);
    expect(
        "{\"schema\":\"wardgate.state/1\",\"gateway\":\"g-11a9\",\"state\":\"offline\","
        "\"at\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\",\"boot\":\"b-77\",\"epoch\":\"e-5d01\"}");
    start(NULL);
    message.silent = true;
    ward_testament_write_json(&message, &json);
    expect("{\"schema\":\"wardgate.state/1\",\"gateway\":\"g-11a9\",\"state\":\"online\","
           "\"at\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\",\"boot\":\"b-77\",\"epoch\":\"e-5d01\","
           "\"monitoring\":\"stopped\"}");
}

static void what_is_active(void **state)
{
    struct ward_alarm_event event = spo2_low();
    struct ward_active_condition condition = {.newest = &event, .raised_at_ms = AT_MS};
    struct ward_last_valid last = {
        .quantity = WARD_BODY_TEMPERATURE,
        .value = {.mantissa = 364, .exponent = -1},
        .measured_at_ms = AT_MS,
        .seq = 16,
    };
    struct ward_active_message message = {
        .origin = origin,
        .patient = "p-7f3a",
        .episode = "s-01",
        .now = now,
        .monitoring = WARD_MONITORING_FULL,
        .plan_id = "oximetry-at-home",
        .plan_version = 3,
        .conditions = &condition,
        .condition_count = 1,
        .last_valid = &last,
        .last_valid_count = 1,
    };

    (void)state;
    event.state = WARD_ALARM_ENDED_UNSEEN;
    ward_active_write_json(&message, &json);
    expect(
        "{\"schema\":\"wardgate.active/1\",\"gateway\":\"g-11a9\",\"patient\":\"p-7f3a\",\"episode\":\"s-01\","
        "\"as_of\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\",\"epoch\":\"e-5d01\","
        "\"monitoring\":\"full\",\"reasons\":[],\"plan\":{\"id\":\"oximetry-at-home\",\"version\":3},"
        "\"conditions\":[{\"id\":\"9c1e00010000000000000000000000ff\",\"n\":1,\"condition\":\"spo2-low\","
        "\"rule\":\"spo2-red\",\"kind\":\"physiological\",\"priority\":\"high\",\"state\":\"ended-unseen\","
        "\"raised_at\":\"2026-11-22T09:00:16.000Z\",\"value\":88,\"limit\":93,\"unit\":\"%\","
        "\"quantity\":\"spo2\",\"reading\":{\"epoch\":\"e-5d01\",\"seq\":17},"
        "\"text\":\"SpO2 88 % for 15 s, alarm below 93 %\"}],"
        "\"last_valid\":[{\"quantity\":\"body_temperature\",\"mdc\":150364,\"value\":36.4,\"unit\":\"Cel\","
        "\"measured_at\":\"2026-11-22T09:00:16.000Z\",\"seq\":16}]}");
}

static void a_heartbeat(void **state)
{
    struct ward_heartbeat_message message = {
        .origin = origin,
        .now = now,
        .boot = "b-77",
        .number = 4,
        .seq = 17,
        .monitoring = WARD_MONITORING_FULL,
    };

    (void)state;
    ward_heartbeat_write_json(&message, &json);
    expect(
        "{\"schema\":\"wardgate.heartbeat/1\",\"gateway\":\"g-11a9\",\"at\":\"2026-11-22T09:00:16.000Z\","
        "\"clock\":\"synced\",\"boot\":\"b-77\",\"mono_us\":81230000,\"n\":4,\"epoch\":\"e-5d01\",\"seq\":17,"
        "\"monitoring\":\"full\"}");
}

static void results(void **state)
{
    struct ward_result_message message = {
        .origin = origin,
        .now = now,
        .command = "c-1",
        .outcome = WARD_OUTCOME_DONE,
        .reason = "",
    };

    (void)state;
    ward_result_write_json(&message, &json);
    expect("{\"schema\":\"wardgate.result/1\",\"gateway\":\"g-11a9\",\"id\":\"c-1\",\"outcome\":\"done\","
           "\"at\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\"}");
    start(NULL);
    message.command = "";
    message.outcome = WARD_OUTCOME_REFUSED;
    message.reason = "the key is not known";
    ward_result_write_json(&message, &json);
    expect("{\"schema\":\"wardgate.result/1\",\"gateway\":\"g-11a9\",\"outcome\":\"refused\","
           "\"reason\":\"the key is not known\",\"at\":\"2026-11-22T09:00:16.000Z\",\"clock\":\"synced\"}");
}

static void topics_are_made_of_valid_ids_only(void **state)
{
    char topic[WARD_TOPIC_MAX + 1];

    (void)state;
    assert_int_equal(ward_topic_write(WARD_TOPIC_STATE, "home", "g-1", NULL, topic), 25);
    assert_string_equal(topic, "ward/v1/home/g-1/up/state");
    assert_true(ward_topic_write(WARD_TOPIC_ACTIVE, "home", "g-1", "p-1", topic) > 0);
    assert_string_equal(topic, "ward/v1/home/g-1/up/active/p-1");
    assert_true(ward_topic_write(WARD_TOPIC_RECEIPT, "home", "g-1", NULL, topic) > 0);
    assert_string_equal(topic, "ward/v1/home/g-1/down/receipt");
    assert_int_equal(ward_topic_write(WARD_TOPIC_ACTIVE, "home", "g-1", NULL, topic), 0);
    assert_int_equal(ward_topic_write(WARD_TOPIC_ACTIVE, "home", "g-1", "p/1", topic), 0);
    assert_int_equal(ward_topic_write(WARD_TOPIC_STATE, "+", "g-1", NULL, topic), 0);
    assert_int_equal(ward_topic_write(WARD_TOPIC_STATE, "home", "", NULL, topic), 0);
}

static void the_longest_topic_fits(void **state)
{
    char id[WARD_ID_MAX + 2] = "";
    char topic[WARD_TOPIC_MAX + 1];

    (void)state;
    memset(id, 'a', WARD_ID_MAX);
    assert_int_equal(ward_topic_write(WARD_TOPIC_CARE_PLAN, id, id, id, topic), 8 + 3 * WARD_ID_MAX + 17);
    id[WARD_ID_MAX] = 'a';
    assert_int_equal(ward_topic_write(WARD_TOPIC_CARE_PLAN, id, id, id, topic), 0);
}

static void down_topics_are_recognised_exactly(void **state)
{
    static const char *const others[] = {
        "",
        "ward/v1/home/g-1/down/",
        "ward/v1/home/g-1/down/receipts",
        "ward/v1/home/g-1/down/receip",
        "ward/v1/home/g-2/down/receipt",
        "ward/v1/away/g-1/down/receipt",
        "ward/v1/home/g-1/up/state",
        "ward/v1/home/g-1/down/care-plan/",
        "ward/v1/home/g-1/down/care-plan/p/1",
    };
    enum ward_topic topic = WARD_TOPIC_STATE;
    struct ward_id patient = {"before"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_false(ward_topic_parse_down(others[i], "home", "g-1", &topic, &patient));
        assert_int_equal(topic, WARD_TOPIC_STATE);
        assert_string_equal(patient.text, "before");
    }
    assert_true(
        ward_topic_parse_down("ward/v1/home/g-1/down/care-plan/p-1", "home", "g-1", &topic, &patient));
    assert_int_equal(topic, WARD_TOPIC_CARE_PLAN);
    assert_string_equal(patient.text, "p-1");
    assert_true(ward_topic_parse_down("ward/v1/home/g-1/down/receipt", "home", "g-1", &topic, &patient));
    assert_int_equal(topic, WARD_TOPIC_RECEIPT);
    assert_string_equal(patient.text, "");
    assert_true(ward_topic_parse_down("ward/v1/home/g-1/down/command", "home", "g-1", &topic, &patient));
    assert_int_equal(topic, WARD_TOPIC_COMMAND);
}

/* A score that is partial, and one input that is beyond its range. */
static void a_score_says_what_it_stands_on(void **state)
{
    struct ward_news2_report report = {
        .inputs = {[WARD_NEWS2_SPO2] = {WARD_NEWS2_FRESH, {.mantissa = 915, .exponent = -1}},
                   [WARD_NEWS2_CONSCIOUSNESS] = {WARD_NEWS2_FRESH, {.mantissa = 1}},
                   [WARD_NEWS2_PULSE] = {WARD_NEWS2_FRESH, {.special = WARD_POSITIVE_INFINITY}},
                   [WARD_NEWS2_SYSTOLIC] = {WARD_NEWS2_STALE, {.mantissa = 120}}},
        .age_ms = {[WARD_NEWS2_SPO2] = 61999},
        .sources = {[WARD_NEWS2_SPO2] = "oximeter",
                    [WARD_NEWS2_CONSCIOUSNESS] = "entry",
                    [WARD_NEWS2_PULSE] = "oximeter"},
    };

    (void)state;
    report.score = ward_news2_score(report.inputs, 1);
    ward_news2_write_json(&report, &json);
    expect(
        "{\"complete\":false,\"minimum\":9,\"maximum\":20,"
        "\"three_in\":[\"spo2\",\"pulse_rate\",\"consciousness\"],"
        "\"missing\":[\"respiration_rate\",\"oxygen\",\"body_temperature\"],\"stale\":[\"bp_systolic\"],"
        "\"inputs\":[{\"parameter\":\"spo2\",\"value\":91.5,\"points\":3,\"age_s\":61,\"source\":\"oximeter\"},"
        "{\"parameter\":\"pulse_rate\",\"value\":null,\"special\":\"+inf\",\"points\":3,\"age_s\":0,"
        "\"source\":\"oximeter\"},{\"parameter\":\"consciousness\",\"value\":\"new_confusion\",\"points\":3,"
        "\"age_s\":0,\"source\":\"entry\"}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_raised_alarm, start),
        cmocka_unit_test_setup(members_that_do_not_apply_are_absent, start),
        cmocka_unit_test_setup(an_infinity_is_a_finding_and_a_reading_may_wait_for_its_commit, start),
        cmocka_unit_test_setup(no_value_is_absent_and_so_is_its_limit, start),
        cmocka_unit_test_setup(an_event_that_is_never_published_has_no_id, start),
        cmocka_unit_test_setup(readings_take_records_as_they_are, start),
        cmocka_unit_test_setup(the_overhead_of_readings_has_its_bound, start),
        cmocka_unit_test_setup(the_state, start),
        cmocka_unit_test_setup(an_empty_queue_has_no_age, start),
        cmocka_unit_test_setup(the_testaments, start),
        cmocka_unit_test_setup(what_is_active, start),
        cmocka_unit_test_setup(a_score_says_what_it_stands_on, start),
        cmocka_unit_test_setup(a_heartbeat, start),
        cmocka_unit_test_setup(results, start),
        cmocka_unit_test(topics_are_made_of_valid_ids_only),
        cmocka_unit_test(the_longest_topic_fits),
        cmocka_unit_test(down_topics_are_recognised_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
