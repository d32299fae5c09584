/* SPDX-License-Identifier: Apache-2.0 */
#include "app/known.h"

#include <stdlib.h>
#include <string.h>

#include "core/reading.h"

/* keys[number % WARD_STORE_KNOWN_MAX] is the key of that number; the numbers end before next. */
struct ward_known_device {
    struct ward_id device;
    uint64_t next;
    size_t count, capacity;
    uint8_t (*keys)[WARD_STORE_KEY_OCTETS];
};

static struct ward_known_device *find(const struct ward_known *known, const char *device)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->devices[i]->device.text, device) == 0)
            return known->devices[i];
    return NULL;
}

static struct ward_known_device *find_or_make(struct ward_known *known, const char *device)
{
    struct ward_known_device *entry = find(known, device);

    if (entry || known->count == WARD_DEVICES_MAX)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (entry && !ward_id_set(&entry->device, device)) {
        free(entry);
        entry = NULL;
    }
    if (entry)
        known->devices[known->count++] = entry;
    return entry;
}

/* Memory grows with what a device has given, up to the bound. */
static bool make_room(struct ward_known_device *entry, size_t place)
{
    size_t capacity = entry->capacity ? entry->capacity : 16;
    uint8_t(*keys)[WARD_STORE_KEY_OCTETS];

    while (capacity <= place)
        capacity *= 2;
    if (capacity == entry->capacity)
        return true;
    keys = reallocarray(entry->keys, capacity, sizeof(keys[0]));
    if (!keys)
        return false;
    memset(keys + entry->capacity, 0, (capacity - entry->capacity) * sizeof(keys[0]));
    entry->keys = keys;
    entry->capacity = capacity;
    return true;
}

static bool put(struct ward_known_device *entry, uint64_t number, const uint8_t *key)
{
    const size_t place = number % WARD_STORE_KNOWN_MAX;

    if (!make_room(entry, place))
        return false;
    memcpy(entry->keys[place], key, sizeof(entry->keys[place]));
    entry->next = number + 1;
    entry->count = place < entry->count ? entry->count : place + 1;
    return true;
}

bool ward_known_restore(struct ward_known *known, const struct ward_store_known *stored)
{
    struct ward_known_device *entry = find_or_make(known, stored->device.text);

    return entry && put(entry, stored->number, stored->key);
}

bool ward_known_has(const struct ward_known *known, const char *device,
                    const uint8_t key[static WARD_STORE_KEY_OCTETS])
{
    const struct ward_known_device *entry = find(known, device);

    for (size_t i = 0; entry && i < entry->count; i++)
        if (memcmp(entry->keys[i], key, WARD_STORE_KEY_OCTETS) == 0)
            return true;
    return false;
}

bool ward_known_add(struct ward_known *known, const char *device,
                    const uint8_t key[static WARD_STORE_KEY_OCTETS], struct ward_store_known *ret)
{
    struct ward_known_device *entry = find_or_make(known, device);
    const uint64_t number = entry ? entry->next : 0;

    if (!entry || !put(entry, number, key))
        return false;
    ret->device = entry->device;
    ret->number = number;
    memcpy(ret->key, key, sizeof(ret->key));
    return true;
}

void ward_known_forget(struct ward_known *known, const struct ward_store_known *stored)
{
    struct ward_known_device *entry = find(known, stored->device.text);
    const size_t place = stored->number % WARD_STORE_KNOWN_MAX;

    if (entry && place < entry->count && memcmp(entry->keys[place], stored->key, sizeof(stored->key)) == 0)
        memset(entry->keys[place], 0, sizeof(entry->keys[place]));
}

bool ward_known_next(const struct ward_known *known, struct ward_known_position *position,
                     struct ward_store_known *ret)
{
    while (position->device < known->count) {
        const struct ward_known_device *entry = known->devices[position->device];
        const uint64_t first = entry->next > entry->count ? entry->next - entry->count : 0;

        if (position->index < entry->count) {
            ret->device = entry->device;
            ret->number = first + position->index++;
            memcpy(ret->key, entry->keys[ret->number % WARD_STORE_KNOWN_MAX], sizeof(ret->key));
            return true;
        }
        *position = (struct ward_known_position){position->device + 1, 0};
    }
    return false;
}

void ward_known_done(struct ward_known *known)
{
    while (known->count > 0) {
        struct ward_known_device *entry = known->devices[--known->count];

        free(entry->keys);
        free(entry);
    }
}
