/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decode_json.h"

#include "core/quantity.h"
#include "core/reading.h"
#include "core/status.h"

static void write_characteristic(uint16_t characteristic, struct ward_json *json)
{
    char text[5] = "";

    for (int i = 0; i < 4; i++)
        text[i] = "0123456789ABCDEF"[(characteristic >> (12 - 4 * i)) & 0xF];
    ward_json_member(json, "characteristic", text);
}

static void write_value(const struct ward_value *value, struct ward_json *json)
{
    const struct ward_quantity_info *info = ward_quantity_info(value->quantity);

    ward_json_object(json);
    ward_json_member(json, "quantity", info->name);
    ward_json_key(json, "value");
    ward_json_decimal(json, value->number);
    if (value->number.special != WARD_FINITE)
        ward_json_member(json, "special", ward_special_name(value->number.special));
    ward_json_member_if(json, "unit", info->unit);
    if (info->mdc != 0) {
        ward_json_key(json, "mdc");
        ward_json_uint(json, info->mdc);
    }
    if (info->loinc[0] != NULL) {
        ward_json_key(json, "loinc");
        ward_json_array(json);
        ward_json_string(json, info->loinc[0]);
        if (info->loinc[1] != NULL)
            ward_json_string(json, info->loinc[1]);
        ward_json_array_end(json);
    }
    ward_json_object_end(json);
}

/* The names of the statuses of a set from first to last. */
static void write_statuses(uint64_t statuses, unsigned first, unsigned last, struct ward_json *json)
{
    ward_json_array(json);
    for (unsigned i = first; i <= last; i++)
        if ((statuses & WARD_STATUS_BIT(i)) != 0)
            ward_json_string(json, ward_status_info((enum ward_status)i)->name);
    ward_json_array_end(json);
}

static void write_measurement(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_member(json, "kind", ward_record_kind_name(decoded->kind));
    ward_json_member(json, "quality", ward_quality_name(decoded->quality));
    ward_json_key(json, "reasons");
    ward_json_array(json);
    for (unsigned i = 0; i < WARD_REASON_COUNT; i++)
        if ((decoded->reasons & 1u << i) != 0)
            ward_json_string(json, ward_reason_name(i));
    ward_json_array_end(json);
    ward_json_key(json, "values");
    ward_json_array(json);
    for (unsigned i = 0; i < decoded->value_count; i++)
        write_value(&decoded->values[i], json);
    ward_json_array_end(json);
}

static void write_user(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_key(json, "user");
    if (decoded->user == WARD_USER_UNKNOWN)
        ward_json_null(json);
    else
        ward_json_uint(json, decoded->user);
}

static void write_contact(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_key(json, "contact");
    if (decoded->contact == WARD_CONTACT_NOT_SAID)
        ward_json_null(json);
    else
        ward_json_bool(json, decoded->contact == WARD_CONTACT_MADE);
}

static void write_rr(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_key(json, "rr_ms");
    ward_json_array(json);
    for (unsigned i = 0; i < decoded->rr_count; i++)
        ward_json_decimal(json, ward_rr_ms(decoded->rr_1024[i]));
    ward_json_array_end(json);
}

static void write_optional(const struct ward_decoded *decoded, struct ward_json *json)
{
    if (decoded->has_status) {
        ward_json_key(json, "status");
        write_statuses(decoded->statuses, 0, WARD_STATUS_COUNT - 1, json);
    }
    if (decoded->device_time.present) {
        ward_json_key(json, "device_time");
        if (decoded->device_time.year == 0)
            ward_json_null(json);
        else
            ward_json_device_time(json, &decoded->device_time);
    }
    if (decoded->has_user)
        write_user(decoded, json);
    if (decoded->has_rr)
        write_rr(decoded, json);
    if (decoded->has_energy) {
        ward_json_key(json, "energy_kJ");
        ward_json_uint(json, decoded->energy_kj);
    }
    if (decoded->has_contact)
        write_contact(decoded, json);
}

static void write_number(struct ward_json *json, const char *name, uint64_t number)
{
    ward_json_key(json, name);
    ward_json_uint(json, number);
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
    write_number(json, "manufacturer_identifier", decoded->detail.system_id.manufacturer_identifier);
    write_number(json, "organizationally_unique_identifier", decoded->detail.system_id.oui);
}

static void write_pnp_id(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_member(json, "vendor_id_source",
                     decoded->detail.pnp_id.vendor_id_source == 1 ? "bluetooth" : "usb");
    write_number(json, "vendor_id", decoded->detail.pnp_id.vendor_id);
    write_number(json, "product_id", decoded->detail.pnp_id.product_id);
    write_number(json, "product_version", decoded->detail.pnp_id.product_version);
}

static void write_features(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_key(json, "features");
    ward_json_array(json);
    for (unsigned bit = 0; bit < 16; bit++)
        if ((decoded->features & 1u << bit) != 0 && ward_feature_name(decoded->characteristic, bit) != NULL)
            ward_json_string(json, ward_feature_name(decoded->characteristic, bit));
    ward_json_array_end(json);
    if (decoded->characteristic != WARD_CHAR_PLX_FEATURES)
        return;
    if (decoded->detail.plx_features.has_measurement_status) {
        ward_json_key(json, "measurement_status_support");
        write_statuses(decoded->detail.plx_features.statuses, WARD_STATUS_MEASUREMENT_ONGOING,
                       WARD_STATUS_INVALID_MEASUREMENT, json);
    }
    if (decoded->detail.plx_features.has_sensor_status) {
        ward_json_key(json, "device_and_sensor_status_support");
        write_statuses(decoded->detail.plx_features.statuses, WARD_STATUS_EXTENDED_DISPLAY_UPDATE_ONGOING,
                       WARD_STATUS_SENSOR_DISCONNECTED, json);
    }
}

/* The detail of a characteristic that is no measurement. */
static void write_detail(const struct ward_decoded *decoded, struct ward_json *json)
{
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
    case WARD_CHAR_BLOOD_PRESSURE_FEATURE:
    case WARD_CHAR_PLX_FEATURES: write_features(decoded, json); break;
    }
}

static void write_extra(const struct ward_decoded *decoded, struct ward_json *json)
{
    if (decoded->is_measurement && decoded->trailing_octets == 0 && !decoded->device_time_is_wrong)
        return;
    ward_json_key(json, "extra");
    ward_json_object(json);
    if (!decoded->is_measurement)
        write_detail(decoded, json);
    if (decoded->device_time_is_wrong) {
        ward_json_key(json, "device_time_is_wrong");
        ward_json_bool(json, true);
    }
    if (decoded->trailing_octets > 0)
        write_number(json, "trailing_octets", decoded->trailing_octets);
    ward_json_object_end(json);
}

void ward_decoded_write_json(const struct ward_decoded *decoded, struct ward_json *json)
{
    ward_json_object(json);
    write_characteristic(decoded->characteristic, json);
    ward_json_member(json, "outcome", ward_decode_outcome_name(decoded->outcome));
    if (decoded->outcome != WARD_DECODE_OK) {
        ward_json_member(json, "error", decoded->error);
    } else {
        if (decoded->is_measurement)
            write_measurement(decoded, json);
        write_optional(decoded, json);
        write_extra(decoded, json);
    }
    ward_json_object_end(json);
}
