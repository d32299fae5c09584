/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was measured, told at once or held until it is decided whether it is late.
 *
 *   what came                          told                        decided
 *   a stream, a battery, undecodable   once, number 0              at once: not late
 *   that says it is from the memory    once                        at once: late, unless the clock says otherwise
 *   sent by itself, without a time     once                        at once: not late
 *   sent by itself, with a time        at once as unsettled,       by the clock as soon as that is known; else late when
 *                                      again when decided          another follows, not late after WARD_LAST_KEPT_US or at the end
 *   … and in its other form meanwhile  not                         –
 *   asked for                          once, when decided          by the clock; else late when another follows; the last
 *                                                                  one when it has come: not late, unless the device sends
 *                                                                  what it measures by itself
 *   asked for to see which it is       once                        at once: late, it is known
 *   passed over (core/racp.h)          not                         –
 *
 * A glucose measurement that announces a context waits for it as well: exchange_context.c.
 */
#include <string.h>

#include "core/decode_quirk.h"
#include "core/duplicate.h"
#include "core/exchange_part.h"
#include "core/validate.h"

static void decode(const struct ward_exchange *exchange, uint16_t code, const uint8_t *octets, size_t length,
                   struct ward_decoded *ret)
{
    ward_decode_as(exchange->terms.model->quirks, code, octets, length, ret);
    ward_validate(ret);
}

void ward_exchange_tell_measurement(const struct ward_exchange_context *context,
                                    const struct ward_exchange_measurement *measurement)
{
    ward_exchange_tell(context, &(struct ward_exchange_action){.type = WARD_EXCHANGE_MEASUREMENT,
                                                               .measurement = measurement});
}

/* What has no number is not asked for by one, and needs none. */
static uint64_t digest_of(const struct ward_decoded *decoded, const struct ward_exchange_arrival *arrival)
{
    return arrival->has_record
               ? ward_record_digest(decoded, arrival->record, arrival->octets, arrival->length)
               : 0;
}

/* One that came before it is not settled yet: nothing of that is stored. end: its place, or that of the next that is held. */
static bool is_behind_held(const struct ward_exchange *exchange, const struct ward_exchange_held *end)
{
    for (const struct ward_exchange_held *held = exchange->held; held < end; held++)
        if (held->has_record)
            return true;
    return false;
}

/* --- what needs no decision ---------------------------------------------------------------------------------------- */

static void tell_once(const struct ward_exchange *exchange, const struct ward_decoded *decoded,
                      const struct ward_exchange_arrival *arrival,
                      const struct ward_exchange_context *context)
{
    const struct ward_exchange_held *end = &exchange->held[exchange->held_count];
    const bool is_behind_lost = exchange->has_lost || is_behind_held(exchange, end);

    ward_exchange_tell_measurement(context, &(struct ward_exchange_measurement){
                                                .is_settled = true,
                                                .kind = decoded->kind,
                                                .code = arrival->code,
                                                .decoded = decoded,
                                                .octets = arrival->octets,
                                                .length = arrival->length,
                                                .received = context->now,
                                                .measured = ward_device_clock_no_moment(),
                                                .has_record = arrival->has_record,
                                                .record = arrival->record,
                                                .digest = digest_of(decoded, arrival),
                                                .is_behind_lost = is_behind_lost,
                                            });
}

/* It says so itself, or its values do. */
static void note_worn(struct ward_exchange *exchange, const struct ward_decoded *decoded, uint64_t now_us)
{
    const bool is_worn = decoded->has_contact && decoded->contact != WARD_CONTACT_NOT_SAID
                             ? decoded->contact == WARD_CONTACT_MADE
                             : decoded->quality != WARD_INVALID;

    if (is_worn)
        exchange->not_worn_us = UINT64_MAX;
    else if (exchange->not_worn_us == UINT64_MAX)
        exchange->not_worn_us = now_us;
}

void ward_exchange_take_frame(struct ward_exchange *exchange, struct ward_decoded *decoded,
                              const struct ward_exchange_arrival *arrival,
                              const struct ward_exchange_context *context)
{
    ward_validate(decoded);
    note_worn(exchange, decoded, context->now.boot_us);
    tell_once(exchange, decoded, arrival, context);
}

/* --- deciding ------------------------------------------------------------------------------------------------------- */

static bool decide_asked(const struct ward_exchange *exchange, const struct ward_exchange_held *held,
                         bool *ret_late)
{
    const struct ward_racp *racp = &exchange->racp;
    const bool is_over = exchange->transfer_step == WARD_EXCHANGE_TRANSFER_OVER;
    const bool is_last = is_over ? exchange->is_whole : racp->is_counted && racp->received >= racp->announced;

    *ret_late = true;
    if (held->number != exchange->newest_asked)
        return true;
    if (is_last)
        *ret_late = exchange->newest_sent != 0 || exchange->terms.model->presence == WARD_MODEL_ALWAYS;
    return is_last || is_over;
}

/* Returns whether it is decided whether the held one is late. */
static bool decide(const struct ward_exchange *exchange, const struct ward_exchange_held *held,
                   const struct ward_decoded *decoded, const struct ward_device_moment *moment,
                   uint64_t now_us, bool *ret_late)
{
    const uint64_t waited_us = now_us - held->received.boot_us;

    *ret_late = held->is_known_one;
    if (held->is_known_one ||
        (!held->is_asked_for && !decoded->device_time.present && decoded->kind != WARD_READING_STORED))
        return true;
    if (decoded->kind == WARD_READING_STORED) {
        *ret_late = !moment->is_known || moment->age_ms > WARD_LATE_AFTER_MS;
        return true;
    }
    if (ward_exchange_clock_is_awaited(exchange) && waited_us < WARD_CLOCK_WAIT_US)
        return false;
    if (moment->is_known) {
        *ret_late = moment->age_ms > WARD_LATE_AFTER_MS;
        return true;
    }
    if (held->is_asked_for)
        return decide_asked(exchange, held, ret_late);
    *ret_late = held->number != exchange->newest_sent;
    return *ret_late || waited_us >= WARD_LAST_KEPT_US;
}

/* --- holding and settling -------------------------------------------------------------------------------------------- */

static void tell_held(const struct ward_exchange_held *held, struct ward_exchange_measurement *measurement,
                      const struct ward_exchange_context *context)
{
    measurement->number = held->number;
    measurement->code = held->code;
    measurement->octets = held->octets;
    measurement->length = held->length;
    measurement->received = held->received;
    measurement->has_record = held->has_record;
    measurement->record = held->record;
    measurement->digest = held->digest;
    measurement->is_behind_lost |= held->is_behind_lost;
    ward_exchange_tell_measurement(context, measurement);
}

/* It may raise from now on, and comes again when it is settled. */
static void tell_unsettled(struct ward_exchange_held *held, const struct ward_decoded *decoded,
                           const struct ward_exchange_context *context)
{
    struct ward_exchange_measurement measurement = {
        .decoded = decoded, .kind = decoded->kind, .measured = ward_device_clock_no_moment()};

    if (held->is_told)
        return;
    held->is_told = true;
    tell_held(held, &measurement, context);
}

/*
 * Tells the held one settled when it is decided, and returns whether it did. Forced, it does in any case: what is not
 * decided then is late unless it is the last that the device sent by itself. One of now that waits for nothing but its
 * context is told unsettled: no alarm waits for what was eaten.
 */
static bool settle_one(const struct ward_exchange *exchange, struct ward_exchange_held *held, bool is_forced,
                       const struct ward_exchange_context *context)
{
    const uint64_t now_us = context->now.boot_us;
    struct ward_exchange_measurement measurement = {.is_settled = true};
    struct ward_decoded decoded, beside;
    bool is_decided;

    decode(exchange, held->code, held->octets, held->length, &decoded);
    measurement.decoded = &decoded;
    measurement.measured = ward_device_clock_map(&exchange->clock, &decoded.device_time, &held->received);
    is_decided = decide(exchange, held, &decoded, &measurement.measured, now_us, &measurement.late);
    if (!is_forced && (!is_decided || held->awaits_context)) {
        if (is_decided && !measurement.late)
            tell_unsettled(held, &decoded, context);
        return false;
    }
    if (!is_decided)
        measurement.late = held->number != exchange->newest_sent;
    measurement.kind = measurement.late ? WARD_READING_STORED : decoded.kind;
    measurement.is_behind_lost = is_behind_held(exchange, held);
    ward_exchange_add_context(held, &beside, &measurement);
    tell_held(held, &measurement, context);
    return true;
}

static void drop(struct ward_exchange *exchange, size_t index)
{
    exchange->held_count--;
    memmove(&exchange->held[index], &exchange->held[index + 1],
            (exchange->held_count - index) * sizeof(exchange->held[0]));
}

void ward_exchange_settle(struct ward_exchange *exchange, bool is_end,
                          const struct ward_exchange_context *context)
{
    size_t index = 0;

    while (index < exchange->held_count) {
        struct ward_exchange_held *held = &exchange->held[index];

        held->awaits_context = ward_exchange_awaits_context(held, context->now.boot_us);
        if (settle_one(exchange, held, is_end, context))
            drop(exchange, index);
        else
            index++;
    }
}

uint64_t ward_exchange_settle_due_us(const struct ward_exchange *exchange)
{
    uint64_t due_us = UINT64_MAX;

    for (size_t i = 0; i < exchange->held_count; i++) {
        const struct ward_exchange_held *held = &exchange->held[i];
        uint64_t held_us = held->received.boot_us + WARD_LAST_KEPT_US;

        if (!held->awaits_context && ward_exchange_clock_is_awaited(exchange))
            held_us = held->received.boot_us + WARD_CLOCK_WAIT_US;
        else if (!held->awaits_context && held->is_asked_for)
            held_us = UINT64_MAX; /* the transfer's own deadline ends it */
        if (held_us < due_us)
            due_us = held_us;
    }
    return due_us;
}

static struct ward_exchange_held *make_room(struct ward_exchange *exchange,
                                            const struct ward_exchange_context *context)
{
    if (exchange->held_count == WARD_EXCHANGE_HELD_MAX) {
        (void)settle_one(exchange, &exchange->held[0], true, context);
        drop(exchange, 0);
    }
    return &exchange->held[exchange->held_count++];
}

/*
 * Returns whether it is held. One that is passed over is not: were one that shows that the numbers began anew stored now, it
 * would be the last that is known, and the link's end before the others have come would leave those behind for good.
 */
static bool hold(struct ward_exchange *exchange, const struct ward_decoded *decoded,
                 const struct ward_exchange_arrival *arrival, const struct ward_exchange_context *context)
{
    const struct ward_racp_stored stored = {arrival->record, digest_of(decoded, arrival)};
    const enum ward_racp_verdict verdict =
        ward_racp_record(&exchange->racp, arrival->has_record ? &stored : NULL, context->now.boot_us);
    struct ward_exchange_held *held;
    struct ward_exchange_held fresh = {
        .received = context->now,
        .is_asked_for = verdict != WARD_RACP_UNASKED,
        .is_known_one = verdict == WARD_RACP_KNOWN,
        .awaits_context =
            arrival->code == WARD_CHAR_GLUCOSE_MEASUREMENT && decoded->detail.glucose.context_follows,
        .is_behind_lost = exchange->has_lost,
        .has_record = arrival->has_record,
        .record = arrival->record,
        .digest = stored.digest,
        .code = arrival->code,
        .length = (uint16_t)arrival->length,
    };

    if (verdict == WARD_RACP_PASSED_OVER)
        return false;
    fresh.number = ++exchange->numbered;
    if (fresh.is_asked_for)
        exchange->newest_asked = fresh.number;
    else
        exchange->newest_sent = fresh.number;
    held = make_room(exchange, context);
    *held = fresh;
    memcpy(held->octets, arrival->octets, arrival->length);
    return true;
}

/*
 * Those that were asked for before it are held no longer than they would be for one that is decoded: none of them is the last.
 * It is counted only when it is passed over: nothing is deleted on a device of whose records one is not understood.
 */
static void take_at_once(struct ward_exchange *exchange, const struct ward_decoded *decoded,
                         const struct ward_exchange_arrival *arrival,
                         const struct ward_exchange_context *context)
{
    const struct ward_racp_stored stored = {arrival->record, digest_of(decoded, arrival)};
    const enum ward_racp_verdict verdict =
        arrival->has_record ? ward_racp_judge(&exchange->racp, &stored) : WARD_RACP_UNASKED;

    if (verdict == WARD_RACP_PASSED_OVER) {
        (void)ward_racp_record(&exchange->racp, &stored, context->now.boot_us);
        return;
    }
    if (verdict == WARD_RACP_ASKED_FOR) {
        exchange->newest_asked = ++exchange->numbered;
        ward_exchange_settle(exchange, false, context);
    }
    tell_once(exchange, decoded, arrival, context);
}

/*
 * A cuff may indicate what it has just measured in the plain and in the enhanced form. What is held in the one is not late for
 * the other, which says nothing more. (What is asked for is counted, and goes its way.)
 */
static bool is_other_form(const struct ward_exchange *exchange, const struct ward_decoded *decoded,
                          uint16_t code)
{
    const struct ward_id device = {""}; /* of both */
    struct ward_identity name, other;
    struct ward_decoded beside;

    if (ward_racp_is_reporting(&exchange->racp) || !ward_identity_of(decoded, &device, NULL, &name))
        return false;
    for (size_t i = 0; i < exchange->held_count; i++) {
        const struct ward_exchange_held *held = &exchange->held[i];

        if (held->is_asked_for || held->code == code)
            continue;
        decode(exchange, held->code, held->octets, held->length, &beside);
        if (ward_identity_of(&beside, &device, NULL, &other) && other.length == name.length &&
            memcmp(other.octets, name.octets, name.length) == 0)
            return true;
    }
    return false;
}

/* A glucose measurement has its number in itself. */
static struct ward_exchange_arrival with_number(const struct ward_exchange_arrival *arrival,
                                                const struct ward_decoded *decoded)
{
    struct ward_exchange_arrival numbered = *arrival;

    if (arrival->code == WARD_CHAR_GLUCOSE_MEASUREMENT) {
        numbered.has_record = true;
        numbered.record = decoded->detail.glucose.sequence_number;
    }
    return numbered;
}

void ward_exchange_take(struct ward_exchange *exchange, const struct ward_exchange_arrival *arrival,
                        const struct ward_exchange_context *context)
{
    struct ward_exchange_arrival numbered;
    struct ward_exchange_held *newest;
    struct ward_decoded decoded;

    decode(exchange, arrival->code, arrival->octets, arrival->length, &decoded);
    if (!decoded.is_measurement)
        return;
    if (decoded.kind == WARD_READING_CONTINUOUS)
        note_worn(exchange, &decoded, context->now.boot_us);
    if (decoded.outcome != WARD_DECODE_OK || decoded.kind == WARD_READING_CONTINUOUS ||
        arrival->code == WARD_CHAR_BATTERY_LEVEL) {
        take_at_once(exchange, &decoded, arrival, context);
        return;
    }
    numbered = with_number(arrival, &decoded);
    if (is_other_form(exchange, &decoded, arrival->code) || !hold(exchange, &decoded, &numbered, context))
        return;
    ward_exchange_settle(exchange, false, context);
    newest = exchange->held_count > 0 ? &exchange->held[exchange->held_count - 1] : NULL;
    if (newest == NULL || newest->number != exchange->numbered || newest->is_asked_for)
        return;
    tell_unsettled(newest, &decoded, context);
}
