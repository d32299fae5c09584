/* SPDX-License-Identifier: Apache-2.0 */
#include "app/enrolment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/documents.h"
#include "app/gateway.h"
#include "core/json.h"
#include "core/model.h"
#include "core/reading.h"
#include "io/crypto.h"
#include "io/journal.h"

#define SENTENCE_MAX 300
#define DOCUMENT_MAX 2048

#define SCANS                                                                                                \
    "Somebody scans already, or a device is being tested. Wait for its end, or end that with Ctrl-C."

/* A pairing that nobody follows would keep others from theirs, and enrol what nobody looks at any more. */
static void caller_gone(struct ward_bus_call *call, void *userdata)
{
    struct ward_gateway *gateway = userdata;

    if (call == gateway->enrolment.pair_call)
        (void)ward_bluez_pair_cancel(gateway->bluez);
    else if (call == gateway->enrolment.scan_call)
        (void)ward_bluez_scan_cancel(gateway->bluez);
}

/* He may have left before it was known who he is. */
static void watch_caller(struct ward_gateway *gateway, struct ward_bus_call *call)
{
    if (ward_bus_call_watch(call, caller_gone, gateway) < 0)
        caller_gone(call, gateway);
}

/* --- the scan ------------------------------------------------------------------------------------------------ */

void ward_enrolment_scan(struct ward_gateway *gateway, struct ward_bus_call *call, uint32_t seconds)
{
    struct ward_enrolment *enrolment = &gateway->enrolment;
    int result;

    if (enrolment->scan_call) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, SCANS);
        return;
    }
    result = ward_bluez_scan(gateway->bluez, seconds);
    if (result == -EBUSY)
        ward_bus_reply_error(call, WARD_BUS_BUSY, SCANS);
    else if (result == -ENETDOWN)
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "The Bluetooth radio is not ready. `wardctl status` says why.");
    else if (result < 0)
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT, "A scan lasts 1 to 300 seconds.");
    else {
        enrolment->scan_call = call;
        watch_caller(gateway, call);
    }
}

static const struct ward_model *model_of(const struct ward_bluez_found *found)
{
    struct ward_gatt_name services[WARD_BLUEZ_FOUND_SERVICES];

    for (size_t i = 0; i < found->service_count; i++)
        services[i] = WARD_GATT_NUMBER(found->services[i]);
    return ward_model_recognise(&(struct ward_model_traits){
        .services = services, .service_count = found->service_count, .name = found->name});
}

static size_t write_found(const struct ward_bluez_found *found, char *text, size_t size)
{
    const struct ward_model *model = model_of(found);
    struct ward_json json;
    size_t length = 0;

    ward_json_init(&json, text, size, WARD_JSON_PRINTED);
    ward_json_object(&json);
    ward_json_member(&json, "address", found->address);
    ward_json_member(&json, "name", found->name);
    if (found->rssi != 127) {
        ward_json_key(&json, "rssi");
        ward_json_int(&json, found->rssi);
    }
    if (model) {
        ward_json_member(&json, "model", model->id);
        ward_json_member(&json, "kind", model->label);
    }
    ward_json_key(&json, "paired");
    ward_json_bool(&json, found->paired);
    ward_json_key(&json, "enrolled");
    ward_json_bool(&json, found->enrolled);
    ward_json_object_end(&json);
    return ward_json_finish(&json, &length) == WARD_JSON_OK ? length : 0;
}

void ward_enrolment_found(struct ward_gateway *gateway, const struct ward_bluez_found *found)
{
    struct ward_enrolment *enrolment = &gateway->enrolment;
    char text[DOCUMENT_MAX];
    const char *const texts[] = {text};
    size_t at = 0;

    if (write_found(found, text, sizeof(text)) == 0)
        return;
    while (at < enrolment->found_count && strcmp(enrolment->found_addresses[at], found->address) != 0)
        at++;
    char *copy = at < WARD_FOUND_MAX ? strdup(text) : NULL;
    if (copy) { /* without memory for it what was found before stays */
        if (at == enrolment->found_count)
            enrolment->found[enrolment->found_count++] = NULL;
        free(enrolment->found[at]);
        enrolment->found[at] = copy;
        memcpy(enrolment->found_addresses[at], found->address, sizeof(enrolment->found_addresses[at]));
    }
    ward_bus_emit(gateway->bus, WARD_BUS_DEVICE_FOUND, texts);
}

void ward_enrolment_scan_ended(struct ward_gateway *gateway, int error)
{
    struct ward_enrolment *enrolment = &gateway->enrolment;
    struct ward_bus_call *call = enrolment->scan_call;

    enrolment->scan_call = NULL;
    if (call && error < 0)
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "The scan broke off: the radio did not go on. Try again.");
    else if (call)
        ward_bus_reply_list(call, (const char *const *)enrolment->found, enrolment->found_count);
    while (enrolment->found_count > 0)
        free(enrolment->found[--enrolment->found_count]);
    ward_trial_scan_ended(gateway, error);
}

/* --- the pairing --------------------------------------------------------------------------------------------- */

/* How a device is enrolled, in the API and in the database. */
static const char *const security_names[] = {
    [WARD_BLUEZ_BONDED] = "bonded",
    [WARD_BLUEZ_OPEN] = "open",
    [WARD_BLUEZ_OPEN_BY_ADDRESS] = WARD_ENROLMENT_BY_ADDRESS,
};

static bool security_by_name(const char *name, uint8_t *ret)
{
    for (size_t i = 0; i < sizeof(security_names) / sizeof(security_names[0]); i++)
        if (strcmp(security_names[i], name) == 0) {
            *ret = (uint8_t)i;
            return true;
        }
    return false;
}

void ward_enrolment_pair(struct ward_gateway *gateway, struct ward_bus_call *call, const char *const *text,
                         uint32_t timeout_s)
{
    struct ward_enrolment *enrolment = &gateway->enrolment;
    const char *address = text[0], *patient = text[1];
    char sentence[SENTENCE_MAX];
    uint8_t security;
    int result;

    if (!security_by_name(text[2], &security)) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                             "A device is enrolled as bonded, open or open-by-address.");
        return;
    }
    if (!ward_gateway_watch(gateway, patient)) {
        snprintf(sentence, sizeof(sentence),
                 "No patient %.64s is admitted here. `wardctl patient list` shows who is.", patient);
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND, sentence);
        return;
    }
    if (enrolment->pair_call) {
        ward_bus_reply_error(call, WARD_BUS_BUSY,
                             "Somebody else is pairing a device. Wait for its end, or end that with Ctrl-C.");
        return;
    }
    result = ward_bluez_pair(gateway->bluez, address, (enum ward_bluez_security)security, timeout_s);
    if (result == -EBUSY) {
        ward_bus_reply_error(call, WARD_BUS_BUSY,
                             "The last pairing is still being undone. Try again in half a minute.");
    } else if (result == -ENETDOWN) {
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "The Bluetooth radio is not ready. `wardctl status` says why.");
    } else if (result < 0) {
        ward_bus_reply_error(call, WARD_BUS_INVALID_ARGUMENT,
                             "An address is like C0:11:22:33:44:55, and pairing lasts 10 to 600 seconds.");
    } else {
        enrolment->pair_call = call;
        enrolment->model = NULL;
        enrolment->read_out = false;
        enrolment->begun_us = ward_gateway_now(gateway).boot_us;
        (void)ward_id_set(&enrolment->patient, patient);
        watch_caller(gateway, call);
    }
}

/* The device that is being paired is enrolled already, and is somebody's. */
static bool is_anybodys(const struct ward_gateway *gateway)
{
    const struct ward_store_device *known =
        ward_registry_device_at(&gateway->registry, gateway->enrolment.pair_address);

    return known && ward_registry_next_binding(&gateway->registry, known->id.text, NULL);
}

/*
 * It would stay bonded, and be heard, and be nobody's: not even one that can be forgotten. One that others have would lose
 * its bond with the pairing, and is paired for them.
 */
void ward_enrolment_discharged(struct ward_gateway *gateway, const char *patient)
{
    if (gateway->enrolment.pair_call && strcmp(gateway->enrolment.patient.text, patient) == 0 &&
        !is_anybodys(gateway))
        (void)ward_bluez_pair_cancel(gateway->bluez);
}

/*
 * The id is made from what names the device itself, so that it stays when address or bond change. A device that tells
 * neither serial number nor system id is known by its bond, which a random id stands for; or, when a person has chosen
 * so, by its address and the protocol that it speaks. A kind of which the bond is demanded is not enrolled without.
 */
int ward_enrolment_identified(struct ward_gateway *gateway, struct ward_bluez_device *device)
{
    const struct ward_bluez_identity *identity = &device->identity;
    const struct ward_model *model = ward_talk_recognise(gateway, device);
    char text[4 * WARD_BLUEZ_TEXT_SIZE];
    uint8_t digest[32];
    const struct ward_store_device *known = ward_registry_device_at(&gateway->registry, device->address);
    int length = snprintf(text, sizeof(text), "%s\n%s\n%s\n%s", identity->manufacturer, identity->model,
                          identity->serial_number, identity->system_id);

    if (!(known && ward_registry_next_binding(&gateway->registry, known->id.text, NULL)) &&
        !ward_registry_has_place(&gateway->registry))
        return -ENOSPC; /* it would not become the patient's */
    if (device->security != WARD_BLUEZ_BONDED && model && model->bond == WARD_MODEL_BOND_REQUIRED)
        return -EKEYREJECTED;
    if (model && model->presence == WARD_MODEL_ALWAYS)
        device->presence = WARD_BLUEZ_ALWAYS;
    if (device->security == WARD_BLUEZ_OPEN_BY_ADDRESS)
        length = snprintf(text, sizeof(text), "address\n%s\n%04x", device->address,
                          (unsigned)(model ? model->vendor : 0));
    if (identity->serial_number[0] || identity->system_id[0] ||
        (device->security == WARD_BLUEZ_OPEN_BY_ADDRESS && !known)) {
        ward_sha256(text, (size_t)length, digest);
    } else if (known) {
        device->id = known->id;
        return 0;
    } else if (ward_random(digest, sizeof(digest)) < 0) {
        return -EIO;
    }
    snprintf(device->id.text, sizeof(device->id.text), "d-%02x%02x%02x%02x%02x%02x%02x%02x", digest[0],
             digest[1], digest[2], digest[3], digest[4], digest[5], digest[6], digest[7]);
    known = ward_registry_device(&gateway->registry, device->id.text);
    return known && strcmp(known->address, device->address) != 0 ? -EEXIST : 0;
}

struct ward_bluez_device ward_enrolment_known(const struct ward_store_device *device)
{
    const struct ward_model *model = ward_model_by_id(device->model.text);
    struct ward_bluez_device known = {.id = device->id};

    snprintf(known.address, sizeof(known.address), "%s", device->address);
    known.address_type =
        strcmp(device->address_type, "random") == 0 ? WARD_BLUEZ_ADDRESS_RANDOM : WARD_BLUEZ_ADDRESS_PUBLIC;
    (void)security_by_name(device->policy.text, &known.security);
    if (model && model->presence == WARD_MODEL_ALWAYS)
        known.presence = WARD_BLUEZ_ALWAYS;
    snprintf(known.identity.serial_number, sizeof(known.identity.serial_number), "%s", device->serial_number);
    snprintf(known.identity.system_id, sizeof(known.identity.system_id), "%.16s", device->system_id);
    snprintf(known.identity.manufacturer, sizeof(known.identity.manufacturer), "%s", device->manufacturer);
    snprintf(known.identity.model, sizeof(known.identity.model), "%s", device->model_number);
    snprintf(known.identity.firmware, sizeof(known.identity.firmware), "%s", device->firmware);
    return known;
}

static struct ward_store_device stored_form(const struct ward_bluez_device *device,
                                            const struct ward_model *model, int64_t now_ms)
{
    struct ward_store_device stored = {.id = device->id, .enrolled_at_ms = now_ms};

    snprintf(stored.address, sizeof(stored.address), "%s", device->address);
    snprintf(stored.address_type, sizeof(stored.address_type), "%s",
             device->address_type == WARD_BLUEZ_ADDRESS_RANDOM ? "random" : "public");
    (void)ward_id_set(&stored.policy, security_names[device->security]);
    if (model)
        (void)ward_id_set(&stored.model, model->id);
    snprintf(stored.manufacturer, sizeof(stored.manufacturer), "%s", device->identity.manufacturer);
    snprintf(stored.model_number, sizeof(stored.model_number), "%s", device->identity.model);
    snprintf(stored.serial_number, sizeof(stored.serial_number), "%s", device->identity.serial_number);
    snprintf(stored.system_id, sizeof(stored.system_id), "%s", device->identity.system_id);
    snprintf(stored.firmware, sizeof(stored.firmware), "%s", device->identity.firmware);
    return stored;
}

/* One that is paired again is what it was: its model is learnt of a stranger only, and its name was given by a person. */
static struct ward_store_device paired_form(const struct ward_gateway *gateway,
                                            const struct ward_bluez_device *device)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device->id.text);
    struct ward_store_device stored =
        stored_form(device, gateway->enrolment.model, ward_gateway_now(gateway).utc_ms);

    if (known) {
        stored.model = known->model;
        memcpy(stored.name, known->name, sizeof(stored.name));
    }
    return stored;
}

/*
 * Keeps it, and makes it the patient's. Where it is his already, its bindings stay: they may say which of its users he is,
 * and who the others are.
 */
static void keep(struct ward_gateway *gateway, const struct ward_store_device *stored,
                 const struct ward_watch *watch, struct ward_commit_waiter *waiter)
{
    const struct ward_store_change change = {.kind = WARD_STORE_DEVICE, .device = *stored};

    if (ward_registry_is_bound(&gateway->registry, stored->id.text, watch->patient.text))
        (void)ward_gateway_change(gateway, &change, 1, waiter);
    else
        (void)ward_binding_make(gateway,
                                &(struct ward_binding_order){.device = stored,
                                                             .is_new = true,
                                                             .watch = watch,
                                                             .slot = WARD_SLOT_NONE,
                                                             .read_out = gateway->enrolment.read_out},
                                waiter);
}

static void paired(struct ward_gateway *gateway, const struct ward_bluez_device *device)
{
    struct ward_enrolment *enrolment = &gateway->enrolment;
    const struct ward_store_device stored = paired_form(gateway, device);
    struct ward_watch *watch = ward_gateway_watch(gateway, enrolment->patient.text);
    struct ward_commit_waiter *waiter = ward_commit_waiter_new(NULL, 0);
    struct ward_bus_call *call = enrolment->pair_call;

    enrolment->pair_call = NULL;
    if (!waiter || !watch) {
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "The device is paired but cannot be kept. Pair it again.");
        free(waiter);
        return;
    }
    waiter->call = call;
    waiter->answer_device = stored.id;
    ward_journal_print(LOG_INFO, "%s is paired and bound to %s", stored.id.text, watch->patient.text);
    ward_talk_paired(gateway, stored.id.text);
    keep(gateway, &stored, watch, waiter);
    ward_firmware_enrolled(gateway, stored.id.text);
}

static const char *step_name(enum ward_bluez_step step)
{
    switch (step) {
    case WARD_BLUEZ_STEP_LOOKING: return "looking";
    case WARD_BLUEZ_STEP_DISCOVERED: return "discovered";
    case WARD_BLUEZ_STEP_BONDING: return "bonding";
    case WARD_BLUEZ_STEP_CONNECTING: return "connecting";
    case WARD_BLUEZ_STEP_BONDED: return "bonded";
    case WARD_BLUEZ_STEP_READING_IDENTITY: return "reading-identity";
    case WARD_BLUEZ_STEP_WAITING_FOR_RETURN: return "waiting-for-return";
    case WARD_BLUEZ_STEP_WAITING_FOR_READING: return "waiting-for-reading";
    case WARD_BLUEZ_STEP_PAIRED: return "paired";
    case WARD_BLUEZ_STEP_FAILED: return "failed";
    }
    return "";
}

/*
 * What was kept of one that was not enrolled after all. Without a serial number it comes under another id the next time, and
 * in the end those of ours would find no place.
 */
static void drop_strangers(struct ward_gateway *gateway)
{
    for (size_t i = gateway->devices.count; i-- > 0;) {
        const struct ward_id device = gateway->devices.list[i].device;

        if (ward_registry_device(&gateway->registry, device.text))
            continue;
        ward_devices_drop(&gateway->devices, device.text);
        ward_recollection_drop(gateway, device.text);
    }
}

void ward_enrolment_step(struct ward_gateway *gateway, const struct ward_bluez_enrolment *step)
{
    struct ward_enrolment *enrolment = &gateway->enrolment;
    const char *const texts[] = {step->address, step_name(step->step), step->text};

    snprintf(enrolment->pair_address, sizeof(enrolment->pair_address), "%s", step->address);
    ward_bus_emit(gateway->bus, WARD_BUS_ENROLMENT_STEP, texts);
    if (step->step == WARD_BLUEZ_STEP_PAIRED && enrolment->pair_call)
        paired(gateway, step->device);
    if (step->step == WARD_BLUEZ_STEP_FAILED && enrolment->pair_call) {
        ward_bus_reply_error(enrolment->pair_call, WARD_BUS_FAILED, step->text);
        enrolment->pair_call = NULL;
    }
    if (step->step == WARD_BLUEZ_STEP_FAILED)
        drop_strangers(gateway);
    if (step->step == WARD_BLUEZ_STEP_PAIRED || step->step == WARD_BLUEZ_STEP_FAILED)
        enrolment->patient.text[0] = enrolment->pair_address[0] = '\0';
}

/* --- forgetting -------------------------------------------------------------------------------------------- */

void ward_enrolment_forget(struct ward_gateway *gateway, struct ward_bus_call *call, const char *device)
{
    const struct ward_store_device *known = ward_registry_device(&gateway->registry, device);
    struct ward_store_change change = {.kind = WARD_STORE_DEVICE_FORGOTTEN};

    if (!known) {
        ward_bus_reply_error(call, WARD_BUS_NOT_FOUND,
                             "No such device is enrolled here. `wardctl devices` shows which are.");
        return;
    }
    if (gateway->enrolment.forget_call) {
        ward_bus_reply_error(call, WARD_BUS_BUSY, "Another device is being forgotten. Try again.");
        return;
    }
    if (ward_bluez_forget(gateway->bluez, known->address) < 0) {
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "Bluetooth is not there: its bond cannot be removed now.");
        return;
    }
    gateway->enrolment.forget_call = call;
    memcpy(gateway->enrolment.forget_address, known->address, sizeof(known->address));
    change.device = *known;
    change.device.enrolled_at_ms = ward_gateway_now(gateway).utc_ms;
    ward_talk_forgotten(gateway, device);
    ward_devices_drop(&gateway->devices, device);
    ward_recollection_drop(gateway, device);
    (void)ward_gateway_change(gateway, &change, 1, NULL);
    ward_technical_bound(gateway, change.device.id.text);
    ward_trial_forgotten(gateway, change.device.id.text);
}

void ward_enrolment_forgotten(struct ward_gateway *gateway, const char *address, int error)
{
    struct ward_bus_call *call = gateway->enrolment.forget_call;

    ward_departures_forgotten(gateway, address, error);
    if (!call || strcmp(gateway->enrolment.forget_address, address) != 0)
        return;
    gateway->enrolment.forget_call = NULL;
    if (error < 0)
        ward_bus_reply_error(call, WARD_BUS_FAILED,
                             "It is no longer enrolled, but its bond could not be removed from Bluetooth.");
    else
        ward_bus_reply(call);
}
