/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's contract that scenarios cannot say: answers, ids, bounds, the stored form. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alarm.h"
#include "core/alarm_pack.h"
#include "core/careplan.h"

#define SECOND_US UINT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)

static struct ward_care_plan plan;
static struct ward_alarm_patient patient;
static struct ward_alarm_event events[256];
static size_t event_count;
static size_t trace_count;
static uint64_t now_us;
static struct ward_alarm_present present[128];

static void on_event(void *context, const struct ward_alarm_event *event)
{
    (void)context;
    assert_true(event_count < 256);
    events[event_count++] = *event;
}

static void on_trace(void *context, const struct ward_alarm_trace *trace)
{
    (void)context;
    assert_non_null(trace->condition);
    assert_string_not_equal(trace->from, trace->to);
    trace_count++;
}

static const struct ward_alarm_sink sink = {.event = on_event, .trace = on_trace};

static struct ward_alarm_context now(void)
{
    return (struct ward_alarm_context){
        .plan = &plan,
        .now = {.boot_us = now_us, .utc_ms = 1700000000000, .clock = WARD_CLOCK_SYNCED},
        .seed = {{1, 2, 3, [15] = 0xFF}},
        .sink = &sink};
}

static void give(uint8_t quantity, int64_t value)
{
    struct ward_alarm_context context = now();
    struct ward_reading reading = {.mono_us = now_us,
                                   .measured_at_ms = context.now.utc_ms,
                                   .value_count = 1,
                                   .values = {{.quantity = quantity, .number = {.mantissa = value}}}};

    ward_alarm_reading(&patient, &context, &reading);
}

static void give_early(uint8_t quantity, int64_t value)
{
    struct ward_alarm_context context = now();
    struct ward_reading reading = {.mono_us = now_us,
                                   .measured_at_ms = context.now.utc_ms,
                                   .value_count = 1,
                                   .values = {{.quantity = quantity, .number = {.mantissa = value}}}};

    ward_alarm_reading_early(&patient, &context, &reading);
}

static void stream(uint8_t quantity, int64_t value)
{
    struct ward_alarm_context context = now();
    struct ward_reading reading = {.kind = WARD_READING_CONTINUOUS,
                                   .mono_us = now_us,
                                   .measured_at_ms = context.now.utc_ms,
                                   .value_count = 1,
                                   .values = {{.quantity = quantity, .number = {.mantissa = value}}}};

    ward_alarm_reading(&patient, &context, &reading);
}

static size_t count_present(void)
{
    struct ward_alarm_context context = now();

    return ward_alarm_present(&patient, &context, present, 128);
}

static int set_up(void **state)
{
    struct ward_alarm_context context;

    (void)state;
    event_count = trace_count = 0;
    now_us = 1000 * SECOND_US;
    ward_alarm_init(&patient, &(struct ward_id){"p-1"}, &(struct ward_id){"s-1"});
    context = now();
    ward_alarm_replace_plan(&patient, &context);
    return 0;
}

static void an_event_says_everything(void **state)
{
    (void)state;
    give(WARD_SPO2, 88);
    assert_int_equal(event_count, 1);
    assert_string_equal(events[0].patient.text, "p-1");
    assert_string_equal(events[0].episode.text, "s-1");
    assert_string_equal(events[0].condition.text, "spo2-low");
    assert_string_equal(events[0].rule.text, "spo2-red");
    assert_string_equal(events[0].plan_id.text, "oximetry-at-home");
    assert_int_equal(events[0].plan_version, 3);
    assert_int_equal(events[0].kind, WARD_ALARM_PHYSIOLOGICAL);
    assert_int_equal(events[0].limit.mantissa, 93);
    assert_int_equal(events[0].value.mantissa, 88);
    assert_true(events[0].has_reading);
    assert_int_equal(events[0].reading_seq, 0);
    assert_int_equal(events[0].n, 1);
    assert_int_equal(events[0].state, WARD_ALARM_ACTIVE);
    assert_non_null(strstr(events[0].text, "SpO2 88 %, alarm below 93 %"));
    assert_non_null(strstr(events[0].shown_text, "measure again"));
    assert_true(trace_count > 0);
}

static void one_call_gives_each_occurrence_an_id(void **state)
{
    struct ward_alarm_context context = now();
    struct ward_reading reading = {.value_count = 2,
                                   .measured_at_ms = context.now.utc_ms,
                                   .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 88}},
                                              {.quantity = WARD_PULSE_RATE, .number = {.mantissa = 150}}}};

    (void)state;
    ward_alarm_reading(&patient, &context, &reading);
    assert_int_equal(event_count, 2);
    assert_memory_equal(&events[0].id, &context.seed, sizeof(context.seed));
    assert_memory_not_equal(&events[0].id, &events[1].id, sizeof(events[0].id));
    assert_int_equal(events[1].id.octets[15], 0); /* 0xFF and one: the carry goes on */
    assert_int_equal(events[1].id.octets[14], 1);
}

static void the_pulse_of_a_cuff_is_the_pulse(void **state)
{
    (void)state;
    give(WARD_PULSE_RATE_CUFF, 150);
    assert_int_equal(event_count, 1);
    assert_string_equal(events[0].condition.text, "pulse-rate-high");
}

static void only_a_clinician_acknowledges(void **state)
{
    struct ward_id by = {"somebody"};
    struct ward_alarm_context context;

    (void)state;
    give(WARD_SPO2, 88);
    context = now();
    assert_int_equal(ward_alarm_acknowledge(&patient, &context, &events[0].id, &by, false),
                     WARD_ALARM_CLINICAL);
    assert_int_equal(event_count, 1);
    assert_int_equal(ward_alarm_acknowledge(&patient, &context, &events[0].id, &by, true), WARD_ALARM_DONE);
    assert_string_equal(events[1].by.text, "somebody");
    assert_int_equal(events[1].n, 2);
    assert_int_equal(ward_alarm_acknowledge(&patient, &context, &events[0].id, &by, true),
                     WARD_ALARM_ALREADY);
    assert_int_equal(ward_alarm_acknowledge(&patient, &context, &(struct ward_alarm_id){{9}}, &by, true),
                     WARD_ALARM_NOT_FOUND);
    assert_int_equal(event_count, 2);
}

static void an_unchanged_value_raises_nothing(void **state)
{
    (void)state;
    give(WARD_SPO2, 93); /* equal to red: amber only */
    assert_int_equal(events[0].priority, WARD_PRIORITY_MEDIUM);
    for (int i = 0; i < 5; i++) {
        now_us += SECOND_US;
        give(WARD_SPO2, 93);
    }
    assert_int_equal(event_count, 1);
    give(WARD_SPO2, 95); /* equal to amber: nothing */
    assert_int_equal(events[1].event, WARD_EVENT_CLEARED);
}

static void implausible_values_raise_nothing(void **state)
{
    (void)state;
    give(WARD_SPO2, 12);
    assert_int_equal(event_count, 1);
    assert_string_equal(events[0].condition.text, "no-valid-data");
    assert_int_equal(events[0].priority, WARD_PRIORITY_LOW);
}

static void technical_conditions_are_bounded(void **state)
{
    struct ward_alarm_context context = now();
    struct ward_alarm_technical technical = {.text = "x", .priority = WARD_PRIORITY_LOW};
    char name[32];
    int given = 0;

    (void)state;
    technical.name = "not an id";
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), -EINVAL);
    technical.name = name;
    for (;; given++) {
        snprintf(name, sizeof(name), "t-%d", given);
        if (ward_alarm_technical(&patient, &context, &technical, true) != 0) {
            break;
        }
    }
    assert_true(given >= 24);
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), -ENOSPC);
    assert_int_equal(count_present(), given);
    context.plan = NULL; /* the engine's own always find room */
    ward_alarm_replace_plan(&patient, &context);
    assert_int_equal(count_present(), given + 1);
    strcpy(name, "t-0");
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, false), 0);
    assert_int_equal(count_present(), given);
}

static void a_higher_priority_raises_again(void **state)
{
    struct ward_alarm_context context = now();
    struct ward_alarm_technical technical = {.name = "storage", .text = "x", .priority = WARD_PRIORITY_LOW};

    (void)state;
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    assert_int_equal(event_count, 1);
    technical.priority = WARD_PRIORITY_HIGH;
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    assert_int_equal(event_count, 2);
    assert_true(events[1].again);
}

static void rules_without_a_source_degrade(void **state)
{
    struct ward_alarm_context context = now();
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t count;

    (void)state;
    assert_int_equal(ward_alarm_monitoring(&patient, &context, reasons, &count), WARD_MONITORING_FULL);
    ward_alarm_sources(&patient, &context, 1u << WARD_SPO2);
    assert_int_equal(event_count, 1);
    assert_string_equal(events[0].condition.text, "rule-without-source");
    assert_int_equal(events[0].quantity, WARD_PULSE_RATE);
    assert_int_equal(ward_alarm_monitoring(&patient, &context, reasons, &count), WARD_MONITORING_DEGRADED);
    assert_int_equal(count, 1);
    assert_string_equal(reasons[0].text, "rule-without-source");
    ward_alarm_sources(&patient, &context, 1u << WARD_SPO2 | 1u << WARD_PULSE_RATE_CUFF);
    assert_int_equal(ward_alarm_monitoring(&patient, &context, reasons, &count), WARD_MONITORING_FULL);
}

static void the_list_has_the_worst_first(void **state)
{
    struct ward_last_valid last[WARD_PLAN_QUANTITIES_MAX];
    struct ward_alarm_context context = now();

    (void)state;
    give(WARD_PULSE_RATE, 115);
    give(WARD_SPO2, 88);
    assert_int_equal(count_present(), 2);
    assert_string_equal(present[0].newest.condition.text, "spo2-low");
    assert_string_equal(present[1].newest.condition.text, "pulse-rate-high");
    assert_int_equal(present[0].raised_at_ms, 1700000000000);
    assert_int_equal(ward_alarm_present(&patient, &context, present, 1), 2);
    assert_string_equal(present[0].newest.condition.text, "spo2-low");
    assert_int_equal(ward_alarm_last_valid(&patient, &context, last), 2);
    assert_int_equal(last[0].value.mantissa, 88);
}

/* What may be from a device's memory raises at once, once, and does nothing else. */
static void an_early_reading_raises_and_does_not_clear(void **state)
{
    (void)state;
    give_early(WARD_SPO2, 96);
    assert_int_equal(event_count, 0);
    give_early(WARD_SPO2, 88);
    assert_int_equal(event_count, 1);
    assert_int_equal(events[0].event, WARD_EVENT_RAISED);
    assert_int_equal(events[0].priority, WARD_PRIORITY_HIGH);
    assert_false(events[0].confirm);
    assert_false(events[0].late);
    give(WARD_SPO2, 88); /* it was of now: that is known already */
    assert_int_equal(event_count, 1);
    give_early(WARD_SPO2, 97);
    assert_int_equal(event_count, 1);
    give(WARD_SPO2, 97);
    assert_int_equal(event_count, 2);
    assert_int_equal(events[1].event, WARD_EVENT_CLEARED);
}

/* A pulse that another device disputes delays no alarm on the oxygen beside it, and ends none. */
static void what_is_disputed_raises_in_time_and_does_not_clear(void **state)
{
    struct ward_reading reading = {.kind = WARD_READING_CONTINUOUS,
                                   .quality = WARD_QUESTIONABLE,
                                   .reasons = WARD_REASON_DISAGREEMENT,
                                   .value_count = 1,
                                   .values = {{.quantity = WARD_PULSE_RATE, .number = {.mantissa = 140}}}};
    struct ward_alarm_context context;

    (void)state;
    for (int second = 0; second <= 20; second++) {
        context = now();
        reading.mono_us = now_us;
        ward_alarm_reading(&patient, &context, &reading);
        now_us += 1000000;
    }
    assert_int_equal(event_count, 3); /* amber and red pending, red raised */
    assert_int_equal(events[2].event, WARD_EVENT_RAISED);
    assert_int_equal(events[2].priority, WARD_PRIORITY_HIGH);
    assert_int_equal(events[2].condition_delay_ms, 15000);
    reading.values[0].number.mantissa = 75;
    for (int second = 0; second <= 120; second++) {
        context = now();
        reading.mono_us = now_us;
        ward_alarm_reading(&patient, &context, &reading);
        now_us += 1000000;
    }
    assert_int_equal(count_present(), 1);
    assert_int_equal(present[0].newest.state, WARD_ALARM_ACTIVE);
}

static uint32_t told_newest(void *context, const struct ward_alarm_id *id)
{
    return memcmp(id, &events[0].id, sizeof(*id)) == 0 ? *(const uint32_t *)context : 0;
}

/* What was told and not committed: it is told again under each number that may have been used, and under a new one. */
static void numbers_that_were_told_are_not_given_to_something_else(void **state)
{
    uint32_t newest = 3;
    const struct ward_alarm_told told = {told_newest, &newest};
    struct ward_alarm_patient committed;
    struct ward_alarm_context context = now();

    (void)state;
    give(WARD_SPO2, 88);
    committed = patient;
    give(WARD_SPO2, 97); /* 2: cleared */
    give(WARD_SPO2, 87); /* 3: back, and with that the process was killed */
    assert_int_equal(event_count, 3);
    patient = committed;
    ward_alarm_restart(&patient, &context, &told);
    assert_int_equal(event_count, 6);
    for (uint32_t i = 3; i < 6; i++) {
        assert_memory_equal(&events[i].id, &events[0].id, sizeof(events[0].id));
        assert_int_equal(events[i].n, i - 1);
        assert_int_equal(events[i].event, WARD_EVENT_RAISED);
        assert_int_equal(events[i].value.mantissa, 88);
    }
    give(WARD_SPO2, 97);
    assert_int_equal(events[6].event, WARD_EVENT_CLEARED);
    assert_int_equal(events[6].n, 5);

    ward_alarm_restart(&patient, &context, &told); /* all that was told is known */
    assert_int_equal(event_count, 7);
    newest = 1000000; /* a file that lies floods nobody */
    ward_alarm_restart(&patient, &context, &told);
    assert_int_equal(event_count, 7 + 9);
    assert_int_equal(events[15].n, 1000001);
}

/* After a power cut nobody knows what was told: the number that may have been used is not the only one that says it. */
static void a_reboot_tells_twice_what_stands(void **state)
{
    struct ward_alarm_patient committed;
    struct ward_alarm_context context = now();

    (void)state;
    give(WARD_SPO2, 88);
    committed = patient;
    give(WARD_SPO2, 97); /* 2: cleared, and with that the power was cut */
    patient = committed;
    ward_alarm_reboot(&patient, &context);
    assert_int_equal(event_count, 4);
    for (uint32_t i = 2; i < 4; i++) {
        assert_memory_equal(&events[i].id, &events[0].id, sizeof(events[0].id));
        assert_int_equal(events[i].n, i);
        assert_int_equal(events[i].event, WARD_EVENT_REALARM);
    }

    give(WARD_SPO2, 97); /* 4: cleared, and nobody has looked */
    committed = patient;
    give(WARD_SPO2, 87); /* 5: back, and with that the power was cut */
    patient = committed;
    ward_alarm_reboot(&patient, &context);
    assert_int_equal(event_count, 8);
    assert_int_equal(events[6].n, 5);
    assert_int_equal(events[7].n, 6);
    assert_int_equal(events[7].event, WARD_EVENT_CLEARED);
    give(WARD_SPO2, 87);
    assert_int_equal(events[8].n, 7);
    assert_int_equal(events[8].event, WARD_EVENT_RAISED);
}

static bool is_present(const char *condition)
{
    const size_t count = count_present();

    for (size_t i = 0; i < count; i++) {
        if (strcmp(present[i].newest.condition.text, condition) == 0) {
            return true;
        }
    }
    return false;
}

/* The machine is started anew, and was off for so long; by then its clock has run for boot_us. */
static void reboot(uint64_t off_us, uint64_t boot_us)
{
    struct ward_alarm_context context;

    now_us = boot_us;
    context = now();
    context.now.utc_ms += (int64_t)(off_us / 1000);
    ward_alarm_reboot(&patient, &context);
}

static void tick(uint64_t us)
{
    struct ward_alarm_context context;

    now_us = us;
    context = now();
    ward_alarm_tick(&patient, &context);
}

static void what_was_due_while_the_machine_was_off_is_due_now(void **state)
{
    (void)state;
    reboot(13 * HOUR_US, 20 * SECOND_US);
    assert_true(is_present("no-data"));
}

static void for_how_long_it_was_off_may_be_unknown(void **state)
{
    const uint64_t admitted_us = now_us;

    (void)state;
    tick(admitted_us + 11 * HOUR_US);
    reboot(0, 20 * SECOND_US);
    tick(20 * SECOND_US + HOUR_US - 1);
    assert_false(is_present("no-data"));
    tick(20 * SECOND_US + HOUR_US);
    assert_true(is_present("no-data"));
}

static void how_long_it_was_beyond_counts_on_over_a_reboot(void **state)
{
    (void)state;
    for (int second = 0; second <= 24; second++) {
        stream(WARD_SPO2, 94);
        now_us += SECOND_US;
    }
    reboot(0, 20 * SECOND_US);
    stream(WARD_SPO2, 94);
    assert_string_equal(events[event_count - 1].condition.text, "spo2-low");
    assert_int_equal(events[event_count - 1].event, WARD_EVENT_RAISED);
    assert_int_equal(events[event_count - 1].condition_delay_ms, 24000);
}

/* One microsecond before the clock of this boot began is a moment as any other. */
static void no_moment_is_taken_for_none(void **state)
{
    const uint64_t admitted_us = now_us;

    (void)state;
    tick(admitted_us + 20 * SECOND_US);
    reboot(0, 20 * SECOND_US - 1);
    tick(12 * HOUR_US);
    assert_true(is_present("no-data"));
}

static void a_commit_gives_readings_their_seq(void **state)
{
    struct ward_reading committed = {
        .seq = 17, .value_count = 1, .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 88}}}};
    struct ward_reading other = {.seq = 16, .value_count = 1, .values = {{.quantity = WARD_HEART_RATE}}};
    struct ward_alarm_context context;

    (void)state;
    give(WARD_SPO2, 88);
    other.mono_us = committed.mono_us = now_us; /* two of one moment: each names its own */
    ward_alarm_committed(&patient, &plan, &other);
    ward_alarm_committed(&patient, &plan, &committed);
    assert_int_equal(count_present(), 1);
    assert_int_equal(present[0].newest.reading_seq, 17);
    context = now();
    assert_int_equal(ward_alarm_void(&patient, &context, 16), 0);
    assert_int_equal(ward_alarm_void(&patient, &context, 17), 1u << WARD_SPO2);
    assert_int_equal(count_present(), 0);
}

/* A number of the database before names another reading in the next one: what it gave there is not taken back with that. */
static void a_new_database_has_other_numbers(void **state)
{
    struct ward_reading reading = {
        .seq = 17, .value_count = 1, .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 88}}}};
    struct ward_alarm_context context;

    (void)state;
    give(WARD_SPO2, 88);
    reading.mono_us = now_us;
    ward_alarm_committed(&patient, &plan, &reading);
    ward_alarm_new_epoch(&patient);
    assert_int_equal(count_present(), 1);
    assert_int_equal(present[0].newest.reading_seq, 0);
    context = now();
    assert_int_equal(ward_alarm_void(&patient, &context, 17), 0);
    assert_int_equal(count_present(), 1);
    reading.seq = 3; /* what the ward did not have is numbered anew */
    ward_alarm_committed(&patient, &plan, &reading);
    assert_int_equal(ward_alarm_void(&patient, &context, 3), 1u << WARD_SPO2);
    assert_int_equal(count_present(), 0);
}

/* Two devices lose their bond; that one is paired again says nothing of the other. */
static void a_condition_of_a_device_is_that_devices(void **state)
{
    struct ward_alarm_technical technical = {.name = "bond-lost",
                                             .device = "d-1",
                                             .text = "x",
                                             .priority = WARD_PRIORITY_MEDIUM,
                                             .degrades = true};
    struct ward_alarm_context context = now();
    static uint8_t packed[WARD_ALARM_PACKED_MAX];
    struct ward_id reasons[WARD_MONITORING_REASONS_MAX];
    size_t length, reason_count;

    (void)state;
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    technical.device = "d-2";
    context.seed.octets[0]++;
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    assert_int_equal(event_count, 2);
    assert_string_equal(events[1].device.text, "d-2");
    assert_memory_not_equal(&events[0].id, &events[1].id, sizeof(events[0].id));
    assert_int_equal(count_present(), 2);
    (void)ward_alarm_monitoring(&patient, &context, reasons, &reason_count);
    assert_int_equal(reason_count, 1); /* said once */
    length = ward_alarm_pack(&patient, packed, sizeof(packed));
    memset(&patient, 0, sizeof(patient));
    assert_true(ward_alarm_unpack(packed, length, &patient));
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, false), 0);
    assert_int_equal(count_present(), 1);
    assert_string_equal(present[0].newest.device.text, "d-1");
    technical.device = "not an id";
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), -EINVAL);
    technical.device = NULL;
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    assert_int_equal(count_present(), 2);
}

static void a_late_alarm_says_how_old_it_is(void **state)
{
    struct ward_reading late = {.kind = WARD_READING_SPOT,
                                .late = true,
                                .value_count = 1,
                                .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 88}}}};
    struct ward_alarm_context context = now();

    (void)state;
    late.measured_at_ms = context.now.utc_ms - 2 * WARD_HOUR_MS - 59 * WARD_MINUTE_MS;
    ward_alarm_reading(&patient, &context, &late);
    assert_int_equal(event_count, 1);
    assert_int_equal(events[0].late_age_ms, 2 * WARD_HOUR_MS + 59 * WARD_MINUTE_MS);
    assert_non_null(strstr(events[0].text, "measured 2 h ago"));
}

static void commit(uint64_t seq, uint64_t mono_us)
{
    const struct ward_reading reading = {
        .seq = seq, .mono_us = mono_us, .value_count = 1, .values = {{.quantity = WARD_SPO2}}};

    ward_alarm_committed(&patient, &plan, &reading);
}

/* The numbers come with the commits, which may be later than what follows; and all of it outlives the process. */
static void what_is_taken_back_is_known_by_its_number(void **state)
{
    static uint8_t buffer[WARD_ALARM_PACKED_MAX];
    struct ward_alarm_context context;
    const uint64_t begin_us = now_us;
    size_t length;

    (void)state;
    give(WARD_SPO2, 85);
    now_us += SECOND_US;
    give(WARD_SPO2, 88);
    now_us += SECOND_US;
    give(WARD_SPO2, 97);
    assert_int_equal(event_count, 2);
    context = now();
    (void)ward_alarm_void(&patient, &context, 3); /* not committed: nobody can mean it */
    assert_int_equal(event_count, 2);
    for (uint64_t i = 0; i < 3; i++) {
        commit(1 + i, begin_us + i * SECOND_US);
    }
    length = ward_alarm_pack(&patient, buffer, sizeof(buffer));
    assert_true(ward_alarm_unpack(buffer, length, &patient));
    assert_int_equal(ward_alarm_void(&patient, &context, 2), 0);
    assert_int_equal(event_count, 2);
    assert_int_equal(ward_alarm_void(&patient, &context, 3), 0);
    assert_int_equal(event_count, 3);
    assert_int_equal(events[2].event, WARD_EVENT_RAISED);
    assert_int_equal(events[2].value.mantissa, 85);
    assert_int_equal(events[2].reading_seq, 1);
    assert_int_equal(ward_alarm_void(&patient, &context, 1), 1u << WARD_SPO2);
    assert_int_equal(event_count, 4);
    assert_int_equal(events[3].event, WARD_EVENT_CLEARED);
    assert_int_equal(events[3].cleared_reason, WARD_CLEARED_VOIDED);
    assert_int_equal(ward_alarm_void(&patient, &context, 1), 0);
}

static void suspending_has_bounds(void **state)
{
    struct ward_alarm_context context = now();
    struct ward_alarm_suspension suspension = {.duration_ms = 0, .by = {"dr-1"}, .why = "bath"};

    (void)state;
    assert_false(ward_alarm_suspend(&patient, &context, &suspension));
    suspension.duration_ms = WARD_ALARM_SUSPEND_MAX_MS + 1;
    assert_false(ward_alarm_suspend(&patient, &context, &suspension));
    assert_false(ward_alarm_is_suspended(&patient));
    suspension.duration_ms = WARD_ALARM_SUSPEND_MAX_MS;
    assert_int_equal(event_count, 0);
    assert_true(ward_alarm_suspend(&patient, &context, &suspension));
    assert_true(ward_alarm_is_suspended(&patient));
    assert_int_equal(events[0].event, WARD_EVENT_SUSPENDED);
    assert_string_equal(events[0].by.text, "dr-1");
    assert_non_null(strstr(events[0].text, "until 2023-11-15T22:13Z: bath"));
    ward_alarm_resume(&patient, &context, &suspension.by);
    assert_false(ward_alarm_is_suspended(&patient));
    assert_int_equal(event_count, 2);
    assert_int_equal(events[1].event, WARD_EVENT_RESUMED);
    assert_int_equal(events[1].n, 2);
}

static void an_expired_plan_stays_and_says_so(void **state)
{
    struct ward_alarm_context context = now();

    (void)state;
    context.now.utc_ms = plan.review_by_ms + 1;
    ward_alarm_tick(&patient, &context);
    assert_int_equal(event_count, 1);
    assert_string_equal(events[0].condition.text, "plan-expired");
    give(WARD_SPO2, 88);
    assert_string_equal(events[event_count - 1].condition.text, "spo2-low");
}

static void a_clock_that_moved_is_looked_at_again(void **state)
{
    struct ward_alarm_context context = now();

    (void)state;
    ward_alarm_tick(&patient, &context);
    /* Time goes by, and a time service corrects the clock a little. */
    context.now.boot_us += HOUR_US;
    context.now.utc_ms += WARD_HOUR_MS + 999;
    assert_false(ward_alarm_clock_moved(&patient, &context.now));
    context.now.utc_ms += 1;
    assert_true(ward_alarm_clock_moved(&patient, &context.now));
    ward_alarm_tick(&patient, &context);
    assert_false(ward_alarm_clock_moved(&patient, &context.now));
    context.now.utc_ms = WARD_UTC_UNKNOWN;
    assert_true(ward_alarm_clock_moved(&patient, &context.now));
    ward_alarm_tick(&patient, &context);
    assert_false(ward_alarm_clock_moved(&patient, &context.now));
}

static void no_plan_is_due_at_once(void **state)
{
    struct ward_alarm_context context = now();
    static struct ward_alarm_patient fresh;

    (void)state;
    ward_alarm_init(&fresh, &(struct ward_id){"p-2"}, &(struct ward_id){"s-2"});
    assert_int_equal(ward_alarm_deadline_us(&fresh, NULL), 0);
    context.plan = NULL;
    ward_alarm_tick(&fresh, &context);
    assert_int_equal(event_count, 1);
    assert_string_equal(events[0].condition.text, "no-plan");
    assert_true(ward_alarm_deadline_us(&fresh, NULL) > now_us);
}

static void packed_is_unpacked_or_refused(void **state)
{
    static struct ward_alarm_patient copy;
    uint8_t *packed = malloc(WARD_ALARM_PACKED_MAX);
    uint8_t *twice = malloc(WARD_ALARM_PACKED_MAX);
    size_t length;

    (void)state;
    assert_non_null(packed);
    assert_non_null(twice);
    give(WARD_SPO2, 88);
    length = ward_alarm_pack(&patient, packed, WARD_ALARM_PACKED_MAX);
    assert_in_range(length, 100, 4000);
    assert_true(ward_alarm_unpack(packed, length, &copy));
    assert_int_equal(ward_alarm_pack(&copy, twice, WARD_ALARM_PACKED_MAX), length);
    assert_memory_equal(packed, twice, length);
    for (size_t cut = 0; cut < length; cut++) {
        assert_false(ward_alarm_unpack(packed, cut, &copy));
        assert_int_equal(ward_alarm_pack(&patient, twice, cut), 0);
    }
    assert_false(ward_alarm_unpack(packed, length + 1, &copy));
    packed[0]++;
    assert_false(ward_alarm_unpack(packed, length, &copy));
    free(packed);
    free(twice);
}

/* Packs a state in which a number has a value that is found nowhere else, and puts another in its place. */
static bool takes(uint8_t *packed, size_t length, uint64_t there, uint64_t instead, size_t width)
{
    static struct ward_alarm_patient copy;
    uint8_t *place = memmem(packed, length, &there, width);
    bool taken;

    assert_non_null(place);
    assert_null(memmem(place + 1, length - (size_t)(place + 1 - packed), &there, width));
    memcpy(place, &instead, width);
    taken = ward_alarm_unpack(packed, length, &copy);
    memcpy(place, &there, width);
    return taken;
}

/* With one of these a daemon that comes back would be at it for ever, or reckon beyond what a number holds. */
static void a_state_that_no_engine_has_is_refused(void **state)
{
    const uint64_t number = 123456789, raised = 1700000000123, year_10000 = 253402300800000;
    uint8_t *packed = malloc(WARD_ALARM_PACKED_MAX);
    struct ward_alarm_condition *condition = NULL;
    size_t length;

    (void)state;
    assert_non_null(packed);
    give(WARD_SPO2, 88);
    for (size_t i = 0; i < patient.input_count && condition == NULL; i++) {
        for (size_t cause = 0; cause < WARD_CAUSE_COUNT && condition == NULL; cause++) {
            condition = patient.inputs[i].conditions[cause].state == WARD_ALARM_ACTIVE
                            ? &patient.inputs[i].conditions[cause]
                            : NULL;
        }
    }
    assert_non_null(condition);
    condition->n = (uint32_t)number;
    condition->raised_utc_ms = (int64_t)raised;
    length = ward_alarm_pack(&patient, packed, WARD_ALARM_PACKED_MAX);
    assert_true(length > 0);
    assert_true(takes(packed, length, number, 1000000000, 4));
    assert_false(takes(packed, length, number, 1000000001, 4));
    assert_true(takes(packed, length, raised, (uint64_t)WARD_UTC_UNKNOWN, 8));
    assert_true(takes(packed, length, raised, year_10000 - 1, 8));
    assert_false(takes(packed, length, raised, year_10000, 8));
    assert_false(takes(packed, length, raised, (uint64_t)INT64_MAX, 8));
    condition->last_event = WARD_EVENT_PENDING; /* of which nobody was told */
    assert_int_equal(ward_alarm_pack(&patient, packed, WARD_ALARM_PACKED_MAX), 0);
    free(packed);
}

static void the_highest_is_not_escalated(void **state)
{
    struct ward_alarm_context context = now();
    struct ward_alarm_condition *condition = &patient.technical[0].condition;
    const struct ward_alarm_technical technical = {
        .name = "no-storage", .text = "said by the test", .priority = WARD_PRIORITY_HIGH};

    (void)state;
    assert_int_equal(ward_alarm_technical(&patient, &context, &technical, true), 0);
    condition->escalate_us = 1; /* as a damaged file may say */
    ward_alarm_tick(&patient, &context);
    assert_int_equal(condition->priority, WARD_PRIORITY_HIGH);
    assert_int_equal(events[event_count - 1].event, WARD_EVENT_RAISED);
}

/* Whatever stands in the database: refused, or a state that can be lived with. */
static void damaged_states_do_no_harm(void **state)
{
    static struct ward_alarm_patient copy;
    uint8_t *packed = malloc(WARD_ALARM_PACKED_MAX);
    uint64_t random = 88172645463325252u;
    size_t length;
    size_t taken = 0;

    (void)state;
    assert_non_null(packed);
    give(WARD_SPO2, 88);
    give(WARD_PULSE_RATE, 150);
    length = ward_alarm_pack(&patient, packed, WARD_ALARM_PACKED_MAX);
    for (int i = 0; i < 20000; i++) {
        size_t at;
        uint8_t kept;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        at = (size_t)(random % length);
        kept = packed[at];
        packed[at] = (uint8_t)(random >> 40);
        if (ward_alarm_unpack(packed, length, &copy)) {
            struct ward_alarm_context context = now();
            struct ward_alarm_sink quiet = {.event = on_event};

            context.sink = &quiet;
            event_count = 0;
            taken++;
            ward_alarm_tick(&copy, &context);
            (void)ward_alarm_present(&copy, &context, present, 128);
        }
        packed[at] = kept;
    }
    assert_true(taken > 0);
    free(packed);
}

static int load(void **state)
{
    static struct ward_plan_errors errors;
    static char text[WARD_PLAN_TEXT_MAX];
    FILE *file = fopen("../config/care-plans/oximetry-at-home.json", "r");
    bool good;

    (void)state;
    if (file == NULL) {
        return -1;
    }
    good = ward_care_plan_parse(text, fread(text, 1, sizeof(text), file), &plan, &errors);
    fclose(file);
    return good ? 0 : -1;
}

/* A state that the version before had stored: SpO2 88 %, raised, and a technical condition. */
static void an_older_stored_state_is_read(void **state)
{
    static uint8_t octets[4096], again[WARD_ALARM_PACKED_MAX];
    FILE *file = fopen("vectors/alarm-state-1.hex", "r");
    size_t length = 0;
    unsigned octet;

    (void)state;
    assert_non_null(file);
    while (fscanf(file, "%2x", &octet) == 1) {
        assert_true(length < sizeof(octets));
        octets[length++] = (uint8_t)octet;
    }
    fclose(file);
    assert_int_equal(octets[0], 1);
    memset(&patient, 0x5A, sizeof(patient));
    assert_true(ward_alarm_unpack(octets, length, &patient));
    assert_int_equal(count_present(), 2);
    assert_string_equal(present[0].newest.condition.text, "spo2-low");
    assert_int_equal(present[0].newest.value.mantissa, 88);
    assert_string_equal(present[1].newest.condition.text, "no-storage");
    now_us = 1030 * SECOND_US;
    give(WARD_SPO2, 97); /* a spot value within the limits ends it */
    assert_string_equal(events[event_count - 1].condition.text, "spo2-low");
    assert_int_equal(events[event_count - 1].event, WARD_EVENT_CLEARED);
    assert_true(ward_alarm_pack(&patient, again, sizeof(again)) > 0);
    assert_int_equal(again[0], WARD_ALARM_PACK_VERSION);
    for (size_t cut = 0; cut < length; cut++) {
        assert_false(ward_alarm_unpack(octets, cut, &patient));
    }
    octets[0] = 0;
    assert_false(ward_alarm_unpack(octets, length, &patient));
    octets[0] = WARD_ALARM_PACK_VERSION + 1;
    assert_false(ward_alarm_unpack(octets, length, &patient));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_older_stored_state_is_read, set_up),
        cmocka_unit_test_setup(an_event_says_everything, set_up),
        cmocka_unit_test_setup(one_call_gives_each_occurrence_an_id, set_up),
        cmocka_unit_test_setup(the_pulse_of_a_cuff_is_the_pulse, set_up),
        cmocka_unit_test_setup(only_a_clinician_acknowledges, set_up),
        cmocka_unit_test_setup(an_unchanged_value_raises_nothing, set_up),
        cmocka_unit_test_setup(implausible_values_raise_nothing, set_up),
        cmocka_unit_test_setup(technical_conditions_are_bounded, set_up),
        cmocka_unit_test_setup(a_higher_priority_raises_again, set_up),
        cmocka_unit_test_setup(rules_without_a_source_degrade, set_up),
        cmocka_unit_test_setup(the_list_has_the_worst_first, set_up),
        cmocka_unit_test_setup(numbers_that_were_told_are_not_given_to_something_else, set_up),
        cmocka_unit_test_setup(a_reboot_tells_twice_what_stands, set_up),
        cmocka_unit_test_setup(what_was_due_while_the_machine_was_off_is_due_now, set_up),
        cmocka_unit_test_setup(for_how_long_it_was_off_may_be_unknown, set_up),
        cmocka_unit_test_setup(how_long_it_was_beyond_counts_on_over_a_reboot, set_up),
        cmocka_unit_test_setup(no_moment_is_taken_for_none, set_up),
        cmocka_unit_test_setup(a_commit_gives_readings_their_seq, set_up),
        cmocka_unit_test_setup(a_new_database_has_other_numbers, set_up),
        cmocka_unit_test_setup(a_condition_of_a_device_is_that_devices, set_up),
        cmocka_unit_test_setup(a_late_alarm_says_how_old_it_is, set_up),
        cmocka_unit_test_setup(what_is_taken_back_is_known_by_its_number, set_up),
        cmocka_unit_test_setup(suspending_has_bounds, set_up),
        cmocka_unit_test_setup(an_early_reading_raises_and_does_not_clear, set_up),
        cmocka_unit_test_setup(what_is_disputed_raises_in_time_and_does_not_clear, set_up),
        cmocka_unit_test_setup(an_expired_plan_stays_and_says_so, set_up),
        cmocka_unit_test_setup(a_clock_that_moved_is_looked_at_again, set_up),
        cmocka_unit_test_setup(no_plan_is_due_at_once, set_up),
        cmocka_unit_test_setup(packed_is_unpacked_or_refused, set_up),
        cmocka_unit_test_setup(a_state_that_no_engine_has_is_refused, set_up),
        cmocka_unit_test_setup(the_highest_is_not_escalated, set_up),
        cmocka_unit_test_setup(damaged_states_do_no_harm, set_up),
    };

    return cmocka_run_group_tests(tests, load, NULL);
}
