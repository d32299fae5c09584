/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   notification ─▶ talk: decode ─▶ validate ─▶ is it of now? ─▶ known? ─▶ whose? ─▶ evaluate ─┬▶ annunciate, alarm to the ward
 *                                    │                             │        │                │  at once
 *                                    └ not decided: it may raise   │        │                └▶ store: COMMIT ─▶ reading to the
 *                                      now, and comes again        │        │                   ward, record deleted on the device
 *                                                                  │        └ nobody's, or of a test: stored as unassigned, never
 *                                                                  │          evaluated
 *                                                                  └ a duplicate: counted, and that is all
 *
 * Over a link that is not proved yet nothing becomes known: a reading waits, is evaluated as doubtful at once, and goes
 * the rest of the line when the link is proved; or is stored as doubtful, and known to nobody, when it ends unproved.
 *
 * ward_pipeline_measurement() is this line from "known?" on; what is before it is in core/exchange.h, which talk.c drives.
 * What follows "evaluate" is in watch.c (annunciate, alarm, submit), commits.c (committed) and outbox.c (to the ward).
 */
#include "app/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "app/device_report.h"
#include "app/gateway.h"
#include "app/provenance.h"
#include "core/decode.h"
#include "core/duplicate.h"
#include "core/validate.h"

/* When and over what: everything of a reading that is not in its frame. */
static void stamp(const struct ward_heard *heard, struct ward_reading *reading)
{
    const struct ward_exchange_measurement *measurement = heard->measurement;
    const struct ward_talk *talk = heard->talk;

    reading->device = talk->device.id;
    reading->boot = talk->gateway->boot;
    reading->mono_us = measurement->received.boot_us;
    reading->clock = measurement->received.clock;
    reading->received_at_ms = measurement->received.utc_ms;
    reading->measured_at_ms = measurement->received.utc_ms;
    reading->kind = measurement->kind;
    reading->late = measurement->late;
    if (reading->late || reading->kind == WARD_READING_STORED) {
        reading->measured_at_ms =
            measurement->measured.is_known ? measurement->measured.utc_ms : WARD_UTC_UNKNOWN;
        reading->clock =
            measurement->measured.is_known ? measurement->measured.clock : (uint8_t)WARD_CLOCK_UNSYNCED;
    }
    if (talk->device.security != WARD_BLUEZ_BONDED)
        reading->security = WARD_LINK_OPEN;
    else
        reading->security = talk->proved ? WARD_LINK_BONDED : WARD_LINK_BONDED_UNPROVED;
}

/* Gives the arrival the key of its record's name, when that has one. */
static void name_it(const struct ward_heard *heard, struct ward_arrival *arrival)
{
    const struct ward_exchange_measurement *measurement = heard->measurement;
    struct ward_store_known *known = &arrival->known.known;
    struct ward_identity identity;
    uint8_t digest[32];

    arrival->known.kind = WARD_STORE_KNOWN;
    if (!ward_identity_of(measurement->decoded, &arrival->record.reading.device,
                          measurement->has_record ? &measurement->record : NULL, &identity))
        return;
    ward_sha256(identity.octets, identity.length, digest);
    memcpy(known->key, digest, sizeof(known->key));
    arrival->has_key = true;
}

/* Whether the device gave us this record before, over a link that was proved. */
static bool is_known(struct ward_gateway *gateway, const struct ward_arrival *arrival, bool counts)
{
    const char *device = arrival->record.reading.device.text;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);

    if (!arrival->has_key || !ward_known_has(&gateway->known, device, arrival->known.known.key))
        return false;
    gateway->pipeline.duplicates += counts;
    if (now)
        now->duplicates += counts;
    return true;
}

/* From now on it is known. Of the device that is proved to have given it alone. */
static void make_known(struct ward_gateway *gateway, struct ward_arrival *arrival)
{
    uint8_t key[WARD_STORE_KEY_OCTETS];

    if (!arrival->has_key)
        return;
    memcpy(key, arrival->known.known.key, sizeof(key));
    arrival->named =
        ward_known_add(&gateway->known, arrival->record.reading.device.text, key, &arrival->known.known);
}

/*
 * A record that is known is on the disk, or still on its way there from an earlier link: then the device hears that it may
 * forget it only behind what was submitted so far.
 */
static void settle_known(struct ward_gateway *gateway, const struct ward_talk_place *place)
{
    const bool *active = gateway->technical.active;
    struct ward_commit_waiter *waiter;

    if (active[WARD_TECHNICAL_STORAGE_FAILING] || active[WARD_TECHNICAL_STORAGE_FULL])
        return; /* nothing gets there, however often it comes again: the next time will do */
    if (gateway->committed_token == gateway->next_token)
        ward_talk_committed(gateway, place);
    else if ((waiter = ward_commit_waiter_new(NULL, 0))) {
        waiter->place = *place;
        (void)ward_gateway_submit(gateway, &(struct ward_store_group){.urgent = true}, waiter);
    }
}

/* As it is as long as nobody knows that the link is the device's own. */
static struct ward_reading doubtful_of(const struct ward_reading *reading)
{
    struct ward_reading doubtful = *reading;

    doubtful.reasons |= WARD_REASON_LINK_UNPROVED;
    if (doubtful.quality == WARD_VALID)
        doubtful.quality = WARD_QUESTIONABLE;
    return doubtful;
}

/* The record as it is stored when its link was never proved: the device's own count of its records is left alone. */
static struct ward_arrival unproved_of(const struct ward_arrival *arrival)
{
    struct ward_arrival unproved = *arrival;

    unproved.record.reading = doubtful_of(&arrival->record.reading);
    unproved.place.has_record = false;
    return unproved;
}

/*
 * Keeps the record back until the link is proved, ends, or time is up. Returns false, when there is no room, with
 * the arrival as it has to be stored now.
 */
static bool hold(const struct ward_heard *heard, struct ward_arrival *arrival)
{
    struct ward_pipeline *pipeline = &heard->talk->gateway->pipeline;
    struct ward_held *held = pipeline->held_count < WARD_PIPELINE_HELD_MAX ? calloc(1, sizeof(*held)) : NULL;

    if (!held) {
        *arrival = unproved_of(arrival);
        return false;
    }
    held->arrival = *arrival;
    held->connection = heard->talk->connection;
    held->due_us = heard->measurement->received.boot_us + WARD_PIPELINE_HOLD_US;
    pipeline->held[pipeline->held_count++] = held;
    return true;
}

/* The patient hears at once that it has come, and once. */
static void answer(const struct ward_heard *heard, const struct ward_reading *reading)
{
    const uint32_t number = heard->measurement->number;

    if (reading->kind != WARD_READING_SPOT || heard->talk->enrolling ||
        (number != 0 && number <= heard->talk->answered))
        return;
    heard->talk->answered = number;
    (void)ward_annunciator_answer(heard->talk->gateway->annunciator,
                                  reading->quality == WARD_VALID ? WARD_ANSWER_RECEIVED : WARD_ANSWER_REPEAT);
}

/* A record that is new: to whom it belongs, or to nobody. */
static void take(const struct ward_heard *heard, struct ward_arrival *arrival)
{
    struct ward_gateway *gateway = heard->talk->gateway;
    struct ward_reading *reading = &arrival->record.reading;
    struct ward_watch *watch;
    const struct ward_reading doubtful = doubtful_of(reading);
    bool held;

    if (heard->measurement->is_settled && heard->talk->proved)
        make_known(gateway, arrival);
    if (ward_trial_takes(heard, arrival))
        return;
    watch = ward_provenance_watch(heard, reading);
    if (!heard->measurement->is_settled) {
        if (watch)
            ward_watch_early(watch, heard->talk->proved ? reading : &doubtful);
        answer(heard, reading);
        return;
    }
    if (watch) {
        ward_technical_heard(watch);
        ward_agreement_take(&watch->agreement, reading, ward_gateway_now(gateway).boot_us);
    }
    held = !heard->talk->proved && hold(heard, arrival);
    if (!watch && !held)
        ward_unassigned_store(gateway, arrival);
    else if (watch)
        ward_watch_reading(watch, heard->talk->proved ? reading : &doubtful, held ? NULL : arrival);
    if (watch)
        answer(heard, reading);
}

/* It is never longer than a record has room for. */
static void add_context(const struct ward_exchange_measurement *measurement, struct ward_reading *reading)
{
    if (!measurement->context || measurement->context_length > sizeof(reading->context))
        return;
    reading->context_characteristic = measurement->context->characteristic;
    reading->context_length = (uint16_t)measurement->context_length;
    memcpy(reading->context, measurement->context_octets, measurement->context_length);
}

void ward_pipeline_measurement(struct ward_gateway *gateway, const struct ward_heard *heard)
{
    const struct ward_exchange_measurement *measurement = heard->measurement;
    struct ward_arrival arrival = {.place = {.device = heard->talk->device.id,
                                             .connection = heard->talk->connection,
                                             .number = measurement->number,
                                             .has_record = measurement->has_record &&
                                                           !measurement->is_behind_lost &&
                                                           !heard->talk->lost_record,
                                             .record = measurement->record,
                                             .digest = measurement->digest}};

    ward_decoded_fill_reading(measurement->decoded, measurement->octets, measurement->length,
                              &arrival.record.reading);
    arrival.record.reading.characteristic = measurement->code;
    add_context(measurement, &arrival.record.reading);
    stamp(heard, &arrival.record.reading);
    ward_device_report_take(heard);
    ward_upkeep_signal(gateway, &arrival.record.reading);
    name_it(heard, &arrival);
    if (!is_known(gateway, &arrival, measurement->is_settled)) {
        take(heard, &arrival);
        return;
    }
    arrival.place.has_record = arrival.place.has_record && heard->talk->proved;
    if (measurement->is_settled)
        settle_known(gateway, &arrival.place);
}

/* It came over the device's own link: evaluated anew as what it is, and stored. */
static void release_proved(struct ward_gateway *gateway, struct ward_arrival *arrival)
{
    struct ward_reading *reading = &arrival->record.reading;
    struct ward_watch *watch = ward_gateway_watch(gateway, reading->patient.text);
    struct ward_store_group group;

    if (is_known(gateway, arrival, true)) {
        settle_known(gateway, &arrival->place);
        return;
    }
    make_known(gateway, arrival);
    if (reading->security == WARD_LINK_BONDED_UNPROVED)
        reading->security = WARD_LINK_BONDED;
    group = ward_arrival_group(arrival, true);
    if (reading->unassigned)
        ward_unassigned_store(gateway, arrival);
    else if (watch)
        ward_watch_reading(watch, reading, arrival);
    else if (ward_gateway_submit(gateway, &group, ward_commit_waiter_of(arrival)) < 0)
        ward_talk_lost(gateway, &arrival->place);
}

/* It was evaluated as doubtful already, and stays so. */
static void release_unproved(struct ward_gateway *gateway, const struct ward_arrival *arrival)
{
    const struct ward_arrival unproved = unproved_of(arrival);
    struct ward_store_group group = ward_arrival_group(&unproved, true);

    if (unproved.record.reading.unassigned)
        ward_unassigned_store(gateway, &unproved);
    else
        (void)ward_gateway_submit(gateway, &group, ward_commit_waiter_of(&unproved));
}

/* The waiting is over for one reading. */
static void release(struct ward_gateway *gateway, size_t at, bool proved)
{
    struct ward_pipeline *pipeline = &gateway->pipeline;
    struct ward_held *held = pipeline->held[at];

    pipeline->held_count--;
    for (size_t i = at; i < pipeline->held_count; i++)
        pipeline->held[i] = pipeline->held[i + 1];
    if (proved)
        release_proved(gateway, &held->arrival);
    else
        release_unproved(gateway, &held->arrival);
    free(held);
}

void ward_pipeline_link(struct ward_gateway *gateway, const struct ward_bluez_link *link)
{
    struct ward_pipeline *pipeline = &gateway->pipeline;
    size_t i = 0;

    if (link->state != WARD_BLUEZ_LINK_PROVED && link->state != WARD_BLUEZ_LINK_DISCONNECTED)
        return;
    while (i < pipeline->held_count) {
        const struct ward_held *held = pipeline->held[i];

        if (strcmp(held->arrival.record.reading.device.text, link->device->id.text) == 0 &&
            held->connection <= link->connection)
            release(gateway, i,
                    link->state == WARD_BLUEZ_LINK_PROVED && held->connection == link->connection);
        else
            i++;
    }
}

void ward_pipeline_tick(struct ward_gateway *gateway)
{
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;

    while (gateway->pipeline.held_count > 0 && gateway->pipeline.held[0]->due_us <= now_us)
        release(gateway, 0, false);
}

uint64_t ward_pipeline_due_us(const struct ward_pipeline *pipeline)
{
    return pipeline->held_count > 0 ? pipeline->held[0]->due_us : UINT64_MAX;
}

void ward_pipeline_done(struct ward_gateway *gateway)
{
    while (gateway->pipeline.held_count > 0)
        release(gateway, 0, false);
}
