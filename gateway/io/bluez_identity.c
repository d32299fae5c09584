/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a device is: its Device Information Service (DIS 1.1), read one characteristic after the other, serial number
 * and system id first, because a cuff may leave at any moment.
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

struct ward_bluez_reader {
    struct ward_bluez_reader *next;
    char path[WARD_BLUEZ_PATH_SIZE]; /* of the device */
    size_t at;                       /* in wanted */
    struct ward_bluez_identity identity;
    void (*done)(struct ward_bluez *bluez, const char *path, const struct ward_bluez_identity *identity);
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
    reader->done(bluez, reader->path, known ? &reader->identity : NULL);
    free(reader);
}

static void on_read(struct ward_bluez *bluez, const char *path, sd_bus_message *reply);

static const struct ward_bluez_mirror_characteristic *find(const struct ward_bluez *bluez,
                                                           const struct ward_bluez_reader *reader)
{
    const struct ward_bluez_mirror_device *device = ward_bluez_mirror_find(&bluez->mirror, reader->path);
    const struct ward_bluez_mirror_characteristic *at = device ? device->characteristics : NULL;
    while (at && at->short_uuid != wanted[reader->at])
        at = at->next;
    return at;
}

/* Asks for the next characteristic that the device has. Returns false when there is none left. */
static bool ask(struct ward_bluez *bluez, struct ward_bluez_reader *reader)
{
    for (; reader->at < WANTED_COUNT; reader->at++) {
        const struct ward_bluez_mirror_characteristic *characteristic = find(bluez, reader);
        if (!characteristic)
            continue;
        struct ward_bluez_request request = {
            characteristic->path, WARD_BLUEZ_CHARACTERISTIC, "ReadValue", 0, on_read, NULL};
        if (ward_bluez_call(bluez, &request, "a{sv}", 0) >= 0)
            return true;
    }
    return false;
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
    reader->at++;
    if (!ask(bluez, reader))
        finish(bluez, reader, true);
}

void ward_bluez_identity_cancel(struct ward_bluez *bluez, const char *path)
{
    struct ward_bluez_reader *reader = bluez->readers;
    while (reader && strcmp(path, reader->path) != 0)
        reader = reader->next;
    if (!reader)
        return;
    ward_bluez_calls_cancel(bluez, path, on_read);
    finish(bluez, reader, reader->at >= NEEDED_COUNT);
}

int ward_bluez_identity_read(struct ward_bluez *bluez, const struct ward_bluez_mirror_device *device,
                             void (*done)(struct ward_bluez *bluez, const char *path,
                                          const struct ward_bluez_identity *identity))
{
    for (const struct ward_bluez_reader *at = bluez->readers; at; at = at->next)
        if (strcmp(at->path, device->path) == 0)
            return -EBUSY;
    struct ward_bluez_reader *reader = calloc(1, sizeof *reader);
    if (!reader)
        return -ENOMEM;
    strcpy(reader->path, device->path);
    reader->done = done;
    reader->next = bluez->readers;
    bluez->readers = reader;
    if (!ask(bluez, reader))
        finish(bluez, reader, true); /* it has none of them, and so is nobody */
    return 0;
}

void ward_bluez_identity_drop(struct ward_bluez *bluez)
{
    while (bluez->readers) {
        struct ward_bluez_reader *reader = bluez->readers;
        bluez->readers = reader->next;
        free(reader);
    }
}
