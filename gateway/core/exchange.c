/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done next, when nothing is out: the first of these that there is.
 *
 *   1. the clock: read; written and read back, unless the model wants its records fetched first
 *   2. the control point: what core/racp.h wants written
 *   3. the clock, when it had to wait for the records
 *   4. a vendor's stream: what starts it, then what is written again and again
 *   5. the firmware revision
 *
 * Nothing starts before the services are known. What fails is told and left; the rest goes on.
 */
#include "core/exchange.h"

#include <errno.h>

#include "core/exchange_part.h"

/* --- actions ------------------------------------------------------------------------------------------------- */

void ward_exchange_tell(const struct ward_exchange_context *context,
                        const struct ward_exchange_action *action)
{
    context->sink->action(context->sink->context, action);
}

void ward_exchange_tell_fault(const struct ward_exchange_context *context, const char *name, const char *text,
                              int error)
{
    ward_exchange_tell(context,
                       &(struct ward_exchange_action){.type = WARD_EXCHANGE_FAULT,
                                                      .fault = {.name = name, .text = text, .error = error}});
}

static void set_out(struct ward_exchange *exchange, enum ward_exchange_errand errand,
                    const struct ward_exchange_context *context)
{
    exchange->errand = errand;
    exchange->asked = context->now;
    exchange->errand_due_us = context->now.boot_us + WARD_EXCHANGE_ANSWER_US;
}

void ward_exchange_read(struct ward_exchange *exchange, enum ward_exchange_errand errand,
                        struct ward_gatt_place place, const struct ward_exchange_context *context)
{
    set_out(exchange, errand, context);
    ward_exchange_tell(context, &(struct ward_exchange_action){.type = WARD_EXCHANGE_READ, .place = place});
}

void ward_exchange_write(struct ward_exchange *exchange, enum ward_exchange_errand errand,
                         const struct ward_exchange_action *write,
                         const struct ward_exchange_context *context)
{
    struct ward_exchange_action action = *write;

    action.type = WARD_EXCHANGE_WRITE;
    set_out(exchange, errand, context);
    ward_exchange_tell(context, &action);
}

/* --- a vendor's stream ----------------------------------------------------------------------------------------- */

static void vendor_resolve(struct ward_exchange *exchange, const struct ward_exchange_services *services)
{
    if (exchange->driver == NULL || exchange->driver->write == NULL)
        return;
    exchange->vendor_place = (struct ward_gatt_place){ward_gatt_name(exchange->driver->service),
                                                      ward_gatt_name(exchange->driver->write)};
    exchange->vendor_writes = services->has(services->context, exchange->vendor_place);
}

static bool vendor_advance(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    const struct ward_vendor_driver *driver = exchange->driver;
    const struct ward_vendor_write *write = NULL;

    if (!exchange->vendor_writes)
        return false;
    if (exchange->vendor_started < driver->start_count) {
        write = &driver->start[exchange->vendor_started++];
    } else if (driver->again_interval_ms != 0 && context->now.boot_us >= exchange->vendor_due_us) {
        write = &driver->again;
        exchange->vendor_due_us = context->now.boot_us + (uint64_t)driver->again_interval_ms * 1000;
    }
    if (write == NULL)
        return false;
    ward_exchange_write(exchange, WARD_EXCHANGE_VENDOR_WRITE,
                        &(struct ward_exchange_action){.place = exchange->vendor_place,
                                                       .octets = write->octets,
                                                       .length = write->length},
                        context);
    return true;
}

/* Told once: what is written again and again would be refused again and again. */
static void vendor_written(struct ward_exchange *exchange, int error,
                           const struct ward_exchange_context *context)
{
    if (error != 0 && !exchange->vendor_refused)
        ward_exchange_tell_fault(context, "stream-not-started",
                                 "The device refused what makes it send its values.", error);
    exchange->vendor_refused = error != 0;
}

static uint64_t vendor_due_us(const struct ward_exchange *exchange)
{
    if (!exchange->vendor_writes || exchange->driver->again_interval_ms == 0 ||
        exchange->errand != WARD_EXCHANGE_NO_ERRAND)
        return UINT64_MAX;
    return exchange->vendor_due_us;
}

static void vendor_value(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                         const struct ward_exchange_context *context)
{
    struct ward_vendor_chunk chunk = {octets, length};
    struct ward_vendor_frame frame;

    while (ward_vendor_next(&exchange->stream, &chunk, &frame))
        if (frame.decoded.is_measurement)
            ward_exchange_take_frame(exchange, &frame.decoded,
                                     &(struct ward_exchange_arrival){.code = exchange->driver->number,
                                                                     .octets = frame.octets,
                                                                     .length = frame.length},
                                     context);
}

/* --- health observations --------------------------------------------------------------------------------------- */

/* Told once in a connection: a waveform that is longer than what is put together would be lost again and again. */
static void lose_observation(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    if (exchange->observation_is_lost)
        return;
    exchange->observation_is_lost = true;
    ward_exchange_tell_fault(context, "observation-broken",
                             "A part of an observation is missing, or too much.", 0);
}

static void take_observation(struct ward_exchange *exchange, const uint8_t *octets, size_t length,
                             const struct ward_exchange_context *context)
{
    struct ward_segments *segments = &exchange->observation;
    const uint64_t lost = segments->lost;
    const bool is_whole = ward_segments_add(segments, octets, length);

    if (segments->lost != lost)
        lose_observation(exchange, context);
    if (is_whole)
        ward_exchange_take(exchange,
                           &(struct ward_exchange_arrival){.code = WARD_CHAR_LIVE_HEALTH_OBSERVATIONS,
                                                           .octets = segments->octets,
                                                           .length = segments->length},
                           context);
}

/* --- what is next -------------------------------------------------------------------------------------------------- */

static void advance(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    if (!exchange->is_resolved || exchange->errand != WARD_EXCHANGE_NO_ERRAND)
        return;
    (void)(ward_exchange_clock_advance(exchange, context) ||
           ward_exchange_records_advance(exchange, context) ||
           ward_exchange_clock_advance(exchange, context) || vendor_advance(exchange, context) ||
           ward_exchange_firmware_advance(exchange, context));
}

/* Whether a device that calls to tell something has told it all. */
static bool is_idle(const struct ward_exchange *exchange)
{
    return exchange->is_resolved && exchange->errand == WARD_EXCHANGE_NO_ERRAND &&
           exchange->clock_step == WARD_EXCHANGE_CLOCK_OVER &&
           exchange->transfer_step == WARD_EXCHANGE_TRANSFER_OVER && exchange->held_count == 0 &&
           ward_racp_deadline_us(&exchange->racp) == UINT64_MAX;
}

static uint64_t rest_due_us(const struct ward_exchange *exchange)
{
    const struct ward_model *model = exchange->terms.model;
    const bool is_always = model->presence == WARD_MODEL_ALWAYS;
    const uint64_t since_us = is_always ? exchange->not_worn_us : exchange->heard_us;

    if (exchange->rests || model->rest_after_ms == 0 || since_us == UINT64_MAX ||
        (!is_always && !is_idle(exchange)))
        return UINT64_MAX;
    return since_us + (uint64_t)model->rest_after_ms * 1000;
}

static void rest_when_due(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    if (context->now.boot_us < rest_due_us(exchange))
        return;
    exchange->rests = true;
    ward_exchange_tell(context, &(struct ward_exchange_action){.type = WARD_EXCHANGE_REST,
                                                               .rest_ms = exchange->terms.model->rest_ms});
}

/* After every input: what it settled, what comes next. */
static void follow_up(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    ward_exchange_settle(exchange, false, context);
    advance(exchange, context);
    ward_exchange_settle(exchange, false, context); /* a step may have been the last that one waited for */
}

/* --- inputs ----------------------------------------------------------------------------------------------------------- */

void ward_exchange_begin(struct ward_exchange *exchange, const struct ward_exchange_terms *terms,
                         const struct ward_exchange_context *context)
{
    const struct ward_device_clock_pair none = ward_device_clock_no_pair();

    *exchange = (struct ward_exchange){
        .terms = *terms,
        .heard_us = context->now.boot_us,
        .not_worn_us = context->now.boot_us,
        .clock = {.earlier = terms->clock, .before = none, .after = none},
        .driver = terms->model->vendor != 0 ? ward_vendor_by_number(terms->model->vendor) : NULL,
    };
    ward_racp_init(&exchange->racp);
    if (exchange->driver != NULL)
        ward_vendor_init(&exchange->stream, exchange->driver);
}

void ward_exchange_resolved(struct ward_exchange *exchange, const struct ward_exchange_services *services,
                            const struct ward_exchange_context *context)
{
    if (exchange->is_over || exchange->is_resolved)
        return;
    ward_exchange_clock_resolve(exchange, services);
    ward_exchange_records_resolve(exchange, services);
    vendor_resolve(exchange, services);
    ward_exchange_firmware_resolve(exchange, services);
    exchange->is_resolved = true;
    follow_up(exchange, context);
}

void ward_exchange_value(struct ward_exchange *exchange, struct ward_gatt_place place, const uint8_t *octets,
                         size_t length, const struct ward_exchange_context *context)
{
    const uint16_t number = place.characteristic.number;

    if (exchange->is_over || length > WARD_GATT_VALUE_MAX)
        return;
    exchange->heard_us = context->now.boot_us;
    if (exchange->driver != NULL &&
        ward_gatt_name_equal(place.characteristic, ward_gatt_name(exchange->driver->notify)))
        vendor_value(exchange, octets, length, context);
    else if (number == WARD_CHAR_RECORD_ACCESS_CONTROL_POINT) {
        if (ward_gatt_place_equal(place, exchange->racp_place))
            ward_exchange_records_indication(exchange, octets, length, context);
    } else if (number == WARD_CHAR_BLOOD_PRESSURE_RECORD)
        ward_exchange_records_segment(exchange, octets, length, context);
    else if (number == WARD_CHAR_LIVE_HEALTH_OBSERVATIONS)
        take_observation(exchange, octets, length, context);
    else if (number == WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT)
        ward_exchange_take_context(exchange, octets, length, context);
    else if (number > WARD_VENDOR_LAST)
        ward_exchange_take(
            exchange, &(struct ward_exchange_arrival){.code = number, .octets = octets, .length = length},
            context);
    follow_up(exchange, context);
}

static bool is_read(enum ward_exchange_errand errand)
{
    return errand == WARD_EXCHANGE_CLOCK_READ || errand == WARD_EXCHANGE_CLOCK_READ_BACK ||
           errand == WARD_EXCHANGE_FIRMWARE_READ;
}

void ward_exchange_read_done(struct ward_exchange *exchange, int error, const uint8_t *octets, size_t length,
                             const struct ward_exchange_context *context)
{
    const enum ward_exchange_errand errand = exchange->errand;

    if (exchange->is_over || !is_read(errand))
        return;
    exchange->errand = WARD_EXCHANGE_NO_ERRAND;
    exchange->heard_us = context->now.boot_us;
    if (errand == WARD_EXCHANGE_FIRMWARE_READ)
        ward_exchange_firmware_answered(error, octets, length, context);
    else
        ward_exchange_clock_answered(exchange, errand, error, octets, length, context);
    follow_up(exchange, context);
}

void ward_exchange_write_done(struct ward_exchange *exchange, int error,
                              const struct ward_exchange_context *context)
{
    const enum ward_exchange_errand errand = exchange->errand;

    if (exchange->is_over || errand == WARD_EXCHANGE_NO_ERRAND || is_read(errand))
        return;
    exchange->errand = WARD_EXCHANGE_NO_ERRAND;
    exchange->heard_us = context->now.boot_us;
    if (errand == WARD_EXCHANGE_CLOCK_WRITE)
        ward_exchange_clock_written(exchange, error, context);
    else if (errand == WARD_EXCHANGE_RACP_WRITE)
        ward_exchange_records_written(exchange, error, context);
    else
        vendor_written(exchange, error, context);
    follow_up(exchange, context);
}

void ward_exchange_committed(struct ward_exchange *exchange, uint32_t number,
                             const struct ward_exchange_context *context)
{
    if (exchange->is_over)
        return;
    if (number > exchange->committed)
        exchange->committed = number;
    ward_exchange_records_committed(exchange, context);
    follow_up(exchange, context);
}

void ward_exchange_tick(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    if (exchange->is_over)
        return;
    if (exchange->errand != WARD_EXCHANGE_NO_ERRAND && context->now.boot_us >= exchange->errand_due_us) {
        if (is_read(exchange->errand))
            ward_exchange_read_done(exchange, -ETIMEDOUT, NULL, 0, context);
        else
            ward_exchange_write_done(exchange, -ETIMEDOUT, context);
    }
    ward_exchange_records_tick(exchange, context);
    follow_up(exchange, context);
    rest_when_due(exchange, context);
}

void ward_exchange_ended(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    if (exchange->is_over)
        return;
    exchange->is_over = true;
    if (exchange->observation.begun > 0)
        lose_observation(exchange, context);
    ward_exchange_settle(exchange, true, context);
    ward_exchange_records_end(exchange, context);
    ward_exchange_clock_end(exchange, context);
}

bool ward_exchange_is_read_out(const struct ward_exchange *exchange)
{
    return (exchange->is_resolved || exchange->is_over) && exchange->held_count == 0 &&
           (exchange->is_over || exchange->transfer_step == WARD_EXCHANGE_TRANSFER_OVER);
}

bool ward_exchange_is_unasked(const struct ward_exchange *exchange)
{
    return exchange->terms.model->records != WARD_MODEL_RECORDS_NONE &&
           exchange->transfer_step == WARD_EXCHANGE_TRANSFER_TO_START;
}

static uint64_t earlier_of(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t ward_exchange_deadline_us(const struct ward_exchange *exchange)
{
    uint64_t due_us = UINT64_MAX;

    if (exchange->is_over)
        return UINT64_MAX;
    if (exchange->errand != WARD_EXCHANGE_NO_ERRAND)
        due_us = exchange->errand_due_us;
    due_us = earlier_of(due_us, ward_racp_deadline_us(&exchange->racp));
    due_us = earlier_of(due_us, vendor_due_us(exchange));
    due_us = earlier_of(due_us, rest_due_us(exchange));
    return earlier_of(due_us, ward_exchange_settle_due_us(exchange));
}
