/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models of devices as data: what a model is recognised by, and what it can measure. Adding one is adding a row.
 */
#ifndef WARD_CORE_MODEL_H
#define WARD_CORE_MODEL_H

#include <stddef.h>
#include <stdint.h>

struct ward_model {
    const char *id;           /* "oximeter" */
    const char *label;        /* "pulse oximeter", for people */
    uint16_t service;         /* the service it is recognised by */
    uint16_t measurements[2]; /* the characteristics it sends; 0 for none */
    uint32_t quantities;      /* set of 1 << enum ward_quantity */
};

/* The rows, static; *ret_count is how many. */
const struct ward_model *ward_models(size_t *ret_count);

/* Room for every service and every measurement of the rows. */
#define WARD_MODEL_UUIDS_MAX 32

/* The services that models are recognised by, and the characteristics that they send, each once. Returns how many. */
size_t ward_model_services(uint16_t ret[WARD_MODEL_UUIDS_MAX]);
size_t ward_model_measurements(uint16_t ret[WARD_MODEL_UUIDS_MAX]);

/* The row that sends this characteristic, or has this id; NULL for none. */
const struct ward_model *ward_model_by_characteristic(uint16_t characteristic);
const struct ward_model *ward_model_by_id(const char *id);

#endif
