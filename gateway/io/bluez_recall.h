/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a device without a bond that stays away is called: see the table in bluez_recall.c. Without D-Bus, clock or
 * heap; all times are of CLOCK_BOOTTIME.
 */
#ifndef WARD_IO_BLUEZ_RECALL_H
#define WARD_IO_BLUEZ_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_BLUEZ_RECALL_FIRST_US                                                                           \
    (10 * UINT64_C(1000000))          /* the kernel finds most of them by itself in this time */
#define WARD_BLUEZ_RECALL_TRIES_MAX 6 /* each after twice the wait: all within 11 minutes */
#define WARD_BLUEZ_RECALL_BUSY_US   (5 * UINT64_C(1000000))

/* Of one device; zeroed: nobody waits for it. */
struct ward_bluez_recall {
    uint64_t due_us; /* 0: it is not to be called */
    unsigned tries;  /* since the radio became ready or a link was as it should be */
};

/* What happened: the radio is ready; a link resolved; a link ended before it resolved; it was called. */
void ward_bluez_recall_ready(struct ward_bluez_recall *recall, uint64_t now_us);
void ward_bluez_recall_resolved(struct ward_bluez_recall *recall);
void ward_bluez_recall_dropped(struct ward_bluez_recall *recall, uint64_t now_us);
void ward_bluez_recall_called(struct ward_bluez_recall *recall, uint64_t now_us);

/* An enrolled device, as far as it matters here. */
struct ward_bluez_absence {
    bool open; /* it has no bond */
    bool connected;
    bool resting; /* it was sent away; its rest ends by itself */
    uint64_t due_us;
};

struct ward_bluez_recall_choice {
    size_t call;            /* the index of the one to be called; the count of absences: none */
    uint64_t look_again_us; /* when to ask again if nothing else changes; UINT64_MAX: never */
};

/* busy: somebody scans or is being enrolled, another is being called, or there is no link to spare. */
struct ward_bluez_recall_choice ward_bluez_recall_choose(const struct ward_bluez_absence *absences,
                                                         size_t count, bool busy, uint64_t now_us);

#endif
