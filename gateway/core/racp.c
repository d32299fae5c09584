/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each state makes of each input. "n" is the number that the device announced, "r" how many records came.
 *
 *                 number n            success             no records found    not supported ¹     any other response
 *  counting       n = 0: as "no       unexpected          numbers known:      can it not count:   over: not completed
 *                 records"; else                          → looking; else     → reporting ²; not
 *                 → reporting                             over: complete      "from … on": all ³
 *  reporting      unexpected          r ≥ n: → waiting    as success; no n    not "from … on":    over: not completed ⁹
 *                                     or over ⁹; else ⁷   and r = 0: as       all ³
 *                                                         counting
 *  looking        unexpected          one came: over:     over: complete ⁴    over: complete ⁴    over: complete ⁴
 *                                     complete ⁹; else ⁷  ⁹                   ⁹                   ⁹
 *  recounting     n = r: → erasing;   unexpected          kept: changed       kept: not erased    kept: not erased
 *                 else kept: changed
 *  erasing        unexpected          erased              kept: changed       kept: not erased    kept: not erased
 *  aborting       unexpected          over, with what it was aborted for ⁹: whatever the response
 *  idle, waiting, over                unexpected
 *
 *                 a record            write failed        30 s without progress     committed
 *  counting       not asked for ⁸     busy: ⁵; else       → aborting                –
 *                                     over: write failed
 *  reporting      counted, progress;  over: write         → aborting                –
 *                 judged               failed ⁹
 *  looking        as reporting        as success ⁴        → aborting                –
 *  waiting        not asked for       –                   never                     → recounting, if it may
 *  recounting     not asked for       kept: write failed  → aborting ⁶              –
 *  erasing        not asked for       kept: write failed  → aborting ⁶              –
 *  aborting       counted, judged     as answered         as answered               –
 *
 *  A response counts only when it answers the op code that was asked with; so does a number, and that of a combined report
 *  (op code 8) answers one that is never asked for. What fits nothing is "unexpected": counted, and it changes nothing, not
 *  even the deadline.
 *
 *  ¹ op code, operator or operand not supported, operator or operand invalid
 *  ² without a number to hold against it: the transfer ends as "uncounted", and nothing is deleted
 *  ³ asked for once: a device that does not know "all records" either is "not supported"
 *  ⁴ looking is only a precaution
 *  ⁵ an earlier procedure runs still (0x80 in GLS, 0xFE in the Core): it is aborted, and counting begins once more
 *  ⁶ and then kept: timed out. Records may or may not be gone; all of them are committed
 *  ⁷ the answer has overtaken records that were sent before it (a stack may send indications first). They are waited for
 *    as long as one comes every WARD_RACP_STRAGGLER_US; then it is over: complete if r = n, else miscounted; looking, it
 *    is complete. One that was not waited for would be taken as measured now.
 *  ⁸ when the numbers began anew, one that has a number is a straggler of those that were passed over, and is, too
 *  ⁹ when the numbers began anew: all ³, however it ends
 *
 * How a record is judged, and what shows that the numbers began anew: racp_record.c.
 */
#include "core/racp_private.h"

#include "core/decode.h"

enum {
    OP_REPORT = 1,
    OP_DELETE = 2,
    OP_ABORT = 3,
    OP_COUNT = 4,
    OP_NUMBER = 5, /* its answer */

    OPERATOR_NULL = 0,
    OPERATOR_ALL = 1,
    OPERATOR_FROM = 3,
    OPERATOR_RANGE = 4,
    OPERATOR_LAST = 6,

    FILTER_SEQUENCE_NUMBER = 1,

    RESPONSE_SUCCESS = 1,
    RESPONSE_OP_CODE_NOT_SUPPORTED = 2,
    RESPONSE_INVALID_OPERATOR = 3,
    RESPONSE_OPERATOR_NOT_SUPPORTED = 4,
    RESPONSE_INVALID_OPERAND = 5,
    RESPONSE_NO_RECORDS = 6,
    RESPONSE_OPERAND_NOT_SUPPORTED = 9,

    ATT_ALREADY_IN_PROGRESS_OF_GLS = 0x80,
    ATT_ALREADY_IN_PROGRESS = 0xFE,
};

static const struct ward_racp_output nothing = {.type = WARD_RACP_NOTHING};

void ward_racp_init(struct ward_racp *racp)
{
    *racp = (struct ward_racp){.due_us = UINT64_MAX};
}

bool ward_racp_is_reporting(const struct ward_racp *racp)
{
    return racp->state == WARD_RACP_REPORTING || racp->state == WARD_RACP_LOOKING;
}

uint64_t ward_racp_deadline_us(const struct ward_racp *racp)
{
    return racp->due_us;
}

/* Behind the highest number there is none. */
bool ward_racp_asks_from(const struct ward_racp *racp)
{
    return racp->options.filter == WARD_RACP_SEQUENCE && racp->options.has_last &&
           racp->options.last < UINT16_MAX && !racp->asks_all;
}

/* The numbers began anew, and it was not asked for all yet. */
static bool is_to_ask_all(const struct ward_racp *racp)
{
    return racp->restarts && ward_racp_asks_from(racp);
}

bool ward_racp_begins_anew(const struct ward_racp *racp)
{
    return is_to_ask_all(racp) || (racp->restarts && racp->state == WARD_RACP_COUNTING);
}

/* --- outputs ------------------------------------------------------------------------------------------------- */

static struct ward_racp_output enter(struct ward_racp *racp, enum ward_racp_state state, uint8_t op_code,
                                     uint8_t record_operator, uint64_t now_us)
{
    racp->state = state;
    racp->due_us = now_us + WARD_RACP_PROCEDURE_US;
    racp->is_answered = false;
    return (struct ward_racp_output){
        .type = WARD_RACP_WRITE, .octets = {op_code, record_operator}, .length = 2};
}

static void add_number(struct ward_racp_output *output, uint16_t number)
{
    output->octets[output->length++] = (uint8_t)(number & 0xFF);
    output->octets[output->length++] = (uint8_t)(number >> 8);
}

/* Counts or reports: all there are, or those from the last known one on. */
static struct ward_racp_output ask(struct ward_racp *racp, enum ward_racp_state state, uint8_t op_code,
                                   uint64_t now_us)
{
    struct ward_racp_output output =
        enter(racp, state, op_code, ward_racp_asks_from(racp) ? OPERATOR_FROM : OPERATOR_ALL, now_us);

    if (ward_racp_asks_from(racp)) {
        output.octets[output.length++] = FILTER_SEQUENCE_NUMBER;
        add_number(&output, racp->options.last);
    }
    return output;
}

/* Counts or deletes exactly what was fetched: others may have been there before. */
static struct ward_racp_output ask_fetched(struct ward_racp *racp, enum ward_racp_state state,
                                           uint8_t op_code, uint64_t now_us)
{
    const bool has_numbers = racp->options.filter == WARD_RACP_SEQUENCE;
    struct ward_racp_output output =
        enter(racp, state, op_code, has_numbers ? OPERATOR_RANGE : OPERATOR_ALL, now_us);

    if (has_numbers) {
        output.octets[output.length++] = FILTER_SEQUENCE_NUMBER;
        add_number(&output, racp->lowest);
        add_number(&output, racp->highest);
    }
    return output;
}

static struct ward_racp_output count_anew(struct ward_racp *racp, uint64_t now_us)
{
    racp->received = 0;
    racp->announced = 0;
    racp->is_counted = false;
    return ask(racp, WARD_RACP_COUNTING, OP_COUNT, now_us);
}

static struct ward_racp_output all_of_them(struct ward_racp *racp, uint64_t now_us)
{
    racp->asks_all = true;
    return count_anew(racp, now_us);
}

static struct ward_racp_output over(struct ward_racp *racp, enum ward_racp_end end)
{
    const bool waits = end == WARD_RACP_COMPLETE && racp->received > 0 && racp->options.may_erase;

    racp->state = waits ? WARD_RACP_WAITING : WARD_RACP_OVER;
    racp->due_us = UINT64_MAX;
    return (struct ward_racp_output){.type = WARD_RACP_REPORTED, .end = end};
}

static struct ward_racp_output kept(struct ward_racp *racp, enum ward_racp_end end)
{
    racp->state = WARD_RACP_OVER;
    racp->due_us = UINT64_MAX;
    return (struct ward_racp_output){.type = WARD_RACP_KEPT, .end = end};
}

static struct ward_racp_output abort_for(struct ward_racp *racp, enum ward_racp_end end, uint64_t now_us)
{
    racp->aborted = racp->state;
    racp->abort_end = end;
    return enter(racp, WARD_RACP_ABORTING, OP_ABORT, OPERATOR_NULL, now_us);
}

/* The abort is done, or is given up. A control point that was busy gets its second chance. */
static struct ward_racp_output aborted(struct ward_racp *racp, uint64_t now_us)
{
    if (racp->abort_end == WARD_RACP_WRITE_FAILED && !racp->has_tried) {
        racp->has_tried = true;
        return count_anew(racp, now_us);
    }
    if (racp->aborted == WARD_RACP_RECOUNTING || racp->aborted == WARD_RACP_ERASING)
        return kept(racp, racp->abort_end);
    if (is_to_ask_all(racp))
        return all_of_them(racp, now_us);
    return over(racp, racp->abort_end);
}

/* --- inputs -------------------------------------------------------------------------------------------------- */

struct ward_racp_output ward_racp_start(struct ward_racp *racp, const struct ward_racp_options *options,
                                        uint64_t now_us)
{
    *racp = (struct ward_racp){.options = *options};
    return count_anew(racp, now_us);
}

static struct ward_racp_output unexpected(struct ward_racp *racp)
{
    racp->unexpected++;
    return nothing;
}

static struct ward_racp_output none_found(struct ward_racp *racp, uint64_t now_us)
{
    if (ward_racp_asks_from(racp))
        return enter(racp, WARD_RACP_LOOKING, OP_REPORT, OPERATOR_LAST, now_us);
    racp->is_counted = true;
    return over(racp, WARD_RACP_COMPLETE);
}

static struct ward_racp_output all_reported(struct ward_racp *racp, uint64_t now_us)
{
    if (is_to_ask_all(racp))
        return all_of_them(racp, now_us);
    if (!racp->is_counted)
        return over(racp, WARD_RACP_UNCOUNTED);
    return over(racp, racp->received == racp->announced ? WARD_RACP_COMPLETE : WARD_RACP_MISCOUNTED);
}

static struct ward_racp_output wait_for_stragglers(struct ward_racp *racp, uint64_t now_us)
{
    racp->is_answered = true;
    racp->due_us = now_us + WARD_RACP_STRAGGLER_US;
    return nothing;
}

static struct ward_racp_output reported(struct ward_racp *racp, uint64_t now_us)
{
    if (!racp->is_counted || racp->received >= racp->announced)
        return all_reported(racp, now_us);
    return wait_for_stragglers(racp, now_us);
}

/* What came, if anything, was the last of those that are known, or shows that the numbers began anew. */
static struct ward_racp_output looked(struct ward_racp *racp, uint64_t now_us)
{
    if (is_to_ask_all(racp))
        return all_of_them(racp, now_us);
    racp->announced = racp->received;
    return over(racp, WARD_RACP_COMPLETE);
}

static struct ward_racp_output respond_looking(struct ward_racp *racp, uint8_t response, uint64_t now_us)
{
    if (response != RESPONSE_SUCCESS || racp->received > 0)
        return looked(racp, now_us);
    return wait_for_stragglers(racp, now_us);
}

static struct ward_racp_output number_came(struct ward_racp *racp, uint16_t number, uint64_t now_us)
{
    if (racp->state == WARD_RACP_COUNTING) {
        racp->announced = number;
        racp->is_counted = true;
        return number == 0 ? none_found(racp, now_us) : ask(racp, WARD_RACP_REPORTING, OP_REPORT, now_us);
    }
    if (racp->state != WARD_RACP_RECOUNTING)
        return unexpected(racp);
    return number == racp->received ? ask_fetched(racp, WARD_RACP_ERASING, OP_DELETE, now_us)
                                    : kept(racp, WARD_RACP_CHANGED);
}

static bool is_refusal_of_kind(uint8_t response)
{
    return response == RESPONSE_OP_CODE_NOT_SUPPORTED || response == RESPONSE_INVALID_OPERATOR ||
           response == RESPONSE_OPERATOR_NOT_SUPPORTED || response == RESPONSE_INVALID_OPERAND ||
           response == RESPONSE_OPERAND_NOT_SUPPORTED;
}

/* It cannot do this: perhaps something simpler. */
static struct ward_racp_output not_supported(struct ward_racp *racp, uint8_t response, uint64_t now_us)
{
    if (racp->state == WARD_RACP_COUNTING && response == RESPONSE_OP_CODE_NOT_SUPPORTED)
        return ask(racp, WARD_RACP_REPORTING, OP_REPORT, now_us);
    if (ward_racp_asks_from(racp) && response != RESPONSE_OP_CODE_NOT_SUPPORTED)
        return all_of_them(racp, now_us);
    return over(racp, WARD_RACP_NOT_SUPPORTED);
}

static struct ward_racp_output respond_counting(struct ward_racp *racp, uint8_t response, uint64_t now_us)
{
    if (response == RESPONSE_SUCCESS)
        return unexpected(racp);
    if (response == RESPONSE_NO_RECORDS)
        return none_found(racp, now_us);
    return is_refusal_of_kind(response) ? not_supported(racp, response, now_us)
                                        : over(racp, WARD_RACP_NOT_COMPLETED);
}

static struct ward_racp_output respond_reporting(struct ward_racp *racp, uint8_t response, uint64_t now_us)
{
    if (response == RESPONSE_NO_RECORDS && !racp->is_counted && racp->received == 0)
        return none_found(racp, now_us);
    if (response == RESPONSE_SUCCESS || response == RESPONSE_NO_RECORDS)
        return racp->is_answered ? unexpected(racp) : reported(racp, now_us);
    if (is_to_ask_all(racp))
        return all_of_them(racp, now_us);
    return is_refusal_of_kind(response) ? not_supported(racp, response, now_us)
                                        : over(racp, WARD_RACP_NOT_COMPLETED);
}

static struct ward_racp_output respond_erasing(struct ward_racp *racp, uint8_t response)
{
    if (response == RESPONSE_SUCCESS && racp->state == WARD_RACP_RECOUNTING)
        return unexpected(racp);
    if (response != RESPONSE_SUCCESS)
        return kept(racp, response == RESPONSE_NO_RECORDS ? WARD_RACP_CHANGED : WARD_RACP_NOT_ERASED);
    racp->state = WARD_RACP_OVER;
    racp->due_us = UINT64_MAX;
    return (struct ward_racp_output){.type = WARD_RACP_ERASED};
}

static uint8_t asked_op_code(enum ward_racp_state state)
{
    switch (state) {
    case WARD_RACP_COUNTING:
    case WARD_RACP_RECOUNTING: return OP_COUNT;
    case WARD_RACP_REPORTING:
    case WARD_RACP_LOOKING: return OP_REPORT;
    case WARD_RACP_ERASING: return OP_DELETE;
    case WARD_RACP_ABORTING: return OP_ABORT;
    case WARD_RACP_IDLE:
    case WARD_RACP_WAITING:
    case WARD_RACP_OVER: break;
    }
    return 0;
}

static struct ward_racp_output response_came(struct ward_racp *racp, uint8_t op_code, uint8_t response,
                                             uint64_t now_us)
{
    if (op_code != asked_op_code(racp->state))
        return unexpected(racp);
    switch (racp->state) {
    case WARD_RACP_COUNTING: return respond_counting(racp, response, now_us);
    case WARD_RACP_REPORTING: return respond_reporting(racp, response, now_us);
    case WARD_RACP_LOOKING:
        return racp->is_answered ? unexpected(racp) : respond_looking(racp, response, now_us);
    case WARD_RACP_RECOUNTING:
    case WARD_RACP_ERASING: return respond_erasing(racp, response);
    case WARD_RACP_ABORTING: return aborted(racp, now_us);
    case WARD_RACP_IDLE:
    case WARD_RACP_WAITING:
    case WARD_RACP_OVER: break;
    }
    return unexpected(racp);
}

struct ward_racp_output ward_racp_indication(struct ward_racp *racp, const uint8_t *octets, size_t length,
                                             uint64_t now_us)
{
    struct ward_decoded decoded;
    const struct ward_record_access_detail *detail = &decoded.detail.record_access;

    ward_decode(WARD_CHAR_RECORD_ACCESS_CONTROL_POINT, octets, length, &decoded);
    if (decoded.outcome != WARD_DECODE_OK)
        return unexpected(racp);
    if (detail->op_code == OP_NUMBER && detail->number_of_records <= UINT16_MAX)
        return number_came(racp, (uint16_t)detail->number_of_records, now_us);
    if (detail->has_response)
        return response_came(racp, detail->request_op_code, detail->response_code, now_us);
    return unexpected(racp);
}

/* --- the rest -------------------------------------------------------------------------------------------------- */

struct ward_racp_output ward_racp_written(struct ward_racp *racp, int error, uint64_t now_us)
{
    const bool is_busy = error == ATT_ALREADY_IN_PROGRESS_OF_GLS || error == ATT_ALREADY_IN_PROGRESS;

    if (error == 0 || racp->state == WARD_RACP_IDLE || racp->state == WARD_RACP_WAITING ||
        racp->state == WARD_RACP_OVER)
        return nothing;
    if (racp->state == WARD_RACP_ABORTING)
        return aborted(racp, now_us);
    if (racp->state == WARD_RACP_RECOUNTING || racp->state == WARD_RACP_ERASING)
        return kept(racp, WARD_RACP_WRITE_FAILED);
    if (racp->state == WARD_RACP_LOOKING || is_to_ask_all(racp))
        return looked(racp, now_us);
    if (is_busy && racp->state == WARD_RACP_COUNTING && !racp->has_tried)
        return abort_for(racp, WARD_RACP_WRITE_FAILED, now_us);
    return over(racp, WARD_RACP_WRITE_FAILED);
}

struct ward_racp_output ward_racp_committed(struct ward_racp *racp, uint64_t now_us)
{
    if (racp->state != WARD_RACP_WAITING)
        return nothing;
    return ask_fetched(racp, WARD_RACP_RECOUNTING, OP_COUNT, now_us);
}

struct ward_racp_output ward_racp_tick(struct ward_racp *racp, uint64_t now_us)
{
    if (now_us < racp->due_us)
        return nothing;
    if (racp->state == WARD_RACP_ABORTING) {
        racp->has_tried = true; /* no second chance for what does not even answer an abort */
        return aborted(racp, now_us);
    }
    if (racp->is_answered)
        return racp->state == WARD_RACP_LOOKING ? looked(racp, now_us) : all_reported(racp, now_us);
    return abort_for(racp, WARD_RACP_TIMED_OUT, now_us);
}
