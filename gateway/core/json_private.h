/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JSON writer share with each other, and with nobody else. */
#ifndef WARD_CORE_JSON_PRIVATE_H
#define WARD_CORE_JSON_PRIVATE_H

#include "core/json.h"

/* Appends octets as they are, keeping one octet free for the NUL. Does nothing after a fault. */
void ward_json_put(struct ward_json *json, const char *text, size_t length);

/* Puts the comma that a value needs here, and marks the place as taken. */
void ward_json_value(struct ward_json *json);

void ward_json_set_fault(struct ward_json *json, enum ward_json_fault fault);

#endif
