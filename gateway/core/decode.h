/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a characteristic in, meaning out. Nothing here knows where the bytes came from.
 *
 * The rules for every characteristic:
 *   - A frame too short for its flags is `truncated`: no value of it is used, and nothing is read past its
 *     end.
 *   - Octets after the last field are tolerated and counted; reserved flag and status bits are ignored.
 *   - Values keep the exact decimal that was sent, converted only where the unit of their quantity asks for
 *     it.
 *   - NaN, NRes, reserved and the infinities come out as specials, never as numbers.
 *
 * ward_decode() says what was sent, ward_validate() (core/validate.h) says what it is worth.
 */
#ifndef WARD_CORE_DECODE_H
#define WARD_CORE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/decode_detail.h"
#include "ward/gatt.h"
#include "ward/quantity.h"
#include "ward/reading.h"

enum ward_decode_outcome {
    WARD_DECODE_OK,
    WARD_DECODE_TRUNCATED, /* too short for what its flags promise */
    WARD_DECODE_RESERVED,  /* a value that the specification keeps for the future, where no other is known */
    WARD_DECODE_UNKNOWN,   /* a characteristic that has no decoder here */
    WARD_DECODE_INVALID,   /* against the specification: longer than a value can be, text that is not UTF-8 */
};

/* HRS 1.0 §3.1.1.1.2: the contact bit means something only where contact detection is supported. */
enum ward_contact {
    WARD_CONTACT_NOT_SAID,
    WARD_CONTACT_LOST,
    WARD_CONTACT_MADE,
};

#define WARD_DECODE_ERROR_MAX 119
#define WARD_RR_MAX           ((WARD_GATT_VALUE_MAX - 2) / 2)
#define WARD_USER_UNKNOWN     255 /* BLS 1.1.1, User ID */

struct ward_decoded {
    uint16_t characteristic;
    uint8_t outcome; /* enum ward_decode_outcome; the rest but `error` is empty unless OK */
    char error[WARD_DECODE_ERROR_MAX + 1]; /* what is wrong and where; "" when OK */

    bool is_measurement; /* it carries values: kind, quality and reasons mean something (also when not OK) */
    uint8_t kind;        /* enum ward_record_kind */
    uint8_t quality;     /* enum ward_quality: WARD_INVALID until validated */
    uint32_t reasons;    /* set of enum ward_reason */
    uint8_t value_count;
    struct ward_value values[WARD_READING_VALUES_MAX];

    bool has_status;   /* the characteristic has status fields at all */
    uint64_t statuses; /* set of enum ward_status */

    struct ward_device_time device_time; /* year 0: not known, or not a date that exists */
    bool device_time_is_wrong;           /* a time stamp was sent and is not a date that exists */

    bool has_contact;
    uint8_t contact; /* enum ward_contact */
    bool has_user;
    uint8_t user;     /* slot of a shared device, WARD_USER_UNKNOWN */
    bool has_battery; /* beside the measurement: it is no value of the patient's */
    uint8_t battery_percent;
    bool has_energy;
    uint16_t energy_kj;
    bool has_rr; /* the flag was set; there may be none nevertheless */
    uint16_t rr_count;
    uint16_t rr_1024[WARD_RR_MAX]; /* RR intervals, oldest first, in 1/1024 s: see ward_rr_ms() */

    uint32_t features; /* feature bits of 2A49, 2A51, 2A60 and 2A9E as sent */
    union ward_decoded_detail detail;
    uint16_t trailing_octets; /* after the last field */
};

/*
 * Decodes length octets that a device sent for the characteristic, or one whole frame of a vendor's own
 * protocol for its number (enum ward_vendor_number). Always fills ret as a whole. octets may be NULL when
 * length is 0.
 */
void ward_decode(uint16_t characteristic, const uint8_t *octets, size_t length, struct ward_decoded *ret);

/* Whether the characteristic has a decoder, and whether what it carries is a measurement. */
bool ward_decode_is_known(uint16_t characteristic);
bool ward_decode_is_measurement(uint16_t characteristic);

/*
 * Fills what the frame says into a reading: kind, quality, reasons, values, device time, characteristic, raw
 * octets. The rest of the reading (who, when, over what) stays as it is. A frame that could not be decoded
 * gives a reading with its raw octets, no values, WARD_INVALID and WARD_REASON_UNDECODABLE. decoded must have
 * been validated.
 */
void ward_decoded_fill_reading(const struct ward_decoded *decoded, const uint8_t *octets, size_t length,
                               struct ward_reading *reading);

/* The outcome's name, static: "ok", "truncated"; NULL for a number that is none. */
const char *ward_decode_outcome_name(uint8_t outcome);

/* An RR interval in milliseconds, exactly: n / 1024 s. */
struct ward_decimal ward_rr_ms(uint16_t rr_1024);

#endif
