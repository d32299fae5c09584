/* SPDX-License-Identifier: Apache-2.0 */
/* The whole adapter against a bluetoothd that does what real ones do rarely, and never when they are asked to. */
#include "bluez_fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct ward_bluez_device bonded = {.id = {"d-1"},
                                                .address = FAKE_ADDRESS,
                                                .security = WARD_BLUEZ_BONDED,
                                                .identity = {.serial_number = "C1"}};
static const struct ward_bluez_device open_device = {
    .id = {"d-1"}, .address = FAKE_ADDRESS, .security = WARD_BLUEZ_OPEN, .identity = {.serial_number = "C1"}};

/* Each text follows the one before it in the story. */
static void assert_order(const struct fake *fake, const char *const *texts, size_t count)
{
    const char *at = fake->story;
    for (size_t i = 0; i < count; i++) {
        const char *next = strstr(at, texts[i]);
        if (!next)
            fail_msg("no '%s' where it should be in: %s", texts[i], fake->story);
        at = next + strlen(texts[i]);
    }
}

#define ASSERT_ORDER(fake, ...)                                                                              \
    assert_order(fake, (const char *const[]){__VA_ARGS__},                                                   \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void the_radio_goes_on_last(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    ASSERT_ORDER(&fake, "preparing ", "RegisterAgent ", "RequestDefaultAgent ", "RegisterApplication ",
                 "StartNotify ", "Powered=1 ", "ready ");
    fake_end(&fake);
}

static void a_radio_that_is_on_is_switched_off_when_nobody_will_hear(void **state)
{
    struct fake fake = {.powered = true, .refuses_application = true};
    (void)state;
    fake_begin(&fake, &bonded);
    ASSERT_ORDER(&fake, "RegisterApplication failed Powered=0 ", "preparing ", "RegisterApplication ",
                 "Powered=1 ", "ready ");
    assert_int_equal(ward_bluez_counters(fake.bluez).start_failures, 1);
    fake_end(&fake);
}

static void a_radio_that_is_on_is_left_on_while_the_way_is_laid(void **state)
{
    struct fake fake = {.powered = true, .exported = true, .paired = true, .connected = true};
    (void)state;
    fake_begin(&fake, &bonded);
    ASSERT_ORDER(&fake, "preparing connected=1,gap ", "StartNotify ", "ready ");
    assert_false(fake_has(&fake, 0, "Powered=0"));
    fake_end(&fake);
}

/* Connects, sends, and resolves a bonded device whose characteristics are known. */
static void visit(struct fake *fake, uint8_t octet)
{
    size_t mark = fake_mark(fake);
    fake_set(fake, &fake->connected, true);
    fake_value(fake, octet);
    fake_set(fake, &fake->resolved, true);
    fake_wait(fake, mark, "proved=");
    fake_set(fake, &fake->resolved, false);
    fake_set(fake, &fake->connected, false);
    fake_wait(fake, mark, "disconnected=");
}

static void a_value_before_the_proof_says_so(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    visit(&fake, 7);
    visit(&fake, 8);
    ASSERT_ORDER(&fake, "ready ", "connected=1 value=7,unproved,1 proved=1 resolved=1 disconnected=1 ",
                 "connected=2 ", "value=8,unproved,2 ", "proved=2 ", "resolved=2 ", "disconnected=2 ");
    assert_int_equal(ward_bluez_counters(fake.bluez).values_unproved, 2);
    fake_end(&fake);
}

/* What is still on its way of an earlier connection is not of one that the same device makes when it was enrolled again. */
static void connections_are_counted_on_for_one_that_comes_back(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_wait(&fake, 0, "ready ");
    visit(&fake, 7);
    size_t mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_remove(fake.bluez, FAKE_ADDRESS), 0);
    assert_int_equal(ward_bluez_add(fake.bluez, &bonded), 0);
    fake_wait(&fake, mark, "StartNotify ");
    visit(&fake, 8);
    assert_true(fake_has(&fake, mark, "connected=2 "));
    assert_true(fake_has(&fake, mark, "proved=2 "));
    fake_end(&fake);
}

/* A link that did not outlive the renewal of our subscription has ended it, and bluetoothd says nothing. */
static void after_a_link_it_is_subscribed_to_anew(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_wait(&fake, 0, "ready ");
    size_t mark = fake_mark(&fake);
    visit(&fake, 7);
    fake_wait(&fake, mark, "StartNotify ");
    fake_end(&fake);
}

/* bluetoothd flushes a value at once and "Connected" a little later. */
static void a_value_before_the_connection_is_of_that_connection(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_value(&fake, 7);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_value(&fake, 8);
    fake_wait(&fake, 0, "value=8");
    ASSERT_ORDER(&fake, "connected=1 ", "value=7,unproved,1 ", "proved=1 ", "resolved=1 ",
                 "value=8,proved,1 ");
    fake_end(&fake);
}

/* "On, off" is folded: only the end is told of a connection that a value began. */
static void a_connection_that_only_its_end_is_told_of_is_over(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_value(&fake, 7);
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    visit(&fake, 8);
    ASSERT_ORDER(&fake, "value=7,unproved,1 ", "disconnected=1 ", "connected=2 ", "value=8,unproved,2 ",
                 "proved=2 ");
    fake_end(&fake);
}

/* It is asked when the value comes, and answers before it has noticed the connection itself. */
static void a_connection_that_is_not_known_yet_is_not_over(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_value(&fake, 7);
    fake_wait(&fake, 0, "value=7,unproved,1 ");
    assert_int_equal(ward_bluez_scan(fake.bluez, 60), 0);
    fake_wait(&fake, 0, "StartDiscovery "); /* is asked after that */
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "proved=1 ");
    assert_false(fake_has(&fake, 0, "disconnected="));
    fake_end(&fake);
}

/* bluetoothd does not always say that a device connected; its services resolve, or it sends, all the same. */
static void a_connection_that_nobody_told_of_is_found(void **state)
{
    struct fake fake = {.exported = true};
    (void)state;
    fake_begin(&fake, &open_device);
    fake.connected = true;
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "resolved=1 ");
    ASSERT_ORDER(&fake, "connected=1 ", "proved=1 ", "resolved=1 ");
    fake_set(&fake, &fake.resolved, false);
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    fake.connected = fake.resolved = true;
    fake_value(&fake, 7);
    fake_wait(&fake, 0, "resolved=2 ");
    ASSERT_ORDER(&fake, "connected=2 ", "value=7,unproved,2 ", "proved=2 ", "resolved=2 ");
    fake_end(&fake);
}

static void connected_twice_is_two_connections_and_proved_anew(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "proved=1");
    fake_set(&fake, &fake.connected, true);
    fake_wait(&fake, 0, "proved=2");
    ASSERT_ORDER(&fake, "connected=1 proved=1 resolved=1 ", "disconnected=1 ", "connected=2 ", "proved=2 ");
    fake_end(&fake);
}

static void drop(struct fake *fake)
{
    size_t mark = fake_mark(fake);
    fake_set(fake, &fake->connected, true);
    fake_value(fake, 1);
    fake_set(fake, &fake->connected, false);
    fake_wait(fake, mark, "disconnected=");
}

static void three_unproved_drops_are_a_lost_bond_until_one_is_proved(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    drop(&fake);
    drop(&fake);
    assert_false(fake_has(&fake, 0, "needs-pairing"));
    drop(&fake);
    fake_wait(&fake, 0, "needs-pairing=3 ");
    size_t mark = fake_mark(&fake);
    drop(&fake);
    visit(&fake, 2);
    assert_false(fake_has(&fake, mark, "needs-pairing"));
    drop(&fake);
    drop(&fake);
    drop(&fake);
    fake_wait(&fake, mark, "needs-pairing");
    assert_false(fake_has(&fake, 0, ",proved"));
    fake_end(&fake);
}

static void without_a_bond_nothing_is_proved(void **state)
{
    struct fake fake = {.exported = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "needs-pairing=1 ");
    fake_value(&fake, 1);
    fake_wait(&fake, 0, "value=1,unproved,1 ");
    fake_end(&fake);
}

static void an_open_device_is_proved_by_its_serial_number(void **state)
{
    struct fake fake = {.exported = true};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_value(&fake, 1);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "proved=1 ");
    ASSERT_ORDER(&fake, "connected=1 value=1,unproved,1 proved=1 ");
    fake_end(&fake);
}

static void another_serial_number_is_an_impostor(void **state)
{
    struct fake fake = {.exported = true, .serial = "C2"};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "impostor=1 ");
    fake_wait(&fake, 0, "Disconnect ");
    assert_false(fake_has(&fake, 0, " proved="));
    fake_end(&fake);
}

/* bluetoothd says that the services are resolved, and shows them afterwards. */
static void a_serial_number_that_is_shown_late_is_waited_for(void **state)
{
    struct fake fake = {.exported = true, .serial = ""};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_value(&fake, 1);
    fake_wait(&fake, 0, "value=1,unproved,1 ");
    assert_false(fake_has(&fake, 0, "ReadValue"));
    fake_show_serial(&fake, "C1");
    fake_wait(&fake, 0, "proved=1 ");
    assert_false(fake_has(&fake, 0, "impostor="));
    assert_false(fake_has(&fake, 0, "Disconnect "));
    fake_end(&fake);
}

static void a_serial_number_that_is_shown_late_may_be_another(void **state)
{
    struct fake fake = {.exported = true, .serial = ""};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_show_serial(&fake, "C2");
    fake_wait(&fake, 0, "impostor=1 ");
    assert_false(fake_has(&fake, 0, " proved="));
    fake_end(&fake);
}

static void a_serial_number_that_is_never_shown_is_no_other_one(void **state)
{
    struct fake fake = {.exported = true, .serial = ""};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "fault=1 ");
    fake_wait(&fake, 0, "Disconnect ");
    assert_false(fake_has(&fake, 0, "impostor="));
    assert_false(fake_has(&fake, 0, " proved="));
    fake_end(&fake);
}

/* The old link's reading ends with it, and says nothing of the new one. */
static void a_device_that_is_back_while_it_is_read_is_not_sent_away(void **state)
{
    struct fake fake = {.exported = true, .serial = ""};
    (void)state;
    fake_begin(&fake, &open_device);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_value(&fake, 1); /* is told after those */
    fake_wait(&fake, 0, "value=1,unproved,1 ");
    fake_set(&fake, &fake.connected, true);
    fake_wait(&fake, 0, "connected=2 ");
    fake_show_serial(&fake, "C1");
    fake_wait(&fake, 0, "proved=2 ");
    assert_false(fake_has(&fake, 0, "fault="));
    assert_false(fake_has(&fake, 0, "Disconnect "));
    fake_end(&fake);
}

static void a_stranger_is_not_heard(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, NULL);
    fake_set(&fake, &fake.connected, true);
    fake_value(&fake, 1);
    fake_set(&fake, &fake.powered, true); /* is told after those, and so is the scan that follows */
    assert_int_equal(ward_bluez_scan(fake.bluez, 1), 0);
    fake_wait(&fake, 0, "scan-ended=0 ");
    assert_false(fake_has(&fake, 0, "value="));
    assert_false(fake_has(&fake, 0, "connected="));
    assert_false(fake_has(&fake, 0, "StartNotify"));
    fake_end(&fake);
}

static void new_characteristics_are_subscribed_to_at_once(void **state)
{
    struct fake fake = {.paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    assert_false(fake_has(&fake, 0, "StartNotify"));
    fake.paired = true;
    fake_export(&fake);
    fake_wait(&fake, 0, "StartNotify ");
    fake_end(&fake);
}

static void first_contact_without_characteristics_is_a_possible_gap(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_withdraw(&fake);
    fake.shows_measurement = false;
    fake.connected = fake.paired = true;
    fake_export(&fake);
    fake_wait(&fake, 0, "connected=1,gap ");
    fake_end(&fake);
}

static void services_without_measurements_are_sent_away(void **state)
{
    struct fake fake = {.paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake.shows_measurement = false;
    fake.connected = fake.resolved = fake.paired = true;
    fake_export(&fake);
    fake_wait(&fake, 0, "Disconnect ");
    ASSERT_ORDER(&fake, "connected=1,gap ", "fault=1 ", "Disconnect ");
    assert_int_equal(ward_bluez_counters(fake.bluez).incomplete_links, 1);
    fake_end(&fake);
}

static void a_bluetoothd_that_comes_back_is_laid_anew(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &bonded);
    fake_set(&fake, &fake.connected, true);
    fake_wait(&fake, 0, "connected=1 ");
    size_t mark = fake_mark(&fake);
    fake_vanish(&fake);
    fake_wait(&fake, mark, "disconnected=1 absent ");
    fake.connected = false;
    fake.powered = false;
    fake_appear(&fake);
    fake_wait(&fake, mark, "StartNotify ");
    fake_wait(&fake, mark, "Powered=1 ready ");
    visit(&fake, 9);
    ASSERT_ORDER(&fake, "absent ", "Powered=1 ready ", "connected=2 ", "value=9,unproved,2 ", "proved=2 ");
    assert_int_equal(ward_bluez_counters(fake.bluez).daemon_restarts, 1);
    fake_end(&fake);
}

/* Nor is it asked for then: that would be lost, too. */
static void a_bond_is_not_removed_while_the_radio_is_lost(void **state)
{
    struct fake fake = {.exported = true, .paired = true, .forgets_again = true};
    char expected[64];
    (void)state;
    fake_begin(&fake, &bonded);
    size_t mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_forget(fake.bluez, FAKE_ADDRESS), 0);
    fake_vanish(&fake);
    fake_wait(&fake, mark, "absent ");
    snprintf(expected, sizeof expected, "forgotten=%d again=%d absent ", -ENETDOWN, -ENOTCONN);
    assert_true(fake_has(&fake, mark, expected));
    fake_appear(&fake);
    fake_wait(&fake, mark, "ready ");
    assert_int_equal(ward_bluez_forget(fake.bluez, FAKE_ADDRESS), 0);
    fake_wait(&fake, mark, "forgotten=0 ");
    fake_end(&fake);
}

static void whether_a_bond_may_still_be_removed_is_told(void **state)
{
    static const struct {
        const char *answer;
        int error;
    } cases[] = {
        {"org.bluez.Error.DoesNotExist", 0},
        {"org.bluez.Error.NotReady", -ENETDOWN},
        {SD_BUS_ERROR_NO_REPLY, -ENETDOWN},
        {"org.bluez.Error.Failed", -EIO},
    };
    struct fake fake = {.exported = true, .paired = true};
    char expected[64];
    (void)state;
    fake_begin(&fake, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t mark = fake_mark(&fake);
        fake.remove_error = cases[i].answer;
        assert_int_equal(ward_bluez_forget(fake.bluez, FAKE_ADDRESS), 0);
        snprintf(expected, sizeof expected, "forgotten=%d ", cases[i].error);
        fake_wait(&fake, mark, expected);
    }
    fake_end(&fake);
}

static void a_radio_that_somebody_switched_off_is_switched_on_again(void **state)
{
    struct fake fake = {0};
    (void)state;
    fake_begin(&fake, &bonded);
    size_t mark = fake_mark(&fake);
    fake_set(&fake, &fake.powered, false);
    fake_wait(&fake, mark, "failed ");
    fake_wait(&fake, mark, "Powered=1 ready ");
    assert_int_equal(ward_bluez_counters(fake.bluez).power_losses, 1);
    fake_end(&fake);
}

static void a_scan_that_is_busy_is_started_again(void **state)
{
    struct fake fake = {.busy_scans = 1};
    (void)state;
    fake_begin(&fake, NULL);
    assert_int_equal(ward_bluez_scan(fake.bluez, 0), -EINVAL);
    assert_int_equal(ward_bluez_scan(fake.bluez, 60), 0); /* on a slow machine a short one ends before that */
    assert_int_equal(ward_bluez_scan(fake.bluez, 60), -EBUSY);
    fake_wait(&fake, 0, "StopDiscovery ");
    fake_wait(&fake, (size_t)(strstr(fake.story, "StopDiscovery ") - fake.story), "StartDiscovery ");
    ASSERT_ORDER(&fake, "SetDiscoveryFilter StartDiscovery ", "StopDiscovery ", "StartDiscovery ");
    fake_end(&fake);
}

static void a_refused_pairing_is_tried_twice_and_undone(void **state)
{
    struct fake fake = {.join_error = "org.bluez.Error.AuthenticationFailed",
                        .join_message = "Authentication Failed"};
    (void)state;
    fake_begin(&fake, NULL);
    assert_int_equal(ward_bluez_pair(fake.bluez, "c0:ff:ee:00:00:01", WARD_BLUEZ_BONDED, 60), 0);
    assert_int_equal(ward_bluez_pair(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_BONDED, 60), -EBUSY);
    for (size_t tries = 0; tries < 2; tries++) {
        size_t mark = fake_mark(&fake);
        fake_wait(&fake, mark, "StartDiscovery ");
        fake_export(&fake);
        fake_wait(&fake, mark, "Pair ");
        fake_withdraw(&fake);
    }
    fake_wait(&fake, 0, "step-failed ");
    ASSERT_ORDER(&fake, "RemoveDevice ", "StartDiscovery ", "Pair ", "RemoveDevice ", "Pair ",
                 "step-failed ");
    assert_int_equal(ward_bluez_remove(fake.bluez, FAKE_ADDRESS), -ENOENT);
    fake_end(&fake);
}

static void paired_is_said_after_a_return_with_a_reading(void **state)
{
    struct fake fake = {0};
    (void)state;
    fake_begin(&fake, NULL);
    assert_int_equal(ward_bluez_pair(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_BONDED, 60), 0);
    fake_wait(&fake, 0, "StartDiscovery ");
    fake_export(&fake);
    fake_wait(&fake, 0, "bonded ");
    fake_set(&fake, &fake.paired, true);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "identified=C1 ");
    fake_wait(&fake, 0, "StartNotify ");
    fake_value(&fake, 1);
    fake_wait(&fake, 0, "value=1,proved,1 ");
    fake_set(&fake, &fake.resolved, false);
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    assert_false(fake_has(&fake, 0, "step-paired"));
    visit(&fake, 2);
    ASSERT_ORDER(&fake, "discovered ", "bonding ", "Pair ", "bonded ", "identity ", "identified=C1 ",
                 "return ", "value=2,unproved,2 ", "proved=2 step-paired ", "disconnected=2 ");
    assert_true(fake.trusted);
    assert_int_equal(ward_bluez_remove(fake.bluez, FAKE_ADDRESS), 0);
    fake_end(&fake);
}

static void without_a_radio_there_is_no_enrolment(void **state)
{
    struct fake fake = {0};
    (void)state;
    fake_begin(&fake, NULL);
    size_t mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_pair(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_BONDED, 60), 0);
    fake_wait(&fake, mark, "looking ");
    fake_vanish(&fake);
    fake_wait(&fake, mark, "step-failed absent ");
    assert_int_equal(ward_bluez_pair(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_BONDED, 60), -ENETDOWN);
    assert_int_equal(ward_bluez_scan(fake.bluez, 5), -ENETDOWN);
    assert_int_equal(ward_bluez_forget(fake.bluez, FAKE_ADDRESS), -ENOTCONN);
    assert_int_equal(ward_bluez_pair_cancel(fake.bluez), -ENOENT);
    fake_appear(&fake);
    fake_wait(&fake, mark, "ready ");
    fake_end(&fake);
}

/* bluetoothd may have lost it while it was not ours. */
static void one_that_is_added_and_is_not_known_needs_pairing(void **state)
{
    struct fake fake = {.exported = true};
    struct ward_bluez_device unknown = bonded;
    (void)state;
    fake_begin(&fake, NULL);
    strcpy(unknown.address, "C0:FF:EE:00:00:02");
    assert_int_equal(ward_bluez_add(fake.bluez, &bonded), 0);
    assert_int_equal(ward_bluez_add(fake.bluez, &unknown), 0);
    fake_wait(&fake, 0, "needs-pairing=0 ");
    size_t mark = fake_mark(&fake);
    fake_set(&fake, &fake.paired, true);
    visit(&fake, 1);
    assert_true(fake_has(&fake, mark, "proved=1 "));
    assert_false(fake_has(&fake, mark, "needs-pairing")); /* the one that has its object does not */
    fake_end(&fake);
}

/* Whom its patient's departure has forgotten meanwhile is not there when the next is told. */
static void one_that_needs_pairing_may_be_removed_at_once(void **state)
{
    struct fake fake = {.removes_lost = true};
    struct ward_bluez_device other = bonded;
    (void)state;
    fake_begin(&fake, NULL);
    strcpy(other.address, "C0:FF:EE:00:00:02");
    assert_int_equal(ward_bluez_add(fake.bluez, &bonded), 0);
    assert_int_equal(ward_bluez_add(fake.bluez, &other), 0);
    fake_wait(&fake, 0, "needs-pairing=0 needs-pairing=0 ");
    fake_end(&fake);
}

/* Its object was asked for, and the radio is ready before the answer. */
static void one_that_is_added_while_the_radio_goes_on_is_waited_for(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, NULL);
    size_t mark = fake_mark(&fake);
    fake_vanish(&fake);
    fake_wait(&fake, mark, "absent ");
    fake_appear(&fake);
    fake_wait(&fake, mark, "Powered=1 ");
    assert_int_equal(ward_bluez_add(fake.bluez, &bonded), 0);
    assert_false(fake_has(&fake, mark, "ready "));
    fake_wait(&fake, mark, "StartNotify ");
    visit(&fake, 1);
    assert_true(fake_has(&fake, mark, "ready "));
    assert_false(fake_has(&fake, mark, "needs-pairing"));
    fake_end(&fake);
}

/* It has no object until it is found, and has lost its bond when it was not. */
static void one_that_is_paired_again_needs_pairing_once_that_has_failed(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    struct ward_bluez_device unknown = bonded;
    (void)state;
    fake_begin(&fake, &bonded);
    size_t mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_pair(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_BONDED, 60), 0);
    fake_withdraw(&fake);
    fake_wait(&fake, mark, "StartDiscovery ");
    strcpy(unknown.address, "C0:FF:EE:00:00:02");
    assert_int_equal(ward_bluez_add(fake.bluez, &unknown), 0); /* all objects are asked for */
    fake_wait(&fake, mark, "needs-pairing=0 ");
    assert_false(fake_has(&fake, mark, "needs-pairing=0 needs-pairing=0 "));
    mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_pair_cancel(fake.bluez), 0);
    fake_wait(&fake, mark, "needs-pairing=0 step-failed ");
    fake_end(&fake);
}

static void what_is_wrong_is_refused(void **state)
{
    struct fake fake = {0};
    static const char *const none[] = {NULL}, *const wrong[] = {"2a35", "cuff", NULL};
    struct ward_bluez_options options = {.services = none, .characteristics = wrong};
    struct ward_bluez_listener listener = {0};
    struct ward_bluez_device device = bonded;
    struct ward_bluez *bluez = NULL;
    (void)state;
    fake_begin(&fake, NULL);
    assert_int_equal(ward_bluez_new(&bluez, fake.event, fake.bus, &options, &listener, NULL), -EINVAL);
    assert_null(bluez);
    strcpy(device.address, "C0:FF:EE");
    assert_int_equal(ward_bluez_add(fake.bluez, &device), -EINVAL);
    assert_int_equal(ward_bluez_remove(fake.bluez, "C0:FF:EE"), -EINVAL);
    assert_int_equal(ward_bluez_pair(fake.bluez, "C0:FF:EE", WARD_BLUEZ_BONDED, 60), -EINVAL);
    assert_int_equal(ward_bluez_pair(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_BONDED, 601), -EINVAL);
    for (unsigned i = 0; i < WARD_BLUEZ_DEVICES_MAX; i++) {
        snprintf(device.address, sizeof device.address, "C0:FF:EE:00:%02X:FF", i);
        assert_int_equal(ward_bluez_add(fake.bluez, &device), 0);
    }
    assert_int_equal(ward_bluez_add(fake.bluez, &bonded), -ENOSPC);
    assert_null(ward_bluez_free(NULL));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_radio_goes_on_last),
        cmocka_unit_test(a_radio_that_is_on_is_switched_off_when_nobody_will_hear),
        cmocka_unit_test(a_radio_that_is_on_is_left_on_while_the_way_is_laid),
        cmocka_unit_test(a_value_before_the_proof_says_so),
        cmocka_unit_test(connections_are_counted_on_for_one_that_comes_back),
        cmocka_unit_test(after_a_link_it_is_subscribed_to_anew),
        cmocka_unit_test(a_value_before_the_connection_is_of_that_connection),
        cmocka_unit_test(a_connection_that_only_its_end_is_told_of_is_over),
        cmocka_unit_test(a_connection_that_is_not_known_yet_is_not_over),
        cmocka_unit_test(a_connection_that_nobody_told_of_is_found),
        cmocka_unit_test(connected_twice_is_two_connections_and_proved_anew),
        cmocka_unit_test(three_unproved_drops_are_a_lost_bond_until_one_is_proved),
        cmocka_unit_test(without_a_bond_nothing_is_proved),
        cmocka_unit_test(an_open_device_is_proved_by_its_serial_number),
        cmocka_unit_test(another_serial_number_is_an_impostor),
        cmocka_unit_test(a_serial_number_that_is_shown_late_is_waited_for),
        cmocka_unit_test(a_serial_number_that_is_shown_late_may_be_another),
        cmocka_unit_test(a_serial_number_that_is_never_shown_is_no_other_one),
        cmocka_unit_test(a_device_that_is_back_while_it_is_read_is_not_sent_away),
        cmocka_unit_test(a_stranger_is_not_heard),
        cmocka_unit_test(new_characteristics_are_subscribed_to_at_once),
        cmocka_unit_test(first_contact_without_characteristics_is_a_possible_gap),
        cmocka_unit_test(services_without_measurements_are_sent_away),
        cmocka_unit_test(a_bluetoothd_that_comes_back_is_laid_anew),
        cmocka_unit_test(a_bond_is_not_removed_while_the_radio_is_lost),
        cmocka_unit_test(whether_a_bond_may_still_be_removed_is_told),
        cmocka_unit_test(a_radio_that_somebody_switched_off_is_switched_on_again),
        cmocka_unit_test(a_scan_that_is_busy_is_started_again),
        cmocka_unit_test(a_refused_pairing_is_tried_twice_and_undone),
        cmocka_unit_test(paired_is_said_after_a_return_with_a_reading),
        cmocka_unit_test(without_a_radio_there_is_no_enrolment),
        cmocka_unit_test(one_that_is_added_and_is_not_known_needs_pairing),
        cmocka_unit_test(one_that_needs_pairing_may_be_removed_at_once),
        cmocka_unit_test(one_that_is_added_while_the_radio_goes_on_is_waited_for),
        cmocka_unit_test(one_that_is_paired_again_needs_pairing_once_that_has_failed),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
