/* SPDX-License-Identifier: Apache-2.0 */
/* What api*.c share, and nobody else. Each method's function answers its call, now or later. */
#ifndef WARD_APP_API_PRIVATE_H
#define WARD_APP_API_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "io/bus.h"

struct ward_gateway;

/* A list of texts on the heap, for an answer of many documents; all zeroes before. */
struct ward_api_list {
    char **texts;
    size_t count;
};

/* Copies text. False, with the list as it was, without memory. */
bool ward_api_list_add(struct ward_api_list *list, const char *text);
void ward_api_list_free(struct ward_api_list *list);
/* Answers call with the list, and frees it. */
void ward_api_reply_list(struct ward_bus_call *call, struct ward_api_list *list);

/* api_stored.c: Readings, the history of Alarms, or Audit; Verify; Explain. */
void ward_api_from_store(struct ward_gateway *gateway, enum ward_bus_method method,
                         struct ward_bus_call *call, const struct ward_bus_arguments *arguments);
void ward_api_verify(struct ward_gateway *gateway, struct ward_bus_call *call, const char *from);
void ward_api_explain(struct ward_gateway *gateway, struct ward_bus_call *call, const char *what);

/* api_change.c: Admit, ApplyPlan, Silence, Order. texts are the arguments, as bus.h lists them. */
void ward_api_admit(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *texts);
void ward_api_change_plan(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient,
                          const char *document);
void ward_api_silence(struct ward_gateway *gateway, struct ward_bus_call *call, const char *patient);
void ward_api_order(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *texts);

#endif
