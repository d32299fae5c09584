/* SPDX-License-Identifier: Apache-2.0 */
/* How the arguments of a call travel. Private to bus.c. */
#ifndef WARD_IO_BUS_ARGUMENTS_H
#define WARD_IO_BUS_ARGUMENTS_H

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "io/bus.h"

enum ward_bus_shape {
    WARD_BUS_SHAPE_NONE,
    WARD_BUS_SHAPE_TEXTS,        /* s, as many as there are texts */
    WARD_BUS_SHAPE_NUMBER,       /* u */
    WARD_BUS_SHAPE_TEXTS_NUMBER, /* s…, u */
    WARD_BUS_SHAPE_FILTER,       /* a{sv} */
};

/* ret is all zeroes before, and borrows from message. Returns 0 or more, or a negative errno. */
int ward_bus_read_arguments(sd_bus_message *message, enum ward_bus_shape shape, uint8_t texts,
                            struct ward_bus_arguments *ret);

#endif
