/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The course of one enrolment, as a machine without D-Bus, clock or heap: an event goes in, what to do comes out.
 * The case table is at the head of bluez_enrol.c.
 */
#ifndef WARD_IO_BLUEZ_ENROL_H
#define WARD_IO_BLUEZ_ENROL_H

#include "io/bluez.h"

enum ward_bluez_enrol_state {
    WARD_BLUEZ_ENROL_CLOSED,
    WARD_BLUEZ_ENROL_CLEANING,
    WARD_BLUEZ_ENROL_LOOKING,
    WARD_BLUEZ_ENROL_JOINING,
    WARD_BLUEZ_ENROL_PAUSING,
    WARD_BLUEZ_ENROL_RESOLVING,
    WARD_BLUEZ_ENROL_IDENTIFYING,
    WARD_BLUEZ_ENROL_LEAVING,
    WARD_BLUEZ_ENROL_RETURNING,
    WARD_BLUEZ_ENROL_READING,
    WARD_BLUEZ_ENROL_STATE_COUNT,
};

enum ward_bluez_enrol_event {
    WARD_BLUEZ_ENROL_OPEN,         /* a person asks */
    WARD_BLUEZ_ENROL_CLEANED,      /* bluetoothd has forgotten what it knew of the device */
    WARD_BLUEZ_ENROL_FOUND,        /* it advertises */
    WARD_BLUEZ_ENROL_LOOK_FAILED,  /* discovery could not be started */
    WARD_BLUEZ_ENROL_JOINED,       /* Pair or Connect was answered with yes */
    WARD_BLUEZ_ENROL_JOIN_AGAIN,   /* ... with a failure that passes */
    WARD_BLUEZ_ENROL_JOIN_REFUSED, /* ... with a failed authentication */
    WARD_BLUEZ_ENROL_JOIN_FAILED,  /* ... with anything else */
    WARD_BLUEZ_ENROL_CONNECTED,
    WARD_BLUEZ_ENROL_RESOLVED, /* its services are known; for a bonded one the bond stands */
    WARD_BLUEZ_ENROL_IDENTIFIED,
    WARD_BLUEZ_ENROL_UNIDENTIFIED, /* it left before it was identified */
    WARD_BLUEZ_ENROL_INCOMPLETE,   /* none of its measurements is among its services */
    WARD_BLUEZ_ENROL_UNWANTED,     /* who it is rules it out */
    WARD_BLUEZ_ENROL_HEARD,        /* it sent something */
    WARD_BLUEZ_ENROL_VALUE,        /* a reading came, and is all there */
    WARD_BLUEZ_ENROL_PROVED,       /* the link that carries the readings is proved */
    WARD_BLUEZ_ENROL_DISCONNECTED,
    WARD_BLUEZ_ENROL_GONE,  /* bluetoothd dropped the device */
    WARD_BLUEZ_ENROL_TIMER, /* the timer of the state */
    WARD_BLUEZ_ENROL_WINDOW_OVER,
    WARD_BLUEZ_ENROL_CANCELLED,
    WARD_BLUEZ_ENROL_RADIO_LOST,
    WARD_BLUEZ_ENROL_EVENT_COUNT,
};

/* What to do, in this order. */
enum ward_bluez_enrol_action {
    WARD_BLUEZ_DO_UNDO = 1u << 0,  /* it failed: leave nothing behind */
    WARD_BLUEZ_DO_CLEAN = 1u << 1, /* RemoveDevice */
    WARD_BLUEZ_DO_TRUST = 1u << 2,
    WARD_BLUEZ_DO_JOIN = 1u << 3,      /* Pair, or Connect for an open device */
    WARD_BLUEZ_DO_LOOK = 1u << 4,      /* discover */
    WARD_BLUEZ_DO_STOP_LOOK = 1u << 5, /* after JOIN: a device that is being joined does not vanish */
    WARD_BLUEZ_DO_LEAVE = 1u << 6,     /* Disconnect */
    WARD_BLUEZ_DO_IDENTIFY = 1u << 7,
};

struct ward_bluez_enrol {
    enum ward_bluez_enrol_state state;
    enum ward_bluez_security security;
    unsigned retries;  /* failures that pass, so far */
    unsigned refusals; /* failed authentications, so far */
    unsigned incomplete;
    bool heard, value, proved; /* of this connection, in READING */
};

struct ward_bluez_enrol_outcome {
    uint32_t actions;  /* set of enum ward_bluez_enrol_action */
    uint32_t timer_ms; /* arm the timer of the state; 0: none runs in this state; unchanged if the state is */
    bool moved;        /* the state is another */
    bool says;         /* step and text are to be told */
    enum ward_bluez_step step;
    const char *text;
};

/* Takes one event. An event that means nothing in the state leaves it as it is and gives an empty outcome. */
struct ward_bluez_enrol_outcome ward_bluez_enrol_step(struct ward_bluez_enrol *enrol,
                                                      enum ward_bluez_enrol_event event);

/* Which JOIN_ event an error of Pair or Connect is. name and message as on D-Bus; a NULL name is success. */
enum ward_bluez_enrol_event ward_bluez_enrol_join_result(const char *name, const char *message);

#endif
