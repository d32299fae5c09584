/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs and addresses as texts, in the one form in which they are compared. */
#ifndef WARD_IO_BLUEZ_UUID_H
#define WARD_IO_BLUEZ_UUID_H

#include "io/bluez.h"

/* Writes the 128-bit form of a UUID of 4 or 36 characters, lower case. False, with ret unchanged: it is neither. */
bool ward_bluez_uuid_normalise(const char *text, char ret[static WARD_BLUEZ_UUID_SIZE]);

/* The 16-bit UUID that a UUID in 128-bit form stands for, or 0. */
uint16_t ward_bluez_uuid_short(const char *uuid);

/* Writes an address in upper case. False, with ret unchanged: it is none. */
bool ward_bluez_address_normalise(const char *text, char ret[static WARD_BLUEZ_ADDRESS_SIZE]);

/*
 * Whether a device keeps this address: a public one, or a random one that is static (Core 5.3, Vol 6, Part B, §1.3.2.1:
 * the two highest bits are 1). The others change by themselves. address is in upper case.
 */
bool ward_bluez_address_is_lasting(const char *address, uint8_t type);

#endif
