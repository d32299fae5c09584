/* SPDX-License-Identifier: Apache-2.0 */
#include "io/spool_credit.h"

/* The frame that is offered when nothing is unanswered, however few octets of credit are left. */
#define ROOM_AT_LEAST 1024

bool ward_spool_credit_allows(const struct ward_spool_credit *credit, enum ward_message_class message_class,
                              size_t length)
{
    if (credit->frames < 1)
        return false;
    if (message_class == WARD_MESSAGE_ALARM || credit->unanswered == 0)
        return true;
    return credit->frames > 1 && (int64_t)length <= credit->octets;
}

size_t ward_spool_credit_room(const struct ward_spool_credit *credit, enum ward_message_class message_class,
                              size_t largest)
{
    int64_t room = credit->octets;

    if (!ward_spool_credit_allows(credit, message_class, 0))
        return 0;
    if (message_class == WARD_MESSAGE_ALARM)
        return largest;
    if (credit->unanswered == 0 && room < ROOM_AT_LEAST)
        room = ROOM_AT_LEAST;
    if (room <= 0)
        return 0;
    return (uint64_t)room < largest ? (size_t)room : largest;
}

void ward_spool_credit_spend(struct ward_spool_credit *credit, size_t length)
{
    credit->frames--;
    credit->octets -= (int64_t)length;
    credit->unanswered++;
}
