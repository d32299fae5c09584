/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record Access Control Point, 2A52 (GSS; GLS 1.0.1 §3.4, PLXS 1.0.1 §3.4, BLS 1.1.1 §3.6): op code and operator, an
 * octet each, then by op code
 *
 *   5  number of stored records, the answer to 4      16 bits
 *   6  response code                                  op code of the request, response code: 8 bits each
 *   1 to 4, what is written to a device               an operand, where the operator asks for one: kept as it is
 */
#include "core/decode_names.h"
#include "core/decode_part.h"

enum {
    OP_CODE_NUMBER = 5,
    OP_CODE_RESPONSE = 6,
};

static void read_operand(struct ward_cursor *cursor, struct ward_record_access_detail *detail)
{
    if (!ward_cursor_is_ok(cursor))
        return;
    detail->operand = cursor->octets + cursor->offset;
    detail->operand_length = ward_cursor_left(cursor);
    detail->has_operand = detail->operand_length > 0;
    cursor->offset = cursor->length;
}

void ward_decode_record_access(struct ward_cursor *cursor, struct ward_decoded *decoded)
{
    struct ward_record_access_detail *detail = &decoded->detail.record_access;

    detail->op_code = ward_cursor_u8(cursor, "op code");
    detail->record_operator = ward_cursor_u8(cursor, "operator");
    if (ward_record_op_code_name(detail->op_code) == NULL) {
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "op code", detail->op_code, 0,
                            "is reserved: 1 to 6 are known");
        return;
    }
    if (ward_record_operator_name(detail->record_operator) == NULL) {
        ward_decoded_refuse(decoded, WARD_DECODE_RESERVED, "operator", detail->record_operator, 1,
                            "is reserved: 0 to 6 are known");
        return;
    }
    if (detail->op_code == OP_CODE_NUMBER) {
        detail->has_number = true;
        detail->number_of_records = ward_cursor_u16(cursor, "number of records");
    } else if (detail->op_code == OP_CODE_RESPONSE) {
        detail->has_response = true;
        detail->request_op_code = ward_cursor_u8(cursor, "request op code");
        detail->response_code = ward_cursor_u8(cursor, "response code");
    } else {
        read_operand(cursor, detail);
    }
}
