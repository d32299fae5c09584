/* SPDX-License-Identifier: Apache-2.0 */
/* What the drivers share; for vendor*.c only. */
#ifndef WARD_CORE_VENDOR_PART_H
#define WARD_CORE_VENDOR_PART_H

#include "core/decode_part.h"
#include "core/status.h"
#include "core/vendor.h"

extern const struct ward_vendor_driver ward_vendor_nonin;
extern const struct ward_vendor_driver ward_vendor_masimo;
extern const struct ward_vendor_driver ward_vendor_o2ring;
extern const struct ward_vendor_driver ward_vendor_pc60fw;
extern const struct ward_vendor_driver ward_vendor_jumper;
extern const struct ward_vendor_driver ward_vendor_berrymed;
extern const struct ward_vendor_driver ward_vendor_contec;

/* raw · 10^exponent, spelt without zeros after the point, or NaN for a value that the device marks as absent. */
struct ward_decimal ward_vendor_value(unsigned raw, int8_t exponent, bool is_absent);

/* The device says whether there is a finger. */
void ward_vendor_contact(struct ward_decoded *decoded, bool is_made);

/* The frame is no measurement; kind is a static word for what it is instead. */
void ward_vendor_other(struct ward_decoded *decoded, const char *kind);

#endif
