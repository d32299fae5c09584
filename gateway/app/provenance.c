/* SPDX-License-Identifier: Apache-2.0 */
#include "app/provenance.h"

#include <string.h>

#include "app/gateway.h"
#include "app/ownership.h"
#include "core/decode.h"
#include "core/exchange.h"

/*
 * It is being paired for somebody who does not have it: whoever measures with it meanwhile is not whose it still is. What came
 * before that is, and what it has in its memory of a known time before that.
 */
static bool is_paired_for_another(const struct ward_heard *heard)
{
    const struct ward_gateway *gateway = heard->talk->gateway;
    const struct ward_enrolment *enrolment = &gateway->enrolment;
    const struct ward_device_moment *measured = &heard->measurement->measured;
    const char *device = heard->talk->device.id.text, *patient = enrolment->patient.text;
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device);

    return known && strcmp(known->address, enrolment->pair_address) == 0 &&
           ward_gateway_watch(gateway, patient) &&
           !ward_registry_is_bound(&gateway->registry, device, patient) &&
           heard->measurement->received.boot_us >= enrolment->begun_us &&
           !(measured->is_known &&
             measured->boot_us + measured->uncertainty_ms * INT64_C(1000) < (int64_t)enrolment->begun_us);
}

/*
 * What says whose it is. It may have come some seconds ago, and was bound and claimed as it was then. What was bound before
 * the date was known begins with the date: of what came before it that says nothing.
 */
static struct ward_provenance provenance_of(const struct ward_heard *heard,
                                            const struct ward_reading *reading)
{
    const struct ward_gateway *gateway = heard->talk->gateway;
    const struct ward_exchange_measurement *measurement = heard->measurement;
    const struct ward_decoded *decoded = measurement->decoded;
    const struct ward_time now = ward_gateway_now(gateway);
    const uint64_t came_us = measurement->received.boot_us;
    const bool stream = reading->kind == WARD_READING_CONTINUOUS;
    struct ward_provenance what = {
        .device = reading->device.text,
        .slot = decoded->has_user && decoded->user != WARD_USER_UNKNOWN ? decoded->user : WARD_SLOT_NONE,
        .now = !reading->late && reading->kind != WARD_READING_STORED,
        .enrolling = (heard->talk->enrolling && !stream) || is_paired_for_another(heard),
        .measured_at_ms = reading->measured_at_ms,
        .uncertainty_ms = measurement->measured.uncertainty_ms,
        .came_us = came_us,
        .came_at_ms = now.utc_ms,
        .asked_at_ms = now.utc_ms,
        .claimed_by = ward_binding_claimant_at(gateway, reading->device.text, came_us)};

    if (now.utc_ms != WARD_UTC_UNKNOWN && measurement->received.utc_ms != WARD_UTC_UNKNOWN &&
        came_us < now.boot_us)
        what.came_at_ms -= (int64_t)((now.boot_us - came_us) / 1000);
    return what;
}

/* Of what a device tells while it is being enrolled only a stream is certainly of now, and so of this patient. */
struct ward_watch *ward_provenance_watch(const struct ward_heard *heard, struct ward_reading *reading)
{
    struct ward_gateway *gateway = heard->talk->gateway;
    const struct ward_provenance what = provenance_of(heard, reading);
    const bool enrolling = heard->talk->enrolling, stream = reading->kind == WARD_READING_CONTINUOUS;
    const struct ward_store_binding *binding = ward_whose(&gateway->registry, &what);
    const char *patient = binding ? binding->patient.text : NULL;
    struct ward_watch *watch;

    if (!binding && enrolling && stream)
        patient = gateway->enrolment.patient.text;
    watch = patient ? ward_gateway_watch(gateway, patient) : NULL;
    if (!watch || (binding && strcmp(binding->episode.text, watch->episode.text) != 0)) {
        reading->unassigned = true;
        return NULL;
    }
    if (binding && !binding->read_out && !heard->measurement->is_settled)
        return NULL; /* of now, or another's from the memory: that is not known yet */
    reading->patient = watch->patient;
    reading->episode = watch->episode;
    return watch;
}
