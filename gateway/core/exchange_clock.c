/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   read ──▶ right, or not to be set ───────────────────────────────────────────▶ told
 *     │
 *     └────▶ to be set ──(the model: now, or after the records)──▶ written ──▶ read back ──▶ told
 *
 * A device that says "written" and goes on with the old time is not rare, so only what is read back counts as set. A
 * read that fails ends it, except where the model wants its clock written in every connection.
 */
#include "core/exchange_part.h"

static struct ward_gatt_place place_of(uint16_t service, uint16_t characteristic)
{
    return (struct ward_gatt_place){WARD_GATT_NUMBER(service), WARD_GATT_NUMBER(characteristic)};
}

/* Current Time tells fractions of a second; Date Time may be in the service of the measurement. */
void ward_exchange_clock_resolve(struct ward_exchange *exchange,
                                 const struct ward_exchange_services *services)
{
    const struct ward_gatt_place places[] = {
        place_of(WARD_SERVICE_CURRENT_TIME, WARD_CHAR_CURRENT_TIME),
        {ward_model_service(exchange->terms.model), WARD_GATT_NUMBER(WARD_CHAR_DATE_TIME)},
        place_of(WARD_SERVICE_CURRENT_TIME, WARD_CHAR_DATE_TIME),
    };

    exchange->clock_step = WARD_EXCHANGE_CLOCK_OVER;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (services->has(services->context, places[i])) {
            exchange->clock_step = WARD_EXCHANGE_CLOCK_TO_READ;
            exchange->clock_place = places[i];
            return;
        }
}

static bool waits_for_records(const struct ward_exchange *exchange)
{
    return exchange->clock_step == WARD_EXCHANGE_CLOCK_TO_WRITE &&
           exchange->terms.model->clock_write_after_records &&
           exchange->transfer_step != WARD_EXCHANGE_TRANSFER_OVER;
}

bool ward_exchange_clock_is_awaited(const struct ward_exchange *exchange)
{
    return !exchange->is_resolved || exchange->clock_step == WARD_EXCHANGE_CLOCK_TO_READ;
}

static void tell(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    const struct ward_device_clock_known *known = &exchange->clock;
    const struct ward_exchange_clock clock = {
        .state = exchange->clock_state,
        .found = known->before,
        .pair = exchange->clock_was_set ? known->after : known->before,
        .was_set = exchange->clock_was_set,
    };

    exchange->clock_step = WARD_EXCHANGE_CLOCK_OVER;
    ward_exchange_tell(context, &(struct ward_exchange_action){.type = WARD_EXCHANGE_CLOCK, .clock = clock});
}

static bool is_to_be_set(const struct ward_exchange *exchange, int error)
{
    const struct ward_exchange_terms *terms = &exchange->terms;

    if (!terms->may_set_clock || terms->model->clock_write == WARD_MODEL_CLOCK_NEVER)
        return false;
    if (terms->model->clock_write == WARD_MODEL_CLOCK_ALWAYS)
        return true;
    switch (exchange->clock_state) {
    case WARD_DEVICE_CLOCK_UNREADABLE: return error == 0; /* it told a date that does not exist */
    case WARD_DEVICE_CLOCK_RESET:
    case WARD_DEVICE_CLOCK_WRONG: return true;
    case WARD_DEVICE_CLOCK_UNCHECKED:
    case WARD_DEVICE_CLOCK_RIGHT: break;
    }
    return false;
}

bool ward_exchange_clock_advance(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    struct ward_exchange_action write = {.place = exchange->clock_place};
    uint8_t octets[WARD_DEVICE_CLOCK_OCTETS_MAX];

    switch (exchange->clock_step) {
    case WARD_EXCHANGE_CLOCK_TO_READ:
        ward_exchange_read(exchange, WARD_EXCHANGE_CLOCK_READ, exchange->clock_place, context);
        return true;
    case WARD_EXCHANGE_CLOCK_TO_WRITE:
        if (waits_for_records(exchange))
            return false;
        write.length = ward_device_clock_encode(exchange->clock_place.characteristic.number, &context->now,
                                                exchange->terms.zone_min, octets);
        if (write.length == 0)
            break; /* we do not know the time ourselves */
        write.octets = octets;
        ward_exchange_write(exchange, WARD_EXCHANGE_CLOCK_WRITE, &write, context);
        return true;
    case WARD_EXCHANGE_CLOCK_TO_READ_BACK:
        ward_exchange_read(exchange, WARD_EXCHANGE_CLOCK_READ_BACK, exchange->clock_place, context);
        return true;
    case WARD_EXCHANGE_CLOCK_OVER: return false;
    }
    tell(exchange, context);
    return false;
}

static void take_first(struct ward_exchange *exchange, const struct ward_device_clock_pair *pair, int error,
                       const struct ward_exchange_context *context)
{
    exchange->clock.before = *pair;
    exchange->clock_state = ward_device_clock_judge(pair, &exchange->clock.earlier, exchange->terms.zone_min);
    if (error != 0)
        ward_exchange_tell_fault(context, "clock-not-read", "The device did not tell its clock.", error);
    if (is_to_be_set(exchange, error))
        exchange->clock_step = WARD_EXCHANGE_CLOCK_TO_WRITE;
    else
        tell(exchange, context);
}

static void take_back(struct ward_exchange *exchange, const struct ward_device_clock_pair *pair, int error,
                      const struct ward_exchange_context *context)
{
    const struct ward_device_clock_pair none = ward_device_clock_no_pair();

    exchange->clock_was_set =
        ward_device_clock_judge(pair, &none, exchange->terms.zone_min) == WARD_DEVICE_CLOCK_RIGHT;
    if (exchange->clock_was_set)
        exchange->clock.after = *pair;
    else
        ward_exchange_tell_fault(context, "clock-not-set",
                                 "The device took a new time for its clock and does not show it.", error);
    tell(exchange, context);
}

void ward_exchange_clock_answered(struct ward_exchange *exchange, enum ward_exchange_errand errand, int error,
                                  const uint8_t *octets, size_t length,
                                  const struct ward_exchange_context *context)
{
    struct ward_device_clock_pair pair = ward_device_clock_no_pair();

    if (error == 0)
        pair = ward_device_clock_read(
            &(struct ward_device_clock_answer){.form = exchange->clock_place.characteristic.number,
                                               .octets = octets,
                                               .length = length,
                                               .asked = exchange->asked,
                                               .answered = context->now});
    if (errand == WARD_EXCHANGE_CLOCK_READ)
        take_first(exchange, &pair, error, context);
    else
        take_back(exchange, &pair, error, context);
}

void ward_exchange_clock_written(struct ward_exchange *exchange, int error,
                                 const struct ward_exchange_context *context)
{
    if (error == 0) {
        exchange->clock_step = WARD_EXCHANGE_CLOCK_TO_READ_BACK;
        return;
    }
    ward_exchange_tell_fault(context, "clock-not-set", "The device refused a new time for its clock.", error);
    tell(exchange, context);
}

void ward_exchange_clock_end(struct ward_exchange *exchange, const struct ward_exchange_context *context)
{
    if (exchange->clock_step != WARD_EXCHANGE_CLOCK_OVER &&
        ward_device_clock_is_pair(&exchange->clock.before))
        tell(exchange, context);
}
