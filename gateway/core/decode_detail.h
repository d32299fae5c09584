/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only one characteristic says, beside its values. Numbers that stand for a name are kept as sent; their names
 * are in core/decode_names.h.
 */
#ifndef WARD_CORE_DECODE_DETAIL_H
#define WARD_CORE_DECODE_DETAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ward_temperature_detail {
    bool has_type;
    uint8_t type; /* where it was measured */
};

/* The member goes by `characteristic`. */
union ward_decoded_detail {
    struct {
        const char *octets; /* UTF-8, not terminated; points into the decoded octets */
        size_t length;
    } text; /* 2A24 to 2A29; for 2A2A the opaque octets */
    struct {
        uint64_t manufacturer_identifier; /* 40 bits */
        uint32_t oui;                     /* 24 bits */
    } system_id;                          /* 2A23 */
    struct {
        uint8_t vendor_id_source; /* 1: Bluetooth SIG, 2: USB Implementer's Forum */
        uint16_t vendor_id, product_id, product_version;
    } pnp_id; /* 2A50 */
    struct {
        bool has_measurement_status, has_sensor_status;
        uint64_t statuses;                      /* set of enum ward_status that the oximeter may report */
    } plx_features;                             /* 2A60, with `features` */
    uint8_t body_sensor_location;               /* 2A38: index for ward_body_sensor_location_name() */
    struct ward_temperature_detail temperature; /* 2A1C, 2A1E and 2A1D */
    uint16_t measurement_interval_s;            /* 2A21; 0: it does not measure by itself */
};

#endif
