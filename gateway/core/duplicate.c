/* SPDX-License-Identifier: Apache-2.0 */
#include "core/duplicate.h"

#include <string.h>

/* Device, characteristic, number, user, time and each value of the most that a reading has. */
_Static_assert(WARD_ID_MAX + 1 + 2 + 2 + 1 + 7 + 1 + 11 * WARD_READING_VALUES_MAX <= WARD_IDENTITY_MAX,
               "every name fits");

static void put(struct ward_identity *identity, uint64_t number, unsigned octets)
{
    for (unsigned i = 0; i < octets; i++)
        identity->octets[identity->length++] = (uint8_t)(number >> (8 * i));
}

static void put_time(struct ward_identity *identity, const struct ward_device_time *time)
{
    put(identity, time->year, 2);
    put(identity, time->month, 1);
    put(identity, time->day, 1);
    put(identity, time->hour, 1);
    put(identity, time->minute, 1);
    put(identity, time->second, 1);
}

static void put_values(struct ward_identity *identity, const struct ward_decoded *decoded)
{
    put(identity, decoded->value_count, 1);
    for (unsigned i = 0; i < decoded->value_count; i++) {
        const struct ward_value *value = &decoded->values[i];

        put(identity, value->quantity, 1);
        put(identity, value->number.special, 1);
        put(identity, (uint8_t)value->number.exponent, 1);
        put(identity, (uint64_t)value->number.mantissa, 8);
    }
}

/* A cuff may tell one measurement in the plain and in the enhanced form, one of them when its memory is read. */
static uint16_t plain_form(uint16_t characteristic)
{
    switch (characteristic) {
    case WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT: return WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT;
    case WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE: return WARD_CHAR_INTERMEDIATE_CUFF_PRESSURE;
    }
    return characteristic;
}

static bool is_known(const struct ward_device_time *time)
{
    return time->present && time->year != 0;
}

bool ward_identity_of(const struct ward_decoded *decoded, const struct ward_id *device,
                      const uint16_t *record, struct ward_identity *ret)
{
    const bool numbered = decoded->characteristic == WARD_CHAR_GLUCOSE_MEASUREMENT;
    const struct ward_glucose_detail *glucose = &decoded->detail.glucose;
    const struct ward_device_time *time = numbered ? &glucose->base_time : &decoded->device_time;
    struct ward_identity identity = {0};

    if (decoded->outcome != WARD_DECODE_OK || !decoded->is_measurement ||
        decoded->kind == WARD_READING_CONTINUOUS || (!numbered && !is_known(time) && record == NULL))
        return false;
    memcpy(identity.octets, device->text, strlen(device->text) + 1);
    identity.length = (uint16_t)(strlen(device->text) + 1);
    put(&identity, plain_form(decoded->characteristic), 2);
    put_time(&identity, time);
    if (numbered)
        put(&identity, glucose->sequence_number, 2);
    else if (!is_known(time))
        put(&identity, *record, 2);
    if (numbered && is_known(time)) {
        *ret = identity;
        return true;
    }
    put(&identity, decoded->has_user ? decoded->user : WARD_USER_UNKNOWN, 1);
    put_values(&identity, decoded);
    *ret = identity;
    return true;
}

/* FNV-1a: between two records of one number nobody has to be kept from making equal ones. */
static uint64_t digest_octets(const uint8_t *octets, size_t length)
{
    uint64_t digest = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < length; i++)
        digest = (digest ^ octets[i]) * UINT64_C(0x100000001B3);
    return digest != 0 ? digest : 1;
}

uint64_t ward_record_digest(const struct ward_decoded *decoded, uint16_t record, const uint8_t *octets,
                            size_t length)
{
    const struct ward_id device = {""};
    struct ward_decoded stamped_by_nobody = *decoded;
    struct ward_identity identity;

    stamped_by_nobody.device_time = (struct ward_device_time){.present = false};
    if (!ward_identity_of(&stamped_by_nobody, &device, &record, &identity))
        return digest_octets(octets, length);
    return digest_octets(identity.octets, identity.length);
}
