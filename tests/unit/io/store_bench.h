/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bench for tests of the store: a directory, a store in it, and what it told. Each function fails the test when it
 * cannot do what it says.
 */
#ifndef WARD_TEST_STORE_BENCH_H
#define WARD_TEST_STORE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/store.h"
#include "io/store_chain.h"
#include "store_disk.h"

#define TOLD_MAX 4096

struct told {
    uint64_t token, first_seq;
    size_t count;
    uint8_t last_chain[32];
    struct ward_seq_range last_derived;
};

struct bench {
    char directory[64], path[96];
    struct ward_store *store;
    struct ward_store_snapshot *snapshot;
    size_t queue_records;
    uint32_t log_pages, retry_ms; /* 0: the store's own */
    struct told committed[TOLD_MAX];
    char last_text[WARD_RECORD_TEXT_MAX]; /* of the record that was committed last */
    uint64_t quota_octets, ballast_octets, given_up_through, given_up;
    struct ward_id past_epoch;
    size_t committed_count, dropped, dropped_records, troubles, attempts, recoveries, replaced;
    int last_error;
    struct ward_id new_epoch;
    size_t opened, opened_events; /* told by `opened` */
    size_t removed;
    char removed_path[128];
    size_t in_place_again;
    char laid_aside[128]; /* what lay in the place of the file, then */
    struct ward_id opened_epoch;
    uint64_t opened_head;
    bool opened_aside;
    struct ward_record records[WARD_STORE_QUERY_MAX];
    struct ward_alarm_key events[16];
    struct ward_seq_range verified;
    size_t answer_count;
    int answer_error;
    bool answered;
};

/* Set-up and tear-down of a test; *state is the bench. */
int set_up(void **state);
int tear_down(void **state);
/* Removes what is in the directory. */
void remove_files(const char *directory);
void copy_file(const char *from, const char *to);
#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* The commit window is so long that only urgent groups, or another window, end it. */
int try_open(struct bench *bench, char error[static WARD_STORE_TEXT_MAX]);
void open_store(struct bench *bench);
void close_store(struct bench *bench);
void reopen_store(struct bench *bench);

void set_id(struct ward_id *id, const char *text);
struct ward_record reading_of(int64_t spo2);
struct ward_store_event event_of(uint8_t name, uint32_t n, const char *payload);
void submit(struct bench *bench, uint64_t token, bool urgent, const struct ward_record *records,
            size_t count);
void submit_one(struct bench *bench, uint64_t token, bool urgent);

/* Dispatches until the number at counter is reached. */
void wait_for(struct bench *bench, const size_t *counter, uint64_t number);

/* Dispatches what comes next. */
void wait_for_something(struct bench *bench);

/* The callbacks of requests, and a wait until one of them was called with that error. */
void on_records(void *context, int error, const struct ward_record *records, size_t count);
void on_events(void *context, int error, const struct ward_store_event *events, size_t count);
void on_past(void *context, int error, const struct ward_id *epoch, const struct ward_record *records,
             size_t count);
void wait_for_answer(struct bench *bench, int error);

void fetch(struct bench *bench, uint64_t first, uint64_t last);

/* Returns when all is read of what was set aside; the answer is what the ward may not have of the oldest epoch. */
void wait_until_salvaged(struct bench *bench);

/* Reads all records of the epoch and computes the chain anew. Returns how many there are. */
uint64_t check_chain(struct bench *bench, const char *epoch);

uint64_t commits(struct bench *bench);

/* Runs on a file that no store has open. */
void run_sql(const char *path, const char *sql);

#endif
