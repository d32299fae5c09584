/* SPDX-License-Identifier: Apache-2.0 */
/* The members of `extra` that a device's clock fills, and those of its stored records. */
#include "core/decimal.h"
#include "core/decode_json_part.h"
#include "core/decode_names.h"
#include "core/decode_part.h"

void ward_decoded_write_current_time(const struct ward_current_time_detail *detail, struct ward_json *json)
{
    if (detail->day_of_week != 0)
        ward_decoded_write_name(json, "day_of_week", ward_day_name(detail->day_of_week));
    ward_decoded_write_number(json, "fractions_256", detail->fractions_256);
    ward_json_key(json, "adjust_reason");
    ward_json_array(json);
    for (unsigned bit = 0; bit < 8; bit++)
        if ((detail->adjust_reasons & 1u << bit) != 0 && ward_adjust_reason_name(bit) != NULL)
            ward_json_string(json, ward_adjust_reason_name(bit));
    ward_json_array_end(json);
}

void ward_decoded_write_local_time(const struct ward_local_time_detail *detail, struct ward_json *json)
{
    ward_json_key(json, "time_zone_min");
    if (detail->time_zone_quarters == WARD_TIME_ZONE_UNKNOWN)
        ward_json_null(json);
    else
        ward_json_int(json, INT64_C(15) * detail->time_zone_quarters);
    ward_json_key(json, "dst_offset_min");
    if (detail->dst_quarters == WARD_DST_UNKNOWN)
        ward_json_null(json);
    else
        ward_json_int(json, INT64_C(15) * detail->dst_quarters);
}

void ward_decoded_write_reference_time(const struct ward_reference_time_detail *detail,
                                       struct ward_json *json)
{
    ward_decoded_write_name(json, "source", ward_time_source_name(detail->source));
    ward_json_key(json, "accuracy_s");
    if (detail->accuracy_eighths >= WARD_ACCURACY_OUT_OF_RANGE)
        ward_json_null(json);
    else
        ward_json_decimal(json, ward_decimal_normalise((struct ward_decimal){
                                    .mantissa = INT64_C(125) * detail->accuracy_eighths, .exponent = -3}));
    ward_json_key(json, "hours_since_update");
    if (detail->days_since_update == WARD_SINCE_UPDATE_TOO_LONG || detail->hours_since_update > 23)
        ward_json_null(json);
    else
        ward_json_uint(json, 24u * detail->days_since_update + detail->hours_since_update);
}

/* A limit of a filter: a number of so many octets, a Date Time (null: no date), or its octets as they are. */
static void write_bound(const struct ward_record_access_detail *detail, unsigned index,
                        struct ward_json *json)
{
    const uint8_t *octets = detail->operand + 1 + (size_t)index * detail->bound_length;
    struct ward_cursor cursor;
    struct ward_decoded time = {0};
    uint64_t number = 0;

    if (detail->filter == WARD_RECORD_FILTER_SEQUENCE_NUMBER) {
        for (unsigned i = detail->bound_length; i-- > 0;)
            number = number << 8 | octets[i];
        ward_json_uint(json, number);
    } else if (detail->filter == WARD_RECORD_FILTER_USER_FACING_TIME && detail->bound_length == 7) {
        ward_cursor_init(&cursor, octets, detail->bound_length);
        ward_decoded_read_time(&cursor, &time);
        if (time.device_time.year == 0)
            ward_json_null(json);
        else
            ward_json_device_time(json, &time.device_time);
    } else {
        ward_json_hex(json, octets, detail->bound_length);
    }
}

static void write_filter(const struct ward_record_access_detail *detail, struct ward_json *json)
{
    enum { OPERATOR_UP_TO = 2, OPERATOR_FROM = 3 };

    ward_decoded_write_name(json, "filter", ward_record_filter_name(detail->filter));
    if (detail->record_operator != OPERATOR_UP_TO) {
        ward_json_key(json, "from");
        write_bound(detail, 0, json);
    }
    if (detail->record_operator != OPERATOR_FROM) {
        ward_json_key(json, "to");
        write_bound(detail, detail->record_operator == OPERATOR_UP_TO ? 0 : 1, json);
    }
}

void ward_decoded_write_record_access(const struct ward_record_access_detail *detail, struct ward_json *json)
{
    ward_decoded_write_name(json, "op_code", ward_record_op_code_name(detail->op_code));
    ward_decoded_write_name(json, "operator", ward_record_operator_name(detail->record_operator));
    if (detail->has_number)
        ward_decoded_write_number(json, "number_of_records", detail->number_of_records);
    if (detail->has_response) {
        ward_decoded_write_name(json, "request_op_code", ward_record_op_code_name(detail->request_op_code));
        ward_decoded_write_name(json, "response_code", ward_record_response_name(detail->response_code));
    }
    if (detail->has_operand) {
        ward_json_key(json, "operand");
        ward_json_hex(json, detail->operand, detail->operand_length);
    }
    if (detail->has_filter)
        write_filter(detail, json);
}
