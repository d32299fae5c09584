/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the gateway knows of records besides what stands in them, and what it makes of that in Bundles: limits that were
 * in force, readings that were taken back, boots whose clock became known later. All of it outlives a restart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bundles.h"
#include "app_orders.h"

static char text[WARD_LINK_FRAME_MAX];
static struct ward_record found[4], voided[4];
static size_t found_count, voided_count;

static void keep(void *context, int error, const struct ward_store_records *records)
{
    struct bench *bench = context;

    assert_int_equal(error, 0);
    assert_true(records->count <= 4 && records->voided_count <= 4);
    memcpy(found, records->records, records->count * sizeof(found[0]));
    found_count = records->count;
    voided_count = records->voided_count;
    if (voided_count > 0)
        memcpy(voided, records->voided, voided_count * sizeof(voided[0]));
    bench->answered = true;
}

/* The Bundle of these records. */
static const char *bundle_of(struct bench *bench, uint64_t first, uint64_t last, bool sent)
{
    struct ward_bundle_of of = {.epoch = bench->gateway->epoch.text, .backlog = true, .records = found};
    size_t length;

    bench->answered = false;
    assert_int_equal(
        ward_store_fetch_whole(bench->gateway->store, (struct ward_seq_range){first, last}, keep, bench), 0);
    WAIT_FOR(bench, bench->answered);
    assert_int_equal(found_count, last - first + 1);
    of.count = found_count;
    of.voided = voided;
    of.voided_count = voided_count;
    assert_int_equal(ward_bundles_write(bench->gateway, &of, sent, text, sizeof(text), sizeof(text), &length),
                     found_count);
    return text;
}

static bool says(const char *bundle, const char *what)
{
    return strstr(bundle, what) != NULL;
}

static void limits_are_those_that_were_in_force(void **state)
{
    struct bench *bench = *state;
    const uint64_t before = orders_measure(bench, WARD_SPO2, 97);
    struct ward_watch *watch = orders_watch(bench);
    char *document = strdup(watch->plan_document), error[256];
    uint64_t after;

    assert_true(says(bundle_of(bench, before, before, false), "referenceRange"));
    assert_true(ward_watch_apply_plan(watch, document, NULL, NULL, error, sizeof(error)));
    free(document);
    after = orders_measure(bench, WARD_SPO2, 97);
    for (int round = 0; round < 2; round++) {
        assert_false(says(bundle_of(bench, before, before, false), "referenceRange"));
        assert_true(says(bundle_of(bench, after, after, false), "referenceRange"));
        orders_restart(bench);
    }
    assert_int_equal(ward_inforce_from(&bench->gateway->inforce, "p-2", 1), UINT64_MAX);
}

static void what_is_taken_back_says_so(void **state)
{
    struct bench *bench = *state;
    const uint64_t seq = orders_measure(bench, WARD_SPO2, 85);
    struct ward_order order = orders_about(bench, WARD_COMMAND_VOID, seq);
    uint64_t by_void;

    assert_false(says(bundle_of(bench, seq, seq, false), "entered-in-error"));
    orders_done(bench, &order);
    by_void = bench->gateway->head_seq;
    for (int round = 0; round < 2; round++) {
        const char *bundle = bundle_of(bench, by_void, by_void, false);

        assert_int_equal(voided_count, 1);
        assert_int_equal(voided[0].reading.seq, seq);
        assert_true(says(bundle, "entered-in-error") && says(bundle, "Taken back: wrong-finger"));
        bundle = bundle_of(bench, seq, seq, false);
        assert_true(says(bundle, "entered-in-error") && says(bundle, "\"PUT\""));
        (void)bundle_of(bench, seq, by_void, false);
        assert_int_equal(voided_count, 0); /* it is there already */
        orders_restart(bench);
    }
}

static void a_clock_that_is_known_later_dates_its_boot(void **state)
{
    struct bench *bench = *state;
    const struct ward_dating *dating;
    uint64_t first, last;

    bench_restart(bench); /* and nobody knows the time */
    dating = &bench->gateway->dating;
    assert_int_equal(dating->from, 0);
    first = orders_measure(bench, WARD_SPO2, 97);
    last = orders_measure(bench, WARD_SPO2, 97);
    assert_in_range(dating->from, 1, first);
    assert_int_equal(dating->sent, 0);
    assert_true(says(bundle_of(bench, first, first, false), "_effectiveDateTime"));
    assert_int_equal(dating->sent, 0); /* it was only looked at */
    assert_true(says(bundle_of(bench, first, first, true), "\"POST\""));
    assert_int_equal(dating->sent, first);

    bench_restart(bench); /* it is not known any more what went */
    dating = &bench->gateway->dating;
    assert_in_range(dating->from, 1, first);
    assert_in_range(dating->sent, last, bench->gateway->head_seq);

    const struct ward_seq_range undated = {dating->from, dating->sent};

    bench->gateway->config.hub.format = WARD_FORMAT_FHIR;
    bench_set_clock(bench, true);
    (void)orders_measure(bench, WARD_SPO2, 97);
    assert_int_equal(bench->gateway->outbox.again.record_count, 1);
    assert_int_equal(bench->gateway->outbox.again.records[0].first, undated.first);
    assert_int_equal(bench->gateway->outbox.again.records[0].last, undated.last);
    for (int round = 0; round < 2; round++) {
        const char *bundle = bundle_of(bench, first, first, true);

        assert_true(says(bundle, "\"PUT\"") && says(bundle, "\"effectiveDateTime\""));
        assert_false(says(bundle, "_effectiveDateTime"));
        assert_int_equal(bench->gateway->dating.from, 0);
        assert_int_equal(bench->gateway->dating.sent, 0);
        orders_restart(bench);
    }
}

/* As many boots as are remembered, and one more. */
static void the_newest_boots_are_remembered(void **state)
{
    struct bench *bench = *state;
    struct ward_dating_text kept;
    struct ward_seq_range range;
    int64_t offset_ms = 0;

    for (int i = 0; i <= WARD_DATED_BOOTS_MAX; i++) {
        struct ward_record clock = {.note = {.offset_ms = 1000 + i}};

        snprintf(clock.reading.boot.text, sizeof(clock.reading.boot.text), "b-%d", i);
        (void)ward_dating_known(bench->gateway, &clock, &kept, &range);
        assert_int_equal(range.first, 0);
    }
    assert_false(ward_dating_offset(&bench->gateway->dating, "b-0", &offset_ms));
    assert_true(ward_dating_offset(&bench->gateway->dating, "b-1", &offset_ms));
    assert_int_equal(offset_ms, 1001);
    assert_true(ward_dating_offset(&bench->gateway->dating, "b-16", &offset_ms));
    assert_int_equal(offset_ms, 1016);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(limits_are_those_that_were_in_force, orders_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(what_is_taken_back_says_so, orders_set_up, bench_tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_known_later_dates_its_boot, orders_set_up,
                                        bench_tear_down),
        cmocka_unit_test_setup_teardown(the_newest_boots_are_remembered, orders_set_up, bench_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
