/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is stored under load, and what one more group is afterwards: routine frames of an oximeter, each with a number of
 * its own in mono_us, so that a record says by itself which group it came with.
 */
#ifndef WARD_TEST_CRASH_GROUP_H
#define WARD_TEST_CRASH_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "core/record.h"

/* mono_us of record i of the group with that token: token * CRASH_RECORDS_MAX + i. */
#define CRASH_RECORDS_MAX 16

extern const struct ward_id crash_boot;

struct ward_record crash_record(uint64_t token, size_t index);
struct ward_time crash_now(uint64_t token);

void crash_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Tells the listener until *count has reached that. */
struct ward_store;
void crash_wait_for(struct ward_store *store, const uint64_t *count, uint64_t reached);

#endif
