/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a file that was put back has. Private to the store.
 */
#ifndef WARD_IO_STORE_OWN_H
#define WARD_IO_STORE_OWN_H

#include "io/store_write.h"

/*
 * Part of the transaction in which the fresh file is made, which has no records yet: those of range get its numbers, in their
 * order. What they say of others by their numbers is told in the new ones. What cannot be read is left out, and so is
 * what speaks of a record that is not taken over; a gap record behind them tells how many these are. What made room or was
 * erased is left out without a word. Returns 0 or negative errno of writing; -EAGAIN unless give_up: what may be read later
 * could not be.
 */
int ward_own_take_over(struct ward_database *fresh, struct ward_database *source,
                       const struct ward_seq_range *range, bool give_up);

#endif
