/* SPDX-License-Identifier: Apache-2.0 */
/* What a property is, and its value as it is kept from one telling to the next; texts for the bus. Private to bus*.c. */
#ifndef WARD_IO_BUS_VALUE_H
#define WARD_IO_BUS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "io/bus_objects.h"

struct ward_bus_property {
    const char *name;
    char type;     /* that of D-Bus: s, b, i, t or x; 'a': as */
    int64_t step;  /* a number that has moved by less is told with something else only */
    bool constant; /* told once, and never signalled */
};

/* A text is the only one of texts. All zeroes: an empty text, no texts, 0. */
struct ward_bus_kept {
    char **texts;
    size_t count;
    int64_t number;
};

/*
 * A copy that a message takes, on the heap: it would refuse any other, and be sent to nobody. What is no UTF-8, as the end
 * of a text that was cut, becomes "?". NULL is "". Returns NULL without memory.
 */
char *ward_bus_utf8(const char *text);

/* Whether it was told, octet for octet; a text that is no UTF-8 never is. */
bool ward_bus_kept_is(const struct ward_bus_kept *value, const struct ward_bus_property *property,
                      const struct ward_bus_value *told);
/* False, with *ret empty, without memory. */
bool ward_bus_kept_copy(const struct ward_bus_property *property, const struct ward_bus_value *told,
                        struct ward_bus_kept *ret);
void ward_bus_kept_done(struct ward_bus_kept *value);
bool ward_bus_kept_is_same(const struct ward_bus_kept *a, const struct ward_bus_kept *b);
/* Returns 0 or more, or a negative errno. */
int ward_bus_kept_append(sd_bus_message *reply, const struct ward_bus_property *property,
                         const struct ward_bus_kept *value);

#endif
