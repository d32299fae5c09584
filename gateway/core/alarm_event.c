/* SPDX-License-Identifier: Apache-2.0 */
/* Events, as the ward and the room get them. */
#include <string.h>

#include "core/alarm_names.h"
#include "core/alarm_private.h"

struct ward_alarm_id ward_alarm_next_id(struct ward_alarm_run *run)
{
    struct ward_alarm_id id = run->context->seed;
    uint32_t carry = run->raised++;

    for (size_t i = sizeof(id.octets); i-- > 0 && carry > 0;) {
        carry += id.octets[i];
        id.octets[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return id;
}

static uint8_t kind_of(const struct ward_alarm_view *view)
{
    if (view->technical != NULL) {
        return view->technical->advisory ? WARD_ALARM_ADVISORY : WARD_ALARM_TECHNICAL;
    }
    switch (view->cause) {
    case WARD_CAUSE_LOW:
    case WARD_CAUSE_HIGH:
    case WARD_CAUSE_FALL:
    case WARD_CAUSE_RISE:
    case WARD_CAUSE_NEWS2:
    case WARD_CAUSE_NEWS2_THREE:
    case WARD_CAUSE_CONCERN: return WARD_ALARM_PHYSIOLOGICAL;
    case WARD_CAUSE_LATE: return WARD_ALARM_ADVISORY;
    case WARD_CAUSE_INCOMPLETE:
    case WARD_CAUSE_NO_VALID_DATA:
    case WARD_CAUSE_NO_DATA:
    case WARD_CAUSE_NO_SOURCE:
    case WARD_CAUSE_MISSED:
    case WARD_CAUSE_SILENT:
    case WARD_CAUSE_COUNT:
    case WARD_CAUSE_END: break;
    }
    return WARD_ALARM_TECHNICAL;
}

static uint8_t quantity_of(const struct ward_alarm_view *view)
{
    if (view->input != NULL) {
        return view->input->quantity;
    }
    /* What scores 3 is a set: the text names it. */
    return view->cause == WARD_CAUSE_NEWS2     ? WARD_NEWS2
           : view->cause == WARD_CAUSE_CONCERN ? WARD_CONCERN
                                               : WARD_QUANTITY_NONE;
}

/* The rule that is pending is not always the one that was raised. */
static void describe_finding(const struct ward_alarm_finding *finding, struct ward_alarm_event *event)
{
    event->priority = finding->priority;
    event->value = finding->value;
    event->reading_seq = finding->value_seq;
    event->has_reading = finding->value.special != WARD_NAN;
    event->confirm = finding->confirm;
    event->again = false;
    event->late = false;
    event->late_age_ms = -1;
    event->by = (struct ward_id){{0}};
    event->condition_delay_ms = 0;
    if (finding->rule != NULL) {
        event->rule = finding->rule->id;
        event->limit = finding->rule->limit;
    }
}

/* How old the late reading is that the condition was raised for. */
static int64_t late_age_ms(const struct ward_alarm_view *view)
{
    const int64_t now_ms = view->context->now.utc_ms;

    if (!view->condition->late || view->cause == WARD_CAUSE_LATE || view->input == NULL ||
        now_ms == WARD_UTC_UNKNOWN || view->input->newest_measured_ms == WARD_UTC_UNKNOWN ||
        view->input->newest_measured_ms > now_ms) {
        return -1;
    }
    return now_ms - view->input->newest_measured_ms;
}

void ward_alarm_describe(const struct ward_alarm_view *view, const struct ward_alarm_finding *finding,
                         struct ward_alarm_event *ret)
{
    const struct ward_alarm_condition *condition = view->condition;
    const struct ward_care_plan *plan = view->context->plan;
    bool published = ward_alarm_event_is_published(condition->last_event);

    memset(ret, 0, sizeof(*ret));
    ret->patient = view->state->patient;
    ret->episode = view->state->episode;
    ward_alarm_condition_name(view, &ret->condition);
    ret->rule = condition->rule;
    ret->kind = kind_of(view);
    ret->priority = condition->priority;
    ret->event = condition->last_event;
    ret->state = condition->state;
    ret->cleared_reason = condition->last_event == WARD_EVENT_CLEARED ? condition->cleared_reason : 0;
    ret->again = condition->last_event == WARD_EVENT_RAISED && condition->again;
    ret->late = condition->late;
    ret->late_age_ms = late_age_ms(view);
    if (view->technical != NULL) {
        ret->device = view->technical->device;
    }
    ret->confirm = condition->confirm;
    ret->suspended = view->state->suspended_until_us != WARD_NEVER;
    ret->at = view->context->now;
    ret->quantity = quantity_of(view);
    ret->value = condition->value;
    ret->limit = condition->limit;
    ret->has_reading =
        (view->input != NULL || view->cause == WARD_CAUSE_CONCERN) && condition->value.special != WARD_NAN;
    ret->reading_seq = condition->value_seq;
    ret->condition_delay_ms = condition->condition_delay_ms;
    ret->by = condition->by;
    if (published) {
        ret->id = condition->id;
        ret->n = condition->n;
    } else if (finding != NULL) {
        describe_finding(finding, ret);
    }
    if (plan != NULL) {
        ret->plan_id = plan->id;
        ret->plan_version = plan->version;
    }
    ward_alarm_write_text(view, ret);
}

void ward_alarm_emit(struct ward_alarm_run *run, const struct ward_alarm_subject *subject,
                     enum ward_alarm_event_kind kind, const struct ward_alarm_finding *finding)
{
    const struct ward_alarm_sink *sink = run->context->sink;
    uint8_t before = subject->condition->last_event;
    struct ward_alarm_view view = ward_alarm_view_of(run, subject);
    struct ward_alarm_event event;

    subject->condition->last_event = (uint8_t)kind;
    if (ward_alarm_event_is_published((uint8_t)kind)) {
        subject->condition->n++;
    }
    ward_alarm_describe(&view, finding, &event);
    if (!ward_alarm_event_is_published((uint8_t)kind)) {
        subject->condition->last_event = before; /* what is present is described by what was published */
    }
    sink->event(sink->context, &event);
}
