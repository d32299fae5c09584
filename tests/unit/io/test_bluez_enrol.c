/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* The course of an enrolment, event by event, without D-Bus. */
#include "io/bluez_enrol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define EVENT(name) WARD_BLUEZ_ENROL_##name

static struct ward_bluez_enrol_outcome take(struct ward_bluez_enrol *enrol, enum ward_bluez_enrol_event event)
{
    return ward_bluez_enrol_step(enrol, event);
}

/* Takes events until 0 (which is OPEN, and so always the first). */
static struct ward_bluez_enrol_outcome walk(struct ward_bluez_enrol *enrol,
                                            const enum ward_bluez_enrol_event *events, size_t count)
{
    struct ward_bluez_enrol_outcome outcome = {0};
    for (size_t i = 0; i < count; i++)
        outcome = take(enrol, events[i]);
    return outcome;
}

#define WALK(enrol, ...)                                                                                     \
    walk(enrol, (const enum ward_bluez_enrol_event[]){__VA_ARGS__},                                          \
         sizeof((const enum ward_bluez_enrol_event[]){__VA_ARGS__}) / sizeof(enum ward_bluez_enrol_event))

#define TO_JOINING   EVENT(OPEN), EVENT(CLEANED), EVENT(FOUND)
#define TO_LEAVING   TO_JOINING, EVENT(JOINED), EVENT(RESOLVED), EVENT(IDENTIFIED)
#define TO_RETURNING TO_LEAVING, EVENT(DISCONNECTED)

static void a_good_enrolment(void **state)
{
    struct ward_bluez_enrol enrol = {.security = WARD_BLUEZ_BONDED};
    (void)state;
    assert_int_equal(take(&enrol, EVENT(OPEN)).actions, WARD_BLUEZ_DO_CLEAN);
    assert_int_equal(take(&enrol, EVENT(CLEANED)).actions, WARD_BLUEZ_DO_LOOK);
    struct ward_bluez_enrol_outcome outcome = take(&enrol, EVENT(FOUND));
    assert_int_equal(outcome.actions, WARD_BLUEZ_DO_JOIN | WARD_BLUEZ_DO_STOP_LOOK);
    assert_int_equal(outcome.step, WARD_BLUEZ_STEP_DISCOVERED);
    outcome = take(&enrol, EVENT(JOINED));
    assert_int_equal(outcome.actions, WARD_BLUEZ_DO_TRUST);
    assert_true(outcome.says);
    assert_int_equal(outcome.step, WARD_BLUEZ_STEP_BONDED);
    assert_int_equal(take(&enrol, EVENT(RESOLVED)).actions, WARD_BLUEZ_DO_IDENTIFY);
    assert_int_equal(take(&enrol, EVENT(IDENTIFIED)).step, WARD_BLUEZ_STEP_WAITING_FOR_RETURN);
    take(&enrol, EVENT(DISCONNECTED));
    assert_int_equal(take(&enrol, EVENT(CONNECTED)).step, WARD_BLUEZ_STEP_WAITING_FOR_READING);
    assert_false(take(&enrol, EVENT(VALUE)).says);
    outcome = take(&enrol, EVENT(PROVED));
    assert_true(outcome.says);
    assert_int_equal(outcome.step, WARD_BLUEZ_STEP_PAIRED);
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_CLOSED);
    assert_int_equal(outcome.actions & WARD_BLUEZ_DO_UNDO, 0);
}

static void an_open_device_is_not_said_to_be_bonded(void **state)
{
    struct ward_bluez_enrol enrol = {.security = WARD_BLUEZ_OPEN};
    (void)state;
    assert_false(WALK(&enrol, TO_JOINING, EVENT(JOINED)).says);
}

static void a_reading_of_the_first_connection_is_not_enough(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_LEAVING, EVENT(PROVED), EVENT(VALUE), EVENT(DISCONNECTED));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_RETURNING);
    WALK(&enrol, EVENT(CONNECTED), EVENT(PROVED));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_READING);
    take(&enrol, EVENT(VALUE));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_CLOSED);
}

static void a_value_and_a_proof_of_two_connections_are_not_enough(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_RETURNING, EVENT(CONNECTED), EVENT(VALUE), EVENT(DISCONNECTED), EVENT(CONNECTED),
         EVENT(PROVED));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_READING);
}

static void a_connection_that_aborts_is_tried_three_times_more(void **state)
{
    static const uint32_t pauses[] = {250, 500, 1000};
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_JOINING);
    for (size_t i = 0; i < 3; i++) {
        struct ward_bluez_enrol_outcome outcome = take(&enrol, EVENT(JOIN_AGAIN));
        assert_int_equal(outcome.timer_ms, pauses[i]);
        assert_true(outcome.moved);
        assert_int_equal(take(&enrol, EVENT(TIMER)).actions, WARD_BLUEZ_DO_CLEAN);
        WALK(&enrol, EVENT(CLEANED), EVENT(FOUND));
    }
    struct ward_bluez_enrol_outcome outcome = take(&enrol, EVENT(JOIN_AGAIN));
    assert_int_equal(outcome.step, WARD_BLUEZ_STEP_FAILED);
    assert_true(outcome.actions & WARD_BLUEZ_DO_UNDO);
}

static void a_refused_authentication_is_tried_once_more(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_JOINING, EVENT(JOIN_REFUSED), EVENT(TIMER), EVENT(CLEANED), EVENT(FOUND));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_JOINING);
    assert_int_equal(take(&enrol, EVENT(JOIN_REFUSED)).step, WARD_BLUEZ_STEP_FAILED);
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_CLOSED);
}

static void the_counters_start_anew_with_each_enrolment(void **state)
{
    struct ward_bluez_enrol enrol = {.security = WARD_BLUEZ_OPEN};
    (void)state;
    WALK(&enrol, TO_JOINING, EVENT(JOIN_REFUSED), EVENT(TIMER), EVENT(CLEANED), EVENT(FOUND),
         EVENT(JOIN_REFUSED));
    WALK(&enrol, TO_JOINING, EVENT(JOIN_REFUSED));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_PAUSING);
    assert_int_equal(enrol.security, WARD_BLUEZ_OPEN);
}

static void a_device_that_vanished_is_looked_for_again(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_JOINING);
    assert_int_equal(take(&enrol, EVENT(GONE)).actions, WARD_BLUEZ_DO_LOOK);
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_LOOKING);
}

static void a_cuff_that_left_unidentified_is_waited_for(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_JOINING, EVENT(JOINED), EVENT(RESOLVED), EVENT(UNIDENTIFIED));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_RESOLVING);
    assert_int_equal(take(&enrol, EVENT(RESOLVED)).actions, WARD_BLUEZ_DO_IDENTIFY);
}

static void incomplete_services_are_discovered_anew_twice(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_JOINING, EVENT(JOINED), EVENT(RESOLVED));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(take(&enrol, EVENT(INCOMPLETE)).actions, WARD_BLUEZ_DO_LEAVE);
        WALK(&enrol, EVENT(DISCONNECTED), EVENT(CONNECTED), EVENT(RESOLVED));
    }
    assert_int_equal(take(&enrol, EVENT(INCOMPLETE)).step, WARD_BLUEZ_STEP_FAILED);
}

static void a_strap_is_sent_away(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_LEAVING);
    struct ward_bluez_enrol_outcome outcome = take(&enrol, EVENT(TIMER));
    assert_int_equal(outcome.actions, WARD_BLUEZ_DO_LOOK | WARD_BLUEZ_DO_LEAVE);
    assert_true(outcome.timer_ms > 0); /* asked again when it does not go */
    take(&enrol, EVENT(DISCONNECTED));
    assert_int_equal(take(&enrol, EVENT(CONNECTED)).actions, WARD_BLUEZ_DO_STOP_LOOK);
}

/* What an engineer has to do is another thing: one has to measure, the other to stay. */
static void one_that_left_unproved_is_told_from_a_silent_one(void **state)
{
    struct ward_bluez_enrol enrol = {0};
    (void)state;
    WALK(&enrol, TO_RETURNING, EVENT(CONNECTED), EVENT(HEARD));
    struct ward_bluez_enrol_outcome outcome = take(&enrol, EVENT(DISCONNECTED));
    assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_RETURNING);
    assert_int_equal(outcome.step, WARD_BLUEZ_STEP_WAITING_FOR_RETURN);
    assert_non_null(strstr(outcome.text, "before it could prove"));
    take(&enrol, EVENT(CONNECTED));
    assert_non_null(strstr(take(&enrol, EVENT(DISCONNECTED)).text, "left without a reading"));
    WALK(&enrol, EVENT(CONNECTED), EVENT(PROVED), EVENT(HEARD));
    assert_non_null(strstr(take(&enrol, EVENT(DISCONNECTED)).text, "left without a reading"));
}

/* Whatever the state, the end of the window fails it once, undoes it, and is the end. */
static void every_state_can_be_ended(void **state)
{
    static const enum ward_bluez_enrol_event ends[] = {EVENT(WINDOW_OVER), EVENT(CANCELLED),
                                                       EVENT(RADIO_LOST)};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (int from = WARD_BLUEZ_ENROL_CLOSED; from < WARD_BLUEZ_ENROL_STATE_COUNT; from++) {
            struct ward_bluez_enrol enrol = {.state = (enum ward_bluez_enrol_state)from};
            struct ward_bluez_enrol_outcome outcome = take(&enrol, ends[i]);
            assert_int_equal(outcome.says, from != WARD_BLUEZ_ENROL_CLOSED);
            assert_int_equal(enrol.state, WARD_BLUEZ_ENROL_CLOSED);
            if (from == WARD_BLUEZ_ENROL_CLOSED)
                continue;
            assert_int_equal(outcome.step, WARD_BLUEZ_STEP_FAILED);
            assert_true(outcome.actions & WARD_BLUEZ_DO_UNDO);
            assert_false(take(&enrol, ends[i]).says);
        }
}

/* Only READING leads to PAIRED, and a text goes with everything that is said. */
static void paired_is_said_in_one_state_only(void **state)
{
    (void)state;
    for (int from = 0; from < WARD_BLUEZ_ENROL_STATE_COUNT; from++)
        for (int event = 0; event < WARD_BLUEZ_ENROL_EVENT_COUNT; event++) {
            struct ward_bluez_enrol enrol = {.state = (enum ward_bluez_enrol_state)from, .value = true};
            struct ward_bluez_enrol_outcome outcome = take(&enrol, (enum ward_bluez_enrol_event)event);
            if (outcome.says)
                assert_true(outcome.text && outcome.text[0]);
            if (outcome.says && outcome.step == WARD_BLUEZ_STEP_PAIRED) {
                assert_int_equal(from, WARD_BLUEZ_ENROL_READING);
                assert_int_equal(event, WARD_BLUEZ_ENROL_PROVED);
            }
        }
}

static void errors_are_told_apart(void **state)
{
    static const struct {
        const char *name, *message;
        enum ward_bluez_enrol_event event;
    } cases[] = {
        {NULL, NULL, EVENT(JOINED)},
        {"org.bluez.Error.AlreadyExists", "Already Exists", EVENT(JOINED)},
        {"org.bluez.Error.Failed", "le-connection-abort-by-local", EVENT(JOIN_AGAIN)},
        {"org.bluez.Error.ConnectionAttemptFailed", "Page Timeout", EVENT(JOIN_AGAIN)},
        {"org.bluez.Error.InProgress", "In Progress", EVENT(JOIN_AGAIN)},
        {"org.freedesktop.DBus.Error.UnknownObject", "gone", EVENT(JOIN_AGAIN)},
        {"org.bluez.Error.AuthenticationFailed", "Authentication Failed", EVENT(JOIN_REFUSED)},
        {"org.bluez.Error.AuthenticationTimeout", "Authentication Timeout", EVENT(JOIN_REFUSED)},
        {"org.bluez.Error.AuthenticationCanceled", "Authentication Canceled", EVENT(JOIN_REFUSED)},
        {"org.bluez.Error.Failed", "Host is down", EVENT(JOIN_FAILED)},
        {"org.bluez.Error.Failed", NULL, EVENT(JOIN_FAILED)},
        {"org.freedesktop.DBus.Error.AccessDenied", "no", EVENT(JOIN_FAILED)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(ward_bluez_enrol_join_result(cases[i].name, cases[i].message), cases[i].event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_enrolment),
        cmocka_unit_test(an_open_device_is_not_said_to_be_bonded),
        cmocka_unit_test(a_reading_of_the_first_connection_is_not_enough),
        cmocka_unit_test(a_value_and_a_proof_of_two_connections_are_not_enough),
        cmocka_unit_test(a_connection_that_aborts_is_tried_three_times_more),
        cmocka_unit_test(a_refused_authentication_is_tried_once_more),
        cmocka_unit_test(the_counters_start_anew_with_each_enrolment),
        cmocka_unit_test(a_device_that_vanished_is_looked_for_again),
        cmocka_unit_test(a_cuff_that_left_unidentified_is_waited_for),
        cmocka_unit_test(incomplete_services_are_discovered_anew_twice),
        cmocka_unit_test(a_strap_is_sent_away),
        cmocka_unit_test(one_that_left_unproved_is_told_from_a_silent_one),
        cmocka_unit_test(every_state_can_be_ended),
        cmocka_unit_test(paired_is_said_in_one_state_only),
        cmocka_unit_test(errors_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
