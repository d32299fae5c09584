/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_chain.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

/* SHA-256 in one piece cannot fail but for lack of memory, and a wrong chain must never be written. */
static void digest(const void *octets, size_t count, uint8_t ret[static 32])
{
    if (EVP_Digest(octets, count, ret, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
}

void ward_store_chain_begin(const char *epoch, uint8_t ret_chain[static 32])
{
    digest(epoch, strlen(epoch), ret_chain);
}

bool ward_store_chain_next(const uint8_t previous[static 32], const char *epoch, struct ward_record *record)
{
    uint8_t octets[32 + WARD_RECORD_TEXT_MAX];
    size_t length = ward_record_canonical(record, epoch, (char *)octets + 32, sizeof(octets) - 32);

    if (length == 0) {
        return false;
    }
    memcpy(octets, previous, 32);
    digest(octets, 32 + length, record->reading.chain);
    return true;
}
