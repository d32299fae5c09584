/* SPDX-License-Identifier: Apache-2.0 */
/* UUIDs as people and tools write them. */
#ifndef WARD_CTL_UUID_H
#define WARD_CTL_UUID_H

#include <stdbool.h>
#include <stdint.h>

struct ward_uuid {
    bool is_short; /* built on the Bluetooth base UUID, with a 16-bit number */
    uint16_t short_number;
    char text[37]; /* all 128 bits, in lower case, with hyphens */
};

/*
 * Reads 16 bits ("2A5F", "0x2a5f"), 32 bits (eight digits) or 128 bits (with or without hyphens), in any case. Returns
 * false, with ret unchanged, for anything else.
 */
bool ward_uuid_parse(const char *text, struct ward_uuid *ret);

#endif
