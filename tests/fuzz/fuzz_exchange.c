/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation. An input is the model, what is known, and then steps: what happens, and how many octets of it follow.
 * Whatever a device sends: one read or write is out at a time, each measurement is settled exactly once and told unsettled
 * at most once before, none is lost at the end, the timer never spins, and records are deleted only when all are committed.
 */
#include <stdlib.h>
#include <string.h>

#include "core/exchange.h"
#include "decode_property.h"

#define NUMBERS_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
    struct ward_exchange exchange;
    struct ward_exchange_sink sink;
    struct ward_time now;
    bool is_out, is_read;
    uint8_t services;
    /* unnumbered: records told at once, such as one that cannot be decoded: asked for, it takes a number with it */
    uint32_t settled, committed, unnumbered;
    uint8_t seen[NUMBERS_MAX]; /* 1: told unsettled, 2: settled */
};

static void check_measurement(struct run *run, const struct ward_exchange_measurement *measurement)
{
    const bool is_context =
        measurement->code == WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT; /* of none that is there */

    HOLDS(measurement->decoded->is_measurement != is_context && measurement->length <= WARD_GATT_VALUE_MAX);
    HOLDS(!measurement->late || (measurement->kind == WARD_READING_STORED && measurement->is_settled));
    HOLDS(!measurement->measured.is_known || measurement->measured.age_ms >= 0);
    HOLDS((measurement->context != NULL) == (measurement->context_octets != NULL));
    if (measurement->number == 0) {
        HOLDS(measurement->is_settled && measurement->late == is_context);
        run->unnumbered += measurement->has_record;
        return;
    }
    HOLDS(measurement->number < NUMBERS_MAX &&
          run->seen[measurement->number] < (measurement->is_settled ? 2 : 1));
    run->seen[measurement->number] = measurement->is_settled ? 2 : 1;
    run->settled += measurement->is_settled;
}

static void action(void *context, const struct ward_exchange_action *what)
{
    struct run *run = context;

    if (what->type == WARD_EXCHANGE_READ || what->type == WARD_EXCHANGE_WRITE) {
        HOLDS(!run->is_out);
        run->is_out = true;
        run->is_read = what->type == WARD_EXCHANGE_READ;
    }
    if (what->type == WARD_EXCHANGE_WRITE) {
        HOLDS(what->octets != NULL && what->length > 0);
        if (what->place.characteristic.number == WARD_CHAR_RECORD_ACCESS_CONTROL_POINT &&
            what->octets[0] == 2)
            HOLDS(run->committed >= run->exchange.newest_asked && !run->exchange.terms.enrolling);
    }
    if (what->type == WARD_EXCHANGE_MEASUREMENT)
        check_measurement(run, what->measurement);
    if (what->type == WARD_EXCHANGE_FAULT)
        HOLDS(what->fault.name[0] != '\0' && what->fault.text[0] != '\0');
}

static bool has(void *context, struct ward_gatt_place place)
{
    const struct run *run = context;

    switch (place.characteristic.number) {
    case WARD_CHAR_CURRENT_TIME: return (run->services & 1) != 0;
    case WARD_CHAR_DATE_TIME: return (run->services & 2) != 0;
    case WARD_CHAR_RECORD_ACCESS_CONTROL_POINT: return (run->services & 4) != 0;
    default: return (run->services & 8) != 0;
    }
}

static void value(struct run *run, const struct ward_exchange_context *context, uint8_t which,
                  const uint8_t *octets, size_t length)
{
    static const uint16_t numbers[] = {
        WARD_CHAR_BLOOD_PRESSURE_MEASUREMENT,  WARD_CHAR_GLUCOSE_MEASUREMENT,
        WARD_CHAR_GLUCOSE_MEASUREMENT_CONTEXT, WARD_CHAR_PLX_SPOT_CHECK_MEASUREMENT,
        WARD_CHAR_PLX_CONTINUOUS_MEASUREMENT,  WARD_CHAR_RECORD_ACCESS_CONTROL_POINT,
        WARD_CHAR_BLOOD_PRESSURE_RECORD,       WARD_CHAR_TEMPERATURE_MEASUREMENT,
    };
    struct ward_gatt_place place = {{0}, WARD_GATT_NUMBER(numbers[which & 7])};

    if ((which & 8) != 0 && run->exchange.driver != NULL)
        place.characteristic = ward_gatt_name(run->exchange.driver->notify);
    ward_exchange_value(&run->exchange, place, octets, length, context);
}

static void answer(struct run *run, const struct ward_exchange_context *context, int error,
                   const uint8_t *octets, size_t length)
{
    const bool is_read = run->is_read;

    run->is_out = false;
    if (is_read)
        ward_exchange_read_done(&run->exchange, error, octets, length, context);
    else
        ward_exchange_write_done(&run->exchange, error, context);
}

static void tick(struct run *run)
{
    const uint64_t due_us = ward_exchange_deadline_us(&run->exchange);

    if (due_us != UINT64_MAX && due_us > run->now.boot_us)
        run->now.boot_us = due_us;
    if (run->exchange.errand != WARD_EXCHANGE_NO_ERRAND && run->exchange.errand_due_us <= run->now.boot_us)
        run->is_out = false;
    ward_exchange_tick(&run->exchange, &(struct ward_exchange_context){.now = run->now, .sink = &run->sink});
    HOLDS(ward_exchange_deadline_us(&run->exchange) > run->now.boot_us);
}

static size_t step(struct run *run, const uint8_t *data, size_t size)
{
    const struct ward_exchange_context context = {.now = run->now, .sink = &run->sink};
    const struct ward_exchange_services services = {.has = has, .context = run};
    const size_t wanted = size > 1 ? data[1] & 31 : 0;
    const size_t length = size > 2 + wanted ? wanted : size > 2 ? size - 2 : 0;
    uint8_t *copy = malloc(length + 1);

    if (length > 0)
        memcpy(copy, data + 2, length);
    switch (data[0] >> 4) {
    case 0:
        run->services = data[0] & 15;
        ward_exchange_resolved(&run->exchange, &services, &context);
        break;
    case 1: answer(run, &context, 0, copy, length); break;
    case 2: answer(run, &context, data[0] & 1 ? 128 : -110, NULL, 0); break;
    case 3: tick(run); break;
    case 4:
        run->committed = run->exchange.numbered;
        ward_exchange_committed(&run->exchange, run->committed, &context);
        break;
    case 5: run->now.boot_us += UINT64_C(100000) << (data[0] & 15); break;
    case 6:
        run->now.utc_ms = run->now.utc_ms == WARD_UTC_UNKNOWN ? INT64_C(1795338000000) : WARD_UTC_UNKNOWN;
        break;
    default: value(run, &context, data[0] & 15, copy, length); break;
    }
    free(copy);
    return data[0] >> 4 == 1 || data[0] >> 4 > 6 ? 2 + length : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run run;
    size_t model_count;
    const struct ward_model *models = ward_models(&model_count);
    struct ward_exchange_terms terms = {.has_record = false};

    if (size < 2 || size > 3 * NUMBERS_MAX)
        return -1;
    memset(&run, 0, sizeof(run));
    run.sink = (struct ward_exchange_sink){.action = action, .context = &run};
    run.now =
        (struct ward_time){.boot_us = 1000000, .utc_ms = INT64_C(1795338000000), .clock = WARD_CLOCK_SYNCED};
    terms.model = &models[data[0] % model_count];
    terms.clock = ward_device_clock_no_pair();
    terms.has_record = (data[1] & 1) != 0;
    terms.enrolling = (data[1] & 2) != 0;
    terms.may_set_clock = (data[1] & 4) != 0;
    terms.last_record = data[1] >> 4;
    terms.last_digest = data[1] >> 4; /* of no record: it shows that the numbers began anew */
    if ((data[1] & 8) != 0)
        terms.clock = (struct ward_device_clock_pair){.device_ms = INT64_C(1795251600000), .at = run.now};
    ward_exchange_begin(&run.exchange, &terms,
                        &(struct ward_exchange_context){.now = run.now, .sink = &run.sink});
    for (size_t at = 2; at < size && run.exchange.numbered < NUMBERS_MAX - WARD_EXCHANGE_HELD_MAX;)
        at += step(&run, data + at, size - at);
    ward_exchange_ended(&run.exchange, &(struct ward_exchange_context){.now = run.now, .sink = &run.sink});
    HOLDS(run.settled <= run.exchange.numbered && run.exchange.numbered - run.settled <= run.unnumbered);
    HOLDS(run.exchange.held_count == 0);
    return 0;
}
