/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the conversations share; for talk*.c alone. */
#ifndef WARD_APP_TALK_PRIVATE_H
#define WARD_APP_TALK_PRIVATE_H

#include "app/talk.h"

/* --- talk_model.c ------------------------------------------------------------------------------------------------ */

/* A service or characteristic as the radio names it. */
struct ward_talk_name {
    char text[WARD_BLUEZ_UUID_SIZE];
};
struct ward_talk_name ward_talk_name_of(struct ward_gatt_name name);

/* As struct ward_exchange_services asks it; context: a struct ward_talk. */
bool ward_talk_has(void *context, struct ward_gatt_place place);
const struct ward_model *ward_talk_model_by_value(const struct ward_bluez_value *value);

/* --- talk_action.c ----------------------------------------------------------------------------------------------- */

/* As struct ward_exchange_sink calls it; context: a struct ward_talk. */
void ward_talk_carry_out(void *context, const struct ward_exchange_action *action);

#endif
