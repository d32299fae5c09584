/* SPDX-License-Identifier: Apache-2.0 */
#include "app/recollection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "app/gateway.h"
#include "core/reading.h"

#define PREFIX   "device-"
#define TEXT_MAX 200

/* "record 17, clock DEVICE_MS UTC_MS UNCERTAINTY_MS"; a dash for what is not known. A boot's time means nothing later. */
static void write_text(const struct ward_recollection *recollection, char text[TEXT_MAX])
{
    const struct ward_device_clock_pair *clock = &recollection->clock;
    char record[8] = "-";

    if (recollection->has_record)
        snprintf(record, sizeof(record), "%u", (unsigned)recollection->last_record);
    if (ward_device_clock_is_pair(clock) && clock->at.utc_ms != WARD_UTC_UNKNOWN)
        snprintf(text, TEXT_MAX, "record %s, clock %" PRId64 " %" PRId64 " %" PRIu32, record,
                 clock->device_ms, clock->at.utc_ms, clock->uncertainty_ms);
    else
        snprintf(text, TEXT_MAX, "record %s, clock -", record);
}

/* Reads a number up to a blank, a comma or the end, and steps behind what follows it. False: there is none. */
static bool read_number(const char **at, int64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(*at, &end, 10);
    if (end == *at || errno != 0 || (*end != '\0' && *end != ' ' && *end != ','))
        return false;
    *at = end + strspn(end, ", ");
    return true;
}

static bool skip(const char **at, const char *word)
{
    const size_t length = strlen(word);
    const bool there = strncmp(*at, word, length) == 0;

    *at += there ? length : 0;
    return there;
}

/* Returns false, with ret unspecified, for what write_text does not write. */
static bool read_text(const char *at, struct ward_recollection *ret)
{
    int64_t record = 0, uncertainty_ms = 0;

    ret->clock = ward_device_clock_no_pair();
    if (!skip(&at, "record "))
        return false;
    ret->has_record = !skip(&at, "-, ");
    if (ret->has_record && (!read_number(&at, &record) || record < 0 || record > UINT16_MAX))
        return false;
    ret->last_record = (uint16_t)record;
    if (!skip(&at, "clock "))
        return false;
    if (strcmp(at, "-") == 0)
        return true;
    if (!read_number(&at, &ret->clock.device_ms) || !read_number(&at, &ret->clock.at.utc_ms) ||
        !read_number(&at, &uncertainty_ms) || uncertainty_ms < 0 || uncertainty_ms > UINT32_MAX ||
        *at != '\0')
        return false;
    ret->clock.uncertainty_ms = (uint32_t)uncertainty_ms;
    return true;
}

static struct ward_recollection *find(const struct ward_recollections *all, const char *device)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->list[i].device.text, device) == 0)
            return &all->list[i];
    return NULL;
}

static void put(struct ward_recollections *all, const struct ward_recollection *recollection)
{
    struct ward_recollection *place = find(all, recollection->device.text);

    if (!place) {
        struct ward_recollection *list = reallocarray(all->list, all->count + 1, sizeof(*list));

        if (!list) {
            sd_journal_print(LOG_ERR, "%s: out of memory: its records will be asked for again",
                             recollection->device.text);
            return;
        }
        all->list = list;
        place = &list[all->count++];
    }
    *place = *recollection;
}

static void submit(struct ward_gateway *gateway, const char *device, const char *text)
{
    struct ward_store_change change = {.kind = WARD_STORE_SETTING, .document = text};
    struct ward_store_group group = {.changes = &change, .change_count = 1};

    if (snprintf(change.name.text, sizeof(change.name.text), PREFIX "%s", device) <
        (int)sizeof(change.name.text))
        (void)ward_gateway_submit(gateway, &group, NULL);
}

struct ward_recollection ward_recollection_of(const struct ward_gateway *gateway, const char *device)
{
    const struct ward_recollection *known = find(&gateway->recollections, device);
    struct ward_recollection fresh = {.clock = ward_device_clock_no_pair()};

    (void)ward_id_set(&fresh.device, device);
    return known ? *known : fresh;
}

void ward_recollection_keep(struct ward_gateway *gateway, const struct ward_recollection *recollection)
{
    const struct ward_recollection before = ward_recollection_of(gateway, recollection->device.text);
    char old[TEXT_MAX], text[TEXT_MAX];

    write_text(&before, old);
    write_text(recollection, text);
    put(&gateway->recollections, recollection);
    if (strcmp(old, text) != 0)
        submit(gateway, recollection->device.text, text);
}

void ward_recollection_drop(struct ward_gateway *gateway, const char *device)
{
    struct ward_recollections *all = &gateway->recollections;
    struct ward_recollection *known = find(all, device);

    if (!known)
        return;
    *known = all->list[--all->count];
    submit(gateway, device, NULL);
}

void ward_recollection_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    struct ward_recollection recollection = {0};

    if (row->kind != WARD_STORE_SETTING || strncmp(row->name.text, PREFIX, strlen(PREFIX)) != 0 ||
        !ward_id_set(&recollection.device, row->name.text + strlen(PREFIX)))
        return;
    if (read_text(row->document, &recollection))
        put(&gateway->recollections, &recollection);
    else
        sd_journal_print(LOG_WARNING, "The setting %s cannot be read: its records will be asked for again",
                         row->name.text);
}

void ward_recollection_submit_again(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->recollections.count; i++) {
        char text[TEXT_MAX];

        write_text(&gateway->recollections.list[i], text);
        submit(gateway, gateway->recollections.list[i].device.text, text);
    }
}

void ward_recollection_done(struct ward_recollections *recollections)
{
    free(recollections->list);
    *recollections = (struct ward_recollections){0};
}
