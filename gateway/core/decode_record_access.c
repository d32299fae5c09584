/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record Access Control Point, 2A52 (GSS; GLS 1.0.1 §3.4, PLXS 1.0.1 §3.4, BLS 1.1.1 §3.6, GHSS 1.0): op code and operator,
 * an octet each, then by op code
 *
 *   5, 8  number of records, the answer to 4 and 7    16 bits; 32 where the service has as many
 *   6     response code                               op code of the request, response code: 8 bits each
 *   1–4,  what is written to a device                 where the operator asks for one, an operand: a filter type of
 *   7                                                 8 bits and a limit, or for a range two of the same length; the
 *                                                     operand is kept as it is too
 */
#include "core/decode_names.h"
#include "core/decode_part.h"

enum {
    OP_CODE_NUMBER = 5,
    OP_CODE_RESPONSE = 6,
    OP_CODE_COMBINED_RESPONSE = 8,
    OPERATOR_UP_TO = 2,
    OPERATOR_FROM = 3,
    OPERATOR_RANGE = 4,
    BOUND_LENGTH_MAX = 8,
};

static void read_filter(struct ward_record_access_detail *detail)
{
    const size_t bounds = detail->record_operator == OPERATOR_RANGE ? 2 : 1;
    const size_t length = (detail->operand_length - 1) / bounds;

    if (detail->record_operator < OPERATOR_UP_TO || detail->record_operator > OPERATOR_RANGE)
        return;
    if (length == 0 || length > BOUND_LENGTH_MAX || length * bounds + 1 != detail->operand_length)
        return;
    detail->has_filter = true;
    detail->filter = detail->operand[0];
    detail->bound_length = (uint8_t)length;
}

static void read_operand(struct ward_cursor *cursor, struct ward_record_access_detail *detail)
{
    if (!ward_cursor_is_ok(cursor) || ward_cursor_left(cursor) == 0)
        return;
    detail->operand_length = ward_cursor_left(cursor);
    detail->operand = ward_cursor_octets(cursor, detail->operand_length, "operand");
    detail->has_operand = true;
    read_filter(detail);
}

static void read_number(struct ward_cursor *cursor, struct ward_record_access_detail *detail)
{
    detail->has_number = true;
    detail->number_of_records = ward_cursor_left(cursor) == sizeof(uint32_t)
                                    ? ward_cursor_u32(cursor, "number of records")
                                    : ward_cursor_u16(cursor, "number of records");
}

void ward_decode_record_access(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    struct ward_record_access_detail *detail = &decoded->detail.record_access;

    detail->op_code = ward_cursor_u8(cursor, "op code");
    detail->record_operator = ward_cursor_u8(cursor, "operator");
    if (ward_record_op_code_name(detail->op_code) == NULL) {
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "op code", detail->op_code, 0,
                            "is reserved: 1 to 8 are known");
        return;
    }
    if (ward_record_operator_name(detail->record_operator) == NULL) {
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "operator", detail->record_operator, 1,
                            "is reserved: 0 to 6 are known");
        return;
    }
    if (detail->op_code == OP_CODE_NUMBER || detail->op_code == OP_CODE_COMBINED_RESPONSE) {
        read_number(cursor, detail);
    } else if (detail->op_code == OP_CODE_RESPONSE) {
        detail->has_response = true;
        detail->request_op_code = ward_cursor_u8(cursor, "request op code");
        detail->response_code = ward_cursor_u8(cursor, "response code");
    } else {
        read_operand(cursor, detail);
    }
}
