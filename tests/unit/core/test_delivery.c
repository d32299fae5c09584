/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery tracker against a model that keeps one state per record, and the rules one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/alarm_queue.h"
#include "core/delivery.h"

#define SECOND UINT64_C(1000000)

/* With all the room for backlog that a prompt ward gets: what is less is said where it matters. */
static struct ward_delivery tracker_with(uint64_t head, uint64_t through)
{
    struct ward_delivery delivery;

    ward_delivery_init(&delivery, head, through, 0);
    delivery.pace.room = WARD_PACE_ROOM_MAX;
    return delivery;
}

static void commit(struct ward_delivery *delivery, uint64_t first, uint64_t last, uint64_t now_us)
{
    assert_true(ward_delivery_committed(delivery, (struct ward_seq_range){first, last}, now_us));
}

static void expect_next(struct ward_delivery *delivery, uint64_t now_us, enum ward_delivery_class class,
                        uint64_t first, uint64_t last)
{
    struct ward_seq_range range = {0, 0};

    assert_int_equal(ward_delivery_next(delivery, now_us, 100, &range), class);
    assert_int_equal(range.first, first);
    assert_int_equal(range.last, last);
}

static void expect_nothing(struct ward_delivery *delivery, uint64_t now_us)
{
    expect_next(delivery, now_us, WARD_DELIVERY_NOTHING, 0, 0);
}

static void live_goes_before_backlog(void **state)
{
    struct ward_delivery delivery = tracker_with(250, 0);

    (void)state;
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 1, 100);
    commit(&delivery, 251, 252, 1);
    expect_next(&delivery, 1, WARD_DELIVERY_LIVE, 251, 252);
    expect_next(&delivery, 1, WARD_DELIVERY_BACKLOG, 101, 200);
    expect_next(&delivery, 1, WARD_DELIVERY_BACKLOG, 201, 250);
    expect_nothing(&delivery, 1);
}

static void a_full_backlog_leaves_room_for_live(void **state)
{
    struct ward_delivery delivery = tracker_with(100000, 0);
    struct ward_seq_range range;
    size_t batches = 0;

    (void)state;
    while (ward_delivery_next(&delivery, 0, 100, &range) == WARD_DELIVERY_BACKLOG) {
        batches++;
    }
    assert_int_equal(batches, WARD_DELIVERY_BACKLOG_MAX);
    for (uint64_t seq = 100001; seq <= 100001 + WARD_DELIVERY_IN_FLIGHT_MAX - WARD_DELIVERY_BACKLOG_MAX - 1;
         seq++) {
        commit(&delivery, seq, seq, seq);
        expect_next(&delivery, 1, WARD_DELIVERY_LIVE, seq, seq);
    }
    commit(&delivery, delivery.head + 1, delivery.head + 1, 2);
    expect_nothing(&delivery, 2);
}

static void send_backlog(struct ward_delivery *delivery, uint64_t now_us, uint64_t records)
{
    struct ward_seq_range range;
    uint64_t sent = 0;

    while (ward_delivery_next(delivery, now_us, 100, &range) == WARD_DELIVERY_BACKLOG)
        sent += range.last - range.first + 1;
    assert_int_equal(sent, records);
}

static void backlog_begins_with_little_and_grows_with_prompt_receipts(void **state)
{
    struct ward_delivery delivery;

    (void)state;
    ward_delivery_init(&delivery, 100000, 0, 0);
    send_backlog(&delivery, 0, WARD_PACE_ROOM_MIN);
    ward_delivery_receipt(&delivery, SECOND / 5, WARD_PACE_ROOM_MIN, NULL, 0);
    send_backlog(&delivery, SECOND / 5, (uint64_t)2 * WARD_PACE_ROOM_MIN);
    ward_delivery_reset(&delivery, true, SECOND);
    send_backlog(&delivery, SECOND, WARD_PACE_ROOM_MIN);
}

/* A hub that takes its time is given no more than a second's worth, and a live reading not even that. */
static void a_slow_ward_gets_less_backlog_and_live_all_the_same(void **state)
{
    struct ward_delivery delivery = tracker_with(100000, 0);

    (void)state;
    delivery.pace.quickest_us = SECOND / 5;
    send_backlog(&delivery, 0, WARD_PACE_ROOM_MAX);
    ward_delivery_receipt(&delivery, 3 * SECOND, 1300, NULL, 0);
    assert_int_equal(delivery.pace.room, WARD_PACE_ROOM_MAX / 2);
    send_backlog(&delivery, 3 * SECOND, 100); /* 1,100 are on their way still */
    commit(&delivery, 100001, 100001, 3 * SECOND);
    expect_next(&delivery, 3 * SECOND, WARD_DELIVERY_LIVE, 100001, 100001);
}

static void backlog_without_a_receipt_goes_slowly(void **state)
{
    struct ward_delivery delivery = tracker_with(100000, 0);
    struct ward_seq_range range;

    (void)state;
    send_backlog(&delivery, 0, WARD_PACE_ROOM_MAX);
    assert_int_equal(ward_delivery_next(&delivery, WARD_DELIVERY_RESEND_US, 100, &range),
                     WARD_DELIVERY_BACKLOG);
    assert_int_equal(delivery.pace.room, WARD_PACE_ROOM_MIN);
    ward_delivery_receipt(&delivery, WARD_DELIVERY_RESEND_US, WARD_PACE_ROOM_MAX, NULL, 0);
    assert_true(delivery.pace.room < 100);
}

static void what_was_sent_twice_tells_no_time(void **state)
{
    struct ward_delivery delivery = tracker_with(100, 0);

    (void)state;
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 1, 100);
    expect_next(&delivery, WARD_DELIVERY_RESEND_US, WARD_DELIVERY_BACKLOG, 1, 100);
    ward_delivery_receipt(&delivery, WARD_DELIVERY_RESEND_US + 1, 100, NULL, 0);
    assert_int_equal(delivery.pace.quickest_us, WARD_PACE_WAY_US);
}

static void what_was_live_too_long_is_backlog(void **state)
{
    struct ward_delivery delivery = tracker_with(0, 0);

    (void)state;
    commit(&delivery, 1, WARD_DELIVERY_LIVE_MAX + 7, 0);
    expect_next(&delivery, 0, WARD_DELIVERY_LIVE, 8, 107);
}

static void a_commit_must_follow_the_head(void **state)
{
    struct ward_delivery delivery = tracker_with(5, 5);
    struct ward_delivery before = delivery;

    (void)state;
    assert_false(ward_delivery_committed(&delivery, (struct ward_seq_range){7, 8}, 0));
    assert_false(ward_delivery_committed(&delivery, (struct ward_seq_range){5, 6}, 0));
    assert_false(ward_delivery_committed(&delivery, (struct ward_seq_range){6, 5}, 0));
    assert_memory_equal(&delivery, &before, sizeof(before));
}

static void no_receipt_means_sent_again_later_each_time(void **state)
{
    struct ward_delivery delivery = tracker_with(0, 0);
    uint64_t due_us, wait_us = WARD_DELIVERY_RESEND_US, now_us = 0;

    (void)state;
    assert_int_equal(ward_delivery_due_us(&delivery), UINT64_MAX);
    commit(&delivery, 1, 3, 0);
    expect_next(&delivery, 0, WARD_DELIVERY_LIVE, 1, 3);
    for (int i = 0; i < 10; i++) {
        due_us = ward_delivery_due_us(&delivery);
        assert_int_equal(due_us, now_us + wait_us);
        expect_nothing(&delivery, due_us - 1);
        expect_next(&delivery, due_us, WARD_DELIVERY_LIVE, 1, 3);
        now_us = due_us;
        wait_us = wait_us * 2 < WARD_DELIVERY_RESEND_MAX_US ? wait_us * 2 : WARD_DELIVERY_RESEND_MAX_US;
    }
    assert_true(ward_delivery_unconfirmed_us(&delivery, &due_us));
    assert_int_equal(due_us, 0);
}

static void only_what_is_missing_goes_again(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 0);
    const struct ward_seq_range holes[] = {{4, 6}};

    (void)state;
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 1, 10);
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 2, holes, 1), WARD_RECEIPT_NEWS);
    assert_int_equal(ward_delivery_undelivered(&delivery), 5);
    expect_nothing(&delivery, 1);
    expect_next(&delivery, WARD_DELIVERY_RESEND_US, WARD_DELIVERY_BACKLOG, 3, 3);
    expect_next(&delivery, WARD_DELIVERY_RESEND_US, WARD_DELIVERY_BACKLOG, 7, 10);
}

static void receipts_never_go_back(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 0);
    const struct ward_seq_range lower = {2, 3};

    (void)state;
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 8, NULL, 0), WARD_RECEIPT_NEWS);
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 4, &lower, 1), WARD_RECEIPT_OLD);
    assert_int_equal(delivery.through, 8);
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 9, 10);
}

static void a_receipt_beyond_the_head_tells_of_a_put_back_database(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 3);
    const struct ward_seq_range beyond = {9, 11};

    (void)state;
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 4, 10);
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 11, NULL, 0), WARD_RECEIPT_PUT_BACK);
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 5, &beyond, 1), WARD_RECEIPT_PUT_BACK);
    assert_int_equal(delivery.through, 3); /* nothing is taken over, */
    assert_int_equal(delivery.range_count, 0);
    commit(&delivery, 11, 12, 1); /* nothing goes, and nothing goes again, */
    expect_nothing(&delivery, 1000 * SECOND);
    assert_true(ward_delivery_due_us(&delivery) == UINT64_MAX);
    ward_delivery_reset(&delivery, true, 1000 * SECOND); /* also on another connection */
    expect_nothing(&delivery, 2000 * SECOND);
}

static void what_may_have_been_put_back_waits_for_a_receipt(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 3);

    (void)state;
    ward_delivery_await(&delivery, 0);
    ward_delivery_reset(&delivery, true, 100 * SECOND);
    expect_nothing(&delivery, 100 * SECOND);
    commit(&delivery, 11, 11, 101 * SECOND);
    ward_delivery_given_up(&delivery, 101 * SECOND, 5); /* what made room is no word of the ward's */
    expect_nothing(&delivery, 101 * SECOND);
    assert_int_equal(ward_delivery_receipt(&delivery, 102 * SECOND, 4, NULL, 0), WARD_RECEIPT_OLD);
    expect_next(&delivery, 102 * SECOND, WARD_DELIVERY_LIVE, 11, 11);
    expect_next(&delivery, 102 * SECOND, WARD_DELIVERY_BACKLOG, 6, 10);
    ward_delivery_reset(&delivery, true, 200 * SECOND); /* it is shown once and for all */
    expect_next(&delivery, 200 * SECOND, WARD_DELIVERY_BACKLOG, 6, 11);
}

static void a_ward_that_says_nothing_is_not_waited_for(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 3);

    (void)state;
    ward_delivery_await(&delivery, 0);
    for (uint64_t up_us = 100 * SECOND; up_us < 103 * SECOND; up_us += SECOND) {
        ward_delivery_reset(&delivery, true, up_us); /* each connection may bring the receipt */
        expect_nothing(&delivery, up_us + WARD_DELIVERY_AWAIT_US - 1);
        assert_true(ward_delivery_due_us(&delivery) == up_us + WARD_DELIVERY_AWAIT_US);
    }
    expect_next(&delivery, 112 * SECOND, WARD_DELIVERY_BACKLOG, 4, 10);
    assert_true(ward_delivery_due_us(&delivery) == 112 * SECOND + WARD_DELIVERY_RESEND_US);
}

static void a_range_that_is_none_makes_the_receipt_invalid(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 3);
    struct ward_delivery before = delivery;
    const struct ward_seq_range backwards[] = {{5, 6}, {9, 8}}, zero = {0, 4};

    (void)state;
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 5, backwards, 2), WARD_RECEIPT_INVALID);
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 5, &zero, 1), WARD_RECEIPT_INVALID);
    assert_memory_equal(&delivery, &before, sizeof(before));
}

static void ranges_beyond_the_table_are_forgotten_not_lost(void **state)
{
    struct ward_delivery delivery = tracker_with(1000, 0);

    (void)state;
    for (uint64_t seq = 1000; seq >= 2; seq -= 2) {
        struct ward_seq_range one = {seq, seq};

        ward_delivery_receipt(&delivery, 0, 0, &one, 1);
    }
    assert_int_equal(delivery.range_count, WARD_DELIVERY_RANGES_MAX);
    assert_int_equal(delivery.ranges[0].first, 2);
    assert_int_equal(delivery.ranges[WARD_DELIVERY_RANGES_MAX - 1].last, 2 * WARD_DELIVERY_RANGES_MAX);
    assert_int_equal(ward_delivery_undelivered(&delivery), 1000 - WARD_DELIVERY_RANGES_MAX);
    assert_int_equal(ward_delivery_receipt(&delivery, 0, 1000, NULL, 0), WARD_RECEIPT_NEWS);
    assert_int_equal(ward_delivery_undelivered(&delivery), 0);
    assert_int_equal(delivery.range_count, 0);
}

static void a_reset_voids_what_is_in_flight(void **state)
{
    struct ward_delivery delivery = tracker_with(0, 0);
    uint64_t since_us;

    (void)state;
    commit(&delivery, 1, 5, 0);
    expect_next(&delivery, 0, WARD_DELIVERY_LIVE, 1, 5);
    ward_delivery_reset(&delivery, false, 1);
    assert_false(ward_delivery_unconfirmed_us(&delivery, &since_us));
    ward_delivery_refused(&delivery, 1, 0);
    ward_delivery_trim(&delivery, 1, 0);
    expect_next(&delivery, 1, WARD_DELIVERY_BACKLOG, 1, 5);
}

/* On a line that goes every few minutes a hub that confirms nothing shows as on one that stays. */
static void what_waits_for_a_receipt_waits_over_several_connections(void **state)
{
    const struct ward_seq_range second = {2, 2};
    struct ward_delivery delivery = tracker_with(0, 0);
    uint64_t since_us;

    (void)state;
    ward_delivery_reset(&delivery, true, 10 * SECOND);
    commit(&delivery, 1, 1, 100 * SECOND);
    expect_next(&delivery, 100 * SECOND, WARD_DELIVERY_LIVE, 1, 1);
    ward_delivery_reset(&delivery, false, 130 * SECOND); /* after 30 s, */
    assert_false(ward_delivery_unconfirmed_us(&delivery, &since_us));
    ward_delivery_reset(&delivery, false, 600 * SECOND);
    ward_delivery_reset(&delivery, true, 1000 * SECOND);
    assert_true(ward_delivery_unconfirmed_us(&delivery, &since_us));
    assert_int_equal(since_us, 970 * SECOND);
    expect_next(&delivery, 1000 * SECOND, WARD_DELIVERY_BACKLOG, 1, 1);
    commit(&delivery, 2, 2, 1001 * SECOND);
    expect_next(&delivery, 1001 * SECOND, WARD_DELIVERY_LIVE, 2, 2);
    ward_delivery_reset(&delivery, true, 1040 * SECOND); /* and 40 s more; the second one waited for less */
    assert_true(ward_delivery_unconfirmed_us(&delivery, &since_us));
    assert_int_equal(since_us, 970 * SECOND);
    assert_int_equal(ward_delivery_receipt(&delivery, 1050 * SECOND, 0, NULL, 0), WARD_RECEIPT_OLD);
    assert_true(ward_delivery_unconfirmed_us(&delivery, &since_us));
    assert_int_equal(ward_delivery_receipt(&delivery, 1050 * SECOND, 0, &second, 1), WARD_RECEIPT_NEWS);
    assert_false(ward_delivery_unconfirmed_us(&delivery, &since_us));
    ward_delivery_reset(&delivery, true, 1060 * SECOND);
    assert_false(ward_delivery_unconfirmed_us(&delivery, &since_us));
}

/* What makes room unconfirmed is no receipt: the hub has said nothing. */
static void what_is_given_up_is_not_confirmed(void **state)
{
    struct ward_delivery delivery = tracker_with(0, 0);
    uint64_t since_us;

    (void)state;
    ward_delivery_reset(&delivery, true, 10 * SECOND);
    commit(&delivery, 1, 5, 100 * SECOND);
    expect_next(&delivery, 100 * SECOND, WARD_DELIVERY_LIVE, 1, 5);
    ward_delivery_reset(&delivery, true, 130 * SECOND);
    ward_delivery_given_up(&delivery, 140 * SECOND, 3);
    assert_int_equal(ward_delivery_undelivered(&delivery), 2);
    assert_true(ward_delivery_unconfirmed_us(&delivery, &since_us));
    assert_int_equal(since_us, 100 * SECOND);
    ward_delivery_given_up(&delivery, 150 * SECOND, 5);
    assert_false(ward_delivery_unconfirmed_us(&delivery, &since_us));
}

static void a_trimmed_batch_leaves_the_rest_waiting(void **state)
{
    struct ward_delivery delivery = tracker_with(50, 0);

    (void)state;
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 1, 50);
    ward_delivery_trim(&delivery, 1, 20);
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 21, 50);
    ward_delivery_trim(&delivery, 21, 20);
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 21, 50);
}

static void a_refused_batch_goes_again_after_a_pause(void **state)
{
    struct ward_delivery delivery = tracker_with(5, 0);

    (void)state;
    expect_next(&delivery, 0, WARD_DELIVERY_BACKLOG, 1, 5);
    ward_delivery_refused(&delivery, 1, 3 * SECOND);
    expect_nothing(&delivery, WARD_DELIVERY_RESEND_US);
    expect_next(&delivery, WARD_DELIVERY_RESEND_US + 3 * SECOND, WARD_DELIVERY_BACKLOG, 1, 5);
}

static void remembered_marks_are_taken_over(void **state)
{
    struct ward_delivery delivery = tracker_with(10, 2);
    const struct ward_seq_range ranges[] = {{5, 6}, {0, 3}, {8, 7}, {9, 40}};

    (void)state;
    ward_delivery_init_ranges(&delivery, ranges, 4);
    assert_int_equal(delivery.range_count, 1);
    assert_int_equal(ward_delivery_undelivered(&delivery), 6);
    delivery = tracker_with(10, 12);
    assert_int_equal(delivery.through, 10);
}

static void the_oldest_age_is_never_too_young(void **state)
{
    struct ward_delivery delivery = tracker_with(0, 0);
    uint64_t oldest_us;

    (void)state;
    assert_false(ward_delivery_oldest_us(&delivery, &oldest_us));
    for (uint64_t seq = 1; seq <= 5000; seq++) {
        commit(&delivery, seq, seq, seq * SECOND);
    }
    for (uint64_t seq = 0; seq < 5000; seq += 37) {
        ward_delivery_receipt(&delivery, 0, seq, NULL, 0);
        assert_true(ward_delivery_oldest_us(&delivery, &oldest_us));
        assert_true(oldest_us <= (seq + 1) * SECOND);
        assert_true(oldest_us + 1000 * SECOND >= (seq + 1) * SECOND);
    }
    ward_delivery_receipt(&delivery, 0, 5000, NULL, 0);
    assert_false(ward_delivery_oldest_us(&delivery, &oldest_us));
}

/* --- against the model -------------------------------------------------------------------------------------- */

#define MODEL_RECORDS 600

struct model {
    uint64_t random;
    uint64_t head, now_us;
    bool delivered[MODEL_RECORDS + 1];
    uint64_t in_flight_until[MODEL_RECORDS + 1]; /* 0: not in flight; no record is due again before that */
};

static uint64_t pick(struct model *model, uint64_t count)
{
    model->random = model->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (model->random >> 33) % count;
}

static void model_commit(struct model *model, struct ward_delivery *delivery)
{
    uint64_t count = 1 + pick(model, 20);

    if (model->head + count <= MODEL_RECORDS) {
        commit(delivery, model->head + 1, model->head + count, model->now_us);
        model->head += count;
    }
}

static void model_next(struct model *model, struct ward_delivery *delivery)
{
    struct ward_seq_range range;
    size_t budget = 1 + (size_t)pick(model, 120);

    if (ward_delivery_next(delivery, model->now_us, budget, &range) == WARD_DELIVERY_NOTHING) {
        return;
    }
    assert_true(range.first >= 1 && range.first <= range.last && range.last <= model->head);
    assert_true(range.last - range.first < budget && range.last - range.first < WARD_DELIVERY_BATCH_MAX);
    for (uint64_t seq = range.first; seq <= range.last; seq++) {
        assert_false(model->delivered[seq]);
        assert_true(model->in_flight_until[seq] <= model->now_us);
        model->in_flight_until[seq] = model->now_us + WARD_DELIVERY_RESEND_US;
    }
    if (pick(model, 8) == 0) {
        uint64_t kept = range.first + pick(model, range.last - range.first + 2);

        ward_delivery_trim(delivery, range.first, kept - 1);
        for (uint64_t seq = kept; seq <= range.last; seq++) {
            model->in_flight_until[seq] = 0;
        }
    }
}

static void model_receipt(struct model *model, struct ward_delivery *delivery)
{
    struct ward_seq_range ranges[3];
    uint64_t through =
        pick(model, 4) == 0 && model->head > 0 ? pick(model, model->head + 1) : delivery->through;
    size_t count = (size_t)pick(model, 4), used = 0;

    for (size_t i = 0; i < count && model->head > 0; i++) {
        uint64_t first = 1 + pick(model, model->head);
        uint64_t last = first + pick(model, 6);

        ranges[used++] = (struct ward_seq_range){first, last < model->head ? last : model->head};
    }
    assert_in_range(ward_delivery_receipt(delivery, model->now_us, through, ranges, used), WARD_RECEIPT_NEWS,
                    WARD_RECEIPT_OLD);
    for (uint64_t seq = 1; seq <= through; seq++) {
        model->delivered[seq] = true;
    }
    for (size_t i = 0; i < used; i++) {
        for (uint64_t seq = ranges[i].first; seq <= ranges[i].last; seq++) {
            model->delivered[seq] = true;
        }
    }
}

/* The tracker believes delivered exactly what the model does; a full table may forget, never invent. */
static void model_compare(const struct model *model, const struct ward_delivery *delivery)
{
    uint64_t missing = 0;
    bool believed[MODEL_RECORDS + 2] = {false};

    for (uint64_t seq = 1; seq <= delivery->through; seq++) {
        believed[seq] = true;
    }
    for (size_t i = 0; i < delivery->range_count; i++) {
        assert_true(delivery->ranges[i].first >
                    (i == 0 ? delivery->through : delivery->ranges[i - 1].last) + 1);
        for (uint64_t seq = delivery->ranges[i].first; seq <= delivery->ranges[i].last; seq++) {
            believed[seq] = true;
        }
    }
    for (uint64_t seq = 1; seq <= model->head; seq++) {
        assert_true(!believed[seq] || model->delivered[seq]);
        assert_true(believed[seq] || !model->delivered[seq] ||
                    delivery->range_count == WARD_DELIVERY_RANGES_MAX);
        missing += believed[seq] ? 0 : 1;
    }
    assert_int_equal(ward_delivery_undelivered(delivery), missing);
}

static void drain(struct model *model, struct ward_delivery *delivery)
{
    struct ward_seq_range range;

    for (int i = 0; i < 10 * MODEL_RECORDS && ward_delivery_undelivered(delivery) > 0; i++) {
        if (ward_delivery_next(delivery, model->now_us, 100, &range) == WARD_DELIVERY_NOTHING) {
            assert_true(ward_delivery_due_us(delivery) < UINT64_MAX);
            model->now_us = ward_delivery_due_us(delivery);
        } else {
            ward_delivery_receipt(delivery, model->now_us, 0, &range, 1);
        }
    }
    assert_int_equal(ward_delivery_undelivered(delivery), 0);
    assert_int_equal(delivery->in_flight_count, 0);
}

static void random_histories_match_the_model(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct model *model = calloc(1, sizeof(*model));
        struct ward_delivery delivery = tracker_with(0, 0);

        assert_non_null(model);
        model->random = seed;
        for (int step = 0; step < 400; step++) {
            model->now_us += pick(model, 2 * SECOND);
            switch (pick(model, 16)) {
            case 0:
                ward_delivery_reset(&delivery, true, model->now_us);
                memset(model->in_flight_until, 0, sizeof(model->in_flight_until));
                break;
            case 1:
            case 2:
            case 3: model_commit(model, &delivery); break;
            case 4:
            case 5:
            case 6:
            case 7: model_receipt(model, &delivery); break;
            default: model_next(model, &delivery); break;
            }
            model_compare(model, &delivery);
        }
        drain(model, &delivery);
        free(model);
    }
}

/* --- alarm events ------------------------------------------------------------------------------------------- */

static struct ward_alarm_key key_of(uint8_t name, uint32_t n)
{
    return (struct ward_alarm_key){.id = {.octets = {name}}, .n = n};
}

static void expect_event(struct ward_alarm_queue *queue, uint64_t now_us, uint8_t name, uint32_t n)
{
    const struct ward_alarm_entry *entry = ward_alarm_queue_next(queue, now_us);

    assert_non_null(entry);
    assert_int_equal(entry->key.id.octets[0], name);
    assert_int_equal(entry->key.n, n);
}

static void alarm_events_go_in_order_until_received(void **state)
{
    struct ward_alarm_entry entries[3];
    struct ward_alarm_queue queue;
    int payload = 0;
    uint64_t oldest_us;

    (void)state;
    ward_alarm_queue_init(&queue, entries, 3);
    assert_int_equal(ward_alarm_queue_due_us(&queue), UINT64_MAX);
    assert_false(ward_alarm_queue_oldest_us(&queue, &oldest_us));
    assert_true(ward_alarm_queue_push(&queue, key_of(1, 1), &payload, 10));
    assert_true(ward_alarm_queue_push(&queue, key_of(2, 1), NULL, 11));
    assert_true(ward_alarm_queue_push(&queue, key_of(1, 2), NULL, 12));
    assert_false(ward_alarm_queue_push(&queue, key_of(3, 1), NULL, 13));
    assert_int_equal(ward_alarm_queue_due_us(&queue), 0);
    expect_event(&queue, 20, 1, 1);
    expect_event(&queue, 20, 2, 1);
    assert_ptr_equal(ward_alarm_queue_receipt(&queue, key_of(1, 1)), &payload);
    assert_null(ward_alarm_queue_receipt(&queue, key_of(1, 1)));
    expect_event(&queue, 20, 1, 2);
    assert_null(ward_alarm_queue_next(&queue, 20));
    assert_true(ward_alarm_queue_oldest_us(&queue, &oldest_us));
    assert_int_equal(oldest_us, 11);
}

static void alarm_events_without_receipt_go_again(void **state)
{
    struct ward_alarm_entry entries[4];
    struct ward_alarm_queue queue;

    (void)state;
    ward_alarm_queue_init(&queue, entries, 4);
    assert_true(ward_alarm_queue_push(&queue, key_of(1, 1), NULL, 0));
    assert_false(ward_alarm_queue_push(&queue, key_of(1, 1), NULL, 0));
    expect_event(&queue, 0, 1, 1);
    assert_int_equal(ward_alarm_queue_due_us(&queue), WARD_ALARM_RESEND_US);
    assert_null(ward_alarm_queue_next(&queue, WARD_ALARM_RESEND_US - 1));
    assert_true(ward_alarm_queue_push(&queue, key_of(2, 1), NULL, 0));
    expect_event(&queue, WARD_ALARM_RESEND_US, 2, 1); /* what was never sent goes first */
    expect_event(&queue, WARD_ALARM_RESEND_US, 1, 1);
    assert_null(ward_alarm_queue_next(&queue, 2 * WARD_ALARM_RESEND_US - 1));
    ward_alarm_queue_refused(&queue, key_of(2, 1), 2 * WARD_ALARM_RESEND_US);
    assert_null(ward_alarm_queue_next(&queue, 3 * WARD_ALARM_RESEND_US - 1));
    ward_alarm_queue_put_back(&queue, key_of(2, 1));
    expect_event(&queue, 2 * WARD_ALARM_RESEND_US, 2, 1);
    ward_alarm_queue_reset(&queue);
    expect_event(&queue, 0, 1, 1);
    expect_event(&queue, 0, 2, 1);
    assert_null(ward_alarm_queue_next(&queue, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_goes_before_backlog),
        cmocka_unit_test(a_full_backlog_leaves_room_for_live),
        cmocka_unit_test(backlog_begins_with_little_and_grows_with_prompt_receipts),
        cmocka_unit_test(a_slow_ward_gets_less_backlog_and_live_all_the_same),
        cmocka_unit_test(backlog_without_a_receipt_goes_slowly),
        cmocka_unit_test(what_was_sent_twice_tells_no_time),
        cmocka_unit_test(what_was_live_too_long_is_backlog),
        cmocka_unit_test(a_commit_must_follow_the_head),
        cmocka_unit_test(no_receipt_means_sent_again_later_each_time),
        cmocka_unit_test(only_what_is_missing_goes_again),
        cmocka_unit_test(receipts_never_go_back),
        cmocka_unit_test(a_receipt_beyond_the_head_tells_of_a_put_back_database),
        cmocka_unit_test(what_may_have_been_put_back_waits_for_a_receipt),
        cmocka_unit_test(a_ward_that_says_nothing_is_not_waited_for),
        cmocka_unit_test(a_range_that_is_none_makes_the_receipt_invalid),
        cmocka_unit_test(ranges_beyond_the_table_are_forgotten_not_lost),
        cmocka_unit_test(a_reset_voids_what_is_in_flight),
        cmocka_unit_test(what_waits_for_a_receipt_waits_over_several_connections),
        cmocka_unit_test(what_is_given_up_is_not_confirmed),
        cmocka_unit_test(a_trimmed_batch_leaves_the_rest_waiting),
        cmocka_unit_test(a_refused_batch_goes_again_after_a_pause),
        cmocka_unit_test(remembered_marks_are_taken_over),
        cmocka_unit_test(the_oldest_age_is_never_too_young),
        cmocka_unit_test(random_histories_match_the_model),
        cmocka_unit_test(alarm_events_go_in_order_until_received),
        cmocka_unit_test(alarm_events_without_receipt_go_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
