/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bluetoothd (5.66) turns the ATT error of a device into a D-Bus error by these rules, and here they are undone:
 *
 *   ATT error            D-Bus name          message
 *   02, 03               NotPermitted        "Read not permitted", "Write not permitted"
 *   05, 0C, 0F           NotPermitted        "Not paired": which of the three is lost
 *   06                   NotSupported        "Operation is not supported"
 *   07, 0D               InvalidArguments    "Invalid offset", "Invalid Length"
 *   08                   NotAuthorized       "Operation Not Authorized"
 *   any other            Failed              "Operation failed with ATT error: 0x80"
 *
 * An error that is its own and no device's: InProgress, and Failed with "Not connected", "Operation failed" and more.
 */
#include "io/bluez_error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATT_MESSAGE "ATT error: "

/* Core 5.3, Vol 3, Part F, §3.4.1.1; FC to FF: Core Specification Supplement 11, Part B. */
static const struct {
    uint8_t code;
    int error;
    const char *text;
} att_errors[] = {
    {0x01, -ENODATA, "The device does not know this characteristic any more."},
    {0x02, -EACCES, "The device does not let it be read."},
    {0x03, -EACCES, "The device does not let it be written."},
    {0x05, -EACCES, "The device wants to be paired first."},
    {0x06, -EOPNOTSUPP, "The device does not support that."},
    {0x07, -EMSGSIZE, "The device does not take that length."},
    {0x08, -EACCES, "The device does not allow it."},
    {0x0D, -EMSGSIZE, "The device does not take that length."},
    {0x0E, -EREMOTEIO, "Something unlikely went wrong in the device."},
    {0x11, -EREMOTEIO, "The device has no room for that now."},
    {0x13, -EREMOTEIO, "The device does not take that value."},
    {0xFC, -EREMOTEIO, "The device refuses the write."},
    {0xFD, -EREMOTEIO, "The device says that it is not subscribed to."},
    {0xFE, -EINPROGRESS, "The device is still busy with what it was asked before."},
    {0xFF, -EREMOTEIO, "The device says that the value is out of range."},
};

static const struct {
    const char *name, *message; /* what the message begins with; NULL: any */
    uint8_t att_error;
    int error;
    const char *text;
} rules[] = {
    {"org.bluez.Error.NotPermitted", "Read", 0x02, 0, NULL},
    {"org.bluez.Error.NotPermitted", "Write", 0x03, 0, NULL},
    {"org.bluez.Error.NotPermitted", NULL, 0, -EACCES, "The device wants to be paired first."},
    {"org.bluez.Error.NotSupported", NULL, 0x06, 0, NULL},
    {"org.bluez.Error.InvalidArguments", "Invalid offset", 0x07, 0, NULL},
    {"org.bluez.Error.InvalidArguments", "Invalid Length", 0x0D, 0, NULL},
    {"org.bluez.Error.NotAuthorized", NULL, 0x08, 0, NULL},
    {"org.bluez.Error.InProgress", NULL, 0, -EINPROGRESS,
     "The Bluetooth service is still busy with the request before."},
    {"org.bluez.Error.Failed", "Not connected", 0, -ENOTCONN, "The device is not connected."},
    {"org.freedesktop.DBus.Error.UnknownObject", NULL, 0, -ENODATA,
     "The device does not have this characteristic any more."},
    {"org.freedesktop.DBus.Error.UnknownMethod", NULL, 0, -ENODATA,
     "The device does not have this characteristic any more."},
    {"org.freedesktop.DBus.Error.NoReply", NULL, 0, -ETIMEDOUT, "The device did not answer."},
    {"org.freedesktop.DBus.Error.Timeout", NULL, 0, -ETIMEDOUT, "The device did not answer."},
};

static struct ward_bluez_failure made(int error, uint8_t att_error, const char *text)
{
    struct ward_bluez_failure failure = {.error = error, .att_error = att_error};
    snprintf(failure.text, sizeof failure.text, "%s", text);
    return failure;
}

static struct ward_bluez_failure of_device(uint8_t code)
{
    char text[WARD_BLUEZ_FAILURE_TEXT_SIZE];
    for (size_t i = 0; i < sizeof att_errors / sizeof att_errors[0]; i++)
        if (att_errors[i].code == code)
            return made(att_errors[i].error, code, att_errors[i].text);
    snprintf(text, sizeof text, "The device refuses with %s error 0x%02X.",
             code >= 0x80 && code <= 0x9F ? "its own" : "ATT", code);
    return made(-EREMOTEIO, code, text);
}

/* The code at the end of "Operation failed with ATT error: 0x80", or 0. */
static uint8_t code_in(const char *message)
{
    const char *at = strstr(message, ATT_MESSAGE);
    unsigned long code = at ? strtoul(at + strlen(ATT_MESSAGE), NULL, 16) : 0;
    return code <= UINT8_MAX ? (uint8_t)code : 0;
}

struct ward_bluez_failure ward_bluez_failure(const char *name, const char *message)
{
    char text[WARD_BLUEZ_FAILURE_TEXT_SIZE];
    name = name ? name : "";
    message = message ? message : "";
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (strcmp(name, rules[i].name) != 0 ||
            (rules[i].message && strncmp(message, rules[i].message, strlen(rules[i].message)) != 0))
            continue;
        return rules[i].att_error ? of_device(rules[i].att_error) : made(rules[i].error, 0, rules[i].text);
    }
    uint8_t code = code_in(message);
    if (code)
        return of_device(code);
    snprintf(text, sizeof text, "The Bluetooth service could not do it: %.60s.",
             message[0] ? message : "it does not say why");
    return made(-EIO, 0, text);
}
