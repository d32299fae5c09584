/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The names of bits and numbers that only stand in the answer to a question, never in a reading. Static texts; NULL
 * for a number that the specification keeps for the future.
 */
#ifndef WARD_CORE_DECODE_NAMES_H
#define WARD_CORE_DECODE_NAMES_H

#include <stdint.h>

/* The name of a bit of 2A49, 2A51, 2A60 or 2A9E: "cuff-fit-detection". */
const char *ward_feature_name(uint16_t characteristic, unsigned bit);

const char *ward_body_sensor_location_name(uint8_t location); /* 2A38: "chest" */
const char *ward_temperature_type_name(uint8_t type);         /* 2A1C, 2A1D: "ear" */

#endif
