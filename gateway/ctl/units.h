/* SPDX-License-Identifier: Apache-2.0 */
/* The states of the units that the gateway lives by, from systemd on the system bus. */
#ifndef WARD_CTL_UNITS_H
#define WARD_CTL_UNITS_H

#include <jansson.h>
#include <systemd/sd-bus.h>

/* A list of {unit, load, active, sub, restarts?}; empty where no systemd answers. */
json_t *ward_units_read(sd_bus *bus);

#endif
