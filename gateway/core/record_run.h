/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of records side by side, as they stand in the list of an up/readings message: commas between them, seq rising.
 * A record is written once, for its chain; whoever sends it takes that text.
 */
#ifndef WARD_CORE_RECORD_RUN_H
#define WARD_CORE_RECORD_RUN_H

#include "core/message.h"
#include "core/record.h"

struct ward_record_run {
    char *octets; /* the caller's; of size */
    size_t size, length;
    size_t count;
    struct {
        uint64_t seq;
        size_t end; /* of its text in octets; the comma comes behind it */
    } records[WARD_READINGS_RECORDS_MAX];
};

/* Begins with none. The buffer must outlive the run. */
void ward_record_run_init(struct ward_record_run *run, char *buffer, size_t size);

/* Adds a record by its published text. Returns false, with the run unchanged, when there is no room for it. */
bool ward_record_run_add(struct ward_record_run *run, uint64_t seq, const char *text, size_t length);

/* The same of a record that has no text yet. Returns false too for one that has none. */
bool ward_record_run_write(struct ward_record_run *run, const char *epoch, const struct ward_record *record);

#endif
