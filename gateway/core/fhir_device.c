/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gateway and the wearables as Devices (PhgDevice, PhdDevice), by their pseudonymous ids: no address, no system id
 * (most are made of the address), no serial number, no name. And how a wearable's clock goes
 * (PhdCoincidentTimeStampObservation): its own time at a moment of ours. It has no time zone, and is written as if it
 * were UTC: the difference is its zone and its error together.
 */
#include <string.h>

#include "core/fhir_part.h"
#include "core/quantity.h"
#include "core/utc.h"

#define MDC_GATEWAY       531981 /* MDC_MOC_VMS_MDS_AHD */
#define MDC_WEARABLE      65573  /* MDC_MOC_VMS_MDS_SIMP */
#define MDC_SOFTWARE      531975 /* MDC_ID_PROD_SPEC_SW */
#define MDC_FIRMWARE      531976 /* MDC_ID_PROD_SPEC_FW */
#define MDC_TIME_SYNC     68220  /* MDC_TIME_SYNC_PROTOCOL */
#define MDC_NTP           532226 /* MDC_TIME_SYNC_NTPV4 */
#define MDC_ABSOLUTE_TIME 67975  /* MDC_ATTR_TIME_ABS */

#define BIT(quantity) (UINT32_C(1) << (quantity))

#define IDENTIFIER_GATEWAY  WARD_FHIR_OWN "gateway"
#define IDENTIFIER_WEARABLE WARD_FHIR_OWN "device"

static void begin(struct ward_fhir_bundle *bundle, unsigned place, const char *profile)
{
    struct ward_json *json = &bundle->json;

    ward_fhir_begin(bundle, "Device", 0, place);
    ward_json_key(json, "meta");
    ward_json_object(json);
    ward_json_key(json, "profile");
    ward_json_array(json);
    ward_json_string(json, profile);
    ward_json_array_end(json);
    ward_json_object_end(json);
}

static void write_identifier(struct ward_json *json, const char *system, const char *id)
{
    ward_json_key(json, "identifier");
    ward_json_array(json);
    ward_json_object(json);
    ward_json_member(json, "system", system);
    ward_json_member(json, "value", id);
    ward_json_object_end(json);
    ward_json_array_end(json);
}

static void write_version(struct ward_json *json, uint32_t code, const char *text, const char *value)
{
    if (value[0] == '\0')
        return;
    ward_json_key(json, "version");
    ward_json_array(json);
    ward_json_object(json);
    ward_fhir_mdc_concept(json, "type", code, text);
    ward_json_member(json, "value", value);
    ward_json_object_end(json);
    ward_json_array_end(json);
}

void ward_fhir_write_gateway(struct ward_fhir_bundle *bundle)
{
    const char *gateway = bundle->message->origin.gateway;
    struct ward_json *json = &bundle->json;

    begin(bundle, 0, WARD_FHIR_PHD "PhgDevice");
    write_identifier(json, IDENTIFIER_GATEWAY, gateway);
    ward_json_member(json, "manufacturer", "Wardgate");
    ward_json_member(json, "modelNumber", "wardgated");
    ward_fhir_mdc_concept(json, "type", MDC_GATEWAY, "Personal health gateway");
    write_version(json, MDC_SOFTWARE, "Software", bundle->message->version);
    ward_json_key(json, "property");
    ward_json_array(json);
    ward_json_object(json);
    ward_fhir_mdc_concept(json, "type", MDC_TIME_SYNC, "Time synchronisation");
    ward_json_key(json, "valueCode");
    ward_json_array(json);
    ward_json_object(json);
    ward_json_key(json, "coding");
    ward_json_array(json);
    ward_fhir_mdc(json, MDC_NTP);
    ward_json_array_end(json);
    ward_json_object_end(json);
    ward_json_array_end(json);
    ward_json_object_end(json);
    ward_json_array_end(json);
    ward_fhir_end_named(bundle, "Device", IDENTIFIER_GATEWAY, gateway);
}

/* Device specialisations of IEEE 11073-104xx, by what a wearable measures. */
static const struct {
    uint32_t quantities;
    uint32_t code;
    const char *text;
} specialisations[] = {
    {BIT(WARD_SPO2) | BIT(WARD_SPO2_FAST) | BIT(WARD_SPO2_SLOW), 528388, "Pulse oximeter"},
    {BIT(WARD_BP_SYSTOLIC), 528391, "Blood pressure monitor"},
    {BIT(WARD_BODY_TEMPERATURE), 528392, "Thermometer"},
    {BIT(WARD_BODY_MASS), 528399, "Weighing scale"},
    {BIT(WARD_GLUCOSE), 528401, "Glucose meter"},
    {BIT(WARD_HEART_RATE), 528525, "Heart-rate sensor"},
    {BIT(WARD_RESPIRATION_RATE), 528397, "Respiration rate monitor"},
};

static void write_specialisation(struct ward_json *json, uint32_t code, const char *text)
{
    ward_json_object(json);
    ward_fhir_mdc_concept(json, "systemType", code, text);
    ward_json_member(json, "version", "1");
    ward_json_object_end(json);
}

static void write_specialisations(struct ward_json *json, uint32_t quantities)
{
    const size_t count = sizeof(specialisations) / sizeof(specialisations[0]);
    bool found = false;

    ward_json_key(json, "specialization");
    ward_json_array(json);
    for (size_t i = 0; i < count; i++) {
        if (!(quantities & specialisations[i].quantities))
            continue;
        write_specialisation(json, specialisations[i].code, specialisations[i].text);
        found = true;
    }
    if (!found)
        write_specialisation(json, 528457, "Generic");
    ward_json_array_end(json);
}

static void write_text(struct ward_json *json, const char *member, const char *text)
{
    if (text[0])
        ward_json_member(json, member, text);
    else
        ward_fhir_unknown(json, member);
}

static void write_wearable(struct ward_fhir_bundle *bundle, unsigned place,
                           const struct ward_reading *reading)
{
    const struct ward_fhir_knowledge *known = bundle->message->knowledge;
    const char *id = reading->device.text;
    struct ward_fhir_device device = {"", "", "", 0};
    struct ward_json *json = &bundle->json;

    for (size_t i = 0; i < reading->value_count; i++) {
        const uint8_t quantity = ward_quantity_judged_as(reading->values[i].quantity);

        device.quantities |= quantity != WARD_QUANTITY_NONE ? BIT(quantity) : 0;
    }
    if (known->device)
        (void)known->device(known->context, id, &device);
    begin(bundle, place, WARD_FHIR_PHD "PhdDevice");
    write_identifier(json, IDENTIFIER_WEARABLE, id);
    write_text(json, "manufacturer", device.manufacturer);
    write_text(json, "modelNumber", device.model_number);
    ward_fhir_mdc_concept(json, "type", MDC_WEARABLE, "Personal health device");
    write_specialisations(json, device.quantities);
    write_version(json, MDC_FIRMWARE, "Firmware", device.firmware);
    ward_fhir_end_named(bundle, "Device", IDENTIFIER_WEARABLE, id);
}

unsigned ward_fhir_wearable(struct ward_fhir_bundle *bundle, const struct ward_reading *reading)
{
    const char *id = reading->device.text;
    size_t i = 0;

    if (id[0] == '\0')
        return 0;
    while (i < bundle->wearable_count && strcmp(bundle->wearables[i].id, id) != 0)
        i++;
    if (i == bundle->wearable_count) {
        bundle->wearables[bundle->wearable_count++] = (struct ward_fhir_wearable){.id = id};
        write_wearable(bundle, (unsigned)i + 1, reading);
    }
    return (unsigned)i + 1;
}

static void write_clock(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                        unsigned wearable, const char *device_time)
{
    const uint64_t seq = entry->record->reading.seq;
    struct ward_fhir_entry own = {.record = entry->record, .what = "device_clock", .dated = entry->dated};
    struct ward_json *json = &bundle->json;

    ward_fhir_begin(bundle, "Observation", seq, WARD_FHIR_PLACE_CLOCK);
    ward_json_key(json, "meta");
    ward_json_object(json);
    ward_json_key(json, "profile");
    ward_json_array(json);
    ward_json_string(json, WARD_FHIR_PHD "PhdCoincidentTimeStampObservation");
    ward_json_array_end(json);
    ward_json_object_end(json);
    ward_fhir_identifier(bundle, seq, own.what);
    ward_json_member(json, "status", "final");
    ward_fhir_mdc_concept(json, "code", MDC_ABSOLUTE_TIME, "Device clock");
    ward_fhir_reference(bundle, "subject", 0, wearable);
    ward_fhir_moment(json, "effectiveDateTime", entry->effective_at_ms);
    ward_json_member(json, "valueDateTime", device_time);
    ward_fhir_reference(bundle, "device", 0, 0);
    ward_fhir_end(bundle, &own);
}

uint64_t ward_fhir_write_clock(struct ward_fhir_bundle *bundle, const struct ward_fhir_entry *entry,
                               unsigned wearable)
{
    struct ward_fhir_wearable *known = &bundle->wearables[wearable - 1];
    const struct ward_reading *reading = &entry->record->reading;
    char text[WARD_DEVICE_TIME_TEXT_SIZE + 1];
    int64_t device_ms;

    if (!ward_device_time_format(&reading->device_time, text))
        return 0;
    text[WARD_DEVICE_TIME_TEXT_SIZE - 1] = 'Z';
    text[WARD_DEVICE_TIME_TEXT_SIZE] = '\0';
    if (!ward_utc_parse(text, WARD_DEVICE_TIME_TEXT_SIZE, &device_ms))
        return 0; /* it does not know the year, month or day */
    if (entry->effective_at_ms == WARD_UTC_UNKNOWN) {
        write_clock(bundle, entry, wearable, text);
        return reading->seq;
    }
    if (!known->has_clock || known->difference_ms != device_ms - entry->effective_at_ms) {
        write_clock(bundle, entry, wearable, text);
        known->has_clock = true;
        known->difference_ms = device_ms - entry->effective_at_ms;
        known->clock_seq = reading->seq;
    }
    return known->clock_seq;
}
