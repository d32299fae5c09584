/* SPDX-License-Identifier: Apache-2.0 */
#include "io/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* 2200-01-01: later than any clock this test meets. */
#define FAR_FLOOR_MS INT64_C(7258118400000)

struct fixture {
    sd_event *event;
    char directory[64];
    char flag[96];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_int_equal(sd_event_new(&fixture->event), 0);
    strcpy(fixture->directory, "/tmp/ward-clock-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->flag, sizeof(fixture->flag), "%s/synchronized", fixture->directory);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    unlink(fixture->flag);
    rmdir(fixture->directory);
    sd_event_unref(fixture->event);
    free(fixture);
    return 0;
}

static void set_flag(const struct fixture *fixture)
{
    FILE *file = fopen(fixture->flag, "w");

    assert_non_null(file);
    fclose(file);
}

static struct ward_clock *new_clock(const struct fixture *fixture, int64_t floor_ms)
{
    struct ward_clock_options options = {.synchronized_path = fixture->flag, .floor_ms = floor_ms};
    struct ward_clock *clock = NULL;

    assert_int_equal(ward_clock_new(&clock, fixture->event, &options), 0);
    return clock;
}

/* Asks until the clock has looked for its flag file again, which it does once a second. */
static struct ward_time now_with_quality(struct ward_clock *clock, enum ward_clock_quality quality)
{
    struct ward_time now = ward_clock_now(clock);
    uint64_t deadline_us = now.boot_us + 60 * UINT64_C(1000000);

    while (now.clock != quality && now.boot_us < deadline_us)
        now = ward_clock_now(clock);
    return now;
}

static void without_a_time_service_utc_is_unknown(void **state)
{
    struct ward_clock *clock = new_clock(*state, 0);
    struct ward_time first = ward_clock_now(clock), second = ward_clock_now(clock);

    assert_int_equal(first.clock, WARD_CLOCK_UNSYNCED);
    assert_int_equal(first.utc_ms, WARD_UTC_UNKNOWN);
    assert_true(first.boot_us > 0);
    assert_true(second.boot_us >= first.boot_us);
    ward_clock_free(clock);
}

static void with_one_it_is_the_wall_clock(void **state)
{
    struct ward_clock *clock;
    struct timespec before, after;
    struct ward_time now;

    set_flag(*state);
    clock = new_clock(*state, 0);
    clock_gettime(CLOCK_REALTIME, &before);
    now = ward_clock_now(clock);
    clock_gettime(CLOCK_REALTIME, &after);
    assert_int_equal(now.clock, WARD_CLOCK_SYNCED);
    /* the two clocks are read one after the other: a few milliseconds of play */
    assert_true(now.utc_ms >= (int64_t)before.tv_sec * 1000 - 1000);
    assert_true(now.utc_ms <= (int64_t)after.tv_sec * 1000 + 2000);
    ward_clock_free(clock);
}

static void when_it_goes_utc_is_carried_on(void **state)
{
    struct fixture *fixture = *state;
    struct ward_clock *clock;
    struct ward_time synced, estimated;
    int64_t utc_passed, boot_passed;

    set_flag(fixture);
    clock = new_clock(fixture, 0);
    synced = ward_clock_now(clock);
    unlink(fixture->flag);
    estimated = now_with_quality(clock, WARD_CLOCK_ESTIMATED);
    assert_int_equal(estimated.clock, WARD_CLOCK_ESTIMATED);
    utc_passed = estimated.utc_ms - synced.utc_ms;
    boot_passed = (int64_t)(estimated.boot_us - synced.boot_us) / 1000;
    assert_true(llabs(utc_passed - boot_passed) <= 1000);
    set_flag(fixture);
    assert_int_equal(now_with_quality(clock, WARD_CLOCK_SYNCED).clock, WARD_CLOCK_SYNCED);
    ward_clock_free(clock);
}

static void a_wall_clock_below_the_floor_is_not_believed(void **state)
{
    struct ward_clock *clock;

    set_flag(*state);
    clock = new_clock(*state, FAR_FLOOR_MS);
    assert_int_equal(ward_clock_now(clock).clock, WARD_CLOCK_UNSYNCED);
    assert_int_equal(ward_clock_now(clock).utc_ms, WARD_UTC_UNKNOWN);
    ward_clock_free(clock);
}

static void a_floor_raised_later_holds_what_was_synced(void **state)
{
    struct ward_clock *clock;
    struct ward_time now;

    set_flag(*state);
    clock = new_clock(*state, 0);
    assert_int_equal(ward_clock_now(clock).clock, WARD_CLOCK_SYNCED);
    ward_clock_raise_floor(clock, FAR_FLOOR_MS);
    ward_clock_raise_floor(clock, 1);
    now = ward_clock_now(clock);
    assert_int_equal(now.clock, WARD_CLOCK_ESTIMATED);
    assert_int_equal(now.utc_ms, FAR_FLOOR_MS);
    ward_clock_free(clock);
}

static void the_boot_id_is_the_kernels(void **state)
{
    struct ward_id id;
    char expected[20] = "b-", text[64];
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    size_t length = 2;

    (void)state;
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    for (const char *at = text; length < 18; at++)
        if (*at != '-')
            expected[length++] = *at;
    assert_int_equal(ward_clock_boot_id(&id), 0);
    assert_string_equal(id.text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_time_service_utc_is_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(with_one_it_is_the_wall_clock, setup, teardown),
        cmocka_unit_test_setup_teardown(when_it_goes_utc_is_carried_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wall_clock_below_the_floor_is_not_believed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_floor_raised_later_holds_what_was_synced, setup, teardown),
        cmocka_unit_test(the_boot_id_is_the_kernels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
