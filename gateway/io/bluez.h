/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wearables over BlueZ: keeps the radio, pairs devices, hears their values. D-Bus paths do not leave this adapter.
 *
 * What it guarantees:
 *  - The radio is switched on only when everything is in place to hear (bluetoothd confirms an indication even when
 *    nobody listens, and the cuff then forgets it), and off when that fails. It is switched off by ward_bluez_free;
 *    after a crash that is the work of the unit's ExecStopPost=.
 *  - Only values of enrolled devices are delivered, in the order in which bluetoothd told them, never twice.
 *  - A value that came before its link was proved says so (proved = false). WARD_BLUEZ_LINK_PROVED follows for the
 *    same connection, or WARD_BLUEZ_LINK_DISCONNECTED does, and then the value was never proved. Proved means: for
 *    a bonded device an exchange over the connection while its bond stands; for an open one that the serial number
 *    or system id read over this connection is the one that was enrolled.
 *  - A restart of bluetoothd and an adapter that goes and comes back are survived, without a call from outside. A
 *    bluetoothd that does not answer is noticed within half a minute, and counts as no radio.
 *  - A radio that does not work is recovered, rung by rung of a ladder, each told by `recovery`, limited and counted.
 *
 * One thread: everything happens in the event loop, callbacks are never entered from inside a call of this API
 * (ward_bluez_free enters none at all), and all pointers handed to a callback are valid during that callback only.
 * Every function of this API may be called from a callback, except ward_bluez_free.
 */
#ifndef WARD_IO_BLUEZ_H
#define WARD_IO_BLUEZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "ward/reading.h"

#define WARD_BLUEZ_ADDRESS_SIZE 18 /* "AA:BB:CC:DD:EE:FF", upper case, and its end */
#define WARD_BLUEZ_UUID_SIZE    37 /* 128-bit form, lower case, and its end */
#define WARD_BLUEZ_TEXT_SIZE                                                                                 \
    65 /* names and DIS strings; longer ones are cut, unprintable octets become '?' */
#define WARD_BLUEZ_DEVICES_MAX    256
#define WARD_BLUEZ_FOUND_SERVICES 16

struct ward_bluez;

enum ward_bluez_address_type {
    WARD_BLUEZ_ADDRESS_PUBLIC,
    WARD_BLUEZ_ADDRESS_RANDOM,
};

/* How a device is enrolled. Open is for models that cannot bond, and only ever chosen by a person. */
enum ward_bluez_security {
    WARD_BLUEZ_BONDED,
    WARD_BLUEZ_OPEN,
};

/* What the Device Information Service (DIS 1.1) says. An empty text: the device does not tell. */
struct ward_bluez_identity {
    char serial_number[WARD_BLUEZ_TEXT_SIZE]; /* 2A25 */
    char system_id[17];                       /* 2A23, 16 hex digits in the order received */
    char manufacturer[WARD_BLUEZ_TEXT_SIZE];  /* 2A29 */
    char model[WARD_BLUEZ_TEXT_SIZE];         /* 2A24 */
    char firmware[WARD_BLUEZ_TEXT_SIZE];      /* 2A26 */
};

/* An enrolled device, as the application keeps it across restarts. */
struct ward_bluez_device {
    struct ward_id id; /* the application's name for it, made from the identity */
    char address[WARD_BLUEZ_ADDRESS_SIZE];
    uint8_t address_type; /* enum ward_bluez_address_type */
    uint8_t security;     /* enum ward_bluez_security */
    struct ward_bluez_identity identity;
};

/* A notification or an indication. */
struct ward_bluez_value {
    const struct ward_bluez_device *device;
    const char *uuid;        /* of the characteristic, 128-bit form */
    uint16_t characteristic; /* the same as a 16-bit UUID, or 0 when it is a vendor's own */
    const uint8_t *octets;
    size_t length;       /* at most WARD_GATT_VALUE_MAX */
    uint64_t receipt_us; /* CLOCK_BOOTTIME */
    uint32_t connection; /* counts the connections of this device since ward_bluez_new, from 1 */
    bool proved;         /* see above */
    bool enrolling;      /* came before "paired" was said of a device that was not enrolled before */
};

enum ward_bluez_link_state {
    WARD_BLUEZ_LINK_CONNECTED,
    WARD_BLUEZ_LINK_PROVED,
    WARD_BLUEZ_LINK_DISCONNECTED,
    WARD_BLUEZ_LINK_NEEDS_PAIRING, /* the bond is gone on one side; a person has to pair it again */
    WARD_BLUEZ_LINK_IMPOSTOR,      /* an open device whose serial number or system id is another's */
    WARD_BLUEZ_LINK_FAULT,         /* something else is wrong with it; text says what */
};

struct ward_bluez_link {
    const struct ward_bluez_device *device;
    enum ward_bluez_link_state state;
    uint32_t connection;
    uint64_t receipt_us;
    bool possible_gap; /* CONNECTED: nothing was subscribed yet, so a value may have been confirmed unheard */
    const char *text;  /* a plain sentence for people; "" when the state says it all */
};

enum ward_bluez_radio {
    WARD_BLUEZ_RADIO_ABSENT,    /* no bluetoothd, or no adapter */
    WARD_BLUEZ_RADIO_PREPARING, /* still off: the way to hear values is being laid */
    WARD_BLUEZ_RADIO_READY,     /* on, and every value will be heard */
    WARD_BLUEZ_RADIO_FAILED,    /* preparing did not succeed; tried again by itself */
};

/* The recovery ladder, from the mildest rung to the hardest; when each is taken stands in bluez_recovery.c. */
enum ward_bluez_rung {
    WARD_BLUEZ_RUNG_NONE,
    WARD_BLUEZ_RUNG_DISCOVERY, /* discovery stopped and started */
    WARD_BLUEZ_RUNG_POWER,     /* the adapter switched off and on */
    WARD_BLUEZ_RUNG_RESTART,   /* a restart of bluetooth.service requested */
    WARD_BLUEZ_RUNG_RESET,     /* a reset of the adapter's USB port requested */
    WARD_BLUEZ_RUNG_COUNT,
};

struct ward_bluez_recovering {
    enum ward_bluez_rung rung; /* taken just now; NONE: it is over, the radio has been well for long enough */
    const char *reason;        /* a plain sentence; "" with NONE */
    int error;                 /* 0, or negative errno when it could not be carried out */
};

struct ward_bluez_found {
    char address[WARD_BLUEZ_ADDRESS_SIZE];
    char name[WARD_BLUEZ_TEXT_SIZE]; /* "" when it tells none */
    uint8_t address_type;            /* enum ward_bluez_address_type */
    int16_t rssi;                    /* dBm; 127 when not known */
    bool paired;                     /* bluetoothd has a bond with it */
    bool enrolled;                   /* it is in our set */
    size_t service_count;
    uint16_t services[WARD_BLUEZ_FOUND_SERVICES]; /* the 16-bit ones it advertises */
};

/* In the order in which a good enrolment goes through them. */
enum ward_bluez_step {
    WARD_BLUEZ_STEP_LOOKING,
    WARD_BLUEZ_STEP_DISCOVERED,
    WARD_BLUEZ_STEP_BONDING, /* CONNECTING for an open device */
    WARD_BLUEZ_STEP_CONNECTING,
    WARD_BLUEZ_STEP_BONDED,
    WARD_BLUEZ_STEP_READING_IDENTITY,
    WARD_BLUEZ_STEP_WAITING_FOR_RETURN,  /* the first connection is over, or is being ended by us */
    WARD_BLUEZ_STEP_WAITING_FOR_READING, /* it came back by itself; "paired" needs a reading */
    WARD_BLUEZ_STEP_PAIRED,              /* last: it is enrolled now */
    WARD_BLUEZ_STEP_FAILED,              /* last: nothing of it is left, unless it was enrolled before */
};

struct ward_bluez_enrolment {
    enum ward_bluez_step step;
    const char *address; /* as it was asked for */
    const char *text;    /* a plain sentence for people: what happens, what to do, or why it failed */
    const struct ward_bluez_device *device; /* NULL until its identity was read; to be kept at PAIRED */
};

/* All callbacks are needed. None may fail but `identified`. */
struct ward_bluez_listener {
    void (*value)(const struct ward_bluez_value *value, void *userdata);
    void (*link)(const struct ward_bluez_link *link, void *userdata);
    /* From the Battery Service, which bluetoothd reads by itself (BAS 1.0). */
    void (*battery)(const struct ward_bluez_device *device, uint8_t percent, uint64_t receipt_us,
                    void *userdata);
    void (*radio)(enum ward_bluez_radio state, const char *reason, void *userdata);
    /* Told once a device in a scan, and again when its name or services became known. */
    void (*found)(const struct ward_bluez_found *found, void *userdata);
    void (*scan_ended)(int error,
                       void *userdata); /* 0, or negative errno when it could not run or broke off */
    void (*enrolment)(const struct ward_bluez_enrolment *enrolment, void *userdata);
    /*
     * Asked in an enrolment when the identity was read: fill in device->id. A negative errno refuses the device,
     * and the enrolment fails with -EEXIST as "already enrolled under another address" or with what it says.
     */
    int (*identified)(struct ward_bluez_device *device, void *userdata);
    void (*forgotten)(const char *address, int error,
                      void *userdata); /* 0: bluetoothd has no bond with it now */
    void (*recovery)(const struct ward_bluez_recovering *recovering, void *userdata);
};

/* Copied by ward_bluez_new. UUIDs are 4 or 36 characters, in any case. */
struct ward_bluez_options {
    const char *adapter;         /* "hci0"; NULL: the first one there is */
    const char *const *services; /* ended by NULL: devices with one of these are connected when they call */
    const char *const *characteristics; /* ended by NULL: what is subscribed to */
    /*
     * Where the upper two rungs are requested of somebody who may: a file "bluetooth-restart" or "usb-reset" is made
     * there, with the reason in it. NULL or "": nobody carries them out, and they fail with -ENOENT.
     */
    const char *recovery_directory;
};

/*
 * Starts to lay the way and to switch the radio on; both go on in the event loop and are told by `radio`. bus must be
 * attached to event and stay so until ward_bluez_free; options and listener are copied. Returns 0, or negative errno
 * (-EINVAL for a bad UUID) with *ret unchanged.
 */
int ward_bluez_new(struct ward_bluez **ret, sd_event *event, sd_bus *bus,
                   const struct ward_bluez_options *options, const struct ward_bluez_listener *listener,
                   void *userdata);

/*
 * Switches the radio off, waiting for that up to 8 s, and frees. Returns NULL. When the event loop exits before, the
 * radio is switched off then, while the bus is still open.
 */
struct ward_bluez *ward_bluez_free(struct ward_bluez *bluez);

/*
 * Adds an enrolled device, or replaces the one with the same address. Returns 0, -EINVAL for an address that is none,
 * -ENOSPC beyond WARD_BLUEZ_DEVICES_MAX. Give the known ones right after ward_bluez_new, before the loop runs.
 */
int ward_bluez_add(struct ward_bluez *bluez, const struct ward_bluez_device *device);

/* Takes a device out of the set: its values are ignored from now on, its bond stays. -ENOENT: was not in it. */
int ward_bluez_remove(struct ward_bluez *bluez, const char *address);

/* Removes it from the set and its bond from bluetoothd, told by `forgotten`. -ENOTCONN: no bluetoothd, try later. */
int ward_bluez_forget(struct ward_bluez *bluez, const char *address);

/* Looks for devices for 1 to 300 s, told by `found` and `scan_ended`. -EBUSY: scanning already; -ENETDOWN: no radio. */
int ward_bluez_scan(struct ward_bluez *bluez, unsigned seconds);

/*
 * Opens an enrolment window for one device, 10 to 600 s long, told by `enrolment` until PAIRED or FAILED. Only in it,
 * and only for that device, is a pairing agreed to. A device that is enrolled already is paired anew and keeps its
 * place. Returns 0, -EINVAL (address, time), -EBUSY (another enrolment is open), -ENETDOWN (no radio).
 */
int ward_bluez_pair(struct ward_bluez *bluez, const char *address, enum ward_bluez_security security,
                    unsigned timeout_s);

/* Closes the window early: FAILED is told. -ENOENT: none is open. */
int ward_bluez_pair_cancel(struct ward_bluez *bluez);

/* What the recovery ladder and `wardctl diagnose` count; all since ward_bluez_new. */
struct ward_bluez_counters {
    uint32_t daemon_restarts;  /* bluetoothd went away or came back */
    uint32_t start_failures;   /* preparing did not succeed */
    uint32_t power_losses;     /* the adapter was switched off by somebody else */
    uint32_t scan_failures;    /* StartDiscovery refused after its retries */
    uint32_t connect_retries;  /* le-connection-abort-by-local and its like */
    uint32_t incomplete_links; /* resolved, but without the characteristics that it had to have */
    uint32_t unproved_drops;   /* links that ended before they were proved */
    uint32_t pairings_refused; /* agent calls outside an enrolment window */
    uint32_t subscribe_failures;
    uint32_t values, values_unproved;
    uint32_t rungs[WARD_BLUEZ_RUNG_COUNT]; /* of the recovery ladder, how often each was taken */
};
struct ward_bluez_counters ward_bluez_counters(const struct ward_bluez *bluez);

/* The highest rung that was taken since the radio was last well for long enough. */
enum ward_bluez_rung ward_bluez_rung(const struct ward_bluez *bluez);

#endif
