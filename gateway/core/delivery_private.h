/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the delivery tracker: for how long things have waited. */
#ifndef WARD_CORE_DELIVERY_PRIVATE_H
#define WARD_CORE_DELIVERY_PRIVATE_H

#include "core/delivery.h"

/* Forgets the moments of what is delivered; the newest of them still tells when the first undelivered one came. */
void ward_delivery_trim_stamps(struct ward_delivery *delivery);

/* Records from seq on were committed now. */
void ward_delivery_add_stamp(struct ward_delivery *delivery, uint64_t seq, uint64_t now_us);

/* For how long the oldest that went live has waited for its receipt, before the connection is forgotten. */
void ward_delivery_remember_the_oldest(struct ward_delivery *delivery, uint64_t now_us);

#endif
