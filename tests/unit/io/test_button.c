/* SPDX-License-Identifier: Apache-2.0 */
/* The button reads events from a path; a FIFO gives them here as a device would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/button.h"

#define DEADLINE_US (60 * UINT64_C(1000000))

struct bench {
    char directory[64], path[80];
    sd_event *event;
    struct ward_button *button;
    int writing;
    int presses;
};

static void on_press(void *userdata)
{
    struct bench *bench = userdata;

    bench->presses++;
}

static uint64_t now_us(const struct bench *bench)
{
    uint64_t now = 0;

    assert_true(sd_event_now(bench->event, CLOCK_BOOTTIME, &now) >= 0);
    return now;
}

#define WAIT_FOR(bench, condition)                                                                           \
    do {                                                                                                     \
        const uint64_t until_us = now_us(bench) + DEADLINE_US;                                               \
        while (!(condition)) {                                                                               \
            assert_true(now_us(bench) < until_us);                                                           \
            assert_true(sd_event_run((bench)->event, 50000) >= 0);                                           \
        }                                                                                                    \
    } while (0)

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));

    *state = bench;
    bench->writing = -1;
    strcpy(bench->directory, "/tmp/ward-button-XXXXXX");
    assert_non_null(mkdtemp(bench->directory));
    snprintf(bench->path, sizeof(bench->path), "%s/event", bench->directory);
    assert_true(sd_event_new(&bench->event) >= 0);
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    bench->button = ward_button_free(bench->button);
    if (bench->writing >= 0)
        close(bench->writing);
    sd_event_unref(bench->event);
    (void)unlink(bench->path);
    assert_int_equal(rmdir(bench->directory), 0);
    free(bench);
    return 0;
}

static void plug_in(struct bench *bench)
{
    assert_int_equal(mkfifo(bench->path, 0600), 0);
    bench->writing = open(bench->path, O_RDWR | O_CLOEXEC);
    assert_true(bench->writing >= 0);
}

static void say(struct bench *bench, uint16_t type, int32_t value)
{
    const struct input_event event = {.type = type, .code = KEY_MUTE, .value = value};

    assert_int_equal(write(bench->writing, &event, sizeof(event)), sizeof(event));
}

static void each_press_counts_once(void **state)
{
    struct bench *bench = *state;

    plug_in(bench);
    assert_int_equal(ward_button_new(&bench->button, bench->event, bench->path, on_press, bench), 0);
    assert_true(ward_button_works(bench->button));
    say(bench, EV_KEY, 1);
    say(bench, EV_SYN, 0);
    say(bench, EV_KEY, 2); /* held */
    say(bench, EV_KEY, 0);
    say(bench, EV_MSC, 1);
    say(bench, EV_KEY, 1);
    WAIT_FOR(bench, bench->presses == 2);
    say(bench, EV_KEY, 0);
    say(bench, EV_KEY, 1);
    WAIT_FOR(bench, bench->presses == 3); /* all before it were taken, and counted for nothing */
}

static void a_button_that_comes_late_works(void **state)
{
    struct bench *bench = *state;

    assert_int_equal(ward_button_new(&bench->button, bench->event, bench->path, on_press, bench), 0);
    assert_false(ward_button_works(bench->button));
    plug_in(bench);
    WAIT_FOR(bench, ward_button_works(bench->button));
    say(bench, EV_KEY, 1);
    WAIT_FOR(bench, bench->presses == 1);
}

/* It is pulled out in the midst of an event, and plugged in again. */
static void a_button_that_went_away_is_looked_for(void **state)
{
    struct bench *bench = *state;

    plug_in(bench);
    assert_int_equal(ward_button_new(&bench->button, bench->event, bench->path, on_press, bench), 0);
    assert_int_equal(write(bench->writing, "half", 4), 4);
    WAIT_FOR(bench, !ward_button_works(bench->button));
    WAIT_FOR(bench, ward_button_works(bench->button));
    say(bench, EV_KEY, 1);
    WAIT_FOR(bench, bench->presses == 1);
}

#define BUTTON_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BUTTON_TEST(each_press_counts_once),
        BUTTON_TEST(a_button_that_comes_late_works),
        BUTTON_TEST(a_button_that_went_away_is_looked_for),
    };

    return cmocka_run_group_tests_name("button", tests, NULL, NULL);
}
