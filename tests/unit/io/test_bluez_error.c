/* SPDX-License-Identifier: Apache-2.0 */ /* adapter: bluez */
/* What bluetoothd's refusals mean, case by case. */
#include "io/bluez_error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define BLUEZ "org.bluez.Error."
#define DBUS  "org.freedesktop.DBus.Error."

static void refusals_are_told_apart(void **state)
{
    static const struct {
        const char *name, *message;
        int error;
        uint8_t att_error;
    } cases[] = {
        {BLUEZ "NotPermitted", "Read not permitted", -EACCES, 0x02},
        {BLUEZ "NotPermitted", "Write not permitted", -EACCES, 0x03},
        {BLUEZ "NotPermitted", "Not paired", -EACCES, 0},
        {BLUEZ "NotPermitted", NULL, -EACCES, 0},
        {BLUEZ "NotAuthorized", "Operation Not Authorized", -EACCES, 0x08},
        {BLUEZ "NotSupported", "Operation is not supported", -EOPNOTSUPP, 0x06},
        {BLUEZ "InvalidArguments", "Invalid offset", -EMSGSIZE, 0x07},
        {BLUEZ "InvalidArguments", "Invalid Length", -EMSGSIZE, 0x0D},
        {BLUEZ "InvalidArguments", "Invalid arguments in method call", -EIO, 0},
        {BLUEZ "InProgress", "In Progress", -EINPROGRESS, 0},
        {BLUEZ "Failed", "Not connected", -ENOTCONN, 0},
        {BLUEZ "Failed", "Operation failed", -EIO, 0},
        {BLUEZ "Failed", "Operation failed with ATT error: 0x01", -ENODATA, 0x01},
        {BLUEZ "Failed", "Operation failed with ATT error: 0x0e", -EREMOTEIO, 0x0E},
        {BLUEZ "Failed", "Operation failed with ATT error: 0x80", -EREMOTEIO, 0x80},
        {BLUEZ "Failed", "Operation failed with ATT error: 0x9f", -EREMOTEIO, 0x9F},
        {BLUEZ "Failed", "Operation failed with ATT error: 0xfd", -EREMOTEIO, 0xFD},
        {BLUEZ "Failed", "Operation failed with ATT error: 0xfe", -EINPROGRESS, 0xFE},
        {BLUEZ "Failed", "Operation failed with ATT error: 0x00", -EIO, 0},
        {BLUEZ "Failed", "Operation failed with ATT error: 0x1ff", -EIO, 0},
        {BLUEZ "Failed", "Operation failed with ATT error: -1", -EIO, 0},
        {BLUEZ "Failed", NULL, -EIO, 0},
        {DBUS "UnknownObject", "gone", -ENODATA, 0},
        {DBUS "UnknownMethod", "gone", -ENODATA, 0},
        {DBUS "NoReply", "silence", -ETIMEDOUT, 0},
        {DBUS "Timeout", "silence", -ETIMEDOUT, 0},
        {DBUS "AccessDenied", "no", -EIO, 0},
        {NULL, NULL, -EIO, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ward_bluez_failure failure = ward_bluez_failure(cases[i].name, cases[i].message);
        if (failure.error != cases[i].error || failure.att_error != cases[i].att_error)
            fail_msg("%s %s: %d %02x", cases[i].name, cases[i].message, failure.error, failure.att_error);
        assert_true(strlen(failure.text) > 10);
        assert_int_equal(failure.text[strlen(failure.text) - 1], '.');
    }
}

static void what_is_not_known_is_passed_on(void **state)
{
    char endless[1000];
    (void)state;
    assert_string_equal(ward_bluez_failure(BLUEZ "Failed", "Host is down").text,
                        "The Bluetooth service could not do it: Host is down.");
    assert_string_equal(ward_bluez_failure(NULL, NULL).text,
                        "The Bluetooth service could not do it: it does not say why.");
    assert_non_null(strstr(ward_bluez_failure(BLUEZ "Failed", "ATT error: 0x85").text, "its own error 0x85"));
    assert_non_null(strstr(ward_bluez_failure(BLUEZ "Failed", "ATT error: 0xa0").text, "ATT error 0xA0"));
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_true(strlen(ward_bluez_failure(BLUEZ "Failed", endless).text) < WARD_BLUEZ_FAILURE_TEXT_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_are_told_apart),
        cmocka_unit_test(what_is_not_known_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
