/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The delivery tracker: see the states in delivery.h. Two small sets of ranges say all there is to know, so that the
 * cost depends on neither head nor backlog:
 *
 *   delivered   1 .. through, and ranges: rising, apart, all above through + 1
 *   in flight   batches: apart from each other; parts of one may be delivered already
 *
 * When the table of ranges is full the highest range is forgotten. What is forgotten goes again, and the ward keeps it
 * once: forgetting costs a message, never a reading.
 */
#include "core/delivery.h"

#include <string.h>

#include "core/delivery_private.h"

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* --- the delivered set -------------------------------------------------------------------------------------- */

static void remove_range(struct ward_delivery *delivery, size_t index)
{
    delivery->range_count--;
    memmove(&delivery->ranges[index], &delivery->ranges[index + 1],
            (delivery->range_count - index) * sizeof(delivery->ranges[0]));
}

/* Moves through over ranges that it has reached. */
static void raise_through(struct ward_delivery *delivery, uint64_t through)
{
    delivery->through = larger(delivery->through, through);
    while (delivery->range_count > 0 && delivery->ranges[0].first <= delivery->through + 1) {
        delivery->through = larger(delivery->through, delivery->ranges[0].last);
        remove_range(delivery, 0);
    }
}

static void insert_range(struct ward_delivery *delivery, size_t index, struct ward_seq_range range)
{
    if (delivery->range_count == WARD_DELIVERY_RANGES_MAX) {
        if (index == WARD_DELIVERY_RANGES_MAX) {
            return;
        }
        delivery->range_count--;
    }
    memmove(&delivery->ranges[index + 1], &delivery->ranges[index],
            (delivery->range_count - index) * sizeof(delivery->ranges[0]));
    delivery->ranges[index] = range;
    delivery->range_count++;
}

static void add_delivered(struct ward_delivery *delivery, struct ward_seq_range range)
{
    size_t i = 0;

    if (range.first <= delivery->through + 1) {
        raise_through(delivery, range.last);
        return;
    }
    while (i < delivery->range_count && delivery->ranges[i].last + 1 < range.first) {
        i++;
    }
    while (i < delivery->range_count && delivery->ranges[i].first <= range.last + 1) {
        range.first = smaller(range.first, delivery->ranges[i].first);
        range.last = larger(range.last, delivery->ranges[i].last);
        remove_range(delivery, i);
    }
    insert_range(delivery, i, range);
}

uint64_t ward_delivery_undelivered(const struct ward_delivery *delivery)
{
    uint64_t count = delivery->head - delivery->through;

    for (size_t i = 0; i < delivery->range_count; i++) {
        count -= delivery->ranges[i].last - delivery->ranges[i].first + 1;
    }
    return count;
}

/* The first undelivered part of range. Returns false when all of it is delivered. */
static bool first_missing(const struct ward_delivery *delivery, struct ward_seq_range range,
                          struct ward_seq_range *ret)
{
    range.first = larger(range.first, delivery->through + 1);
    for (size_t i = 0; i < delivery->range_count && range.first <= range.last; i++) {
        if (delivery->ranges[i].first > range.first) {
            range.last = smaller(range.last, delivery->ranges[i].first - 1);
            break;
        }
        range.first = larger(range.first, delivery->ranges[i].last + 1);
    }
    if (range.first > range.last) {
        return false;
    }
    *ret = range;
    return true;
}

/* --- batches in flight -------------------------------------------------------------------------------------- */

static void remove_batch(struct ward_delivery *delivery, size_t index)
{
    delivery->in_flight[index] = delivery->in_flight[--delivery->in_flight_count];
}

static uint64_t backlog_in_flight(const struct ward_delivery *delivery, size_t *ret_batches)
{
    uint64_t records = 0;

    *ret_batches = 0;
    for (size_t i = 0; i < delivery->in_flight_count; i++) {
        const struct ward_delivery_batch *batch = &delivery->in_flight[i];

        if (!batch->live) {
            records += batch->range.last - batch->range.first + 1;
            ++*ret_batches;
        }
    }
    return records;
}

/* Those of which nothing is missing are done. How long it took shows where a batch was sent once only. */
static void drop_delivered_batches(struct ward_delivery *delivery, uint64_t now_us)
{
    size_t batches;
    const uint64_t used = backlog_in_flight(delivery, &batches);
    uint64_t slowest_us = 0;

    for (size_t i = delivery->in_flight_count; i-- > 0;) {
        const struct ward_delivery_batch batch = delivery->in_flight[i];
        struct ward_seq_range missing;

        if (first_missing(delivery, batch.range, &missing)) {
            continue;
        }
        remove_batch(delivery, i);
        if (batch.attempts == 1) {
            ward_pace_heard(&delivery->pace, now_us - batch.first_sent_us);
            slowest_us = larger(slowest_us, batch.live ? 0 : now_us - batch.first_sent_us);
        }
    }
    if (slowest_us > 0) {
        ward_pace_backlog_heard(&delivery->pace, slowest_us, (size_t)used);
    }
}

static struct ward_delivery_batch *batch_beginning_at(struct ward_delivery *delivery, uint64_t first)
{
    for (size_t i = 0; i < delivery->in_flight_count; i++) {
        if (delivery->in_flight[i].range.first == first) {
            return &delivery->in_flight[i];
        }
    }
    return NULL;
}

static uint64_t pause_us(uint32_t attempts)
{
    uint64_t pause = WARD_DELIVERY_RESEND_US;

    for (uint32_t i = 1; i < attempts && pause < WARD_DELIVERY_RESEND_MAX_US; i++) {
        pause *= 2;
    }
    return smaller(pause, WARD_DELIVERY_RESEND_MAX_US);
}

static struct ward_delivery_batch *oldest_due(struct ward_delivery *delivery, bool live, uint64_t now_us)
{
    struct ward_delivery_batch *due = NULL;

    for (size_t i = 0; i < delivery->in_flight_count; i++) {
        struct ward_delivery_batch *batch = &delivery->in_flight[i];

        if (batch->live == live && batch->due_us <= now_us &&
            (!due || batch->range.first < due->range.first)) {
            due = batch;
        }
    }
    return due;
}

/* Sends a batch again: what is missing of it first. What lies behind a delivered hole waits anew. */
static void send_again(struct ward_delivery *delivery, struct ward_delivery_batch *batch, uint64_t now_us,
                       size_t budget)
{
    struct ward_seq_range missing = batch->range;

    if (first_missing(delivery, batch->range, &missing)) {
        missing.last = smaller(missing.last, missing.first + budget - 1);
    }
    batch->range = missing;
    batch->attempts++;
    batch->due_us = now_us + pause_us(batch->attempts);
}

/* The first part of lo .. hi that is neither delivered nor in flight. */
static bool first_waiting(const struct ward_delivery *delivery, struct ward_seq_range span,
                          struct ward_seq_range *ret)
{
    struct ward_seq_range waiting;

    while (first_missing(delivery, span, &waiting)) {
        bool taken = false;

        for (size_t i = 0; i < delivery->in_flight_count; i++) {
            const struct ward_seq_range *sent = &delivery->in_flight[i].range;

            if (sent->first <= waiting.first && waiting.first <= sent->last) {
                span.first = sent->last + 1;
                taken = true;
                break;
            }
            if (sent->first > waiting.first) {
                waiting.last = smaller(waiting.last, sent->first - 1);
            }
        }
        if (!taken) {
            *ret = waiting;
            return true;
        }
    }
    return false;
}

/* --- the public part ---------------------------------------------------------------------------------------- */

void ward_delivery_init(struct ward_delivery *delivery, uint64_t head, uint64_t through, uint64_t oldest_us)
{
    *delivery = (struct ward_delivery){
        .head = head, .through = smaller(through, head), .live_first = head + 1, .opened_us = UINT64_MAX};
    ward_pace_init(&delivery->pace);
    if (delivery->through < head) {
        delivery->stamps[0] = (struct ward_delivery_stamp){.seq = delivery->through + 1, .at_us = oldest_us};
        delivery->stamp_count = 1;
    }
}

void ward_delivery_init_ranges(struct ward_delivery *delivery, const struct ward_seq_range *ranges,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first > 0 && ranges[i].first <= ranges[i].last && ranges[i].last <= delivery->head) {
            add_delivered(delivery, ranges[i]);
        }
    }
}

void ward_delivery_await(struct ward_delivery *delivery, uint64_t now_us)
{
    delivery->awaits = true;
    delivery->awaits_us = now_us + WARD_DELIVERY_AWAIT_US;
}

void ward_delivery_is_put_back(struct ward_delivery *delivery)
{
    delivery->put_back = true;
}

bool ward_delivery_may_go(const struct ward_delivery *delivery, uint64_t now_us)
{
    return !delivery->put_back && (!delivery->awaits || now_us >= delivery->awaits_us);
}

bool ward_delivery_committed(struct ward_delivery *delivery, struct ward_seq_range range, uint64_t now_us)
{
    if (range.first != delivery->head + 1 || range.last < range.first) {
        return false;
    }
    ward_delivery_trim_stamps(delivery);
    ward_delivery_add_stamp(delivery, range.first, now_us);
    delivery->head = range.last;
    if (delivery->head - delivery->live_first >= WARD_DELIVERY_LIVE_MAX) {
        delivery->live_first = delivery->head - WARD_DELIVERY_LIVE_MAX + 1;
    }
    return true;
}

enum ward_receipt_outcome ward_delivery_receipt(struct ward_delivery *delivery, uint64_t now_us,
                                                uint64_t through, const struct ward_seq_range *ranges,
                                                size_t count)
{
    uint64_t before = ward_delivery_undelivered(delivery);
    bool beyond = through > delivery->head;

    for (size_t i = 0; i < count; i++) {
        if (ranges[i].first == 0 || ranges[i].first > ranges[i].last) {
            return WARD_RECEIPT_INVALID;
        }
        beyond = beyond || ranges[i].last > delivery->head;
    }
    if (beyond) {
        ward_delivery_is_put_back(delivery);
        return WARD_RECEIPT_PUT_BACK;
    }
    delivery->awaits = false;
    raise_through(delivery, through);
    for (size_t i = 0; i < count; i++) {
        add_delivered(delivery, ranges[i]);
    }
    drop_delivered_batches(delivery, now_us);
    ward_delivery_trim_stamps(delivery);
    if (ward_delivery_undelivered(delivery) == before) {
        return WARD_RECEIPT_OLD;
    }
    /* The ward confirms again; what is left has its turn in the backlog, which may be long. */
    delivery->has_left = false;
    return WARD_RECEIPT_NEWS;
}

void ward_delivery_given_up(struct ward_delivery *delivery, uint64_t now_us, uint64_t through)
{
    const bool has_left = delivery->has_left, awaits = delivery->awaits;

    (void)ward_delivery_receipt(delivery, now_us, through, NULL, 0);
    delivery->awaits = awaits;
    delivery->has_left = has_left && ward_delivery_undelivered(delivery) > 0;
}

void ward_delivery_reset(struct ward_delivery *delivery, bool up, uint64_t now_us)
{
    ward_delivery_remember_the_oldest(delivery, now_us);
    delivery->opened_us = up ? now_us : UINT64_MAX;
    delivery->in_flight_count = 0;
    delivery->live_first = delivery->head + 1;
    ward_pace_init(&delivery->pace);
    if (delivery->awaits) {
        ward_delivery_await(delivery, now_us);
    }
}

/* How many records more of the backlog may go. */
static size_t backlog_room(const struct ward_delivery *delivery)
{
    size_t batches;
    const uint64_t records = backlog_in_flight(delivery, &batches);

    return batches < WARD_DELIVERY_BACKLOG_MAX && records < delivery->pace.room
               ? delivery->pace.room - (size_t)records
               : 0;
}

static bool take_new(struct ward_delivery *delivery, bool live, uint64_t now_us, size_t budget,
                     struct ward_seq_range *ret)
{
    struct ward_seq_range span = {.first = live ? delivery->live_first : 1,
                                  .last = live ? delivery->head : delivery->live_first - 1};
    struct ward_seq_range waiting;

    if (!live) {
        budget = (size_t)smaller(budget, backlog_room(delivery));
    }
    if (delivery->in_flight_count == WARD_DELIVERY_IN_FLIGHT_MAX || budget == 0 ||
        !first_waiting(delivery, span, &waiting)) {
        return false;
    }
    waiting.last = smaller(waiting.last, waiting.first + budget - 1);
    delivery->in_flight[delivery->in_flight_count++] = (struct ward_delivery_batch){
        .range = waiting,
        .first_sent_us = now_us,
        .due_us = now_us + pause_us(1),
        .attempts = 1,
        .live = live,
    };
    *ret = waiting;
    return true;
}

enum ward_delivery_class ward_delivery_next(struct ward_delivery *delivery, uint64_t now_us, size_t budget,
                                            struct ward_seq_range *ret_range)
{
    static const bool order[] = {true, false};

    budget = budget < WARD_DELIVERY_BATCH_MAX ? budget : WARD_DELIVERY_BATCH_MAX;
    if (budget == 0 || !ward_delivery_may_go(delivery, now_us)) {
        return WARD_DELIVERY_NOTHING;
    }
    delivery->awaits_us = 0;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        bool live = order[i];
        struct ward_delivery_batch *due = oldest_due(delivery, live, now_us);

        if (due) {
            if (!live) {
                ward_pace_missed(&delivery->pace);
            }
            send_again(delivery, due, now_us, budget);
            *ret_range = due->range;
        }
        if (due || take_new(delivery, live, now_us, budget, ret_range)) {
            return live ? WARD_DELIVERY_LIVE : WARD_DELIVERY_BACKLOG;
        }
    }
    return WARD_DELIVERY_NOTHING;
}

void ward_delivery_trim(struct ward_delivery *delivery, uint64_t first, uint64_t last)
{
    struct ward_delivery_batch *batch = batch_beginning_at(delivery, first);

    if (!batch) {
        return;
    }
    if (last < first) {
        remove_batch(delivery, (size_t)(batch - delivery->in_flight));
    } else {
        batch->range.last = smaller(batch->range.last, last);
    }
}

void ward_delivery_refused(struct ward_delivery *delivery, uint64_t first, uint64_t now_us)
{
    struct ward_delivery_batch *batch = batch_beginning_at(delivery, first);

    if (batch) {
        batch->due_us = now_us + pause_us(batch->attempts);
    }
}

uint64_t ward_delivery_due_us(const struct ward_delivery *delivery)
{
    uint64_t due_us = delivery->awaits && delivery->awaits_us > 0 ? delivery->awaits_us : UINT64_MAX;

    if (delivery->put_back) {
        return UINT64_MAX;
    }
    for (size_t i = 0; i < delivery->in_flight_count; i++) {
        due_us = smaller(due_us, delivery->in_flight[i].due_us);
    }
    return due_us;
}
