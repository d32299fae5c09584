/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/try_burden.h"

#include <string.h>

#include "core/careplan.h"
#include "core/clinical.h"
#include "core/decimal.h"
#include "core/quantity.h"

#define DAY_MS  INT64_C(86400000)
#define STOP_MS ((int64_t)(WARD_INPUT_STOP_US / 1000))
#define NEVER   INT64_MIN

void ward_try_burden_init(struct ward_try_burden *burden)
{
    *burden = (struct ward_try_burden){.last_day = NEVER};
    for (size_t i = 0; i < WARD_TRY_QUANTITIES; i++) {
        burden->fresh_until_ms[i] = burden->red_from_ms[i] = burden->red_last_ms[i] = NEVER;
    }
}

/* How much of from .. to lies before until. */
static int64_t before(int64_t until_ms, int64_t from_ms, int64_t to_ms)
{
    if (until_ms <= from_ms) {
        return 0;
    }
    return (until_ms < to_ms ? until_ms : to_ms) - from_ms;
}

void ward_try_burden_pass(struct ward_try_burden *burden, struct ward_try_figures *figures, int64_t from_ms,
                          int64_t to_ms)
{
    int64_t all_until_ms = burden->measured != 0 ? INT64_MAX : NEVER;

    figures->span_ms += to_ms - from_ms;
    for (uint32_t left = to_ms > from_ms ? burden->measured : 0; left != 0; left &= left - 1) {
        const size_t i = (size_t)__builtin_ctz(left);

        figures->quantity_ms[i] += before(burden->fresh_until_ms[i], from_ms, to_ms);
        if (burden->fresh_until_ms[i] < all_until_ms) {
            all_until_ms = burden->fresh_until_ms[i];
        }
    }
    figures->monitored_ms += before(all_until_ms, from_ms, to_ms);
}

static bool is_beyond_red(const struct ward_care_plan *plan, uint8_t quantity,
                          const struct ward_decimal *value)
{
    for (size_t i = 0; i < plan->rule_count; i++) {
        const struct ward_plan_rule *rule = &plan->rules[i];
        int order = 0;

        if (rule->quantity == quantity && rule->level == WARD_LEVEL_RED && rule->kind == WARD_RULE_LIMIT &&
            ward_decimal_compare(value, &rule->limit, &order) &&
            (rule->side == WARD_SIDE_BELOW ? order < 0 : order > 0)) {
            return true;
        }
    }
    return false;
}

/* The time beyond red ends at until_ms: by an alarm, or by a value that is not. */
static void end_red(struct ward_try_burden *burden, struct ward_try_figures *figures,
                    const struct ward_id *patient, uint8_t quantity, int64_t until_ms)
{
    int64_t from_ms = burden->red_from_ms[quantity];

    /* Of a stream that fell silent nobody knows how it went on. */
    if (!burden->red_spot[quantity] && until_ms > burden->red_last_ms[quantity] + STOP_MS) {
        until_ms = burden->red_last_ms[quantity] + STOP_MS;
    }
    burden->red_from_ms[quantity] = NEVER;
    if (from_ms != NEVER && until_ms - from_ms > figures->red_ms) {
        figures->red_ms = until_ms - from_ms;
        figures->red_from_ms = from_ms;
        figures->red_quantity = quantity;
        figures->red_patient = *patient;
    }
}

static void take_value(struct ward_try_burden *burden, struct ward_try_figures *figures,
                       const struct ward_plan_quantity *row, const struct ward_care_plan *plan,
                       const struct ward_reading *reading, const struct ward_decimal *value, int64_t now_ms)
{
    const bool spot = reading->kind != WARD_READING_CONTINUOUS;
    const uint8_t quantity = row->quantity;

    if (reading->quality == WARD_VALID) {
        burden->measured |= 1u << quantity;
        burden->fresh_until_ms[quantity] = now_ms + (int64_t)(spot ? row->stale_spot_ms : row->stale_ms);
    }
    if (!is_beyond_red(plan, quantity, value)) {
        if (burden->red_from_ms[quantity] != NEVER && reading->quality == WARD_VALID) {
            end_red(burden, figures, &reading->patient, quantity, now_ms);
        }
        return;
    }
    if (burden->red_from_ms[quantity] != NEVER && !burden->red_spot[quantity] &&
        now_ms > burden->red_last_ms[quantity] + STOP_MS) {
        end_red(burden, figures, &reading->patient, quantity, now_ms);
    }
    if (burden->standing[quantity] == 0 && burden->red_from_ms[quantity] == NEVER) {
        burden->red_from_ms[quantity] = now_ms;
    }
    burden->red_last_ms[quantity] = now_ms;
    burden->red_spot[quantity] = spot;
}

void ward_try_burden_reading(struct ward_try_burden *burden, struct ward_try_figures *figures,
                             const struct ward_care_plan *plan, const struct ward_reading *reading,
                             int64_t now_ms)
{
    const int64_t day = now_ms / DAY_MS;

    figures->readings++;
    if (day > burden->last_day) {
        burden->last_day = day;
        figures->days++;
    }
    for (size_t i = 0; i < reading->value_count && !reading->late; i++) {
        const struct ward_value *value = &reading->values[i];
        const struct ward_plan_quantity *row =
            ward_care_plan_quantity(plan, ward_quantity_judged_as(value->quantity));

        if (row != NULL && reading->quality != WARD_INVALID && ward_decimal_is_ordered(&value->number) &&
            ward_quantity_is_plausible(value)) {
            take_value(burden, figures, row, plan, reading, &value->number, now_ms);
        }
    }
}

/* A quantity's alarms of its value end in these words. */
static uint8_t bit_of(const struct ward_id *condition)
{
    static const char *const endings[] = {"-low", "-high", "-fall", "-rise"};
    const char *ending = strrchr(condition->text, '-');

    for (size_t i = 0; ending != NULL && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (strcmp(ending, endings[i]) == 0) {
            return (uint8_t)(1u << i);
        }
    }
    return 0;
}

static void note_raised(struct ward_try_burden *burden, struct ward_try_figures *figures,
                        const struct ward_alarm_event *event)
{
    if (event->kind != WARD_ALARM_PHYSIOLOGICAL) {
        figures->technical++;
        return;
    }
    figures->raised[event->priority]++;
    figures->again += event->n > 1 ? 1 : 0;
    if (event->quantity < WARD_TRY_QUANTITIES && bit_of(&event->condition) != 0) {
        burden->standing[event->quantity] |= bit_of(&event->condition);
        if (burden->red_from_ms[event->quantity] != NEVER) {
            end_red(burden, figures, &event->patient, event->quantity, event->at.utc_ms);
        }
    }
}

void ward_try_burden_event(struct ward_try_burden *burden, struct ward_try_figures *figures,
                           const struct ward_alarm_event *event)
{
    figures->events++;
    switch ((enum ward_alarm_event_kind)event->event) {
    case WARD_EVENT_RAISED: note_raised(burden, figures, event); break;
    case WARD_EVENT_CLEARED:
        if (event->kind == WARD_ALARM_PHYSIOLOGICAL && event->quantity < WARD_TRY_QUANTITIES) {
            burden->standing[event->quantity] &= (uint8_t)~bit_of(&event->condition);
        }
        break;
    case WARD_EVENT_REALARM:
    case WARD_EVENT_ESCALATED: figures->reminders++; break;
    case WARD_EVENT_PENDING:
    case WARD_EVENT_SETTLED:
    case WARD_EVENT_SILENCED:
    case WARD_EVENT_ACKNOWLEDGED:
    case WARD_EVENT_ACK_EXPIRED:
    case WARD_EVENT_SUSPENDED:
    case WARD_EVENT_RESUMED:
    case WARD_EVENT_UNKNOWN: break;
    }
}

void ward_try_burden_end(struct ward_try_burden *burden, struct ward_try_figures *figures,
                         const struct ward_id *patient)
{
    for (uint8_t i = 0; i < WARD_TRY_QUANTITIES; i++) {
        if (burden->red_from_ms[i] != NEVER) {
            end_red(burden, figures, patient, i, burden->red_last_ms[i]);
        }
    }
}
