/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program and its libraries as they are mapped into the process, for both daemons: an alarm must not wait for a page
 * of theirs to come from a card that hangs.
 */
#ifndef WARD_MAPPINGS_H
#define WARD_MAPPINGS_H

#include <stddef.h>

/*
 * Calls use for each readable mapping of a file, from `from` on, length octets. Returns 0, or a negative errno: of
 * /proc/self/maps, or of the last use that returned -1 with errno; the others were used all the same.
 */
int ward_mappings_use(int (*use)(void *from, size_t length));

/*
 * Reads in what of a mapping is still on the card: an alarm may run code that nothing has run before. It is only read: what
 * is copied when it is written to is copied then, from memory. For ward_mappings_use.
 */
int ward_mapping_read_in(void *from, size_t length);

#endif
