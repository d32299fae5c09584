/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64url without padding (RFC 4648 §5, as RFC 7515 §2 uses it).
 */
#ifndef WARD_CORE_BASE64URL_H
#define WARD_CORE_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters for count octets, without a NUL. */
#define WARD_BASE64URL_LENGTH(count) (((count)*4 + 2) / 3)

/* Writes WARD_BASE64URL_LENGTH(count) characters into ret, not terminated. Returns that number. */
size_t ward_base64url_encode(const uint8_t *octets, size_t count, char *ret);

/*
 * Strict: no padding, no white space, no character outside the alphabet, no length that cannot be, and the unused
 * bits of the last character are zero, so that one octet string has one text. Writes at most size octets. Returns
 * false, with *ret_count unchanged, for anything else or when it does not fit.
 */
bool ward_base64url_decode(const char *text, size_t length, uint8_t *ret, size_t size, size_t *ret_count);

#endif
