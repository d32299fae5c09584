/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms in words: "SpO2 88 % for 15 s, alarm below 93 %", then the plan's own text. Never that all is well.
 */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/quantity.h"
#include "core/schedule.h"

struct words {
    char *text;
    size_t length;
};

/* Cuts at the end of a character: never in the midst of a UTF-8 sequence. */
static void put(struct words *words, const char *more)
{
    size_t room = WARD_ALARM_TEXT_MAX - words->length;
    size_t length = strlen(more);

    if (length > room) {
        length = room;
        while (length > 0 && ((unsigned char)more[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memcpy(words->text + words->length, more, length);
    words->length += length;
    words->text[words->length] = '\0';
}

static void put_number(struct words *words, const struct ward_decimal *number)
{
    char text[WARD_DECIMAL_TEXT_SIZE];

    if (ward_decimal_print(number, text) > 0) {
        put(words, text);
    } else if (number->special == WARD_POSITIVE_INFINITY) {
        put(words, "HI");
    } else if (number->special == WARD_NEGATIVE_INFINITY) {
        put(words, "LO");
    } else {
        put(words, "no value");
    }
}

static const char *unit_for_people(const char *unit)
{
    static const struct {
        const char *ucum, *plain;
    } units[] = {{"mm[Hg]", "mmHg"}, {"Cel", "°C"}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(units[i].ucum, unit) == 0) {
            return units[i].plain;
        }
    }
    return unit;
}

static void put_with_unit(struct words *words, const struct ward_decimal *number, uint8_t quantity)
{
    const char *unit = unit_for_people(ward_quantity_info(quantity)->unit);

    put_number(words, number);
    if (unit[0] != '\0') {
        put(words, unit[0] == '/' ? "" : " ");
        put(words, unit);
    }
}

static bool has_ended(const struct ward_alarm_event *event)
{
    return event->event == WARD_EVENT_CLEARED || event->state == WARD_ALARM_ENDED_UNSEEN ||
           event->state == WARD_ALARM_INACTIVE;
}

static void put_seconds(struct words *words, uint32_t seconds)
{
    struct ward_decimal number = {.mantissa = seconds};

    put_number(words, &number);
    put(words, " s");
}

static const struct ward_plan_rule *rule_by_id(const struct ward_care_plan *plan, const struct ward_id *id)
{
    for (size_t i = 0; plan != NULL && i < plan->rule_count; i++) {
        if (strcmp(plan->rules[i].id.text, id->text) == 0) {
            return &plan->rules[i];
        }
    }
    return NULL;
}

/* "3 days", "90 min" */
static void put_duration(struct words *words, uint32_t ms)
{
    struct ward_decimal number = {.mantissa = ms / WARD_MINUTE_MS};
    const char *unit = " min";

    if (ms % (24 * WARD_HOUR_MS) == 0) {
        number.mantissa = ms / (24 * WARD_HOUR_MS);
        unit = number.mantissa == 1 ? " day" : " days";
    } else if (ms % WARD_HOUR_MS == 0) {
        number.mantissa = ms / WARD_HOUR_MS;
        unit = " h";
    }
    put_number(words, &number);
    put(words, unit);
}

/* "down from 97 %, alarm at 3 % less in 1 day" */
static void put_change(struct words *words, const struct ward_alarm_view *view,
                       const struct ward_alarm_event *event, const struct ward_plan_rule *rule)
{
    bool fall = view->cause == WARD_CAUSE_FALL;
    struct ward_decimal change = rule->change, from;

    change.mantissa = fall ? change.mantissa : -change.mantissa;
    if (ward_decimal_add(&event->limit, &change, &from)) {
        from = ward_decimal_normalise(from);
        put(words, fall ? ", down from " : ", up from ");
        put(words, rule->kind == WARD_RULE_BASELINE ? "the baseline of " : "");
        put_with_unit(words, &from, event->quantity);
    }
    put(words, ", alarm at ");
    put_with_unit(words, &rule->change, event->quantity);
    put(words, fall ? " less" : " more");
    if (rule->kind == WARD_RULE_WITHIN) {
        put(words, " in ");
        put_duration(words, rule->within_ms);
    }
}

static void put_limit(struct words *words, const struct ward_alarm_view *view,
                      const struct ward_alarm_event *event, const char *lead)
{
    const struct ward_plan_rule *rule = rule_by_id(view->context->plan, &event->rule);

    if (event->limit.special != WARD_FINITE) {
        return;
    }
    if (view->cause == WARD_CAUSE_FALL || view->cause == WARD_CAUSE_RISE) {
        if (rule != NULL && rule->kind != WARD_RULE_LIMIT && !has_ended(event) &&
            event->event != WARD_EVENT_SETTLED) {
            put_change(words, view, event, rule);
        }
        return;
    }
    put(words, lead);
    put(words, view->cause == WARD_CAUSE_HIGH ? "above " : "below ");
    put_with_unit(words, &event->limit, event->quantity);
}

static void put_ended(struct words *words, const struct ward_alarm_view *view,
                      const struct ward_alarm_event *event)
{
    switch ((enum ward_cleared_reason)view->condition->cleared_reason) {
    case WARD_CLEARED_VOIDED: put(words, ": the reading was taken back"); break;
    case WARD_CLEARED_PLAN_CHANGED: put(words, ": the care plan has changed"); break;
    case WARD_CLEARED_DISCHARGED: put(words, ": the patient was discharged"); break;
    case WARD_CLEARED_NONE:
    case WARD_CLEARED_DATA: put_limit(words, view, event, ", no longer "); break;
    }
}

static void put_physiological(struct words *words, const struct ward_alarm_view *view,
                              const struct ward_alarm_event *event)
{
    put(words, event->late ? "late reading: " : "");
    put(words, ward_quantity_info(event->quantity)->label);
    put(words, event->state == WARD_ALARM_UNKNOWN ? " was " : " ");
    put_with_unit(words, &event->value, event->quantity);
    if (event->event == WARD_EVENT_SETTLED) {
        put_limit(words, view, event, ", not ");
        return;
    }
    if (has_ended(event) && event->event != WARD_EVENT_PENDING) {
        put_ended(words, view, event);
        return;
    }
    if (event->event == WARD_EVENT_RAISED && view->condition->held_ms >= 1000 && !view->input->last_spot) {
        put(words, " for ");
        put_seconds(words, view->condition->held_ms / 1000);
    }
    put(words, event->state == WARD_ALARM_UNKNOWN ? ", nothing newer" : "");
    put_limit(words, view, event, ", alarm ");
    put(words, event->confirm ? ", questionable: repeat now" : "");
}

static const char *cause_text(enum ward_alarm_cause cause)
{
    switch (cause) {
    case WARD_CAUSE_INCOMPLETE: return ": the measurement ended too early, please repeat";
    case WARD_CAUSE_NO_VALID_DATA: return ": the device sends no valid value, please repeat";
    case WARD_CAUSE_NO_DATA: return ": expected, but nothing valid came";
    case WARD_CAUSE_NO_SOURCE: return ": the plan has limits, but no device is bound that measures it";
    case WARD_CAUSE_LATE: return ": an old reading was beyond a limit";
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

static void put_parameters(struct words *words, uint8_t set)
{
    const char *lead = "";

    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        if ((set & (1u << i)) != 0) {
            put(words, lead);
            put(words, ward_quantity_info(ward_news2_quantity((enum ward_news2_parameter)i))->label);
            lead = ", ";
        }
    }
}

static void put_points(struct words *words, const struct ward_news2_score *score)
{
    const char *lead = ": ";

    for (unsigned i = 0; i < WARD_NEWS2_PARAMETERS; i++) {
        struct ward_decimal points = {.mantissa = score->points[i]};

        if (score->points[i] != 0) {
            put(words, lead);
            put(words, ward_quantity_info(ward_news2_quantity((enum ward_news2_parameter)i))->label);
            put(words, " ");
            put_number(words, &points);
            lead = ", ";
        }
    }
}

/* "NEWS2 7 or more, up to 13: SpO2 3, Pulse 2, Temperature 2. Not known: Respiration, Consciousness" */
static void put_score(struct words *words, const struct ward_news2_score *score)
{
    struct ward_decimal minimum = {.mantissa = score->minimum}, maximum = {.mantissa = score->maximum};

    put(words, "NEWS2 ");
    put_number(words, &minimum);
    if (!score->complete) {
        put(words, " or more, up to ");
        put_number(words, &maximum);
    }
    put_points(words, score);
    if (!score->complete) {
        put(words, ". Not known: ");
        put_parameters(words, score->missing | score->stale);
    }
}

static void put_of_patient(struct words *words, const struct ward_alarm_view *view,
                           const struct ward_alarm_event *event)
{
    const struct ward_value concern = {.number = event->value, .quantity = WARD_CONCERN};
    const char *who = ward_quantity_code(&concern);
    struct ward_news2_report news2;
    bool scored = ward_alarm_news2(view->state, view->context, &news2);

    if (view->cause == WARD_CAUSE_CONCERN) {
        put(words, who != NULL ? who : "somebody");
        put(words, " is worried: please call");
        return;
    }
    if (!scored || has_ended(event)) {
        put(words, view->cause == WARD_CAUSE_NEWS2 ? "NEWS2 was " : "NEWS2 had 3 points in one parameter");
        if (view->cause == WARD_CAUSE_NEWS2) {
            put_number(words, &event->value);
        }
        put_ended(words, view, event);
        if (scored) {
            put(words, ". Now: ");
            put_score(words, &news2.score);
        }
        return;
    }
    if (view->cause == WARD_CAUSE_NEWS2_THREE) {
        put(words, "3 points in ");
        put_parameters(words, (uint8_t)view->condition->value.mantissa);
        put(words, ". ");
    }
    put_score(words, &news2.score);
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

/* The ward is there now, as far as the plan says. While nobody knows the time it may not be. */
static bool is_answered(const struct ward_alarm_context *context)
{
    const struct ward_care_plan *plan = context->plan;

    return !plan->has_service || (context->zone != NULL && context->now.utc_ms != WARD_UTC_UNKNOWN &&
                                  ward_hours_contain(&plan->service, context->zone, context->now.utc_ms));
}

void ward_alarm_write_text(const struct ward_alarm_view *view, struct ward_alarm_event *event)
{
    struct words words = {.text = event->text};
    struct words shown = {.text = event->shown_text};
    struct plan_words own = {"", ""};

    if (view->technical != NULL) {
        put(&words, view->technical->text);
        return;
    }
    if (event->kind == WARD_ALARM_PHYSIOLOGICAL) {
        if (view->input != NULL) {
            put_physiological(&words, view, event);
        } else {
            put_of_patient(&words, view, event);
        }
        own = words_of_plan(view, event);
    } else {
        put(&words, ward_quantity_info(event->quantity)->label);
        put(&words, cause_text(view->cause));
    }
    if (own.clinician[0] != '\0' && !has_ended(event) && event->event != WARD_EVENT_SETTLED) {
        put(&words, ". ");
        put(&words, own.clinician);
    }
    if (ward_alarm_is_present(view->condition) && event->state != WARD_ALARM_ENDED_UNSEEN &&
        own.patient[0] != '\0') {
        put(&shown, is_answered(view->context) ? own.patient : view->context->plan->out_of_hours_text);
    }
}

/* An id has no underscore: bp_systolic and below its limit is "bp-systolic-low". */
static void name_of_value(const struct ward_alarm_view *view, struct ward_id *ret)
{
    static const char *const endings[] = {[WARD_CAUSE_LOW] = "-low",
                                          [WARD_CAUSE_HIGH] = "-high",
                                          [WARD_CAUSE_FALL] = "-fall",
                                          [WARD_CAUSE_RISE] = "-rise"};
    struct words words = {.text = ret->text};

    put(&words, ward_quantity_info(view->input->quantity)->name);
    for (char *at = ret->text; *at != '\0'; at++) {
        if (*at == '_') {
            *at = '-';
        }
    }
    put(&words, endings[view->cause]);
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
