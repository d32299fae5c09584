/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a device is: its Device Information Service (DIS 1.1), read one characteristic after the other, serial number
 * and system id first, because a cuff may leave at any moment.
 *
 * bluetoothd shows characteristics after it has said that the services are resolved, at times: one that is not there
 * may be one that is not there yet. So what has to be told is waited for, for IDENTITY_US:
 *
 *   of an enrolled device      each of serial number and system id that it told when it was enrolled
 *   … that told neither, or    either of the two
 *     one that is enrolled
 */
#include "io/bluez_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint16_t wanted[] = {
    WARD_CHAR_SERIAL_NUMBER, WARD_CHAR_SYSTEM_ID,         WARD_CHAR_MANUFACTURER_NAME,
    WARD_CHAR_MODEL_NUMBER,  WARD_CHAR_FIRMWARE_REVISION,
};
#define WANTED_COUNT (sizeof wanted / sizeof wanted[0])
#define NEEDED_COUNT 2 /* a device that leaves after these is known */
#define IDENTITY_US  (3 * UINT64_C(1000000))

struct ward_bluez_reader {
    struct ward_bluez_reader *next;
    struct ward_bluez *bluez;
    char path[WARD_BLUEZ_PATH_SIZE]; /* of the device */
    bool asked[WANTED_COUNT];
    size_t at;    /* in wanted: what is being asked for; WANTED_COUNT: nothing */
    bool expects; /* `expected` is what has to be told; else anything */
    bool expected[NEEDED_COUNT];
    sd_event_source *timer; /* NULL: what is not there now is waited for no longer */
    struct ward_bluez_identity identity;
    bool left; /* its connection has ended */
    void (*done)(struct ward_bluez *bluez, const char *path, const struct ward_bluez_identity *identity,
                 bool left);
};

/* Texts without a terminator; some devices send one, or pad with blanks. */
static void set_text(char into[static WARD_BLUEZ_TEXT_SIZE], const uint8_t *octets, size_t length)
{
    while (length > 0 && (octets[length - 1] == '\0' || octets[length - 1] == ' '))
        length--;
    if (length > WARD_BLUEZ_TEXT_SIZE - 1)
        length = WARD_BLUEZ_TEXT_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        into[i] = octets[i] >= 0x20 && octets[i] < 0x7F ? (char)octets[i] : '?';
    into[length] = '\0';
}

void ward_bluez_identity_set(struct ward_bluez_identity *identity, uint16_t characteristic,
                             const uint8_t *octets, size_t length)
{
    switch (characteristic) {
    case WARD_CHAR_SERIAL_NUMBER: set_text(identity->serial_number, octets, length); break;
    case WARD_CHAR_MANUFACTURER_NAME: set_text(identity->manufacturer, octets, length); break;
    case WARD_CHAR_MODEL_NUMBER: set_text(identity->model, octets, length); break;
    case WARD_CHAR_FIRMWARE_REVISION: set_text(identity->firmware, octets, length); break;
    case WARD_CHAR_SYSTEM_ID:
        if (length == 8) /* DIS 1.1 §3.9: 40 bits of the manufacturer's and 24 of its organisation */
            for (size_t i = 0; i < length; i++)
                snprintf(identity->system_id + 2 * i, 3, "%02x", octets[i]);
        break;
    }
}

bool ward_bluez_identity_is_told(const struct ward_bluez_identity *identity)
{
    return identity->serial_number[0] || identity->system_id[0];
}

bool ward_bluez_identity_lacks(const struct ward_bluez_identity *told,
                               const struct ward_bluez_identity *known)
{
    const bool serial_agrees = strcmp(told->serial_number, known->serial_number) == 0;
    const bool system_agrees = strcmp(told->system_id, known->system_id) == 0;
    return (serial_agrees || !told->serial_number[0]) && (system_agrees || !told->system_id[0]) &&
           !(serial_agrees && system_agrees);
}

bool ward_bluez_identity_equal(const struct ward_bluez_identity *one, const struct ward_bluez_identity *other)
{
    return strcmp(one->serial_number, other->serial_number) == 0 &&
           strcmp(one->system_id, other->system_id) == 0;
}

static void finish(struct ward_bluez *bluez, struct ward_bluez_reader *reader, bool known)
{
    for (struct ward_bluez_reader **at = &bluez->readers; *at; at = &(*at)->next)
        if (*at == reader) {
            *at = reader->next;
            break;
        }
    sd_event_source_disable_unref(reader->timer);
    reader->done(bluez, reader->path, known ? &reader->identity : NULL, reader->left);
    free(reader);
}

static void on_read(struct ward_bluez *bluez, const char *path, sd_bus_message *reply);

static const struct ward_bluez_mirror_characteristic *find(const struct ward_bluez *bluez,
                                                           const struct ward_bluez_reader *reader,
                                                           uint16_t uuid)
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, reader->path);
    const struct ward_bluez_mirror_characteristic *at = device ? device->characteristics : NULL;
    while (at && at->short_uuid != uuid)
        at = at->next;
    return at;
}

/* Asks for the first characteristic that the device shows and was not asked for. Returns false when there is none. */
static bool ask(struct ward_bluez *bluez, struct ward_bluez_reader *reader, size_t count)
{
    for (reader->at = 0; reader->at < count; reader->at++) {
        const struct ward_bluez_mirror_characteristic *characteristic =
            reader->asked[reader->at] ? NULL : find(bluez, reader, wanted[reader->at]);
        if (!characteristic)
            continue;
        struct ward_bluez_request request = {
            characteristic->path, WARD_BLUEZ_CHARACTERISTIC, "ReadValue", 0, on_read, NULL};
        reader->asked[reader->at] = true;
        if (ward_bluez_call(bluez, &request, "a{sv}", 0) >= 0)
            return true;
    }
    reader->at = WANTED_COUNT;
    return false;
}

/* Whether all that has to be told was asked for. */
static bool is_complete(const struct ward_bluez_reader *reader)
{
    if (!reader->expects)
        return reader->asked[0] || reader->asked[1];
    return (reader->asked[0] || !reader->expected[0]) && (reader->asked[1] || !reader->expected[1]);
}

/* Before it is known who it is nothing else is asked. */
static void go_on(struct ward_bluez *bluez, struct ward_bluez_reader *reader)
{
    if (ask(bluez, reader, NEEDED_COUNT))
        return;
    if (!is_complete(reader) && reader->timer)
        return; /* what is missing may come */
    if ((reader->expects && !is_complete(reader)) || !ask(bluez, reader, WANTED_COUNT))
        finish(bluez, reader, true); /* what it does not show it does not have */
}

static int on_waited(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct ward_bluez_reader *reader = userdata;
    (void)source;
    (void)usec;
    reader->timer = sd_event_source_disable_unref(reader->timer);
    if (reader->at == WANTED_COUNT)
        go_on(reader->bluez, reader);
    return 0;
}

static void on_read(struct ward_bluez *bluez, const char *path, sd_bus_message *reply)
{
    struct ward_bluez_reader *reader = bluez->readers;
    size_t length;
    const void *octets;
    while (reader && strncmp(path, reader->path, strlen(reader->path)) != 0)
        reader = reader->next;
    if (!reader)
        return;
    if (!ward_bluez_error_of(reply) && sd_bus_message_read_array(reply, 'y', &octets, &length) >= 0) {
        ward_bluez_identity_set(&reader->identity, wanted[reader->at], octets, length);
    } else if (reader->at < NEEDED_COUNT) {
        finish(bluez, reader, false); /* "could not be read" must not look like "has none" */
        return;
    }
    go_on(bluez, reader);
}

static struct ward_bluez_reader *reader_of(const struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_reader *reader = bluez->readers;
    while (reader && strcmp(path, reader->path) != 0)
        reader = reader->next;
    return reader;
}

void ward_bluez_identity_shown(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device)
{
    struct ward_bluez_reader *reader = reader_of(bluez, device->path);
    if (reader && reader->at == WANTED_COUNT)
        go_on(bluez, reader);
}

void ward_bluez_identity_cancel(struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_reader *reader = reader_of(bluez, path);
    if (!reader)
        return;
    ward_bluez_calls_cancel(bluez, path, on_read);
    reader->left = true;
    finish(bluez, reader, reader->at >= NEEDED_COUNT && is_complete(reader));
}

int ward_bluez_identity_read(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                             const struct ward_bluez_identity *expected,
                             void (*done)(struct ward_bluez *bluez, const char *path,
                                          const struct ward_bluez_identity *identity, bool left))
{
    if (reader_of(bluez, device->path))
        return -EBUSY;
    struct ward_bluez_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return -ENOMEM;
    int r = sd_event_add_time_relative(bluez->event, &reader->timer, CLOCK_BOOTTIME, IDENTITY_US, 0,
                                       on_waited, reader);
    if (r < 0) {
        free(reader);
        return r;
    }
    strcpy(reader->path, device->path);
    reader->bluez = bluez;
    reader->expects = expected && ward_bluez_identity_is_told(expected);
    reader->expected[0] = expected && expected->serial_number[0];
    reader->expected[1] = expected && expected->system_id[0];
    reader->done = done;
    reader->next = bluez->readers;
    bluez->readers = reader;
    go_on(bluez, reader);
    return 0;
}

void ward_bluez_identity_drop(struct ward_bluez *bluez)
{
    while (bluez->readers) {
        struct ward_bluez_reader *reader = bluez->readers;
        bluez->readers = reader->next;
        sd_event_source_disable_unref(reader->timer);
        free(reader);
    }
}
