/* SPDX-License-Identifier: Apache-2.0 */
#include "io/store_chain.h"

#include <stdlib.h>
#include <string.h>

#include <gcrypt.h>
#include <pthread.h>

static void prepare(void)
{
    gcry_check_version(NULL); /* it has to be asked before anything else is */
}

static void digest(const void *octets, size_t count, uint8_t ret[static 32])
{
    static pthread_once_t prepared = PTHREAD_ONCE_INIT;

    (void)pthread_once(&prepared, prepare);
    gcry_md_hash_buffer(GCRY_MD_SHA256, ret, octets, count);
}

void ward_store_chain_begin(const char *epoch, uint8_t ret_chain[static 32])
{
    digest(epoch, strlen(epoch), ret_chain);
}

bool ward_store_chain_next(const uint8_t previous[static 32], const char *epoch, struct ward_record *record,
                           struct ward_chain_text *ret_text)
{
    ret_text->length =
        ward_record_canonical(record, epoch, (char *)ret_text->octets + 32, sizeof(ret_text->octets) - 32);
    if (ret_text->length == 0) {
        return false;
    }
    memcpy(ret_text->octets, previous, 32);
    digest(ret_text->octets, 32 + ret_text->length, record->reading.chain);
    return true;
}

char *ward_store_chain_publish(const struct ward_chain_text *text, const struct ward_record *record)
{
    char *published = malloc(text->length + WARD_RECORD_CHAIN_MEMBER + 1);

    if (published) {
        ward_record_publish((const char *)text->octets + 32, text->length, record->reading.chain, published);
    }
    return published;
}
