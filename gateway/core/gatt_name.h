/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a service or a characteristic is called: by 16 bits where it has a number, by 128 bits where it is a vendor's own.
 */
#ifndef WARD_CORE_GATT_NAME_H
#define WARD_CORE_GATT_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/gatt.h"

/* {0, NULL} names nothing. Where number is not 0 it alone counts. */
struct ward_gatt_name {
    uint16_t number;
    const char *uuid; /* 128 bits, lower case, borrowed; NULL beside a number */
};

/* A characteristic may be in several services of a device (2A08, 2A52): both together are one. */
struct ward_gatt_place {
    struct ward_gatt_name service;
    struct ward_gatt_name characteristic;
};

#define WARD_GATT_NUMBER(n) ((struct ward_gatt_name){.number = (n)})

/*
 * The name that a UUID of 36 characters, in lower case, stands for: its number, when it is the 128-bit form of one. The
 * text is borrowed otherwise. NULL and texts of another length name nothing.
 */
struct ward_gatt_name ward_gatt_name(const char *uuid);

/* Whether both name the same. What names nothing is the same as nothing. */
bool ward_gatt_name_equal(struct ward_gatt_name a, struct ward_gatt_name b);

/* Whether both are the same characteristic; a service that is not told is any. */
bool ward_gatt_place_equal(struct ward_gatt_place a, struct ward_gatt_place b);

#endif
