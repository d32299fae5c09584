/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as FHIR R4: a Bundle of type transaction, as HL7's Personal Health Device guide 2.0.0 has it
 * (docs/mqtt/fhir.md says what becomes of what). Pure: records in, text out.
 *
 * Every resource is named by the record that it comes from, (gateway, epoch, seq), and what it says of it. It is made
 * only where there is none of that name (ifNoneExist), or, when something is known by now that its record does not say,
 * takes the place of it (conditional update). So messages may come twice, in any order and in any company:
 *
 *   a reading                          made where there is none
 *   one that was taken back            updated, entered-in-error, with the `void` record or without it
 *   one without a time, of a boot      updated with the time
 *     whose clock is known by now
 *   one without a time otherwise       made where there is none; never takes the place of one with a time
 */
#ifndef WARD_CORE_FHIR_H
#define WARD_CORE_FHIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/message.h"
#include "core/news2.h"
#include "core/record.h"
#include "ward/careplan.h"

/* What is told of a wearable besides its id: nothing that names a person, nor its address. "" when it did not say. */
struct ward_fhir_device {
    const char *manufacturer, *model_number, *firmware;
    uint32_t quantities; /* what it can measure: a set of 1 << enum ward_quantity */
};

/* What is known besides the records. A function may be NULL: then nothing is known of that. */
struct ward_fhir_knowledge {
    /* Returns false, with ret unchanged, for a device that is not known (any more). Texts live as long as the call. */
    bool (*device)(const void *context, const char *id, struct ward_fhir_device *ret);
    /* Whether the record of that number was taken back. */
    bool (*is_void)(const void *context, uint64_t seq);
    /* UTC in ms is mono_us / 1000 + *ret for all of that boot, as its `clock` record says. */
    bool (*clock)(const void *context, const char *boot, int64_t *ret_offset_ms);
    /* The plan whose limits were in force for the reading; NULL for none, or when it is not known any more. */
    const struct ward_care_plan *(*plan)(const void *context, const struct ward_reading *reading);
    const void *context;
    /* Records that are taken back by `void` records of the message, and are not in it; in any order. */
    const struct ward_record *voided;
    size_t voided_count;
};

/* An early warning score, as of a moment. One that is not complete, or whose moment is not known, is left out. */
struct ward_fhir_score {
    const char *patient, *episode;
    int64_t at_ms; /* UTC */
    uint64_t seq;  /* the newest record of that patient, which names it */
    const struct ward_news2_report *report;
};

struct ward_fhir_message {
    struct ward_origin origin;
    const char *version; /* of the gateway's program */
    int64_t sent_at_ms;  /* UTC, or WARD_UTC_UNKNOWN */
    bool backlog;        /* as in up/readings */
    const struct ward_record *records;
    size_t count; /* seq rising, at most WARD_READINGS_RECORDS_MAX */
    const struct ward_fhir_score *scores;
    size_t score_count;
    const struct ward_fhir_knowledge *knowledge;
};

/* Room that the Bundle of any single record needs, with a NUL. */
#define WARD_FHIR_RECORD_MAX 49152

/*
 * Writes the Bundle of the first record, and of as many more as fit into room octets, and those scores of their records
 * that fit then; of a lone record, within size.
 * Returns how many records, with the text terminated and *ret_length its octets; or 0, with buffer undefined and
 * *ret_length unchanged, when not even the first fits into size, or count is 0, or epoch is none.
 */
size_t ward_fhir_write(const struct ward_fhir_message *message, size_t room, char *buffer, size_t size,
                       size_t *ret_length);

#endif
