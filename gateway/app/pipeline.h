/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data flow: from the octets of a notification to an alarm and a committed reading.
 */
#ifndef WARD_APP_PIPELINE_H
#define WARD_APP_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "app/commits.h"
#include "core/record.h"
#include "io/bluez.h"

#define WARD_PIPELINE_HELD_MAX 64
/* How long a reading waits for its link to be proved before it is stored as unproved. */
#define WARD_PIPELINE_HOLD_US (10 * UINT64_C(1000000))

struct ward_gateway;

/* A reading that came before its link was proved; its commit waits. */
struct ward_held {
    struct ward_arrival arrival;
    uint32_t connection;
    uint64_t due_us;
};

struct ward_pipeline {
    struct ward_held *held[WARD_PIPELINE_HELD_MAX];
    size_t held_count;
    uint64_t undecodable, duplicates;
};

struct ward_talk;
struct ward_exchange_measurement;

/* What a device has told, and in which conversation. */
struct ward_heard {
    struct ward_talk *talk;
    const struct ward_exchange_measurement *measurement;
};

/* One measurement of an enrolled device; one that is not settled comes again (core/exchange.h). */
void ward_pipeline_measurement(struct ward_gateway *gateway, const struct ward_heard *heard);

/* The link of a device was proved or ended: readings that waited for it are settled. */
void ward_pipeline_link(struct ward_gateway *gateway, const struct ward_bluez_link *link);

void ward_pipeline_tick(struct ward_gateway *gateway);
uint64_t ward_pipeline_due_us(const struct ward_pipeline *pipeline);
/* Stores what still waits, as unproved. */
void ward_pipeline_done(struct ward_gateway *gateway);

#endif
