/* SPDX-License-Identifier: Apache-2.0 */
/* What the frames and the answers of the clips share; for clip*.c only. */
#ifndef WEARABLE_CLIP_PART_H
#define WEARABLE_CLIP_PART_H

#include <stddef.h>
#include <stdint.h>

#define WARD_CLIP_CONTEC_FRAME 0xEB

/* Puts header and checksum around data that stands in buffer from octet 7 on. Returns the octets in all. */
size_t ward_clip_close_o2ring(uint8_t *buffer, uint8_t status, uint8_t data_length);

/* The sum of the octets, modulo 128. */
uint8_t ward_clip_contec_sum(const uint8_t *octets, size_t length);

#endif
