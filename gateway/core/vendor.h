/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Oximeters that speak a protocol of their own: octets of notifications in, decoded frames out, and as data
 * what has to be written to them. Nothing here knows a connection or a clock.
 *
 * A driver is one row (struct ward_vendor_driver) and two pure functions in a file vendor_NAME.c; see
 * docs/adding-a-device.md. Its frames come out as struct ward_decoded, so that ward_validate() and all that
 * follows treat them like those of a standard characteristic:
 *   - no finger on the sensor is contact lost, and a value that the device marks as absent is NaN;
 *   - searching, weak signal, interference are statuses (core/status.h);
 *   - `characteristic` holds the driver's number, WARD_VENDOR_FIRST to WARD_VENDOR_LAST. Those are UUIDs of
 *     transport protocols in the Bluetooth Assigned Numbers and never name a characteristic.
 *
 * Two kinds of transport:
 *   - a stream: frames are put together again however notifications cut or join them. It is only for protocols
 *     whose frames show that they are whole: a checksum, or a bit that marks the first octet.
 *   - a datagram (is_datagram), for protocols without either: a frame begins where a notification begins and
 *     never goes on in the next one, because the head of one measurement and the tail of another would make a
 *     third that nobody took. One that is cut short is reported as truncated.
 *
 * What is no frame is skipped and counted (skipped_octets). A frame with a wrong checksum is reported as
 * invalid; the search goes on at its second octet, so that a true frame inside it is not lost.
 */
#ifndef WARD_CORE_VENDOR_H
#define WARD_CORE_VENDOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decode.h"

#define WARD_VENDOR_FRAME_MAX   64 /* octets; what announces more is no frame */
#define WARD_VENDOR_WRITE_MAX   8
#define WARD_VENDOR_ALIASES_MAX 8

/* Stands in readings where the number of a characteristic stands: part of the database format, append only. */
enum ward_vendor_number {
    WARD_VENDOR_NONIN = 0x0001,
    WARD_VENDOR_MASIMO = 0x0002,
    WARD_VENDOR_O2RING = 0x0003,
    WARD_VENDOR_PC60FW = 0x0004,
    WARD_VENDOR_JUMPER = 0x0005,
    WARD_VENDOR_BERRYMED = 0x0006,
    WARD_VENDOR_CONTEC = 0x0007,
    WARD_VENDOR_FIRST = WARD_VENDOR_NONIN,
    WARD_VENDOR_LAST = 0x001F,
};

/* What the octets from the first one on are. */
enum ward_vendor_found {
    WARD_VENDOR_NO_FRAME, /* no frame begins here */
    WARD_VENDOR_PART,     /* one may: more octets are needed */
    WARD_VENDOR_FRAME,    /* a whole one */
    WARD_VENDOR_BROKEN,   /* a whole one whose last octet is not its checksum */
};

struct ward_vendor_write {
    uint8_t length;
    uint8_t octets[WARD_VENDOR_WRITE_MAX];
};

struct ward_vendor_driver {
    uint16_t number;                              /* enum ward_vendor_number */
    const char *name;                             /* "nonin", as in `wardctl decode vendor:nonin` */
    const char *aliases[WARD_VENDOR_ALIASES_MAX]; /* other names: makers, models, kin; NULL for none */
    const char *label;                            /* for people */
    const char *service;                          /* UUIDs, 128 bits, lower case */
    const char *notify;
    const char *write; /* NULL: nothing is ever written */
    bool is_bonded;    /* it gives its values to bonded peers alone */
    bool is_datagram;
    uint16_t
        repeats; /* a measurement like the last one told is told again after so many; 0: always at once */

    /* Written once notifications are on, in this order. */
    const struct ward_vendor_write *start;
    size_t start_count;
    /* Written again and again from then on, when the interval is not 0: a request, or a sign of life. */
    struct ward_vendor_write again;
    uint32_t again_interval_ms;

    /*
     * Says what the length (at least 1) octets begin with. *ret_length is how long the frame is (at most
     * WARD_VENDOR_FRAME_MAX), 0 for a part whose length is not known yet; untouched without a frame.
     */
    enum ward_vendor_found (*find)(const uint8_t *octets, size_t length, size_t *ret_length);
    /* Fills in a whole frame. decoded is an empty continuous measurement; other frames say so. */
    void (*decode)(const uint8_t *frame, size_t length, struct ward_decoded *decoded);
};

/* The rows, static; *ret_count is how many. */
const struct ward_vendor_driver *const *ward_vendor_drivers(size_t *ret_count);

/*
 * The row of this name or alias, in any case and whatever stands between its letters and digits ("pc60fw" is
 * "PC-60FW"); of this number; or of the characteristic that it notifies by (128 bits, lower case). NULL for none.
 */
const struct ward_vendor_driver *ward_vendor_by_name(const char *name);
const struct ward_vendor_driver *ward_vendor_by_number(uint16_t number);
const struct ward_vendor_driver *ward_vendor_by_notify(const char *uuid);

/*
 * Decodes the one frame that the octets begin with; those after it are counted as trailing. Always fills ret
 * as a whole: truncated when the frame is not complete, invalid when none begins or its checksum is wrong.
 * A frame that is no measurement (a waveform, an acknowledgement) has is_measurement false and its kind as
 * detail.text. octets may be NULL when length is 0; there are no more than WARD_GATT_VALUE_MAX.
 */
void ward_vendor_decode(const struct ward_vendor_driver *driver, const uint8_t *octets, size_t length,
                        struct ward_decoded *ret);

/* What one connection has brought so far. Start anew with each connection. */
struct ward_vendor_stream {
    const struct ward_vendor_driver *driver;
    uint8_t octets[WARD_VENDOR_FRAME_MAX]; /* not yet a frame, and the frame told last */
    size_t length;
    size_t told_octets; /* of the frame told last, to be dropped */
    uint64_t skipped_octets;
    uint64_t repeated; /* measurements not told because the one before was the same */
    uint16_t repeats_left;
    uint64_t told_statuses;
    uint8_t told_contact;
    uint8_t told_count;
    struct ward_value told[WARD_READING_VALUES_MAX];
};

/* The octets of one notification that were not taken yet. */
struct ward_vendor_chunk {
    const uint8_t *octets; /* borrowed */
    size_t length;
};

struct ward_vendor_frame {
    struct ward_decoded decoded; /* not validated */
    const uint8_t *octets;       /* the frame, in the stream: until its next call */
    size_t length;
};

void ward_vendor_init(struct ward_vendor_stream *stream, const struct ward_vendor_driver *driver);

/*
 * Takes octets from the chunk until a frame is there. Returns false, with ret unspecified, when the chunk is
 * empty and no frame is complete; so one calls it for each notification until it returns false.
 */
bool ward_vendor_next(struct ward_vendor_stream *stream, struct ward_vendor_chunk *chunk,
                      struct ward_vendor_frame *ret);

#endif
