/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records that a wearable keeps until somebody has fetched them, oldest first, each as it goes on the air: whose it
 * is (a user id) and when it was measured stand in its octets. It holds so many; one more pushes the oldest out, as in
 * the devices that are sold. Sequence numbers begin at 0, rise by one a record, and are never given twice, whatever
 * was deleted (GLS 1.0.1 §3.1.1.2), until 65,536 were given.
 */
#ifndef WEARABLE_MEMORY_H
#define WEARABLE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/sample.h"

#define WARD_MEMORY_RECORDS_MAX 32

struct ward_memory_record {
    uint16_t sequence;
    uint8_t length;
    uint8_t context_length; /* 0: none */
    uint8_t octets[WARD_SAMPLE_OCTETS_MAX];
    uint8_t context[WARD_SAMPLE_CONTEXT_MAX]; /* of a glucose measurement */
};

struct ward_memory {
    struct ward_memory_record records[WARD_MEMORY_RECORDS_MAX];
    uint16_t count;
    uint16_t next_sequence;
    uint32_t dropped; /* how many have left at the old end: keeps a place in the order while others go */
};

/* Sequence numbers from first to last, both included. */
struct ward_memory_range {
    uint16_t first, last;
};

void ward_memory_init(struct ward_memory *memory);

/*
 * Encodes sample as a value of the characteristic and keeps it under the next sequence number, which is set in sample.
 * Returns false, with memory unchanged, when it cannot be encoded.
 */
bool ward_memory_store(struct ward_memory *memory, struct ward_sample *sample, uint16_t characteristic);

/* Takes the oldest record out, if there is one. */
void ward_memory_drop_oldest(struct ward_memory *memory);

size_t ward_memory_count(const struct ward_memory *memory, struct ward_memory_range range);

/*
 * The first record of range at *place or after it; *place is then behind it. Places are counted from the first record
 * ever, so that they stay right when records are dropped. NULL, with *place unchanged, when there is none.
 */
const struct ward_memory_record *ward_memory_next(const struct ward_memory *memory,
                                                  struct ward_memory_range range, uint32_t *place);

/* Deletes the records of range. Places kept from before are no longer right. Returns how many there were. */
size_t ward_memory_delete(struct ward_memory *memory, struct ward_memory_range range);

#endif
