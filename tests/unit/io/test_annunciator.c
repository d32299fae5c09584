/* SPDX-License-Identifier: Apache-2.0 */
#include "io/annunciator.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/annunciator_pattern.h"

#define DEADLINE_S 60

struct fixture {
    sd_event *event;
    struct ward_annunciator *annunciator;
    char directory[64];
    char text[80], sound[80], command[200];
    char complaint[128]; /* of the sound helper */
};

static void write_file(const char *directory, const char *name, const char *text)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_led(const char *directory, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(path, "max_brightness", "255\n");
    write_file(path, "brightness", "7\n");
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    assert_int_equal(sd_event_new(&fixture->event), 0);
    strcpy(fixture->directory, "/tmp/ward-annunciator-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    make_led(fixture->directory, "red");
    make_led(fixture->directory, "yellow");
    snprintf(fixture->text, sizeof(fixture->text), "%s/text", fixture->directory);
    snprintf(fixture->sound, sizeof(fixture->sound), "%s/sound", fixture->directory);
    snprintf(fixture->command, sizeof(fixture->command), "exec cat > %s", fixture->sound);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    char command[128];

    ward_annunciator_free(fixture->annunciator);
    sd_event_unref(fixture->event);
    snprintf(command, sizeof(command), "rm -r %s", fixture->directory);
    assert_int_equal(system(command), 0);
    free(fixture);
    return 0;
}

static void on_complained(void *userdata, const char *text)
{
    struct fixture *fixture = userdata;

    snprintf(fixture->complaint, sizeof(fixture->complaint), "%s", text);
}

static void start(struct fixture *fixture, const char *leds, const char *command)
{
    struct ward_annunciator_options options = {
        .led_directory = fixture->directory,
        .leds = leds,
        .sound_command = command,
        .patient_text = fixture->text,
        .complained = on_complained,
        .userdata = fixture,
    };

    assert_int_equal(ward_annunciator_new(&fixture->annunciator, fixture->event, &options), 0);
}

static struct ward_annunciation_shown show(struct fixture *fixture, enum ward_alarm_priority priority,
                                           bool silenced, bool undelivered)
{
    struct ward_annunciation what = {
        .priority = priority, .sound = silenced ? WARD_PRIORITY_NONE : priority, .undelivered = undelivered};

    return ward_annunciator_show(fixture->annunciator, &what);
}

static int brightness(const struct fixture *fixture, const char *name)
{
    char path[128];
    FILE *file;
    int value = -1;

    snprintf(path, sizeof(path), "%s/%s/brightness", fixture->directory, name);
    file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d", &value), 1);
    fclose(file);
    return value;
}

/* Runs the loop until condition holds; fails the test after a generous deadline. */
static void run_until(struct fixture *fixture, bool (*condition)(struct fixture *fixture))
{
    time_t deadline = time(NULL) + DEADLINE_S;

    while (!condition(fixture)) {
        assert_true(time(NULL) < deadline);
        assert_true(sd_event_run(fixture->event, 50000) >= 0);
    }
}

static bool red_is_lit(struct fixture *fixture)
{
    return brightness(fixture, "red") == 255;
}

static bool red_is_dark(struct fixture *fixture)
{
    return brightness(fixture, "red") == 0;
}

static bool yellow_is_dark(struct fixture *fixture)
{
    return brightness(fixture, "yellow") == 0;
}

static bool yellow_is_lit(struct fixture *fixture)
{
    return brightness(fixture, "yellow") == 255;
}

static bool sound_fails(struct fixture *fixture)
{
    return !ward_annunciator_check(fixture->annunciator).sound;
}

static bool sound_works(struct fixture *fixture)
{
    return ward_annunciator_check(fixture->annunciator).sound;
}

static size_t sound_octets(const struct fixture *fixture)
{
    struct stat status;

    return stat(fixture->sound, &status) == 0 ? (size_t)status.st_size : 0;
}

static bool a_pattern_was_taken(struct fixture *fixture)
{
    return sound_octets(fixture) > 2 * WARD_SAMPLE_RATE / 4;
}

static void dark_and_silent_at_first(void **state)
{
    struct fixture *fixture = *state;
    struct ward_annunciation_shown shown;
    struct ward_annunciator_health health;

    start(fixture, "red yellow", fixture->command);
    assert_int_equal(brightness(fixture, "red"), 0);
    assert_int_equal(brightness(fixture, "yellow"), 0);
    shown = show(fixture, WARD_PRIORITY_NONE, false, false);
    assert_false(shown.light || shown.sound || shown.text);
    health = ward_annunciator_check(fixture->annunciator);
    assert_true(health.light && health.sound && health.text);
}

static void high_flashes_the_first_led_and_sounds(void **state)
{
    struct fixture *fixture = *state;
    struct ward_annunciation_shown shown;

    start(fixture, "red yellow", fixture->command);
    shown = show(fixture, WARD_PRIORITY_HIGH, false, false);
    assert_true(shown.light && shown.sound);
    assert_int_equal(brightness(fixture, "red"), 255);
    assert_int_equal(brightness(fixture, "yellow"), 0);
    run_until(fixture, red_is_dark);
    run_until(fixture, red_is_lit);
    assert_int_equal(brightness(fixture, "yellow"), 0);
}

static void medium_flashes_the_second_led(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red yellow", fixture->command);
    assert_true(show(fixture, WARD_PRIORITY_MEDIUM, false, false).light);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    run_until(fixture, yellow_is_dark);
    assert_int_equal(brightness(fixture, "red"), 0);
}

static void low_is_constant(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red yellow", "");
    assert_true(show(fixture, WARD_PRIORITY_LOW, false, false).light);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    assert_int_equal(sd_event_prepare(fixture->event), 0); /* nothing is due, and no timer runs */
    assert_int_equal(sd_event_wait(fixture->event, 0), 0);
    assert_int_equal(brightness(fixture, "yellow"), 255);
}

/* Without a sound: while no alarm sounds nobody could silence it. */
static void undelivered_flashes_both_in_turn(void **state)
{
    struct fixture *fixture = *state;
    struct ward_annunciation_shown shown;

    start(fixture, "red yellow", fixture->command);
    shown = show(fixture, WARD_PRIORITY_NONE, false, true);
    assert_true(shown.light);
    assert_false(shown.sound);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    assert_int_equal(brightness(fixture, "red"), 0);
    run_until(fixture, red_is_lit);
    assert_int_equal(brightness(fixture, "yellow"), 0);
}

static void undelivered_does_not_hide_high(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red yellow", fixture->command);
    assert_true(show(fixture, WARD_PRIORITY_HIGH, false, true).light);
    assert_int_equal(brightness(fixture, "red"), 255);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    run_until(fixture, red_is_dark);
    assert_int_equal(brightness(fixture, "yellow"), 255); /* 0.5 Hz is still in its first half */
}

static void one_led_serves_all(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "yellow", fixture->command);
    assert_true(show(fixture, WARD_PRIORITY_HIGH, false, false).light);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    assert_true(show(fixture, WARD_PRIORITY_LOW, false, false).light);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    assert_true(show(fixture, WARD_PRIORITY_NONE, false, true).light);
    run_until(fixture, yellow_is_dark);
    run_until(fixture, yellow_is_lit);
}

static void what_is_over_goes_dark(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red yellow", fixture->command);
    show(fixture, WARD_PRIORITY_HIGH, false, true);
    assert_false(show(fixture, WARD_PRIORITY_NONE, false, false).light);
    assert_int_equal(brightness(fixture, "red"), 0);
    assert_int_equal(brightness(fixture, "yellow"), 0);
}

static void a_led_that_is_missing_is_told(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red green", fixture->command);
    assert_false(show(fixture, WARD_PRIORITY_HIGH, false, false).light);
    assert_int_equal(brightness(fixture, "red"), 255); /* what can be shown is shown */
    assert_false(ward_annunciator_check(fixture->annunciator).light);
}

static void no_led_is_no_light(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "", fixture->command);
    assert_false(show(fixture, WARD_PRIORITY_HIGH, false, false).light);
    assert_false(ward_annunciator_check(fixture->annunciator).light);
}

/* What the helper took so far is the beginning of the pattern. */
static void assert_taken(const struct fixture *fixture, enum ward_pattern pattern)
{
    static int16_t expected[WARD_PATTERN_SAMPLES_MAX], taken[WARD_PATTERN_SAMPLES_MAX];
    static struct ward_pulses pulses;
    size_t count, read;
    FILE *file = fopen(fixture->sound, "r");

    assert_non_null(file);
    ward_pulses_init(&pulses);
    count = ward_pattern_render(pattern, &pulses, expected);
    read = fread(taken, sizeof(taken[0]), count, file);
    fclose(file);
    assert_true(read > 0);
    assert_memory_equal(taken, expected, read * sizeof(taken[0]));
}

static void the_helper_gets_the_burst(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red", fixture->command);
    assert_true(show(fixture, WARD_PRIORITY_MEDIUM, false, false).sound);
    run_until(fixture, a_pattern_was_taken);
    assert_taken(fixture, WARD_PATTERN_MEDIUM);
}

static void silenced_keeps_the_light_only(void **state)
{
    struct fixture *fixture = *state;
    struct ward_annunciation_shown shown;

    start(fixture, "red yellow", fixture->command);
    shown = show(fixture, WARD_PRIORITY_HIGH, true, false);
    assert_true(shown.light);
    assert_false(shown.sound);
    run_until(fixture, red_is_dark);
    assert_int_equal(sound_octets(fixture), 0);
    assert_true(show(fixture, WARD_PRIORITY_HIGH, false, false).sound);
}

/* A high alarm is silenced, and a medium one is not. */
static void what_is_not_silenced_sounds_below_it(void **state)
{
    struct fixture *fixture = *state;
    const struct ward_annunciation what = {.priority = WARD_PRIORITY_HIGH, .sound = WARD_PRIORITY_MEDIUM};

    start(fixture, "red yellow", fixture->command);
    show(fixture, WARD_PRIORITY_HIGH, true, false);
    assert_true(ward_annunciator_show(fixture->annunciator, &what).sound);
    assert_int_equal(brightness(fixture, "red"), 255);
    assert_int_equal(brightness(fixture, "yellow"), 0);
    run_until(fixture, a_pattern_was_taken);
    assert_taken(fixture, WARD_PATTERN_MEDIUM);
}

/*
 * The helper is slow: the alarm is still in the pipe when it is silenced, and must not be played
 * afterwards.
 */
static void silencing_takes_back_what_was_not_played(void **state)
{
    struct fixture *fixture = *state;
    char command[320];

    snprintf(command, sizeof(command), "until test -e %s/go; do sleep 0.05; done; exec cat > %s",
             fixture->directory, fixture->sound);
    start(fixture, "red", command);
    assert_true(show(fixture, WARD_PRIORITY_HIGH, false, false).sound);
    assert_false(show(fixture, WARD_PRIORITY_HIGH, true, false).sound);
    assert_true(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_RECEIVED));
    write_file(fixture->directory, "go", "");
    run_until(fixture, a_pattern_was_taken);
    assert_taken(fixture, WARD_PATTERN_RECEIVED);
}

static void without_a_command_there_is_no_sound(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red", "");
    assert_false(show(fixture, WARD_PRIORITY_HIGH, false, false).sound);
    assert_false(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_RECEIVED));
    assert_false(ward_annunciator_check(fixture->annunciator).sound);
}

static void a_helper_that_ends_is_told_and_started_again(void **state)
{
    struct fixture *fixture = *state;
    char command[320];

    /* ends the first time, works the second */
    snprintf(command, sizeof(command), "test -e %s/second || { touch %s/second; exit 3; }; exec cat > %s",
             fixture->directory, fixture->directory, fixture->sound);
    start(fixture, "red", command);
    run_until(fixture, sound_fails);
    assert_false(show(fixture, WARD_PRIORITY_MEDIUM, false, false).sound);
    run_until(fixture, sound_works);
    assert_string_equal(fixture->complaint, "ended with status 3");
    assert_true(show(fixture, WARD_PRIORITY_MEDIUM, false, false).sound);
    run_until(fixture, a_pattern_was_taken);
}

static bool second_has_ended(struct fixture *fixture)
{
    return strcmp(fixture->complaint, "ended with status 4") == 0;
}

/* Not only when the next burst is due, which is longer than the second one lives. */
static void a_helper_that_is_started_again_has_the_burst_at_once(void **state)
{
    struct fixture *fixture = *state;
    char command[320];

    snprintf(command, sizeof(command),
             "test -e %s/second || { touch %s/second; exit 3; }; timeout 2 cat > %s; exit 4",
             fixture->directory, fixture->directory, fixture->sound);
    start(fixture, "red", command);
    show(fixture, WARD_PRIORITY_LOW, false, false);
    run_until(fixture, second_has_ended);
    assert_true(a_pattern_was_taken(fixture));
}

static void a_helper_that_takes_nothing_is_told(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red", "exec sleep 600");
    assert_true(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_RECEIVED));
    run_until(fixture, sound_fails);
    for (int i = 0; i < 100; i++) /* and never blocks */
        show(fixture, i % 2 ? WARD_PRIORITY_HIGH : WARD_PRIORITY_MEDIUM, false, true);
}

static void a_helper_that_hangs_is_told_until_it_takes_sound(void **state)
{
    struct fixture *fixture = *state;
    char command[320];

    /* hangs the first time, works the second */
    snprintf(command, sizeof(command),
             "test -e %s/second || { touch %s/second; exec sleep 600; }; exec dd bs=4096 of=%s status=none",
             fixture->directory, fixture->directory, fixture->sound);
    start(fixture, "red", command);
    assert_true(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_RECEIVED));
    run_until(fixture, sound_fails);
    assert_false(show(fixture, WARD_PRIORITY_HIGH, false, false).sound);
    assert_true(sound_fails(fixture)); /* it took nothing: we took it back */
    run_until(fixture, sound_works);
    assert_true(sound_octets(fixture) > 0); /* that it was started again is not enough */
    assert_string_equal(fixture->complaint, "ended with signal 9");
}

static void an_answer_does_not_disturb_an_alarm(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red", fixture->command);
    assert_true(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_REPEAT));
    show(fixture, WARD_PRIORITY_LOW, false, false);
    assert_false(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_RECEIVED));
    show(fixture, WARD_PRIORITY_LOW, true, false);
    assert_true(ward_annunciator_answer(fixture->annunciator, WARD_ANSWER_RECEIVED));
}

static void assert_text(const struct fixture *fixture, const char *expected)
{
    char text[300] = "";
    FILE *file = fopen(fixture->text, "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(text, expected);
}

static bool both_flash_briefly(struct fixture *fixture)
{
    return brightness(fixture, "red") == 0 && brightness(fixture, "yellow") == 0;
}

/* Both at a time, which no alarm does; and then it is dark for good. */
static void a_box_is_told_from_others(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red yellow", "");
    assert_true(ward_annunciator_identify(fixture->annunciator, 2));
    assert_int_equal(brightness(fixture, "red"), 255);
    assert_int_equal(brightness(fixture, "yellow"), 255);
    (void)show(fixture, WARD_PRIORITY_NONE, false, false); /* nothing new is shown: it goes on */
    assert_int_equal(brightness(fixture, "red"), 255);
    run_until(fixture, both_flash_briefly);
    run_until(fixture, red_is_lit); /* again, once a second */
    run_until(fixture, both_flash_briefly);
    while (sd_event_run(fixture->event, 2000000) > 0) /* until no timer is left */
        ;
    assert_int_equal(brightness(fixture, "red"), 0);
    assert_int_equal(brightness(fixture, "yellow"), 0);
}

static void an_alarm_has_the_light_for_itself(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "red yellow", "");
    assert_true(ward_annunciator_identify(fixture->annunciator, 60));
    assert_true(show(fixture, WARD_PRIORITY_HIGH, false, false).light);
    assert_int_equal(brightness(fixture, "red"), 255);
    assert_int_equal(brightness(fixture, "yellow"), 0);
    assert_false(ward_annunciator_identify(fixture->annunciator, 60));
    (void)show(fixture, WARD_PRIORITY_NONE, false, true);
    assert_false(ward_annunciator_identify(fixture->annunciator, 60));
    (void)show(fixture, WARD_PRIORITY_NONE, false, false);
    assert_int_equal(brightness(fixture, "yellow"), 0); /* and it is not taken up again */
    assert_true(ward_annunciator_identify(fixture->annunciator, 60));
}

static void without_a_light_nothing_flashes(void **state)
{
    struct fixture *fixture = *state;

    start(fixture, "", "");
    assert_false(ward_annunciator_identify(fixture->annunciator, 60));
}

static void the_text_is_in_its_file(void **state)
{
    struct fixture *fixture = *state;
    struct ward_annunciation what = {.priority = WARD_PRIORITY_HIGH, .text = "Call your ward."};
    struct stat status;
    mode_t before = umask(0077);

    start(fixture, "red", "");
    assert_text(fixture, "");
    assert_true(ward_annunciator_show(fixture->annunciator, &what).text);
    assert_text(fixture, "Call your ward.");
    assert_int_equal(stat(fixture->text, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    what.text = NULL;
    assert_false(ward_annunciator_show(fixture->annunciator, &what).text);
    assert_text(fixture, "");
    what.text = "Sit down.";
    assert_true(ward_annunciator_show(fixture->annunciator, &what).text);
    fixture->annunciator = ward_annunciator_free(fixture->annunciator);
    assert_text(fixture, "");
    umask(before);
}

static void a_text_that_cannot_be_written_is_told(void **state)
{
    struct fixture *fixture = *state;
    struct ward_annunciation what = {.priority = WARD_PRIORITY_LOW, .text = "x"};

    snprintf(fixture->text, sizeof(fixture->text), "%s/none/text", fixture->directory);
    start(fixture, "red", "");
    assert_false(ward_annunciator_show(fixture->annunciator, &what).text);
    assert_false(ward_annunciator_check(fixture->annunciator).text);
}

/* Runs of sound in a pattern: pulses are 150 ms, and at least 20 ms apart. */
static size_t count_pulses(const int16_t *samples, size_t count)
{
    size_t pulses = 0, silent = WARD_SAMPLE_RATE;

    for (size_t i = 0; i < count; i++) {
        pulses += samples[i] != 0 && silent >= WARD_SAMPLE_RATE / 100;
        silent = samples[i] == 0 ? silent + 1 : 0;
    }
    return pulses;
}

static void patterns_have_their_pulses(void **state)
{
    static const size_t expected[WARD_PATTERN_COUNT] = {
        [WARD_PATTERN_LOW] = 2,         [WARD_PATTERN_MEDIUM] = 3,   [WARD_PATTERN_HIGH] = 10,
        [WARD_PATTERN_UNDELIVERED] = 3, [WARD_PATTERN_RECEIVED] = 2, [WARD_PATTERN_REPEAT] = 2,
    };
    static int16_t samples[WARD_PATTERN_SAMPLES_MAX];
    static struct ward_pulses pulses;

    (void)state;
    ward_pulses_init(&pulses);
    for (size_t i = 0; i < WARD_PATTERN_COUNT; i++) {
        size_t count = ward_pattern_render((enum ward_pattern)i, &pulses, samples);

        assert_true(count <= WARD_PATTERN_SAMPLES_MAX);
        assert_int_equal(count_pulses(samples, count), expected[i]);
    }
}

/* Amplitude of one frequency, by correlation. */
static double amplitude_at(const int16_t *samples, size_t count, double hz)
{
    double real = 0.0, imaginary = 0.0;

    for (size_t i = 0; i < count; i++) {
        real += samples[i] * cos(2.0 * M_PI * hz * (double)i / WARD_SAMPLE_RATE);
        imaginary += samples[i] * sin(2.0 * M_PI * hz * (double)i / WARD_SAMPLE_RATE);
    }
    return 2.0 * sqrt(real * real + imaginary * imaginary) / (double)count;
}

/* IEC 60601-1-8 table 4: fundamental 150 to 1000 Hz, at least four harmonics within 15 dB of it. */
static void pulses_have_harmonics(void **state)
{
    static const double fundamentals[WARD_PULSE_PITCHES] = {392.0, 523.3, 784.0};
    static struct ward_pulses pulses;

    (void)state;
    ward_pulses_init(&pulses);
    for (size_t pitch = 0; pitch < WARD_PULSE_PITCHES; pitch++) {
        size_t count = sizeof(pulses.samples[0]) / sizeof(pulses.samples[0][0]);
        double first = amplitude_at(pulses.samples[pitch], count, fundamentals[pitch]);

        assert_true(first > 1000.0);
        for (unsigned n = 2; n <= 5; n++) {
            double harmonic = amplitude_at(pulses.samples[pitch], count, fundamentals[pitch] * n);

            assert_true(fabs(20.0 * log10(harmonic / first)) < 15.0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(dark_and_silent_at_first, setup, teardown),
        cmocka_unit_test_setup_teardown(high_flashes_the_first_led_and_sounds, setup, teardown),
        cmocka_unit_test_setup_teardown(medium_flashes_the_second_led, setup, teardown),
        cmocka_unit_test_setup_teardown(low_is_constant, setup, teardown),
        cmocka_unit_test_setup_teardown(undelivered_flashes_both_in_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(undelivered_does_not_hide_high, setup, teardown),
        cmocka_unit_test_setup_teardown(one_led_serves_all, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_over_goes_dark, setup, teardown),
        cmocka_unit_test_setup_teardown(a_led_that_is_missing_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(no_led_is_no_light, setup, teardown),
        cmocka_unit_test_setup_teardown(the_helper_gets_the_burst, setup, teardown),
        cmocka_unit_test_setup_teardown(silenced_keeps_the_light_only, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_silenced_sounds_below_it, setup, teardown),
        cmocka_unit_test_setup_teardown(silencing_takes_back_what_was_not_played, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_command_there_is_no_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(a_helper_that_ends_is_told_and_started_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_helper_that_is_started_again_has_the_burst_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_helper_that_takes_nothing_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_helper_that_hangs_is_told_until_it_takes_sound, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_does_not_disturb_an_alarm, setup, teardown),
        cmocka_unit_test_setup_teardown(a_box_is_told_from_others, setup, teardown),
        cmocka_unit_test_setup_teardown(an_alarm_has_the_light_for_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_light_nothing_flashes, setup, teardown),
        cmocka_unit_test_setup_teardown(the_text_is_in_its_file, setup, teardown),
        cmocka_unit_test_setup_teardown(a_text_that_cannot_be_written_is_told, setup, teardown),
        cmocka_unit_test(patterns_have_their_pulses),
        cmocka_unit_test(pulses_have_harmonics),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
