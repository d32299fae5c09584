/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the firmware of a device is one that the ward trusts (core/firmware.h): what wardgate.conf accepts of its
 * model, else all but what the model's row knows to be bad. One that is not is told as the condition device-firmware;
 * its readings go on as they are, since to doubt them is the ward's decision.
 */
#ifndef WARD_APP_FIRMWARE_H
#define WARD_APP_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>

struct ward_gateway;
struct ward_store_device;

/* The revision that it told last, or when it was enrolled; "": none. Good until something is remembered. */
const char *ward_firmware_of(const struct ward_gateway *gateway, const struct ward_store_device *device);
bool ward_firmware_is_trusted(const struct ward_gateway *gateway, const struct ward_store_device *device);

/* The device has told its revision. Nothing is kept of one that is not enrolled: enrolment reads it itself. */
void ward_firmware_told(struct ward_gateway *gateway, const char *device, const char *revision);

/* The device was enrolled, or anew: what it told then counts. */
void ward_firmware_enrolled(struct ward_gateway *gateway, const char *device);

/* At the start: what is accepted may be another than before. */
void ward_firmware_check_all(struct ward_gateway *gateway);

/* What was found and what is accepted, behind the device's id in the condition's text. */
void ward_firmware_describe(const struct ward_gateway *gateway, const char *device, char *ret, size_t size);

#endif
