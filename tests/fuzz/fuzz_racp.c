/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record access machine. An input is its options and then steps: what happens, and for an indication how many octets
 * of it follow. Whatever comes, records are deleted only when a complete transfer was committed and its number was told
 * again just before, and the machine comes to an end.
 */
#include <stdlib.h>
#include <string.h>

#include "core/racp.h"
#include "decode_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    struct ward_racp racp;
    struct ward_racp_options options;
    uint64_t now_us;
    bool is_complete, is_committed;
    uint8_t asked; /* the op code that was written last */
    uint16_t number;
};

static void check(struct run *run, const struct ward_racp_output *output)
{
    HOLDS(output->length <= WARD_RACP_WRITE_MAX);
    if (output->type == WARD_RACP_REPORTED) {
        run->is_complete = output->end == WARD_RACP_COMPLETE;
        HOLDS(!run->is_complete || run->racp.received == run->racp.announced);
    }
    if (output->type == WARD_RACP_ERASED)
        HOLDS(run->is_complete && run->is_committed && run->asked == 2);
    if (output->type == WARD_RACP_WRITE) {
        HOLDS(output->length >= 2);
        HOLDS(output->octets[0] != 2 || (run->options.may_erase && run->is_complete && run->is_committed &&
                                         run->asked == 4 && run->number == run->racp.received));
        run->asked = output->octets[0];
    }
}

/* Of three digests, or without a number. */
static void record(struct run *run, uint8_t octet)
{
    const struct ward_racp_stored stored = {.number = octet >> 4,
                                            .digest = (octet >> 3 & 1) + (octet >> 6 & 1)};
    const bool began_anew = run->racp.restarts;
    const enum ward_racp_verdict verdict =
        ward_racp_record(&run->racp, octet >> 4 == 15 ? NULL : &stored, run->now_us);

    HOLDS(verdict != WARD_RACP_KNOWN || !run->racp.restarts);
    HOLDS(began_anew || !run->racp.restarts || verdict == WARD_RACP_PASSED_OVER);
}

static size_t step(struct run *run, const uint8_t *data, size_t size)
{
    const size_t length = size < (size_t)(data[0] >> 4) + 1 ? size - 1 : data[0] >> 4;
    struct ward_racp_output output = {.type = WARD_RACP_NOTHING};
    uint8_t *copy;

    run->now_us += 1000;
    switch (data[0] & 7) {
    case 0:
    case 1:
        copy = malloc(length + 1);
        memcpy(copy, data + 1, length);
        if (length >= 4 && copy[0] == 5)
            run->number = (uint16_t)(copy[2] | copy[3] << 8);
        output = ward_racp_indication(&run->racp, copy, length, run->now_us);
        free(copy);
        check(run, &output);
        return 1 + length;
    case 2: record(run, data[0]); return 1;
    case 3:
        output = ward_racp_written(&run->racp, data[0] >> 4 == 15 ? 128 : data[0] >> 4, run->now_us);
        break;
    case 4:
        output = ward_racp_committed(&run->racp, run->now_us);
        run->is_committed = run->is_complete;
        break;
    case 5: output = ward_racp_tick(&run->racp, run->now_us); break;
    default:
        if (ward_racp_deadline_us(&run->racp) != UINT64_MAX &&
            ward_racp_deadline_us(&run->racp) > run->now_us)
            run->now_us = ward_racp_deadline_us(&run->racp);
        output = ward_racp_tick(&run->racp, run->now_us);
        HOLDS(ward_racp_deadline_us(&run->racp) > run->now_us);
        break;
    }
    check(run, &output);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.now_us = 1};
    struct ward_racp_output output;

    if (size < 1)
        return -1;
    run.options = (struct ward_racp_options){.filter = data[0] & 1 ? WARD_RACP_SEQUENCE : WARD_RACP_ALL,
                                             .has_last = (data[0] & 2) != 0,
                                             .may_erase = (data[0] & 4) != 0,
                                             .last_digest = (data[0] >> 3 & 1) + (data[0] >> 6 & 1),
                                             .last = data[0] >> 4};
    ward_racp_init(&run.racp);
    output = ward_racp_start(&run.racp, &run.options, run.now_us);
    check(&run, &output);
    for (size_t at = 1; at < size;)
        at += step(&run, data + at, size - at);
    for (unsigned ticks = 0; ward_racp_deadline_us(&run.racp) != UINT64_MAX; ticks++) {
        HOLDS(ticks < 4);
        output = ward_racp_tick(&run.racp, ward_racp_deadline_us(&run.racp));
        check(&run, &output);
    }
    return 0;
}
