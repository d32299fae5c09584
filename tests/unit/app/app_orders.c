/* SPDX-License-Identifier: Apache-2.0 */
#include "app_orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int orders_set_up(void **state)
{
    struct bench *bench;

    assert_int_equal(bench_set_up(state), 0);
    bench = *state;
    bench_close(bench);
    bench->config.plan.require_signature = true;
    bench_open(bench);
    bench_set_clock(bench, true);
    bench_admit(bench, PATIENT);
    return 0;
}

void orders_restart(struct bench *bench)
{
    bench_restart(bench);
    bench_set_clock(bench, true);
}

struct ward_watch *orders_watch(const struct bench *bench)
{
    return ward_gateway_watch(bench->gateway, PATIENT);
}

/* --- readings ------------------------------------------------------------------------------------------------ */

static struct ward_arrival arrival_of(const struct bench *bench, uint8_t quantity, int64_t value)
{
    const struct ward_time now = ward_gateway_now(bench->gateway);

    return (struct ward_arrival){
        .record.reading = {.device = {"d-1"},
                           .boot = bench->gateway->boot,
                           .mono_us = now.boot_us,
                           .measured_at_ms = now.utc_ms,
                           .received_at_ms = now.utc_ms,
                           .clock = now.clock,
                           .value_count = 1,
                           .values = {{.quantity = quantity, .number = {.mantissa = value}}}}};
}

void orders_tell(struct bench *bench, uint8_t quantity, int64_t value)
{
    struct ward_arrival arrival = arrival_of(bench, quantity, value);

    arrival.record.reading.patient = orders_watch(bench)->patient;
    arrival.record.reading.episode = orders_watch(bench)->episode;
    ward_watch_reading(orders_watch(bench), &arrival.record.reading, &arrival);
}

uint64_t orders_measure(struct bench *bench, uint8_t quantity, int64_t value)
{
    orders_tell(bench, quantity, value);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    return bench->gateway->head_seq;
}

uint64_t orders_keep(struct bench *bench, uint8_t quantity, int64_t value, uint32_t reasons)
{
    struct ward_arrival arrival = arrival_of(bench, quantity, value);

    arrival.record.reading.unassigned = true;
    arrival.record.reading.measured_at_ms -= 60000;
    arrival.record.reading.reasons = reasons;
    ward_unassigned_store(bench->gateway, &arrival);
    WAIT_FOR(bench, bench->gateway->waiters == NULL);
    return bench->gateway->head_seq;
}

const struct ward_record *orders_newest(struct bench *bench)
{
    const uint64_t seq = bench->gateway->head_seq;

    bench->answered = false;
    assert_int_equal(
        ward_store_fetch(bench->gateway->store, (struct ward_seq_range){seq, seq}, bench_records, bench), 0);
    WAIT_FOR(bench, bench->answered);
    assert_int_equal(bench->record_count, 1);
    return &bench->records[0];
}

/* --- orders -------------------------------------------------------------------------------------------------- */

struct ward_order orders_make(struct bench *bench, enum ward_command_kind kind)
{
    struct ward_order order = {.patient = {PATIENT},
                               .episode = {"s-1"},
                               .by = {"dr-1"},
                               .command = {.kind = kind, .reason = {"wrong-finger"}},
                               .counter = {.kid = "key-1", .counter = ++bench->commands}};

    snprintf(order.id.text, sizeof(order.id.text), "c-%llu", (unsigned long long)bench->commands);
    order.command.record.epoch = bench->gateway->epoch;
    return order;
}

struct ward_order orders_about(struct bench *bench, enum ward_command_kind kind, uint64_t seq)
{
    struct ward_order order = orders_make(bench, kind);

    order.command.record.seq = seq;
    return order;
}

const char *orders_give(struct bench *bench, const struct ward_order *order)
{
    struct ward_outbox *outbox = &bench->gateway->outbox;

    ward_outbox_results_done(outbox);
    ward_order_carry_out(bench->gateway, order);
    WAIT_FOR(bench, outbox->result_count > 0);
    return outbox->results[0].text;
}

static void assert_outcome(struct bench *bench, const struct ward_order *order, const char *outcome,
                           const char *text)
{
    const char *answer = orders_give(bench, order);

    if (!strstr(answer, outcome) || !strstr(answer, text))
        fail_msg("%s: expected %s with \"%s\"", answer, outcome, text);
}

void orders_done(struct bench *bench, const struct ward_order *order)
{
    assert_outcome(bench, order, "\"outcome\":\"done\"", "");
}

void orders_refused(struct bench *bench, const struct ward_order *order, const char *text)
{
    assert_outcome(bench, order, "\"outcome\":\"refused\"", text);
}
