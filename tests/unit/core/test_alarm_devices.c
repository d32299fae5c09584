/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from several devices of one patient, and ends: what one of them says takes no alarm from another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/alarm.h"
#include "core/alarm_pack.h"
#include "core/careplan.h"
#include "core/reading.h"

#define SECOND_US UINT64_C(1000000)

static struct ward_care_plan plan;
static struct ward_alarm_patient patient;
static struct ward_alarm_event raised[8];
static size_t raised_count;
static uint64_t now_us;

static void on_event(void *context, const struct ward_alarm_event *event)
{
    (void)context;
    if (event->event == WARD_EVENT_RAISED) {
        assert_true(raised_count < 8);
        raised[raised_count++] = *event;
    }
}

static struct ward_alarm_context now(void)
{
    static const struct ward_alarm_sink sink = {.event = on_event};

    return (struct ward_alarm_context){
        .plan = &plan,
        .now = {.boot_us = now_us, .utc_ms = 1700000000000, .clock = WARD_CLOCK_SYNCED},
        .seed = {{1, 2, 3}},
        .sink = &sink};
}

/* One pulse; reasons: what is wrong with it. */
static struct ward_reading pulse_of(const char *device, int64_t pulse, uint32_t reasons)
{
    struct ward_reading reading = {.kind = WARD_READING_CONTINUOUS,
                                   .quality = WARD_VALID,
                                   .reasons = reasons,
                                   .mono_us = now_us,
                                   .measured_at_ms = now().now.utc_ms,
                                   .value_count = 1,
                                   .values = {{.quantity = WARD_PULSE_RATE, .number = {.mantissa = pulse}}}};

    assert_true(device[0] == '\0' || ward_id_set(&reading.device, device));
    if (reasons != 0) {
        reading.quality = reasons == WARD_REASON_DISAGREEMENT ? WARD_QUESTIONABLE : WARD_INVALID;
    }
    return reading;
}

static void stream(const char *device, int64_t pulse, uint32_t reasons)
{
    const struct ward_alarm_context context = now();
    const struct ward_reading reading = pulse_of(device, pulse, reasons);

    ward_alarm_reading(&patient, &context, &reading);
}

static void measure(const char *device, int64_t pulse, uint32_t reasons)
{
    const struct ward_alarm_context context = now();
    struct ward_reading reading = pulse_of(device, pulse, reasons);

    reading.kind = WARD_READING_SPOT;
    ward_alarm_reading(&patient, &context, &reading);
    now_us += SECOND_US;
}

static void end_link(const char *device)
{
    const struct ward_alarm_context context = now();

    ward_alarm_input_stopped(&patient, &context, 1u << WARD_PULSE_RATE, device);
}

/* Two clips that do not agree, each with a value a second. */
static void disagree(int64_t first, int64_t second, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        stream("d-1", first, WARD_REASON_DISAGREEMENT);
        now_us += SECOND_US / 2;
        stream("d-2", second, WARD_REASON_DISAGREEMENT);
        now_us += SECOND_US / 2;
    }
}

static struct ward_alarm_present only_present(void)
{
    const struct ward_alarm_context context = now();
    struct ward_alarm_present present[2];

    assert_int_equal(ward_alarm_present(&patient, &context, present, 2), 1);
    return present[0];
}

static size_t count_present(void)
{
    const struct ward_alarm_context context = now();

    return ward_alarm_present(&patient, &context, NULL, 0);
}

static void acknowledge(void)
{
    const struct ward_alarm_context context = now();
    const struct ward_alarm_id id = only_present().newest.id;

    assert_int_equal(ward_alarm_acknowledge(&patient, &context, &id, &(struct ward_id){"nurse-anne"}, true),
                     WARD_ALARM_DONE);
}

static int set_up(void **state)
{
    struct ward_alarm_context context;

    plan = *(const struct ward_care_plan *)*state;
    raised_count = 0;
    now_us = 1000 * SECOND_US;
    ward_alarm_init(&patient, &(struct ward_id){"p-1"}, &(struct ward_id){"s-1"});
    context = now();
    ward_alarm_replace_plan(&patient, &context);
    return 0;
}

static struct ward_plan_rule *rule_of(const char *id)
{
    size_t i = 0;

    while (i < plan.rule_count && strcmp(plan.rules[i].id.text, id) != 0) {
        i++;
    }
    assert_true(i < plan.rule_count);
    return &plan.rules[i];
}

/* 140 is beyond red, 115 beyond amber alone. */
static void what_is_disputed_and_amber_does_not_settle_red(void **state)
{
    (void)state;
    disagree(140, 115, 16);
    assert_int_equal(raised_count, 1);
    assert_string_equal(raised[0].rule.text, "pulse-high-red");
    assert_int_equal(raised[0].condition_delay_ms, 15000);
}

static void what_is_disputed_on_both_sides_raises_on_both(void **state)
{
    (void)state;
    disagree(140, 35, 17);
    assert_int_equal(raised_count, 2);
    assert_string_equal(raised[0].rule.text, "pulse-high-red");
    assert_string_equal(raised[1].rule.text, "pulse-low-red");
}

/* An acknowledged red would become amber without a word: but nobody knows which of the two is right. */
static void what_is_disputed_lowers_nothing(void **state)
{
    (void)state;
    measure("d-1", 140, 0);
    acknowledge();
    measure("d-2", 115, WARD_REASON_DISAGREEMENT);
    assert_int_equal(only_present().newest.priority, WARD_PRIORITY_HIGH);
    measure("d-2", 115, 0);
    assert_int_equal(only_present().newest.priority, WARD_PRIORITY_MEDIUM);
}

static void what_is_disputed_ends_no_count(void **state)
{
    struct ward_plan_rule *red = rule_of("pulse-high-red");

    (void)state;
    red->at_least = 2;
    red->of = 3;
    measure("d-1", 140, 0);
    measure("d-1", 140, 0);
    acknowledge();
    measure("d-2", 115, WARD_REASON_DISAGREEMENT);
    measure("d-2", 115, WARD_REASON_DISAGREEMENT);
    assert_int_equal(only_present().newest.priority, WARD_PRIORITY_HIGH);
    measure("d-1", 115,
            0); /* 140 is none of the newest three any more: the disputed ones have their places */
    assert_int_equal(only_present().newest.priority, WARD_PRIORITY_MEDIUM);
}

/* A session of 130, which is amber, whose last values are 131, which is red and not derived yet. */
static void wear_a_clip_for_news2(void)
{
    plan.news2 = (struct ward_plan_news2){.used = true, .scale = 1, .fresh_ms = 3600 * 1000};
    for (size_t i = 0; i < plan.quantity_count; i++) {
        plan.quantities[i].mode = WARD_MODE_SPOT;
    }
    for (int second = 0; second <= 20; second++) {
        stream("d-1", second <= 10 ? 130 : 131, 0);
        now_us += SECOND_US;
    }
}

/* The last value of a session, which is known when the link ends, counts for the score then. */
static void a_link_that_ends_is_the_end_of_a_session(void **state)
{
    (void)state;
    wear_a_clip_for_news2();
    assert_int_equal(raised_count, 1); /* pulse-rate-high, amber, of 130 */
    end_link("d-1");
    assert_int_equal(raised_count, 3); /* red of 131, and 3 points for it */
    assert_string_equal(raised[2].condition.text, "news2-three-in-one");
}

/* The program was not there for two hours: what it finds then was measured two hours ago. */
static void what_a_session_ended_with_is_as_old_as_its_last_value(void **state)
{
    struct ward_alarm_context context;
    struct ward_news2_report news2;

    (void)state;
    wear_a_clip_for_news2();
    now_us += 7200 * SECOND_US;
    context = now();
    ward_alarm_tick(&patient, &context);
    assert_int_equal(raised_count, 2); /* pulse-rate-high, amber and red: but nothing scores */
    assert_true(ward_alarm_news2(&patient, &context, &news2));
    assert_int_equal(news2.inputs[WARD_NEWS2_PULSE].presence, WARD_NEWS2_STALE);
    assert_int_equal(news2.age_ms[WARD_NEWS2_PULSE], 7201 * 1000);
}

static void commit(struct ward_reading reading, uint64_t seq)
{
    reading.seq = seq;
    ward_alarm_committed(&patient, &plan, &reading);
}

/* What is derived at the end of a session has a number of its own, whether its readings have theirs by then or not. */
static void derive_and_take_back(bool streamed_before)
{
    struct ward_alarm_context later;
    struct ward_reading last;

    for (size_t i = 0; i < plan.quantity_count; i++) {
        plan.quantities[i].mode = WARD_MODE_SPOT;
    }
    for (int second = 0; second < 8; second++) {
        now_us += SECOND_US;
        stream("d-1", 140, 0);
    }
    last = pulse_of("d-1", 140, 0);
    if (streamed_before) {
        commit(last, 8);
    }
    end_link("d-1");
    assert_int_equal(raised_count, 1);
    if (!streamed_before) {
        commit(last, 8);
    }
    last.kind = WARD_READING_SPOT;
    commit(last, 9);
    later = now();
    (void)ward_alarm_void(&patient, &later, 8); /* one sample of many */
    assert_int_equal(count_present(), 1);
    (void)ward_alarm_void(&patient, &later, 9);
    assert_int_equal(count_present(), 0);
}

static void what_was_derived_is_taken_back_by_its_own_number(void **state)
{
    derive_and_take_back(true);
    (void)set_up(state);
    derive_and_take_back(false);
}

/* What comes late of a stream is of no session: it counts itself. */
static void what_came_late_of_a_stream_is_taken_back(void **state)
{
    const struct ward_alarm_context context = now();
    struct ward_reading reading = pulse_of("d-1", 140, 0);

    (void)state;
    for (size_t i = 0; i < plan.quantity_count; i++) {
        plan.quantities[i].mode = WARD_MODE_SPOT;
    }
    reading.late = true;
    reading.measured_at_ms -= INT64_C(600000);
    ward_alarm_reading(&patient, &context, &reading);
    assert_int_equal(count_present(), 1);
    commit(reading, 8);
    (void)ward_alarm_void(&patient, &context, 8);
    assert_int_equal(count_present(), 0);
}

/* A clip in a drawer says each second that it is not worn, and one whose radio is weak that its link has ended. */
static void a_device_that_is_not_worn_ends_nothing_of_another(void **state)
{
    (void)state;
    for (int second = 0; second <= 15; second++) {
        stream("d-1", 140, 0);
        now_us += SECOND_US / 2;
        stream("d-2", 0, WARD_REASON_NO_CONTACT);
        end_link("d-2");
        now_us += SECOND_US / 2;
    }
    assert_int_equal(raised_count, 1);
    assert_string_equal(raised[0].rule.text, "pulse-high-red");
    assert_int_equal(raised[0].condition_delay_ms, 15000);
}

static void who_is_discharged_is_not_asked_to_measure_again(void **state)
{
    const struct ward_alarm_context context = now();

    (void)state;
    stream("d-1", 140, 0);
    ward_alarm_discharge(&patient, &context);
    end_link("d-1");
    assert_int_equal(raised_count, 0);
}

static void the_device_that_streams_ends_its_own(void **state)
{
    (void)state;
    for (int second = 0; second < 3; second++) {
        stream("d-1", 140, 0);
        now_us += SECOND_US;
    }
    stream("d-1", 0, WARD_REASON_NO_CONTACT);
    assert_int_equal(raised_count, 1);
    assert_string_equal(raised[0].condition.text, "measurement-incomplete");
}

/* What was stored before there was a device in it: whoever is not worn may be the one. */
static void a_device_that_is_not_known_may_be_any(void **state)
{
    stream("", 140, 0);
    stream("d-2", 0, WARD_REASON_NO_CONTACT);
    assert_int_equal(raised_count, 1);
    (void)set_up(state);
    stream("d-1", 140, 0);
    stream("", 0, WARD_REASON_NO_CONTACT);
    assert_int_equal(raised_count, 1);
    assert_string_equal(raised[0].condition.text, "measurement-incomplete");
}

static void which_device_streams_is_stored(void **state)
{
    static uint8_t packed[WARD_ALARM_PACKED_MAX];
    size_t length;

    (void)state;
    stream("d-1", 140, 0);
    length = ward_alarm_pack(&patient, packed, sizeof(packed));
    assert_true(ward_alarm_unpack(packed, length, &patient));
    stream("d-2", 0, WARD_REASON_NO_CONTACT);
    assert_int_equal(raised_count, 0);
}

/* A rule that a new plan has put in another's place: since when its limit is passed is not known. */
static void an_event_does_not_say_since_when_if_nobody_knows(void **state)
{
    struct ward_alarm_context context;

    (void)state;
    rule_of("pulse-high-amber")->quantity = WARD_HEART_RATE; /* there is none */
    measure("d-1", 140, 0);
    acknowledge();
    rule_of("pulse-high-red")->limit.mantissa = 150;
    rule_of("pulse-high-red")->id = (struct ward_id){"pulse-emergency"};
    rule_of("pulse-high-amber")->quantity = WARD_PULSE_RATE;
    rule_of("pulse-high-amber")->id = (struct ward_id){"pulse-high-red"};
    context = now();
    ward_alarm_replace_plan(&patient, &context);
    stream("d-1", 160, 0);
    assert_int_equal(raised_count, 2);
    assert_string_equal(raised[1].rule.text, "pulse-high-red");
    assert_int_equal(raised[1].condition_delay_ms, 0);
}

static int load(void **state)
{
    static struct ward_care_plan loaded;
    static struct ward_plan_errors errors;
    static char text[WARD_PLAN_TEXT_MAX];
    FILE *file = fopen("../config/care-plans/oximetry-at-home.json", "r");
    bool good;

    if (file == NULL) {
        return -1;
    }
    good = ward_care_plan_parse(text, fread(text, 1, sizeof(text), file), &loaded, &errors);
    fclose(file);
    *state = &loaded;
    return good ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_disputed_and_amber_does_not_settle_red, set_up),
        cmocka_unit_test_setup(what_is_disputed_on_both_sides_raises_on_both, set_up),
        cmocka_unit_test_setup(what_is_disputed_lowers_nothing, set_up),
        cmocka_unit_test_setup(what_is_disputed_ends_no_count, set_up),
        cmocka_unit_test_setup(a_link_that_ends_is_the_end_of_a_session, set_up),
        cmocka_unit_test_setup(what_a_session_ended_with_is_as_old_as_its_last_value, set_up),
        cmocka_unit_test_setup(a_device_that_is_not_worn_ends_nothing_of_another, set_up),
        cmocka_unit_test_setup(the_device_that_streams_ends_its_own, set_up),
        cmocka_unit_test_setup(a_device_that_is_not_known_may_be_any, set_up),
        cmocka_unit_test_setup(which_device_streams_is_stored, set_up),
        cmocka_unit_test_setup(who_is_discharged_is_not_asked_to_measure_again, set_up),
        cmocka_unit_test_setup(an_event_does_not_say_since_when_if_nobody_knows, set_up),
        cmocka_unit_test_setup(what_was_derived_is_taken_back_by_its_own_number, set_up),
        cmocka_unit_test_setup(what_came_late_of_a_stream_is_taken_back, set_up),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
