/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a frame says of the device that sent it, and not of the patient: that it is there, that it can be read, how its
 * battery is. What wavers from frame to frame raises one condition and not one each time.
 */
#ifndef WARD_APP_DEVICE_REPORT_H
#define WARD_APP_DEVICE_REPORT_H

#include <stdint.h>

struct ward_gateway;
struct ward_heard;

/* Of each measurement, also one that is a duplicate or nobody's. */
void ward_device_report_take(const struct ward_heard *heard);

/* Ends undecodable-frame of devices that have sent good frames since, and no bad one for long enough. Not urgent. */
void ward_device_report_check(struct ward_gateway *gateway, uint64_t now_us);

#endif
