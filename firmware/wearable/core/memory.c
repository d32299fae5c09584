/* SPDX-License-Identifier: Apache-2.0 */
#include "wearable/core/memory.h"

#include "ward/gatt.h"

/* PLX measurement status, bit 9: data from measurement storage (PLXS §3.1.1.5). */
#define FROM_STORAGE (INT32_C(1) << 9)

static bool in_range(const struct ward_memory_record *record, struct ward_memory_range range)
{
    return record->sequence >= range.first && record->sequence <= range.last;
}

void ward_memory_init(struct ward_memory *memory)
{
    memory->count = 0;
    memory->next_sequence = 0;
    memory->dropped = 0;
}

bool ward_memory_store(struct ward_memory *memory, struct ward_sample *sample, uint16_t characteristic)
{
    struct ward_memory_record record = {.sequence = memory->next_sequence};

    sample->sequence = memory->next_sequence;
    if (characteristic == WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT) {
        sample->present |= 1u << WARD_FIELD_STATUS;
        sample->value[WARD_FIELD_STATUS].mantissa |= FROM_STORAGE;
    }
    record.length = (uint8_t)ward_sample_encode(sample, characteristic, record.octets, sizeof(record.octets));
    if (record.length == 0)
        return false;
    if (characteristic == WARD_CHAR_GLUCOSE_MEASUREMENT)
        record.context_length =
            (uint8_t)ward_sample_encode_context(sample, record.context, sizeof(record.context));
    if (memory->count == WARD_MEMORY_RECORDS_MAX)
        ward_memory_drop_oldest(memory);
    memory->records[memory->count++] = record;
    memory->next_sequence++;
    return true;
}

void ward_memory_drop_oldest(struct ward_memory *memory)
{
    if (memory->count == 0)
        return;
    memory->count--;
    memory->dropped++;
    for (size_t i = 0; i < memory->count; i++)
        memory->records[i] = memory->records[i + 1];
}

size_t ward_memory_count(const struct ward_memory *memory, struct ward_memory_range range)
{
    size_t count = 0;

    for (size_t i = 0; i < memory->count; i++)
        count += in_range(&memory->records[i], range);
    return count;
}

const struct ward_memory_record *ward_memory_next(const struct ward_memory *memory,
                                                  struct ward_memory_range range, uint32_t *place)
{
    size_t i = *place > memory->dropped ? *place - memory->dropped : 0;

    while (i < memory->count && !in_range(&memory->records[i], range))
        i++;
    if (i >= memory->count)
        return NULL;
    *place = memory->dropped + (uint32_t)i + 1;
    return &memory->records[i];
}

size_t ward_memory_delete(struct ward_memory *memory, struct ward_memory_range range)
{
    size_t kept = 0, before = memory->count;

    for (size_t i = 0; i < before; i++)
        if (!in_range(&memory->records[i], range))
            memory->records[kept++] = memory->records[i];
    memory->count = (uint16_t)kept;
    return before - kept;
}
