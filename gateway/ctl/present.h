/* SPDX-License-Identifier: Apache-2.0 */
/* What is present of a patient, a line each, for `wardctl status` and `wardctl patient show`. */
#ifndef WARD_CTL_PRESENT_H
#define WARD_CTL_PRESENT_H

#include <jansson.h>

/* Columns before the label, and the columns of the label, behind which a blank follows. */
struct ward_present_layout {
    int indent, label;
};

/* "alarm  spo2-low, high, active: SpO2 88 %"; "alarms  none" without any. Of a document's conditions. */
void ward_present_conditions(const json_t *conditions, const struct ward_present_layout *layout);

/* "last  SpO2 96 %, 12 s ago". Of a document's last_valid. */
void ward_present_last(const json_t *values, const struct ward_present_layout *layout);

#endif
