/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of Ed25519 (RFC 8032 §5.1), for the files of this adapter. */
#ifndef WARD_IO_CRYPTO_PRIVATE_H
#define WARD_IO_CRYPTO_PRIVATE_H

#define WARD_ED25519_KEY_OCTETS       32
#define WARD_ED25519_SIGNATURE_OCTETS 64

#endif
