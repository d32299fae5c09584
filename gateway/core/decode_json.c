/* SPDX-License-Identifier: Apache-2.0 */
#include "core/decode_json.h"

#include <string.h>

#include "core/decode_json_part.h"
#include "core/quantity.h"
#include "core/reading.h"
#include "core/status.h"
#include "core/vendor.h"

static void write_characteristic(uint16_t characteristic, struct ward_json *json)
{
    const struct ward_vendor_driver *vendor = ward_vendor_by_number(characteristic);
    char text[5] = "";

    if (vendor != NULL) {
        ward_json_key(json, "characteristic");
        ward_json_string_begin(json);
        ward_json_part(json, "vendor:", strlen("vendor:"));
        ward_json_part(json, vendor->name, strlen(vendor->name));
        ward_json_string_end(json);
        return;
    }
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

void ward_decoded_write_statuses(uint64_t statuses, unsigned first, unsigned last, struct ward_json *json)
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
        ward_decoded_write_statuses(decoded->statuses, 0, WARD_STATUS_COUNT - 1, json);
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
    if (decoded->has_battery) {
        ward_json_key(json, "battery_percent");
        ward_json_uint(json, decoded->battery_percent);
    }
    if (decoded->has_contact)
        write_contact(decoded, json);
}

static void write_extra(const struct ward_decoded *decoded, struct ward_json *json)
{
    const bool has_detail = ward_decoded_has_detail(decoded);

    if (!has_detail && decoded->trailing_octets == 0 && !decoded->device_time_is_wrong)
        return;
    ward_json_key(json, "extra");
    ward_json_object(json);
    if (has_detail)
        ward_decoded_write_detail(decoded, json);
    if (decoded->device_time_is_wrong) {
        ward_json_key(json, "device_time_is_wrong");
        ward_json_bool(json, true);
    }
    if (decoded->trailing_octets > 0)
        ward_decoded_write_number(json, "trailing_octets", decoded->trailing_octets);
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
