/* SPDX-License-Identifier: Apache-2.0 */
#include "app/recollection.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "core/reading.h"
#include "io/journal.h"

#define PREFIX "device-"

/* --- as text ------------------------------------------------------------------------------------------------- */

/* Room for the longest. */
struct text {
    char text[400];
    size_t length;
};

static void append(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->text + text->length, sizeof(text->text) - text->length, format, arguments);
    va_end(arguments);
    text->length += length > 0 ? (size_t)length : 0;
}

/*
 * "record 17, clock DEVICE_MS UTC_MS UNCERTAINTY_MS, digest HEX, offset MS AT_MS, drift PPM, from DEVICE_MS UTC_MS
 * UNCERTAINTY_MS, firmware TEXT". The first two are always there, with a dash for what is not known, the others when they
 * are known. A boot's time means nothing later.
 */
static void write_pair(struct text *text, const char *name, const struct ward_device_clock_pair *pair)
{
    append(text, "%s %" PRId64 " %" PRId64 " %" PRIu32, name, pair->device_ms, pair->at.utc_ms,
           pair->uncertainty_ms);
}

static bool is_lasting(const struct ward_device_clock_pair *pair)
{
    return ward_device_clock_is_pair(pair) && pair->at.utc_ms != WARD_UTC_UNKNOWN;
}

static void write_text(const struct ward_recollection *recollection, struct text *text)
{
    const struct ward_device_clock_habit *habit = &recollection->habit;

    text->length = 0;
    if (recollection->has_record)
        append(text, "record %u, ", (unsigned)recollection->last_record);
    else
        append(text, "record -, ");
    if (is_lasting(&recollection->clock))
        write_pair(text, "clock", &recollection->clock);
    else
        append(text, "clock -");
    if (recollection->has_record && recollection->last_digest != 0)
        append(text, ", digest %016" PRIx64, recollection->last_digest);
    if (habit->has_offset)
        append(text, ", offset %" PRId64 " %" PRId64, habit->offset_ms, habit->looked_at_ms);
    if (habit->has_drift)
        append(text, ", drift %" PRId32, habit->drift_ppm);
    if (is_lasting(&habit->from))
        write_pair(text, ", from", &habit->from);
    if (recollection->firmware[0])
        append(text, ", firmware %s", recollection->firmware);
}

/* --- and read ------------------------------------------------------------------------------------------------ */

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

/* Steps behind the dash of what is not known. False: there is none; before a digit it is a sign. */
static bool read_dash(const char **at)
{
    if ((*at)[0] != '-' || isdigit((unsigned char)(*at)[1]))
        return false;
    *at += 1 + strspn(*at + 1, ", ");
    return true;
}

static bool read_pair(const char **at, struct ward_device_clock_pair *ret)
{
    int64_t uncertainty_ms;

    *ret = ward_device_clock_no_pair();
    if (!read_number(at, &ret->device_ms) || !read_number(at, &ret->at.utc_ms) ||
        !read_number(at, &uncertainty_ms) || uncertainty_ms < 0 || uncertainty_ms > UINT32_MAX)
        return false;
    ret->uncertainty_ms = (uint32_t)uncertainty_ms;
    return true;
}

static bool read_drift(const char **at, int32_t *ret)
{
    int64_t ppm;

    if (!read_number(at, &ppm) || ppm < INT32_MIN || ppm > INT32_MAX)
        return false;
    *ret = (int32_t)ppm;
    return true;
}

/* As it is written: sixteen small digits, and not 0. */
static bool read_digest(const char **at, uint64_t *ret)
{
    const size_t length = strspn(*at, "0123456789abcdef");

    *ret = strtoull(*at, NULL, 16);
    *at += length;
    if (length != 16 || *ret == 0 || (**at != '\0' && **at != ','))
        return false;
    *at += strspn(*at, ", ");
    return true;
}

/* What may follow behind record and clock. */
static bool read_rest(const char *at, struct ward_recollection *ret)
{
    struct ward_device_clock_habit *habit = &ret->habit;

    if (skip(&at, "digest ") && (!ret->has_record || !read_digest(&at, &ret->last_digest)))
        return false;
    if (skip(&at, "offset ")) {
        habit->has_offset = true;
        if (!read_number(&at, &habit->offset_ms) || !read_number(&at, &habit->looked_at_ms))
            return false;
    }
    if (skip(&at, "drift ")) {
        habit->has_drift = true;
        if (!read_drift(&at, &habit->drift_ppm))
            return false;
    }
    if (skip(&at, "from ") && !read_pair(&at, &habit->from))
        return false;
    if (!skip(&at, "firmware "))
        return *at == '\0';
    return snprintf(ret->firmware, sizeof(ret->firmware), "%s", at) < (int)sizeof(ret->firmware);
}

/* Returns false, with all but the device unspecified, for what write_text does not write. */
static bool read_text(const char *at, struct ward_recollection *ret)
{
    int64_t record = 0;

    ret->clock = ward_device_clock_no_pair();
    ret->habit = ward_device_clock_no_habit();
    if (!skip(&at, "record "))
        return false;
    ret->has_record = !read_dash(&at);
    if (ret->has_record && (!read_number(&at, &record) || record < 0 || record > UINT16_MAX))
        return false;
    ret->last_record = (uint16_t)record;
    if (!skip(&at, "clock "))
        return false;
    if (!read_dash(&at) && !read_pair(&at, &ret->clock))
        return false;
    return read_rest(at, ret);
}

/* --- all of them --------------------------------------------------------------------------------------------- */

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
            ward_journal_print(LOG_ERR, "%s: out of memory: its records will be asked for again",
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
    struct ward_recollection fresh = {.clock = ward_device_clock_no_pair(),
                                      .habit = ward_device_clock_no_habit()};

    (void)ward_id_set(&fresh.device, device);
    return known ? *known : fresh;
}

const char *ward_recollection_firmware(const struct ward_gateway *gateway, const char *device)
{
    const struct ward_recollection *known = find(&gateway->recollections, device);

    return known ? known->firmware : "";
}

void ward_recollection_keep(struct ward_gateway *gateway, const struct ward_recollection *recollection)
{
    const struct ward_recollection before = ward_recollection_of(gateway, recollection->device.text);
    struct text old, text;

    write_text(&before, &old);
    write_text(recollection, &text);
    put(&gateway->recollections, recollection);
    if (strcmp(before.firmware, recollection->firmware) != 0)
        gateway->recollections.generation++;
    if (strcmp(old.text, text.text) != 0)
        submit(gateway, recollection->device.text, text.text);
}

void ward_recollection_drop(struct ward_gateway *gateway, const char *device)
{
    struct ward_recollections *all = &gateway->recollections;
    struct ward_recollection *known = find(all, device);

    if (!known)
        return;
    *known = all->list[--all->count];
    all->generation++;
    submit(gateway, device, NULL);
}

void ward_recollection_restore(struct ward_gateway *gateway, const struct ward_store_change *row)
{
    struct ward_recollection recollection = {0};

    if (row->kind != WARD_STORE_SETTING || strncmp(row->name.text, PREFIX, strlen(PREFIX)) != 0 ||
        !ward_id_set(&recollection.device, row->name.text + strlen(PREFIX)))
        return;
    gateway->recollections.generation++;
    if (read_text(row->document, &recollection))
        put(&gateway->recollections, &recollection);
    else
        ward_journal_print(LOG_WARNING, "The setting %s cannot be read: its records will be asked for again",
                           row->name.text);
}

void ward_recollection_submit_again(struct ward_gateway *gateway)
{
    for (size_t i = 0; i < gateway->recollections.count; i++) {
        struct text text;

        write_text(&gateway->recollections.list[i], &text);
        submit(gateway, gateway->recollections.list[i].device.text, text.text);
    }
}

void ward_recollection_done(struct ward_recollections *recollections)
{
    free(recollections->list);
    *recollections = (struct ward_recollections){0};
}
