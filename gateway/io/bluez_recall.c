/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel connects whoever is on its list. A device without a bond can fall off it when its link breaks off while
 * bluetoothd comes back; Connect puts it on again, whether it is there or not. So it is called, a bounded number of
 * times:
 *
 *   device                                        what is done
 *   bonded                                        nothing: it has not been seen to fall off
 *   connected, or resting                         nothing
 *   outside since the radio became ready          called after 10 s, 20 s, 40 s … 320 s, and then no more
 *   outside since a link that did not resolve     the same; when all calls are used up, once more after 320 s
 *   outside since a link that did                 nothing: the kernel waits for it
 *   due while the radio is otherwise used         as soon as it is not; looked at every 5 s
 *
 * A link that resolves begins the count anew, one that does not leaves it as it is: a device that connects and drops for
 * ever is called every few minutes at most. Of several that are due the one that has waited longest is called, one at a
 * time.
 */
#include "io/bluez_recall.h"

static uint64_t wait_us(unsigned tries)
{
    const unsigned last = WARD_BLUEZ_RECALL_TRIES_MAX - 1;
    return WARD_BLUEZ_RECALL_FIRST_US << (tries < last ? tries : last);
}

void ward_bluez_recall_ready(struct ward_bluez_recall *recall, uint64_t now_us)
{
    recall->tries = 0;
    recall->due_us = now_us + wait_us(0);
}

void ward_bluez_recall_resolved(struct ward_bluez_recall *recall)
{
    *recall = (struct ward_bluez_recall){0};
}

void ward_bluez_recall_dropped(struct ward_bluez_recall *recall, uint64_t now_us)
{
    recall->due_us = now_us + wait_us(recall->tries);
}

void ward_bluez_recall_called(struct ward_bluez_recall *recall, uint64_t now_us)
{
    if (recall->tries < WARD_BLUEZ_RECALL_TRIES_MAX)
        recall->tries++;
    recall->due_us = recall->tries < WARD_BLUEZ_RECALL_TRIES_MAX ? now_us + wait_us(recall->tries) : 0;
}

struct ward_bluez_recall_choice ward_bluez_recall_choose(const struct ward_bluez_absence *absences,
                                                         size_t count, bool busy, uint64_t now_us)
{
    struct ward_bluez_recall_choice choice = {.call = count, .look_again_us = UINT64_MAX};
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        const struct ward_bluez_absence *at = &absences[i];
        if (at->open && !at->connected && !at->resting && at->due_us > 0 &&
            (first == count || at->due_us < absences[first].due_us))
            first = i;
    }
    if (first == count)
        return choice;
    if (absences[first].due_us > now_us)
        choice.look_again_us = absences[first].due_us;
    else if (busy)
        choice.look_again_us = now_us + WARD_BLUEZ_RECALL_BUSY_US;
    else
        choice.call = first;
    return choice;
}
