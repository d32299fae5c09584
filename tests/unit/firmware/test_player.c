/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A script is played on a clock that the test sets; what comes out is compared as text, one line an action.
 */
#include "wearable/core/player.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wearable/script/parse.h"

#define SECOND UINT64_C(1000000)

struct play {
    struct ward_script script;
    struct ward_player player;
    uint64_t now_us;
    uint64_t deadline_us;
    bool done;
    char log[4096];
};

static struct play *begin(const char *profile, const char *text)
{
    struct play *play = calloc(1, sizeof(*play));
    struct ward_script_error error;

    assert_non_null(play);
    if (!ward_script_parse(&play->script, ward_wearable_profile_find(profile), text, strlen(text), &error))
        fail_msg("line %u: %s %s", error.line, error.text, error.word);
    ward_player_init(&play->player, &play->script);
    play->now_us = 100 * SECOND;
    return play;
}

static void log_action(struct play *play, const struct ward_player_action *action)
{
    static const char *const names[] = {
        [WARD_ACTION_ADVERTISE_ON] = "advertise",
        [WARD_ACTION_ADVERTISE_OFF] = "hide",
        [WARD_ACTION_DISCONNECT] = "disconnect",
        [WARD_ACTION_BATTERY] = "battery",
        [WARD_ACTION_SEND] = "send",
    };
    size_t used = strlen(play->log);

    used += (size_t)snprintf(play->log + used, sizeof(play->log) - used, "%s", names[action->kind]);
    if (action->kind == WARD_ACTION_SEND)
        used += (size_t)snprintf(play->log + used, sizeof(play->log) - used, " %04x", action->characteristic);
    for (size_t i = 0; i < action->length; i++)
        used += (size_t)snprintf(play->log + used, sizeof(play->log) - used, "%s%02x", i ? "" : " ",
                                 action->octets[i]);
    snprintf(play->log + used, sizeof(play->log) - used, "\n");
}

/* Plays what is due and returns it; the log begins anew. */
static const char *due(struct play *play)
{
    struct ward_player_action action;
    enum ward_player_result result;

    play->log[0] = '\0';
    while ((result = ward_player_step(&play->player, play->now_us, &action, &play->deadline_us)) ==
           WARD_PLAYER_ACTION)
        log_action(play, &action);
    play->done = result == WARD_PLAYER_DONE;
    return play->log;
}

static const char *after(struct play *play, uint64_t us)
{
    play->now_us += us;
    return due(play);
}

static void steps_are_played_in_order(void **state)
{
    struct play *play = begin("oximeter", "battery 80\nadvertise on\nadvertise off\ndisconnect\n");

    (void)state;
    assert_string_equal(due(play), "battery 50\nadvertise\nhide\ndisconnect\n");
    assert_true(play->done);
    assert_string_equal(due(play), "");
    free(play);
}

static void a_wait_ends_at_its_time(void **state)
{
    struct play *play = begin("strap", "wait 1500ms\nbattery 1\n");

    (void)state;
    assert_string_equal(due(play), "");
    assert_int_equal(play->deadline_us, 101500000);
    assert_string_equal(after(play, 1499999), "");
    assert_string_equal(after(play, 1), "battery 01\n");
    free(play);
}

static void a_stream_sends_a_frame_a_second(void **state)
{
    struct play *play = begin("oximeter", "stream 3s spo2 96..98 pulse 70\nbattery 9\n");

    (void)state;
    assert_string_equal(due(play), "send 2a5f 0060004600\n");
    assert_int_equal(play->deadline_us, 101 * SECOND);
    assert_string_equal(after(play, SECOND), "send 2a5f 0061004600\n");
    assert_string_equal(after(play, SECOND), "send 2a5f 0062004600\n");
    assert_int_equal(play->deadline_us, 103 * SECOND);
    assert_string_equal(after(play, SECOND), "battery 09\n");
    free(play);
}

static void a_late_caller_does_not_shift_a_stream(void **state)
{
    struct play *play = begin("oximeter", "stream 2s spo2 96\nstream 1s spo2 97\n");

    (void)state;
    assert_string_equal(due(play), "send 2a5f 006000ff07\n");
    assert_string_equal(after(play, 2 * SECOND + 300000), "send 2a5f 006000ff07\nsend 2a5f 006100ff07\n");
    assert_int_equal(play->deadline_us, 103 * SECOND);
    free(play);
}

static void a_ramp_goes_down_too_and_rounds_evenly(void **state)
{
    struct play *play = begin("strap", "contact unknown\nstream 5s rate 71..70\n");

    (void)state;
    assert_string_equal(after(play, 0), "send 2a37 0047\n");
    assert_string_equal(after(play, SECOND), "send 2a37 0047\n");
    assert_string_equal(after(play, SECOND), "send 2a37 0046\n");
    assert_string_equal(after(play, SECOND), "send 2a37 0046\n");
    assert_string_equal(after(play, SECOND), "send 2a37 0046\n");
    free(play);
}

static void contact_is_said_in_what_follows(void **state)
{
    struct play *play =
        begin("strap", "measure rate 70\ncontact lost\nmeasure rate 70\ncontact ok\nmeasure rate 70\n");

    (void)state;
    assert_string_equal(due(play), "send 2a37 0646\nsend 2a37 0446\nsend 2a37 0646\n");
    free(play);
}

static void raw_octets_are_sent_as_they_are(void **state)
{
    struct play *play = begin("cuff", "raw 2A35 DEadbeef\nraw 2a19 ff\n");

    (void)state;
    assert_string_equal(due(play), "send 2a35 deadbeef\nsend 2a19 ff\n");
    free(play);
}

static void subscribed_means_to_what_is_sent_next(void **state)
{
    struct play *play = begin("oximeter", "wait subscribed\nmeasure spo2 97 pulse 66\n");

    (void)state;
    assert_string_equal(due(play), "");
    assert_int_equal(play->deadline_us, WARD_PLAYER_NEVER);
    ward_player_subscribed(&play->player, 0x2A5E, true);
    assert_string_equal(due(play), ""); /* not connected */
    ward_player_connected(&play->player, true);
    ward_player_subscribed(&play->player, 0x2A5E, false);
    ward_player_subscribed(&play->player, 0x2A5F, true);
    assert_string_equal(due(play), ""); /* the stream is not what is sent next */
    ward_player_subscribed(&play->player, 0x2A5E, true);
    assert_string_equal(due(play), "send 2a5e 0061004200\n");
    free(play);
}

static const char cuff_script[] = "wait subscribed\n"
                                  "measure systolic 128 diastolic 82 mean 97 pulse 71\n"
                                  "wait confirmed\n"
                                  "disconnect\n"
                                  "wait disconnected\n"
                                  "battery 50\n";
static const char cuff_frame[] = "send 2a35 048000520061004700\n";

static void a_cuff_goes_when_its_reading_is_confirmed(void **state)
{
    struct play *play = begin("cuff", cuff_script);

    (void)state;
    due(play);
    ward_player_connected(&play->player, true);
    ward_player_subscribed(&play->player, 0x2A35, true);
    assert_string_equal(due(play), cuff_frame);
    assert_string_equal(after(play, 60 * SECOND), "");
    ward_player_confirmed(&play->player, 0x2A35);
    assert_string_equal(due(play), "disconnect\n");
    ward_player_connected(&play->player, false);
    assert_string_equal(due(play), "battery 32\n");
    free(play);
}

static void a_reading_that_was_not_confirmed_is_sent_again(void **state)
{
    struct play *play = begin("cuff", cuff_script);

    (void)state;
    ward_player_connected(&play->player, true);
    ward_player_subscribed(&play->player, 0x2A35, true);
    assert_string_equal(due(play), cuff_frame);
    ward_player_connected(&play->player, false);
    assert_string_equal(due(play), "");
    ward_player_connected(&play->player, true);
    assert_string_equal(due(play), cuff_frame);
    assert_string_equal(due(play), ""); /* once a connection */
    ward_player_confirmed(&play->player, 0x2A35);
    assert_string_equal(due(play), "disconnect\n");
    free(play);
}

static void what_nobody_listened_to_is_sent_when_somebody_does(void **state)
{
    struct play *play = begin("cuff", "measure systolic 128 diastolic 82 mean 97 pulse 71\nwait confirmed\n");

    (void)state;
    assert_string_equal(due(play), cuff_frame);
    ward_player_connected(&play->player, true);
    assert_string_equal(due(play), "");
    ward_player_subscribed(&play->player, 0x2A35, true);
    assert_string_equal(due(play), cuff_frame);
    ward_player_confirmed(&play->player, 0x2A35);
    due(play);
    assert_true(play->done);
    free(play);
}

static void repeats_nest(void **state)
{
    struct play *play =
        begin("strap", "repeat 2\nbattery 1\nrepeat 2\nbattery 2\nwait 1s\nend\nend\nbattery 3\n");

    (void)state;
    assert_string_equal(due(play), "battery 01\nbattery 02\n");
    assert_string_equal(after(play, SECOND), "battery 02\n");
    assert_string_equal(after(play, SECOND), "battery 01\nbattery 02\n");
    assert_string_equal(after(play, SECOND), "battery 02\n");
    assert_string_equal(after(play, SECOND), "battery 03\n");
    assert_true(play->done);
    free(play);
}

static void forever_goes_on(void **state)
{
    struct play *play = begin("strap", "repeat forever\nbattery 1\nwait 1h\nend\n");

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_string_equal(after(play, 3600 * SECOND), "battery 01\n");
    free(play);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_played_in_order),
        cmocka_unit_test(a_wait_ends_at_its_time),
        cmocka_unit_test(a_stream_sends_a_frame_a_second),
        cmocka_unit_test(a_late_caller_does_not_shift_a_stream),
        cmocka_unit_test(a_ramp_goes_down_too_and_rounds_evenly),
        cmocka_unit_test(contact_is_said_in_what_follows),
        cmocka_unit_test(raw_octets_are_sent_as_they_are),
        cmocka_unit_test(subscribed_means_to_what_is_sent_next),
        cmocka_unit_test(a_cuff_goes_when_its_reading_is_confirmed),
        cmocka_unit_test(a_reading_that_was_not_confirmed_is_sent_again),
        cmocka_unit_test(what_nobody_listened_to_is_sent_when_somebody_does),
        cmocka_unit_test(repeats_nest),
        cmocka_unit_test(forever_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
