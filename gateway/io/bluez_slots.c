/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   links    who is outside                        what is done
 *   free     -                                     nothing: the kernel connects whoever calls
 *   all up   nobody, or nobody who matters more    nothing
 *   all up   one who matters more than some        of those that may rest the least one that is idle rests; of equals
 *            that are connected                    the one that has been idle longest
 *   all up   the same, but those are all busy      looked at again when the first of them is idle
 *
 * It cannot be known when the one outside will call (the kernel looks for it), so its place is kept free beforehand:
 * a cuff that calls stays for seconds, and would be gone before anybody had made room.
 */
#include "io/bluez_slots.h"

/* The greatest priority of those that are outside and want to come in, or -1. */
static int waiting_priority(const struct ward_bluez_slot *slots, size_t count)
{
    int greatest = -1;
    for (size_t i = 0; i < count; i++)
        if (!slots[i].connected && !slots[i].resting && slots[i].priority > greatest)
            greatest = slots[i].priority;
    return greatest;
}

static bool goes_before(const struct ward_bluez_slot *one, const struct ward_bluez_slot *other)
{
    if (one->priority != other->priority)
        return one->priority < other->priority;
    return one->busy_until_us < other->busy_until_us;
}

struct ward_bluez_slots_choice ward_bluez_slots_choose(const struct ward_bluez_slot *slots, size_t count,
                                                       unsigned connections_max, uint64_t now_us)
{
    struct ward_bluez_slots_choice choice = {.rest = count, .look_again_us = UINT64_MAX};
    const int waiting = waiting_priority(slots, count);
    size_t connected = 0;
    for (size_t i = 0; i < count; i++)
        connected += slots[i].connected;
    if (connected < connections_max)
        return choice;
    for (size_t i = 0; i < count; i++) {
        if (!slots[i].connected || slots[i].resting || !slots[i].may_rest || slots[i].priority >= waiting)
            continue;
        if (slots[i].busy_until_us > now_us) {
            if (slots[i].busy_until_us < choice.look_again_us)
                choice.look_again_us = slots[i].busy_until_us;
        } else if (choice.rest == count || goes_before(&slots[i], &slots[choice.rest])) {
            choice.rest = i;
        }
    }
    if (choice.rest < count)
        choice.look_again_us = UINT64_MAX;
    return choice;
}
