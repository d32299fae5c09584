/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is taken over from a file that was set aside. Private to the store.
 *
 *   at once, by begin, in one transaction     patients, plans, devices, bindings, counters, commands, settings, what
 *                                             devices gave, undelivered alarm events, alarm states, the moment of the
 *                                             last commit; of a file that was put back, what it has for itself
 *                                             (store_own.h)
 *   by and by, by step, between other work    the records that the ward may not have, under the numbers that they
 *                                             have in their epoch, each only when it fits into the chain
 *
 * How many did not is told by a gap record when all are read.
 */
#ifndef WARD_IO_STORE_SALVAGE_H
#define WARD_IO_STORE_SALVAGE_H

#include "io/store_write.h"

/* Records that one step looks at, so that a commit never waits long for it. */
#define WARD_SALVAGE_STEP_RECORDS 256
/* What may be read later is tried again, so often in a row; then it is lost. */
#define WARD_SALVAGE_TRIES 12

/* Whether reading failed in a way that may pass: the disk does not answer, memory or descriptors are short, somebody looks at
 * the file. Damage does not. */
bool ward_salvage_may_pass(int error);
/* The source cannot be read now: fresh->text says why. Returns -EAGAIN. */
int ward_salvage_later(struct ward_database *fresh, const struct ward_database *source);

/*
 * Part of making the file fresh. source is where the other one is now, aside where it will be. Returns 0 or negative
 * errno of writing; -EAGAIN: what may be read later could not be. What cannot be read is left out.
 */
int ward_salvage_begin(struct ward_database *fresh, const char *source, const char *aside,
                       const struct ward_renewal *renewal);

/* The file that step is reading. Zeroed: none. */
struct ward_salvage {
    struct ward_database source;
    char path[WARD_STORE_TEXT_MAX];
    bool open;
    uint64_t chain_seq; /* chain is of that record, as far as it can be read; UINT64_MAX: of none */
    uint8_t chain[32];
    uint64_t misses; /* records in a row that are not there */
    uint64_t missed; /* of those, the ones that the ward may not have: they count as lost */
    /* So often in a row it could not be read, which may pass: a pause, and once more. From WARD_SALVAGE_TRIES on there is none. */
    uint32_t failures;
};

/*
 * One transaction. *ret_more: there is more to do. *ret_gap, when it is not NULL, tells of what was lost and is to be
 * committed before the next step. On failure nothing has changed, and salvage is as new.
 */
int ward_salvage_step(struct ward_database *database, struct ward_salvage *salvage, bool *ret_more,
                      struct ward_group **ret_gap);
void ward_salvage_done(struct ward_salvage *salvage);

/* A gap record that tells of so many that are lost with a file. Returns 0 or negative errno. */
int ward_salvage_gap(struct ward_database *database, uint64_t lost, struct ward_group **ret);

#endif
