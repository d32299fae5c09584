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
        fail_msg("line %u: %s %s", (unsigned)error.line, error.text, error.word);
    ward_player_init(&play->player, &play->script);
    play->now_us = 100 * SECOND;
    return play;
}

static void log_action(struct play *play, const struct ward_player_action *action)
{
    static const char *const names[] = {
        [WARD_ACTION_ADVERTISE_ON] = "advertise", [WARD_ACTION_ADVERTISE_OFF] = "hide",
        [WARD_ACTION_DISCONNECT] = "disconnect",  [WARD_ACTION_FORGET_BONDS] = "forget",
        [WARD_ACTION_BATTERY] = "battery",        [WARD_ACTION_SEND] = "send",
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

/* Connected, and subscribed to the characteristic. */
static struct play *begin_heard(const char *profile, const char *text, uint16_t characteristic)
{
    struct play *play = begin(profile, text);

    ward_player_connected(&play->player, true);
    ward_player_subscribed(&play->player, characteristic, true);
    return play;
}

static void a_report_takes_out_what_was_confirmed(void **state)
{
    struct play *play = begin_heard("cuff",
                                    "store systolic 120 user 2 time none\nstore systolic 130 time none\n"
                                    "report\nbattery 1\n",
                                    0x2A35);

    (void)state;
    assert_string_equal(due(play), "send 2a35 087800ff07ff0702\n");
    assert_string_equal(due(play), "");
    ward_player_connected(&play->player, false); /* not confirmed: it is kept */
    assert_string_equal(due(play), "");
    assert_int_equal(play->player.device.memory.count, 2);
    ward_player_connected(&play->player, true);
    assert_string_equal(due(play), "send 2a35 087800ff07ff0702\n");
    ward_player_confirmed(&play->player, 0x2A35);
    assert_string_equal(due(play), "send 2a35 008200ff07ff07\n");
    assert_int_equal(play->player.device.memory.count, 1);
    ward_player_confirmed(&play->player, 0x2A35);
    assert_string_equal(due(play), "battery 01\n");
    assert_int_equal(play->player.device.memory.count, 0);
    free(play);
}

static void a_report_has_its_faults(void **state)
{
    struct play *play = begin_heard("cuff",
                                    "store systolic 120 time none\nstore systolic 130 time none\n"
                                    "fault duplicate\nfault drop 2\nreport\n",
                                    0x2A35);

    (void)state;
    assert_string_equal(due(play), "send 2a35 007800ff07ff07\n");
    ward_player_confirmed(&play->player, 0x2A35);
    assert_string_equal(due(play), "send 2a35 007800ff07ff07\ndisconnect\n");
    ward_player_connected(&play->player, false);
    ward_player_connected(&play->player, true);
    assert_string_equal(due(play), "send 2a35 007800ff07ff07\n"); /* the second was not confirmed */
    ward_player_confirmed(&play->player, 0x2A35);
    assert_string_equal(due(play), "send 2a35 008200ff07ff07\n");
    free(play);
}

static void records_have_the_time_of_the_clock(void **state)
{
    struct play *play =
        begin_heard("cuff",
                    "store systolic 120\nclock 2026-11-28T12:00:00\nstore systolic 121 time now-1d\n"
                    "wait 60s\nclock reset\nwait 61s\nmeasure systolic 122 time now\n",
                    0x2A35);
    const struct ward_memory *memory = &play->player.device.memory;

    (void)state;
    due(play);
    assert_memory_equal(memory->records[0].octets + 7, "\xd0\x07\x01\x01\x00\x00\x00", 7);
    assert_memory_equal(memory->records[1].octets + 7, "\xea\x07\x0b\x1b\x0c\x00\x00", 7);
    after(play, 60 * SECOND);
    assert_string_equal(after(play, 61 * SECOND), "send 2a35 027a00ff07ff07d0070101000101\n");
    free(play);
}

static void a_battery_drains_whatever_is_played(void **state)
{
    struct play *play = begin("strap", "battery 3 drain 10s\nwait 1h\n");

    (void)state;
    assert_string_equal(due(play), "battery 03\n");
    assert_int_equal(play->deadline_us, 110 * SECOND);
    assert_string_equal(after(play, 10 * SECOND), "battery 02\n");
    assert_string_equal(after(play, 20 * SECOND), "battery 01\nbattery 00\n");
    assert_string_equal(after(play, 60 * SECOND), "");
    assert_int_equal(play->deadline_us, 3700 * SECOND);
    free(play);
}

static void faults_change_the_next_measurement_alone(void **state)
{
    struct play *play = begin("cuff", "fault cut 2\nmeasure systolic 120\nmeasure systolic 120\n"
                                      "fault pad 9\nbattery 5\nmeasure systolic 120\nmeasure systolic 120\n"
                                      "fault cut 99\nmeasure systolic 120\n");

    (void)state;
    assert_string_equal(due(play), "send 2a35 007800ff07\nsend 2a35 007800ff07ff07\nbattery 05\n"
                                   "send 2a35 007800ff07ff070000\nsend 2a35 007800ff07ff07\nsend 2a35\n");
    free(play);
}

static void a_value_of_512_octets(void **state)
{
    struct play *play = begin("oximeter", "fault pad 512\nmeasure spo2 96\n");

    (void)state;
    assert_int_equal(strlen(due(play)), strlen("send 2a5e \n") + 2 * 512);
    free(play);
}

static void a_late_value_holds_all_that_follows(void **state)
{
    struct play *play = begin_heard("cuff", "fault late 5s\nmeasure systolic 120\nbattery 5\n", 0x2A35);

    (void)state;
    assert_string_equal(due(play), "");
    assert_int_equal(play->deadline_us, 105 * SECOND);
    assert_string_equal(after(play, 5 * SECOND - 1), "");
    assert_string_equal(after(play, 1), "send 2a35 007800ff07ff07\nbattery 05\n");
    free(play);
}

static void a_transfer_is_waited_for(void **state)
{
    static const uint8_t report_all[] = {1, 1};
    struct play *play = begin_heard(
        "glucose-meter", "store glucose 5\nwait transferred\nbattery 1\nwait transferred\n", 0x2A18);

    (void)state;
    ward_player_subscribed(&play->player, 0x2A52, true);
    assert_string_equal(due(play), "");
    assert_int_equal(ward_device_write(&play->player.device, 0x2A52, report_all, 2, play->now_us),
                     WARD_ATT_OK);
    assert_string_equal(due(play), "send 2a18 060000d007010100000005d011\n");
    assert_string_equal(after(play, 199999), ""); /* the record is to be there first */
    assert_string_equal(after(play, 1), "send 2a52 06000101\n");
    ward_player_confirmed(&play->player, 0x2A52);
    assert_string_equal(due(play), "battery 01\n");
    assert_false(play->done);
    free(play);
}

static void a_clock_that_is_set_is_waited_for(void **state)
{
    static const uint8_t now[] = {0xEA, 0x07, 11, 28, 14, 22, 0};
    struct play *play = begin_heard("cuff", "wait clock\nmeasure systolic 120 time now\n", 0x2A35);

    (void)state;
    assert_string_equal(due(play), "");
    assert_int_equal(ward_device_write(&play->player.device, 0x2A08, now, sizeof(now), play->now_us),
                     WARD_ATT_OK);
    assert_string_equal(due(play), "send 2a35 027800ff07ff07ea070b1c0e1600\n");
    free(play);
}

static void a_clip_streams_when_it_is_asked_to(void **state)
{
    static const uint8_t start[] = {0x9B, 0x01, 0x1C};
    struct play *play = begin_heard("contec", "stream 20s spo2 97 pulse 70\n", 0x0001);

    (void)state;
    assert_string_equal(due(play), "");
    assert_int_equal(play->deadline_us, 101 * SECOND);
    ward_device_write(&play->player.device, 0x0002, start, sizeof(start), play->now_us);
    assert_string_equal(after(play, SECOND), "send 0001 eb010046617f0012\n");
    after(play, 6 * SECOND);
    assert_string_equal(after(play, SECOND), "send 0001 eb7f6a\n"); /* nobody kept it alive */
    assert_string_equal(after(play, SECOND), "");
    free(play);
}

static void a_stream_has_the_period_of_its_profile(void **state)
{
    struct play *play = begin("berrymed", "stream 1s spo2 97 pulse 70\n");
    unsigned count = 0;

    (void)state;
    due(play);
    assert_int_equal(play->deadline_us, 100 * SECOND + 40000);
    after(play, 960000);
    for (const char *at = play->log; (at = strstr(at, "send")); at++)
        count++;
    assert_int_equal(count, 24);
    free(play);
}

static void bonds_are_forgotten(void **state)
{
    struct play *play = begin("cuff", "forget\n");

    (void)state;
    assert_string_equal(due(play), "forget\n");
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
        cmocka_unit_test(a_report_takes_out_what_was_confirmed),
        cmocka_unit_test(a_report_has_its_faults),
        cmocka_unit_test(records_have_the_time_of_the_clock),
        cmocka_unit_test(a_battery_drains_whatever_is_played),
        cmocka_unit_test(faults_change_the_next_measurement_alone),
        cmocka_unit_test(a_value_of_512_octets),
        cmocka_unit_test(a_late_value_holds_all_that_follows),
        cmocka_unit_test(a_transfer_is_waited_for),
        cmocka_unit_test(a_clock_that_is_set_is_waited_for),
        cmocka_unit_test(a_clip_streams_when_it_is_asked_to),
        cmocka_unit_test(a_stream_has_the_period_of_its_profile),
        cmocka_unit_test(bonds_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
