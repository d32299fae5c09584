/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The drivers' table, and the search for frames in what notifications bring.
 *
 *   what begins here     stream                          datagram
 *   no frame             skip one octet, look again      skip the rest of the notification: what is unknown
 *                                                        may hold anything, also what looks like a frame
 *   a part               wait for the next notification  tell it as truncated, forget it
 *   a whole frame        tell it, go on behind it        the same
 *   a broken frame       tell it, go on at its second    (there is no checksum)
 *                        octet
 *
 * The buffer holds the longest frame, so a part always has room to become whole.
 */
#include "core/vendor.h"

#include <ctype.h>
#include <string.h>

#include "core/vendor_part.h"

static const struct ward_vendor_driver *const drivers[] = {
    &ward_vendor_nonin,  &ward_vendor_masimo,   &ward_vendor_o2ring, &ward_vendor_pc60fw,
    &ward_vendor_jumper, &ward_vendor_berrymed, &ward_vendor_contec,
};

#define DRIVER_COUNT (sizeof(drivers) / sizeof(drivers[0]))

const struct ward_vendor_driver *const *ward_vendor_drivers(size_t *ret_count)
{
    *ret_count = DRIVER_COUNT;
    return drivers;
}

static bool is_of_a_name(char character)
{
    return isalnum((unsigned char)character) || character == '\0';
}

/* People write PC-60FW, pc60fw and pc_60fw: only letters and digits count. */
static bool is_same_name(const char *a, const char *b)
{
    for (;; a++, b++) {
        while (!is_of_a_name(*a))
            a++;
        while (!is_of_a_name(*b))
            b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
            return false;
        if (*a == '\0')
            return true;
    }
}

static bool has_name(const struct ward_vendor_driver *driver, const char *name)
{
    if (is_same_name(driver->name, name))
        return true;
    for (size_t i = 0; i < WARD_VENDOR_ALIASES_MAX; i++)
        if (driver->aliases[i] != NULL && is_same_name(driver->aliases[i], name))
            return true;
    return false;
}

const struct ward_vendor_driver *ward_vendor_by_name(const char *name)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (has_name(drivers[i], name))
            return drivers[i];
    return NULL;
}

const struct ward_vendor_driver *ward_vendor_by_number(uint16_t number)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (drivers[i]->number == number)
            return drivers[i];
    return NULL;
}

const struct ward_vendor_driver *ward_vendor_by_notify(const char *uuid)
{
    for (size_t i = 0; i < DRIVER_COUNT; i++)
        if (strcmp(drivers[i]->notify, uuid) == 0)
            return drivers[i];
    return NULL;
}

struct ward_decimal ward_vendor_value(unsigned raw, int8_t exponent, bool is_absent)
{
    if (is_absent)
        return (struct ward_decimal){.special = WARD_NAN};
    for (; exponent < 0 && raw % 10 == 0; exponent++)
        raw /= 10;
    return (struct ward_decimal){.mantissa = raw, .exponent = exponent};
}

void ward_vendor_contact(struct ward_decoded *decoded, bool is_made)
{
    decoded->has_contact = true;
    decoded->contact = is_made ? WARD_CONTACT_MADE : WARD_CONTACT_LOST;
}

void ward_vendor_other(struct ward_decoded *decoded, const char *kind)
{
    *decoded = (struct ward_decoded){.characteristic = decoded->characteristic};
    decoded->detail.text.octets = kind;
    decoded->detail.text.length = strlen(kind);
}

static void decode_found(const struct ward_vendor_driver *driver, enum ward_vendor_found found,
                         struct ward_vendor_chunk frame, struct ward_decoded *ret)
{
    static const char cut_short[] = "the octets end before the frame does";

    /* What is refused is still a measurement that did not come: its reading says undecodable. */
    *ret = (struct ward_decoded){.characteristic = driver->number,
                                 .is_measurement = true,
                                 .kind = WARD_READING_CONTINUOUS,
                                 .quality = WARD_INVALID};
    switch (found) {
    case WARD_VENDOR_FRAME: driver->decode(frame.octets, frame.length, ret); break;
    case WARD_VENDOR_BROKEN:
        ward_decoded_refuse(ret, WARD_DECODE_INVALID, "checksum", frame.octets[frame.length - 1],
                            frame.length - 1, "is not that of the frame");
        break;
    case WARD_VENDOR_PART:
        ret->outcome = WARD_DECODE_TRUNCATED;
        memcpy(ret->error, cut_short, sizeof(cut_short));
        break;
    case WARD_VENDOR_NO_FRAME:
        ward_decoded_refuse(ret, WARD_DECODE_INVALID, "octet", frame.octets[0], 0, "begins no frame");
        break;
    }
}

void ward_vendor_decode(const struct ward_vendor_driver *driver, const uint8_t *octets, size_t length,
                        struct ward_decoded *ret)
{
    enum ward_vendor_found found = WARD_VENDOR_PART;
    size_t frame_length = 0;

    if (length > 0)
        found = driver->find(octets, length, &frame_length);
    if (found == WARD_VENDOR_PART || found == WARD_VENDOR_NO_FRAME)
        frame_length = length;
    decode_found(driver, found, (struct ward_vendor_chunk){octets, frame_length}, ret);
    if (ret->outcome == WARD_DECODE_OK)
        ret->trailing_octets = (uint16_t)(length - frame_length);
}

void ward_vendor_init(struct ward_vendor_stream *stream, const struct ward_vendor_driver *driver)
{
    *stream = (struct ward_vendor_stream){.driver = driver};
}

static void drop(struct ward_vendor_stream *stream, size_t count)
{
    stream->length -= count;
    memmove(stream->octets, stream->octets + count, stream->length);
}

static void take(struct ward_vendor_stream *stream, struct ward_vendor_chunk *chunk)
{
    const size_t room = sizeof(stream->octets) - stream->length;
    const size_t count = chunk->length < room ? chunk->length : room;

    if (count == 0)
        return;
    memcpy(stream->octets + stream->length, chunk->octets, count);
    stream->length += count;
    chunk->octets += count;
    chunk->length -= count;
}

static void skip(struct ward_vendor_stream *stream, struct ward_vendor_chunk *chunk)
{
    if (stream->driver->is_datagram) {
        stream->skipped_octets += stream->length + chunk->length;
        stream->length = 0;
        chunk->length = 0;
    } else {
        stream->skipped_octets++;
        drop(stream, 1);
    }
}

static bool is_like_the_last(const struct ward_vendor_stream *stream, const struct ward_decoded *decoded)
{
    if (decoded->value_count != stream->told_count || decoded->statuses != stream->told_statuses ||
        decoded->contact != stream->told_contact)
        return false;
    for (unsigned i = 0; i < decoded->value_count; i++)
        if (decoded->values[i].number.mantissa != stream->told[i].number.mantissa ||
            decoded->values[i].number.special != stream->told[i].number.special)
            return false;
    return true;
}

/* Whether a whole frame only says again what was told; a device that sends 100 a second measures once. */
static bool is_repeat(struct ward_vendor_stream *stream, const struct ward_decoded *decoded)
{
    if (stream->driver->repeats == 0 || decoded->outcome != WARD_DECODE_OK || !decoded->is_measurement)
        return false;
    if (stream->repeats_left > 0 && is_like_the_last(stream, decoded)) {
        stream->repeats_left--;
        stream->repeated++;
        return true;
    }
    stream->repeats_left = (uint16_t)(stream->driver->repeats - 1);
    stream->told_statuses = decoded->statuses;
    stream->told_contact = decoded->contact;
    stream->told_count = decoded->value_count;
    memcpy(stream->told, decoded->values, sizeof(stream->told));
    return false;
}

bool ward_vendor_next(struct ward_vendor_stream *stream, struct ward_vendor_chunk *chunk,
                      struct ward_vendor_frame *ret)
{
    for (;;) {
        enum ward_vendor_found found;
        size_t length = 0;

        drop(stream, stream->told_octets);
        stream->told_octets = 0;
        take(stream, chunk);
        if (stream->length == 0)
            return false;
        found = stream->driver->find(stream->octets, stream->length, &length);
        if (found == WARD_VENDOR_NO_FRAME) {
            skip(stream, chunk);
            continue;
        }
        if (found == WARD_VENDOR_PART && !stream->driver->is_datagram)
            return false;
        if (found == WARD_VENDOR_PART)
            length = stream->length;
        decode_found(stream->driver, found, (struct ward_vendor_chunk){stream->octets, length},
                     &ret->decoded);
        ret->octets = stream->octets;
        ret->length = length;
        stream->told_octets = found == WARD_VENDOR_BROKEN ? 1 : length;
        if (!is_repeat(stream, &ret->decoded))
            return true;
    }
}
