/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bluetoothd that does what a test says: org.bluez on a bus of its own, with one adapter and one device that has a
 * measurement and a serial number, and more when it converses: a record access control point (char0014), a clock that
 * can be read and written (char0017), and a vendor's service that notifies (char0031) and takes commands (char0034). It
 * lives in the loop of the adapter under test. What it is asked to do, and what
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
#define FAKE_VENDOR  "49535343-fe7d-4ae5-8fa9-9fafd205e455"
#define FAKE_OBJECTS 12

struct fake {
    pid_t daemon;
    sd_event *event;
    sd_bus *side; /* bluetoothd's */
    sd_bus *bus;  /* the gateway's */
    sd_bus_slot *slots[8];
    sd_bus_slot *device_slots[FAKE_OBJECTS];
    struct ward_bluez *bluez;
    char story[8192];

    /* What the fake says when it is asked. */
    bool powered, pairable, connected, resolved, paired, trusted, exported;
    const char *serial;       /* "": it has no Device Information Service */
    const char *address_type; /* NULL: public */
    const char *address;      /* NULL: FAKE_ADDRESS */
    bool converses;
    bool refuses_notify;
    const char *request_error, *request_message; /* of ReadValue and WriteValue; NULL: they succeed */
    bool holds_answers; /* they are answered by fake_release(), the last one of them */
    sd_bus_message *held;
    int identified; /* what the application answers */
    unsigned connections_max;
    char last_step_text[200];              /* of the enrolment */
    const char *join_error, *join_message; /* of Pair and Connect; NULL: they succeed */
    unsigned busy_scans;                   /* StartDiscovery answers InProgress so often */
    bool shows_measurement;
    bool refuses_application;
    const char *remove_error; /* of RemoveDevice; NULL: it succeeds */
    bool removes_lost;        /* the application, a device that needs pairing, at once */
    bool forgets_again;       /* the application, at once when a bond could not be removed; one time */
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
/* The Device Information Service, which was not shown yet, is. */
void fake_show_serial(struct fake *fake, const char *serial);

/* Sets a flag of the device, or Powered of the adapter, and signals it, also when it did not change. */
void fake_set(struct fake *fake, bool *flag, bool value);

/* A notification of the device's measurement: one octet. */
void fake_value(struct fake *fake, uint8_t octet);
/* ... of another characteristic: "service0010/char0014". */
void fake_value_of(struct fake *fake, const char *below, uint8_t octet);

/* Gives the answer that was held, an empty one. */
void fake_release(struct fake *fake);

/* Runs the loop until the story, from `since` on, has text. Fails the test after a generous while. */
void fake_wait(struct fake *fake, size_t since, const char *text);

/* Adds to the story; and the objects of bluetoothd and its adapter, for fake_begin. */
void fake_tell(struct fake *fake, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fake_serve(struct fake *fake);

/* Where the story is now, and whether it has text from there on. */
size_t fake_mark(const struct fake *fake);
bool fake_has(const struct fake *fake, size_t since, const char *text);

#endif
