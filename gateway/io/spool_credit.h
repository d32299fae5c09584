/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core's account of the uplink's credit (include/ward/link.h). Pure.
 */
#ifndef WARD_IO_SPOOL_CREDIT_H
#define WARD_IO_SPOOL_CREDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ward/message.h"

/* All zero: no credit. Void it so at LINK down and at the end of the connection. */
struct ward_spool_credit {
    uint32_t round;
    int64_t frames, octets; /* left; octets falls below zero by the frame that may always go */
    uint32_t unanswered;    /* messages sent that have no result yet */
};

/* May a message of this class, in a frame of length octets, go now? */
bool ward_spool_credit_allows(const struct ward_spool_credit *credit, enum ward_message_class message_class,
                              size_t length);

/* How large a frame of this class may be now, at most largest; 0: none may go. */
size_t ward_spool_credit_room(const struct ward_spool_credit *credit, enum ward_message_class message_class,
                              size_t largest);

/* A frame of length octets has gone. */
void ward_spool_credit_spend(struct ward_spool_credit *credit, size_t length);

#endif
