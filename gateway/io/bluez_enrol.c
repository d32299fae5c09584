/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The course of an enrolment.
 *
 *   CLOSED        nothing is asked.
 *   CLEANING      bluetoothd is told to forget the device: a stale bond or attribute cache must not decide.
 *   LOOKING       discovery runs. The device is joined from the discovery signal itself: bluetoothd drops devices
 *                 that were only seen.
 *   JOINING       Pair (Connect for an open device) is out. A failure that passes is tried again after 250, 500 and
 *                 1000 ms; a failed authentication once; any other failure ends it.
 *   PAUSING       the wait before the next try. It starts with CLEANING: a discovery of services that was cut short
 *                 leaves a cache that bluetoothd takes for the whole.
 *   RESOLVING     joined and trusted; its services are being discovered.
 *   IDENTIFYING   its serial number and system id are being read. If it leaves before, it is waited for. If
 *                 none of its measurements is there, it is sent away, twice at most, to be discovered anew.
 *   LEAVING       identified and subscribed. A cuff goes by itself; a strap is sent away after a while, and discovery
 *                 runs until it is back: to be heard at once it must not have to wait for the kernel's scan to start.
 *   RETURNING     gone; it has to come back by itself, because that is what it will have to do every day.
 *   READING       back. A reading over a proved link ends it well. If the link drops before: RETURNING again; one
 *                 that sent something and left before its proof is told from one that sent nothing.
 *
 * Invariants: PAIRED is said only in READING, after a value and the proof of the same connection. Whatever fails says
 * FAILED once and undoes. The end of the window, a cancellation and the loss of the radio end it in every state.
 */
#include "io/bluez_enrol.h"

#include <string.h>

#define JOIN_TRIES_MAX     3
#define JOIN_REFUSALS_MAX  2
#define INCOMPLETE_MAX     2
#define LEAVE_AFTER_MS     5000  /* a cuff that has nothing to say is gone by then */
#define LEAVE_TIMEOUT_MS   10000 /* Disconnect takes at most this long, else it is asked again */
#define RESOLVE_TIMEOUT_MS 40000

struct transition {
    uint8_t defined;
    uint8_t next; /* enum ward_bluez_enrol_state */
    uint8_t says; /* step + 1 */
    uint32_t actions;
    uint32_t timer_ms;
    const char *text;
};

#define GO(state_)        .defined = 1, .next = WARD_BLUEZ_ENROL_##state_
#define SAY(step_, text_) .says = WARD_BLUEZ_STEP_##step_ + 1, .text = text_
#define DO(action_)       WARD_BLUEZ_DO_##action_
#define ON(event_)        [WARD_BLUEZ_ENROL_##event_]
#define IN(state_)        [WARD_BLUEZ_ENROL_##state_]
#define FAIL(text_)       GO(CLOSED), .actions = DO(STOP_LOOK) | DO(UNDO), SAY(FAILED, text_)
#define LEFT_EARLY        "It left before it told who it is. Wake it again."
#define LOOKS_AGAIN       "It is not heard any more. Wake it again."
#define GONE_FOR_GOOD     "The Bluetooth service dropped the device."

static const struct transition table[WARD_BLUEZ_ENROL_STATE_COUNT][WARD_BLUEZ_ENROL_EVENT_COUNT] = {
    IN(CLOSED) =
        {
            ON(OPEN) = {GO(CLEANING), .actions = DO(CLEAN)},
        },
    IN(CLEANING) =
        {
            ON(CLEANED) = {GO(LOOKING), .actions = DO(LOOK),
                           SAY(LOOKING, "Looking for it. Wake it, or put it into pairing mode.")},
        },
    IN(LOOKING) =
        {
            ON(FOUND) = {GO(JOINING), .actions = DO(JOIN) | DO(STOP_LOOK), SAY(DISCOVERED, "It was heard.")},
            ON(LOOK_FAILED) = {FAIL("The Bluetooth adapter refuses to look for devices.")},
        },
    IN(JOINING) =
        {
            ON(JOINED) = {GO(RESOLVING), .actions = DO(TRUST), .timer_ms = RESOLVE_TIMEOUT_MS},
            ON(JOIN_AGAIN) = {GO(PAUSING)},
            ON(JOIN_REFUSED) = {GO(PAUSING)},
            ON(JOIN_FAILED) = {FAIL("It could not be connected.")},
            ON(GONE) = {GO(LOOKING), .actions = DO(LOOK), SAY(LOOKING, LOOKS_AGAIN)},
        },
    IN(PAUSING) =
        {
            ON(TIMER) = {GO(CLEANING), .actions = DO(CLEAN)},
        },
    IN(RESOLVING) =
        {
            ON(RESOLVED) = {GO(IDENTIFYING), .actions = DO(IDENTIFY),
                            SAY(READING_IDENTITY, "Reading its serial number.")},
            ON(TIMER) = {GO(RESOLVING), .actions = DO(LEAVE), .timer_ms = RESOLVE_TIMEOUT_MS},
            ON(GONE) = {FAIL(GONE_FOR_GOOD)},
        },
    IN(IDENTIFYING) =
        {
            ON(IDENTIFIED) = {GO(LEAVING), .timer_ms = LEAVE_AFTER_MS,
                              SAY(WAITING_FOR_RETURN,
                                  "Known. It will disconnect now and has to come back by itself.")},
            ON(UNIDENTIFIED) = {GO(RESOLVING), .timer_ms = RESOLVE_TIMEOUT_MS,
                                SAY(WAITING_FOR_RETURN, LEFT_EARLY)},
            ON(INCOMPLETE) = {GO(RESOLVING), .actions = DO(LEAVE), .timer_ms = RESOLVE_TIMEOUT_MS,
                              SAY(WAITING_FOR_RETURN,
                                  "Its services are incomplete. It is disconnected to try again.")},
            ON(UNWANTED) = {FAIL("It cannot be enrolled.")},
            ON(GONE) = {FAIL(GONE_FOR_GOOD)},
        },
    IN(LEAVING) =
        {
            ON(TIMER) = {GO(LEAVING), .actions = DO(LOOK) | DO(LEAVE), .timer_ms = LEAVE_TIMEOUT_MS},
            ON(DISCONNECTED) = {GO(RETURNING),
                                SAY(WAITING_FOR_RETURN, "Disconnected. Take a measurement, or put it on.")},
            ON(GONE) = {FAIL(GONE_FOR_GOOD)},
        },
    IN(RETURNING) =
        {
            ON(CONNECTED) = {GO(READING), .actions = DO(STOP_LOOK),
                             SAY(WAITING_FOR_READING, "It is back. Waiting for a reading.")},
            ON(GONE) = {FAIL(GONE_FOR_GOOD)},
        },
    IN(READING) =
        {
            ON(VALUE) = {GO(READING)},
            ON(PROVED) = {GO(READING)},
            ON(DISCONNECTED) =
                {GO(RETURNING),
                 SAY(WAITING_FOR_RETURN, "It left without a reading. Take a measurement, or put it on.")},
            ON(GONE) = {FAIL(GONE_FOR_GOOD)},
        },
};

/* What ends an enrolment in whatever state it is. */
static const struct transition endings[WARD_BLUEZ_ENROL_EVENT_COUNT] = {
    ON(WINDOW_OVER) = {FAIL("The time to enrol it is over.")},
    ON(CANCELLED) = {FAIL("The enrolment was cancelled.")},
    ON(RADIO_LOST) = {FAIL("The Bluetooth adapter or service went away.")},
};

static const struct transition refused = {
    FAIL("It refuses to pair. Put it into pairing mode, and remove the bond on its side.")};
static const struct transition unreachable = {
    FAIL("The connection broke off again and again. Bring it closer, or change its battery.")};
static const struct transition useless = {FAIL("It offers none of the measurements that are read.")};
static const struct transition unproved = {
    GO(RETURNING),
    SAY(WAITING_FOR_RETURN,
        "It sent something, and left before it could prove that it is the device that was paired. "
        "Measure again near the gateway, and leave it switched on.")};
static const struct transition paired = {
    GO(CLOSED), SAY(PAIRED, "Paired: it came back by itself and delivered a reading.")};

/* The counters of a try that failed. Returns the wait before the next one, or 0 when there is none. */
static uint32_t next_try_ms(struct ward_bluez_enrol *enrol, enum ward_bluez_enrol_event event)
{
    if (event == WARD_BLUEZ_ENROL_JOIN_REFUSED)
        return ++enrol->refusals < JOIN_REFUSALS_MAX ? 1000 : 0;
    return ++enrol->retries <= JOIN_TRIES_MAX ? 125u << enrol->retries : 0;
}

static struct ward_bluez_enrol_outcome outcome_of(struct ward_bluez_enrol *enrol,
                                                  const struct transition *transition)
{
    struct ward_bluez_enrol_outcome outcome = {
        .actions = transition->actions,
        .timer_ms = transition->timer_ms,
        .moved = enrol->state != transition->next || transition->timer_ms,
        .says = transition->says != 0,
        .step = (enum ward_bluez_step)(transition->says ? transition->says - 1 : 0),
        .text = transition->text ? transition->text : "",
    };
    enrol->state = (enum ward_bluez_enrol_state)transition->next;
    return outcome;
}

/* READING is over when both were seen of one connection. */
static bool has_reading(struct ward_bluez_enrol *enrol, enum ward_bluez_enrol_event event)
{
    if (event == WARD_BLUEZ_ENROL_CONNECTED)
        enrol->heard = enrol->value = enrol->proved = false;
    if (event == WARD_BLUEZ_ENROL_HEARD)
        enrol->heard = true;
    if (event == WARD_BLUEZ_ENROL_VALUE)
        enrol->value = true;
    if (event == WARD_BLUEZ_ENROL_PROVED)
        enrol->proved = true;
    return enrol->state == WARD_BLUEZ_ENROL_READING && enrol->value && enrol->proved;
}

struct ward_bluez_enrol_outcome ward_bluez_enrol_step(struct ward_bluez_enrol *enrol,
                                                      enum ward_bluez_enrol_event event)
{
    const struct transition *transition = &table[enrol->state][event];
    if (endings[event].defined && enrol->state != WARD_BLUEZ_ENROL_CLOSED)
        transition = &endings[event];
    if (has_reading(enrol, event))
        transition = &paired;
    if (!transition->defined)
        return (struct ward_bluez_enrol_outcome){.text = ""};
    if (enrol->state == WARD_BLUEZ_ENROL_READING && event == WARD_BLUEZ_ENROL_DISCONNECTED && enrol->heard &&
        !enrol->proved)
        transition = &unproved;

    if (event == WARD_BLUEZ_ENROL_INCOMPLETE && ++enrol->incomplete > INCOMPLETE_MAX)
        transition = &useless;
    uint32_t pause_ms = 0;
    if (transition->next == WARD_BLUEZ_ENROL_PAUSING) {
        pause_ms = next_try_ms(enrol, event);
        if (!pause_ms)
            transition = event == WARD_BLUEZ_ENROL_JOIN_REFUSED ? &refused : &unreachable;
    }
    if (event == WARD_BLUEZ_ENROL_OPEN)
        *enrol = (struct ward_bluez_enrol){.security = enrol->security};
    struct ward_bluez_enrol_outcome outcome = outcome_of(enrol, transition);
    if (pause_ms)
        outcome.timer_ms = pause_ms;
    if ((outcome.actions & WARD_BLUEZ_DO_TRUST) && enrol->security == WARD_BLUEZ_BONDED) {
        outcome.says = true;
        outcome.step = WARD_BLUEZ_STEP_BONDED;
        outcome.text = "Bonded.";
    }
    return outcome;
}

enum ward_bluez_enrol_event ward_bluez_enrol_join_result(const char *name, const char *message)
{
    static const char prefix[] = "org.bluez.Error.";
    if (!name)
        return WARD_BLUEZ_ENROL_JOINED;
    if (strcmp(name, "org.freedesktop.DBus.Error.NoReply") == 0 ||
        strcmp(name, "org.freedesktop.DBus.Error.Timeout") == 0)
        return WARD_BLUEZ_ENROL_JOIN_AGAIN;
    /* The object vanished between the discovery signal and the call. */
    if (strcmp(name, "org.freedesktop.DBus.Error.UnknownObject") == 0 ||
        strcmp(name, "org.freedesktop.DBus.Error.UnknownMethod") == 0)
        return WARD_BLUEZ_ENROL_JOIN_AGAIN;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return WARD_BLUEZ_ENROL_JOIN_FAILED;
    name += sizeof prefix - 1;
    if (strcmp(name, "AlreadyExists") == 0 || strcmp(name, "AlreadyConnected") == 0)
        return WARD_BLUEZ_ENROL_JOINED;
    if (strncmp(name, "Authentication", strlen("Authentication")) == 0)
        return WARD_BLUEZ_ENROL_JOIN_REFUSED;
    if (strcmp(name, "InProgress") == 0 || strcmp(name, "ConnectionAttemptFailed") == 0 ||
        strcmp(name, "NotReady") == 0)
        return WARD_BLUEZ_ENROL_JOIN_AGAIN;
    if (strcmp(name, "Failed") == 0 && message && strstr(message, "abort"))
        return WARD_BLUEZ_ENROL_JOIN_AGAIN;
    return WARD_BLUEZ_ENROL_JOIN_FAILED;
}
