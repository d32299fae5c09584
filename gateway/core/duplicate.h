/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a record that a device sends is one that it has sent before: after a reconnection, by its record access control
 * point, or because we crashed between hearing and committing.
 *
 *   a number and a base time (GLS 1.0.1 §3.1.1)    they name the record; a meter that does not know the date may begin
 *                                                  to count anew, so there the values belong to the name too
 *   a time stamp of the device                     the stamp, the user and the values name it. Status bits do not: the
 *                                                  same record says "from measurement storage" when it is read again
 *   the number of a stored record (2B36) alone     number, user and values name it, as of a meter that knows no date
 *   neither, or a stream                           it has no name and is never a duplicate: two equal values are
 *                                                  two measurements
 *
 * The plain and the enhanced form of a cuff's measurement have one name. A frame that could not be decoded has none. The name
 * begins with device and characteristic, so that names of two devices are never equal.
 *
 * Names and digests are kept, so their form never changes: all that a device has in its memory would be stored once more.
 */
#ifndef WARD_CORE_DUPLICATE_H
#define WARD_CORE_DUPLICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decode.h"

#define WARD_IDENTITY_MAX 256

struct ward_identity {
    uint16_t length;
    uint8_t octets[WARD_IDENTITY_MAX];
};

/*
 * Fills ret with the name. record: the number that the device keeps it under, NULL for none. Returns false, with ret
 * unchanged, for a measurement that has no name.
 */
bool ward_identity_of(const struct ward_decoded *decoded, const struct ward_id *device,
                      const uint16_t *record, struct ward_identity *ret);

/*
 * By what the record that a device keeps under a number is known from another that it keeps under the same number once its
 * numbers began anew. As the name, but for the device and for a time stamp: setting a device's clock may move the stamps
 * of what it has stored, except a glucose meter's base time (GLS 1.0.1 §3.1.1). Of what could not be decoded: the octets.
 * Never 0.
 */
uint64_t ward_record_digest(const struct ward_decoded *decoded, uint16_t record, const uint8_t *octets,
                            size_t length);

#endif
