/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The addresses of btvirt's controllers are its own. Where BTVIRT_ADDRESSES names others, "-,C0:FF:EE:00:00:01,…" in the
 * order of the controllers ("-": as it is), the kernel sees those: they are exchanged in all commands and events. What is
 * in data is the kernel's alone, and has the addresses that it sees.
 */
#ifndef BTVIRT_ADDRESSES_H
#define BTVIRT_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

/* The next controller is this one. */
void addresses_opened(int descriptor);
/* A packet (H4) to the kernel, in place. */
void addresses_event(int descriptor, uint8_t *packet, size_t length);
/* A packet (H4) from the kernel, in place. */
void addresses_command(uint8_t *packet, size_t length);

#endif
