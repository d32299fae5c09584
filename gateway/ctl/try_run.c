/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/try_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/quantity.h"
#include "core/reading.h"
#include "core/reading_json.h"
#include "core/reading_line.h"
#include "core/utc.h"
#include "ctl/try_private.h"

#define START_US (UINT64_C(3600) * 1000000) /* of the virtual boot-time clock: after any delay of a plan */

static void take_event(void *context, const struct ward_alarm_event *event)
{
    struct ward_try_patient *patient = context;

    ward_try_burden_event(&patient->burden, &patient->run->figures, event);
    patient->run->calls.event(patient->run->calls.context, event);
}

static void count_prompt(void *context, const struct ward_alarm_prompt *prompt)
{
    struct ward_try_patient *patient = context;

    (void)prompt;
    patient->run->figures.prompts++;
}

struct ward_try *ward_try_new(const struct ward_care_plan *plan, const struct ward_zone *zone,
                              const struct ward_try_calls *calls)
{
    struct ward_try *run = calloc(1, sizeof(*run));

    if (run != NULL) {
        run->plan = plan;
        run->zone = zone;
        run->calls = *calls;
        run->begun_ms = run->last_ms = INT64_MIN;
        run->in_order = true;
    }
    return run;
}

struct ward_try *ward_try_free(struct ward_try *run)
{
    if (run != NULL) {
        for (size_t i = 0; i < run->patient_count; i++) {
            free(run->patients[i]);
        }
        free(run);
    }
    return NULL;
}

/* --- time ---------------------------------------------------------------------------------------------------- */

static struct ward_time time_of(const struct ward_try_patient *patient)
{
    return (struct ward_time){.boot_us = START_US + (uint64_t)(patient->now_ms - patient->first_ms) * 1000,
                              .utc_ms = patient->now_ms,
                              .clock = WARD_CLOCK_SYNCED};
}

/* The same readings give the same ids: what is tried twice can be compared. */
struct ward_alarm_context ward_try_context(struct ward_try_patient *patient)
{
    struct ward_alarm_context context = {
        .plan = patient->plan, .zone = patient->zone, .now = time_of(patient), .sink = &patient->sink};
    uint64_t seed = ++patient->run->seeds << 8; /* leaves room for all that one call can raise */

    for (size_t i = 0; i < sizeof(seed); i++) {
        context.seed.octets[sizeof(context.seed.octets) - 1 - i] = (uint8_t)(seed >> (8 * i));
    }
    return context;
}

/* Deadlines lie on milliseconds, as all times of a try do. */
static void pass_time(struct ward_try_patient *patient, int64_t until_ms)
{
    uint64_t until_us = START_US + (uint64_t)(until_ms - patient->first_ms) * 1000;
    uint64_t due_us;

    while ((due_us = ward_alarm_deadline_us(&patient->state, patient->plan)) <= until_us) {
        int64_t due_ms = due_us < START_US ? patient->now_ms
                                           : patient->first_ms + (int64_t)((due_us - START_US + 999) / 1000);
        struct ward_alarm_context context;

        patient->now_ms = due_ms > patient->now_ms ? due_ms : patient->now_ms;
        context = ward_try_context(patient);
        ward_alarm_tick(&patient->state, &context);
    }
    patient->now_ms = until_ms;
}

bool ward_try_reach(struct ward_try_patient *patient, int64_t at_ms)
{
    if (at_ms < patient->now_ms) {
        return false;
    }
    ward_try_burden_pass(&patient->burden, &patient->run->figures, patient->last_ms, at_ms);
    pass_time(patient, at_ms);
    patient->last_ms = at_ms;
    return true;
}

struct ward_try_patient *ward_try_patient_of(struct ward_try *run, const struct ward_id *id, int64_t at_ms)
{
    struct ward_alarm_context context;
    struct ward_try_patient *patient;

    for (size_t i = 0; i < run->patient_count; i++) {
        if (strcmp(run->patients[i]->state.patient.text, id->text) == 0) {
            return run->patients[i];
        }
    }
    if (run->patient_count == WARD_TRY_PATIENTS_MAX || (patient = calloc(1, sizeof(*patient))) == NULL) {
        return NULL;
    }
    run->patients[run->patient_count++] = patient;
    patient->run = run;
    patient->plan = run->plan;
    patient->zone = run->zone;
    patient->sink = (struct ward_alarm_sink){.event = take_event, .prompt = count_prompt, .context = patient};
    patient->first_ms = run->begun_ms != INT64_MIN && run->begun_ms < at_ms ? run->begun_ms : at_ms;
    patient->now_ms = patient->last_ms = patient->first_ms;
    ward_try_burden_init(&patient->burden);
    ward_alarm_init(&patient->state, id, &(struct ward_id){{0}});
    context = ward_try_context(patient);
    ward_alarm_replace_plan(&patient->state, &context);
    return patient;
}

/* --- readings ------------------------------------------------------------------------------------------------ */

static void remember(struct ward_try_patient *patient, const struct ward_reading *reading)
{
    struct ward_try_memory *memory = &patient->memory[patient->remembered++ % WARD_TRY_MEMORY_MAX];

    *memory = (struct ward_try_memory){.seq = reading->seq,
                                       .mono_us = reading->mono_us,
                                       .measured_at_ms = reading->measured_at_ms,
                                       .reasons = reading->reasons,
                                       .kind = reading->kind,
                                       .quality = reading->quality,
                                       .value_count = reading->value_count,
                                       .late = reading->late};
    memcpy(memory->values, reading->values, sizeof(memory->values));
}

static uint32_t quantities_of(const struct ward_reading *reading)
{
    uint32_t quantities = 0;

    for (size_t i = 0; i < reading->value_count; i++) {
        quantities |= 1u << ward_quantity_judged_as(reading->values[i].quantity);
    }
    return quantities;
}

/* For when it is said that the device has stopped. Of more devices than there are places nothing is known. */
static void note_device(struct ward_try_patient *patient, const struct ward_reading *reading)
{
    size_t i = 0;

    if (reading->device.text[0] == '\0') {
        return;
    }
    while (i < patient->device_count && strcmp(patient->devices[i].id.text, reading->device.text) != 0) {
        i++;
    }
    if (i == WARD_TRY_DEVICES_MAX) {
        return;
    }
    if (i == patient->device_count) {
        patient->devices[patient->device_count++] = (struct ward_try_device){.id = reading->device};
    }
    patient->devices[i].quantities |= quantities_of(reading);
}

static void take_reading(struct ward_try_patient *patient, struct ward_reading *reading)
{
    struct ward_alarm_context context = ward_try_context(patient);

    if (reading->episode.text[0] != '\0') {
        patient->state.episode = reading->episode;
    }
    reading->mono_us = context.now.boot_us;
    remember(patient, reading);
    note_device(patient, reading);
    if (reading->kind == WARD_READING_CONTINUOUS && reading->seq > patient->streamed_seq) {
        patient->streamed_seq = reading->seq;
    }
    ward_try_burden_reading(&patient->burden, &patient->run->figures, patient->plan, reading,
                            patient->now_ms);
    ward_alarm_reading(&patient->state, &context, reading);
}

/* The values of what is remembered that are of these quantities. Returns which of them there are. */
static uint32_t pick(const struct ward_try_memory *from, uint32_t quantities, struct ward_reading *ret)
{
    uint32_t found = 0;

    *ret = (struct ward_reading){.seq = from->seq,
                                 .mono_us = from->mono_us,
                                 .measured_at_ms = from->measured_at_ms,
                                 .received_at_ms = WARD_UTC_UNKNOWN,
                                 .reasons = from->reasons,
                                 .kind = from->kind,
                                 .quality = from->quality,
                                 .late = from->late};
    for (size_t i = 0; i < from->value_count; i++) {
        uint32_t bit = 1u << ward_quantity_judged_as(from->values[i].quantity);

        if ((quantities & bit) != 0) {
            ret->values[ret->value_count++] = from->values[i];
            found |= bit;
        }
    }
    return found;
}

void ward_try_take_back(struct ward_try_patient *patient, uint64_t seq)
{
    struct ward_alarm_context context = ward_try_context(patient);
    uint32_t quantities = ward_alarm_void(&patient->state, &context, seq);
    uint64_t oldest =
        patient->remembered > WARD_TRY_MEMORY_MAX ? patient->remembered - WARD_TRY_MEMORY_MAX : 0;

    for (uint64_t i = oldest; i < patient->remembered; i++) {
        if (patient->memory[i % WARD_TRY_MEMORY_MAX].seq == seq) {
            patient->memory[i % WARD_TRY_MEMORY_MAX].value_count = 0;
        }
    }
    for (uint64_t i = patient->remembered; quantities != 0 && i-- > oldest;) {
        struct ward_reading reading;
        uint32_t found = pick(&patient->memory[i % WARD_TRY_MEMORY_MAX], quantities, &reading);

        if (found != 0) {
            context = ward_try_context(patient);
            ward_alarm_reading(&patient->state, &context, &reading);
            quantities &= ~found;
        }
    }
}

/* --- lines --------------------------------------------------------------------------------------------------- */

static int64_t moment_of(const struct ward_reading *reading)
{
    return reading->received_at_ms != WARD_UTC_UNKNOWN ? reading->received_at_ms : reading->measured_at_ms;
}

void ward_try_note_order(struct ward_try *run, int64_t at_ms)
{
    if (at_ms < run->last_ms) {
        run->in_order = false;
        run->figures.out_of_order++;
    } else {
        run->last_ms = at_ms;
    }
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
    take_reading(patient, reading);
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

/* A record that takes back another, as `wardctl readings --json` prints it. */
static bool take_void(struct ward_try *run, const json_t *line)
{
    const json_t *voids = json_object_get(line, "voids");
    const char *kind = json_string_value(json_object_get(line, "kind"));

    if (kind == NULL || strcmp(kind, "void") != 0 || !json_is_integer(voids)) {
        return false;
    }
    for (size_t i = 0; i < run->patient_count; i++) {
        ward_try_take_back(run->patients[i], (uint64_t)json_integer_value(voids));
    }
    return true;
}

static const char *take_object(struct ward_try *run, const json_t *line)
{
    struct ward_reading_line parsed = {.has_late = json_is_boolean(json_object_get(line, "late"))};
    const char *wrong;

    if (json_object_get(line, "at") != NULL && json_object_get(line, "values") == NULL) {
        return ward_try_order(run, line);
    }
    wrong = ward_reading_from_json(line, &parsed.reading);
    if (wrong != NULL || take_void(run, line)) {
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
    if (ward_reading_line_parse(text, length, &quick)) {
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
    struct ward_reading_line quick;
    bool known = ward_reading_line_parse(text, length, &quick);
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

/* --- the end ------------------------------------------------------------------------------------------------- */

static int64_t tail_ms(const struct ward_try_patient *patient, uint64_t after_ms)
{
    uint64_t longest_ms = after_ms > WARD_INPUT_STOP_US / 1000 ? after_ms : WARD_INPUT_STOP_US / 1000;

    for (size_t i = 0; patient->plan != NULL && i < patient->plan->quantity_count; i++) {
        const struct ward_plan_quantity *row = &patient->plan->quantities[i];

        if (row->mode == WARD_MODE_STREAM && row->stale_ms > longest_ms) {
            longest_ms = row->stale_ms;
        }
    }
    return (int64_t)longest_ms;
}

void ward_try_finish(struct ward_try *run, uint64_t after_ms)
{
    for (size_t i = 0; i < run->patient_count; i++) {
        struct ward_try_patient *patient = run->patients[i];

        /* Lines in order are of one time, also for whom nothing came any more; otherwise each has its own. */
        if (run->in_order) {
            (void)ward_try_reach(patient, run->last_ms);
        }
        pass_time(patient, patient->now_ms + tail_ms(patient, after_ms));
        ward_try_burden_end(&patient->burden, &run->figures, &patient->state.patient);
    }
}

struct ward_try_figures ward_try_figures(const struct ward_try *run)
{
    return run->figures;
}

static struct ward_alarm_context last_context(const struct ward_try_patient *patient)
{
    return (struct ward_alarm_context){.plan = patient->plan, .zone = patient->zone, .now = time_of(patient)};
}

void ward_try_present(const struct ward_try *run, ward_try_present_fn *each, void *context)
{
    struct ward_alarm_present *present = calloc(WARD_TRY_PRESENT_MAX, sizeof(*present));

    for (size_t i = 0; present != NULL && i < run->patient_count; i++) {
        const struct ward_alarm_context now = last_context(run->patients[i]);
        size_t count = ward_alarm_present(&run->patients[i]->state, &now, present, WARD_TRY_PRESENT_MAX);

        for (size_t j = 0; j < count && j < WARD_TRY_PRESENT_MAX; j++) {
            each(context, &present[j]);
        }
    }
    free(present);
}

void ward_try_news2(const struct ward_try *run, ward_try_news2_fn *each, void *context)
{
    struct ward_news2_report report;

    for (size_t i = 0; i < run->patient_count; i++) {
        const struct ward_alarm_context now = last_context(run->patients[i]);

        if (ward_alarm_news2(&run->patients[i]->state, &now, &report)) {
            each(context, &run->patients[i]->state.patient, &report);
        }
    }
}
