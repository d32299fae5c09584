/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms in words: "SpO2 88 % for 15 s, alarm below 93 %", then the plan's own text. Never that all is well.
 */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/quantity.h"
#include "core/schedule.h"

static const struct ward_plan_rule *rule_by_id(const struct ward_care_plan *plan, const struct ward_id *id)
{
    for (size_t i = 0; plan != NULL && i < plan->rule_count; i++) {
        if (strcmp(plan->rules[i].id.text, id->text) == 0) {
            return &plan->rules[i];
        }
    }
    return NULL;
}

bool ward_alarm_has_ended(const struct ward_alarm_event *event)
{
    return event->event == WARD_EVENT_CLEARED || event->state == WARD_ALARM_ENDED_UNSEEN ||
           event->state == WARD_ALARM_INACTIVE ||
           (event->state == WARD_ALARM_PENDING && event->event == WARD_EVENT_ACKNOWLEDGED);
}

/* "down from 97 %, alarm at 3 % less in 1 day" */
static void put_change(struct ward_words *words, const struct ward_alarm_view *view,
                       const struct ward_alarm_event *event, const struct ward_plan_rule *rule)
{
    bool fall = view->cause == WARD_CAUSE_FALL;
    struct ward_decimal change = rule->change, from;

    change.mantissa = fall ? change.mantissa : -change.mantissa;
    if (ward_decimal_add(&event->limit, &change, &from)) {
        from = ward_decimal_normalise(from);
        ward_words_put(words, fall ? ", down from " : ", up from ");
        ward_words_put(words, rule->kind == WARD_RULE_BASELINE ? "the baseline of " : "");
        ward_words_put_with_unit(words, &from, event->quantity);
    }
    ward_words_put(words, ", alarm at ");
    ward_words_put_with_unit(words, &rule->change, event->quantity);
    ward_words_put(words, fall ? " less" : " more");
    if (rule->kind == WARD_RULE_WITHIN) {
        ward_words_put(words, " in ");
        ward_words_put_duration(words, rule->within_ms);
    }
}

static void put_limit(struct ward_words *words, const struct ward_alarm_view *view,
                      const struct ward_alarm_event *event, const char *lead)
{
    const struct ward_plan_rule *rule = rule_by_id(view->context->plan, &event->rule);
    const bool is_above = view->cause == WARD_CAUSE_LATE && rule != NULL && rule->side == WARD_SIDE_ABOVE;

    if (event->limit.special != WARD_FINITE) {
        return;
    }
    if (view->cause == WARD_CAUSE_FALL || view->cause == WARD_CAUSE_RISE) {
        if (rule != NULL && rule->kind != WARD_RULE_LIMIT && !ward_alarm_has_ended(event) &&
            event->event != WARD_EVENT_SETTLED) {
            put_change(words, view, event, rule);
        }
        return;
    }
    ward_words_put(words, lead);
    ward_words_put(words, view->cause == WARD_CAUSE_HIGH || is_above ? "above " : "below ");
    ward_words_put_with_unit(words, &event->limit, event->quantity);
}

void ward_alarm_write_ended(struct ward_words *words, const struct ward_alarm_view *view,
                            const struct ward_alarm_event *event)
{
    switch ((enum ward_cleared_reason)view->condition->cleared_reason) {
    case WARD_CLEARED_VOIDED: ward_words_put(words, ": the reading was taken back"); break;
    case WARD_CLEARED_PLAN_CHANGED: ward_words_put(words, ": the care plan has changed"); break;
    case WARD_CLEARED_DISCHARGED: ward_words_put(words, ": the patient was discharged"); break;
    case WARD_CLEARED_NONE:
    case WARD_CLEARED_DATA: put_limit(words, view, event, ", no longer "); break;
    }
}

static void put_physiological(struct ward_words *words, const struct ward_alarm_view *view,
                              const struct ward_alarm_event *event)
{
    ward_words_put(words, event->late ? "late reading: " : "");
    ward_words_put(words, ward_quantity_info(event->quantity)->label);
    ward_words_put(words, event->state == WARD_ALARM_UNKNOWN ? " was " : " ");
    ward_words_put_with_unit(words, &event->value, event->quantity);
    if (event->event == WARD_EVENT_SETTLED) {
        put_limit(words, view, event, ", not ");
        return;
    }
    if (ward_alarm_has_ended(event) && event->event != WARD_EVENT_PENDING) {
        ward_alarm_write_ended(words, view, event);
        return;
    }
    if (event->event == WARD_EVENT_RAISED && view->condition->held_ms >= 1000 && !view->input->last_spot) {
        ward_words_put(words, " for ");
        ward_words_put_seconds(words, view->condition->held_ms / 1000);
    }
    if (event->late && event->late_age_ms >= 0) {
        ward_words_put(words, ", measured ");
        ward_words_put_age(words, event->late_age_ms);
        ward_words_put(words, " ago");
    }
    ward_words_put(words, event->state == WARD_ALARM_UNKNOWN ? ", nothing newer" : "");
    put_limit(words, view, event, ", alarm ");
    ward_words_put(words, event->confirm ? ", questionable: repeat now" : "");
}

static const char *cause_text(enum ward_alarm_cause cause)
{
    switch (cause) {
    case WARD_CAUSE_INCOMPLETE: return ": the measurement ended too early, please repeat";
    case WARD_CAUSE_NO_VALID_DATA: return ": the device sends no valid value, please repeat";
    case WARD_CAUSE_NO_DATA: return ": expected, but nothing valid came";
    case WARD_CAUSE_NO_SOURCE: return ": the plan has limits, but no device is bound that measures it";
    case WARD_CAUSE_LATE: return ": an old reading was beyond a limit: ";
    case WARD_CAUSE_MISSED: return ": a measurement was due, and none came";
    case WARD_CAUSE_SILENT: return ": the device should be worn now, and nothing comes from it";
    case WARD_CAUSE_LOW:
    case WARD_CAUSE_HIGH:
    case WARD_CAUSE_FALL:
    case WARD_CAUSE_RISE:
    case WARD_CAUSE_COUNT:
    case WARD_CAUSE_NEWS2:
    case WARD_CAUSE_NEWS2_THREE:
    case WARD_CAUSE_CONCERN:
    case WARD_CAUSE_END: break;
    }
    return "";
}

/* What late-out-of-limits was raised for. */
static void put_old_reading(struct ward_words *words, const struct ward_alarm_view *view,
                            const struct ward_alarm_event *event)
{
    if (view->cause == WARD_CAUSE_LATE) {
        ward_words_put_with_unit(words, &event->value, event->quantity);
        put_limit(words, view, event, ", alarm ");
    }
}

/* The plan's own words for the condition, or NULL. */
struct plan_words {
    const char *clinician, *patient;
};

static struct plan_words words_of_plan(const struct ward_alarm_view *view,
                                       const struct ward_alarm_event *event)
{
    const struct ward_care_plan *plan = view->context->plan;
    const struct ward_plan_rule *rule = rule_by_id(plan, &event->rule);

    if (plan != NULL && (view->cause == WARD_CAUSE_NEWS2 || view->cause == WARD_CAUSE_NEWS2_THREE)) {
        return (struct plan_words){plan->news2.text, plan->news2.patient_text};
    }
    return rule != NULL ? (struct plan_words){rule->text, rule->patient_text} : (struct plan_words){"", ""};
}

bool ward_alarm_is_answered(const struct ward_alarm_context *context)
{
    const struct ward_care_plan *plan = context->plan;

    return plan == NULL || !plan->has_service ||
           (context->zone != NULL && context->now.utc_ms != WARD_UTC_UNKNOWN &&
            ward_hours_contain(&plan->service, context->zone, context->now.utc_ms));
}

void ward_alarm_write_text(const struct ward_alarm_view *view, struct ward_alarm_event *event)
{
    struct ward_words words = {.text = event->text};
    struct ward_words shown = {.text = event->shown_text};
    struct plan_words own = {"", ""};

    if (view->technical != NULL) {
        ward_words_put(&words, view->technical->text);
        return;
    }
    if (event->kind == WARD_ALARM_PHYSIOLOGICAL) {
        if (view->input != NULL) {
            put_physiological(&words, view, event);
        } else {
            ward_alarm_write_of_patient(&words, view, event);
        }
        own = words_of_plan(view, event);
    } else {
        ward_words_put(&words, ward_quantity_info(event->quantity)->label);
        ward_words_put(&words, cause_text(view->cause));
        put_old_reading(&words, view, event);
    }
    if (own.clinician[0] != '\0' && !ward_alarm_has_ended(event) && event->event != WARD_EVENT_SETTLED) {
        ward_words_put(&words, ". ");
        ward_words_put(&words, own.clinician);
    }
    if (ward_alarm_is_present(view->condition) && event->state != WARD_ALARM_ENDED_UNSEEN &&
        own.patient[0] != '\0') {
        ward_words_put(&shown, ward_alarm_is_answered(view->context)
                                   ? own.patient
                                   : view->context->plan->out_of_hours_text);
    }
}

/* An id has no underscore: bp_systolic and below its limit is "bp-systolic-low". */
static void name_of_value(const struct ward_alarm_view *view, struct ward_id *ret)
{
    static const char *const endings[] = {[WARD_CAUSE_LOW] = "-low",
                                          [WARD_CAUSE_HIGH] = "-high",
                                          [WARD_CAUSE_FALL] = "-fall",
                                          [WARD_CAUSE_RISE] = "-rise"};
    struct ward_words words = {.text = ret->text};

    ward_words_put(&words, ward_quantity_info(view->input->quantity)->name);
    for (char *at = ret->text; *at != '\0'; at++) {
        if (*at == '_') {
            *at = '-';
        }
    }
    ward_words_put(&words, endings[view->cause]);
}

void ward_alarm_condition_name(const struct ward_alarm_view *view, struct ward_id *ret)
{
    static const char *const names[] = {
        [WARD_CAUSE_INCOMPLETE] = "measurement-incomplete",
        [WARD_CAUSE_NO_VALID_DATA] = "no-valid-data",
        [WARD_CAUSE_NO_DATA] = "no-data",
        [WARD_CAUSE_NO_SOURCE] = "rule-without-source",
        [WARD_CAUSE_LATE] = "late-out-of-limits",
        [WARD_CAUSE_MISSED] = "reading-missed",
        [WARD_CAUSE_SILENT] = "device-silent",
        [WARD_CAUSE_NEWS2] = "news2-score",
        [WARD_CAUSE_NEWS2_THREE] = "news2-three-in-one",
        [WARD_CAUSE_CONCERN] = "concern",
    };

    memset(ret, 0, sizeof(*ret));
    if (view->technical != NULL) {
        *ret = view->technical->name;
    } else if (ward_alarm_is_of_value(view->cause)) {
        name_of_value(view, ret);
    } else {
        memcpy(ret->text, names[view->cause], strlen(names[view->cause]));
    }
}
