/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents that tell what the gateway is and does: those for the ward (core/message.h) and, in
 * documents_local.c, those of the local API. Each is written from the gateway's parts as they are now.
 *
 * All return the length of the terminated text, or 0 when there is nothing to tell or it does not fit.
 */
#ifndef WARD_APP_DOCUMENTS_H
#define WARD_APP_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "core/message.h"
#include "io/bluez.h"

struct ward_departure;
struct ward_gateway;
struct ward_watch;

#define WARD_DOCUMENTS_REASONS_MAX 32

/* How far all patients together are watched: the worst of them, and every reason. */
struct ward_summary {
    enum ward_monitoring monitoring;
    size_t reason_count;
    struct ward_id reasons[WARD_DOCUMENTS_REASONS_MAX];
};
void ward_documents_summary(const struct ward_gateway *gateway, struct ward_summary *ret);

struct ward_origin ward_documents_origin(const struct ward_gateway *gateway);

/* Age of the oldest undelivered record or alarm event; negative when nothing waits. */
int64_t ward_documents_oldest_age_ms(const struct ward_gateway *gateway);

size_t ward_documents_state(const struct ward_gateway *gateway, char *text, size_t size);
size_t ward_documents_active(const struct ward_gateway *gateway, const struct ward_watch *watch, char *text,
                             size_t size);
/* up/active of an episode that has ended; and the same patient in the local API, with what is waited for. */
size_t ward_documents_ended(const struct ward_gateway *gateway, const struct ward_departure *departure,
                            char *text, size_t size);
size_t ward_documents_departure(const struct ward_gateway *gateway, const struct ward_departure *departure,
                                char *text, size_t size);
size_t ward_documents_heartbeat(const struct ward_gateway *gateway, uint64_t number, char *text, size_t size);
size_t ward_documents_testament(const struct ward_gateway *gateway, bool silent, char *text, size_t size);

/* wardgate.status/1: one screen that answers "is this patient being monitored, and if not, why". */
size_t ward_documents_status(const struct ward_gateway *gateway, char *text, size_t size);
size_t ward_documents_patient(const struct ward_gateway *gateway, const struct ward_watch *watch, char *text,
                              size_t size);
/* "ready"; static. */
const char *ward_documents_radio_name(enum ward_bluez_radio radio);

/* "power"; static. */
const char *ward_documents_rung_name(enum ward_bluez_rung rung);

/* Room for a device that as many patients share as there may be, with ids as long as they may be. */
#define WARD_DOCUMENTS_DEVICE_MAX 16384

/* The device at `index` of the registry. */
size_t ward_documents_device(const struct ward_gateway *gateway, size_t index, char *text, size_t size);
/* The condition at `index` of those present, as its newest event with the present state. */
size_t ward_documents_condition(const struct ward_watch *watch, size_t index, char *text, size_t size);
size_t ward_documents_queue(const struct ward_gateway *gateway, char *text, size_t size);
size_t ward_documents_hub(const struct ward_gateway *gateway, char *text, size_t size);

#endif
