/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wearables over BlueZ: keeps the radio, pairs devices, hears their values, reads from them and writes to them. D-Bus
 * paths do not leave this adapter.
 *
 * What it guarantees:
 *  - The radio is switched on only when everything is in place to hear (bluetoothd confirms an indication even when
 *    nobody listens, and the cuff then forgets it), and off when that fails. It is switched off by ward_bluez_free;
 *    after a crash that is the work of the unit's ExecStopPost=.
 *  - Only values of enrolled devices are delivered, in the order in which bluetoothd told them, never twice.
 *  - A value that came before its link was proved says so (proved = false). WARD_BLUEZ_LINK_PROVED follows for the
 *    same connection, or WARD_BLUEZ_LINK_DISCONNECTED does, and then the value was never proved. Proved means: for
 *    a bonded device an exchange over the connection while its bond stands; for an open one that the serial number
 *    or system id read over this connection is the one that was enrolled; for one that is known by its address, which
 *    anybody can copy, no more than that it still tells neither.
 *  - Nothing is asked of a device, nor written to it, before its link is proved. Every request that was accepted is
 *    answered once, over the connection that it was made in or by -ENOTCONN at its end, and never mixed with those
 *    of another.
 *  - A subscription is never ended and a CCC never written to 0: some cuffs drop their bond then.
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
#define WARD_BLUEZ_DEVICES_MAX     256
#define WARD_BLUEZ_FOUND_SERVICES  16
#define WARD_BLUEZ_FOUND_VENDORS   4
#define WARD_BLUEZ_SERVICES_MAX    64 /* in the options */
#define WARD_BLUEZ_REQUESTS_MAX    8  /* of a device, without an answer */
#define WARD_BLUEZ_CONNECTIONS_MAX 8  /* of the options, when they say 0 */
#define WARD_BLUEZ_REST_MAX_S      3600
#define WARD_BLUEZ_RSSI_UNKNOWN    127

struct ward_bluez;

enum ward_bluez_address_type {
    WARD_BLUEZ_ADDRESS_PUBLIC,
    WARD_BLUEZ_ADDRESS_RANDOM,
};

/*
 * How a device is enrolled. Open is for models that cannot bond, and only ever chosen by a person: its serial number or
 * system id is compared on every connection. By address is for models that tell neither, and a choice of its own: only
 * a public or a static random address will do, and a device that does tell is enrolled as an open one instead.
 */
enum ward_bluez_security {
    WARD_BLUEZ_BONDED,
    WARD_BLUEZ_OPEN,
    WARD_BLUEZ_OPEN_BY_ADDRESS,
};

/* How long a device stays. */
enum ward_bluez_presence {
    WARD_BLUEZ_BURST,  /* it comes to deliver and goes by itself (a cuff): it is never sent away to rest */
    WARD_BLUEZ_ALWAYS, /* it advertises for as long as it has power (a ring): a link keeps it awake */
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
    uint8_t presence;     /* enum ward_bluez_presence */
    struct ward_bluez_identity identity;
};

/* A notification or an indication. Those of one connection come in the order in which the device sent them. */
struct ward_bluez_value {
    const struct ward_bluez_device *device;
    const char *uuid;         /* of the characteristic, 128-bit form */
    const char *service_uuid; /* of the service that it belongs to, 128-bit form */
    uint16_t characteristic;  /* the same as 16-bit UUIDs, or 0 when it is a vendor's own */
    uint16_t service;
    const uint8_t *octets;
    size_t length;       /* at most WARD_GATT_VALUE_MAX */
    uint64_t receipt_us; /* CLOCK_BOOTTIME */
    uint32_t connection; /* rises with each connection of this device since ward_bluez_new, also where it was
                            removed and added again; 1 or more */
    bool proved;         /* see above */
    bool enrolling;      /* came before "paired" was said of a device that was not enrolled before */
};

enum ward_bluez_link_state {
    WARD_BLUEZ_LINK_CONNECTED,
    WARD_BLUEZ_LINK_PROVED,
    WARD_BLUEZ_LINK_RESOLVED, /* proved, its characteristics known and subscribed to: it can be talked to */
    WARD_BLUEZ_LINK_DISCONNECTED,
    WARD_BLUEZ_LINK_NEEDS_PAIRING, /* the bond is gone on one side; a person has to pair it again */
    WARD_BLUEZ_LINK_IMPOSTOR,      /* an open device whose serial number or system id is another's */
    WARD_BLUEZ_LINK_RESTING, /* sent away for a while: a device of higher priority needs its connection */
    WARD_BLUEZ_LINK_FAULT,   /* something else is wrong with it; text says what */
};

struct ward_bluez_link {
    const struct ward_bluez_device *device;
    enum ward_bluez_link_state state;
    uint32_t connection;
    uint64_t receipt_us;
    bool possible_gap; /* CONNECTED: nothing was subscribed yet, so a value may have been confirmed unheard */
    const char *text;  /* a plain sentence for people; "" when the state says it all */
};

/* The answer to ward_bluez_read or ward_bluez_write. */
struct ward_bluez_answer {
    const struct ward_bluez_device *device;
    const char *uuid;         /* of the characteristic, 128-bit form */
    const char *service_uuid; /* 128-bit form */
    uint16_t characteristic;  /* the same as 16-bit UUIDs, or 0 */
    uint16_t service;
    const uint8_t *octets; /* what was read; NULL after a write or an error */
    size_t length;
    uint64_t receipt_us;
    uint32_t connection; /* the one that it was asked in, also when it has ended */
    /*
     * 0, or negative errno: -ENOTCONN the link ended first; -ETIMEDOUT no answer; -EACCES not permitted, or it wants a
     * bond; -EINPROGRESS it is busy with an earlier one; -EMSGSIZE a length that it does not take; -EOPNOTSUPP it
     * cannot; -ENODATA it has that characteristic no more; -EREMOTEIO it refused with the error in att_error; -EIO
     * anything else.
     */
    int error;
    uint8_t att_error; /* Core 5.3, Vol 3, Part F, §3.4.1.1; 0: none, or bluetoothd does not say which */
    const char *text;  /* a plain sentence for people; "" without an error */
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
    size_t vendor_count;
    const char *vendors[WARD_BLUEZ_FOUND_VENDORS]; /* and those of the options that have no 16-bit form */
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
     * Asked in an enrolment when the identity was read: fill in device->id, and device->presence where it is not a
     * burst. ward_bluez_has tells what it offers. A negative errno refuses the device, and the enrolment fails with
     * -EEXIST as "already enrolled under another address", with -EKEYREJECTED as a model that has to be bonded, with
     * -ENOSPC as one too many, or with what the errno says.
     */
    int (*identified)(struct ward_bluez_device *device, void *userdata);
    /* 0: bluetoothd has no bond with it now. -ENETDOWN: the radio was off or lost, or nothing was answered; try later. */
    void (*forgotten)(const char *address, int error, void *userdata);
    void (*read_done)(const struct ward_bluez_answer *answer, void *userdata);
    void (*write_done)(const struct ward_bluez_answer *answer, void *userdata);
    void (*recovery)(const struct ward_bluez_recovering *recovering, void *userdata);
};

/* Copied by ward_bluez_new. UUIDs, here and below, are 4 or 36 characters, in any case. */
struct ward_bluez_options {
    const char *adapter;         /* "hci0"; NULL: the first one there is */
    const char *const *services; /* ended by NULL: devices with one of these are connected when they call */
    /* Ended by NULL: what is subscribed to, inside those services alone (vendors share UUIDs such as FF01). */
    const char *const *characteristics;
    unsigned connections_max; /* links that the controller holds at a time; 0: WARD_BLUEZ_CONNECTIONS_MAX */
    bool
        awaits_reading; /* what counts as the reading that ends an enrolment is said by ward_bluez_pair_reading */
    /*
     * Where the upper two rungs are requested of somebody who may: a file "bluetooth-restart" or "usb-reset" is made
     * there, with the reason in it. NULL or "": nobody carries them out, and they fail with -ENOENT.
     */
    const char *recovery_directory;
};

/*
 * Starts to lay the way and to switch the radio on; both go on in the event loop and are told by `radio`. bus must be
 * attached to event and stay so until ward_bluez_free; options and listener are copied. Returns 0, or negative errno
 * (-EINVAL for a bad UUID, -E2BIG for more than WARD_BLUEZ_SERVICES_MAX services) with *ret unchanged.
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

/*
 * Whether the device (enrolled, or in its enrolment) is connected, its services are known and among them is this
 * characteristic.
 */
bool ward_bluez_has(const struct ward_bluez *bluez, const char *address, const char *service,
                    const char *characteristic);

/*
 * Ask an enrolled device for a value, and give it one (up to WARD_GATT_VALUE_MAX octets, copied); answered by read_done
 * and write_done. A write is a request, which the device confirms, where the characteristic has it; where it has nothing
 * else it is a command, of which `done` says no more than that it was sent. One request a characteristic at a time:
 * bluetoothd may refuse a second one with -EINPROGRESS. A device that is removed or forgotten gives no answer any more.
 * Returns 0 when it was asked; else nothing was: -EINVAL (an address, UUID or length that is none), -ENOENT (it is not
 * enrolled), -ENOTCONN (not connected, or RESOLVED was not told of this connection yet), -ENODATA (it has no such
 * characteristic), -EOPNOTSUPP (that cannot be read, or written, or it is subscribed to and its values come by
 * themselves), -EBUSY (WARD_BLUEZ_REQUESTS_MAX have no answer yet).
 */
int ward_bluez_read(struct ward_bluez *bluez, const char *address, const char *service,
                    const char *characteristic);
int ward_bluez_write(struct ward_bluez *bluez, const char *address, const char *service,
                     const char *characteristic, const uint8_t *octets, size_t length);

/* Ends the link of an enrolled device, told by `link`; it comes back when it advertises. -EINVAL, -ENOENT, -ENOTCONN. */
int ward_bluez_disconnect_device(struct ward_bluez *bluez, const char *address);

/*
 * Lets a device that is always present rest, because it is not worn: it is disconnected, and connected again when it
 * advertises after so many seconds, at most WARD_BLUEZ_REST_MAX_S; 0 ends a rest. A restart of bluetoothd does not end
 * it, a new ward_bluez does. Returns 0, -EINVAL, -ENOENT, -EOPNOTSUPP (its presence is a burst: it would not be heard),
 * -EBUSY (it is being enrolled).
 */
int ward_bluez_rest(struct ward_bluez *bluez, const char *address, unsigned seconds);

/*
 * How much a device matters; 0, the least, until it is said. When all connections are taken and one that matters more
 * is not connected, the least of those that are always present and idle is let rest, told by RESTING. -EINVAL, -ENOENT.
 */
int ward_bluez_set_priority(struct ward_bluez *bluez, const char *address, uint8_t priority);

/* How an enrolled device is heard. Its advertisements are, only while somebody scans. */
struct ward_bluez_signal {
    uint32_t advertisements; /* since it was added */
    int16_t rssi;            /* dBm, of the newest of them; WARD_BLUEZ_RSSI_UNKNOWN */
};
/* Returns 0, or with ret unchanged -EINVAL, -ENOENT. */
int ward_bluez_signal(const struct ward_bluez *bluez, const char *address, struct ward_bluez_signal *ret);

/* Looks for devices for 1 to 300 s, told by `found` and `scan_ended`. -EBUSY: scanning already; -ENETDOWN: no radio. */
int ward_bluez_scan(struct ward_bluez *bluez, unsigned seconds);

/* Ends it early, by the loop: `scan_ended` is told then. Returns 0; -ENOENT: nobody scans. */
int ward_bluez_scan_cancel(struct ward_bluez *bluez);

/*
 * Opens an enrolment window for one device, 10 to 600 s long, told by `enrolment` until PAIRED or FAILED. Only in it,
 * and only for that device, is a pairing agreed to. A device that is enrolled already is paired anew and keeps its
 * place. security is what a person has chosen; what it came to stands in the device. Returns 0, -EINVAL (address,
 * time), -EBUSY (another enrolment is open), -ENETDOWN (no radio).
 */
int ward_bluez_pair(struct ward_bluez *bluez, const char *address, enum ward_bluez_security security,
                    unsigned timeout_s);

/*
 * With `awaits_reading`: the device whose enrolment is open has delivered a reading over the connection that stands or
 * whose end is being told, and has nothing more in its memory. Returns 0, or -ENOENT: no enrolment of it is open.
 */
int ward_bluez_pair_reading(struct ward_bluez *bluez, const char *address);

/* Closes the window early: FAILED is told. -ENOENT: none is open. */
int ward_bluez_pair_cancel(struct ward_bluez *bluez);

/* What the recovery ladder and `wardctl diagnose` count; all since ward_bluez_new. Zeros for NULL, and no rung. */
struct ward_bluez_counters {
    uint32_t daemon_restarts;  /* bluetoothd went away or came back */
    uint32_t start_failures;   /* preparing did not succeed */
    uint32_t power_losses;     /* the adapter was switched off by somebody else */
    uint32_t scan_failures;    /* StartDiscovery refused after its retries */
    uint32_t connect_retries;  /* le-connection-abort-by-local and its like */
    uint32_t incomplete_links; /* never resolved, or without the characteristics that it had to have */
    uint32_t unproved_drops;   /* links that ended before they were proved */
    uint32_t pairings_refused; /* agent calls outside an enrolment window */
    uint32_t subscribe_failures;
    uint32_t request_failures; /* reads and writes that were answered with an error */
    uint32_t rests_for_slots;  /* devices sent away for one of higher priority */
    uint32_t recalls;          /* Connect, to devices without a bond that stayed away */
    uint32_t values, values_unproved;
    uint32_t rungs[WARD_BLUEZ_RUNG_COUNT]; /* of the recovery ladder, how often each was taken */
};
struct ward_bluez_counters ward_bluez_counters(const struct ward_bluez *bluez);

/* The highest rung that was taken since the radio was last well for long enough. */
enum ward_bluez_rung ward_bluez_rung(const struct ward_bluez *bluez);

#endif
