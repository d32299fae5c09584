/* SPDX-License-Identifier: Apache-2.0 */
#include "uplink/window.h"

#include <string.h>

#include "ward/link.h"

/* A quarter of a second of a line of 64 kbit/s, which an alarm may stand behind before the line is known. */
#define OCTETS_FIRST 2048

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

void ward_window_open(struct ward_window *window, uint32_t receive_maximum, uint32_t packet_maximum)
{
    const uint32_t limit = smaller(receive_maximum, WARD_WINDOW_CAP);

    memset(window, 0, sizeof(*window));
    window->frames = limit > 2 ? limit - 1 : 1;
    window->octets_max = packet_maximum < WARD_LINK_FRAME_MAX ? packet_maximum : WARD_WINDOW_OCTETS_MAX;
    window->octets = smaller(OCTETS_FIRST, window->octets_max);
}

void ward_window_close(struct ward_window *window)
{
    memset(window, 0, sizeof(*window));
}

void ward_window_void(struct ward_window *window)
{
    window->granted_frames = 0;
    window->granted_octets = 0;
    for (int i = 0; i < WARD_WINDOW_SLOTS; i++)
        window->slots[i].orphan = window->slots[i].used;
}

bool ward_window_grant(struct ward_window *window, uint32_t *ret_frames, uint32_t *ret_octets)
{
    uint32_t busy = window->granted_frames + window->in_flight_frames;
    int64_t octets = (int64_t)window->octets - window->granted_octets - window->in_flight_octets;

    if (octets < 0)
        octets = 0;
    if (busy >= window->frames)
        busy = window->frames;
    if (busy == window->frames && octets == 0)
        return false;
    *ret_frames = window->frames - busy;
    *ret_octets = (uint32_t)octets;
    window->granted_frames += *ret_frames;
    window->granted_octets += octets;
    return true;
}

int ward_window_take(struct ward_window *window, uint64_t id, uint32_t octets, uint64_t now_us)
{
    if (window->granted_frames == 0)
        return -1;
    for (int i = 0; i < WARD_WINDOW_SLOTS; i++) {
        struct ward_window_slot *slot = &window->slots[i];

        if (slot->used)
            continue;
        *slot = (struct ward_window_slot){.id = id, .since_us = now_us, .octets = octets, .used = true};
        window->granted_frames--;
        window->granted_octets -= octets;
        window->in_flight_frames++;
        window->in_flight_octets += octets;
        return i;
    }
    return -1;
}

/* Follows the round trip time, see window.h. */
static void adapt(struct ward_window *window, const struct ward_window_slot *slot, uint64_t now_us)
{
    uint64_t round_trip_us = now_us - slot->since_us, slow_us = WARD_WINDOW_DELAY_US;

    if (window->shortest_us == 0 || round_trip_us < window->shortest_us)
        window->shortest_us = round_trip_us > 0 ? round_trip_us : 1;
    if (slow_us < window->shortest_us * 3 / 2) /* a line that is long, not full */
        slow_us = window->shortest_us * 3 / 2;
    if (round_trip_us > slow_us) {
        if (slot->since_us < window->shrunk_at_us)
            return;
        window->shrunk_at_us = now_us;
        window->octets /= 2;
        if (window->octets < WARD_WINDOW_OCTETS_MIN)
            window->octets = smaller(WARD_WINDOW_OCTETS_MIN, window->octets_max);
    } else if (window->in_flight_octets * 2 >=
               window->octets) { /* it is the window that holds the core back */
        window->octets = smaller(window->octets + slot->octets, window->octets_max);
    }
}

void ward_window_return(struct ward_window *window, int slot)
{
    window->slots[slot].used = false;
    window->in_flight_frames--;
    window->in_flight_octets -= window->slots[slot].octets;
}

bool ward_window_answer(struct ward_window *window, int slot, uint64_t now_us, uint64_t *ret_id)
{
    struct ward_window_slot *answered;

    if (slot < 0 || slot >= WARD_WINDOW_SLOTS || !window->slots[slot].used)
        return false;
    answered = &window->slots[slot];
    adapt(window, answered, now_us);
    ward_window_return(window, slot);
    if (answered->orphan)
        return false;
    *ret_id = answered->id;
    return true;
}

uint64_t ward_window_oldest_us(const struct ward_window *window)
{
    uint64_t oldest_us = UINT64_MAX;

    for (int i = 0; i < WARD_WINDOW_SLOTS; i++)
        if (window->slots[i].used && window->slots[i].since_us < oldest_us)
            oldest_us = window->slots[i].since_us;
    return oldest_us;
}
