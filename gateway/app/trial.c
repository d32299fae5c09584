/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   event                                 what is said and done
 *   TestDevice                            prepare; connected, or not-connected and it is listened for
 *   ten seconds of listening are over     signal
 *   its link comes, or goes               connected, not-connected
 *   a good reading, its link proved       reading; DONE
 *   a good reading, not proved yet        reading; DONE when that link is proved, nothing when it ends before
 *   another reading                       reading, once for each way in which it is not good
 *   another's scan ends while listening   the trial scans by itself for the rest
 *   its bond is gone; another's identity  FAILED
 *   it is forgotten                       FAILED
 *   who asked for it leaves the bus       FAILED
 *   time is up                            FAILED, with what to try next
 *   the trial is over                     done or failed, and the call is answered
 */
#include "app/trial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/gateway.h"
#include "core/clinical.h"
#include "core/reading.h"
#include "io/journal.h"

#define SECOND_US UINT64_C(1000000)

static void tell(struct ward_gateway *gateway, const char *step, const char *text)
{
    const char *const texts[] = {gateway->trial.device.text, step, text};

    ward_bus_emit(gateway->bus, WARD_BUS_TEST_STEP, texts);
}

static const struct ward_store_device *device_of(const struct ward_gateway *gateway)
{
    return ward_registry_device(&gateway->registry, gateway->trial.device.text);
}

static const struct ward_model *model_of(const struct ward_gateway *gateway)
{
    const struct ward_store_device *device = device_of(gateway);

    return device ? ward_model_by_id(device->model.text) : NULL;
}

void ward_trial_done(struct ward_trial *trial)
{
    free(trial->document);
    *trial = (struct ward_trial){0};
}

static void fail(struct ward_gateway *gateway, const char *text)
{
    tell(gateway, "failed", text);
    ward_bus_reply_error(gateway->trial.call, WARD_BUS_FAILED, text);
    ward_trial_done(&gateway->trial);
}

/* Whose it is from here on is what whoever tested it wants to know next. */
static void succeed(struct ward_gateway *gateway)
{
    const struct ward_store_binding *binding =
        ward_registry_next_binding(&gateway->registry, gateway->trial.device.text, NULL);
    char text[WARD_TRIAL_TEXT_SIZE];

    ward_trial_say_done(binding ? binding->patient.text : NULL, text);
    tell(gateway, "done", text);
    ward_bus_reply_text(gateway->trial.call, gateway->trial.document ? gateway->trial.document : "{}");
    ward_trial_done(&gateway->trial);
}

static void fail_with_advice(struct ward_gateway *gateway)
{
    struct ward_trial_seen *seen = &gateway->trial.seen;
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, gateway->trial.device.text);
    char text[WARD_TRIAL_TEXT_SIZE];

    seen->battery_percent = now ? now->battery_percent : WARD_BATTERY_UNKNOWN;
    seen->unproved = seen->unproved || gateway->trial.document;
    ward_trial_say_advice(seen, model_of(gateway), text);
    fail(gateway, text);
}

/* --- the beginning ------------------------------------------------------------------------------------------- */

static bool is_bound(const struct ward_gateway *gateway, const char *device)
{
    return ward_registry_next_binding(&gateway->registry, device, NULL) != NULL;
}

/* A patient's values would be kept from the alarms. */
static bool measures_for_somebody(const struct ward_gateway *gateway, const char *device)
{
    const struct ward_device_now *now = ward_devices_find(&gateway->devices, device);

    return now && now->measured_us > 0 && is_bound(gateway, device) &&
           ward_gateway_now(gateway).boot_us < now->measured_us + WARD_TRIAL_QUIET_US;
}

/* Why it cannot begin, with the call answered; or NULL with the device found. */
static bool refuse(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                   uint32_t seconds)
{
    enum ward_bus_error error = WARD_BUS_FAILED;
    const char *sentence = NULL;

    if (!ward_registry_device(&gateway->registry, device)) {
        error = WARD_BUS_NOT_FOUND;
        sentence = "No such device is enrolled here. `wardctl devices` shows which are.";
    } else if (seconds < WARD_TRIAL_MIN_S || seconds > WARD_TRIAL_MAX_S) {
        error = WARD_BUS_INVALID_ARGUMENT;
        sentence = "A test lasts 10 to 300 seconds.";
    } else if (gateway->trial.call || gateway->enrolment.pair_call) {
        error = WARD_BUS_BUSY;
        sentence = "A device is being tested or paired. Wait for its end.";
    } else if (gateway->radio != WARD_BLUEZ_RADIO_READY) {
        sentence = "The Bluetooth radio is not ready. `wardctl status` says why.";
    } else if (measures_for_somebody(gateway, device)) {
        error = WARD_BUS_REFUSED;
        sentence = "It is measuring for a patient just now, so it works; a test would keep its values from "
                   "the alarms. Take it off for ten seconds to test it.";
    }
    if (sentence)
        ward_bus_reply_error(call, error, sentence);
    return sentence != NULL;
}

static uint32_t advertisements(const struct ward_gateway *gateway, int16_t *ret_rssi)
{
    const struct ward_store_device *device = device_of(gateway);
    struct ward_bluez_signal signal;

    if (!device || ward_bluez_signal(gateway->bluez, device->address, &signal) < 0)
        return 0;
    *ret_rssi = signal.rssi;
    return signal.advertisements;
}

/* A trial that is as short as the listening is over with it, and has nothing to wait for. */
static void tell_waiting(struct ward_gateway *gateway)
{
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;
    const uint64_t left_us = gateway->trial.until_us > now_us ? gateway->trial.until_us - now_us : 0;
    char text[WARD_TRIAL_TEXT_SIZE];

    if (left_us < SECOND_US)
        return;
    snprintf(text, sizeof(text), "Waiting for a measurement, for %" PRIu64 " s at most.",
             left_us / SECOND_US);
    tell(gateway, "waiting", text);
}

static void tell_signal(struct ward_gateway *gateway)
{
    char text[WARD_TRIAL_TEXT_SIZE];

    ward_trial_say_signal(&gateway->trial.seen, text);
    tell(gateway, "signal", text);
    tell_waiting(gateway);
}

/* Who would take up what it measures is gone: it measures for its patient again. */
static void caller_gone(struct ward_bus_call *call, void *userdata)
{
    struct ward_gateway *gateway = userdata;

    (void)call;
    fail(gateway, "Whoever asked for the test has left.");
    ward_gateway_settle(gateway);
}

/* A scan that runs already serves as well, as long as it runs. */
static void listen(struct ward_gateway *gateway)
{
    struct ward_trial *trial = &gateway->trial;
    int16_t rssi;
    const int result = ward_bluez_scan(gateway->bluez, WARD_TRIAL_LOOK_S);

    if (result < 0 && result != -EBUSY) {
        tell_waiting(gateway);
        return;
    }
    trial->listens_along = result == -EBUSY;
    trial->advertisements = advertisements(gateway, &rssi);
    trial->listen_us = ward_gateway_now(gateway).boot_us + SECOND_US;
}

void ward_trial_begin(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device,
                      uint32_t seconds)
{
    struct ward_trial *trial = &gateway->trial;
    const struct ward_device_now *now;
    char text[WARD_TRIAL_TEXT_SIZE];

    if (refuse(gateway, call, device, seconds))
        return;
    ward_journal_print(LOG_NOTICE, "%s is tested for up to %" PRIu32 " s, by uid %u", device, seconds,
                       ward_bus_call_uid(call));
    now = ward_devices_find(&gateway->devices, device);
    *trial = (struct ward_trial){
        .call = call,
        .until_us = ward_gateway_now(gateway).boot_us + seconds * SECOND_US,
        .seen = {.rssi = WARD_TRIAL_RSSI_UNKNOWN, .connected = now && now->connected},
    };
    (void)ward_id_set(&trial->device, device);
    if (ward_bus_call_watch(call, caller_gone, gateway) < 0) {
        caller_gone(call, gateway); /* before it was known who he is */
        return;
    }
    trial->seen.needs_pairing = now && now->needs_pairing;
    ward_trial_say_what_to_do(model_of(gateway), text);
    tell(gateway, "prepare", text);
    if (trial->seen.connected) {
        tell(gateway, "connected", "It is connected.");
        tell_signal(gateway);
    } else {
        tell(gateway, "not-connected", "It is not connected. Listening for it.");
        listen(gateway);
    }
}

/* Nobody would hear it any more, and it would be said to be too far away. */
void ward_trial_scan_ended(struct ward_gateway *gateway, int error)
{
    struct ward_trial *trial = &gateway->trial;

    if (!trial->call || !trial->listens_along || trial->listen_us == 0 || error < 0)
        return;
    trial->listens_along = false;
    (void)ward_bluez_scan(gateway->bluez, WARD_TRIAL_LOOK_S - trial->seen.listened_s);
}

/* Nothing of it can come any more. */
void ward_trial_forgotten(struct ward_gateway *gateway, const char *device)
{
    if (gateway->trial.call && strcmp(gateway->trial.device.text, device) == 0)
        fail(gateway, "It has been forgotten meanwhile. Pair it, and test it then.");
}

/* --- what comes ---------------------------------------------------------------------------------------------- */

/* As nobody's, and as no measurement of a patient, whoever may be given it later. */
static void store(struct ward_gateway *gateway, const struct ward_arrival *arrival, bool proved)
{
    struct ward_arrival kept = *arrival;
    struct ward_reading *reading = &kept.record.reading;
    struct ward_store_group group;

    reading->unassigned = true;
    reading->patient = reading->episode = (struct ward_id){0};
    reading->quality = WARD_INVALID;
    reading->reasons |= WARD_REASON_NOT_CLINICAL;
    kept.place.has_record = kept.place.has_record && proved;
    group = ward_arrival_group(&kept, true);
    (void)ward_gateway_submit(gateway, &group, ward_commit_waiter_of(&kept));
}

/* A stream is not good in the same way every second. */
static bool is_told(const struct ward_trial *trial, const struct ward_reading *reading)
{
    return trial->is_told && trial->told_quality == reading->quality &&
           trial->told_reasons == reading->reasons;
}

static void tell_reading(struct ward_gateway *gateway, const struct ward_reading *reading)
{
    struct ward_trial *trial = &gateway->trial;
    char text[WARD_TRIAL_TEXT_SIZE];

    if (is_told(trial, reading))
        return;
    trial->is_told = true;
    trial->told_quality = reading->quality;
    trial->told_reasons = reading->reasons;
    ward_trial_say_reading(reading, text);
    tell(gateway, "reading", text);
}

static void note_measured(struct ward_gateway *gateway, const struct ward_reading *reading)
{
    struct ward_device_now *now = ward_devices_entry(&gateway->devices, reading->device.text);

    if (now && reading->quality != WARD_INVALID)
        now->measured_us = ward_gateway_now(gateway).boot_us;
}

/* The first good reading is the last one, once it is certain who sent it. */
static void take(struct ward_gateway *gateway, const struct ward_reading *reading, bool proved)
{
    struct ward_trial *trial = &gateway->trial;
    char document[WARD_TRIAL_DOCUMENT_SIZE];

    trial->seen.connected = true;
    tell_reading(gateway, reading);
    if (!ward_trial_is_good(reading)) {
        trial->seen.measured = true;
        trial->seen.reasons = reading->reasons;
        return;
    }
    free(trial->document);
    trial->document = ward_trial_write(reading, document) > 0 ? strdup(document) : NULL;
    if (proved)
        succeed(gateway);
}

/* It is not settled whether the reading is of now; the trial stays open until it is. */
static void await_settled(struct ward_gateway *gateway)
{
    const uint64_t settled_us = ward_gateway_now(gateway).boot_us + WARD_CLOCK_WAIT_US + SECOND_US;

    if (gateway->trial.until_us < settled_us)
        gateway->trial.until_us = settled_us;
}

bool ward_trial_takes(const struct ward_heard *heard, const struct ward_arrival *arrival)
{
    struct ward_gateway *gateway = heard->talk->gateway;
    const struct ward_trial *trial = &gateway->trial;
    const struct ward_reading *reading = &arrival->record.reading;

    if (reading->late || reading->kind == WARD_READING_STORED)
        return false;
    if (!trial->call || strcmp(trial->device.text, reading->device.text) != 0) {
        note_measured(gateway, reading);
        return false;
    }
    if (!heard->measurement->is_settled) {
        await_settled(gateway);
        return true;
    }
    store(gateway, arrival, heard->talk->proved);
    take(gateway, reading, heard->talk->proved);
    return true;
}

void ward_trial_link(struct ward_gateway *gateway, const struct ward_bluez_link *link)
{
    struct ward_trial *trial = &gateway->trial;

    if (!trial->call || strcmp(trial->device.text, link->device->id.text) != 0)
        return;
    switch (link->state) {
    case WARD_BLUEZ_LINK_CONNECTED:
        trial->seen.connected = true;
        tell(gateway, "connected", "It is connected.");
        break;
    case WARD_BLUEZ_LINK_PROVED:
        trial->seen.needs_pairing = false;
        trial->seen.proved = true;
        if (trial->document)
            succeed(gateway);
        break;
    case WARD_BLUEZ_LINK_DISCONNECTED:
        trial->seen.unproved = trial->seen.unproved || trial->document;
        free(trial->document);
        trial->document = NULL;
        tell(gateway, "not-connected", "Its link has ended.");
        break;
    case WARD_BLUEZ_LINK_NEEDS_PAIRING:
        trial->seen.needs_pairing = true;
        fail_with_advice(gateway);
        break;
    case WARD_BLUEZ_LINK_IMPOSTOR: fail(gateway, link->text); break;
    case WARD_BLUEZ_LINK_RESOLVED:
    case WARD_BLUEZ_LINK_RESTING:
    case WARD_BLUEZ_LINK_FAULT:
        if (link->text[0])
            tell(gateway, "trouble", link->text);
        break;
    }
}

/* --- time ---------------------------------------------------------------------------------------------------- */

static void listened(struct ward_gateway *gateway)
{
    struct ward_trial *trial = &gateway->trial;
    int16_t rssi = WARD_TRIAL_RSSI_UNKNOWN;
    const uint32_t count = advertisements(gateway, &rssi);

    trial->seen.listened_s++;
    if (count > trial->advertisements) {
        trial->seen.heard_s++;
        trial->seen.rssi = rssi;
    }
    trial->advertisements = count;
    trial->listen_us += SECOND_US;
    if (trial->seen.listened_s < WARD_TRIAL_LOOK_S)
        return;
    trial->listen_us = 0;
    tell_signal(gateway);
}

void ward_trial_tick(struct ward_gateway *gateway)
{
    struct ward_trial *trial = &gateway->trial;
    const uint64_t now_us = ward_gateway_now(gateway).boot_us;

    if (!trial->call)
        return;
    while (trial->listen_us > 0 && trial->listen_us <= now_us)
        listened(gateway);
    if (trial->until_us <= now_us)
        fail_with_advice(gateway);
}

uint64_t ward_trial_due_us(const struct ward_trial *trial)
{
    if (!trial->call)
        return UINT64_MAX;
    return trial->listen_us > 0 && trial->listen_us < trial->until_us ? trial->listen_us : trial->until_us;
}
