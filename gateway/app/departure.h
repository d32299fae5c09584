/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Departures: episodes that have ended, until nothing of them is here any more.
 *
 *   discharged ─▶ his devices are forgotten, with their bonds          (those that nobody else has)
 *             └─▶ up/active says `ended`, and the topic is emptied
 *             └─▶ what the ward does not have goes up as ever
 *                    all three done, and what was held back is committed ─▶ counted ─▶ erased (io/store_erase.h)
 *                    ─▶ the certificate takes the place of the command's answer ─▶ the rest is wiped ─▶ it goes up
 *
 * Each stage stands in a setting ("departure-3"), so that a kill, or a power cut, at any moment costs nothing but time. The
 * counts are stored before anything is erased. With the certificate the setting loses the names; what stays until the broker
 * has the certificate is the id of the command. A ward that lost it sends the same command again (inbox.h).
 */
#ifndef WARD_APP_DEPARTURE_H
#define WARD_APP_DEPARTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/registry.h"
#include "io/store_types.h"

struct ward_gateway;

/* Append only; 'w', 'e', 't' in the setting. */
enum ward_departure_stage {
    WARD_DEPARTURE_WAITS,  /* for the ward, the broker and Bluetooth */
    WARD_DEPARTURE_ERASES, /* the counts are stored */
    WARD_DEPARTURE_TELLS,  /* nothing is left but the certificate; patient and episode are "" */
};

struct ward_departure {
    unsigned slot; /* of the setting */
    enum ward_departure_stage stage;
    struct ward_id patient, episode, command;
    struct ward_id devices[WARD_DEVICES_MAX]; /* that only he had; 0 in later stages */
    size_t device_count;
    struct ward_store_erased counts;
    uint64_t forgotten; /* devices */
    uint64_t held_us;   /* until then something may still be submitted */
    uint64_t token;     /* of a group behind all of that; 0: none yet */
    bool closed;        /* that group is on the disk: */
    uint64_t last_seq;  /* no record of the episode is behind this one */
    uint64_t due_us;    /* what failed is tried again */
    uint64_t tell_us;   /* and what the broker has refused */
    bool ended_told;    /* up/active; emptied: the broker has it, too */
    bool emptied;
    bool wiped;             /* of TELLS: no octet is left in the log */
    uint64_t id;            /* of the message on its way; 0: none */
    struct ward_id address; /* of the device whose bond is being removed; "": none */
};

struct ward_departures {
    struct ward_departure *list[WARD_PATIENTS_MAX];
    size_t count;
    unsigned working;  /* slot of the one that the store works for, with busy */
    bool busy;         /* a request or a commit is under way */
    char *certificate; /* of that one, being stored */
};

/* The text of a setting. */
struct ward_departure_text {
    char *text; /* to be freed; NULL without memory */
};

/*
 * A patient leaves: fills the changes that belong into the transaction of the order, at least two places. NULL when there is
 * no memory or no place; otherwise the departure, with text to be freed after the submission.
 */
struct ward_departure *ward_departure_begin(struct ward_gateway *gateway, const struct ward_id *patient,
                                            const struct ward_id *episode, const struct ward_id *command,
                                            struct ward_departure_text *ret_text,
                                            struct ward_store_change *ret_change);

/* The one of that patient whose names are here yet, or NULL. */
const struct ward_departure *ward_departure_of(const struct ward_gateway *gateway, const char *patient);

/* His device's bond is being removed at this moment, and the device is forgotten with it. */
bool ward_departure_forgets(const struct ward_gateway *gateway, const struct ward_store_device *device);

/*
 * One more record of that patient is about to be submitted, after all: what is waited for goes up to it. False: what he had
 * is being erased, and none may follow.
 */
bool ward_departure_admits_record(struct ward_gateway *gateway, const char *patient);

/* What it still waits for, in words; static. NULL at the end of the list. */
const char *ward_departure_waits_for(const struct ward_gateway *gateway,
                                     const struct ward_departure *departure, size_t index);

/* Does what can be done now. After anything may have changed. */
void ward_departures_check(struct ward_gateway *gateway);
uint64_t ward_departures_due_us(const struct ward_gateway *gateway);

/* From the outbox: what there is to send; what the broker says of a message (whether it was one of these); another link. */
void ward_departures_pump(struct ward_gateway *gateway);
bool ward_departures_answered(struct ward_gateway *gateway, uint64_t id, bool good);
void ward_departures_link(struct ward_gateway *gateway);

/* From the adapter: a bond was removed, or could not be. -ENETDOWN: it is tried again. */
void ward_departures_forgotten(struct ward_gateway *gateway, const char *address, int error);

/* One row of the snapshot, others are ignored; and all of them, for a fresh file. */
void ward_departures_restore(struct ward_gateway *gateway, const struct ward_store_change *row);
void ward_departures_submit_again(struct ward_gateway *gateway);
/* Its records have other numbers from now on. */
void ward_departures_new_epoch(struct ward_gateway *gateway);
void ward_departures_done(struct ward_departures *departures);

#endif
