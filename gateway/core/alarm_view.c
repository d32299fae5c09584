/* SPDX-License-Identifier: Apache-2.0 */
/* What is present now, for up/active: conditions, newest values, and how far the patient is watched. */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"

/* Calls visit for each condition, as ward_alarm_for_each does, but to look at only. */
typedef void look_fn(const struct ward_alarm_view *view, void *context);

static void look_at_all(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                        look_fn *look, void *argument)
{
    struct ward_alarm_view view = {.state = state, .context = context};

    for (size_t i = 0; i < state->input_count; i++) {
        view.input = &state->inputs[i];
        for (int cause = 0; cause < WARD_CAUSE_COUNT; cause++) {
            view.cause = (enum ward_alarm_cause)cause;
            view.condition = &state->inputs[i].conditions[cause];
            look(&view, argument);
        }
    }
    view.input = NULL;
    for (int cause = WARD_CAUSE_NEWS2; cause < WARD_CAUSE_END; cause++) {
        view.cause = (enum ward_alarm_cause)cause;
        view.condition = &state->wide[cause - WARD_CAUSE_NEWS2];
        look(&view, argument);
    }
    view.cause = WARD_CAUSE_COUNT;
    for (size_t i = 0; i < state->technical_count; i++) {
        view.technical = &state->technical[i];
        view.condition = &state->technical[i].condition;
        look(&view, argument);
    }
}

struct listing {
    struct ward_alarm_present *items;
    size_t capacity, total;
};

/* Sorted as it grows: higher priority first, then the order of the state. The last falls off a full list. */
static void insert(struct listing *listing, const struct ward_alarm_present *item)
{
    size_t count = listing->total < listing->capacity ? listing->total : listing->capacity;
    size_t at = 0;

    while (at < count && listing->items[at].newest.priority >= item->newest.priority) {
        at++;
    }
    if (at < listing->capacity) {
        size_t behind = (count < listing->capacity ? count : listing->capacity - 1) - at;

        memmove(&listing->items[at + 1], &listing->items[at], behind * sizeof(*item));
        listing->items[at] = *item;
    }
    listing->total++;
}

/* The UTC of a moment of this boot, if the clock is known now although it was not then. */
static int64_t raised_at_ms(const struct ward_alarm_view *view)
{
    const struct ward_time *now = &view->context->now;

    if (view->condition->raised_utc_ms != WARD_UTC_UNKNOWN || now->utc_ms == WARD_UTC_UNKNOWN) {
        return view->condition->raised_utc_ms;
    }
    return now->utc_ms - (int64_t)((now->boot_us - view->condition->raised_us) / WARD_MS_US);
}

static void list_present(const struct ward_alarm_view *view, void *context)
{
    struct ward_alarm_present item;

    if (ward_alarm_is_present(view->condition)) {
        ward_alarm_describe(view, NULL, &item.newest);
        item.raised_at_ms = raised_at_ms(view);
        insert(context, &item);
    }
}

size_t ward_alarm_present(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                          struct ward_alarm_present *ret, size_t capacity)
{
    struct listing listing = {.items = ret, .capacity = capacity};

    look_at_all(state, context, list_present, &listing);
    return listing.total;
}

size_t ward_alarm_last_valid(const struct ward_alarm_patient *state, const struct ward_alarm_context *context,
                             struct ward_last_valid *ret)
{
    size_t count = 0;

    (void)context;
    for (size_t i = 0; i < state->input_count && count < WARD_PLAN_QUANTITIES_MAX; i++) {
        const struct ward_alarm_input_state *input = &state->inputs[i];

        if (input->planned && ward_decimal_is_ordered(&input->value)) {
            ret[count++] = (struct ward_last_valid){.quantity = input->quantity,
                                                    .value = input->value,
                                                    .measured_at_ms = input->value_measured_ms,
                                                    .seq = input->value_seq};
        }
    }
    return count;
}

struct reasons {
    struct ward_id *list;
    size_t count;
};

static void add_reason(struct reasons *reasons, const struct ward_alarm_view *view)
{
    struct ward_id name;

    ward_alarm_condition_name(view, &name);
    for (size_t i = 0; i < reasons->count; i++) {
        if (strcmp(reasons->list[i].text, name.text) == 0) {
            return;
        }
    }
    if (reasons->count < WARD_MONITORING_REASONS_MAX) {
        reasons->list[reasons->count++] = name;
    }
}

static bool degrades(const struct ward_alarm_view *view)
{
    if (!ward_alarm_is_present(view->condition) || view->condition->state == WARD_ALARM_ENDED_UNSEEN) {
        return false;
    }
    if (view->technical != NULL) {
        return view->technical->degrades;
    }
    switch (view->cause) {
    case WARD_CAUSE_LOW:
    case WARD_CAUSE_HIGH:
    case WARD_CAUSE_FALL:
    case WARD_CAUSE_RISE: return view->input->stale;
    case WARD_CAUSE_INCOMPLETE:
    case WARD_CAUSE_NO_VALID_DATA:
    case WARD_CAUSE_NO_DATA:
    case WARD_CAUSE_NO_SOURCE:
    case WARD_CAUSE_MISSED:
    case WARD_CAUSE_SILENT: return true;
    case WARD_CAUSE_LATE:
    case WARD_CAUSE_NEWS2:
    case WARD_CAUSE_NEWS2_THREE:
    case WARD_CAUSE_CONCERN:
    case WARD_CAUSE_COUNT:
    case WARD_CAUSE_END: break;
    }
    return false;
}

static void collect_reason(const struct ward_alarm_view *view, void *context)
{
    if (degrades(view)) {
        add_reason(context, view);
    }
}

enum ward_monitoring ward_alarm_monitoring(const struct ward_alarm_patient *state,
                                           const struct ward_alarm_context *context,
                                           struct ward_id ret_reasons[WARD_MONITORING_REASONS_MAX],
                                           size_t *ret_count)
{
    struct reasons reasons = {.list = ret_reasons};

    look_at_all(state, context, collect_reason, &reasons);
    *ret_count = reasons.count;
    if (state->ended) {
        return WARD_MONITORING_ENDED;
    }
    if (context->plan == NULL) {
        return WARD_MONITORING_NONE;
    }
    if (state->suspended_until_us != WARD_NEVER) {
        return WARD_MONITORING_SUSPENDED;
    }
    return reasons.count > 0 ? WARD_MONITORING_DEGRADED : WARD_MONITORING_FULL;
}
