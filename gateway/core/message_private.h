/* SPDX-License-Identifier: Apache-2.0 */
/* Members that several messages share; for the files message_*.c alone. */
#ifndef WARD_CORE_MESSAGE_PRIVATE_H
#define WARD_CORE_MESSAGE_PRIVATE_H

#include "core/message.h"

/* "value", with "special" for an infinity; nothing for a number that is none. */
void ward_message_value(struct ward_json *json, struct ward_decimal value);

/* "plan":{"id":…,"version":…}; nothing without a plan. */
void ward_message_plan(struct ward_json *json, const char *id, uint32_t version);

/* `name`: the moment, "clock": how good it is. */
void ward_message_time(struct ward_json *json, const char *name, struct ward_time time);

/* "monitoring" and, when reasons is not NULL, "reasons". */
void ward_message_monitoring(struct ward_json *json, enum ward_monitoring monitoring,
                             const struct ward_texts *reasons);

#endif
