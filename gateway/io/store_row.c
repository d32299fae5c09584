/* SPDX-License-Identifier: Apache-2.0 */
/* From a row to a value. What cannot be one is damage. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "io/store_read.h"

int ward_record_from_row(struct ward_database *database, sqlite3_stmt *statement, struct ward_record *ret)
{
    struct ward_reading *reading = &ret->reading;
    struct ward_id *names[] = {&reading->patient, &reading->episode, &reading->device, &reading->boot};
    int error = 0;

    memset(ret, 0, sizeof(*ret));
    reading->seq = (uint64_t)sqlite3_column_int64(statement, 0);
    reading->kind = (uint8_t)sqlite3_column_int(statement, 1);
    for (int i = 0; i < 4 && !error; i++) {
        error = ward_database_name_text(database, sqlite3_column_int64(statement, 2 + i), names[i]);
    }
    reading->mono_us = (uint64_t)sqlite3_column_int64(statement, 6);
    reading->measured_at_ms = ward_database_column_utc(statement, 7);
    reading->received_at_ms = ward_database_column_utc(statement, 8);
    const uint8_t *body = sqlite3_column_blob(statement, 9);
    size_t length = (size_t)sqlite3_column_bytes(statement, 9);
    const void *chain = sqlite3_column_bytes(statement, 10) == 32 ? sqlite3_column_blob(statement, 10) : NULL;
    if (error || !body || !chain || !ward_record_unpack(body, length, ret)) {
        return error ? error : ward_database_damaged(database, "record %" PRIu64 " is damaged", reading->seq);
    }
    memcpy(reading->chain, chain, sizeof(reading->chain));
    return 0;
}

int ward_record_read(struct ward_database *database, uint64_t seq, struct ward_record *ret)
{
    sqlite3_stmt *statement = ward_database_statement(database, WARD_SQL_FETCH);

    sqlite3_bind_int64(statement, 1, (int64_t)seq);
    sqlite3_bind_int64(statement, 2, (int64_t)seq);
    sqlite3_bind_int(statement, 3, 1);
    int row = ward_database_row(database, statement);
    int error = row > 0 ? ward_record_from_row(database, statement, ret) : 0;
    sqlite3_reset(statement);
    return error ? error : row;
}

int ward_event_from_row(struct ward_database *database, sqlite3_stmt *statement, struct ward_store_event *ret)
{
    const void *id = sqlite3_column_blob(statement, 0);
    struct ward_store_event event = {
        .key.n = (uint32_t)sqlite3_column_int64(statement, 1),
        .at_ms = ward_database_column_utc(statement, 3),
        .delivered = sqlite3_column_int(statement, 4) != 0,
        .payload = (const char *)sqlite3_column_text(statement, 5),
        .payload_length = (size_t)sqlite3_column_bytes(statement, 5),
    };

    if (!id || sqlite3_column_bytes(statement, 0) != (int)sizeof(event.key.id.octets) || !event.payload) {
        return ward_database_damaged(database, "an alarm event is damaged");
    }
    memcpy(event.key.id.octets, id, sizeof(event.key.id.octets));
    ward_database_column_text(statement, 2, event.patient.text, sizeof(event.patient.text));
    return ward_event_copy(&event, ret) ? 0 : -ENOMEM;
}
