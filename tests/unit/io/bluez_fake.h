/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bluetoothd that does what a test says: org.bluez on a bus of its own, with one adapter and one device that has a
 * measurement and a serial number. It lives in the loop of the adapter under test. What it is asked to do, and what
 * the adapter tells its listener, becomes one text, in order: "RegisterAgent StartNotify Powered=1 ready ".
 */
#ifndef WARD_TEST_BLUEZ_FAKE_H
#define WARD_TEST_BLUEZ_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/bluez.h"

#define FAKE_ADDRESS "C0:FF:EE:00:00:01"

struct fake {
    pid_t daemon;
    sd_event *event;
    sd_bus *side; /* bluetoothd's */
    sd_bus *bus;  /* the gateway's */
    sd_bus_slot *slots[8];
    sd_bus_slot *device_slots[3];
    struct ward_bluez *bluez;
    char story[8192];

    /* What the fake says when it is asked. */
    bool powered, pairable, connected, resolved, paired, trusted, exported;
    const char *serial;
    const char *join_error, *join_message; /* of Pair and Connect; NULL: they succeed */
    unsigned busy_scans;                   /* StartDiscovery answers InProgress so often */
    bool shows_measurement;
    bool refuses_application;
};

/* A bus, the fake on it (radio on or off), and a gateway that has one enrolled device or none. */
void fake_begin(struct fake *fake, const struct ward_bluez_device *enrolled);
void fake_end(struct fake *fake);

/* bluetoothd comes and goes. */
void fake_appear(struct fake *fake);
void fake_vanish(struct fake *fake);

/* The device is exported (with its services, if shows_measurement), and signalled. */
void fake_export(struct fake *fake);
void fake_withdraw(struct fake *fake);

/* Sets a flag of the device, or Powered of the adapter, and signals it, also when it did not change. */
void fake_set(struct fake *fake, bool *flag, bool value);

/* A notification of the device's measurement: one octet. */
void fake_value(struct fake *fake, uint8_t octet);

/* Runs the loop until the story, from `since` on, has text. Fails the test after a generous while. */
void fake_wait(struct fake *fake, size_t since, const char *text);

/* Where the story is now, and whether it has text from there on. */
size_t fake_mark(const struct fake *fake);
bool fake_has(const struct fake *fake, size_t since, const char *text);

#endif
