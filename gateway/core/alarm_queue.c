/* SPDX-License-Identifier: Apache-2.0 */
#include "core/alarm_queue.h"

#include <string.h>

static uint64_t pause_us(uint32_t attempts)
{
    uint64_t pause = WARD_ALARM_RESEND_US;

    for (uint32_t i = 1; i < attempts && pause < WARD_ALARM_RESEND_MAX_US; i++) {
        pause *= 2;
    }
    return pause < WARD_ALARM_RESEND_MAX_US ? pause : WARD_ALARM_RESEND_MAX_US;
}

static struct ward_alarm_entry *entry_of(struct ward_alarm_queue *queue, struct ward_alarm_key key)
{
    for (size_t i = 0; i < queue->count; i++) {
        struct ward_alarm_entry *entry = &queue->entries[i];

        if (entry->key.n == key.n && memcmp(&entry->key.id, &key.id, sizeof(key.id)) == 0) {
            return entry;
        }
    }
    return NULL;
}

void ward_alarm_queue_init(struct ward_alarm_queue *queue, struct ward_alarm_entry *entries, size_t capacity)
{
    *queue = (struct ward_alarm_queue){.entries = entries, .capacity = capacity};
    /* All are written now: that more alarms wait than ever before is no moment to ask the kernel for pages. */
    memset(entries, 0, capacity * sizeof(*entries));
}

bool ward_alarm_queue_push(struct ward_alarm_queue *queue, struct ward_alarm_key key, void *payload,
                           uint64_t now_us)
{
    if (queue->count == queue->capacity || entry_of(queue, key)) {
        return false;
    }
    queue->entries[queue->count++] =
        (struct ward_alarm_entry){.key = key, .payload = payload, .queued_us = now_us};
    return true;
}

bool ward_alarm_queue_has(struct ward_alarm_queue *queue, struct ward_alarm_key key)
{
    return entry_of(queue, key) != NULL;
}

void *ward_alarm_queue_receipt(struct ward_alarm_queue *queue, struct ward_alarm_key key)
{
    struct ward_alarm_entry *entry = entry_of(queue, key);

    if (!entry) {
        return NULL;
    }
    void *payload = entry->payload;
    size_t behind = (size_t)(&queue->entries[queue->count] - entry) - 1;
    memmove(entry, entry + 1, behind * sizeof(*entry));
    queue->count--;
    return payload;
}

const struct ward_alarm_entry *ward_alarm_queue_next(struct ward_alarm_queue *queue, uint64_t now_us)
{
    struct ward_alarm_entry *next = NULL;

    for (size_t i = 0; i < queue->count; i++) {
        struct ward_alarm_entry *entry = &queue->entries[i];

        if (entry->attempts == 0) {
            next = entry;
            break;
        }
        if (!next && entry->due_us <= now_us) {
            next = entry;
        }
    }
    if (next) {
        next->first_sent_us = next->first_sent_us != 0 ? next->first_sent_us : now_us;
        next->attempts++;
        next->due_us = now_us + pause_us(next->attempts);
    }
    return next;
}

void ward_alarm_queue_put_back(struct ward_alarm_queue *queue, struct ward_alarm_key key)
{
    struct ward_alarm_entry *entry = entry_of(queue, key);

    if (entry) {
        entry->attempts = 0;
    }
}

void ward_alarm_queue_refused(struct ward_alarm_queue *queue, struct ward_alarm_key key, uint64_t now_us)
{
    struct ward_alarm_entry *entry = entry_of(queue, key);

    if (entry && entry->attempts > 0) {
        entry->due_us = now_us + pause_us(entry->attempts);
    }
}

void ward_alarm_queue_reset(struct ward_alarm_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++) {
        queue->entries[i].attempts = 0;
    }
}

uint64_t ward_alarm_queue_due_us(const struct ward_alarm_queue *queue)
{
    uint64_t due_us = UINT64_MAX;

    for (size_t i = 0; i < queue->count; i++) {
        const struct ward_alarm_entry *entry = &queue->entries[i];
        uint64_t entry_due_us = entry->attempts == 0 ? 0 : entry->due_us;

        due_us = entry_due_us < due_us ? entry_due_us : due_us;
    }
    return due_us;
}

bool ward_alarm_queue_oldest_us(const struct ward_alarm_queue *queue, uint64_t *ret_us)
{
    if (queue->count == 0) {
        return false;
    }
    *ret_us = queue->entries[0].queued_us;
    return true;
}
