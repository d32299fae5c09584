/* SPDX-License-Identifier: Apache-2.0 */
/* What the schedule has seen of the patient, as figures (core/adherence.h). */
#include "core/alarm_private.h"

#define DAY_MS INT64_C(86400000)

/* The time since it was counted last was one in which it was to be worn. worn_us of it ended now. */
void ward_alarm_adherence_wear(struct ward_alarm_run *run, struct ward_alarm_input_state *input,
                               uint64_t worn_us)
{
    const struct ward_time *now = &run->context->now;
    const uint64_t since_us = input->wear_counted_us;
    struct ward_wear more = {.worn_ms = 0};

    if (since_us == WARD_NEVER || now->boot_us < since_us || now->utc_ms == WARD_UTC_UNKNOWN) {
        return;
    }
    more.expected_ms = (now->boot_us - since_us) / WARD_MS_US;
    more.worn_ms = worn_us / WARD_MS_US < more.expected_ms ? worn_us / WARD_MS_US : more.expected_ms;
    if (more.expected_ms > 0) {
        ward_adherence_wear(&input->adherence, now->utc_ms, more);
        input->wear_counted_us = since_us + more.expected_ms * WARD_MS_US;
    }
}

static void add(struct ward_wear *wear, uint64_t more_ms)
{
    wear->expected_ms += more_ms;
}

static void fill(const struct ward_alarm_context *context, const struct ward_alarm_input_state *input,
                 struct ward_adherence_report *ret)
{
    const struct ward_adherence *adherence = &input->adherence;
    const int64_t now_ms = context->now.utc_ms;
    const bool counts = input->wear_counted_us != WARD_NEVER && context->now.boot_us > input->wear_counted_us;
    const uint64_t open_ms = counts ? (context->now.boot_us - input->wear_counted_us) / WARD_MS_US : 0;

    ret->total.slots = ward_adherence_total(adherence);
    ret->total.wear = adherence->worn;
    add(&ret->total.wear, open_ms);
    ret->dated = now_ms != WARD_UTC_UNKNOWN;
    if (ret->dated) {
        ret->day.slots = ward_adherence_since(adherence, now_ms - DAY_MS);
        ret->week.slots = ward_adherence_since(adherence, now_ms - WARD_ADHERENCE_DAYS * DAY_MS);
        ret->day.wear = ward_adherence_worn_since(adherence, now_ms - DAY_MS);
        ret->week.wear = ward_adherence_worn_since(adherence, now_ms - WARD_ADHERENCE_DAYS * DAY_MS);
        add(&ret->day.wear, open_ms);
        add(&ret->week.wear, open_ms);
    }
}

size_t ward_alarm_adherence(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                            struct ward_adherence_report *ret)
{
    size_t count = 0;

    for (size_t i = 0; i < state->input_count && context->plan != NULL; i++) {
        const uint8_t quantity = state->inputs[i].quantity;
        const struct ward_plan_quantity *row = ward_care_plan_quantity(context->plan, quantity);
        struct ward_adherence_report report = {.quantity = quantity,
                                               .scheduled =
                                                   ward_care_plan_schedule(context->plan, quantity) != NULL,
                                               .worn = row != NULL && row->worn};

        if ((report.scheduled || report.worn) && count < WARD_PLAN_QUANTITIES_MAX) {
            fill(context, &state->inputs[i], &report);
            ret[count++] = report;
        }
    }
    return count;
}
