/* SPDX-License-Identifier: Apache-2.0 */
/* What try_run.c (time), try_line.c, try_reading.c and try_order.c (what somebody did) share. */
#ifndef WARD_CTL_TRY_PRIVATE_H
#define WARD_CTL_TRY_PRIVATE_H

#include <jansson.h>

#include "core/reading_line.h"
#include "ctl/try_run.h"

#define WARD_TRY_PATIENTS_MAX 256
#define WARD_TRY_PRESENT_MAX  160
#define WARD_TRY_MEMORY_MAX   256 /* readings kept of a patient, for when one is taken back */
#define WARD_TRY_DEVICES_MAX  16

/* What is needed to give a reading once more. */
struct ward_try_memory {
    uint64_t seq, mono_us;
    int64_t measured_at_ms;
    uint32_t reasons;
    uint8_t kind, quality, value_count;
    bool late;
    struct ward_value values[WARD_READING_VALUES_MAX];
};

struct ward_try_device {
    struct ward_id id;
    uint32_t quantities; /* that it has given */
};

struct ward_try_patient {
    struct ward_try *run;
    struct ward_alarm_patient state;
    struct ward_alarm_sink sink;
    const struct ward_care_plan *plan; /* NULL: none */
    const struct ward_zone *zone;
    int64_t first_ms, now_ms; /* UTC */
    int64_t last_ms;          /* of its newest line */
    struct ward_try_burden burden;
    struct ward_try_memory memory[WARD_TRY_MEMORY_MAX];
    uint64_t remembered;
    struct ward_try_device devices[WARD_TRY_DEVICES_MAX];
    size_t device_count;
    uint32_t without_device; /* quantities of readings that name none */
    uint64_t streamed_seq;   /* newest of a stream */
};

struct ward_try {
    const struct ward_care_plan *plan; /* of patients that come */
    const struct ward_zone *zone;
    struct ward_try_calls calls;
    struct ward_try_patient *patients[WARD_TRY_PATIENTS_MAX];
    size_t patient_count;
    int64_t begun_ms,
        last_ms;   /* UTC of the earliest line that was for all, and of the newest line; INT64_MIN: none */
    bool in_order; /* no line lay before the one above it */
    uint64_t seeds, line;
    struct ward_reading_line_order order;
    struct ward_try_figures figures;
    char wrong[256];
};

/* The context of a call to the engine, at the patient's time. */
struct ward_alarm_context ward_try_context(struct ward_try_patient *patient);

/* Counts a line that lies before the one above it. */
void ward_try_note_order(struct ward_try *run, int64_t at_ms);

/* Lets time pass for the patient until at_ms. Returns false when it lies before the time reached. */
bool ward_try_reach(struct ward_try_patient *patient, int64_t at_ms);

/* The patient of that id, made at at_ms when there is none. NULL: there are too many. */
struct ward_try_patient *ward_try_patient_of(struct ward_try *run, const struct ward_id *id, int64_t at_ms);

/* A reading that has come now. Its mono_us is set. */
void ward_try_take_reading(struct ward_try_patient *patient, struct ward_reading *reading);

/* Takes the reading back, then gives the newest that remains of each quantity. */
void ward_try_take_back(struct ward_try_patient *patient, uint64_t seq);

/* A line with "at" and no values. NULL, or what is wrong with it. */
const char *ward_try_order(struct ward_try *run, json_t *line);

#endif
