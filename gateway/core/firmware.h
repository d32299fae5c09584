/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware revisions of devices: a text of the maker's (DIS 1.1 §3.5), compared as it is. Nothing says which of two is
 * the newer.
 */
#ifndef WARD_CORE_FIRMWARE_H
#define WARD_CORE_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ward_model;

#define WARD_FIRMWARE_SIZE 65 /* of one, with its NUL */

/* The octets of 2A26 as text: without blanks and NULs at its end, cut, and with '?' for what cannot be printed. */
void ward_firmware_text(const uint8_t *octets, size_t length, char ret[static WARD_FIRMWARE_SIZE]);

/*
 * Whether the revision is accepted. accepted: the list, separated by commas with blanks around them, of those that the
 * ward has qualified for the model, which alone counts; "": it named none, and all are but those that the model's row knows to be bad. model may be NULL. An
 * empty revision, of a device that tells none, is accepted only where there is no list.
 */
bool ward_firmware_is_accepted(const struct ward_model *model, const char *accepted, const char *revision);

#endif
