/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The enrolment code: what a field engineer types so that a new hub gets its certificate (docs/provisioning.md).
 *
 *   HOST[:PORT]/GGGGG-GGGGG-…-GGGGG     18 groups of five
 *
 * HOST is the ward's EST server (RFC 7030) as it stands in its certificate, an IPv6 address in brackets; without PORT it
 * is 443. The groups are of the alphabet 0123456789ABCDEFGHJKMNPQRSTVWXYZ. The first four characters of each are five
 * bits each of a run of 45 octets, the most significant bit first:
 *
 *   10   the secret, for one use
 *   32   SHA-256 of the certificate (DER) of the authority that the ward's servers are believed by
 *    3   CRC-24 (RFC 4880 §6.1) of "host:port" in lower case, the port always there, and the 42 octets before
 *
 * The fifth is the group's number (1 to 18) plus the sum of a^i times its character i, in GF(32) made by x^5 + x^2 + 1
 * with a = x: so a wrong character, two that changed places and a group in a wrong place each show in their group.
 */
#ifndef WARD_ENROLMENT_H
#define WARD_ENROLMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARD_ENROLMENT_GROUPS      18
#define WARD_ENROLMENT_HOST_MAX    253 /* RFC 1035 §2.3.4, without the last dot */
#define WARD_ENROLMENT_SECRET_MAX  16
#define WARD_ENROLMENT_FINGERPRINT 32
#define WARD_ENROLMENT_CODE_MAX    512 /* octets of a text that is looked at at all */
#define WARD_ENROLMENT_FAULT_MAX   120

struct ward_enrolment_code {
    char host[WARD_ENROLMENT_HOST_MAX + 1]; /* in lower case, without brackets */
    uint16_t port;
    uint8_t fingerprint[WARD_ENROLMENT_FINGERPRINT];
    char secret[WARD_ENROLMENT_SECRET_MAX +
                1]; /* in the alphabet: the first 16 characters that are no check */
};

/*
 * Reads a code as people type it: in any case, with blanks or hyphens between groups or nothing at all, O for 0, I and L
 * for 1. False, with ret unchanged, when it is not one; ret_fault then says which part is mistyped, and never repeats
 * what was typed.
 */
bool ward_enrolment_code_read(const char *text, size_t length, struct ward_enrolment_code *ret,
                              char ret_fault[static WARD_ENROLMENT_FAULT_MAX]);

#endif
