/* SPDX-License-Identifier: Apache-2.0 */
/* The two 8-bit checksums of the oximeters' own protocols. Names and check values are those of the CRC catalogues. */
#ifndef WARD_CORE_CRC8_H
#define WARD_CORE_CRC8_H

#include <stddef.h>
#include <stdint.h>

/* CRC-8/SMBUS: polynomial 0x07, initial value 0, most significant bit first. Of "123456789": 0xF4. */
uint8_t ward_crc8_smbus(const uint8_t *octets, size_t length);

/* CRC-8/MAXIM-DOW: polynomial 0x31, initial value 0, least significant bit first. Of "123456789": 0xA1. */
uint8_t ward_crc8_maxim(const uint8_t *octets, size_t length);

#endif
