/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   notification ─▶ decode ─▶ validate ─▶ known? ─▶ whose? ─▶ evaluate ─┬▶ annunciate, alarm event to the ward  at once
 *                                           │         │                 └▶ store: COMMIT ─▶ reading to the ward
 *                                           │         └ nobody's: stored as unassigned, never evaluated
 *                                           └ a duplicate: counted, and that is all
 *
 * ward_pipeline_value() is this line. What follows "evaluate" is in watch.c (annunciate, alarm, submit), gateway.c
 * (committed) and outbox.c (to the ward).
 */
#include "app/pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "app/gateway.h"
#include "app/ownership.h"
#include "core/decode.h"
#include "core/duplicate.h"
#include "core/validate.h"

/* When and over what: everything of a reading that is not in its frame. */
static void stamp(struct ward_gateway *gateway, const struct ward_bluez_value *value,
                  struct ward_reading *reading)
{
    const struct ward_time now = ward_gateway_now(gateway);

    reading->device = value->device->id;
    reading->boot = gateway->boot;
    reading->mono_us = value->receipt_us;
    reading->clock = now.clock;
    reading->received_at_ms = now.utc_ms;
    reading->measured_at_ms = now.utc_ms;
    if (value->device->security != WARD_BLUEZ_BONDED)
        reading->security = WARD_LINK_OPEN;
    else
        reading->security = value->proved ? WARD_LINK_BONDED : WARD_LINK_BONDED_UNPROVED;
}

/* What comes from a device's memory is of another time, which its clock alone would tell: it is not known. */
static void date_stored(struct ward_reading *reading)
{
    if (reading->kind == WARD_READING_STORED) {
        reading->measured_at_ms = WARD_UTC_UNKNOWN;
        reading->late = true;
    }
}

static void note_heard(struct ward_gateway *gateway, const struct ward_bluez_value *value)
{
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, value->device->id.text);

    if (now)
        now->heard = ward_gateway_now(gateway);
}

static void note_outcome(struct ward_gateway *gateway, const struct ward_bluez_value *value,
                         const struct ward_decoded *decoded)
{
    ward_technical_device(gateway, value->device->id.text, WARD_DEVICE_UNDECODABLE_FRAME,
                          decoded->outcome == WARD_DECODE_OK ? WARD_PRIORITY_NONE : WARD_PRIORITY_LOW);
    if (decoded->outcome != WARD_DECODE_OK) {
        gateway->pipeline.undecodable++;
        sd_journal_print(LOG_WARNING, "%s: a frame cannot be decoded: %s", value->device->id.text,
                         decoded->error);
    }
}

/* Whether the device gave us this record before; otherwise it is known from now on. */
static bool is_known(struct ward_gateway *gateway, const struct ward_decoded *decoded,
                     struct ward_arrival *arrival)
{
    const char *device = arrival->record.reading.device.text;
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, device);
    struct ward_identity identity;
    uint8_t digest[32];

    if (!ward_identity_of(decoded, &arrival->record.reading.device, &identity) ||
        ward_sha256(identity.octets, identity.length, digest) < 0)
        return false;
    if (ward_known_has(&gateway->known, device, digest)) {
        gateway->pipeline.duplicates++;
        if (now)
            now->duplicates++;
        return true;
    }
    arrival->known.kind = WARD_STORE_KNOWN;
    arrival->named = ward_known_add(&gateway->known, device, digest, &arrival->known.known);
    return false;
}

/* Of what a device tells while it is being enrolled only a stream is certainly of now, and so of this patient. */
static struct ward_watch *whose(struct ward_gateway *gateway, const struct ward_bluez_value *value,
                                const struct ward_decoded *decoded, struct ward_reading *reading)
{
    const struct ward_provenance what = {
        .device = reading->device.text,
        .slot = decoded->has_user && decoded->user != WARD_USER_UNKNOWN ? decoded->user : WARD_SLOT_NONE,
        .now = !reading->late && reading->kind != WARD_READING_STORED,
        .enrolling = value->enrolling,
        .measured_at_ms = reading->measured_at_ms,
        .claimed_by = ward_binding_claimant(gateway, reading->device.text)};
    const struct ward_store_binding *binding = ward_whose(&gateway->registry, &what);
    const bool enrolled_stream = value->enrolling && reading->kind == WARD_READING_CONTINUOUS;
    const char *patient = binding ? binding->patient.text : NULL;
    struct ward_watch *watch;

    if (enrolled_stream)
        patient = gateway->enrolment.patient.text;
    watch = patient ? ward_gateway_watch(gateway, patient) : NULL;
    if (!watch || (binding && strcmp(binding->episode.text, watch->episode.text) != 0)) {
        reading->unassigned = true;
        return NULL;
    }
    reading->patient = watch->patient;
    reading->episode = watch->episode;
    return watch;
}

/* Evaluates what is known now and keeps the record back until the link is proved, ends, or time is up. */
static void hold(struct ward_gateway *gateway, const struct ward_bluez_value *value, struct ward_watch *watch,
                 const struct ward_arrival *arrival)
{
    struct ward_pipeline *pipeline = &gateway->pipeline;
    struct ward_reading doubtful = arrival->record.reading;
    struct ward_held *held = pipeline->held_count < WARD_PIPELINE_HELD_MAX ? calloc(1, sizeof(*held)) : NULL;

    doubtful.reasons |= WARD_REASON_LINK_UNPROVED;
    if (doubtful.quality == WARD_VALID)
        doubtful.quality = WARD_QUESTIONABLE;
    if (!held) {
        struct ward_arrival unproved = *arrival;

        unproved.record.reading = doubtful;
        ward_watch_reading(watch, &doubtful, &unproved);
        return;
    }
    held->arrival = *arrival;
    held->connection = value->connection;
    held->due_us = value->receipt_us + WARD_PIPELINE_HOLD_US;
    pipeline->held[pipeline->held_count++] = held;
    ward_watch_reading(watch, &doubtful, NULL);
}

/* A record that is new: to whom it belongs, or to nobody. */
static void take(struct ward_gateway *gateway, const struct ward_bluez_value *value,
                 const struct ward_decoded *decoded, struct ward_arrival *arrival)
{
    struct ward_reading *reading = &arrival->record.reading;
    struct ward_watch *watch = whose(gateway, value, decoded, reading);

    if (watch) {
        ward_technical_set(gateway, WARD_TECHNICAL_WAS_UNMONITORED, false);
        ward_agreement_take(&watch->agreement, reading, ward_gateway_now(gateway).boot_us);
    }
    if (!watch)
        ward_unassigned_store(gateway, arrival);
    else if (!value->proved)
        hold(gateway, value, watch, arrival);
    else
        ward_watch_reading(watch, reading, arrival);
    if (watch && reading->kind == WARD_READING_SPOT)
        (void)ward_annunciator_answer(
            gateway->annunciator, reading->quality == WARD_VALID ? WARD_ANSWER_RECEIVED : WARD_ANSWER_REPEAT);
}

void ward_pipeline_value(struct ward_gateway *gateway, const struct ward_bluez_value *value)
{
    struct ward_decoded decoded;
    struct ward_arrival arrival = {0};
    struct ward_reading *reading = &arrival.record.reading;

    ward_decode(value->characteristic, value->octets, value->length, &decoded);
    if (!decoded.is_measurement)
        return;
    ward_validate(&decoded);
    stamp(gateway, value, reading);
    ward_decoded_fill_reading(&decoded, value->octets, value->length, reading);
    date_stored(reading);
    ward_enrolment_value(gateway, value);
    note_heard(gateway, value);
    note_outcome(gateway, value, &decoded);
    if (!is_known(gateway, &decoded, &arrival))
        take(gateway, value, &decoded, &arrival);
    ward_gateway_settle(gateway);
}

/* The waiting is over for one reading: it is stored, as proved and evaluated anew, or as it was evaluated. */
static void release(struct ward_gateway *gateway, size_t at, bool proved)
{
    struct ward_pipeline *pipeline = &gateway->pipeline;
    struct ward_held *held = pipeline->held[at];
    struct ward_reading *reading = &held->arrival.record.reading;
    struct ward_watch *watch = ward_gateway_watch(gateway, reading->patient.text);
    struct ward_store_group group = ward_arrival_group(&held->arrival, true);

    pipeline->held_count--;
    for (size_t i = at; i < pipeline->held_count; i++)
        pipeline->held[i] = pipeline->held[i + 1];
    if (proved) {
        if (reading->security == WARD_LINK_BONDED_UNPROVED)
            reading->security = WARD_LINK_BONDED;
    } else {
        reading->reasons |= WARD_REASON_LINK_UNPROVED;
        if (reading->quality == WARD_VALID)
            reading->quality = WARD_QUESTIONABLE;
    }
    if (proved && watch)
        ward_watch_reading(watch, reading, &held->arrival);
    else
        (void)ward_gateway_submit(gateway, &group, ward_commit_waiter_new(&held->arrival.record, 1));
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
