/* SPDX-License-Identifier: Apache-2.0 */
/* When a certificate begins and ends. */
#ifndef WARD_UPLINK_CERTIFICATE_H
#define WARD_UPLINK_CERTIFICATE_H

#include <stdbool.h>
#include <stdint.h>

/* UTC milliseconds of notAfter of the first certificate in a PEM file, or INT64_MIN when it cannot be read.
 * */
int64_t ward_certificate_expires_ms(const char *path);

/* UTC milliseconds of notBefore and notAfter. False, with both unchanged, when it cannot be read. */
bool ward_certificate_validity(const char *path, int64_t *ret_from_ms, int64_t *ret_until_ms);

#endif
