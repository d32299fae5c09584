/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pace.h"

void ward_pace_init(struct ward_pace *pace)
{
    *pace = (struct ward_pace){.room = WARD_PACE_ROOM_MIN, .quickest_us = WARD_PACE_WAY_US};
}

void ward_pace_heard(struct ward_pace *pace, uint64_t took_us)
{
    if (took_us < pace->quickest_us) {
        pace->quickest_us = took_us;
    }
}

static size_t within(size_t room)
{
    room = room < WARD_PACE_ROOM_MIN ? WARD_PACE_ROOM_MIN : room;
    return room > WARD_PACE_ROOM_MAX ? WARD_PACE_ROOM_MAX : room;
}

void ward_pace_backlog_heard(struct ward_pace *pace, uint64_t took_us, size_t used)
{
    uint64_t beyond_us;

    if (used <= WARD_PACE_ROOM_MIN) {
        pace->quickest_us = WARD_PACE_WAY_US;
    }
    ward_pace_heard(pace, took_us);
    beyond_us = took_us - pace->quickest_us;
    if (beyond_us > WARD_PACE_LATE_US) {
        pace->room = within(pace->room / 2);
    } else if (beyond_us <= WARD_PACE_PROMPT_US && used >= pace->room / 2) {
        pace->room = within(pace->room * 2);
    }
}

void ward_pace_missed(struct ward_pace *pace)
{
    pace->room = WARD_PACE_ROOM_MIN;
}
