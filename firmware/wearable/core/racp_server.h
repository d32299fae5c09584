/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wearable's side of the Record Access Control Point, 2A52 (GLS 1.0.1 §3.4, PLXS 1.0.1 §3.4, BLS 1.1.1 §3.6):
 * request octets in, records and answers out, one at a time. It knows no link: who calls it checks subscriptions, and
 * calls ward_racp_server_next again when the last output was sent and, if it was indicated, confirmed.
 */
#ifndef WEARABLE_RACP_SERVER_H
#define WEARABLE_RACP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wearable/core/memory.h"

enum ward_racp_op_code {
    WARD_RACP_REPORT = 1,
    WARD_RACP_DELETE = 2,
    WARD_RACP_ABORT = 3,
    WARD_RACP_REPORT_NUMBER = 4,
    WARD_RACP_NUMBER = 5,
    WARD_RACP_RESPONSE = 6,
};

enum ward_racp_operator {
    WARD_RACP_NULL = 0,
    WARD_RACP_ALL = 1,
    WARD_RACP_LESS_OR_EQUAL = 2,
    WARD_RACP_GREATER_OR_EQUAL = 3,
    WARD_RACP_WITHIN_RANGE = 4,
    WARD_RACP_FIRST = 5,
    WARD_RACP_LAST = 6,
};

enum ward_racp_response {
    WARD_RACP_SUCCESS = 1,
    WARD_RACP_OP_CODE_NOT_SUPPORTED = 2,
    WARD_RACP_INVALID_OPERATOR = 3,
    WARD_RACP_OPERATOR_NOT_SUPPORTED = 4,
    WARD_RACP_INVALID_OPERAND = 5,
    WARD_RACP_NO_RECORDS = 6,
    WARD_RACP_ABORT_UNSUCCESSFUL = 7, /* nothing was going on */
    WARD_RACP_OPERAND_NOT_SUPPORTED = 9,
};

#define WARD_RACP_ANSWER_LENGTH 4

enum ward_racp_output {
    WARD_RACP_NOTHING, /* idle, or a request is waited for */
    WARD_RACP_RECORD,
    WARD_RACP_ANSWER,
};

struct ward_racp_server {
    bool all_only; /* an oximeter: its records have no numbers, so only "all" can be asked for */
    bool busy;     /* from a request until the answer to it was confirmed */
    bool reporting;
    bool answering; /* answer is still to be sent */
    struct ward_memory_range range;
    uint32_t place; /* of the record to be reported next */
    uint8_t answer[WARD_RACP_ANSWER_LENGTH];
};

/* Idle: at the start, and when the link is gone. */
void ward_racp_server_init(struct ward_racp_server *server, bool all_only);

/*
 * Takes what was written to 2A52. Deletes at once; reports and answers come out of ward_racp_server_next. Returns false,
 * with nothing changed, while an earlier request is not answered and this one is no abort: procedure already in progress.
 */
bool ward_racp_server_request(struct ward_racp_server *server, struct ward_memory *memory,
                              const uint8_t *octets, size_t length);

/* What goes out next: with RECORD *ret_record, with ANSWER the octets in server->answer. */
enum ward_racp_output ward_racp_server_next(struct ward_racp_server *server, const struct ward_memory *memory,
                                            const struct ward_memory_record **ret_record);

/* The answer was confirmed: the next request may come. */
void ward_racp_server_confirmed(struct ward_racp_server *server);

#endif
