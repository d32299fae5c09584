/* SPDX-License-Identifier: Apache-2.0 */
/* The members of `extra`: what only one characteristic says. */
#include "core/decimal.h"
#include "core/decode_json_part.h"
#include "core/decode_names.h"
#include "core/quantity.h"
#include "core/status.h"
#include "core/vendor.h"

bool ward_decoded_has_detail(const struct ward_decoded *decoded)
{
    switch (decoded->characteristic) {
    case WARD_CHAR_TEMPERATURE_MEASUREMENT:
    case WARD_CHAR_INTERMEDIATE_TEMPERATURE: return decoded->detail.temperature.has_type;
    case WARD_CHAR_GLUCOSE_MEASUREMENT:
    case WARD_CHAR_BATTERY_LEVEL_STATUS:
    case WARD_CHAR_LIVE_HEALTH_OBSERVATIONS: return true;
    case WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT:
    case WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE: return decoded->detail.base_time.present;
    case WARD_CHAR_DATE_TIME: return false;
    }
    return !decoded->is_measurement;
}

void ward_decoded_write_name(struct ward_json *json, const char *member, const char *name)
{
    ward_json_member(json, member, name != NULL ? name : "reserved");
}

void ward_decoded_write_number(struct ward_json *json, const char *name, uint64_t number)
{
    ward_json_key(json, name);
    ward_json_uint(json, number);
}

void ward_decoded_write_sent(struct ward_json *json, const char *name, const char *special_name,
                             struct ward_decimal number)
{
    ward_json_key(json, name);
    ward_json_decimal(json, number);
    if (number.special != WARD_FINITE)
        ward_json_member(json, special_name, ward_special_name(number.special));
}

static void write_battery_status(const struct ward_battery_status_detail *detail, struct ward_json *json)
{
    ward_json_key(json, "battery_present");
    ward_json_bool(json, detail->is_present);
    ward_decoded_write_name(json, "wired_power", ward_power_source_name(detail->wired_source));
    ward_decoded_write_name(json, "wireless_power", ward_power_source_name(detail->wireless_source));
    ward_decoded_write_name(json, "charge_state", ward_charge_state_name(detail->charge_state));
    ward_decoded_write_name(json, "charge_level", ward_charge_level_name(detail->charge_level));
    ward_decoded_write_name(json, "charging_type", ward_charging_type_name(detail->charging_type));
    ward_json_key(json, "charging_faults");
    ward_json_array(json);
    for (unsigned bit = 0; bit < 3; bit++)
        if ((detail->charging_faults & 1u << bit) != 0)
            ward_json_string(json, ward_charging_fault_name(bit));
    ward_json_array_end(json);
    if (detail->has_identifier)
        ward_decoded_write_number(json, "identifier", detail->identifier);
    if (!detail->has_additional_status)
        return;
    ward_decoded_write_name(json, "service_required", ward_service_required_name(detail->service_required));
    ward_json_key(json, "battery_fault");
    ward_json_bool(json, detail->has_fault);
}

static void write_text(const struct ward_decoded *decoded, const char *name, struct ward_json *json)
{
    ward_json_key(json, name);
    ward_json_string_n(json, decoded->detail.text.octets, decoded->detail.text.length);
}

/* Octets as the system id is printed on devices and in FHIR: most significant first. */
static void write_system_id(const struct ward_decoded *decoded, struct ward_json *json)
{
    uint8_t octets[8];

    for (unsigned i = 0; i < 3; i++)
        octets[i] = (uint8_t)(decoded->detail.system_id.oui >> (16 - 8 * i));
    for (unsigned i = 0; i < 5; i++)
        octets[3 + i] = (uint8_t)(decoded->detail.system_id.manufacturer_identifier >> (32 - 8 * i));
    ward_json_key(json, "system_id");
    ward_json_hex(json, octets, sizeof(octets));
    ward_decoded_write_number(json, "manufacturer_identifier",
                              decoded->detail.system_id.manufacturer_identifier);
    ward_decoded_write_number(json, "organizationally_unique_identifier", decoded->detail.system_id.oui);
}

static void write_pnp_id(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_member(json, "vendor_id_source",
                     decoded->detail.pnp_id.vendor_id_source == 1 ? "bluetooth" : "usb");
    ward_decoded_write_number(json, "vendor_id", decoded->detail.pnp_id.vendor_id);
    ward_decoded_write_number(json, "product_id", decoded->detail.pnp_id.product_id);
    ward_decoded_write_number(json, "product_version", decoded->detail.pnp_id.product_version);
}

static void write_features(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_key(json, "features");
    ward_json_array(json);
    for (unsigned bit = 0; bit < 32; bit++)
        if ((decoded->features & UINT32_C(1) << bit) != 0 &&
            ward_feature_name(decoded->characteristic, bit) != NULL)
            ward_json_string(json, ward_feature_name(decoded->characteristic, bit));
    ward_json_array_end(json);
    if (decoded->characteristic != WARD_CHAR_PLX_FEATURES)
        return;
    if (decoded->detail.plx_features.has_measurement_status) {
        ward_json_key(json, "measurement_status_support");
        ward_decoded_write_statuses(decoded->detail.plx_features.statuses, WARD_STATUS_MEASUREMENT_ONGOING,
                                    WARD_STATUS_INVALID_MEASUREMENT, json);
    }
    if (decoded->detail.plx_features.has_sensor_status) {
        ward_json_key(json, "device_and_sensor_status_support");
        ward_decoded_write_statuses(decoded->detail.plx_features.statuses,
                                    WARD_STATUS_EXTENDED_DISPLAY_UPDATE_ONGOING,
                                    WARD_STATUS_SENSOR_DISCONNECTED, json);
    }
}

/* WSS 1.0.1 §3.1.1.1: of the scale in kg and of the height in m; null where it is not specified. */
static void write_resolutions(uint32_t features, struct ward_json *json)
{
    static const uint16_t grams[16] = {0, 500, 200, 100, 50, 20, 10, 5};
    static const uint16_t millimetres[8] = {0, 10, 5, 1};
    const struct {
        const char *member;
        uint16_t thousandths;
    } resolutions[] = {
        {"weight_resolution_kg", grams[features >> 3 & 0xF]},
        {"height_resolution_m", millimetres[features >> 7 & 0x7]},
    };

    for (size_t i = 0; i < 2; i++) {
        ward_json_key(json, resolutions[i].member);
        if (resolutions[i].thousandths == 0)
            ward_json_null(json);
        else
            ward_json_decimal(json, ward_decimal_normalise((struct ward_decimal){
                                        .mantissa = resolutions[i].thousandths, .exponent = -3}));
    }
}

void ward_decoded_write_detail(const struct ward_decoded *decoded, struct ward_json *json)
{
    if (ward_vendor_by_number(decoded->characteristic) != NULL) {
        write_text(decoded, "frame", json);
        return;
    }
    switch (decoded->characteristic) {
    case WARD_CHAR_MODEL_NUMBER: write_text(decoded, "model_number", json); break;
    case WARD_CHAR_SERIAL_NUMBER: write_text(decoded, "serial_number", json); break;
    case WARD_CHAR_FIRMWARE_REVISION: write_text(decoded, "firmware_revision", json); break;
    case WARD_CHAR_HARDWARE_REVISION: write_text(decoded, "hardware_revision", json); break;
    case WARD_CHAR_SOFTWARE_REVISION: write_text(decoded, "software_revision", json); break;
    case WARD_CHAR_MANUFACTURER_NAME: write_text(decoded, "manufacturer_name", json); break;
    case WARD_CHAR_REGULATORY_CERTIFICATION:
        ward_json_key(json, "regulatory_certification");
        ward_json_hex(json, (const uint8_t *)decoded->detail.text.octets, decoded->detail.text.length);
        break;
    case WARD_CHAR_BODY_SENSOR_LOCATION:
        ward_json_member(json, "body_sensor_location",
                         ward_body_sensor_location_name(decoded->detail.body_sensor_location));
        break;
    case WARD_CHAR_SYSTEM_ID: write_system_id(decoded, json); break;
    case WARD_CHAR_PNP_ID: write_pnp_id(decoded, json); break;
    case WARD_CHAR_TEMPERATURE_MEASUREMENT:
    case WARD_CHAR_INTERMEDIATE_TEMPERATURE:
    case WARD_CHAR_TEMPERATURE_TYPE:
        ward_decoded_write_name(json, "temperature_type",
                                ward_temperature_type_name(decoded->detail.temperature.type));
        break;
    case WARD_CHAR_MEASUREMENT_INTERVAL:
        ward_decoded_write_number(json, "measurement_interval_s", decoded->detail.measurement_interval_s);
        break;
    case WARD_CHAR_ENHANCED_BLOOD_PRESSURE_MEASUREMENT:
    case WARD_CHAR_ENHANCED_INTERMEDIATE_CUFF_PRESSURE:
        ward_json_key(json, "base_time");
        ward_json_device_time(json, &decoded->detail.base_time);
        break;
    case WARD_CHAR_CURRENT_TIME: ward_decoded_write_current_time(&decoded->detail.current_time, json); break;
    case WARD_CHAR_LOCAL_TIME_INFORMATION:
        ward_decoded_write_local_time(&decoded->detail.local_time, json);
        break;
    case WARD_CHAR_REFERENCE_TIME_INFORMATION:
        ward_decoded_write_reference_time(&decoded->detail.reference_time, json);
        break;
    case WARD_CHAR_RECORD_ACCESS_CONTROL_POINT:
        ward_decoded_write_record_access(&decoded->detail.record_access, json);
        break;
    case WARD_CHAR_GLUCOSE_MEASUREMENT: ward_decoded_write_glucose(&decoded->detail.glucose, json); break;
    case WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT:
        ward_decoded_write_glucose_context(&decoded->detail.glucose_context, json);
        break;
    case WARD_CHAR_BATTERY_LEVEL_STATUS: write_battery_status(&decoded->detail.battery_status, json); break;
    case WARD_CHAR_LIVE_HEALTH_OBSERVATIONS:
        ward_decoded_write_observation(&decoded->detail.observation, json);
        break;
    case WARD_CHAR_WEIGHT_SCALE_FEATURE:
        write_features(decoded, json);
        write_resolutions(decoded->features, json);
        break;
    case WARD_CHAR_BLOOD_PRESSURE_FEATURE:
    case WARD_CHAR_GLUCOSE_FEATURE:
    case WARD_CHAR_PLX_FEATURES: write_features(decoded, json); break;
    }
}
