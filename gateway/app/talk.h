/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversations: one for each device that is connected. core/exchange.h decides what is said; this carries it between
 * the radio and the pipeline, and keeps count of what is on the disk, before which nothing is deleted on a device.
 *
 *   radio: value, answer, link ─▶ exchange ─┬▶ read, write, rest ─▶ radio
 *                                           ├▶ measurement ─▶ pipeline
 *                                           └▶ clock, records ─▶ recollection
 *   store: committed ──────────▶ exchange
 *
 * A conversation begins with the first input that tells which model it is with: most often the registry knows.
 */
#ifndef WARD_APP_TALK_H
#define WARD_APP_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "app/commits.h"
#include "core/exchange.h"
#include "io/bluez.h"

struct ward_gateway;
struct ward_heard;

#define WARD_TALK_UNCOMMITTED_MAX 256

struct ward_talk {
    struct ward_talk *next;
    struct ward_gateway *gateway;
    struct ward_bluez_device device;
    const struct ward_model *model; /* NULL: not known yet, and the exchange has not begun */
    uint32_t connection;
    bool proved, enrolling;
    bool has_spot, has_reading;                      /* something came, settled */
    bool transfer_failed;                            /* not all of its records are here */
    uint32_t answered;                               /* highest number of which the patient heard */
    uint32_t settled;                                /* highest number that was settled */
    uint32_t uncommitted[WARD_TALK_UNCOMMITTED_MAX]; /* numbers that are settled and not durable */
    size_t uncommitted_count;
    bool lost_count;  /* more than that: nothing is deleted on it any more */
    bool lost_record; /* one could not be stored: those behind it are not what is known of its records */
    bool has_news;    /* for the exchange: committed has risen */
    int failed;       /* errno of a read or write that could not be asked; 0: none */
    bool failed_is_read;
    struct ward_exchange exchange;
};

void ward_talk_link(struct ward_gateway *gateway, const struct ward_bluez_link *link);
void ward_talk_value(struct ward_gateway *gateway, const struct ward_bluez_value *value);
void ward_talk_read_done(struct ward_gateway *gateway, const struct ward_bluez_answer *answer);
void ward_talk_write_done(struct ward_gateway *gateway, const struct ward_bluez_answer *answer);

/* The device is enrolled now: what it tells from here on, over this connection too, is its patient's. */
void ward_talk_paired(struct ward_gateway *gateway, const char *device);

/* The device is enrolled no longer, and nobody says that its link has ended: what it has told until now is settled. */
void ward_talk_forgotten(struct ward_gateway *gateway, const char *device);

/* The record that came from place is durable, or was already. */
void ward_talk_committed(struct ward_gateway *gateway, const struct ward_talk_place *place);

/* The record that came from place could not be given to the store: it is to be asked for again. */
void ward_talk_lost(struct ward_gateway *gateway, const struct ward_talk_place *place);

void ward_talk_tick(struct ward_gateway *gateway);
uint64_t ward_talk_due_us(const struct ward_gateway *gateway);

/* The row that fits what a connected device offers, NULL for none. */
const struct ward_model *ward_talk_recognise(struct ward_gateway *gateway,
                                             const struct ward_bluez_device *device);

void ward_talk_done(struct ward_gateway *gateway);

#endif
