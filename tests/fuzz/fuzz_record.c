/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed body of a record, as a damaged file may hold it: the first octet is the kind, the rest the body. What is
 * not refused has a canonical text, and says the same when it is packed and unpacked again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/record.h"

static const char epoch[] = "e-000102030405060708090a0b0c0d0e0f";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ward_record record, again;
    static char text[WARD_RECORD_TEXT_MAX], text_again[WARD_RECORD_TEXT_MAX];
    uint8_t body[WARD_RECORD_PACKED_MAX];

    if (size == 0) {
        return 0;
    }
    record.reading.kind = again.reading.kind = data[0];
    if (!ward_record_unpack(data + 1, size - 1, &record)) {
        return 0;
    }
    size_t length = ward_record_pack(&record, body, sizeof(body));
    if (length == 0 || !ward_record_unpack(body, length, &again) ||
        ward_record_canonical(&record, epoch, text, sizeof(text)) == 0 ||
        ward_record_canonical(&again, epoch, text_again, sizeof(text_again)) == 0 ||
        strcmp(text, text_again) != 0) {
        abort();
    }
    return 0;
}
