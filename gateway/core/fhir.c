/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Bundle. Records are tried one after the other: what does not fit is taken back from the writer as if it had never
 * been written, and so are the devices that it brought along. At the end stands what a hub needs for its receipt:
 *
 *   identifier   which records are here: "GATEWAY.EPOCH.17-42", or "…17-20,25" where there are holes
 *   meta.tag     the chain at the last of them, and "backlog"
 */
#include "core/fhir.h"

#include <string.h>

#include "core/fhir_part.h"

#define EPOCH_LENGTH 34
#define TAIL_MAX     640 /* octets: the rest of the Bundle when all records are there, but for … */
#define RANGE_MAX    42  /* … each range of numbers */

static void write_record(struct ward_fhir_bundle *bundle, const struct ward_record *record)
{
    const struct ward_fhir_entry entry = ward_fhir_entry_of(bundle, record);

    if (record->reading.kind >= WARD_RECORD_GAP)
        ward_fhir_write_event(bundle, &entry);
    else if (record->reading.unassigned || record->reading.value_count == 0)
        ward_fhir_write_bare(bundle, &entry);
    else
        ward_fhir_write_reading(bundle, &entry);
}

static size_t range_count(const struct ward_record *records, size_t count)
{
    size_t ranges = 0;

    for (size_t i = 0; i < count; i++)
        ranges += i == 0 || records[i].reading.seq != records[i - 1].reading.seq + 1;
    return ranges;
}

static bool fits(const struct ward_fhir_bundle *bundle, size_t count, size_t room)
{
    return bundle->json.fault == WARD_JSON_OK &&
           bundle->json.length + TAIL_MAX + RANGE_MAX * range_count(bundle->message->records, count) <= room;
}

static size_t write_records(struct ward_fhir_bundle *bundle, size_t room, size_t size)
{
    const struct ward_fhir_message *message = bundle->message;
    size_t written = 0;

    while (written < message->count && written < WARD_READINGS_RECORDS_MAX) {
        const struct ward_fhir_bundle before = *bundle;

        write_record(bundle, &message->records[written]);
        if (!fits(bundle, written + 1, written == 0 ? size - 1 : room)) {
            *bundle = before;
            break;
        }
        written++;
    }
    return written;
}

/* Of records that are in the Bundle. Room is what it is for them: a lone one takes what it needs, and so does its score. */
static void write_scores(struct ward_fhir_bundle *bundle, size_t written, size_t room)
{
    const struct ward_fhir_message *message = bundle->message;
    const uint64_t newest = message->records[written - 1].reading.seq;

    for (size_t i = 0; i < message->score_count; i++) {
        const struct ward_fhir_score *score = &message->scores[i];
        const struct ward_fhir_bundle before = *bundle;

        if (!score->report->score.complete || score->at_ms == WARD_UTC_UNKNOWN || score->seq > newest)
            continue;
        ward_fhir_write_score(bundle, score);
        if (!fits(bundle, written, room))
            *bundle = before;
    }
}

static void write_identifier(struct ward_fhir_bundle *bundle, size_t count)
{
    const struct ward_fhir_message *message = bundle->message;
    struct ward_json *json = &bundle->json;

    ward_json_key(json, "identifier");
    ward_json_object(json);
    ward_json_member(json, "system", WARD_FHIR_OWN "records");
    ward_json_key(json, "value");
    ward_json_string_begin(json);
    ward_fhir_part(json, message->origin.gateway);
    ward_fhir_part(json, ".");
    ward_fhir_part(json, message->origin.epoch);
    for (size_t i = 0, last; i < count; i = last + 1) {
        last = i;
        while (last + 1 < count &&
               message->records[last + 1].reading.seq == message->records[last].reading.seq + 1)
            last++;
        ward_fhir_part(json, i == 0 ? "." : ",");
        ward_fhir_part_number(json, message->records[i].reading.seq);
        if (last > i) {
            ward_fhir_part(json, "-");
            ward_fhir_part_number(json, message->records[last].reading.seq);
        }
    }
    ward_json_string_end(json);
    ward_json_object_end(json);
}

static void write_tags(struct ward_fhir_bundle *bundle, size_t count)
{
    const struct ward_fhir_message *message = bundle->message;
    struct ward_json *json = &bundle->json;

    ward_json_key(json, "meta");
    ward_json_object(json);
    ward_json_key(json, "tag");
    ward_json_array(json);
    ward_json_object(json);
    ward_json_member(json, "system", WARD_FHIR_OWN "chain");
    ward_json_key(json, "code");
    ward_json_hex(json, message->records[count - 1].reading.chain,
                  sizeof(message->records[count - 1].reading.chain));
    ward_json_object_end(json);
    if (message->backlog)
        ward_fhir_coding(json, WARD_FHIR_OWN "CodeSystem/message", "backlog");
    ward_json_array_end(json);
    ward_json_object_end(json);
}

size_t ward_fhir_write(const struct ward_fhir_message *message, size_t room, char *buffer, size_t size,
                       size_t *ret_length)
{
    struct ward_fhir_bundle bundle = {.message = message};
    struct ward_json *json = &bundle.json;
    size_t written;

    if (strlen(message->origin.epoch) != EPOCH_LENGTH || size == 0)
        return 0;
    ward_json_init(json, buffer, size, WARD_JSON_PRINTED);
    ward_json_object(json);
    ward_json_member(json, "resourceType", "Bundle");
    ward_json_member(json, "type", "transaction");
    if (message->sent_at_ms != WARD_UTC_UNKNOWN)
        ward_fhir_moment(json, "timestamp", message->sent_at_ms);
    ward_json_key(json, "entry");
    ward_json_array(json);
    ward_fhir_write_gateway(&bundle);
    written = write_records(&bundle, room, size);
    if (written == 0)
        return 0;
    write_scores(&bundle, written, written == 1 ? size - 1 : room);
    ward_json_array_end(json);
    write_identifier(&bundle, written);
    write_tags(&bundle, written);
    ward_json_object_end(json);
    return ward_json_finish(json, ret_length) == WARD_JSON_OK ? written : 0;
}
