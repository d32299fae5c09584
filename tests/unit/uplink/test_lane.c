/* SPDX-License-Identifier: Apache-2.0 */
/* with: uplink/backoff.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "uplink/lane.h"
#include "uplink/system.h"

#define MS     UINT64_C(1000)
#define SECOND (1000 * MS)

/* ---- the connection, the time and chance, which are the test's ---- */

static uint64_t now_us;
static unsigned attempts;
static bool at_work;

uint64_t ward_system_now_us(void)
{
    return now_us;
}

static uint64_t next_random;

uint64_t ward_system_random(void)
{
    return next_random;
}

int ward_mqtt_new(struct ward_mqtt **ret, const struct ward_mqtt_options *options)
{
    (void)options;
    *ret = NULL;
    return 0;
}

struct ward_mqtt *ward_mqtt_free(struct ward_mqtt *mqtt)
{
    return mqtt;
}

void ward_mqtt_open(struct ward_mqtt *mqtt)
{
    (void)mqtt;
    at_work = true;
    attempts++;
}

void ward_mqtt_close(struct ward_mqtt *mqtt, const char *why)
{
    (void)mqtt;
    (void)why;
}

bool ward_mqtt_is_open(const struct ward_mqtt *mqtt)
{
    (void)mqtt;
    return at_work;
}

bool ward_mqtt_is_at_work(const struct ward_mqtt *mqtt)
{
    (void)mqtt;
    return at_work;
}

/* ---- the tests ---- */

static int begin(void **state)
{
    static struct ward_lane lane;
    struct ward_mqtt_options options = {0};

    now_us = SECOND;
    attempts = 0;
    at_work = false;
    if (sd_event_new(&options.event) < 0)
        return -1;
    *state = &lane;
    return ward_lane_init(&lane, &options);
}

static int end(void **state)
{
    struct ward_lane *lane = *state;

    ward_lane_done(lane);
    sd_event_unref(lane->event);
    return 0;
}

/* The connection, or the attempt, ends: by such a number the wait is that long only where it may be no longer. */
static void ends_and_waits(struct ward_lane *lane, uint64_t longest_us)
{
    uint64_t from_us, due_us, until_us;

    next_random = longest_us + 1000003 * (longest_us + 1);
    at_work = false;
    assert_true(sd_event_now(lane->event, CLOCK_BOOTTIME, &from_us) >= 0);
    ward_lane_closed(lane, WARD_JOURNAL_NO_MATTER, "ended");
    assert_true(sd_event_now(lane->event, CLOCK_BOOTTIME, &until_us) >= 0);
    assert_non_null(lane->retry);
    assert_true(sd_event_source_get_time(lane->retry, &due_us) >= 0);
    assert_in_range(due_us, from_us + longest_us, until_us + longest_us);
    lane->retry = sd_event_source_disable_unref(lane->retry);
}

static void opens_for(struct ward_lane *lane, uint64_t lasts_us)
{
    ward_mqtt_open(lane->mqtt);
    ward_lane_opened(lane);
    now_us += lasts_us;
}

static void what_is_ended_at_once_is_asked_for_later_and_later(void **state)
{
    static const uint64_t waits_ms[] = {250, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    struct ward_lane *lane = *state;

    ward_lane_want(lane);
    assert_int_equal(attempts, 1);
    for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        opens_for(lane, 29 * SECOND);
        ends_and_waits(lane, waits_ms[i] * MS);
    }
}

static void what_has_lasted_is_made_again_soon(void **state)
{
    struct ward_lane *lane = *state;

    ward_lane_want(lane);
    ends_and_waits(lane, 250 * MS);
    ends_and_waits(lane, 500 * MS);
    opens_for(lane, 30 * SECOND);
    ends_and_waits(lane, 250 * MS);
    now_us += 60 * SECOND; /* it has not been open since */
    ends_and_waits(lane, 500 * MS);
}

static void an_alarm_waits_for_two_seconds_at_most(void **state)
{
    struct ward_lane *lane = *state;

    ward_lane_want(lane);
    ward_lane_set_urgent(lane, true);
    for (uint64_t wait_ms = 250; wait_ms < 2000; wait_ms *= 2) {
        opens_for(lane, SECOND);
        ends_and_waits(lane, wait_ms * MS);
    }
    for (int i = 0; i < 10; i++) {
        opens_for(lane, SECOND);
        ends_and_waits(lane, 2000 * MS);
    }
}

/* It had not failed, though it did not last. */
static void what_is_renewed_is_made_again_at_once(void **state)
{
    struct ward_lane *lane = *state;

    ward_lane_want(lane);
    ends_and_waits(lane, 250 * MS);
    opens_for(lane, SECOND);
    attempts = 0;
    ward_lane_renew(lane, "asked for");
    at_work = false;
    ward_lane_closed(lane, WARD_JOURNAL_NO_MATTER, "asked for");
    assert_null(lane->retry);
    assert_int_equal(attempts, 1);
    ends_and_waits(lane, 500 * MS); /* this one fails */
}

static void what_is_not_open_is_not_renewed(void **state)
{
    struct ward_lane *lane = *state;

    ward_lane_want(lane);
    ends_and_waits(lane, 250 * MS);
    ward_lane_renew(lane, "asked for");
    assert_string_equal(lane->why, "ended");
    ends_and_waits(lane, 500 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_ended_at_once_is_asked_for_later_and_later, begin, end),
        cmocka_unit_test_setup_teardown(what_has_lasted_is_made_again_soon, begin, end),
        cmocka_unit_test_setup_teardown(an_alarm_waits_for_two_seconds_at_most, begin, end),
        cmocka_unit_test_setup_teardown(what_is_renewed_is_made_again_at_once, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_open_is_not_renewed, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
