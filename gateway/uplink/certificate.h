/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate ends. */
#ifndef WARD_UPLINK_CERTIFICATE_H
#define WARD_UPLINK_CERTIFICATE_H

#include <stdint.h>

/* UTC milliseconds of notAfter of the first certificate in a PEM file, or INT64_MIN when it cannot be read.
 * */
int64_t ward_certificate_expires_ms(const char *path);

#endif
