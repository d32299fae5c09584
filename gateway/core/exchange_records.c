/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives core/racp.h, and takes the records that come in segments (core/segments.h).
 *
 * Blood Pressure Record, 2B36 (GSS; BLS 1.1.1): segmentation, as that of a health observation, then, of the segments
 * together, sequence number and UUID, 16 bits each, and the value of that characteristic; a CRC may follow, which is not
 * checked here: the link's own is.
 */
#include "core/exchange_part.h"

#define RECORD_HEADER_LENGTH 4

void ward_exchange_records_resolve(struct ward_exchange *exchange,
                                   const struct ward_exchange_services *services)
{
    const struct ward_model *model = exchange->terms.model;

    exchange->racp_place = (struct ward_gatt_place){ward_model_service(model),
                                                    WARD_GATT_NUMBER(WARD_CHAR_RECORD_ACCESS_CONTROL_POINT)};
    exchange->transfer_step =
        model->records != WARD_MODEL_RECORDS_NONE && services->has(services->context, exchange->racp_place)
            ? WARD_EXCHANGE_TRANSFER_TO_START
            : WARD_EXCHANGE_TRANSFER_OVER;
}

/* --- how it ends ------------------------------------------------------------------------------------------------ */

static const char *why(enum ward_racp_end end)
{
    switch (end) {
    case WARD_RACP_COMPLETE: break;
    case WARD_RACP_UNCOUNTED:
        return "The device cannot say how many records it has; all that it sent are here.";
    case WARD_RACP_MISCOUNTED: return "Another number of records came than the device had announced.";
    case WARD_RACP_NOT_SUPPORTED: return "The device cannot tell its records in this way.";
    case WARD_RACP_NOT_COMPLETED: return "The device gave up.";
    case WARD_RACP_TIMED_OUT: return "The device did not answer in time.";
    case WARD_RACP_WRITE_FAILED: return "The device refused what was asked of it.";
    case WARD_RACP_CHANGED:
        return "The device has other records now than were fetched; the next time will do.";
    case WARD_RACP_NOT_ERASED: return "The device refused to delete them.";
    }
    return "";
}

static void report(struct ward_exchange *exchange, enum ward_racp_end end,
                   const struct ward_exchange_context *context)
{
    const struct ward_racp *racp = &exchange->racp;

    exchange->transfer_step = WARD_EXCHANGE_TRANSFER_OVER;
    exchange->is_whole = end == WARD_RACP_COMPLETE || end == WARD_RACP_UNCOUNTED ||
                         (racp->is_counted && racp->received >= racp->announced);
    ward_exchange_settle(exchange, false, context);
    if (end != WARD_RACP_COMPLETE)
        ward_exchange_tell_fault(context, "records-incomplete", why(end), 0);
    ward_exchange_tell(context,
                       &(struct ward_exchange_action){.type = WARD_EXCHANGE_TRANSFER_DONE,
                                                      .transfer = {.is_complete = end == WARD_RACP_COMPLETE,
                                                                   .announced = racp->announced,
                                                                   .received = racp->received}});
    ward_exchange_records_committed(exchange, context);
}

static void follow(struct ward_exchange *exchange, const struct ward_racp_output *output,
                   const struct ward_exchange_context *context)
{
    const uint16_t count = exchange->racp.received;

    if (output->type != WARD_RACP_NOTHING)
        exchange->to_write = *output; /* in the place of what was not written yet */
    switch (output->type) {
    case WARD_RACP_NOTHING:
    case WARD_RACP_WRITE: break;
    case WARD_RACP_REPORTED: report(exchange, output->end, context); break;
    case WARD_RACP_ERASED:
        ward_exchange_tell(context,
                           &(struct ward_exchange_action){
                               .type = WARD_EXCHANGE_ERASED,
                               .transfer = {.is_complete = true, .announced = count, .received = count}});
        break;
    case WARD_RACP_KEPT: ward_exchange_tell_fault(context, "records-not-deleted", why(output->end), 0); break;
    }
}

/* --- inputs ------------------------------------------------------------------------------------------------------ */

static void start(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    const struct ward_exchange_terms *terms = &exchange->terms;
    const struct ward_racp_options options = {
        .filter = terms->model->records == WARD_MODEL_RECORDS_SEQUENCE ? WARD_RACP_SEQUENCE : WARD_RACP_ALL,
        .has_last = terms->has_record,
        .last = terms->last_record,
        .last_digest = terms->last_digest,
        .may_erase = terms->model->erase_records && !terms->enrolling,
    };
    const struct ward_racp_output output = ward_racp_start(&exchange->racp, &options, context->now.boot_us);

    exchange->transfer_step = WARD_EXCHANGE_TRANSFER_RUNS;
    follow(exchange, &output, context);
}

bool ward_exchange_records_advance(struct ward_exchange *exchange,
                                   const struct ward_exchange_context *context)
{
    const struct ward_racp_output output = exchange->to_write;

    if (exchange->transfer_step == WARD_EXCHANGE_TRANSFER_TO_START) {
        start(exchange, context);
        return ward_exchange_records_advance(exchange, context);
    }
    if (output.type != WARD_RACP_WRITE)
        return false;
    exchange->to_write.type = WARD_RACP_NOTHING;
    exchange->is_answered = false;
    ward_exchange_write(exchange, WARD_EXCHANGE_RACP_WRITE,
                        &(struct ward_exchange_action){
                            .place = exchange->racp_place, .octets = output.octets, .length = output.length},
                        context);
    return true;
}

void ward_exchange_records_indication(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                                      const struct ward_exchange_context *context)
{
    const struct ward_racp_output output =
        ward_racp_indication(&exchange->racp, octets, length, context->now.boot_us);

    /* An answer shows that what it answers was written, whatever becomes of the write. */
    exchange->is_answered = output.type != WARD_RACP_NOTHING;
    follow(exchange, &output, context);
}

void ward_exchange_records_written(struct ward_exchange *exchange, int error,
                                   const struct ward_exchange_context *context)
{
    const struct ward_racp_output output =
        ward_racp_written(&exchange->racp, exchange->is_answered ? 0 : error, context->now.boot_us);

    follow(exchange, &output, context);
}

void ward_exchange_records_committed(struct ward_exchange *exchange,
                                     const struct ward_exchange_context *context)
{
    struct ward_racp_output output;

    if (exchange->committed < exchange->newest_asked)
        return;
    for (size_t i = 0; i < exchange->held_count; i++)
        if (exchange->held[i].is_asked_for)
            return;
    output = ward_racp_committed(&exchange->racp, context->now.boot_us);
    follow(exchange, &output, context);
}

void ward_exchange_records_tick(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    const struct ward_racp_output output = ward_racp_tick(&exchange->racp, context->now.boot_us);

    follow(exchange, &output, context);
}

void ward_exchange_records_end(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    const struct ward_racp *racp = &exchange->racp;

    if (exchange->transfer_step != WARD_EXCHANGE_TRANSFER_RUNS)
        return;
    ward_exchange_tell_fault(context, "records-incomplete", "The link ended before all records were here.",
                             0);
    ward_exchange_tell(
        context, &(struct ward_exchange_action){.type = WARD_EXCHANGE_TRANSFER_DONE,
                                                .transfer = {.announced = racp->announced,
                                                             .received = racp->received,
                                                             .begins_anew = ward_racp_begins_anew(racp)}});
}

/* --- segments ---------------------------------------------------------------------------------------------------- */

static void lose(const struct ward_exchange_context *context)
{
    ward_exchange_tell_fault(context, "record-broken", "A part of a record is missing.", 0);
}

/* What the segments have put together, behind the segmentation header of the whole. */
static void take_record(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                        const struct ward_exchange_context *context)
{
    const uint16_t code = (uint16_t)(length < RECORD_HEADER_LENGTH ? 0 : octets[2] | octets[3] << 8);

    if (code <= WARD_VENDOR_LAST) {
        lose(context); /* whole, and no record: it would come so each time that it is asked for */
        return;
    }
    ward_exchange_take(exchange,
                       &(struct ward_exchange_arrival){
                           .code = code,
                           .octets = octets + RECORD_HEADER_LENGTH,
                           .length = length - RECORD_HEADER_LENGTH,
                           .has_record = true,
                           .record = (uint16_t)(octets[0] | octets[1] << 8),
                       },
                       context);
}

/* Number of the record that is being put together; -1: none is, or not as far as that. */
static int32_t number_of(const struct ward_segments *segments)
{
    return segments->length < 3 ? -1 : segments->octets[1] | segments->octets[2] << 8;
}

void ward_exchange_records_segment(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                                   const struct ward_exchange_context *context)
{
    struct ward_segments *segments = &exchange->record;
    const uint64_t lost = segments->lost;
    const int32_t number = segments->begun > 0 ? number_of(segments) : -1;
    const bool is_whole = ward_segments_add(segments, octets, length);

    if (segments->lost != lost) {
        exchange->has_lost |= number < 0 || number != number_of(segments); /* else it has begun once more */
        lose(context);
    }
    if (is_whole)
        take_record(exchange, segments->octets + 1, segments->length - 1, context);
}
