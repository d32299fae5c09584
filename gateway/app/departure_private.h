/* SPDX-License-Identifier: Apache-2.0 */
/* What departure*.c share, and nobody else. */
#ifndef WARD_APP_DEPARTURE_PRIVATE_H
#define WARD_APP_DEPARTURE_PRIVATE_H

#include "app/departure.h"

/* When what failed is tried again. */
#define WARD_DEPARTURE_AGAIN_US (5 * UINT64_C(1000000))

/* departure.c: the one with that setting, or NULL. */
struct ward_departure *ward_departure_by_slot(const struct ward_gateway *gateway, unsigned slot);
/* All that was submitted of it is on the disk, and the ward has it. */
bool ward_departure_is_delivered(const struct ward_gateway *gateway, const struct ward_departure *departure);

/*
 * departure_erase.c: begins what is to be done next, when nothing else is under way; what fails is tried again. To count
 * leads to WARD_DEPARTURE_ERASES, to erase to WARD_DEPARTURE_TELLS, and to wipe sets wiped.
 */
void ward_departure_count(struct ward_gateway *gateway, struct ward_departure *departure);
void ward_departure_erase(struct ward_gateway *gateway, struct ward_departure *departure);
void ward_departure_wipe(struct ward_gateway *gateway, struct ward_departure *departure);

/* departure_setting.c: the text of the setting, on the heap, NULL without memory; and the row (text NULL: it goes). */
char *ward_departure_write(const struct ward_departure *departure);
struct ward_store_change ward_departure_setting(const struct ward_departure *departure, const char *text);

#endif
