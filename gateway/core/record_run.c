/* SPDX-License-Identifier: Apache-2.0 */
#include "core/record_run.h"

#include <string.h>

void ward_record_run_init(struct ward_record_run *run, char *buffer, size_t size)
{
    run->octets = buffer;
    run->size = size;
    run->length = run->count = 0;
}

bool ward_record_run_add(struct ward_record_run *run, uint64_t seq, const char *text, size_t length)
{
    const size_t comma = run->count > 0 ? 1 : 0;

    if (run->count == WARD_READINGS_RECORDS_MAX || run->size - run->length < comma + length) {
        return false;
    }
    if (comma > 0) {
        run->octets[run->length++] = ',';
    }
    memcpy(run->octets + run->length, text, length);
    run->length += length;
    run->records[run->count].seq = seq;
    run->records[run->count++].end = run->length;
    return true;
}

bool ward_record_run_write(struct ward_record_run *run, const char *epoch, const struct ward_record *record)
{
    char text[WARD_RECORD_TEXT_MAX];
    struct ward_json json;
    size_t length;

    ward_json_init(&json, text, sizeof(text), WARD_JSON_CANONICAL);
    ward_record_write(&json, epoch, record, true);
    return ward_json_finish(&json, &length) == WARD_JSON_OK &&
           ward_record_run_add(run, record->reading.seq, text, length);
}
