/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the daemon's readings and alarms: the a{sv} of Readings and Alarms (io/bus.h). */
#ifndef WARD_CTL_FILTER_H
#define WARD_CTL_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

struct ward_filter {
    const char *patient, *device, *quantity; /* NULL: any */
    bool has_since;
    int64_t since_ms;    /* UTC */
    uint32_t limit;      /* 0: the daemon's own */
    uint64_t before_seq; /* of readings only those with a lower number; 0: any */
    bool history, as_fhir;
};

/* The documents that fit, newest first, as ward_client_fetch() gives them. Returns an exit status. */
int ward_filter_ask(sd_bus *bus, const char *method, const struct ward_filter *filter, char ***ret);

#endif
