/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Advertising that goes on, and a central that waits for it. btvirt (BlueZ 5.66) reports an advertiser once, in the very moment in which a scan or the
 * advertising is switched on: before the kernel, which was just told that the scan is on, takes itself to be discovering.
 * On a busy machine it loses that race, and the whole scan hears nothing. On the air an advertisement is repeated some
 * times a second, for as long as it is on; so it is here (a second apart: that is enough, and cheap), and with a
 * signal strength.
 *
 * And btvirt lets a connection fail (0x3E) to a device that does not advertise in that moment, as one whose host switches
 * its advertising off and on again when a link has ended; Linux then waits for it for ever. A controller waits for the next
 * advertisement: so the command is kept from btvirt until there is one, for less time than its host waits for an answer.
 */
#ifndef WARD_LAB_BTVIRT_REPORTS_H
#define WARD_LAB_BTVIRT_REPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An H4 packet that the kernel gives to the controller behind this descriptor, before btvirt acts on it. */
void reports_command(int descriptor, const uint8_t *packet, size_t length);
/* An H4 packet that btvirt gives to the kernel; its RSSI is filled in. */
void reports_event(int descriptor, uint8_t *packet, size_t length);

/* Whether the command that was read waits; as if nothing had been read, then. */
bool reports_hold(int descriptor, const uint8_t *packet, size_t length);
/* A command that waits no longer, to be read in the place of a new one: its length, or 0. */
size_t reports_release(int descriptor, uint8_t *packet, size_t size);
/* Whether there is one. */
bool reports_is_released(int descriptor);

#endif
