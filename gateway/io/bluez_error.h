/* SPDX-License-Identifier: Apache-2.0 */
/* What bluetoothd's refusal of a read or a write means, without D-Bus. */
#ifndef WARD_IO_BLUEZ_ERROR_H
#define WARD_IO_BLUEZ_ERROR_H

#include <stdint.h>

#define WARD_BLUEZ_FAILURE_TEXT_SIZE 120

struct ward_bluez_failure {
    int error;                               /* negative errno, as in struct ward_bluez_answer */
    uint8_t att_error;                       /* 0: none, or it cannot be told which */
    char text[WARD_BLUEZ_FAILURE_TEXT_SIZE]; /* a sentence */
};

/* name and message of a D-Bus error; either may be NULL. */
struct ward_bluez_failure ward_bluez_failure(const char *name, const char *message);

#endif
