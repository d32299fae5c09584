/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of quantities: name, unit, codes and the bounds of the plausible.
 *
 * Codes: MDC is ISO/IEEE 11073-10101, LOINC as HL7's vital signs profile asks, units are UCUM. The
 * plausibility bounds lie outside every limit that a care plan may set (clinical safety officer to sign).
 */
#ifndef WARD_CORE_QUANTITY_H
#define WARD_CORE_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "ward/quantity.h"

struct ward_quantity_info {
    const char *name;              /* "spo2" */
    const char *label;             /* "SpO2", for people */
    const char *unit;              /* UCUM, "" for none */
    const char *loinc[2];          /* NULL where there is none */
    struct ward_decimal low, high; /* the plausible, both included, where it is bounded */
    uint32_t mdc;                  /* 0 for none */
    bool bounded;
};

/* The row of a quantity, static; the row of WARD_QUANTITY_NONE (name "") for a number that is not one. */
const struct ward_quantity_info *ward_quantity_info(uint8_t quantity);

/*
 * The quantity of that name, or WARD_QUANTITY_NONE. Some names are those of several rows, which differ in their MDC
 * code: "pulse_rate" gives WARD_PULSE_RATE, "glucose" WARD_GLUCOSE.
 */
enum ward_quantity ward_quantity_by_name(const char *name);

/* The quantity of that name and MDC code; where the name has no such code, as ward_quantity_by_name(). */
enum ward_quantity ward_quantity_by_code(const char *name, uint32_t mdc);

/*
 * The quantity that a device means by this MDC code, or WARD_QUANTITY_NONE. A temperature's site is part of its code:
 * all of them are WARD_BODY_TEMPERATURE.
 */
enum ward_quantity ward_quantity_by_mdc(uint32_t mdc);

/*
 * The quantity whose limits apply: a cuff's pulse is the patient's pulse, glucose is glucose whatever it was measured
 * in. A control solution is nothing of a patient, and neither a concern nor a score has limits: WARD_QUANTITY_NONE. Any
 * other is judged as itself. The result is below 32, so that 1 << it is an element of a set.
 */
uint8_t ward_quantity_judged_as(uint8_t quantity);

/*
 * Whether the value may be a patient's. An infinity is: it is a finding. NaN, NRes and reserved are not
 * values and so neither plausible nor implausible: the answer is true, look at ward_decimal_is_ordered().
 */
bool ward_quantity_is_plausible(const struct ward_value *value);

/*
 * What the number of a coded quantity (oxygen, consciousness, concern) stands for: "new_confusion". NULL for any other
 * quantity and for a number that is no code of it. The numbers are part of the record: append only.
 */
const char *ward_quantity_code(const struct ward_value *value);

/* The other way. Returns false, with ret unchanged, when the quantity is not coded or has no such code. */
bool ward_quantity_code_by_name(uint8_t quantity, const char *name, struct ward_decimal *ret);

/* The name of a special as in JSON ("nan", "nres", "reserved", "+inf", "-inf"), NULL for WARD_FINITE. */
const char *ward_special_name(uint8_t special);

#endif
