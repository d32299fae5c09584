/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of the daemon share: a bus of the test's own, a gateway on real files, but for the radio, and patients
 * with the plan of the scenarios.
 */
#ifndef WARD_TESTS_APP_BENCH_H
#define WARD_TESTS_APP_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/gateway.h"

#define DEADLINE_US (60 * UINT64_C(1000000))
#define RECORDS_MAX 256

struct bench {
    char directory[64], address[128];
    pid_t daemon;
    sd_event *event;
    struct ward_config config;
    struct ward_gateway *gateway;
    struct ward_record records[RECORDS_MAX]; /* as they were read back */
    size_t record_count;
    bool answered;
    sd_bus_message *reply;
    uint32_t connection; /* of the next frame that is said */
    sd_bus *asker;       /* who has a trial running */
    char steps[4096];    /* of it: "prepare not-connected … " */
    uint64_t commands;   /* that were given */
};

/* Fixtures of a test: a gateway g-test in which nobody is admitted, and that asks for no signatures. */
int bench_set_up(void **state);
int bench_tear_down(void **state);

void bench_open(struct bench *bench);
void bench_close(struct bench *bench);
void bench_restart(struct bench *bench);

uint64_t bench_now_us(const struct bench *bench);

/* Lets the loop run until the condition holds. */
#define WAIT_FOR(bench, condition)                                                                           \
    do {                                                                                                     \
        const uint64_t until_us = bench_now_us(bench) + DEADLINE_US;                                         \
        while (!(condition)) {                                                                               \
            assert_true(bench_now_us(bench) < until_us);                                                     \
            assert_true(sd_event_run((bench)->event, 50000) >= 0);                                           \
        }                                                                                                    \
    } while (0)

/* A clock that a time service holds, as far as the gateway can tell, or that none does. */
void bench_set_clock(struct bench *bench, bool synced);

/* Episode s-1, with the plan of the scenarios, in which a stream of SpO2 is a measurement once it has been steady. */
void bench_admit(struct bench *bench, const char *patient);

/* At an address that nobody has. */
void bench_enrol(struct bench *bench, const char *device, const char *model);

/* The state of the condition of the patient, or NULL. */
const char *bench_condition(const struct bench *bench, const char *patient, const char *name);

/* For ward_store_query and ward_store_fetch: keeps the records in the bench. */
void bench_records(void *context, int error, const struct ward_record *records, size_t count);

#endif
