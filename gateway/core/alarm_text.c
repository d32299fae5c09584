/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alarms in words: "SpO2 88 % for 15 s, alarm below 93 %", then the plan's own text. Never that all is well.
 */
#include <string.h>

#include "core/alarm_private.h"
#include "core/decimal.h"
#include "core/quantity.h"

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

static void put_seconds(struct words *words, uint32_t seconds)
{
    struct ward_decimal number = {.mantissa = seconds};

    put_number(words, &number);
    put(words, " s");
}

/* "12 min", "3 h": how old something is, cut to whole units. */
static void put_age(struct words *words, int64_t age_ms)
{
    const bool hours = age_ms >= WARD_HOUR_MS;
    struct ward_decimal number = {.mantissa = hours ? age_ms / WARD_HOUR_MS : age_ms / WARD_MINUTE_MS};

    put_number(words, &number);
    put(words, hours ? " h" : " min");
}

static void put_limit(struct words *words, const struct ward_alarm_view *view,
                      const struct ward_alarm_event *event, const char *lead)
{
    if (event->limit.special != WARD_FINITE) {
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

static bool has_ended(const struct ward_alarm_event *event)
{
    return event->event == WARD_EVENT_CLEARED || event->state == WARD_ALARM_ENDED_UNSEEN;
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
    if (event->event == WARD_EVENT_RAISED && view->condition->held_ms >= 1000) {
        put(words, " for ");
        put_seconds(words, view->condition->held_ms / 1000);
    }
    if (event->late && event->late_age_ms >= 0) {
        put(words, ", measured ");
        put_age(words, event->late_age_ms);
        put(words, " ago");
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
    case WARD_CAUSE_LOW:
    case WARD_CAUSE_HIGH:
    case WARD_CAUSE_COUNT: break;
    }
    return "";
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

void ward_alarm_write_text(const struct ward_alarm_view *view, struct ward_alarm_event *event)
{
    struct words words = {.text = event->text};
    struct words shown = {.text = event->shown_text};
    const struct ward_plan_rule *rule = NULL;

    if (view->technical != NULL) {
        put(&words, view->technical->text);
        return;
    }
    if (event->kind == WARD_ALARM_PHYSIOLOGICAL) {
        put_physiological(&words, view, event);
        rule = rule_by_id(view->context->plan, &event->rule);
    } else {
        put(&words, ward_quantity_info(event->quantity)->label);
        put(&words, cause_text(view->cause));
    }
    if (rule != NULL && rule->text[0] != '\0' && !has_ended(event) && event->event != WARD_EVENT_SETTLED) {
        put(&words, ". ");
        put(&words, rule->text);
    }
    if (rule != NULL && ward_alarm_is_present(view->condition) && event->state != WARD_ALARM_ENDED_UNSEEN) {
        put(&shown, rule->patient_text);
    }
}

/* An id has no underscore: bp_systolic and below its limit is "bp-systolic-low". */
static void name_limit(const struct ward_alarm_view *view, struct ward_id *ret)
{
    struct words words = {.text = ret->text};

    put(&words, ward_quantity_info(view->input->quantity)->name);
    for (char *at = ret->text; *at != '\0'; at++) {
        if (*at == '_') {
            *at = '-';
        }
    }
    put(&words, view->cause == WARD_CAUSE_LOW ? "-low" : "-high");
}

void ward_alarm_condition_name(const struct ward_alarm_view *view, struct ward_id *ret)
{
    static const char *const names[] = {
        [WARD_CAUSE_INCOMPLETE] = "measurement-incomplete",
        [WARD_CAUSE_NO_VALID_DATA] = "no-valid-data",
        [WARD_CAUSE_NO_DATA] = "no-data",
        [WARD_CAUSE_NO_SOURCE] = "rule-without-source",
        [WARD_CAUSE_LATE] = "late-out-of-limits",
    };

    memset(ret, 0, sizeof(*ret));
    if (view->technical != NULL) {
        *ret = view->technical->name;
    } else if (view->cause == WARD_CAUSE_LOW || view->cause == WARD_CAUSE_HIGH) {
        name_limit(view, ret);
    } else {
        memcpy(ret->text, names[view->cause], strlen(names[view->cause]));
    }
}
