/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* Reads, writes, rests and connections that are short, against a bluetoothd that does what a test says. */
#include "bluez_fake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CUFF_SERVICE "1810"
#define CONTROL      "2a52"
#define CLOCK        "2a08"

static const struct ward_bluez_device bonded = {.id = {"d-1"},
                                                .address = FAKE_ADDRESS,
                                                .security = WARD_BLUEZ_BONDED,
                                                .identity = {.serial_number = "C1"}};
static const struct ward_bluez_device ring = {.id = {"d-1"},
                                              .address = FAKE_ADDRESS,
                                              .security = WARD_BLUEZ_BONDED,
                                              .presence = WARD_BLUEZ_ALWAYS,
                                              .identity = {.serial_number = "C1"}};
static const struct ward_bluez_device by_address = {
    .id = {"d-1"}, .address = FAKE_ADDRESS, .security = WARD_BLUEZ_OPEN_BY_ADDRESS};

#define ASSERT_FIRST(fake, since, one, other)                                                                \
    assert_true(strstr((fake)->story + (since), one) < strstr((fake)->story + (since), other))

/* A device that can be talked to, connected. */
static void meet(struct fake *fake, const struct ward_bluez_device *device)
{
    fake->converses = fake->exported = fake->paired = true;
    fake_begin(fake, device);
    fake_set(fake, &fake->connected, true);
    fake_set(fake, &fake->resolved, true);
    fake_wait(fake, 0, "resolved=1 ");
}

static size_t count(const struct fake *fake, size_t since, const char *text)
{
    size_t times = 0;
    for (const char *at = fake->story + since; (at = strstr(at, text)); at += strlen(text))
        times++;
    return times;
}

static int ask_clock(struct fake *fake)
{
    return ward_bluez_read(fake->bluez, FAKE_ADDRESS, CUFF_SERVICE, CLOCK);
}

static int write_to(struct fake *fake, const char *service, const char *characteristic)
{
    static const uint8_t octets[] = {0x01, 0x01};
    return ward_bluez_write(fake->bluez, FAKE_ADDRESS, service, characteristic, octets, sizeof octets);
}

static void a_shared_uuid_counts_in_the_services_of_the_options(void **state)
{
    struct fake fake = {0};
    (void)state;
    meet(&fake, &bonded);
    /* 2A35 and 2A52 of the cuff, FF02 of the vendor; FF02 of somebody else is not touched. */
    assert_int_equal(count(&fake, 0, "StartNotify "), 3);
    fake_value_of(&fake, "service0040/char0041", 1);
    fake_value_of(&fake, "service0030/char0031", 2);
    fake_wait(&fake, 0, "49535343/ff02-value=2,proved,1 ");
    assert_false(fake_has(&fake, 0, "value=1"));
    fake_end(&fake);
}

static void indications_and_notifications_come_in_their_order(void **state)
{
    static const char story[] =
        "value=1,proved,1 value=2,proved,1 00001810/2a52-value=6,proved,1 value=3,proved,1 "
        "00001810/2a52-value=6,proved,1 49535343/ff02-value=4,proved,1 ";
    struct fake fake = {0};
    (void)state;
    meet(&fake, &bonded);
    size_t mark = fake_mark(&fake);
    fake_value(&fake, 1);
    fake_value(&fake, 2);
    fake_value_of(&fake, "service0010/char0014", 6);
    fake_value(&fake, 3);
    fake_value_of(&fake, "service0010/char0014", 6);
    fake_value_of(&fake, "service0030/char0031", 4);
    fake_wait(&fake, mark, "ff02-value=4");
    assert_string_equal(fake.story + mark, story);
    fake_end(&fake);
}

static void a_device_is_read_from_and_written_to(void **state)
{
    struct fake fake = {0};
    (void)state;
    meet(&fake, &bonded);
    size_t mark = fake_mark(&fake);
    assert_int_equal(ask_clock(&fake), 0);
    fake_wait(&fake, mark, "ReadValue-char0017 read-done=2a08,0,00,ea,07,0b,1c,0e,1e,00,connection-1 ");
    assert_int_equal(write_to(&fake, CUFF_SERVICE, CONTROL), 0);
    fake_wait(&fake, mark, "WriteValue-char0014,request,01,01 write-done=2a52,0,00,connection-1 ");
    assert_int_equal(write_to(&fake, FAKE_VENDOR, "0000FF01-0000-1000-8000-00805F9B34FB"), 0);
    fake_wait(&fake, mark, "WriteValue-char0034,command,01,01 write-done=ff01,0,00,connection-1 ");
    assert_int_equal(
        ward_bluez_write(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CONTROL, (const uint8_t *)"", 0), 0);
    fake_wait(&fake, mark, "WriteValue-char0014,request write-done=");
    assert_int_equal(ward_bluez_counters(fake.bluez).request_failures, 0);
    fake_end(&fake);
}

static void a_refusal_is_told_with_its_code(void **state)
{
    struct fake fake = {.request_error = "org.bluez.Error.Failed",
                        .request_message = "Operation failed with ATT error: 0x80"};
    (void)state;
    meet(&fake, &bonded);
    assert_int_equal(write_to(&fake, CUFF_SERVICE, CONTROL), 0);
    fake_wait(&fake, 0, "write-done=2a52,-121,80,connection-1 ");
    fake.request_error = "org.bluez.Error.InProgress";
    assert_int_equal(ask_clock(&fake), 0);
    fake_wait(&fake, 0, "read-done=2a08,-115,00,connection-1 ");
    assert_int_equal(ward_bluez_counters(fake.bluez).request_failures, 2);
    fake_end(&fake);
}

static void what_cannot_be_asked_is_not_asked(void **state)
{
    static const uint8_t octets[WARD_GATT_VALUE_MAX + 1];
    struct fake fake = {.holds_answers = true};
    (void)state;
    meet(&fake, &bonded);
    assert_int_equal(ward_bluez_read(fake.bluez, "C0:FF:EE", CUFF_SERVICE, CLOCK), -EINVAL);
    assert_int_equal(ward_bluez_read(fake.bluez, FAKE_ADDRESS, "18100", CLOCK), -EINVAL);
    assert_int_equal(ward_bluez_read(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, ""), -EINVAL);
    assert_int_equal(ward_bluez_write(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CLOCK, octets, sizeof octets),
                     -EINVAL);
    assert_int_equal(ward_bluez_write(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CLOCK, NULL, 0), -EINVAL);
    assert_int_equal(ward_bluez_read(fake.bluez, "C0:FF:EE:00:00:02", CUFF_SERVICE, CLOCK), -ENOENT);
    assert_int_equal(ward_bluez_read(fake.bluez, FAKE_ADDRESS, "180d", CLOCK), -ENODATA);
    assert_int_equal(ward_bluez_read(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, "2a49"), -ENODATA);
    assert_int_equal(ward_bluez_read(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CONTROL), -EOPNOTSUPP);
    assert_int_equal(write_to(&fake, CUFF_SERVICE, "2a35"), -EOPNOTSUPP);
    /* It can be read, but is subscribed to: the answer would be heard as a value. */
    assert_int_equal(ward_bluez_read(fake.bluez, FAKE_ADDRESS, FAKE_VENDOR, "ff02"), -EOPNOTSUPP);
    for (size_t i = 0; i < WARD_BLUEZ_REQUESTS_MAX; i++)
        assert_int_equal(ask_clock(&fake), 0);
    assert_int_equal(ask_clock(&fake), -EBUSY);
    fake_end(&fake);
}

static void before_it_is_resolved_nothing_is_asked(void **state)
{
    struct fake fake = {.converses = true, .exported = true};
    (void)state;
    fake_begin(&fake, &bonded);
    assert_int_equal(ask_clock(&fake), -ENOTCONN);
    assert_false(ward_bluez_has(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CLOCK));
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "needs-pairing=1 "); /* its services are known, but it is not proved */
    assert_true(ward_bluez_has(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CLOCK));
    assert_int_equal(ask_clock(&fake), -ENOTCONN);
    assert_false(fake_has(&fake, 0, "resolved="));
    fake_set(&fake, &fake.paired, true);
    fake_wait(&fake, 0, "proved=1 resolved=1 ");
    assert_int_equal(ask_clock(&fake), 0);
    fake_wait(&fake, 0, "read-done=2a08,0,");
    fake_end(&fake);
}

static void what_a_device_has_is_known(void **state)
{
    struct fake fake = {0};
    (void)state;
    meet(&fake, &bonded);
    assert_true(ward_bluez_has(fake.bluez, "c0:ff:ee:00:00:01", CUFF_SERVICE, "2A52"));
    assert_true(ward_bluez_has(fake.bluez, FAKE_ADDRESS, "180a", "2a25"));
    assert_true(ward_bluez_has(fake.bluez, FAKE_ADDRESS, FAKE_VENDOR, "ff01"));
    assert_false(ward_bluez_has(fake.bluez, FAKE_ADDRESS, "fff0", "ff01"));
    assert_false(ward_bluez_has(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, "2a25"));
    assert_false(ward_bluez_has(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, "none"));
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    assert_false(ward_bluez_has(fake.bluez, FAKE_ADDRESS, CUFF_SERVICE, CONTROL));
    fake_end(&fake);
}

static void the_end_of_a_link_is_the_answer_and_the_only_one(void **state)
{
    struct fake fake = {.holds_answers = true};
    (void)state;
    meet(&fake, &bonded);
    assert_int_equal(ask_clock(&fake), 0);
    fake_wait(&fake, 0, "ReadValue-char0017 ");
    fake_set(&fake, &fake.resolved, false);
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "read-done=2a08,-107,00,connection-1 disconnected=1 ");
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "resolved=2 ");
    size_t mark = fake_mark(&fake);
    fake_release(&fake); /* the answer of the first connection */
    fake.holds_answers = false;
    assert_int_equal(ask_clock(&fake), 0);
    fake_wait(&fake, mark, "connection-2 ");
    assert_int_equal(count(&fake, mark, "read-done="), 1);
    fake_end(&fake);
}

static void requests_end_with_bluetoothd_and_with_their_device(void **state)
{
    struct fake fake = {.holds_answers = true};
    (void)state;
    meet(&fake, &bonded);
    assert_int_equal(write_to(&fake, CUFF_SERVICE, CONTROL), 0);
    fake_wait(&fake, 0, "WriteValue-char0014");
    fake_vanish(&fake);
    fake_wait(&fake, 0, "write-done=2a52,-107,00,connection-1 disconnected=1 absent ");
    size_t mark = fake_mark(&fake);
    fake_appear(&fake);
    fake_wait(&fake, mark, "resolved=2 ");
    fake_wait(&fake, mark, " ready ");
    mark = fake_mark(&fake);
    fake.held = sd_bus_message_unref(fake.held);
    assert_int_equal(ask_clock(&fake), 0);
    fake_wait(&fake, mark, "ReadValue-char0017 ");
    assert_int_equal(ward_bluez_remove(fake.bluez, FAKE_ADDRESS), 0);
    fake_release(&fake);
    assert_int_equal(ward_bluez_scan(fake.bluez, 1), 0);
    fake_wait(&fake, mark, "scan-ended=0 ");
    assert_false(fake_has(&fake, mark, "read-done="));
    fake_end(&fake);
}

static void a_link_is_ended_when_it_is_asked_for(void **state)
{
    struct fake fake = {0};
    (void)state;
    meet(&fake, &bonded);
    assert_int_equal(ward_bluez_disconnect_device(fake.bluez, "nobody"), -EINVAL);
    assert_int_equal(ward_bluez_disconnect_device(fake.bluez, "C0:FF:EE:00:00:02"), -ENOENT);
    assert_int_equal(ward_bluez_disconnect_device(fake.bluez, FAKE_ADDRESS), 0);
    fake_wait(&fake, 0, "Disconnect ");
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    assert_int_equal(ward_bluez_disconnect_device(fake.bluez, FAKE_ADDRESS), -ENOTCONN);
    fake_end(&fake);
}

static void a_vendor_is_told_in_a_scan(void **state)
{
    struct fake fake = {.converses = true, .exported = true};
    (void)state;
    fake_begin(&fake, NULL);
    assert_int_equal(ward_bluez_scan(fake.bluez, 1), 0);
    fake_wait(&fake, 0, "found=" FAKE_ADDRESS "," FAKE_VENDOR " ");
    fake_end(&fake);
}

static void a_subscription_that_is_refused_does_not_keep_a_device_silent(void **state)
{
    struct fake fake = {.converses = true, .exported = true, .paired = true, .refuses_notify = true};
    (void)state;
    fake_begin(&fake, &bonded);
    assert_int_equal(ward_bluez_counters(fake.bluez).subscribe_failures, 3);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "resolved=1 ");
    assert_int_equal(count(&fake, 0, "fault=1 "), 3); /* asked again, and told */
    fake_end(&fake);
}

/* --- rests --------------------------------------------------------------------------------------------------- */

static void a_rest_is_untrusted_and_ends_trusted(void **state)
{
    struct fake fake = {.trusted = true};
    (void)state;
    meet(&fake, &ring);
    size_t mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, 1), 0);
    fake_wait(&fake, mark, "Trusted=0 Disconnect ");
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, mark, "disconnected=1 ");
    fake_wait(&fake, mark, "Trusted=1 Connect "); /* without Connect it is not waited for any more */
    fake_end(&fake);
}

static void a_rest_outlives_bluetoothd_and_can_be_ended(void **state)
{
    struct fake fake = {.trusted = true};
    (void)state;
    meet(&fake, &ring);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_REST_MAX_S), 0);
    fake_wait(&fake, 0, "Trusted=0 Disconnect ");
    fake_vanish(&fake);
    fake_wait(&fake, 0, "absent ");
    fake.connected = fake.resolved = false;
    size_t mark = fake_mark(&fake);
    fake_appear(&fake);
    fake_wait(&fake, mark, "ready ");
    assert_false(fake_has(&fake, mark, "Trusted="));
    fake_set(&fake, &fake.connected, true); /* it connects whom it knows, trusted or not */
    fake_wait(&fake, mark, "connected=2 ");
    fake_wait(&fake, mark, "Disconnect ");
    mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, 0), 0);
    fake_wait(&fake, mark, "Trusted=1 ");
    fake_end(&fake);
}

static void an_unfinished_rest_of_an_earlier_life_is_ended(void **state)
{
    struct fake fake = {.exported = true, .paired = true};
    (void)state;
    fake_begin(&fake, &ring);
    fake_wait(&fake, 0, " ready ");
    fake_wait(&fake, 0, "Trusted=1 Connect "); /* not before the radio is ready: it would be refused */
    assert_false(fake_has(&fake, 0, "Trusted=0 "));
    fake_end(&fake);
}

static void a_rest_does_not_end_into_an_enrolment(void **state)
{
    struct fake fake = {.trusted = true};
    (void)state;
    meet(&fake, &ring);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, 60), 0);
    fake_wait(&fake, 0, "Trusted=0 Disconnect ");
    fake_set(&fake, &fake.connected, false);
    fake_wait(&fake, 0, "disconnected=1 ");
    assert_int_equal(ward_bluez_pair(fake.bluez, "C0:FF:EE:00:00:02", WARD_BLUEZ_BONDED, 60), 0);
    fake_wait(&fake, 0, "StartDiscovery ");
    size_t mark = fake_mark(&fake);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, 0), 0);
    assert_int_equal(ward_bluez_pair_cancel(fake.bluez), 0);
    fake_wait(&fake, mark, "Connect ");
    ASSERT_FIRST(&fake, mark, "step-failed ", "Trusted=1 ");
    fake_end(&fake);
}

static void whoever_trusts_a_resting_device_is_overruled(void **state)
{
    struct fake fake = {.trusted = true};
    (void)state;
    meet(&fake, &ring);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, 60), 0);
    fake_wait(&fake, 0, "Trusted=0 ");
    size_t mark = fake_mark(&fake);
    fake_set(&fake, &fake.trusted, true);
    fake_wait(&fake, mark, "Trusted=0 ");
    fake_end(&fake);
}

static void a_burst_does_not_rest(void **state)
{
    struct fake fake = {0};
    (void)state;
    meet(&fake, &bonded);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, 60), -EOPNOTSUPP);
    assert_int_equal(ward_bluez_rest(fake.bluez, FAKE_ADDRESS, WARD_BLUEZ_REST_MAX_S + 1), -EINVAL);
    assert_int_equal(ward_bluez_rest(fake.bluez, "C0:FF:EE:00:00:02", 60), -ENOENT);
    assert_int_equal(ward_bluez_rest(fake.bluez, "", 60), -EINVAL);
    fake_end(&fake);
}

static void the_least_device_makes_room(void **state)
{
    struct fake fake = {.trusted = true, .connections_max = 1};
    struct ward_bluez_device other = bonded;
    (void)state;
    meet(&fake, &ring);
    strcpy(other.address, "C0:FF:EE:00:00:02");
    assert_int_equal(ward_bluez_add(fake.bluez, &other), 0);
    assert_int_equal(ward_bluez_set_priority(fake.bluez, "C0:FF:EE:00:00:03", 1), -ENOENT);
    assert_int_equal(ward_bluez_set_priority(fake.bluez, other.address, 1), 0);
    fake_wait(&fake, 0, "resting=1 "); /* once it has been idle for long enough */
    fake_wait(&fake, 0, "Trusted=0 Disconnect ");
    assert_int_equal(ward_bluez_counters(fake.bluez).rests_for_slots, 1);
    fake_end(&fake);
}

/* --- without a bond ------------------------------------------------------------------------------------------ */

static void enrol(struct fake *fake, enum ward_bluez_security security)
{
    fake_begin(fake, NULL);
    assert_int_equal(ward_bluez_pair(fake->bluez, FAKE_ADDRESS, security, 60), 0);
    fake_wait(fake, 0, "StartDiscovery ");
    fake_export(fake);
    fake_wait(fake, 0, "Connect ");
    fake_set(fake, &fake->connected, true);
    fake_set(fake, &fake->resolved, true);
}

static void a_nameless_device_is_refused_unless_its_address_is_to_do(void **state)
{
    struct fake fake = {.serial = ""};
    (void)state;
    enrol(&fake, WARD_BLUEZ_OPEN);
    fake_wait(&fake, 0, "step-failed ");
    assert_non_null(strstr(fake.last_step_text, "neither bond nor serial number nor system id"));
    assert_false(fake_has(&fake, 0, "identified="));
    fake_end(&fake);
}

static void by_address_is_a_choice_of_its_own(void **state)
{
    struct fake fake = {.serial = ""};
    (void)state;
    enrol(&fake, WARD_BLUEZ_OPEN_BY_ADDRESS);
    fake_wait(&fake, 0, "identified=,by-address ");
    fake_wait(&fake, 0, "proved=1 ");
    fake_wait(&fake, 0, "resolved=1 ");
    fake_end(&fake);
}

static void a_device_that_tells_who_it_is_is_not_enrolled_by_its_address(void **state)
{
    struct fake fake = {0};
    (void)state;
    enrol(&fake, WARD_BLUEZ_OPEN_BY_ADDRESS);
    fake_wait(&fake, 0, "identified=C1,open ");
    fake_end(&fake);
}

static void an_address_that_changes_is_nobody(void **state)
{
    struct fake fake = {.serial = "", .address_type = "random", .address = "40:FF:EE:00:00:01"};
    (void)state;
    fake_begin(&fake, NULL);
    assert_int_equal(ward_bluez_pair(fake.bluez, fake.address, WARD_BLUEZ_OPEN_BY_ADDRESS, 60), 0);
    fake_wait(&fake, 0, "StartDiscovery ");
    fake_export(&fake);
    fake_wait(&fake, 0, "Connect ");
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "step-failed ");
    assert_non_null(strstr(fake.last_step_text, "an address that changes by itself"));
    fake_end(&fake);
}

static void a_kind_that_has_to_be_bonded_is_not_enrolled_without(void **state)
{
    struct fake fake = {.identified = -EKEYREJECTED};
    (void)state;
    enrol(&fake, WARD_BLUEZ_OPEN);
    fake_wait(&fake, 0, "step-failed ");
    assert_non_null(strstr(fake.last_step_text, "has to be bonded"));
    fake_end(&fake);
}

static void by_address_whoever_tells_a_serial_number_is_another(void **state)
{
    struct fake fake = {.exported = true};
    (void)state;
    fake_begin(&fake, &by_address);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_wait(&fake, 0, "impostor=1 ");
    fake_wait(&fake, 0, "Disconnect ");
    assert_false(fake_has(&fake, 0, "proved="));
    fake_end(&fake);
}

/* That it tells none is believed after a while, not before. */
static void by_address_a_serial_number_may_be_shown_late(void **state)
{
    struct fake fake = {.exported = true, .serial = ""};
    (void)state;
    fake_begin(&fake, &by_address);
    fake_set(&fake, &fake.connected, true);
    fake_set(&fake, &fake.resolved, true);
    fake_value(&fake, 1);
    fake_wait(&fake, 0, "value=1,unproved,1 ");
    fake_show_serial(&fake, "C1");
    fake_wait(&fake, 0, "impostor=1 ");
    assert_false(fake_has(&fake, 0, " proved="));
    fake_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shared_uuid_counts_in_the_services_of_the_options),
        cmocka_unit_test(indications_and_notifications_come_in_their_order),
        cmocka_unit_test(a_device_is_read_from_and_written_to),
        cmocka_unit_test(a_refusal_is_told_with_its_code),
        cmocka_unit_test(what_cannot_be_asked_is_not_asked),
        cmocka_unit_test(before_it_is_resolved_nothing_is_asked),
        cmocka_unit_test(what_a_device_has_is_known),
        cmocka_unit_test(the_end_of_a_link_is_the_answer_and_the_only_one),
        cmocka_unit_test(requests_end_with_bluetoothd_and_with_their_device),
        cmocka_unit_test(a_link_is_ended_when_it_is_asked_for),
        cmocka_unit_test(a_vendor_is_told_in_a_scan),
        cmocka_unit_test(a_subscription_that_is_refused_does_not_keep_a_device_silent),
        cmocka_unit_test(a_rest_is_untrusted_and_ends_trusted),
        cmocka_unit_test(a_rest_outlives_bluetoothd_and_can_be_ended),
        cmocka_unit_test(an_unfinished_rest_of_an_earlier_life_is_ended),
        cmocka_unit_test(a_rest_does_not_end_into_an_enrolment),
        cmocka_unit_test(whoever_trusts_a_resting_device_is_overruled),
        cmocka_unit_test(a_burst_does_not_rest),
        cmocka_unit_test(the_least_device_makes_room),
        cmocka_unit_test(a_nameless_device_is_refused_unless_its_address_is_to_do),
        cmocka_unit_test(by_address_is_a_choice_of_its_own),
        cmocka_unit_test(a_device_that_tells_who_it_is_is_not_enrolled_by_its_address),
        cmocka_unit_test(an_address_that_changes_is_nobody),
        cmocka_unit_test(a_kind_that_has_to_be_bonded_is_not_enrolled_without),
        cmocka_unit_test(by_address_whoever_tells_a_serial_number_is_another),
        cmocka_unit_test(by_address_a_serial_number_may_be_shown_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
