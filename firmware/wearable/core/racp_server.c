/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   request              idle                                    busy (not answered, or the answer not confirmed)
 *   report               records, then "success"; "no records"   refused
 *   delete               deleted, "success"; "no records"        refused
 *   report number        the number                              refused
 *   abort                "abort unsuccessful"                    the report ends where it is, "success" of the abort;
 *                                                                none going on: "abort unsuccessful"
 *   anything else        the error that says why                 refused
 */
#include "wearable/core/racp_server.h"

#define FILTER_SEQUENCE_NUMBER 1

void ward_racp_server_init(struct ward_racp_server *server, bool all_only)
{
    *server = (struct ward_racp_server){.all_only = all_only};
}

static void answer_with(struct ward_racp_server *server, uint8_t op_code, enum ward_racp_response response)
{
    server->answer[0] = WARD_RACP_RESPONSE;
    server->answer[1] = WARD_RACP_NULL;
    server->answer[2] = op_code;
    server->answer[3] = (uint8_t)response;
    server->answering = true;
}

static void answer_number(struct ward_racp_server *server, size_t count)
{
    server->answer[0] = WARD_RACP_NUMBER;
    server->answer[1] = WARD_RACP_NULL;
    server->answer[2] = (uint8_t)count;
    server->answer[3] = (uint8_t)(count >> 8);
    server->answering = true;
}

static uint16_t number_at(const uint8_t *octets)
{
    return (uint16_t)(octets[0] | octets[1] << 8);
}

/* The operand of an operator that has one: a filter type and one sequence number or two. */
static enum ward_racp_response read_filter(const uint8_t *operand, size_t length, size_t numbers,
                                           struct ward_memory_range *ret)
{
    if (length == 0)
        return WARD_RACP_INVALID_OPERAND;
    if (operand[0] != FILTER_SEQUENCE_NUMBER)
        return WARD_RACP_OPERAND_NOT_SUPPORTED;
    if (length != 1 + 2 * numbers)
        return WARD_RACP_INVALID_OPERAND;
    ret->first = number_at(operand + 1);
    ret->last = numbers == 2 ? number_at(operand + 3) : ret->first;
    return ret->first > ret->last ? WARD_RACP_INVALID_OPERAND : WARD_RACP_SUCCESS;
}

/* The range of one record at an end of the memory; an empty memory has none, and any range finds nothing. */
static struct ward_memory_range range_at(const struct ward_memory *memory, bool first)
{
    uint16_t sequence = memory->count == 0 ? 0 : memory->records[first ? 0 : memory->count - 1].sequence;

    return (struct ward_memory_range){sequence, sequence};
}

/* Which records the operator and its operand mean. */
static enum ward_racp_response read_range(const struct ward_racp_server *server,
                                          const struct ward_memory *memory, const uint8_t *octets,
                                          size_t length, struct ward_memory_range *ret)
{
    const uint8_t *operand = octets + 2;
    size_t operand_length = length - 2;
    enum ward_racp_response response = operand_length == 0 ? WARD_RACP_SUCCESS : WARD_RACP_INVALID_OPERAND;

    if (octets[1] == WARD_RACP_NULL)
        return WARD_RACP_INVALID_OPERATOR;
    if (octets[1] > WARD_RACP_LAST || (server->all_only && octets[1] != WARD_RACP_ALL))
        return WARD_RACP_OPERATOR_NOT_SUPPORTED;
    switch ((enum ward_racp_operator)octets[1]) {
    case WARD_RACP_LESS_OR_EQUAL:
        response = read_filter(operand, operand_length, 1, ret);
        ret->first = 0;
        break;
    case WARD_RACP_GREATER_OR_EQUAL:
        response = read_filter(operand, operand_length, 1, ret);
        ret->last = UINT16_MAX;
        break;
    case WARD_RACP_WITHIN_RANGE: response = read_filter(operand, operand_length, 2, ret); break;
    case WARD_RACP_FIRST:
    case WARD_RACP_LAST: *ret = range_at(memory, octets[1] == WARD_RACP_FIRST); break;
    case WARD_RACP_NULL:
    case WARD_RACP_ALL: *ret = (struct ward_memory_range){0, UINT16_MAX}; break;
    }
    return response;
}

static void abort_report(struct ward_racp_server *server, const uint8_t *octets, size_t length)
{
    enum ward_racp_response response = WARD_RACP_ABORT_UNSUCCESSFUL;

    if (octets[1] != WARD_RACP_NULL)
        response = WARD_RACP_INVALID_OPERATOR;
    else if (length != 2)
        response = WARD_RACP_INVALID_OPERAND;
    else if (server->reporting)
        response = WARD_RACP_SUCCESS;
    if (response == WARD_RACP_SUCCESS)
        server->reporting = false;
    answer_with(server, WARD_RACP_ABORT, response);
}

static void begin(struct ward_racp_server *server, struct ward_memory *memory, const uint8_t *octets,
                  size_t length)
{
    struct ward_memory_range range = {0, 0};
    enum ward_racp_response response = read_range(server, memory, octets, length, &range);

    if (response != WARD_RACP_SUCCESS) {
        answer_with(server, octets[0], response);
        return;
    }
    if (octets[0] == WARD_RACP_REPORT_NUMBER) {
        answer_number(server, ward_memory_count(memory, range));
        return;
    }
    if (ward_memory_count(memory, range) == 0)
        response = WARD_RACP_NO_RECORDS;
    else if (octets[0] == WARD_RACP_DELETE)
        ward_memory_delete(memory, range);
    server->reporting = octets[0] == WARD_RACP_REPORT && response == WARD_RACP_SUCCESS;
    if (!server->reporting)
        answer_with(server, octets[0], response);
    server->range = range;
    server->place = 0;
}

bool ward_racp_server_request(struct ward_racp_server *server, struct ward_memory *memory,
                              const uint8_t *octets, size_t length)
{
    uint8_t padded[2] = {0};

    if (length < 2) { /* no operator is what the operator "null" is */
        padded[0] = length == 1 ? octets[0] : 0;
        octets = padded;
        length = 2;
    }
    if (server->busy && octets[0] != WARD_RACP_ABORT)
        return false;
    server->busy = true;
    if (octets[0] == WARD_RACP_ABORT)
        abort_report(server, octets, length);
    else if (octets[0] == WARD_RACP_REPORT || octets[0] == WARD_RACP_DELETE ||
             octets[0] == WARD_RACP_REPORT_NUMBER)
        begin(server, memory, octets, length);
    else
        answer_with(server, octets[0], WARD_RACP_OP_CODE_NOT_SUPPORTED);
    return true;
}

enum ward_racp_output ward_racp_server_next(struct ward_racp_server *server, const struct ward_memory *memory,
                                            const struct ward_memory_record **ret_record)
{
    if (server->reporting && !server->answering) {
        const struct ward_memory_record *record = ward_memory_next(memory, server->range, &server->place);

        if (record) {
            *ret_record = record;
            return WARD_RACP_RECORD;
        }
        server->reporting = false;
        answer_with(server, WARD_RACP_REPORT, WARD_RACP_SUCCESS);
    }
    if (!server->answering)
        return WARD_RACP_NOTHING;
    server->answering = false;
    return WARD_RACP_ANSWER;
}

void ward_racp_server_confirmed(struct ward_racp_server *server)
{
    server->busy = server->reporting || server->answering;
}
