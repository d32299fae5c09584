/* SPDX-License-Identifier: Apache-2.0 */
/* What a person is told while a device is tried, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "app/trial_words.h"
#include "core/reading.h"

#define UNKNOWN WARD_TRIAL_RSSI_UNKNOWN

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in: %s", part, text);
}

static void how_well_it_is_heard(void **state)
{
    static const struct {
        unsigned listened, heard;
        int16_t rssi;
        enum ward_trial_signal signal;
        const char *text;
    } cases[] = {
        {10, 0, UNKNOWN, WARD_TRIAL_NOT_HEARD, "Not heard in 10 seconds."},
        {10, 10, -60, WARD_TRIAL_GOOD, "Heard in 10 of 10 seconds, at -60 dBm: good."},
        {10, 3, -60, WARD_TRIAL_GOOD, "3 of 10"}, /* near, and calls rarely */
        {10, 10, -79, WARD_TRIAL_GOOD, "good"},
        {10, 10, -80, WARD_TRIAL_WEAK, "weak"},
        {10, 4, -89, WARD_TRIAL_WEAK, "weak"},
        {10, 3, -80, WARD_TRIAL_TOO_FAR, "too far"},
        {10, 10, -90, WARD_TRIAL_TOO_FAR, "too far"},
        {10, 3, UNKNOWN, WARD_TRIAL_TOO_FAR, "too far"},
        {10, 4, UNKNOWN, WARD_TRIAL_WEAK, "signal strength not known"},
    };
    char text[WARD_TRIAL_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct ward_trial_seen seen = {
            .listened_s = cases[i].listened, .heard_s = cases[i].heard, .rssi = cases[i].rssi};

        assert_int_equal(ward_trial_signal(&seen), cases[i].signal);
        ward_trial_say_signal(&seen, text);
        assert_has(text, cases[i].text);
    }
    ward_trial_say_signal(&(struct ward_trial_seen){.rssi = UNKNOWN, .connected = true}, text);
    assert_has(text, "not known: Bluetooth tells none");
    ward_trial_say_signal(&(struct ward_trial_seen){.rssi = UNKNOWN, .connected = true, .listened_s = 10},
                          text);
    assert_has(text, "it connected before it was heard");
}

static void what_to_do_goes_by_what_it_measures(void **state)
{
    static const struct {
        const char *model, *text;
    } cases[] = {
        {"oximeter", "finger"},
        {"viatom-o2ring", "finger"},
        {"blood-pressure-cuff", "start button"},
        {"heart-rate-strap", "strap"},
        {"thermometer", "temperature"},
        {"weight-scale", "Step on it"},
        {"glucose-meter", "control solution"},
    };
    char text[WARD_TRIAL_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ward_trial_say_what_to_do(ward_model_by_id(cases[i].model), text);
        assert_has(text, cases[i].text);
        assert_has(text, "raises no alarm");
    }
    ward_trial_say_what_to_do(NULL, text);
    assert_has(text, "Take a measurement with it.");
}

static void a_reading_is_said_with_its_reasons(void **state)
{
    struct ward_reading reading = {
        .value_count = 2,
        .values = {{.quantity = WARD_SPO2, .number = {.mantissa = 97}},
                   {.quantity = WARD_PULSE_RATE, .number = {.special = WARD_NAN}}},
    };
    char text[WARD_TRIAL_TEXT_SIZE];

    (void)state;
    ward_trial_say_reading(&reading, text);
    assert_has(text, "SpO2 97 %, ");
    assert_has(text, "no value: valid.");
    reading.quality = WARD_INVALID;
    reading.reasons = WARD_REASON_NO_CONTACT | WARD_REASON_MOTION;
    ward_trial_say_reading(&reading, text);
    assert_has(text, ": invalid (it is not worn or has no contact; somebody moved or it sits badly).");
    reading.value_count = 0;
    ward_trial_say_reading(&reading, text);
    assert_has(text, "No value: invalid");
}

/* A reason without words would leave a person alone with a comma. */
static void every_reason_has_words(void **state)
{
    char text[WARD_TRIAL_TEXT_SIZE], none[WARD_TRIAL_TEXT_SIZE];

    (void)state;
    ward_trial_say_reading(&(struct ward_reading){.quality = WARD_INVALID}, none);
    for (unsigned i = 0; i < WARD_REASON_COUNT; i++) {
        ward_trial_say_reading(&(struct ward_reading){.quality = WARD_INVALID, .reasons = UINT32_C(1) << i},
                               text);
        assert_true(strlen(text) > strlen(none) + 10);
    }
    ward_trial_say_reading(
        &(struct ward_reading){.quality = WARD_INVALID, .reasons = (UINT32_C(1) << WARD_REASON_COUNT) - 1},
        text);
    assert_string_equal(text + strlen(text) - 2, ").");
}

static void what_to_try_next_goes_by_what_was_seen(void **state)
{
    static const struct {
        struct ward_trial_seen seen;
        const char *text;
    } cases[] = {
        {{.listened_s = 10, .rssi = UNKNOWN}, "fresh battery"},
        {{.listened_s = 10, .rssi = UNKNOWN}, "phone or tablet"},
        {{.listened_s = 10, .heard_s = 2, .rssi = -95}, "within three metres"},
        {{.listened_s = 10, .heard_s = 10, .rssi = -60},
         "did not connect. Switch Bluetooth off on any phone"},
        {{.connected = true, .rssi = UNKNOWN}, "sent no measurement"},
        {{.connected = true, .needs_pairing = true}, "Forget it and pair it again. Measure once"},
        {{.connected = true, .unproved = true}, "lost its pairing"},
        {{.connected = true, .measured = true, .reasons = WARD_REASON_NO_CONTACT},
         "no contact. See that it sits"},
        {{.connected = true, .measured = true, .reasons = WARD_REASON_SENSOR_FAULT}, "take another device"},
        {{.connected = true, .battery_percent = 8}, "battery is at 8 %: change it"},
    };
    char text[WARD_TRIAL_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ward_trial_say_advice(&cases[i].seen, ward_model_by_id("blood-pressure-cuff"), text);
        assert_has(text, cases[i].text);
        ward_trial_say_advice(&cases[i].seen, NULL, text); /* a device of no known model */
    }
    ward_trial_say_advice(&(struct ward_trial_seen){.connected = true, .battery_percent = 20}, NULL, text);
    assert_null(strstr(text, "battery"));
    ward_trial_say_advice(&(struct ward_trial_seen){.connected = true, .battery_percent = -1}, NULL, text);
    assert_null(strstr(text, "battery"));
}

static void who_gets_what_it_measures_next_is_said(void **state)
{
    char text[WARD_TRIAL_TEXT_SIZE];

    (void)state;
    ward_trial_say_done("p-7f3a", text);
    assert_has(text, "from now on is for p-7f3a.");
    ward_trial_say_done(NULL, text);
    assert_has(text, "no patient yet");
}

static void a_control_solution_is_as_good_a_test(void **state)
{
    (void)state;
    assert_true(ward_trial_is_good(&(struct ward_reading){.quality = WARD_VALID}));
    assert_true(ward_trial_is_good(
        &(struct ward_reading){.quality = WARD_INVALID, .reasons = WARD_REASON_NOT_CLINICAL}));
    assert_false(ward_trial_is_good(&(struct ward_reading){
        .quality = WARD_INVALID, .reasons = WARD_REASON_NOT_CLINICAL | WARD_REASON_IMPLAUSIBLE}));
    assert_false(ward_trial_is_good(
        &(struct ward_reading){.quality = WARD_QUESTIONABLE, .reasons = WARD_REASON_MOTION}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_well_it_is_heard),
        cmocka_unit_test(what_to_do_goes_by_what_it_measures),
        cmocka_unit_test(a_reading_is_said_with_its_reasons),
        cmocka_unit_test(every_reason_has_words),
        cmocka_unit_test(what_to_try_next_goes_by_what_was_seen),
        cmocka_unit_test(who_gets_what_it_measures_next_is_said),
        cmocka_unit_test(a_control_solution_is_as_good_a_test),
    };

    return cmocka_run_group_tests_name("trial_words", tests, NULL, NULL);
}
