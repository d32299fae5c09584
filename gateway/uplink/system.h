/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel gives to those who are not pure: the time since boot, chance, and memory that stays. */
#ifndef WARD_UPLINK_SYSTEM_H
#define WARD_UPLINK_SYSTEM_H

#include <stdint.h>

uint64_t ward_system_now_us(void);

/* Uniform over all uint64_t; 0 early in boot, when there are no random octets yet: no jitter then. Not for secrets. */
uint64_t ward_system_random(void);

/*
 * Reads in this program and its libraries and keeps them in memory: an alarm must not wait for a page of theirs to come
 * from a card that hangs. To be called when all of them are loaded. Returns 0 or a negative errno.
 */
int ward_system_hold_program(void);

#endif
