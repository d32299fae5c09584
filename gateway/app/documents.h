/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents that tell what the gateway is and does: those for the ward (core/message.h) and those for the local
 * API. Each is written from the gateway's parts as they are now.
 *
 * All return the length of the terminated text, or 0 when it does not fit.
 */
#ifndef WARD_APP_DOCUMENTS_H
#define WARD_APP_DOCUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/message.h"

struct ward_gateway;
struct ward_watch;

/* The worst of all patients, with reasons; texts point into the gateway's parts and static memory. */
#define WARD_DOCUMENTS_REASONS_MAX 24
struct ward_summary {
    enum ward_monitoring monitoring;
    size_t reason_count;
    char reasons[WARD_DOCUMENTS_REASONS_MAX][WARD_ID_MAX + 1];
};
void ward_documents_summary(const struct ward_gateway *gateway, struct ward_summary *ret);

size_t ward_documents_state(const struct ward_gateway *gateway, char *text, size_t size);
size_t ward_documents_active(const struct ward_gateway *gateway, const struct ward_watch *watch, char *text,
                             size_t size);
size_t ward_documents_heartbeat(const struct ward_gateway *gateway, uint64_t number, char *text, size_t size);
size_t ward_documents_testament(const struct ward_gateway *gateway, bool silent, char *text, size_t size);

/* wardgate.status/1: one screen that answers "is this patient being monitored, and if not, why". */
size_t ward_documents_status(const struct ward_gateway *gateway, char *text, size_t size);
size_t ward_documents_patient(const struct ward_gateway *gateway, const struct ward_watch *watch, char *text,
                              size_t size);
size_t ward_documents_device(const struct ward_gateway *gateway, size_t index, char *text, size_t size);
size_t ward_documents_queue(const struct ward_gateway *gateway, char *text, size_t size);
size_t ward_documents_hub(const struct ward_gateway *gateway, char *text, size_t size);

#endif
