/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/try_run.h"

#include <stdlib.h>
#include <string.h>

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

void ward_try_note_order(struct ward_try *run, int64_t at_ms)
{
    if (at_ms < run->last_ms) {
        run->in_order = false;
        run->figures.out_of_order++;
    } else {
        run->last_ms = at_ms;
    }
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
