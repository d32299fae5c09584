/* SPDX-License-Identifier: Apache-2.0 */
/* A line of the file: a reading, a record, or what somebody did. */
#include <stdio.h>
#include <string.h>

#include "core/quantity.h"
#include "core/reading.h"
#include "core/reading_json.h"
#include "core/utc.h"
#include "ctl/try_private.h"

static int64_t moment_of(const struct ward_reading *reading)
{
    return reading->received_at_ms != WARD_UTC_UNKNOWN ? reading->received_at_ms : reading->measured_at_ms;
}

/* Of a line that does not say whether it was late: by the rule of the gateway. */
static bool was_late(const struct ward_reading *reading, int64_t now_ms)
{
    return reading->measured_at_ms != WARD_UTC_UNKNOWN &&
           now_ms - reading->measured_at_ms > WARD_LATE_AFTER_MS;
}

/* A record that says nothing of a patient, or what this run finds out itself: the spot value of a stream that is here. */
static bool is_skipped(const struct ward_try_patient *patient, const struct ward_reading *reading)
{
    return reading->unassigned || reading->kind >= WARD_RECORD_GAP ||
           (reading->derived_first != 0 && patient != NULL &&
            patient->streamed_seq >= reading->derived_first);
}

static const char *take_line(struct ward_try *run, struct ward_reading_line *line)
{
    struct ward_reading *reading = &line->reading;
    struct ward_try_patient *patient;
    int64_t at_ms = moment_of(reading);

    if (is_skipped(NULL, reading)) {
        run->figures.skipped++;
        return NULL;
    }
    if (at_ms == WARD_UTC_UNKNOWN) {
        return "has neither measured_at nor received_at";
    }
    if (reading->patient.text[0] == '\0') {
        (void)ward_id_set(&reading->patient, "patient");
    }
    reading->seq = reading->seq != 0 ? reading->seq : run->line;
    patient = ward_try_patient_of(run, &reading->patient, at_ms);
    if (patient == NULL) {
        return "there are too many patients";
    }
    if (is_skipped(patient, reading)) {
        run->figures.skipped++;
        return NULL;
    }
    ward_try_note_order(run, at_ms);
    (void)ward_try_reach(patient, at_ms);
    if (!line->has_late) {
        reading->late = was_late(reading, patient->now_ms);
    }
    ward_try_take_reading(patient, reading);
    return NULL;
}

/* Values whose quantity is not known were left out of the reading: nobody should think that they were judged. */
static void note_left_out(struct ward_try *run, const json_t *line)
{
    const json_t *values = json_object_get(line, "values");

    for (size_t i = 0; i < json_array_size(values); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(values, i), "quantity"));

        if (name != NULL && ward_quantity_by_name(name) == WARD_QUANTITY_NONE) {
            char text[128];

            run->figures.left_out++;
            snprintf(text, sizeof(text), "no quantity is called \"%.60s\": the value is left out", name);
            run->calls.note(run->calls.context, run->line, text);
        }
    }
}

/*
 * A record that takes back another, as `wardctl readings --json` prints it: when it was made, and of its patient. Numbers are
 * of one gateway; one that names nobody is for all, as what somebody did.
 */
static bool take_void(struct ward_try *run, const json_t *line, const struct ward_reading *record)
{
    const int64_t at_ms = moment_of(record);
    const json_t *voids = json_object_get(line, "voids");
    const char *kind = json_string_value(json_object_get(line, "kind"));

    if (kind == NULL || strcmp(kind, "void") != 0 || !json_is_integer(voids)) {
        return false;
    }
    if (at_ms != WARD_UTC_UNKNOWN) {
        ward_try_note_order(run, at_ms);
    }
    for (size_t i = 0; i < run->patient_count; i++) {
        struct ward_try_patient *patient = run->patients[i];

        if (record->patient.text[0] == '\0' ||
            strcmp(record->patient.text, patient->state.patient.text) == 0) {
            (void)ward_try_reach(patient, at_ms); /* of no known time: now */
            ward_try_take_back(patient, (uint64_t)json_integer_value(voids));
        }
    }
    return true;
}

static const char *take_object(struct ward_try *run, json_t *line)
{
    struct ward_reading_line parsed = {.has_late = json_is_boolean(json_object_get(line, "late"))};
    const char *wrong;

    if (json_object_get(line, "at") != NULL && json_object_get(line, "values") == NULL) {
        return ward_try_order(run, line);
    }
    wrong = ward_reading_from_json(line, &parsed.reading);
    if (wrong != NULL || take_void(run, line, &parsed.reading)) {
        return wrong;
    }
    wrong = take_line(run, &parsed);
    if (wrong == NULL) {
        note_left_out(run, line);
    }
    return wrong;
}

const char *ward_try_line(struct ward_try *run, const char *text, size_t length, uint64_t number)
{
    struct ward_reading_line quick;
    json_error_t error;
    const char *wrong;
    json_t *line;

    run->line = number;
    if (ward_reading_line_parse(text, length, &run->order, &quick)) {
        return take_line(run, &quick);
    }
    line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (line == NULL) {
        snprintf(run->wrong, sizeof(run->wrong), "is not JSON: %s", error.text);
        return run->wrong;
    }
    wrong = json_is_object(line) ? take_object(run, line) : "is not a JSON object";
    json_decref(line);
    return wrong;
}

bool ward_try_moment(const char *text, size_t length, int64_t *ret_ms)
{
    struct ward_reading_line_order order = {0};
    struct ward_reading_line quick;
    bool known = ward_reading_line_parse(text, length, &order, &quick);
    json_t *line = known ? NULL : json_loadb(text, length, 0, NULL);
    const char *at = json_string_value(json_object_get(line, "at"));

    if (at != NULL) {
        known = ward_utc_parse(at, strlen(at), ret_ms);
    } else if (known || (line != NULL && ward_reading_from_json(line, &quick.reading) == NULL)) {
        known = moment_of(&quick.reading) != WARD_UTC_UNKNOWN;
        *ret_ms = known ? moment_of(&quick.reading) : *ret_ms;
    }
    json_decref(line);
    return known;
}
