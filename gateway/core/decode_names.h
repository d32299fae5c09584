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

/* Of 2A18 and 2A34. */
const char *ward_glucose_sample_name(uint8_t type);       /* "capillary-whole-blood" */
const char *ward_glucose_location_name(uint8_t location); /* "finger" */
const char *ward_carbohydrate_name(uint8_t id);           /* "breakfast" */
const char *ward_meal_name(uint8_t meal);                 /* "fasting" */
const char *ward_tester_name(uint8_t tester);             /* "self" */
const char *ward_health_name(uint8_t health);             /* "under-stress" */
const char *ward_medication_name(uint8_t id);             /* "rapid-acting-insulin" */

/* Of 2A2B and 2A14. */
const char *ward_day_name(uint8_t day);            /* 1 to 7: "monday" */
const char *ward_adjust_reason_name(unsigned bit); /* "change-of-time-zone" */
const char *ward_time_source_name(uint8_t source); /* "network-time-protocol" */

/* Of 2A52. */
const char *ward_record_op_code_name(uint8_t op_code);          /* "report-stored-records" */
const char *ward_record_operator_name(uint8_t record_operator); /* "all-records" */
const char *ward_record_filter_name(uint8_t filter);            /* "sequence-number" */
const char *ward_record_response_name(uint8_t response_code);   /* "no-records-found" */

/* Of 2BED. */
const char *ward_power_source_name(unsigned number);     /* "connected" */
const char *ward_charge_state_name(unsigned number);     /* "charging" */
const char *ward_charge_level_name(unsigned number);     /* "critical" */
const char *ward_charging_type_name(unsigned number);    /* "constant-current" */
const char *ward_charging_fault_name(unsigned bit);      /* "external-power-source" */
const char *ward_service_required_name(unsigned number); /* "yes" */

#endif
