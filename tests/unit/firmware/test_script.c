/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/script/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ward/gatt.h"

static bool parse(const char *profile, const char *text, struct ward_script *script,
                  struct ward_script_error *error)
{
    return ward_script_parse(script, ward_wearable_profile_find(profile), text, strlen(text), error);
}

static void a_wrong_line_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *profile, *text;
        uint32_t line;
        const char *complaint, *word;
    } cases[] = {
        {"oximeter", "# nothing\n\n", 2, "the script has no steps", ""},
        {"oximeter", "\nsleep 5s\n", 2, "unknown step", "sleep"},
        {"oximeter", "advertise\n", 1, "advertise needs 'on' or 'off'", ""},
        {"oximeter", "advertise maybe\n", 1, "advertise takes 'on' or 'off', not", "maybe"},
        {"oximeter", "advertise on off\n", 1, "left over:", "off"},
        {"oximeter", "wait\n", 1, "wait needs a duration or an event", ""},
        {"oximeter", "wait 5\n", 1,
         "wait takes a duration (500ms, 30s, 2m, 1h), connected, subscribed, confirmed, disconnected, "
         "transferred or clock, not",
         "5"},
        {"oximeter", "wait 50d\n", 1,
         "wait takes a duration (500ms, 30s, 2m, 1h), connected, subscribed, confirmed, disconnected, "
         "transferred or clock, not",
         "50d"},
        {"oximeter", "battery\n", 1, "battery needs a percentage", ""},
        {"oximeter", "battery 101\n", 1, "battery takes 0 to 100, not", "101"},
        {"oximeter", "battery -1\n", 1, "battery takes 0 to 100, not", "-1"},
        {"oximeter", "contact\n", 1, "contact needs 'ok', 'lost' or 'unknown'", ""},
        {"oximeter", "contact bad\n", 1, "contact takes 'ok', 'lost' or 'unknown', not", "bad"},
        {"oximeter", "measure\n", 1, "no field and value given", ""},
        {"oximeter", "measure spo2\n", 1, "no value given for", "spo2"},
        {"oximeter", "measure spo2 9x\n", 1,
         "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", "9x"},
        {"oximeter", "measure spo2 96.\n", 1,
         "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", "96."},
        {"oximeter", "measure spo2 1234567890\n", 1,
         "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", "1234567890"},
        {"oximeter", "measure spo2 nan..98\n", 1,
         "not a number, a range FROM..TO, nan, nres, reserved, +inf or -inf:", "nan..98"},
        {"oximeter", "measure spo2 96..98\n", 1, "only a stream goes through a range:", "96..98"},
        {"oximeter", "measure spo2 30001\n", 1, "a value does not fit its field", ""},
        {"oximeter", "measure rate 70\n", 1, "no such field in this measurement:", "rate"},
        {"oximeter", "measure spo2-fast 97\n", 1, "no such field in this measurement:", "spo2-fast"},
        {"oximeter", "measure spo2 97 time yesterday\n", 1,
         "time takes YYYY-MM-DDThh:mm:ss, now, now-26h or none, not", "yesterday"},
        {"oximeter", "stream 5s spo2 97 time 2026-01-01T00:00:00\n", 1,
         "no such field in this measurement:", "time"},
        {"oximeter", "stream\n", 1, "stream needs a duration", ""},
        {"oximeter", "stream spo2 97\n", 1, "stream takes a duration (30s, 2m, 1h) first, not", "spo2"},
        {"oximeter", "stream 0s spo2 97\n", 1, "stream takes a duration (30s, 2m, 1h) first, not", "0s"},
        {"oximeter", "stream 5s pulse 10..3000\n", 1,
         "the ends of a range have at most 2045 units of their last digit", ""},
        {"strap", "measure rate 65536\n", 1, "a value does not fit its field", ""},
        {"strap", "measure rate 70 rr 800,x\n", 1, "rr takes milliseconds separated by commas, not", "800,x"},
        {"strap", "measure rate 70 rr 1,2,3,4,5,6,7,8,9\n", 1,
         "rr takes at most 8 intervals:", "1,2,3,4,5,6,7,8,9"},
        {"scale", "stream 5s weight 80\n", 1, "this profile has no stream; use measure", ""},
        {"cuff", "measure systolic 120 unit bar\n", 1, "unit takes 'mmHg' or 'kPa', not", "bar"},
        {"cuff", "battery 50 falls\n", 1, "left over:", "falls"},
        {"cuff", "battery 50 drain\n", 1, "drain needs a duration", ""},
        {"cuff", "battery 50 drain 0s\n", 1, "drain takes the duration of one percent (30s, 2m), not", "0s"},
        {"cuff", "battery 50 drain 1s x\n", 1, "left over:", "x"},
        {"cuff", "clock\n", 1, "clock needs a time or 'reset'", ""},
        {"cuff", "clock noon\n", 1, "clock takes YYYY-MM-DDThh:mm:ss or 'reset', not", "noon"},
        {"strap", "store rate 70\n", 1, "this profile has no memory for records", ""},
        {"strap", "report\n", 1, "this profile has no memory for records", ""},
        {"nonin", "wait 1s\nreport\n", 2, "this profile has no memory for records", ""},
        {"cuff", "store\n", 1, "no field and value given", ""},
        {"cuff", "store systolic 1..2\n", 1, "only a stream goes through a range:", "1..2"},
        {"cuff", "fault\n", 1, "fault needs cut, pad, late, drop, duplicate, count or mute", ""},
        {"cuff", "fault nap\n", 1, "fault takes cut, pad, late, drop, duplicate, count or mute, not", "nap"},
        {"cuff", "fault cut\n", 1, "cut takes a number of octets, 1 to 512", ""},
        {"cuff", "fault cut 0\n", 1, "cut takes a number of octets, 1 to 512", "0"},
        {"cuff", "fault pad 513\n", 1, "pad takes a number of octets, 1 to 512", "513"},
        {"cuff", "fault late soon\n", 1, "late takes a duration (500ms, 30s)", "soon"},
        {"cuff", "fault drop 0\n", 1, "drop takes a number of records from 1", "0"},
        {"cuff", "fault count -1\n", 1, "count takes a number of records", "-1"},
        {"cuff", "fault mute 5\n", 1, "left over:", "5"},
        {"cuff", "measure systolic 120 time now-\n", 1,
         "time takes YYYY-MM-DDThh:mm:ss, now, now-26h or none, not", "now-"},
        {"cuff", "measure systolic 120 time now+1h\n", 1,
         "time takes YYYY-MM-DDThh:mm:ss, now, now-26h or none, not", "now+1h"},
        {"enhanced-cuff", "measure systolic 120 time 2026-02-30T00:00:00\n", 1,
         "a value does not fit its field", ""}, /* it goes as seconds */
        {"cuff", "measure systolic 0xffffffff\n", 1, "a value does not fit its field", ""},
        {"cuff", "stream 5s systolic 120\n", 1, "no such field in this measurement:", "systolic"},
        {"cuff", "measure cuff 120\n", 1, "no such field in this measurement:", "cuff"},
        {"thermometer", "measure temperature 36.8 unit K\n", 1, "unit takes 'C' or 'F', not", "K"},
        {"thermometer", "measure temperature 36.8 type 256\n", 1, "a value does not fit its field", ""},
        {"scale", "measure weight 81.403\n", 1, "a value does not fit its field", ""}, /* 5 g are the least */
        {"scale", "measure weight 327.68\n", 1, "a value does not fit its field", ""},
        {"scale", "measure weight 80 unit st\n", 1, "unit takes 'kg' or 'lb', not", "st"},
        {"glucose-meter", "measure glucose 5 unit g\n", 1, "unit takes 'mmol/L' or 'mg/dL', not", "g"},
        {"glucose-meter", "measure glucose 5 type 16\n", 1, "a value does not fit its field", ""},
        {"glucose-meter", "measure glucose 5 offset 40000\n", 1, "a value does not fit its field", ""},
        {"glucose-meter", "measure glucose 5 health 16\n", 1, "a value does not fit its field", ""},
        {"jumper", "stream 5s spo2 101\n", 1, "a value does not fit its field", ""},
        {"jumper", "stream 5s spo2 97 time now\n", 1, "no such field in this measurement:", "time"},
        {"cuff", "raw\n", 1, "raw needs a characteristic and its octets", ""},
        {"cuff", "raw 2a3 00\n", 1, "raw takes the four hex digits of a characteristic first, not", "2a3"},
        {"cuff", "raw 2a37 00\n", 1, "this profile does not serve", "2a37"},
        {"cuff", "raw 2a35\n", 1, "raw needs octets in hex", ""},
        {"cuff", "raw 2a35 0\n", 1, "raw takes up to 64 octets as pairs of hex digits, not", "0"},
        {"cuff", "raw 2a35 0g\n", 1, "raw takes up to 64 octets as pairs of hex digits, not", "0g"},
        {"cuff", "repeat\n", 1, "repeat needs a count or 'forever'", ""},
        {"cuff", "repeat 0\n", 1, "repeat takes a count from 1 or 'forever', not", "0"},
        {"cuff", "wait 1s\nrepeat 2\nwait 1s\n", 2, "this repeat has no end", ""},
        {"cuff", "end\n", 1, "end without a repeat", ""},
        {"cuff", "repeat forever\nwait connected\nwait 0s\nend\n", 4,
         "a repeat needs a stream or a wait DURATION, or it would never rest", ""},
        {"cuff", "repeat 1\nrepeat 1\nrepeat 1\nrepeat 1\nrepeat 1\n", 5, "repeats are at most 4 deep", ""},
    };
    struct ward_script *script = malloc(sizeof(*script));

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_script_error error = {0};

        assert_false(parse(cases[i].profile, cases[i].text, script, &error));
        assert_string_equal(error.text, cases[i].complaint);
        assert_string_equal(error.word, cases[i].word);
        assert_int_equal(error.line, cases[i].line);
    }
    free(script);
}

static void a_long_word_is_cut_in_the_complaint(void **state)
{
    struct ward_script *script = malloc(sizeof(*script));
    struct ward_script_error error;

    (void)state;
    assert_false(parse("cuff", "0123456789012345678901234567890123456789\n", script, &error));
    assert_string_equal(error.word, "01234567890123456789012345678901");
    free(script);
}

static void a_script_that_is_too_long_is_refused(void **state)
{
    struct ward_script *script = malloc(sizeof(*script));
    struct ward_script_error error;
    char text[(WARD_SCRIPT_STEPS_MAX + 1) * 8 + 1] = "";

    (void)state;
    for (int i = 0; i < WARD_SCRIPT_STEPS_MAX; i++)
        strcat(text, "wait 1s\n");
    assert_true(parse("cuff", text, script, &error));
    strcat(text, "wait 1s\n");
    assert_false(parse("cuff", text, script, &error));
    assert_string_equal(error.text, "a script has at most 128 steps");
    assert_int_equal(error.line, WARD_SCRIPT_STEPS_MAX + 1);
    free(script);
}

static void comments_blanks_and_line_ends_do_not_matter(void **state)
{
    struct ward_script *script = malloc(sizeof(*script));
    struct ward_script_error error;

    (void)state;
    assert_true(parse("oximeter", "  # a comment\r\n\tadvertise   on # and one here\r\n\n  battery 5", script,
                      &error));
    assert_int_equal(script->step_count, 2);
    assert_int_equal(script->steps[0].line, 2);
    assert_int_equal(script->steps[1].line, 4);
    free(script);
}

static void ends_of_a_range_have_one_exponent(void **state)
{
    struct ward_script *script = malloc(sizeof(*script));
    struct ward_script_error error;
    const struct ward_step *step = &script->steps[0];

    (void)state;
    assert_true(parse("oximeter", "stream 10s spo2 97..96.5 amplitude 0.25..3\n", script, &error));
    assert_int_equal(step->sample.value[WARD_FIELD_SPO2].mantissa, 970);
    assert_int_equal(step->sample.value[WARD_FIELD_SPO2].exponent, -1);
    assert_int_equal(step->to[WARD_FIELD_SPO2], 965);
    assert_int_equal(step->sample.value[WARD_FIELD_AMPLITUDE].mantissa, 25);
    assert_int_equal(step->to[WARD_FIELD_AMPLITUDE], 300);
    free(script);
}

static void rr_intervals_become_1024ths(void **state)
{
    struct ward_script *script = malloc(sizeof(*script));
    struct ward_script_error error;

    (void)state;
    assert_true(parse("strap", "measure rate 60 rr 1000,500\n", script, &error));
    assert_int_equal(script->steps[0].sample.rr_count, 2);
    assert_int_equal(script->steps[0].sample.rr_1024[0], 1024);
    assert_int_equal(script->steps[0].sample.rr_1024[1], 512);
    free(script);
}

static void the_shipped_scripts_are_right(void **state)
{
    static const char *const shipped[][2] = {
        {"oximeter", "oximeter-desaturation"},
        {"oximeter", "oximeter-demo"},
        {"oximeter", "oximeter-spot"},
        {"oximeter", "oximeter-faults"},
        {"strap", "strap"},
        {"strap", "strap-demo"},
        {"cuff", "cuff"},
        {"cuff", "cuff-demo"},
        {"cuff", "cuff-returns"},
        {"cuff", "cuff-error"},
        {"cuff", "cuff-clock"},
        {"cuff", "ten-records-of-another"},
        {"enhanced-cuff", "ten-records-of-another"},
        {"glucose-meter", "glucose-records"},
        {"glucose-meter", "glucose-faults"},
        {"thermometer", "thermometer-fever"},
        {"scale", "scale-family"},
        {"contec", "clip"},
        {"berrymed", "clip"},
        {"nonin", "clip"},
        {"masimo", "clip"},
        {"o2ring", "clip"},
        {"pc60fw", "clip"},
        {"jumper", "clip"},
    };
    struct ward_script *script = malloc(sizeof(*script));

    (void)state;
    for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
        struct ward_script_error error;
        char path[100], text[8192];
        FILE *file;

        snprintf(path, sizeof(path), "../firmware/wearable/scripts/%s.script", shipped[i][1]);
        file = fopen(path, "r");
        assert_non_null(file);
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
        if (!parse(shipped[i][0], text, script, &error))
            fail_msg("%s:%u: %s %s", path, (unsigned)error.line, error.text, error.word);
    }
    free(script);
}

static void reads_answer_what_the_profile_says(void **state)
{
    static const struct ward_wearable_identity identity = {
        .manufacturer = "Wardgate", .model = "M", .serial = "S1", .firmware = "0.1", .system_id = {0, 2, 3}};
    static const struct ward_wearable_identity anonymous = {
        .manufacturer = "", .model = "", .serial = "", .firmware = ""};
    uint8_t value[16];

    (void)state;
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_SERIAL_NUMBER, value, sizeof(value)), 2);
    assert_memory_equal(value, "S1", 2);
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_MANUFACTURER_NAME, value, 7), 0);
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_SYSTEM_ID, value, sizeof(value)), 8);
    assert_memory_equal(value, identity.system_id, 8);
    assert_int_equal(ward_wearable_read(&anonymous, WARD_CHAR_SYSTEM_ID, value, sizeof(value)), 0);
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_PLX_FEATURES, value, sizeof(value)), 7);
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_BLOOD_PRESSURE_FEATURE, value, 16), 2);
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_BODY_SENSOR_LOCATION, value, 16), 1);
    assert_int_equal(value[0], 1);
    assert_int_equal(ward_wearable_read(&identity, WARD_CHAR_HEART_RATE_MEASUREMENT, value, 16), 0);
    assert_null(ward_wearable_profile_find("toaster"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_line_is_refused_with_its_place),
        cmocka_unit_test(a_long_word_is_cut_in_the_complaint),
        cmocka_unit_test(a_script_that_is_too_long_is_refused),
        cmocka_unit_test(comments_blanks_and_line_ends_do_not_matter),
        cmocka_unit_test(ends_of_a_range_have_one_exponent),
        cmocka_unit_test(rr_intervals_become_1024ths),
        cmocka_unit_test(the_shipped_scripts_are_right),
        cmocka_unit_test(reads_answer_what_the_profile_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
