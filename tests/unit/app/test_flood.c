/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody sends what nobody of the ward has signed, as fast as they can: what is kept and told of it is bounded. */
#include "app_orders.h"

#include <stdio.h>
#include <string.h>

#include "app/flood.h"

static void a_window_tells_so_many_and_then_a_sum(void **state)
{
    struct ward_flood flood = {0};
    uint64_t due_us;

    (void)state;
    assert_int_equal(ward_flood_over(&flood, 1, &due_us), 0);
    assert_true(due_us == UINT64_MAX);
    for (int i = 0; i < WARD_FLOOD_REFUSALS; i++)
        assert_true(ward_flood_tell(&flood, 10));
    for (int i = 0; i < 5; i++)
        assert_false(ward_flood_tell(&flood, 11));
    assert_int_equal(ward_flood_over(&flood, 9 + WARD_FLOOD_WINDOW_US, &due_us), 0);
    assert_true(due_us == 10 + WARD_FLOOD_WINDOW_US);
    assert_int_equal(ward_flood_over(&flood, due_us, &due_us), 5);
    assert_true(due_us == UINT64_MAX);
    assert_true(ward_flood_tell(&flood, 12 + WARD_FLOOD_WINDOW_US));
    assert_true(flood.refused == WARD_FLOOD_REFUSALS + 6);
}

static void send_garbage(struct bench *bench)
{
    const struct ward_spool_down down = {.topic = "ward/v1/home/g-test/down/command",
                                         .response_topic = "",
                                         .payload = (const uint8_t *)"{}",
                                         .payload_length = 2};

    ward_inbox_down(bench->gateway, &down);
}

static void a_flood_takes_no_memory_and_pushes_no_answer_out(void **state)
{
    struct bench *bench = *state;
    struct ward_outbox *outbox = &bench->gateway->outbox;
    struct ward_order order = orders_make(bench, WARD_COMMAND_RESUME);
    const char *last;

    for (int i = 0; i < 500; i++)
        send_garbage(bench);
    assert_int_equal(outbox->result_count, WARD_OUTBOX_RESULTS_MAX);
    ward_order_carry_out(bench->gateway, &order);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    bench->gateway->inbox.flood = (struct ward_flood){0}; /* and it goes on */
    for (int i = 0; i < 500; i++)
        send_garbage(bench);
    assert_int_equal(outbox->result_count, WARD_OUTBOX_RESULTS_MAX);
    last = outbox->results[WARD_OUTBOX_RESULTS_MAX - 1].text;
    assert_non_null(strstr(last, order.id.text)); /* the answer found room, and none takes it */
    assert_int_equal(bench->gateway->inbox.flood.told, WARD_FLOOD_REFUSALS);
    assert_int_equal(bench->gateway->inbox.flood.untold, 500 - WARD_FLOOD_REFUSALS);

    ward_outbox_results_done(outbox);
    bench->gateway->inbox.flood.since_us = 1;
    ward_gateway_settle(bench->gateway);
    assert_int_equal(outbox->result_count, 1);
    assert_non_null(strstr(outbox->results[0].text, "440 more messages"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_tells_so_many_and_then_a_sum),
        cmocka_unit_test_setup_teardown(a_flood_takes_no_memory_and_pushes_no_answer_out, orders_set_up,
                                        bench_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
