/* SPDX-License-Identifier: Apache-2.0 */
/* What a clinician asks to be measured: what the room reads, what ends it, and what the ward is answered, twice. */
#include "app_orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/reading.h"

static int set_up(void **state)
{
    struct bench *bench;

    assert_int_equal(orders_set_up(state), 0);
    bench = *state;
    snprintf(bench->config.alarm.patient_text, sizeof(bench->config.alarm.patient_text), "%s/room",
             bench->directory);
    orders_restart(bench);
    return 0;
}

static struct ward_order asking(struct bench *bench, uint8_t quantity)
{
    struct ward_order order = orders_make(bench, WARD_COMMAND_ASK);

    order.command.quantity = quantity;
    order.command.seconds = 600;
    return order;
}

/* What stands in the room. */
static const char *room(const struct bench *bench)
{
    static char text[512];
    FILE *file = fopen(bench->config.alarm.patient_text, "re");
    size_t length;

    assert_non_null(file);
    length = fread(text, 1, sizeof(text) - 1, file);
    text[length] = '\0';
    fclose(file);
    return text;
}

/* The answer that comes next. */
static const char *next_answer(struct bench *bench)
{
    struct ward_outbox *outbox = &bench->gateway->outbox;

    WAIT_FOR(bench, (ward_gateway_settle(bench->gateway), outbox->result_count > 0));
    return outbox->results[0].text;
}

static void it_ends_with_a_valid_reading(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = asking(bench, WARD_SPO2);

    assert_non_null(strstr(orders_give(bench, &order), "The patient is asked."));
    assert_non_null(strstr(room(bench), "SpO2"));
    ward_outbox_results_done(&bench->gateway->outbox);
    (void)orders_measure(bench, WARD_BODY_TEMPERATURE, 37);
    assert_int_equal(bench->gateway->asks.count, 1); /* something else is no answer to it */
    (void)orders_measure(bench, WARD_SPO2, 97);
    assert_non_null(strstr(next_answer(bench), "\"outcome\":\"done\",\"reason\":\"A valid reading came.\""));
    assert_non_null(strstr(next_answer(bench), order.id.text));
    assert_string_equal(room(bench), "");
    orders_restart(bench);
    assert_int_equal(bench->gateway->asks.count, 0);
}

/* Nothing that is doubtful, old or another's; and a sample of a stream is no measurement where single values count. */
static void it_does_not_end_with_anything_else(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = asking(bench, WARD_SPO2);
    struct ward_reading reading = {.kind = WARD_READING_SPOT,
                                   .value_count = 1,
                                   .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 97}}}};
    struct ward_reading other;

    orders_done(bench, &order);
    reading.patient = orders_watch(bench)->patient;
    other = reading;
    other.quality = WARD_QUESTIONABLE;
    ward_ask_heard(bench->gateway, &other);
    other = reading;
    other.late = true;
    ward_ask_heard(bench->gateway, &other);
    other = reading;
    strcpy(other.patient.text, "p-2");
    ward_ask_heard(bench->gateway, &other);
    other = reading;
    other.kind = WARD_READING_CONTINUOUS;
    for (size_t i = 0; i < orders_watch(bench)->plan.quantity_count; i++)
        if (orders_watch(bench)->plan.quantities[i].quantity == WARD_SPO2)
            orders_watch(bench)->plan.quantities[i].mode = WARD_MODE_SPOT;
    ward_ask_heard(bench->gateway, &other);
    assert_int_equal(bench->gateway->asks.count, 1);
    for (size_t i = 0; i < orders_watch(bench)->plan.quantity_count; i++)
        orders_watch(bench)->plan.quantities[i].mode = WARD_MODE_STREAM;
    ward_ask_heard(bench->gateway, &other);
    assert_int_equal(bench->gateway->asks.count, 0);
}

static void it_ends_when_its_time_is_over(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = asking(bench, WARD_SPO2);

    order.command.seconds = 1;
    orders_done(bench, &order);
    ward_outbox_results_done(&bench->gateway->outbox);
    assert_non_null(
        strstr(next_answer(bench), "\"outcome\":\"failed\",\"reason\":\"No valid reading came in time.\""));
    assert_string_equal(room(bench), "");
    assert_int_equal(bench->gateway->asks.count, 0);
}

static void the_room_is_asked_three_times(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = asking(bench, WARD_SPO2);
    struct ward_ask *ask = &bench->gateway->asks.list[0];

    orders_done(bench, &order);
    assert_int_equal(ask->prompts, 1);
    ward_gateway_settle(bench->gateway);
    assert_int_equal(ask->prompts, 1);
    ask->from_us -= 201 * UINT64_C(1000000); /* a third of the time later */
    ask->until_us -= 201 * UINT64_C(1000000);
    ward_gateway_settle(bench->gateway);
    assert_int_equal(ask->prompts, 2);
    ask->from_us -= 201 * UINT64_C(1000000);
    ask->until_us -= 201 * UINT64_C(1000000);
    ward_gateway_settle(bench->gateway);
    ward_gateway_settle(bench->gateway);
    assert_int_equal(ask->prompts, WARD_PROMPTS_MAX);
}

static void what_cannot_be_asked_is_told_why(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = asking(bench, WARD_SPO2);

    strcpy(order.patient.text, "p-9");
    orders_refused(bench, &order, "No such patient");
    order = asking(bench, WARD_SPO2);
    order.patient.text[0] = '\0';
    orders_refused(bench, &order, "No such patient");
    order = asking(bench, WARD_CONCERN);
    orders_refused(bench, &order, "nothing that can be measured");
    order = asking(bench, WARD_SPO2);
    orders_done(bench, &order);
    order = asking(bench, WARD_SPO2);
    orders_refused(bench, &order, "asked for already");
    bench->gateway->asks.count = WARD_ASKS_MAX;
    order = asking(bench, WARD_BODY_MASS);
    orders_refused(bench, &order, "Too much is asked");
    bench->gateway->asks.count = 1;
}

/* The program was started anew: it is still asked, and answered. After a reboot nobody knows for how long. */
static void it_is_not_forgotten(void **state)
{
    struct bench *bench = *state;
    struct ward_order order = asking(bench, WARD_SPO2);

    orders_done(bench, &order);
    orders_restart(bench);
    assert_int_equal(bench->gateway->asks.count, 1);
    assert_non_null(strstr(room(bench), "SpO2"));
    (void)orders_measure(bench, WARD_SPO2, 97);
    assert_non_null(strstr(next_answer(bench), "A valid reading came."));

    order = asking(bench, WARD_SPO2);
    orders_done(bench, &order);
    strcpy(bench->gateway->boot.text, "b-earlier");
    ward_ask_submit_again(bench->gateway);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    orders_restart(bench);
    assert_non_null(strstr(next_answer(bench), "No valid reading came in time."));
    assert_int_equal(bench->gateway->asks.count, 0);
}

#define ASK_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, bench_tear_down)

/* The patient's schedule says that SpO2 is to be measured since this minute, and nothing has come. */
static void make_due(struct bench *bench, const char *text)
{
    struct ward_watch *watch = orders_watch(bench);
    const int64_t minute = ward_gateway_now(bench->gateway).utc_ms / 60000;
    struct ward_plan_schedule *schedule = &watch->plan.schedules[0];

    *schedule = (struct ward_plan_schedule){.quantity = WARD_SPO2,
                                            .days = 0x7F,
                                            .time_count = 1,
                                            .at_min = {(uint16_t)(minute % 1440)},
                                            .grace_ms = 7200000};
    strcpy(schedule->prompt_text, text);
    watch->plan.schedule_count = 1;
    watch->plan.quiet.days = 0;
    watch->has_zone = true; /* UTC */
    for (size_t i = 0; i < watch->state.input_count; i++) {
        if (watch->state.inputs[i].quantity == WARD_SPO2) {
            watch->state.inputs[i].slot_ms = minute * 60000;
            watch->state.inputs[i].schedule_us = 0;
        }
    }
}

static void the_room_reads_what_the_schedule_asks_for(void **state)
{
    struct bench *bench = *state;

    assert_string_equal(room(bench), "");
    make_due(bench, "Please measure your oxygen.");
    ward_watch_tick(orders_watch(bench));
    assert_string_equal(room(bench), "Please measure your oxygen.");
    (void)orders_measure(bench, WARD_BODY_TEMPERATURE, 37);
    assert_string_equal(room(bench), "Please measure your oxygen.");
    (void)orders_measure(bench, WARD_SPO2, 97);
    assert_string_equal(room(bench), "");

    orders_watch(bench)->state.inputs[0].adherence.count = 0; /* as if it had not been measured */
    make_due(bench, "");
    ward_watch_tick(orders_watch(bench));
    assert_string_equal(room(bench), "Please measure now: SpO2.");
    orders_tell(bench, WARD_SPO2, 85); /* it was measured, and the alarm has no words for the patient */
    assert_string_equal(room(bench), "");
}

/* The ward has closed while an alarm stands: nobody there will call. */
static void the_room_reads_other_words_when_the_ward_has_closed(void **state)
{
    struct bench *bench = *state;
    struct ward_watch *watch = orders_watch(bench);

    watch->plan.has_service = true; /* the whole day */
    watch->plan.service = (struct ward_plan_hours){.days = 0x7F};
    watch->has_zone = true;
    strcpy(watch->plan.out_of_hours_text, "If you feel worse call 111.");
    for (size_t i = 0; i < watch->plan.rule_count; i++)
        strcpy(watch->plan.rules[i].patient_text, "Your ward will call you.");
    (void)orders_measure(bench, WARD_SPO2, 85);
    assert_string_equal(room(bench), "Your ward will call you.");
    bench->gateway->upkeep.due_us = 0;
    ward_gateway_settle(bench->gateway);
    assert_string_equal(room(bench), "Your ward will call you.");
    watch->plan.service.days = 0;
    bench->gateway->upkeep.due_us = 0;
    ward_gateway_settle(bench->gateway);
    assert_string_equal(room(bench), "If you feel worse call 111.");
    watch->plan.service.days = 0x7F;
    bench->gateway->upkeep.due_us = 0;
    ward_gateway_settle(bench->gateway);
    assert_string_equal(room(bench), "Your ward will call you.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASK_TEST(it_ends_with_a_valid_reading),
        ASK_TEST(it_does_not_end_with_anything_else),
        ASK_TEST(it_ends_when_its_time_is_over),
        ASK_TEST(the_room_is_asked_three_times),
        ASK_TEST(what_cannot_be_asked_is_told_why),
        ASK_TEST(it_is_not_forgotten),
        ASK_TEST(the_room_reads_what_the_schedule_asks_for),
        ASK_TEST(the_room_reads_other_words_when_the_ward_has_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
