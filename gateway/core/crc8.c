/* SPDX-License-Identifier: Apache-2.0 */
/* Bit by bit: a frame has some twenty octets, and a table would be larger than all that it saves. */
#include "core/crc8.h"

#define MAXIM_REFLECTED 0x8C /* 0x31, its bits in reverse */

uint8_t ward_crc8_smbus(const uint8_t *octets, size_t length)
{
    uint8_t crc = 0;

    for (size_t i = 0; i < length; i++) {
        crc ^= octets[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint8_t)((crc << 1) ^ ((crc & 0x80) != 0 ? 0x07 : 0));
    }
    return crc;
}

uint8_t ward_crc8_maxim(const uint8_t *octets, size_t length)
{
    uint8_t crc = 0;

    for (size_t i = 0; i < length; i++) {
        crc ^= octets[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (uint8_t)((crc >> 1) ^ ((crc & 0x01) != 0 ? MAXIM_REFLECTED : 0));
    }
    return crc;
}
